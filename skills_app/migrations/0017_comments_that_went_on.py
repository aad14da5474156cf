"""In which reviews a comment hung before they ended and it went on in another one."""

from django.apps.registry import Apps
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.models import F


def note_by_verdicts(apps: Apps, _editor: BaseDatabaseSchemaEditor) -> None:
    """Note what is known of comments that went on already: the review of the verdict that they were sent with."""
    comments = apps.get_model("skills_app", "Comment")
    rows = comments.objects.filter(thread=None, verdict__isnull=False).exclude(verdict__review=F("review"))
    for comment in rows.select_related("verdict").iterator():
        comment.earlier_reviews.add(comment.verdict.review_id)


class Migration(migrations.Migration):
    dependencies = [("skills_app", "0016_fewer_indexes_written_by_moves")]

    operations = [
        migrations.AddField(
            model_name="comment",
            name="earlier_reviews",
            field=models.ManyToManyField(
                blank=True,
                help_text="reviews that it hung in until they ended and it went on in another one",
                related_name="went_on",
                to="skills_app.review",
            ),
        ),
        migrations.RunPython(note_by_verdicts, migrations.RunPython.noop, elidable=True),
    ]
