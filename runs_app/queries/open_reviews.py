"""Which reviews are open, and which were at moments past, told from what happened since."""

from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple

from django.db.models import F, Q, QuerySet, TextField
from django.db.models.functions import Cast

from skills_app.domain.reviewing.standing import ReviewStatus
from skills_app.domain.reviewing.verdicts import Decision
from skills_app.models import Review, Verdict

# What PostgreSQL ends a moment with that is cast to text.
UTC_SUFFIX = "+00"


class _Given(NamedTuple):
    """A verdict: by whom, what it says and when, about which version, and the version of its review with its moment."""

    by: Any
    decision: str
    given_at: datetime
    undone_at: datetime | None
    version_id: int
    reviewed_id: int
    version_at: datetime

    def stood(self, moment: datetime) -> bool:
        """Say whether it counted at ``moment``: given, not undone, and about the version that was under review then."""
        is_there = self.given_at <= moment and (self.undone_at is None or self.undone_at > moment)
        return is_there and (self.version_id == self.reviewed_id or self.version_at > moment)


_OPEN_COLUMNS = ("pk", "status", "num_needed")
_GIVEN_COLUMNS = (
    "review_id",
    "reviewer_id",
    "reviewer_name",
    "decision",
    "given_at",
    "undone_at",
    "version_id",
    "review__version_id",
    "review__version_at",
)


def open_now(reviews: QuerySet[Review]) -> list[tuple[int, datetime]]:
    """Return the key of each open review, and since when it has waited with its version."""
    return list(reviews.filter(status=ReviewStatus.OPEN.value).values_list("pk", "version_at"))


def open_at(reviews: QuerySet[Review], moment: datetime) -> list[tuple[int, datetime]]:
    """Return the key of each review that was open at ``moment``, and since when it had waited then."""
    return open_at_each(reviews, [moment])[0]


def open_at_each(reviews: QuerySet[Review], moments: Sequence[datetime]) -> list[list[tuple[int, datetime]]]:
    """Return, for each of ``moments`` in their order, the key of each review that was open then, and since when it had waited.

    One whose status has changed since was open when no verdict that stood then had decided it: no rejection, no request for
    changes, and fewer approvals than it needs. It waited since its version of today, or since it was opened where that came
    later. Two queries at most.
    """
    rows = reviews.filter(_perhaps_open(moments))
    # As the database writes them: most of very many lie between two moments and are not looked at again.
    columns = [Cast(name, TextField()) for name in ("opened_at", "version_at", "decided_at")]
    edges = [moment_text(moment) for moment in moments]
    waits: dict[int, tuple[datetime, datetime]] = {}
    found: list[list[int]] = [[] for _ in edges]
    unsure: dict[int, tuple[int, range]] = {}
    for pk, status, needed, opened, version_at, decided in rows.values_list(*_OPEN_COLUMNS, *columns):
        begun = bisect_left(edges, opened.removesuffix(UTC_SUFFIX))
        over = bisect_left(edges, decided.removesuffix(UTC_SUFFIX)) if decided else len(edges)
        sure = range(begun, begun)
        if status == ReviewStatus.OPEN.value:
            sure = range(max(begun, over) if decided else begun, len(edges))
            over = over if decided else begun
        if begun < over or sure:
            waits[pk] = (_read_utc(opened), _read_utc(version_at))
        if begun < over:
            unsure[pk] = (needed, range(begun, over))
        for number in sure:
            found[number].append(pk)
    for pk, number in _undecided(unsure, moments):
        found[number].append(pk)
    return [
        [
            (pk, version_at if version_at <= moment else opened)
            for pk in pks
            for opened, version_at in [waits[pk]]
        ]
        for moment, pks in zip(moments, found, strict=True)
    ]


def _perhaps_open(moments: Sequence[datetime], of: str = "") -> Q:
    """Return the condition of reviews that may have been open at one of ``moments``; ``of`` stands before their columns."""
    is_open = Q(**{f"{of}status": ReviewStatus.OPEN.value}) | Q(**{f"{of}decided_at": None})
    return Q(**{f"{of}opened_at__lte": moments[-1]}) & (is_open | Q(**{f"{of}decided_at__gt": moments[0]}))


def _read_utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def _undecided(
    unsure: Mapping[int, tuple[int, range]], moments: Sequence[datetime]
) -> Iterator[tuple[int, int]]:
    """Yield reviews, given with the approvals that they need and the numbers of moments, with each number of
    these at which no verdict had decided them.

    As today, the latest verdict of each reviewer counts, and none about a version that another one had replaced.
    """
    # What was said when its status changed says nothing of the moments before; of most that is all there is.
    earlier = Q(review__decided_at=None) | Q(given_at__lt=F("review__decided_at"))
    given: dict[int, list[_Given]] = {}
    verdicts = Verdict.objects.filter(earlier, _perhaps_open(moments, "review__"), given_at__lte=moments[-1])
    verdicts = verdicts.order_by("given_at", "pk") if unsure else verdicts.none()
    for pk, reviewer, name, *rest in verdicts.values_list(*_GIVEN_COLUMNS):
        given.setdefault(pk, []).append(_Given(reviewer or name, *rest))
    for pk, (needed, numbers) in unsure.items():
        for number in numbers:
            moment = moments[number]
            latest = {one.by: one.decision for one in given.get(pk, ()) if one.stood(moment)}
            is_decided = set(latest.values()) - {Decision.APPROVE.value} or len(latest) >= max(needed, 1)
            if not is_decided:
                yield pk, number


def moment_text(moment: datetime) -> str:
    """Return a moment as the databases write it, in UTC and without ``UTC_SUFFIX``; in the order of these texts moments follow."""
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat(" ")
