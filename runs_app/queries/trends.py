"""Read the rollups of a period and of the one before: one row a day, or the cells where more was chosen than rows are kept of."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import Enum
from itertools import islice
from typing import Any

from django.db.models import QuerySet, TextField
from django.db.models.fields.json import KT
from django.db.models.functions import Cast

from runs_app.domain.trends.charts import Trend, empty_trend
from runs_app.domain.trends.facts import DIMENSIONS, SUBJECTS, SUBJECTS_WITH_PAIRS, Grain
from runs_app.domain.trends.periods import Bucket, Unit
from runs_app.domain.trends.trend_filter import TrendFilter, parse_trend_filter
from runs_app.models import DailyRollup, MonthlyRollup, RollupState
from runs_app.models.rollups import Rollup
from skills_app.models import Category
from skills_app.queries.resolve_path import branch_paths

MOST_CHOICES = 200
_AT_ONCE = 500


class Detail(Enum):
    """How much is read of the rollups of generations: what is left out is nought. Versions are always read whole."""

    ALL = "all"
    NO_PHASES = "all but their phases, which are most of it"
    COSTS = "how they ended, how far they came, how many they are, and what they cost"


# The JSON of a rollup of generations, from the texts of some of its parts.
_PARTS = {
    Detail.NO_PHASES: ('{"status":%s,"stage":%s,"effort":%s,"phase":{}}', ("status", "stage", "effort")),
    Detail.COSTS: (
        '{"status":%s,"stage":%s,"effort":{"n":%s,"usd":%s,"costs":%s,"tok":0,"ms":0,"toks":{},"secs":{}},"phase":{}}',
        ("status", "stage", "effort__n", "effort__usd", "effort__costs"),
    ),
}


@dataclass(frozen=True, slots=True)
class Choice:
    """The values that a dimension can be narrowed to."""

    name: str
    values: tuple[str, ...]


def read_trend_filter(parameters: Mapping[str, str], *, today: date) -> TrendFilter:
    """Read the parameters of an address, or of a query that was kept; a branch is the one that lives or lived there.

    One query or two when a branch is chosen.
    """
    chosen = parse_trend_filter(parameters, today=today)
    branch = chosen.value("branch")
    return chosen.choosing(branch=branch_paths([branch])[0]) if branch else chosen


def trend_of(chosen: TrendFilter, *, detail: Detail = Detail.ALL) -> Trend:
    """Return the totals of a filter's period by bucket, whole, and of the period before; less detail is much quicker."""
    period = chosen.period
    trend = empty_trend(period)
    buckets = period.buckets()
    starts = {}
    for number, bucket in enumerate(buckets):
        for ordinal in range(bucket.first.toordinal(), bucket.last.toordinal() + 1):
            starts[ordinal] = number
    by_month = period.unit is Unit.MONTH
    for _, data in _rows("run", chosen, period.before, detail, by_month=True):
        trend.runs_before.add_data(data)
    for day, data in _rows("run", chosen, period, detail, by_month=by_month):
        trend.run_buckets[starts[day.toordinal()]].add_data(data)
    for _, data in _rows("version", chosen, period.before, by_month=True):
        trend.versions_before.add_data(data)
    for day, data in _rows("version", chosen, period, by_month=by_month):
        trend.version_buckets[starts[day.toordinal()]].add_data(data)
    for one in trend.run_buckets:
        trend.runs.merge(one)
    for other in trend.version_buckets:
        trend.versions.merge(other)
    return trend


def rollups_of(subject: str, chosen: TrendFilter, of: type[Rollup] = DailyRollup) -> QuerySet[Any]:
    """Return the rollups that a filter's choices select, of any day or month; months have at most one choice."""
    rows = of._default_manager.filter(subject=subject)
    names = [name for name in DIMENSIONS if chosen.value(name)]
    if len(names) < 2 or (len(names) == 2 and subject in SUBJECTS_WITH_PAIRS):
        grain = Grain.PAIR if len(names) == 2 else names[0] if names else Grain.ALL
        # Every dimension is named, also those that are empty, so that one index leads to the days.
        return rows.filter(grain=grain, **{name: chosen.value(name) for name in DIMENSIONS})
    rows = rows.filter(grain=Grain.CELL)
    for name in names:
        value = chosen.value(name)
        rows = (
            rows.filter(branch__in=branches_below(value))
            if name == "branch"
            else rows.filter(**{name: value})
        )
    return rows


def branches_below(path: str) -> list[str]:
    """Return a branch and all below it."""
    return [path, *Category.objects.branch(path).exclude(path=path).values_list("path", flat=True)]


def _rows(
    subject: str, chosen: TrendFilter, days: Bucket, detail: Detail = Detail.ALL, *, by_month: bool
) -> Iterator[tuple[date, Any]]:
    """Yield first day and data of the rollups of some days; ``by_month`` takes whole months at once where they are kept."""
    daily = rollups_of(subject, chosen).filter(day__gte=days.first, day__lte=days.last)
    months = days.whole_months if by_month and len(chosen.chosen) < 2 else None
    if months is not None:
        monthly = rollups_of(subject, chosen, of=MonthlyRollup)
        yield from _read(monthly.filter(day__gte=months.first, day__lte=months.last), detail)
        daily = daily.exclude(day__gte=months.first, day__lte=months.last)
    yield from _read(daily, detail)


def _read(rollups: QuerySet[Any], detail: Detail) -> Iterator[tuple[date, Any]]:
    """Yield day and data of rollups. The JSON of many is read as one text, and of its parts only what is asked for."""
    whole, parts = _PARTS.get(detail, ("%s", ()))
    texts: list[Any] = [KT(f"data__{part}") for part in parts] or [Cast("data", TextField())]
    rows = rollups.values_list("day", *texts).iterator(chunk_size=2_000)
    while some := list(islice(rows, _AT_ONCE)):
        joined = ",".join([whole % row[1:] for row in some])
        yield from zip((row[0] for row in some), json.loads(f"[{joined}]"), strict=True)


def choices() -> tuple[Choice, ...]:
    """Return what each dimension can be narrowed to, at most 200 values of each."""
    found = [
        Choice(
            "branch", tuple(Category.objects.order_by("path").values_list("path", flat=True)[:MOST_CHOICES])
        )
    ]
    for name in DIMENSIONS[1:]:
        # Months say the same as days and are a thirtieth of the rows.
        rows = MonthlyRollup.objects.filter(subject__in=SUBJECTS, grain=name).order_by(name)
        found.append(Choice(name, tuple(rows.values_list(name, flat=True).distinct()[:MOST_CHOICES])))
    return tuple(found)


def rolled_up_at() -> datetime | None:
    """Return when the rollups were last brought up to date, or None."""
    return RollupState.objects.values_list("updated_at", flat=True).first()
