"""Work for the background: each task takes ids, loads, and calls one service."""

import logging

from celery import shared_task

from runs_app.domain.errors import LeaseLost, SourceDisabled, SourceError, SyncBusy
from runs_app.models import Run, Source
from runs_app.services.advance_generations import run_due_generations
from runs_app.services.alert_rules import check_alerts
from runs_app.services.judge_due_samples import judge_due_samples
from runs_app.services.record_generation import record_in_turn
from runs_app.services.refresh_run import refresh_run
from runs_app.services.request_sync import request_due_syncs
from runs_app.services.send_digest import send_due_digest
from runs_app.services.sweep_generations import sweep_generations
from runs_app.services.sync_source import sync_source
from runs_app.services.update_rollups import update_rollups

logger = logging.getLogger(__name__)


@shared_task(ignore_result=True)
def sync_source_task(source_id: int, who: str = "worker", is_full: bool = False) -> None:
    """Synchronise one source; one that is gone, switched off or held by somebody else needs nothing."""
    source = Source.objects.filter(pk=source_id).first()
    if source is None:
        return
    try:
        sync_source(source=source, who=who, is_full=is_full)
    except (SyncBusy, SourceDisabled, LeaseLost) as error:
        logger.info("%s", error)
    except SourceError as error:
        # The source's row says it, with the time of the next try; a worker's log says it once more.
        logger.warning("%s", error)


@shared_task(ignore_result=True)
def refresh_run_task(run_pk: int) -> None:
    """Read one run again for the person who looks at it."""
    run = Run.objects.select_related("source", "experiment").filter(pk=run_pk).first()
    if run is None:
        return
    try:
        refresh_run(run=run)
    except SourceError as error:
        logger.warning("%s", error)


@shared_task(ignore_result=True)
def sync_due_sources_task() -> None:
    """Send the sources whose time has come to the workers."""
    request_due_syncs()


@shared_task(ignore_result=True, acks_late=False)
def advance_generations_task() -> None:
    """Carry on whatever generations are due; the message is only a wake-up, so it is taken off the queue at once."""
    run_due_generations()


@shared_task(ignore_result=True, acks_late=False)
def record_generations_task() -> None:
    """Tell MLflow what it does not know yet, unless another process of this machine is at it."""
    record_in_turn()


@shared_task(ignore_result=True, acks_late=False)
def judge_samples_task() -> None:
    """Carry on a sample that is due, for a turn; the message is only a wake-up, so it is taken off the queue at once."""
    judge_due_samples()


@shared_task(ignore_result=True)
def sweep_generations_task() -> None:
    """Give back what lost its worker, and wake a worker if anything is due."""
    sweep_generations()


@shared_task(ignore_result=True)
def update_rollups_task() -> None:
    """Add up the days that were touched since the last time."""
    updated = update_rollups()
    if updated.num_days:
        logger.info("added up %s days after %s versions", updated.num_days, updated.num_versions)


@shared_task(ignore_result=True)
def check_alerts_task() -> None:
    """Look whether any alert rule has become true."""
    num_raised = check_alerts()
    if num_raised:
        logger.info("raised %s alerts", num_raised)


@shared_task(ignore_result=True)
def send_due_digest_task() -> None:
    """Mail the week's digest to managers when it is due."""
    num_sent = send_due_digest()
    if num_sent:
        logger.info("mailed the digest to %s managers", num_sent)
