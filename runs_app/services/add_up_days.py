"""Add up the rows of touched days, and the days of their months; and compare what is kept with what comes out anew."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import date
from typing import Any

from django.db import transaction
from django.db.models import QuerySet

from runs_app.domain.trends.facts import DIMENSIONS, Dims, Grain, RunFact, VersionFact, cells_of
from runs_app.domain.trends.periods import month_of
from runs_app.domain.trends.totals import RunTotals, VersionTotals
from runs_app.models import DailyRollup, MonthlyRollup, RollupState, TouchedDay
from runs_app.models.rollups import Rollup
from runs_app.queries.trend_facts import run_facts_of, runs_of_day, version_facts_of_day
from runs_app.services.bulk_rows import insert_rows

Cells = dict[tuple[str, Dims], dict[str, Any]]
_TOTALS: dict[str, type[RunTotals] | type[VersionTotals]] = {"run": RunTotals, "version": VersionTotals}


def add_up_touched_days() -> int:
    """Add up every touched day and the months of these days; return the number of days.

    Each day is a transaction of its own and so is each month. The marks of a month's days go when the month is done: what
    is broken off in between is done again.
    """
    marks: dict[tuple[str, date], dict[date, list[int]]] = defaultdict(lambda: defaultdict(list))
    for pk, subject, day in TouchedDay.objects.values_list("pk", "subject", "day"):
        marks[subject, day.replace(day=1)][day].append(pk)
    for (subject, month), days in sorted(marks.items()):
        for day in sorted(days):
            _add_up_day(subject, day)
        _add_up_month(subject, month, [pk for pks in days.values() for pk in pks])
    return sum(len(days) for days in marks.values())


def wrong_days(days: Iterable[tuple[str, date]]) -> list[str]:
    """Return a sentence for each subject and day whose rollups differ from the rows."""
    return [
        f"The rollup of {subject}s on {day} differs from the rows."
        for subject, day in sorted(days)
        if _stored(DailyRollup.objects.filter(subject=subject, day=day)) != _fresh(subject, day)
    ]


def wrong_months(months: Iterable[tuple[str, date]]) -> list[str]:
    """Return a sentence for each subject and month whose rollups differ from those of its days."""
    return [
        f"The rollup of {subject}s in {month:%Y-%m} differs from its days."
        for subject, month in sorted(months)
        if _stored(MonthlyRollup.objects.filter(subject=subject, day=month)) != _merged(subject, month)
    ]


@transaction.atomic
def _add_up_day(subject: str, day: date) -> None:
    """Replace the rollups of one day; its marks were read before its rows: a later change leaves a mark of its own."""
    RollupState.objects.select_for_update().get(pk=RollupState.SINGLE)
    _replace(DailyRollup, subject, day, _fresh(subject, day))


@transaction.atomic
def _add_up_month(subject: str, month: date, marks: list[int]) -> None:
    RollupState.objects.select_for_update().get(pk=RollupState.SINGLE)
    _replace(MonthlyRollup, subject, month, _merged(subject, month))
    for start in range(0, len(marks), 500):
        TouchedDay.objects.filter(pk__in=marks[start : start + 500]).delete()


def _replace(model: type[Rollup], subject: str, day: date, cells: Cells) -> None:
    model._default_manager.filter(subject=subject, day=day).delete()
    rows = [(day, subject, grain, *dims.values(), data) for (grain, dims), data in cells.items()]
    insert_rows(model=model, columns=("day", "subject", "grain", *DIMENSIONS, "data"), rows=rows)


def _fresh(subject: str, day: date) -> Cells:
    """Work out every row of a day from the rows themselves."""
    facts: list[RunFact] | list[VersionFact] = (
        run_facts_of(runs_of_day(day)) if subject == "run" else version_facts_of_day(day)
    )
    alike: dict[Dims, list[RunFact | VersionFact]] = defaultdict(list)
    for fact in facts:
        alike[fact.dims].append(fact)
    make = _TOTALS[subject]
    totals: dict[tuple[str, Dims], Any] = defaultdict(make)
    for dims, group in alike.items():
        # What is alike is counted once, and then merged into each row that it counts in.
        part: Any = make()
        for fact in group:
            part.add(fact)
        for cell in cells_of(dims, subject=subject):
            totals[cell].merge(part)
    return {cell: total.as_data() for cell, total in totals.items()}


def _merged(subject: str, month: date) -> Cells:
    """Merge the stored days of a month, of the whole and of each single dimension."""
    make = _TOTALS[subject]
    bucket = month_of(month)
    rows = DailyRollup.objects.filter(subject=subject, day__gte=bucket.first, day__lte=bucket.last)
    totals: dict[tuple[str, Dims], Any] = defaultdict(make)
    kept = rows.filter(grain__in=(Grain.ALL, *DIMENSIONS)).values_list("grain", *DIMENSIONS, "data")
    for grain, *dims, data in kept.iterator(chunk_size=2_000):
        totals[grain, Dims(*dims)].add_data(data)
    return {cell: total.as_data() for cell, total in totals.items()}


def _stored(rows: QuerySet[Any]) -> Cells:
    found = rows.values_list("grain", *DIMENSIONS, "data")
    return {(grain, Dims(*dims)): data for grain, *dims, data in found}
