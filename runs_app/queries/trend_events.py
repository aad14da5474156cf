"""Read what may explain a change on a chart: gates edited, places moved, and models, programs and scorers seen first."""

from collections.abc import Collection, Iterator, Sequence
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db.models import Min, Q, QuerySet
from django.urls import reverse

from runs_app.domain.trends.chart import Event
from runs_app.domain.trends.facts import DIMENSIONS, Grain
from runs_app.domain.trends.periods import Period
from runs_app.domain.trends.trend_filter import TrendFilter
from runs_app.models import DailyRollup, TrendEvent
from runs_app.queries.trends import branches_below
from skills_app.domain.change_sets.states import marked_key
from skills_app.models import AuditEntry, GateRevision

# What the library writes down when places change, each once: a set of changes, and a skill that was placed by itself. What of
# a set happened to one address has the same verb with an ending, and names the set in its reason.
CHANGE_VERBS = ("applied_change", "undid_change")
PLACE_VERB = "placed_skill"


def events_of(chosen: TrendFilter, *, scorers: Collection[str] | None = None) -> tuple[Event, ...]:
    """Return what may explain a change within a filter's period and choices, in the order of days; charts draw the newest.

    Of a branch these are changes of its places and of the gates that hold in it or below it; models and programs count from
    their first use with what is chosen, and what was used on the first day of all is no event. ``scorers`` names the ones that
    have judged what is chosen, with their version; None for all.
    """
    period = chosen.period
    found = [*_first_used(chosen), *_scorers(period, scorers), *_gates(chosen), *_moves(chosen)]
    kept = [event for event in found if period.has(event.day)]
    return tuple(sorted(kept, key=lambda event: (event.day, event.kind, event.label)))


def _gates(chosen: TrendFilter) -> list[Event]:
    revisions = GateRevision.objects.filter(made_at__gte=_from(chosen), made_at__lt=_until(chosen))
    branch = chosen.value("branch")
    if branch:
        parts = branch.split("/")
        above = ["/".join(parts[:n]) for n in range(1, len(parts) + 1)]
        of_branch = Q(gate__category=None) | Q(gate__category__path__in=above)
        revisions = revisions.filter(of_branch | Q(gate__category__path__startswith=f"{branch}/"))
    return [
        Event(
            _day(row.made_at),
            "gate",
            f"gate {row.gate.name}, revision {row.number}",
            row.gate.get_absolute_url(),
        )
        for row in revisions.select_related("gate")
    ]


def _moves(chosen: TrendFilter) -> Iterator[Event]:
    # A skill that had no place before was only found one.
    moved = Q(verb__in=CHANGE_VERBS)
    placed = Q(verb=PLACE_VERB) & ~Q(before={})
    entries = AuditEntry.objects.filter(at__gte=_from(chosen), at__lt=_until(chosen))
    branch = chosen.value("branch")
    if branch:
        within = _within(branch)
        reasons = entries.filter(within, verb__in=[f"{verb}_of_place" for verb in CHANGE_VERBS])
        keys = {marked_key(text) for text in reasons.values_list("reason", flat=True).distinct()}
        moved, placed = moved & Q(target_key__in=keys), placed & within
    nums: dict[date, int] = {}
    for at in entries.filter(moved | placed).values_list("at", flat=True):
        nums[_day(at)] = nums.get(_day(at), 0) + 1
    for day, num in nums.items():
        words = f"{num} change{'s' if num > 1 else ''} of place"
        yield Event(day, "taxonomy", words, reverse("taxonomy:changes"))


def _within(branch: str) -> Q:
    """Return the entries of an address that was or is the branch, or lies in it."""
    found = Q()
    for side in ("before", "after"):
        found |= Q(**{f"{side}__path": branch}) | Q(**{f"{side}__path__startswith": f"{branch}/"})
    return found


def _first_used(chosen: TrendFilter) -> Iterator[Event]:
    for name in ("model", "program"):
        others = [other for other in DIMENSIONS if other != name and chosen.value(other)]
        if len(others) < 2:
            firsts, begun = _firsts(chosen, name, others[0] if others else "")
        else:
            firsts, begun = _firsts_in_period(chosen, name, others)
        for value, first in firsts.items():
            if first != begun and chosen.value(name) in ("", value):
                yield Event(first, name, f"{name} {value} first used")


def _firsts(chosen: TrendFilter, name: str, other: str) -> tuple[dict[str, date], date | None]:
    """Return the first day of each value of a dimension, with the choice of another one, and the first day of that choice."""
    runs = DailyRollup.objects.filter(subject="run")
    if not other:
        begun = runs.filter(grain=Grain.ALL)
        used = runs.filter(grain=name)
    else:
        choice = {other: chosen.value(other)}
        empty = {one: "" for one in DIMENSIONS if one not in (name, other)}
        begun = runs.filter(grain=other, **choice, **empty, **{name: ""})
        used = runs.filter(grain=Grain.PAIR, **choice, **empty).exclude(**{name: ""})
    return _by_value(used, name), begun.aggregate(first=Min("day"))["first"]


def _firsts_in_period(
    chosen: TrendFilter, name: str, others: Sequence[str]
) -> tuple[dict[str, date], date | None]:
    """Return the first day of each value that was first used in the period with all of several choices, and of the choices.

    Only cells know of three values together, and there are many. Rows of two values say on which day it was at the earliest; a
    value that is found between then and the period is none of these, and most are found at once. The first day of the choices
    is None where it lies before the period.
    """
    period = chosen.period
    earliest: dict[str, date] = {}
    for number, other in enumerate(others):
        found, _ = _firsts(chosen, name, other)
        earliest = {
            value: max(day, earliest.get(value, day))
            for value, day in found.items()
            if number == 0 or value in earliest
        }
    cells = _cells(chosen, others)
    new, is_begun = [], False
    for value, day in earliest.items():
        if day > period.last or chosen.value(name) not in ("", value):
            continue
        if cells.filter(**{name: value}, day__gte=day, day__lt=period.first).exists():
            is_begun = True
        else:
            new.append(value)
    if not new:
        return {}, None
    used = cells.filter(day__gte=period.first, day__lte=period.last, **{f"{name}__in": new})
    if is_begun or cells.filter(day__lt=period.first).exists():
        return _by_value(used, name), None
    return _by_value(used, name), cells.aggregate(first=Min("day"))["first"]


def _cells(chosen: TrendFilter, names: Sequence[str]) -> QuerySet[Any]:
    """Return the cells of runs with these of the filter's choices."""
    cells = DailyRollup.objects.filter(subject="run", grain=Grain.CELL)
    for name in names:
        value = chosen.value(name)
        cells = cells.filter(**({"branch__in": branches_below(value)} if name == "branch" else {name: value}))
    return cells.order_by()


def _by_value(rows: QuerySet[Any], name: str) -> dict[str, date]:
    return dict(rows.order_by().values_list(name).annotate(first=Min("day")))


def _scorers(period: Period, scorers: Collection[str] | None) -> list[Event]:
    rows = TrendEvent.objects.filter(kind="scorer").order_by("day")
    begun = rows.values_list("day", flat=True).first()
    found = rows.filter(day__gte=period.first, day__lte=period.last)
    return [
        Event(row.day, "scorer", f"scorer {row.name} first used")
        for row in found
        if row.day != begun and (scorers is None or row.name in scorers)
    ]


def scorer_days() -> dict[str, date]:
    """Return the day on which each scorer in its version judged first."""
    return dict(TrendEvent.objects.filter(kind="scorer").values_list("name", "day"))


def _from(chosen: TrendFilter) -> datetime:
    return _midnight(chosen.period.first)


def _until(chosen: TrendFilter) -> datetime:
    return _midnight(chosen.period.last + timedelta(days=1))


def _midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=_zone())


def _day(moment: datetime) -> date:
    return moment.astimezone(_zone()).date()


def _zone() -> ZoneInfo:
    return ZoneInfo(settings.TIME_ZONE)
