"""The generations behind a figure, narrowed as the page was, and to those that the figure counts."""

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any, NamedTuple

from django.db.models import Exists, OuterRef, Q, QuerySet, Subquery, TextField, Value
from django.db.models.functions import Coalesce, Concat, Left, Trim

from runs_app.domain.trends.row_choice import ENDED, RunChoice
from runs_app.domain.trends.totals import STAGES
from runs_app.domain.trends.trend_filter import TrendFilter
from runs_app.models import Run, RunParam, TouchedDay
from runs_app.queries.trend_facts import PROGRAM, PROGRAM_VERSION, bounds_of, counted_runs
from runs_app.queries.trends import branches_below, rollups_of
from skills_app.domain.enums import SkillStatus

EVERY_RUN = RunChoice()
_MOST_TOUCHED = 31
_GENERATED = Q(outcome__version__isnull=False) | Q(has_document=True)
_PASSED = Q(outcome__version__standing__gate="passed")
_APPROVED = Q(outcome__version__standing__is_approved=True)
_ACTIVE = Q(outcome__version__skill__status=SkillStatus.ACTIVE)
# What a generation needs more than for the stage before, in the order of the stages.
_STAGE_NEEDS = dict(zip(STAGES, (Q(), _GENERATED, _PASSED, _APPROVED, _ACTIVE), strict=True))
_KNOWN = {
    "cost": Q(rolled_cost_usd__isnull=False),
    "tokens": Q(rolled_tokens__isnull=False),
    "end": Q(rolled_status__in=ENDED) | Q(rolled_status="", status__in=ENDED),
}


def run_rows(chosen: TrendFilter, choice: RunChoice = EVERY_RUN) -> QuerySet[Run]:
    """Return the generations that began in the filter's days (or were first seen then), newest first.

    It sorts all of them: pages go through ``RunRows``.
    """
    first, _ = bounds_of(chosen.period.first)
    _, after = bounds_of(chosen.period.last)
    within = Q(started_at__gte=first, started_at__lt=after)
    unstarted = Q(started_at=None, first_seen_at__gte=first, first_seen_at__lt=after)
    rows = counted_runs().filter(within | unstarted)
    columns = {"model": "model", "author": "user", "type": "outcome__version__skill__skill_type"}
    for name, value in chosen.chosen.items():
        if name == "branch":
            rows = rows.filter(outcome__version__skill__category__path__in=branches_below(value))
        elif name == "program":
            named = RunParam.objects.filter(run=OuterRef("pk"), key=PROGRAM).exclude(value="")
            rows = rows.annotate(program=_program()).filter(Exists(named), program=value)
        else:
            rows = rows.filter(**{columns[name]: value})
    rows = _that(rows, choice)
    began = Coalesce("started_at", "first_seen_at").desc()
    if choice.phase:
        timed = Run.objects.filter(
            phase=choice.phase, duration_seconds__isnull=False, lifecycle_stage="active"
        )
        rows = timed.filter(parent__in=rows.values("pk"))
        began = Coalesce("parent__started_at", "parent__first_seen_at").desc()
    rows = rows.select_related("outcome__version__skill").defer("outcome__version__content")
    return rows.order_by(began, "-pk")


def _that(rows: QuerySet[Run], choice: RunChoice) -> QuerySet[Run]:
    """Return those that came to a stage, that stopped short of one, and that state what is asked for."""
    if choice.came:
        rows = rows.filter(_up_to(choice.came))
    if choice.lost:
        before = STAGES[STAGES.index(choice.lost) - 1]
        rows = rows.filter(_up_to(before)).exclude(_STAGE_NEEDS[choice.lost])
    return rows.filter(_KNOWN[choice.known]) if choice.known else rows


def _up_to(stage: str) -> Q:
    needed = Q()
    for name in STAGES[: STAGES.index(stage) + 1]:
        needed &= _STAGE_NEEDS[name]
    return needed


class RunRows:
    """The generations of a filter for a paginator. Rollups say how many a day has, so only a page's own days are read.

    Days that changed since they were added up are counted from the rows, the newest 31 of them.
    """

    def __init__(self, chosen: TrendFilter, choice: RunChoice = EVERY_RUN) -> None:
        self._chosen = chosen
        self._choice = choice
        self._nums = sorted(_nums_by_day(chosen, choice).items(), reverse=True)

    def count(self) -> int:
        """Return how many there are."""
        return sum(num for _, num in self._nums)

    def __len__(self) -> int:
        return self.count()

    def __getitem__(self, wanted: slice) -> list[Run]:
        """Return the rows from ``wanted.start`` up to ``wanted.stop``, newest first."""
        return list(self._part(wanted.start or 0, self.count() if wanted.stop is None else wanted.stop))

    def newest_pks(self, most: int) -> list[int]:
        """Return the keys of the newest rows, at most so many."""
        return list(self._part(0, most).values_list("pk", flat=True))

    def _part(self, start: int, stop: int) -> QuerySet[Run]:
        days = days_of_part(self._nums, start, stop)
        if days is None:
            return Run.objects.none()
        rows = run_rows(self._chosen.between(days.first, days.last), self._choice)
        return rows[start - days.num_newer : stop - days.num_newer]


class DaysOfPart(NamedTuple):
    """The days that hold a part of a list, and how many rows of the list are of newer ones."""

    first: date
    last: date
    num_newer: int


def days_of_part(nums: Iterable[tuple[date, int]], start: int, stop: int) -> DaysOfPart | None:
    """Return the days of the rows from ``start`` up to ``stop``; ``nums`` says how many each day has, newest first."""
    found: DaysOfPart | None = None
    seen = 0
    for day, num in nums:
        if seen >= stop:
            break
        if seen + num > start:
            found = found._replace(first=day) if found else DaysOfPart(day, day, seen)
        seen += num
    return found


def touched_days(subject: str, first: date, last: date) -> QuerySet[Any, date]:
    """Return the newest days, at most 31, that were not added up again since they changed."""
    touched = TouchedDay.objects.filter(subject=subject, day__gte=first, day__lte=last)
    return touched.values_list("day", flat=True).distinct().order_by("-day")[:_MOST_TOUCHED]


def _nums_by_day(chosen: TrendFilter, choice: RunChoice) -> dict[date, int]:
    period = chosen.period
    within = {"day__gte": period.first, "day__lte": period.last}
    nums: Counter[date] = Counter()
    # Of the JSON only what is counted is read.
    path = _counted_in(choice)
    for day, found in rollups_of("run", chosen).filter(**within).values_list("day", path):
        nums[day] += _num_of(found, choice)
    for day in touched_days("run", period.first, period.last):
        nums[day] = run_rows(chosen.between(day, day), choice).count()
    return nums


def _counted_in(choice: RunChoice) -> str:
    """Return the part of a rollup's data that says how many rows of a choice there are."""
    if choice.phase:
        return f"data__phase__{choice.phase}__secs"
    if choice.came or choice.lost:
        return "data__stage"
    parts = {"": "effort__n", "cost": "effort__costs", "tokens": "effort__toks", "end": "status"}
    return f"data__{parts[choice.known]}"


def _num_of(found: int | Mapping[str, int] | None, choice: RunChoice) -> int:
    """Return how many rows of a choice a rollup counts, from the part that ``_counted_in`` names."""
    if not isinstance(found, Mapping):
        return found or 0
    if choice.phase:
        return sum(found.values())
    if choice.came:
        return found.get(choice.came, 0)
    if choice.lost:
        before = STAGES[STAGES.index(choice.lost) - 1]
        return found.get(before, 0) - found.get(choice.lost, 0)
    return sum(num for name, num in found.items() if choice.known != "end" or name in ENDED)


def _program() -> Left:
    """Return the name and the version of a run's program, as ``programs_of`` joins them."""
    values = RunParam.objects.filter(run=OuterRef("pk")).values("value")
    name = Trim(Subquery(values.filter(key=PROGRAM)[:1]))
    version = Trim(
        Coalesce(Subquery(values.filter(key=PROGRAM_VERSION)[:1]), Value(""), output_field=TextField())
    )
    return Left(Trim(Concat(name, Value(" "), version, output_field=TextField())), 256)
