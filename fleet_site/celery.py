"""The Celery application: tasks are found in each app's ``tasks`` module."""

import functools
import os
import threading
from typing import Any

import celery.beat
from celery import Celery
from celery.signals import worker_init, worker_ready, worker_shutting_down
from kombu.transport import TRANSPORT_ALIASES

TRANSPORT_ALIASES["filesystem"] = "fleet_site.queue_folder:Transport"
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "fleet_site.settings")
# ``worker --beat`` keeps its clock in a thread: a process of its own would cost what half a worker costs.
celery.beat.EmbeddedService = functools.partial(celery.beat.EmbeddedService, thread=True)

ROLLUP_SECONDS = 30.0
ALERT_SECONDS = 300.0
SURVEY_SECONDS = 60.0
# How often the worker looks whether the week's digest is due; the day and the hour are settings.
DIGEST_SECONDS = 600.0

app = Celery("fleet")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@app.on_after_finalize.connect
def schedule(sender: Celery, **kwargs: object) -> None:
    """Look for due sources, versions to judge and generations without a worker, every FLEET_SYNC_SECONDS.

    Each sync decides itself whether its sweep is due. A message that no worker takes before the next one is sent is void, so that none pile up.
    """
    from django.conf import settings

    sync = float(settings.FLEET_SYNC_SECONDS)
    for task, seconds in (
        ("runs_app.tasks.sync_due_sources_task", sync),
        ("skills_app.tasks.judge_due_versions_task", sync),
        ("skills_app.tasks.settle_promotions_task", sync),
        ("runs_app.tasks.sweep_generations_task", sync),
        ("runs_app.tasks.judge_samples_task", sync),
        ("runs_app.tasks.update_rollups_task", ROLLUP_SECONDS),
        ("skills_app.tasks.survey_placement_task", SURVEY_SECONDS),
        ("runs_app.tasks.check_alerts_task", ALERT_SECONDS),
        ("runs_app.tasks.send_due_digest_task", DIGEST_SECONDS),
    ):
        name = task.rpartition(".")[2].removesuffix("_task").replace("_", " ")
        sender.add_periodic_task(seconds, sender.signature(task), name=name, expires=seconds)


@worker_init.connect
def import_heavy_packages(**kwargs: object) -> None:
    """Import what takes seconds before the pool forks, so that its processes share the pages and begin at once."""
    from fleet_site.serving import collect_less_often, keep_for_good, share_heaps
    from runs_app.services.advance_generations import import_heavy_packages

    share_heaps()
    import_heavy_packages()
    keep_for_good()
    collect_less_often()


@worker_init.connect
def know_backend(**kwargs: object) -> None:
    """Look the result backend up before the pool forks.

    A pool process would do so at its first task, and wait for ever for a lock that a thread of its parent held when it forked.
    """
    app.backend  # noqa: B018


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
