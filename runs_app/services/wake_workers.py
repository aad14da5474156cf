"""Tell the workers that there is something to do. A message that is lost costs time, never work: a sweep sends it again."""

import logging
import threading

from celery import current_app
from django.db import transaction
from kombu.exceptions import OperationalError

from runs_app.domain.errors import QueueDown

logger = logging.getLogger(__name__)
ADVANCE_TASK = "runs_app.tasks.advance_generations_task"
RECORD_TASK = "runs_app.tasks.record_generations_task"
JUDGE_TASK = "runs_app.tasks.judge_samples_task"
MESSAGE_SECONDS = 60
# Who asks for a record does it itself after some seconds, so an older message is void.
RECORD_MESSAGE_SECONDS = 8


def wake_workers() -> None:
    """Send one wake-up when the present transaction is committed; a queue that is down is only logged, and nobody waits for it."""
    if not any(entry[1] is _send for entry in transaction.get_connection().run_on_commit):
        transaction.on_commit(_send)


def wake_recorder() -> None:
    """Ask a free process of the workers to tell MLflow what is due; never waits, and a queue that is down is only logged."""
    threading.Thread(target=_deliver, args=(RECORD_TASK, RECORD_MESSAGE_SECONDS), name="record").start()


def wake_judges() -> None:
    """Ask a worker to carry samples on when the present transaction is committed; nobody waits for the queue."""
    transaction.on_commit(_send_judges)


def _send_judges() -> None:
    threading.Thread(target=_deliver, args=(JUDGE_TASK,), name="judge").start()


def _send() -> None:
    # A queue that does not answer takes seconds to say so; whoever asked must not wait for that.
    threading.Thread(target=_deliver, name="wake-up").start()


def _deliver(task: str = ADVANCE_TASK, seconds: int = MESSAGE_SECONDS) -> None:
    try:
        current_app.send_task(task, retry=False, expires=seconds)
    except (OperationalError, OSError) as error:
        logger.warning("%s", QueueDown(f"The queue does not answer ({error}); the next sweep tries again."))
