"""Where the review of each version stands, for a list of versions."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from django.contrib.auth.models import User

from skills_app.domain.reviewing.standing import ReviewStatus, standing_of
from skills_app.domain.reviewing.verdicts import Binding
from skills_app.models import Review, SkillVersion
from skills_app.queries.review_grounds import grounds_of
from skills_app.queries.reviews_for_queue import fetched_reviews, fetched_votes

STALE = "stale"


@dataclass(frozen=True, slots=True)
class VersionReview:
    """The last review of a version. ``status`` is a word of ``ReviewStatus``, or ``stale``; ``sentence`` says why."""

    review: Review
    status: str
    sentence: str


def reviews_of_versions(
    versions: Sequence[SkillVersion], reader: User, *, today: date
) -> dict[int, VersionReview]:
    """Return the last review of each version that has one, by the version's key; a fixed number of queries for any number.

    A live review stands as its verdicts do today. It is stale when a verdict that was given no longer counts, because what it
    judged changed, and without it the review is open again.
    """
    rows = fetched_reviews(reader).filter(version__in=[one.pk for one in versions])
    last = {row.version_id: row for row in rows.order_by("opened_at", "pk")}
    grounds = grounds_of([row.version for row in last.values() if row.is_live], today=today)
    return {
        pk: _standing(row, grounds[pk].binding) if row.is_live else _ended(row) for pk, row in last.items()
    }


def _standing(review: Review, binding: Binding) -> VersionReview:
    standing = standing_of(fetched_votes(review, binding), review.num_needed)
    stale = next((vote for vote in standing.votes if vote.stale and not vote.is_author), None)
    if standing.status is ReviewStatus.OPEN and stale is not None:
        return VersionReview(review, STALE, stale.why_not)
    return VersionReview(review, standing.status.value, standing.sentence)


def _ended(review: Review) -> VersionReview:
    return VersionReview(review, review.status, "")
