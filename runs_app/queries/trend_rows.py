"""The rows behind a figure: versions or generations of some days, narrowed as the page was."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from functools import cached_property

from django.db.models import Exists, OuterRef, Q, QuerySet, Subquery, TextField, Value
from django.db.models.functions import Coalesce, Concat, Left, Trim

from runs_app.domain.trends.trend_filter import TrendFilter
from runs_app.models import Run, RunParam, TouchedDay, VersionStanding
from runs_app.queries.overview import narrowed
from runs_app.queries.trend_facts import PROGRAM, PROGRAM_VERSION, bounds_of, counted_runs
from runs_app.queries.trends import branches_below, rollups_of
from skills_app.models import QualityAssessment

GATES = ("passed", "blocked", "none", "judged")
_MOST_TOUCHED = 31


@dataclass(frozen=True, slots=True)
class VersionChoice:
    """What rows of versions are narrowed by beyond the page: what the gate says, a rule that is broken, a scorer that gave a score.

    ``gate`` is one of ``GATES``; ``scorer`` is a scorer with its version, as the lines of charts are named.
    """

    gate: str = ""
    rule: str = ""
    scorer: str = ""

    def pairs(self) -> list[tuple[str, str]]:
        """Return names and values of the query string."""
        found = (("gate", self.gate), ("rule", self.rule), ("scorer", self.scorer))
        return [(name, value) for name, value in found if value]


def version_rows(chosen: TrendFilter, choice: VersionChoice) -> QuerySet[VersionStanding]:
    """Return the versions that were made in the filter's days, newest first."""
    rows = VersionStanding.objects.filter(day__gte=chosen.period.first, day__lte=chosen.period.last)
    rows = narrowed(rows, chosen)
    if choice.gate == "judged":
        rows = rows.exclude(gate="")
    elif choice.gate in GATES:
        rows = rows.filter(gate="" if choice.gate == "none" else choice.gate)
    if choice.rule:
        rows = rows.filter(rules__has_key=choice.rule)
    if choice.scorer:
        rows = rows.filter(Exists(_scores_by(choice.scorer).filter(version=OuterRef("version"))))
    return rows.select_related("version__skill").defer("version__content").order_by("-day", "-version_id")


def _scores_by(scorer: str) -> QuerySet[QualityAssessment]:
    """Return the assessments by a scorer with its version that hold the value that standings read: ours, or the one given."""
    has_value = Q(is_own=True, deterministic_score__isnull=False) | Q(
        is_own=False, quality_score__isnull=False
    )
    name = Trim(Concat("scorer", Value(" "), "scorer_version", output_field=TextField()))
    return QualityAssessment.objects.filter(has_value).annotate(line=name).filter(line=scorer)


class VersionRows:
    """The versions of a filter for a paginator: only keys are put in order, from the nearer end, and a page's rows are read."""

    def __init__(self, chosen: TrendFilter, choice: VersionChoice) -> None:
        self._rows = version_rows(chosen, choice)

    @cached_property
    def _num(self) -> int:
        return self._rows.count()

    def count(self) -> int:
        """Return how many there are."""
        return self._num

    def __len__(self) -> int:
        return self._num

    def __iter__(self) -> Iterator[VersionStanding]:
        """Read all of them, newest first."""
        return iter(self._rows)

    def __getitem__(self, wanted: slice) -> list[VersionStanding]:
        """Return the rows from ``wanted.start`` up to ``wanted.stop``, newest first."""
        start, stop = wanted.start or 0, min(self._num if wanted.stop is None else wanted.stop, self._num)
        keys = self._rows.values_list("pk", flat=True)
        if start > self._num // 2:
            keys = keys.reverse()[self._num - stop : self._num - start]
        else:
            keys = keys[start:stop]
        return list(self._rows.filter(pk__in=list(keys)))


def run_rows(chosen: TrendFilter) -> QuerySet[Run]:
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
    rows = rows.select_related("outcome__version__skill").defer("outcome__version__content")
    return rows.order_by(Coalesce("started_at", "first_seen_at").desc(), "-pk")


class RunRows:
    """The generations of a filter for a paginator. Rollups say how many a day has, so only a page's own days are read.

    Days that changed since they were added up are counted from the rows, the newest 31 of them.
    """

    def __init__(self, chosen: TrendFilter) -> None:
        self._chosen = chosen
        self._nums = sorted(_nums_by_day(chosen).items(), reverse=True)

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
        days: list[date] = []
        newer = seen = 0
        for day, num in self._nums:
            if seen >= stop:
                break
            if seen + num > start:
                newer = newer if days else seen
                days.append(day)
            seen += num
        if not days:
            return Run.objects.none()
        return run_rows(self._chosen.between(days[-1], days[0]))[start - newer : stop - newer]


def _nums_by_day(chosen: TrendFilter) -> dict[date, int]:
    period = chosen.period
    within = {"day__gte": period.first, "day__lte": period.last}
    nums: Counter[date] = Counter()
    for day, num in rollups_of("run", chosen).filter(**within).values_list("day", "data__effort__n"):
        nums[day] += num
    touched = TouchedDay.objects.filter(subject="run", **within).values_list("day", flat=True)
    for day in touched.distinct().order_by("-day")[:_MOST_TOUCHED]:
        nums[day] = run_rows(chosen.between(day, day)).count()
    return nums


def _program() -> Left:
    """Return the name and the version of a run's program, as ``programs_of`` joins them."""
    values = RunParam.objects.filter(run=OuterRef("pk")).values("value")
    name = Trim(Subquery(values.filter(key=PROGRAM)[:1]))
    version = Trim(
        Coalesce(Subquery(values.filter(key=PROGRAM_VERSION)[:1]), Value(""), output_field=TextField())
    )
    return Left(Trim(Concat(name, Value(" "), version, output_field=TextField())), 256)
