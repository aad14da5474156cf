"""Keep a row a day for each two values of a run, and lead to each row by one index."""

from django.db import migrations, models


def add_up_again(apps, schema_editor):
    """Forget in which time zone days were added up, so that the next update adds up every day, now with pairs."""
    apps.get_model("runs_app", "RollupState").objects.update(time_zone="")


class Migration(migrations.Migration):
    dependencies = [
        ("runs_app", "0004_standing_status"),
        ("skills_app", "0011_placement_survey"),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name="dailyrollup",
            name="rollup_once",
        ),
        migrations.RemoveIndex(
            model_name="dailyrollup",
            name="rollup_days",
        ),
        migrations.RemoveIndex(
            model_name="dailyrollup",
            name="rollup_branch",
        ),
        migrations.RemoveIndex(
            model_name="dailyrollup",
            name="rollup_model",
        ),
        migrations.RemoveIndex(
            model_name="dailyrollup",
            name="rollup_author",
        ),
        migrations.RemoveIndex(
            model_name="versionstanding",
            name="standing_of_skill",
        ),
        migrations.AddIndex(
            model_name="dailyrollup",
            index=models.Index(fields=["day", "subject", "grain"], name="rollup_days"),
        ),
        migrations.AddIndex(
            model_name="dailyrollup",
            index=models.Index(
                fields=["subject", "grain", "model", "program", "author", "day"], name="rollup_by_model"
            ),
        ),
        migrations.AddIndex(
            model_name="dailyrollup",
            index=models.Index(fields=["subject", "grain", "author", "day"], name="rollup_by_author"),
        ),
        migrations.AddIndex(
            model_name="touchedday",
            index=models.Index(fields=["subject", "day"], name="touched_day"),
        ),
        migrations.AddIndex(
            model_name="versionstanding",
            index=models.Index(fields=["skill", "-number", "day"], name="standing_of_skill"),
        ),
        migrations.AddIndex(
            model_name="versionstanding",
            index=models.Index(fields=["version", "gate"], name="standing_gate"),
        ),
        migrations.AddConstraint(
            model_name="dailyrollup",
            constraint=models.UniqueConstraint(
                fields=("subject", "grain", "branch", "type", "model", "program", "author", "day"),
                name="rollup_once",
            ),
        ),
        migrations.RunPython(add_up_again, migrations.RunPython.noop),
    ]
