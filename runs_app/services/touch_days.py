"""Note which days' rollups no longer hold, in the transaction of the change that made it so."""

from collections.abc import Collection, Iterable
from datetime import date, datetime
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db.models import QuerySet

from runs_app.models import Run, Source, TouchedDay

_CHUNK = 1_000


def touch_run_days(*, run_pks: Collection[int]) -> None:
    """Note the days of these runs and of the runs right above them; call it before and after a change of their time."""
    ordered = sorted(run_pks)
    days: set[date] = set()
    for start in range(0, len(ordered), _CHUNK):
        part = Run.objects.filter(pk__in=ordered[start : start + _CHUNK])
        days |= run_days(part)
        days |= run_days(Run.objects.filter(children__in=part.values("pk")))
    touch_days(subject="run", days=days)


def touch_source_days(*, source: Source) -> None:
    """Note every day of a source that is about to be removed."""
    touch_days(subject="run", days=run_days(Run.objects.filter(source=source)))


def touch_days(*, subject: str, days: Iterable[date]) -> None:
    """Note that the rollups of these days no longer hold; ``subject`` is ``run`` or ``version``."""
    TouchedDay.objects.bulk_create(
        [TouchedDay(day=day, subject=subject) for day in sorted(days)], batch_size=500
    )


def run_days(runs: QuerySet[Run]) -> set[date]:
    """Return the days, in the site's time zone, that these runs count in: when they started, else were first seen."""
    zone = ZoneInfo(settings.TIME_ZONE)
    rows = runs.order_by().values_list("started_at", "first_seen_at").iterator(chunk_size=5_000)
    return {day_of(started or seen, zone) for started, seen in rows}


def day_of(moment: datetime, zone: ZoneInfo) -> date:
    """Return the day of a moment in a time zone."""
    return moment.astimezone(zone).date()
