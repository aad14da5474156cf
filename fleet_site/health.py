"""Whether each part of the site works, asked of the parts themselves."""

from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import DatabaseError, connection

from runs_app.models import Source, WorkerBeat

SILENT_AFTER = timedelta(seconds=60)
BROKER_TIMEOUT_SECONDS = 2


@dataclass(frozen=True, slots=True)
class Part:
    """One part: whether it works, and a sentence about it."""

    is_ok: bool
    message: str


def check_health(now: datetime) -> dict[str, Any]:
    """Return ``status`` ("ok" or "not ok") and each part: database, broker, workers, sources.

    A source that is stale makes its own entry not ok and nothing else: the site works without it.
    """
    database = _database()
    broker = _broker()
    workers = _workers(now) if database.is_ok else Part(False, "Not known without the database.")
    is_ok = database.is_ok and broker.is_ok and workers.is_ok
    return {
        "status": "ok" if is_ok else "not ok",
        "version": settings.FLEET_VERSION,
        "database": asdict(database),
        "broker": asdict(broker),
        "workers": asdict(workers),
        "sources": _sources(now) if database.is_ok else [],
    }


def _database() -> Part:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
            cursor.fetchone()
    except DatabaseError as error:
        return Part(False, f"The database does not answer: {type(error).__name__}.")
    return Part(True, f"{connection.vendor} answers.")


def _broker() -> Part:
    from kombu.exceptions import KombuError, OperationalError

    from fleet_site.celery import app

    scheme = app.conf.broker_url.partition(":")[0]
    try:
        with app.connection_for_write(connect_timeout=BROKER_TIMEOUT_SECONDS) as queue:
            queue.ensure_connection(max_retries=1, interval_start=0, timeout=BROKER_TIMEOUT_SECONDS)
    except (KombuError, OperationalError, OSError) as error:
        return Part(False, f"The queue ({scheme}) does not answer: {type(error).__name__}.")
    return Part(True, f"The queue ({scheme}) answers.")


def _workers(now: datetime) -> Part:
    beats = WorkerBeat.objects.filter(beat_at__gte=now - SILENT_AFTER).count()
    if beats:
        return Part(True, f"{beats} {'worker lives' if beats == 1 else 'workers live'}.")
    last = WorkerBeat.objects.first()
    since = (
        f"The last sign of life came at {last.beat_at:%Y-%m-%d %H:%M:%S} UTC."
        if last
        else "None was ever seen."
    )
    return Part(False, f"No worker lives: nothing is synchronised. {since}")


def _sources(now: datetime) -> list[dict[str, Any]]:
    return [
        {
            "name": source.name,
            "state": source.state,
            "is_ok": source.state in {"current", "syncing"} or not source.is_enabled,
            "age_seconds": round((now - source.last_synced_at).total_seconds())
            if source.last_synced_at
            else None,
        }
        for source in Source.objects.order_by("name").only("name", "state", "is_enabled", "last_synced_at")
    ]
