"""Read the rollups of a period and of the one before: one row a day, or the cells where more was chosen than rows are kept of."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db.models import Min, Q, QuerySet
from django.urls import reverse

from runs_app.domain.trends.chart import Event
from runs_app.domain.trends.charts import Trend, empty_trend
from runs_app.domain.trends.facts import DIMENSIONS, SUBJECTS, SUBJECTS_WITH_PAIRS, Grain
from runs_app.domain.trends.periods import Bucket, Period, Unit
from runs_app.domain.trends.trend_filter import TrendFilter, parse_trend_filter
from runs_app.models import DailyRollup, MonthlyRollup, RollupState, TrendEvent
from runs_app.models.rollups import Rollup
from skills_app.models import AuditEntry, Category, GateRevision
from skills_app.queries.resolve_path import branch_paths

MOST_EVENTS = 12
MOST_CHOICES = 200
# What the library writes down when places change, each once: a set of changes, and a skill that was placed by itself.
CHANGE_VERBS = ("applied_change", "undid_change")
PLACE_VERB = "placed_skill"


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


def trend_of(chosen: TrendFilter, *, has_phases: bool = True) -> Trend:
    """Return the totals of a filter's period by bucket, whole, and of the period before.

    Without the phases of generations it is much quicker.
    """
    period = chosen.period
    trend = empty_trend(period)
    buckets = period.buckets()
    starts = {}
    for number, bucket in enumerate(buckets):
        for ordinal in range(bucket.first.toordinal(), bucket.last.toordinal() + 1):
            starts[ordinal] = number
    by_month = period.unit is Unit.MONTH
    for _, data in _rows("run", chosen, period.before, by_month=True):
        trend.runs_before.add_data(data, has_phases=has_phases)
    for day, data in _rows("run", chosen, period, by_month=by_month):
        trend.run_buckets[starts[day.toordinal()]].add_data(data, has_phases=has_phases)
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


def _rows(subject: str, chosen: TrendFilter, days: Bucket, *, by_month: bool) -> Iterator[tuple[date, Any]]:
    """Yield first day and data of the rollups of some days; ``by_month`` takes whole months at once where they are kept."""
    daily = rollups_of(subject, chosen).filter(day__gte=days.first, day__lte=days.last)
    months = days.whole_months if by_month and len(chosen.chosen) < 2 else None
    if months is not None:
        monthly = rollups_of(subject, chosen, of=MonthlyRollup)
        monthly = monthly.filter(day__gte=months.first, day__lte=months.last)
        yield from monthly.values_list("day", "data")
        daily = daily.exclude(day__gte=months.first, day__lte=months.last)
    yield from daily.values_list("day", "data").iterator(chunk_size=2_000)


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


def events_of(period: Period) -> tuple[Event, ...]:
    """Return what may explain a change: gates edited, places moved, and models, programs and scorers seen first.

    At most twelve, the newest; what was seen first on the first day of all is no event.
    """
    zone = ZoneInfo(settings.TIME_ZONE)
    found = [*_first_seen(period), *_scorers(period)]
    revisions = GateRevision.objects.filter(made_at__date__gte=period.first, made_at__date__lte=period.last)
    for row in revisions.select_related("gate"):
        label = f"gate {row.gate.name}, revision {row.number}"
        found.append(Event(_day(row.made_at, zone), "gate", label, row.gate.get_absolute_url()))
    moves: dict[date, int] = {}
    # A skill that had no place before was only found one.
    moved = Q(verb__in=CHANGE_VERBS) | Q(verb=PLACE_VERB) & ~Q(before={})
    placed = AuditEntry.objects.filter(moved, at__date__gte=period.first, at__date__lte=period.last)
    for at in placed.values_list("at", flat=True):
        moves[_day(at, zone)] = moves.get(_day(at, zone), 0) + 1
    for day, num in moves.items():
        words = f"{num} change{'s' if num > 1 else ''} of place"
        found.append(Event(day, "taxonomy", words, reverse("taxonomy:changes")))
    kept = [event for event in found if period.has(event.day)]
    return tuple(sorted(kept, key=lambda event: (event.day, event.kind, event.label))[-MOST_EVENTS:])


def _first_seen(period: Period) -> list[Event]:
    found = []
    runs = DailyRollup.objects.filter(subject="run")
    begun = runs.filter(grain=Grain.ALL).aggregate(first=Min("day"))["first"]
    for name in ("model", "program"):
        rows = runs.filter(grain=name).order_by().values_list(name).annotate(first=Min("day"))
        for value, first in rows:
            if first != begun and period.has(first):
                found.append(Event(first, name, f"{name} {value} first used"))
    return found


def _scorers(period: Period) -> list[Event]:
    rows = TrendEvent.objects.filter(kind="scorer").order_by("day")
    begun = rows.values_list("day", flat=True).first()
    found = rows.filter(day__gte=period.first, day__lte=period.last)
    return [Event(row.day, "scorer", f"scorer {row.name} first used") for row in found if row.day != begun]


def rolled_up_at() -> datetime | None:
    """Return when the rollups were last brought up to date, or None."""
    return RollupState.objects.values_list("updated_at", flat=True).first()


def _day(moment: datetime, zone: ZoneInfo) -> date:
    return moment.astimezone(zone).date()
