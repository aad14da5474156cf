"""Say that a worker lives, for the health page to read."""

from datetime import datetime, timedelta

from runs_app.models import WorkerBeat

BEAT_SECONDS = 10
FORGOTTEN_AFTER = timedelta(days=1)


def beat(*, name: str, started_at: datetime, now: datetime) -> None:
    """Write one sign of life of the worker ``name``, and forget workers that have been silent for a day."""
    WorkerBeat.objects.update_or_create(name=name[:255], defaults={"started_at": started_at, "beat_at": now})
    WorkerBeat.objects.filter(beat_at__lt=now - FORGOTTEN_AFTER).delete()
