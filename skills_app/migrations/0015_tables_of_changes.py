"""The tables of an impact as a whole, where they are longer than what the impact itself holds."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("skills_app", "0014_version_on_disk")]

    operations = [
        migrations.AddField(
            model_name="placementchange",
            name="tables",
            field=models.JSONField(
                default=dict,
                help_text="those tables of the impact as a whole of which it holds a part, but what effect tells",
            ),
        ),
    ]
