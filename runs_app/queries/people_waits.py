"""How long people let others wait, in a period and the one before: reviews until a first verdict, questions until an answer."""

import json
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import islice
from typing import Any, NamedTuple

from django.db.models import Min, QuerySet, TextField
from django.db.models.fields.json import KT
from django.db.models.functions import Cast

from runs_app.domain.prompts import Action, PromptKind, says_otherwise
from runs_app.domain.trends.change import FEW, Change, change_of_shares, change_of_times
from runs_app.domain.trends.people_charts import WaitSeries
from runs_app.domain.trends.periods import Period
from runs_app.domain.trends.trend_filter import TrendFilter
from runs_app.models import HumanPrompt, Run
from runs_app.queries.open_reviews import moment_text, open_at_each, open_now
from runs_app.queries.trend_facts import bounds_of, programs_of
from runs_app.queries.trends import branches_below
from skills_app.models import Review

_DAY = 86_400
_CHUNK = 500
_NULL = "null"
_REVIEW_COLUMNS = {
    "type": "skill__skill_type",
    "model": "version__standing__model",
    "program": "version__standing__program",
    "author": "version__author_name",
}
_QUESTION_COLUMNS = {
    "type": "generation__skill__skill_type",
    "model": "generation__model",
    "author": "generation__requested_by_name",
}


@dataclass(frozen=True, slots=True)
class QuestionWait:
    """Questions of one kind: asked and answered in the period and in the one before, their waits and what they changed.

    ``wait`` is of the median seconds until the answer, ``changed`` of the share of the answers that changed the way, among those
    of which it is known: of clarifying questions these are the ones that told what would be taken without an answer. It is
    neither better nor worse when more of them do.
    """

    name: str
    num_asked: int
    num_asked_before: int
    num_answered: int
    num_answered_before: int
    num_changed: int
    num_changed_before: int
    wait: Change
    changed: Change

    @property
    def kind(self) -> str:
        """The kind in words."""
        return self.name.replace("_", " ")

    @property
    def is_few(self) -> bool:
        """Whether too few were answered to say much."""
        return self.num_answered < FEW


@dataclass(frozen=True, slots=True)
class Waits:
    """Reviews with a first verdict in the period and in the one before, those that wait, and questions by kind.

    ``decided`` is of the median days until the verdict, ``queue`` of the median days that open reviews have waited: now, and
    when the period began. ``oldest_days`` is the longest of these, None where none waits. ``changed`` is of the answers to
    questions of all kinds, ``series`` what charts of all this are drawn from.
    """

    decided: Change
    queue: Change
    oldest_days: float | None
    oldest_days_before: float | None
    questions: tuple[QuestionWait, ...]
    changed: Change
    series: WaitSeries


class AskedQuestion(NamedTuple):
    """A question and what came of it; ``has_changed`` is None without an answer, or where nobody knows."""

    pk: int
    kind: str
    asked_at: datetime
    answered_at: datetime | None
    has_changed: bool | None


@dataclass(slots=True)
class _Asked:
    """Questions of one kind in one period."""

    num: int = 0
    waits: list[float] = field(default_factory=list)
    num_told: int = 0
    num_changed: int = 0

    def add(self, other: "_Asked") -> None:
        """Count those of another time, too."""
        self.num += other.num
        self.waits += other.waits
        self.num_told += other.num_told
        self.num_changed += other.num_changed


_NONE_ASKED = _Asked()


def waits_of(chosen: TrendFilter, *, now: datetime) -> Waits:
    """Return the waits of a period and of the one before; a verdict that was undone is none.

    Reviews are narrowed by their version, questions by their generation.
    """
    reviews = reviews_of(chosen)
    waited_before, waited = _days_to_decide(reviews, chosen.period)
    begun = bounds_of(chosen.period.first)[0]
    ends = [end for end in _ends_of(chosen.period) if end < now]
    waiting = _days(open_now(reviews), now)
    opens = open_at_each(reviews, [begun, *ends])
    waiting_before, *queue = (_days(one, moment) for one, moment in zip(opens, [begun, *ends], strict=True))
    if begun < now and len(queue) < len(waited):
        queue.append(waiting)
    before, asked = _asked(chosen)
    whole: dict[str, _Asked] = {}
    for bucket in asked:
        for kind, one in bucket.items():
            whole.setdefault(kind, _Asked()).add(one)
    sides = [
        (sum(o.num_changed for o in side.values()), sum(o.num_told for o in side.values()))
        for side in (whole, before)
    ]
    return Waits(
        decided=change_of_times([days for one in waited for days in one], waited_before),
        queue=change_of_times(waiting, waiting_before),
        oldest_days=max(waiting, default=None),
        oldest_days_before=max(waiting_before, default=None),
        questions=_questions(whole, before),
        changed=change_of_shares(*sides, is_more_better=None),
        series=WaitSeries(
            decided=waited,
            queue=queue,
            asked=[{kind: one.num for kind, one in bucket.items()} for bucket in asked],
            changed=[
                (sum(o.num_changed for o in bucket.values()), sum(o.num_told for o in bucket.values()))
                for bucket in asked
            ],
        ),
    )


def reviews_of(chosen: TrendFilter) -> QuerySet[Review]:
    """Return the reviews of any time that a filter's choices select, by their version, in no order."""
    return _narrowed(Review.objects.order_by(), chosen, "skill__category__path__in", _REVIEW_COLUMNS)


def _narrowed(
    rows: QuerySet[Any], chosen: TrendFilter, branch_column: str, columns: dict[str, str]
) -> QuerySet[Any]:
    for name, value in chosen.chosen.items():
        if name == "branch":
            rows = rows.filter(**{branch_column: branches_below(value)})
        elif name in columns:
            rows = rows.filter(**{columns[name]: value})
    return rows


def decided_between(reviews: QuerySet[Review], first: datetime, after: datetime) -> QuerySet[Any, Any]:
    """Return key, opening and, as ``decided``, the first verdict of the reviews that had it from ``first`` until ``after``."""
    # Grouped by two columns, not by all that a review has.
    given = reviews.filter(verdicts__undone_at=None).order_by().values("pk", "opened_at")
    given = given.annotate(decided=Min("verdicts__given_at"))
    return given.filter(decided__gte=first, decided__lt=after)


def _days_to_decide(reviews: QuerySet[Review], period: Period) -> tuple[list[float], list[list[float]]]:
    """Return the days from opening to the first verdict of the reviews that had it in the period before, and by bucket of this one."""
    first, begun, after = _moments_of(period)
    # As the database writes them: only their difference is wanted, of ten thousand reviews.
    columns = (Cast("opened_at", TextField()), Cast("decided", TextField()))
    rows = decided_between(reviews, first, after).values_list(*columns)
    edges = [moment_text(edge) for edge in (begun, *_ends_of(period))]
    found: list[list[float]] = [[] for _ in edges]
    read = datetime.fromisoformat
    for opened, decided in rows:
        waited = (read(decided) - read(opened)).total_seconds() / _DAY
        found[bisect_right(edges, decided)].append(waited)
    return found[0], found[1:]


def _ends_of(period: Period) -> list[datetime]:
    """Return when each bucket of a period is over."""
    return [bounds_of(bucket.last)[1] for bucket in period.buckets()]


def _moments_of(period: Period) -> tuple[datetime, datetime, datetime]:
    """Return when the period before began, when this one did, and when it is over."""
    return bounds_of(period.before.first)[0], bounds_of(period.first)[0], bounds_of(period.last)[1]


def _days(waiting: Iterable[tuple[int, datetime]], moment: datetime) -> list[float]:
    return [(moment - since).total_seconds() / _DAY for _, since in waiting]


def _questions(now: Mapping[str, _Asked], before: Mapping[str, _Asked]) -> tuple[QuestionWait, ...]:
    return tuple(
        _question(kind, now.get(kind, _NONE_ASKED), before.get(kind, _NONE_ASKED))
        for kind in PromptKind
        if kind in now or kind in before
    )


def _question(kind: PromptKind, now: _Asked, before: _Asked) -> QuestionWait:
    changed = [(one.num_changed, one.num_told) for one in (now, before)]
    return QuestionWait(
        name=kind.value,
        num_asked=now.num,
        num_asked_before=before.num,
        num_answered=len(now.waits),
        num_answered_before=len(before.waits),
        num_changed=now.num_changed,
        num_changed_before=before.num_changed,
        wait=change_of_times(now.waits, before.waits),
        changed=change_of_shares(*changed, is_more_better=None),
    )


def _asked(chosen: TrendFilter) -> tuple[dict[str, _Asked], list[dict[str, _Asked]]]:
    """Return the questions by kind that were asked in the period before, and by bucket of this one."""
    first, begun, after = _moments_of(chosen.period)
    edges = [begun, *_ends_of(chosen.period)]
    found: list[dict[str, _Asked]] = [{} for _ in edges]
    for _, kind, asked_at, answered_at, has_changed in questions_asked(chosen, first, after):
        one = found[bisect_right(edges, asked_at)].setdefault(kind, _Asked())
        one.num += 1
        if answered_at is not None:
            one.waits.append((answered_at - asked_at).total_seconds())
            one.num_told += has_changed is not None
            one.num_changed += bool(has_changed)
    return found[0], found[1:]


def questions_asked(
    chosen: TrendFilter, first: datetime, after: datetime, *, kind: str = ""
) -> Iterator[AskedQuestion]:
    """Yield the questions that were asked from ``first`` until ``after``, by a filter's choices; perhaps of one kind alone."""
    rows = HumanPrompt.objects.filter(asked_at__gte=first, asked_at__lt=after).order_by()
    rows = rows.filter(kind=kind) if kind else rows
    rows = _narrowed(rows, chosen, "generation__skill__category__path__in", _QUESTION_COLUMNS)
    # As the database writes them: each would be read by a function of its own, and there may be ten thousand.
    texts = [Cast(name, TextField()) for name in ("asked_at", "answered_at", "answer")]
    columns: list[Any] = ["generation__run_id", "pk", "kind", *texts, KT("prompt__questions")]
    told: Iterator[tuple[Any, ...]] = rows.values_list(*columns).iterator(chunk_size=2_000)
    if chosen.value("program"):
        told = _of_program(list(told), chosen.value("program"))
    while some := list(islice(told, _CHUNK)):
        said = json.loads(f"[{','.join(f'[{row[5]},{row[6] or _NULL}]' for row in some)}]")
        for (_, pk, of, asked, answered, *_), (answer, questions) in zip(some, said, strict=True):
            has_changed = _has_changed(of, answer, questions) if answered else None
            yield AskedQuestion(pk, of, _moment(asked), _moment(answered) if answered else None, has_changed)


def _moment(text: str) -> datetime:
    """Return a time from its text: SQLite writes none of the zone, which is UTC."""
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _has_changed(
    kind: str, answer: Mapping[str, Any], questions: Iterable[Mapping[str, Any]] | None
) -> bool | None:
    """Return whether an answer changed the way: it does not say to go on, or says otherwise than what would have been taken.

    None for a clarifying question of which nobody said what that would have been.
    """
    if answer.get("action", Action.PROCEED.value) != Action.PROCEED.value:
        return True
    return (
        says_otherwise(questions or (), answer.get("values") or {}) if kind == PromptKind.CLARIFY else False
    )


def _of_program(rows: list[tuple[Any, ...]], program: str) -> Iterator[tuple[Any, ...]]:
    """Yield the questions of generations whose run, mirrored from where it was recorded, names the program in its version."""
    run_ids = sorted({row[0] for row in rows if row[0]})
    names: set[str] = set()
    for start in range(0, len(run_ids), _CHUNK):
        pks = dict(Run.objects.filter(run_id__in=run_ids[start : start + _CHUNK]).values_list("pk", "run_id"))
        names |= {pks[pk] for pk, name in programs_of(pks).items() if name == program}
    return (row for row in rows if row[0] in names)
