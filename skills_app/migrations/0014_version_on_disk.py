"""What the library folder held last of each skill; empty until it is looked at or written again."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("skills_app", "0013_access_tokens")]

    operations = [
        migrations.AddField(
            model_name="skill",
            name="disk_version",
            field=models.ForeignKey(
                blank=True,
                db_index=False,
                help_text="what the library folder held last, as published or as found there",
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to="skills_app.skillversion",
            ),
        ),
    ]
