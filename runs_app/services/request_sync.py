"""Ask a worker to synchronise a source or to read a run again, without piling up what it has not come to yet."""

from datetime import timedelta
from typing import Any

from celery import current_app
from django.conf import settings
from django.contrib.auth.models import User
from django.db.models import Q
from django.utils import timezone
from kombu.exceptions import OperationalError

from runs_app.adapters.sources import RUN_SOURCES
from runs_app.domain.errors import QueueDown, SourceDisabled, SyncBusy
from runs_app.domain.sync_state import REQUESTED
from runs_app.models import Run, Source
from runs_app.services.claim_source import holder_of

MESSAGE_SECONDS = 60
REFRESH_SECONDS = 5
# By name: tasks call services, not the reverse.
SYNC_TASK = "runs_app.tasks.sync_source_task"
REFRESH_TASK = "runs_app.tasks.refresh_run_task"


def request_sync(*, source: Source, actor: User, is_full: bool = False) -> None:
    """Send one source to a worker now, because ``actor`` asked for it.

    Raises:
        SyncBusy: it is being synchronised already; the message says by whom.
        SourceDisabled: it is switched off.
        QueueDown: the workers' queue cannot be reached.
    """
    if not source.is_enabled:
        raise SourceDisabled(f"{source.name} is switched off. Switch it on to read it again.")
    if source.lease_until is not None and source.lease_until > timezone.now():
        raise SyncBusy(f"{source.name} is being synchronised already, by {holder_of(source)}.")
    Source.objects.filter(pk=source.pk).update(stage=REQUESTED)
    _send(
        SYNC_TASK,
        args=(source.pk,),
        kwargs={"who": actor.get_username(), "is_full": is_full},
        expires=MESSAGE_SECONDS * 10,
    )


def request_refresh(*, run: Run) -> bool:
    """Note that somebody looks at ``run`` and let a worker read it again; return whether anything was asked for.

    A worker does it, because MLflow's client would double the memory of the web process. Within a few seconds of the
    last look nothing is asked: ten people on one page cost one reading.

    Raises:
        QueueDown: the workers' queue cannot be reached.
    """
    now = timezone.now()
    recent = Q(last_opened_at__isnull=True) | Q(last_opened_at__lt=now - timedelta(seconds=REFRESH_SECONDS))
    if not run.source.is_enabled or not Run.objects.filter(recent, pk=run.pk).update(last_opened_at=now):
        return False
    _send(REFRESH_TASK, args=(run.pk,), expires=MESSAGE_SECONDS)
    return True


def request_due_syncs() -> list[int]:
    """Send every source whose time has come to a worker; return their keys.

    A source that was sent is not due again for a minute, or until its sync sets the next time, and a message that no
    worker took by then is void: whatever the workers do, no queue grows.
    """
    now = timezone.now()
    due = Q(next_try_at__isnull=True) | Q(next_try_at__lte=now)
    free = Q(lease_until__isnull=True) | Q(lease_until__lte=now)
    rows = Source.objects.filter(due, free, is_enabled=True, kind__in=RUN_SOURCES)
    pause = max(MESSAGE_SECONDS, settings.FLEET_SYNC_SECONDS)
    sent: list[int] = []
    for pk in rows.values_list("pk", flat=True):
        if Source.objects.filter(due, pk=pk).update(next_try_at=now + timedelta(seconds=pause)) == 1:
            _send(SYNC_TASK, args=(pk,), expires=pause)
            sent.append(pk)
    return sent


def _send(task: str, **message: Any) -> None:
    try:
        current_app.send_task(task, retry=False, **message)
    except OperationalError as error:
        raise QueueDown(
            "The workers' queue cannot be reached, so nothing was asked for. Start the broker, or run manage.py sync."
        ) from error
