"""Let versions be paged by day from an index, without sorting those of two years."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("runs_app", "0009_monthly_rollups"),
    ]

    operations = [
        migrations.AlterField(
            model_name="versionstanding",
            name="day",
            field=models.DateField(),
        ),
        migrations.AddIndex(
            model_name="versionstanding",
            index=models.Index(fields=["day", "version"], name="standing_of_day"),
        ),
    ]
