"""What stops a promotion, each with its own sentence and with whether somebody may override it."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from skills_app.domain.gate_outcome import ConditionOutcome
from skills_app.domain.reviewing.standing import ReviewStatus, Standing


class StopKind(StrEnum):
    """What stands in the way."""

    NOT_JUDGED = "not judged"
    GATE = "gate"
    NO_REVIEW = "no review"
    REJECTED = "rejected"
    WITHDRAWN = "withdrawn"
    CHANGES_REQUESTED = "changes requested"
    APPROVALS = "approvals"
    STALE = "stale verdict"
    COMMENT = "blocking comment"


# A rejected or withdrawn version is not promoted by anybody: a new review is opened instead.
NEVER_OVERRIDDEN = frozenset({StopKind.REJECTED, StopKind.WITHDRAWN})


@dataclass(frozen=True, slots=True)
class Stop:
    """One thing in the way: what it is about (a condition's key, a comment's number, a reviewer), and why in a sentence."""

    kind: StopKind
    about: str
    sentence: str

    @property
    def can_override(self) -> bool:
        """Whether somebody with that permission may go on all the same, with a reason."""
        return self.kind not in NEVER_OVERRIDDEN


@dataclass(frozen=True, slots=True)
class OpenComment:
    """A comment that blocks: its number, who wrote it, its first words, and the review that it hangs in when it is another one.

    ``later`` is the number of the version that it is on when that was made later and says the same, else 0.
    """

    number: int
    author: str
    words: str
    elsewhere: int = 0
    later: int = 0


def stops_of(
    *,
    is_judged: bool,
    blocking_conditions: Sequence[ConditionOutcome],
    standing: Standing | None,
    status: ReviewStatus | None,
    comments: Sequence[OpenComment],
) -> tuple[Stop, ...]:
    """Return everything that stops the promotion of a version; empty when nothing does.

    ``standing`` and ``status`` are None when no review of that version was opened; ``status`` is the stored one, which
    knows of withdrawing. Gate first, then verdicts, then comments.
    """
    stops: list[Stop] = []
    if not is_judged:
        stops.append(Stop(StopKind.NOT_JUDGED, "", "Our rules have not judged this version yet."))
    stops += [Stop(StopKind.GATE, one.condition.key, one.sentence) for one in blocking_conditions]
    if standing is None or status is None:
        stops.append(Stop(StopKind.NO_REVIEW, "", "Nobody asked for a review of this version."))
    else:
        stops += _verdict_stops(standing, status)
    stops += [Stop(StopKind.COMMENT, str(one.number), _comment_sentence(one)) for one in comments]
    return tuple(stops)


def _comment_sentence(comment: OpenComment) -> str:
    on = f"version {comment.later}, which says the same" if comment.later else "an earlier version"
    where = f" on {on}, in review {comment.elsewhere}," if comment.elsewhere else ""
    return f"A blocking comment of {comment.author}{where} is open: “{comment.words}”"


def _verdict_stops(standing: Standing, status: ReviewStatus) -> list[Stop]:
    if status is ReviewStatus.WITHDRAWN:
        return [Stop(StopKind.WITHDRAWN, "", "The review was withdrawn. Open a new one.")]
    if ReviewStatus.REJECTED in (standing.status, status):
        said = (
            standing.sentence
            if standing.status is ReviewStatus.REJECTED
            else "The review ended in a rejection."
        )
        return [Stop(StopKind.REJECTED, "", said)]
    stops: list[Stop] = []
    if standing.status is ReviewStatus.CHANGES_REQUESTED:
        stops.append(Stop(StopKind.CHANGES_REQUESTED, "", standing.sentence))
    if standing.num_missing:
        word = "approval is" if standing.num_missing == 1 else "approvals are"
        sentence = f"{standing.num_missing} of {standing.num_needed} {word} missing."
        stops.append(Stop(StopKind.APPROVALS, "", sentence))
        stops += [
            Stop(
                StopKind.STALE,
                vote.reviewer,
                f"The verdict of {vote.reviewer} is stale: {vote.stale.sentence}",
            )
            for vote in standing.votes
            if vote.stale is not None and not vote.is_author
        ]
    return stops
