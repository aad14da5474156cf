"""The generations of a review, and the review of a generation."""

from dataclasses import dataclass

from runs_app.domain.generation import GenerationStatus
from runs_app.models import Generation
from skills_app.models import Review

_AT_WORK = frozenset(
    {
        GenerationStatus.PENDING,
        GenerationStatus.RUNNING,
        GenerationStatus.PENDING_USER_INPUT,
        GenerationStatus.PENDING_HITL,
    }
)


@dataclass(frozen=True, slots=True)
class RevisedReview:
    """The review that a generation was asked for from: its address, the version and the comments that it began with.

    ``is_carried`` says that the review went on with the version that was made, ``compare_query`` leads to the difference.
    """

    number: int
    url: str
    version_number: int
    comment_numbers: tuple[int, ...]
    is_carried: bool = False
    compare_query: str = ""


def is_at_work(generation: Generation) -> bool:
    """Say whether a generation may still make a version: it waits for a worker or for a person, or it runs."""
    return generation.status in _AT_WORK


def latest_regeneration(review: Review) -> Generation | None:
    """Return the last generation that was asked for from a review, or None."""
    rows = Generation.objects.filter(skill=review.skill_id, request__revision__review_number=review.pk)
    return rows.order_by("-created_at", "-pk").first()


def review_of_generation(generation: Generation) -> RevisedReview | None:
    """Return the review that a generation was asked for from; None for other generations, and when the review is gone."""
    revision = generation.request.get("revision")
    if not revision:
        return None
    review = Review.objects.filter(pk=revision["review_number"]).first()
    if review is None:
        return None
    made = generation.version
    before = int(revision["version_number"])
    return RevisedReview(
        review.pk,
        review.get_absolute_url(),
        before,
        tuple(revision["comment_numbers"]),
        made is not None and review.version_id == made.pk,
        f"?base={before}&head={made.number}" if made is not None and made.number != before else "",
    )
