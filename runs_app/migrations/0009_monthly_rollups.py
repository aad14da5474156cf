"""Keep what a whole month adds up to, so that long periods read months and not days."""

from django.db import migrations, models


def add_up_again(apps, schema_editor):
    """Forget in which time zone days were added up, so that the next update adds up every day and its month."""
    apps.get_model("runs_app", "RollupState").objects.update(time_zone="")


class Migration(migrations.Migration):
    dependencies = [
        ("runs_app", "0008_rollup_pairs"),
    ]

    operations = [
        migrations.CreateModel(
            name="MonthlyRollup",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("day", models.DateField()),
                ("subject", models.CharField(choices=[("run", "run"), ("version", "version")], max_length=8)),
                ("grain", models.CharField(max_length=8)),
                ("branch", models.CharField(blank=True, max_length=512)),
                ("type", models.CharField(blank=True, max_length=32)),
                ("model", models.CharField(blank=True, max_length=256)),
                ("program", models.CharField(blank=True, max_length=256)),
                ("author", models.CharField(blank=True, max_length=256)),
                ("data", models.JSONField(help_text="as runs_app.domain.trends.totals reads it")),
            ],
            options={
                "indexes": [models.Index(fields=["day", "subject"], name="monthly_rollup_days")],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("subject", "grain", "branch", "type", "model", "program", "author", "day"),
                        name="monthly_rollup_once",
                    )
                ],
            },
        ),
        migrations.RunPython(add_up_again, migrations.RunPython.noop),
    ]
