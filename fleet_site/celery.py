"""The Celery application: tasks are found in each app's ``tasks`` module."""

import os
import threading
from typing import Any

from celery import Celery
from celery.signals import worker_ready, worker_shutting_down

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "fleet_site.settings")

app = Celery("fleet")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@app.on_after_finalize.connect
def schedule(sender: Celery, **kwargs: object) -> None:
    """Look for due sources, and for versions to judge, every FLEET_SYNC_SECONDS.

    Each sync decides itself whether its sweep is due. A message that no worker takes before the next one is sent is void, so that none pile up.
    """
    from django.conf import settings

    seconds = float(settings.FLEET_SYNC_SECONDS)
    sender.add_periodic_task(
        seconds,
        sender.signature("runs_app.tasks.sync_due_sources_task"),
        name="sync due sources",
        expires=seconds,
    )
    sender.add_periodic_task(
        seconds,
        sender.signature("skills_app.tasks.judge_due_versions_task"),
        name="judge due versions",
        expires=seconds,
    )


_stopping = threading.Event()


@worker_ready.connect
def start_beating(sender: Any, **kwargs: object) -> None:
    """Say every few seconds that this worker lives, from a thread of its main process."""
    _stopping.clear()
    threading.Thread(target=_beat, args=(sender.hostname,), name="worker beat", daemon=True).start()


@worker_shutting_down.connect
def stop_beating(**kwargs: object) -> None:
    """Let the thread end before the process does."""
    _stopping.set()


def _beat(name: str) -> None:
    import logging

    from django.db import DatabaseError, close_old_connections
    from django.utils import timezone

    from runs_app.services.beat import BEAT_SECONDS, beat

    started_at = timezone.now()
    while True:
        try:
            close_old_connections()
            beat(name=name, started_at=started_at, now=timezone.now())
        except DatabaseError as error:
            logging.getLogger(__name__).warning("no sign of life could be written: %s", error)
        if _stopping.wait(BEAT_SECONDS):
            return
