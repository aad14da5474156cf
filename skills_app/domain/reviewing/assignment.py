"""Whom to ask: reviewers of the nearest branch, who own it for reviews, first; then whoever has the least work waiting."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from skills_app.domain.enums import Role

# Who owns a branch for reviews: whom they are given to; who else may decide is said in fleet_site/access.py. Its curators own
# its place in the taxonomy, not its reviews.
REVIEWING_ROLES = frozenset({Role.REVIEWER})
# Who brings what was approved into the library, beside admins.
PROMOTING_ROLES = frozenset({Role.CURATOR, Role.MANAGER})


@dataclass(frozen=True, slots=True)
class Candidate:
    """Somebody who may review: the branch of the role that reaches the skill ("" for the whole library), and the load."""

    name: str
    branch: str
    num_waiting: int
    last_asked_at: datetime | None = None

    @property
    def depth(self) -> int:
        """How near the branch is: 0 for the whole library, more for deeper ones."""
        return self.branch.count("/") + 1 if self.branch else 0

    @property
    def why(self) -> str:
        """Say why this person is asked."""
        load = f"{self.num_waiting} review{'s' if self.num_waiting != 1 else ''} waiting"
        place = f"Reviews for {self.branch}" if self.branch else "Reviews for the whole library"
        return f"{place}; {load}."


def choose_reviewers(
    candidates: Sequence[Candidate], num_wanted: int, *, without: Collection[str] = ()
) -> tuple[Candidate, ...]:
    """Return whom to ask, at most ``num_wanted`` people, each once by their nearest branch, nobody of ``without``.

    Nearest branch first, then the fewest reviews waiting, then who was not asked for the longest time, then by name.
    """
    nearest: dict[str, Candidate] = {}
    for one in candidates:
        if one.name not in without and (one.name not in nearest or one.depth > nearest[one.name].depth):
            nearest[one.name] = one
    return tuple(sorted(nearest.values(), key=_order)[: max(num_wanted, 0)])


def _order(one: Candidate) -> tuple[int, int, float, str]:
    asked = one.last_asked_at.timestamp() if one.last_asked_at else 0.0
    return -one.depth, one.num_waiting, asked, one.name
