"""Work for the background: each task takes ids, loads, and calls one service."""

import logging

from celery import shared_task

from runs_app.domain.errors import LeaseLost, SourceDisabled, SourceError, SyncBusy
from runs_app.models import Run, Source
from runs_app.services.refresh_run import refresh_run
from runs_app.services.request_sync import request_due_syncs
from runs_app.services.sync_source import sync_source

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
