"""How a review stands: whose verdicts count, how many are missing, and the state that follows."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from skills_app.domain.reviewing.verdicts import Decision, Stale


class ReviewStatus(StrEnum):
    """Where a review is."""

    OPEN = "open"
    CHANGES_REQUESTED = "changes requested"
    APPROVED = "approved"
    REJECTED = "rejected"
    WITHDRAWN = "withdrawn"
    CLOSED = "closed"

    @property
    def is_live(self) -> bool:
        """Whether verdicts and comments may still be added."""
        return self in LIVE

    @property
    def takes_versions(self) -> bool:
        """Whether another version may come under the review: a rejection is of one version, and the next one opens it again."""
        return self.is_live or self is ReviewStatus.REJECTED


LIVE = frozenset({ReviewStatus.OPEN, ReviewStatus.CHANGES_REQUESTED, ReviewStatus.APPROVED})
# Verdicts move a live review among its states; rejecting, withdrawing and closing (when the version was promoted or
# dropped) end it. A rejection that is undone within 30 seconds opens it again, and so does another version after a rejection.
ALLOWED: dict[ReviewStatus, frozenset[ReviewStatus]] = {
    ReviewStatus.OPEN: frozenset(ReviewStatus) - {ReviewStatus.OPEN},
    ReviewStatus.CHANGES_REQUESTED: frozenset(ReviewStatus) - {ReviewStatus.CHANGES_REQUESTED},
    ReviewStatus.APPROVED: frozenset(ReviewStatus) - {ReviewStatus.APPROVED},
    ReviewStatus.REJECTED: LIVE,
    ReviewStatus.WITHDRAWN: frozenset(),
    ReviewStatus.CLOSED: frozenset(),
}


@dataclass(frozen=True, slots=True)
class Vote:
    """The latest verdict of one reviewer, whether they made the version, and why it is stale, if it is."""

    reviewer: str
    decision: Decision
    at: datetime
    is_author: bool = False
    stale: Stale | None = None

    @property
    def counts(self) -> bool:
        """Whether it counts: given by somebody else, on what stands now."""
        return not self.is_author and self.stale is None

    @property
    def why_not(self) -> str:
        """Say why it does not count; empty when it does."""
        if self.is_author:
            return (
                f"{self.reviewer} made this version or wrote some of it, so their own verdict does not count."
            )
        return self.stale.sentence if self.stale else ""


@dataclass(frozen=True, slots=True)
class Standing:
    """The state that the verdicts make, with the approvals that count and those that are needed."""

    status: ReviewStatus
    num_approvals: int
    num_needed: int
    votes: tuple[Vote, ...]

    @property
    def num_missing(self) -> int:
        """How many approvals are still missing."""
        return max(self.num_needed - self.num_approvals, 0)

    @property
    def counting(self) -> tuple[Vote, ...]:
        """The verdicts that count."""
        return tuple(vote for vote in self.votes if vote.counts)

    @property
    def sentence(self) -> str:
        """Say how it stands."""
        against = [v for v in self.counting if v.decision is not Decision.APPROVE]
        if self.status is ReviewStatus.REJECTED:
            return f"Rejected by {_names(against)}."
        if self.status is ReviewStatus.CHANGES_REQUESTED:
            return f"{_names(against)} requested changes."
        approvals = f"{self.num_approvals} of {self.num_needed} approval{'s' if self.num_needed != 1 else ''}"
        return f"Approved: {approvals}." if self.status is ReviewStatus.APPROVED else f"{approvals} so far."


def standing_of(votes: Sequence[Vote], num_needed: int) -> Standing:
    """Return how a review stands by the latest verdict of each reviewer; only those that count are counted.

    One rejection rejects, one request for changes holds it up whatever others approved, and enough approvals approve.
    """
    counting = [vote for vote in votes if vote.counts]
    decisions = {vote.decision for vote in counting}
    num_approvals = sum(vote.decision is Decision.APPROVE for vote in counting)
    if Decision.REJECT in decisions:
        status = ReviewStatus.REJECTED
    elif Decision.REQUEST_CHANGES in decisions:
        status = ReviewStatus.CHANGES_REQUESTED
    elif num_approvals >= max(num_needed, 1):
        status = ReviewStatus.APPROVED
    else:
        status = ReviewStatus.OPEN
    return Standing(status, num_approvals, max(num_needed, 1), tuple(votes))


def _names(votes: Sequence[Vote]) -> str:
    names = [vote.reviewer for vote in votes] or ["somebody"]
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
