"""Who must act next in a review, since when, and why."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from skills_app.domain.reviewing.standing import ReviewStatus, Standing
from skills_app.domain.reviewing.verdicts import Decision


@dataclass(frozen=True, slots=True)
class Turn:
    """One person who must act, why, and since when."""

    person: str
    why: str
    since: datetime


@dataclass(frozen=True, slots=True)
class BlockElsewhere:
    """An open comment that blocks the version from another review: that review's number, and who closes it, empty if gone."""

    review: int
    closer: str


@dataclass(frozen=True, slots=True)
class Situation:
    """What decides whose turn it is.

    ``asked`` maps each asked reviewer to when they were asked; ``owners`` are who opened the review and who made the
    version; ``changed_at`` is when the version under review began to be it; ``blocked_at`` when the oldest open comment was
    sent that blocks this version, or None; ``closers`` are who wrote such a comment on an earlier version, and close it; ``promoters``
    are who promotes it once it is approved, nobody for the owners. ``elsewhere`` are open comments of other reviews that block
    it; ``unmet`` are the sentences of the gate's conditions that would stop its promotion.
    """

    status: ReviewStatus
    standing: Standing
    asked: Mapping[str, datetime]
    owners: Sequence[str]
    changed_at: datetime
    decided_at: datetime | None = None
    blocked_at: datetime | None = None
    closers: Sequence[str] = ()
    promoters: Sequence[str] = ()
    elsewhere: Sequence[BlockElsewhere] = ()
    unmet: Sequence[str] = ()


def turns_of(situation: Situation) -> tuple[Turn, ...]:
    """Return everybody whose turn it is, the longest waiting first; nobody in a review that ended.

    Requested changes are for the owners, and so are open blocking comments; one that was written on an earlier version is for
    its writer, who says whether this one meets it; once it is approved, so is one in another review. It is also the turn of each asked reviewer whose verdict is missing or
    stale, until there are enough approvals; then it is the owners', to promote it, or that of others where no owner may.
    """
    if not situation.status.is_live:
        return ()
    standing = situation.standing
    if standing.status is ReviewStatus.CHANGES_REQUESTED:
        since = max(v.at for v in standing.counting if v.decision is Decision.REQUEST_CHANGES)
        return _owners(situation, f"{standing.sentence} Make a new version, or answer.", since)
    blocked = situation.blocked_at
    asked = [turn for name, at in situation.asked.items() if (turn := _reviewer(situation, name, at))]
    if blocked is not None or situation.closers:
        owners = _owners(situation, "A blocking comment is open.", blocked) if blocked is not None else ()
        also = [] if standing.status is ReviewStatus.APPROVED else asked
        return _one_each((*_closers(situation), *owners, *also))
    if standing.status is ReviewStatus.APPROVED:
        if situation.elsewhere:
            return _elsewhere(situation)
        since = situation.decided_at or situation.changed_at
        return _promoters(situation, since)
    if not asked:
        return _owners(
            situation, "Nobody who was asked can still decide; ask another reviewer.", situation.changed_at
        )
    return tuple(sorted(asked, key=_order))


def _promoters(situation: Situation, since: datetime) -> tuple[Turn, ...]:
    owned, why = set(situation.owners), "It is approved and may be promoted."
    if situation.unmet:
        more = f", and {len(situation.unmet) - 1} more" if len(situation.unmet) > 1 else ""
        why = f"It is approved, but the gate stops its promotion: {situation.unmet[0].rstrip('.')}{more}."
    others = f"{why} Who opened it may not promote here, but you may."
    names = dict.fromkeys(situation.promoters or [name for name in situation.owners if name])
    return tuple(Turn(name, why if name in owned else others, since) for name in names)


def _closers(situation: Situation) -> tuple[Turn, ...]:
    why = "Your blocking comment is older than this version. Say whether it is met now."
    return tuple(Turn(name, why, situation.changed_at) for name in dict.fromkeys(situation.closers))


def _elsewhere(situation: Situation) -> tuple[Turn, ...]:
    """Return a turn for each person who closes blocks of other reviews; those of nobody are for the owners."""
    turns: list[Turn] = []
    since = situation.decided_at or situation.changed_at
    for closer in dict.fromkeys(one.closer for one in situation.elsewhere):
        numbers = dict.fromkeys(one.review for one in situation.elsewhere if one.closer == closer)
        where = f"review{'s' if len(numbers) > 1 else ''} {', '.join(str(number) for number in numbers)}"
        if closer:
            why = f"Your blocking comment in {where} stops this version, too. Say there whether it is met."
            turns.append(Turn(closer, why, since))
        else:
            why = f"A blocking comment in {where} stops this version, too."
            turns += _owners(situation, why, since)
    return _one_each(turns)


def _one_each(turns: Sequence[Turn]) -> tuple[Turn, ...]:
    """Return the first turn of each person, the longest waiting person first."""
    first: dict[str, Turn] = {}
    for turn in turns:
        first.setdefault(turn.person, turn)
    return tuple(sorted(first.values(), key=_order))


def _order(turn: Turn) -> tuple[datetime, str]:
    return turn.since, turn.person


def _owners(situation: Situation, why: str, since: datetime) -> tuple[Turn, ...]:
    return tuple(Turn(name, why, since) for name in dict.fromkeys(situation.owners) if name)


def _reviewer(situation: Situation, name: str, asked_at: datetime) -> Turn | None:
    vote = next((vote for vote in situation.standing.votes if vote.reviewer == name), None)
    if vote is None:
        return Turn(name, "Your verdict is asked for.", max(asked_at, situation.changed_at))
    if vote.is_author or vote.stale is None:
        return None
    why = f"Your verdict is stale: {vote.stale.sentence}"
    return Turn(name, why, max(asked_at, situation.changed_at, vote.at))


class AgeBand(StrEnum):
    """How long something waits, in words that a queue sorts by."""

    FRESH = "fresh"
    WAITING = "waiting"
    LATE = "late"


def age_band(since: datetime, now: datetime) -> AgeBand:
    """Return fresh under one day, waiting up to three, late from then on."""
    age = now - since
    if age < timedelta(days=1):
        return AgeBand.FRESH
    return AgeBand.WAITING if age < timedelta(days=3) else AgeBand.LATE


def age_words(since: datetime, now: datetime) -> str:
    """Return an age as people say it, in the largest unit that fits."""
    seconds = max(int((now - since).total_seconds()), 0)
    for size, unit in ((86_400, "day"), (3_600, "hour"), (60, "minute")):
        if seconds >= size:
            count = seconds // size
            return f"{count} {unit}{'s' if count != 1 else ''}"
    return "less than a minute"
