"""Bring the version that was made from a review's comments back into that review."""

from django.utils import timezone

from runs_app.domain.pipeline_items import GenerationResult
from runs_app.domain.revision import Revision, revision_from_data, sayings_by_comment
from runs_app.models import Generation
from skills_app.domain.documents import parse_document
from skills_app.models import Review, SkillVersion
from skills_app.services.answer_comments import answer_comments
from skills_app.services.note_on_comments import note_on_comments
from skills_app.services.open_review import carry_review


def revised_version(generation: Generation) -> SkillVersion | None:
    """Return the version that a generation revises; None for a new skill, and when the version is gone."""
    revision = _revision(generation)
    if revision is None or generation.skill is None:
        return None
    return generation.skill.versions.filter(number=revision.version_number).first()


def carry_to_review(generation: Generation, version: SkillVersion, result: GenerationResult) -> Review | None:
    """Put ``version`` under the review that asked for it, with what the model says of each comment as replies.

    Return the review; None when there is none, when it ended or went on with another version meanwhile, and when the text
    came out as it was. Call it inside the transaction that makes the version.
    """
    revision, base = _revision(generation), revised_version(generation)
    if revision is None or base is None:
        return None
    now = timezone.now()
    review = carry_review(
        review_id=revision.review_number,
        version=version,
        parent=base,
        actor=generation.requested_by,
        now=now,
        today=timezone.localdate(),
    )
    if review is None:
        return None
    notes = sayings_by_comment(
        changes=result.feedback.get("changes_made", ()),
        unaddressed=result.feedback.get("unaddressed", ()),
        comment_numbers=revision.comment_numbers,
    )
    _note_suggesters(review, version, revision)
    note_on_comments(
        review=review, version=version, notes=notes, author_name=f"Generation {generation.key}", now=now
    )
    return review


def _note_suggesters(review: Review, version: SkillVersion, revision: Revision) -> None:
    """Count whoever suggested words that stand in ``version`` now among its makers, as if the edit had been accepted."""
    asked = review.comments.filter(pk__in=revision.comment_numbers, suggestion__isnull=False)
    comments = list(asked.select_related("author"))
    answers = answer_comments(version=version, document=parse_document(version.content), comments=comments)
    taken = [row.author for row in comments if row.pk in answers and answers[row.pk].is_suggested]
    review.makers.add(*(author for author in taken if author is not None))


def _revision(generation: Generation) -> Revision | None:
    data = generation.request.get("revision")
    return revision_from_data(data) if data else None
