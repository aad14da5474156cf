"""The generations that were asked for from a review."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.urls import reverse

from skills_app.models import Review

MOST_SHOWN = 5
_AT_WORK = frozenset({"pending", "running", "pending_user_input", "pending_hitl"})


@dataclass(frozen=True, slots=True)
class Regeneration:
    """A generation that makes, or made, a version of ``from_number`` and comments; ``version_number`` is None until there is one."""

    url: str
    status: str
    by: str
    at: datetime
    num_comments: int
    from_number: int
    version_number: int | None

    @property
    def is_at_work(self) -> bool:
        """Whether it may still make a version."""
        return self.status in _AT_WORK


def regenerations_of(review: Review) -> tuple[Regeneration, ...]:
    """Return the generations of a review, the newest first, at most ``MOST_SHOWN``; one query."""
    # The factory knows the library and not the other way round: its rows are reached through the skill.
    rows: Any = getattr(review.skill, "generations")  # noqa: B009
    found = rows.filter(request__revision__review_number=review.pk).order_by("-created_at", "-pk")
    # Single values: a request holds a whole document.
    values = found.values_list(
        "key",
        "status",
        "requested_by_name",
        "created_at",
        "request__revision__comment_numbers",
        "request__revision__version_number",
        "version__number",
    )
    return tuple(
        Regeneration(
            reverse("runs:generation_detail", args=[key]), status, by, at, len(comments), number, made
        )
        for key, status, by, at, comments, number, made in values[:MOST_SHOWN]
    )
