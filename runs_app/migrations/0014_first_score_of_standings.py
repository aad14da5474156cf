"""Keep the first score of each standing in a column of its own, where one index compares the versions of a skill."""

import django.db.models.deletion
import django.db.models.fields.json
import django.db.models.functions.comparison
import django.db.models.functions.text
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("runs_app", "0013_judge_samples"),
        ("skills_app", "0017_comments_that_went_on"),
    ]

    operations = [
        migrations.RemoveIndex(
            model_name="versionstanding",
            name="standing_of_skill",
        ),
        migrations.AddField(
            model_name="versionstanding",
            name="first_score",
            field=models.GeneratedField(
                db_persist=True,
                expression=django.db.models.functions.comparison.Cast(
                    django.db.models.fields.json.KeyTextTransform(
                        "2", django.db.models.fields.json.KeyTextTransform("0", "scores")
                    ),
                    models.FloatField(),
                ),
                output_field=models.FloatField(null=True),
            ),
        ),
        migrations.AddField(
            model_name="versionstanding",
            name="first_scorer",
            field=models.GeneratedField(
                db_persist=True,
                expression=django.db.models.functions.text.Concat(
                    django.db.models.fields.json.KeyTextTransform(
                        "0", django.db.models.fields.json.KeyTextTransform("0", "scores")
                    ),
                    models.Value("/"),
                    django.db.models.fields.json.KeyTextTransform(
                        "1", django.db.models.fields.json.KeyTextTransform("0", "scores")
                    ),
                    output_field=models.TextField(),
                ),
                output_field=models.CharField(max_length=128),
            ),
        ),
        migrations.AlterField(
            model_name="versionstanding",
            name="skill",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="standings",
                to="skills_app.skill",
            ),
        ),
        migrations.AddIndex(
            model_name="versionstanding",
            index=models.Index(
                fields=["skill", "-number", "day", "gate", "first_scorer", "first_score"],
                name="standing_of_skill",
            ),
        ),
    ]
