"""Bring the mirror of one source up to date: the use case behind the command, the button and the schedule."""

import contextlib
import functools
import logging
import time
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.utils import timezone

from runs_app.adapters.sources import open_source
from runs_app.domain.enums import ProblemReason, SyncState
from runs_app.domain.errors import LeaseLost, SourceDisabled, SourceError, SourceUnsuitable
from runs_app.domain.problems import REMEDIES
from runs_app.domain.records import ProblemRecord
from runs_app.domain.sync_state import state_after_failure, wait_seconds
from runs_app.models import Run, Source
from runs_app.services.claim_source import Lease, claim_source, hold_source, release_source
from runs_app.services.mirror_artifacts import mirror_artifacts
from runs_app.services.mirror_history import mirror_history
from runs_app.services.mirror_runs import mirror_experiments
from runs_app.services.mirror_traces import mirror_traces
from runs_app.services.read_runs import (
    Progress,
    Sync,
    SyncReport,
    look_again,
    look_for_new_runs,
    walk_all_runs,
)
from runs_app.services.record_problems import record_problems

logger = logging.getLogger(__name__)
_ARTIFACT_PAGE = 50


def sync_source(
    *, source: Source, who: str, is_full: bool = False, on_progress: Progress | None = None
) -> SyncReport:
    """Mirror what is new, what may still change and, when it is due or ``is_full``, everything; return the tally.

    The first sync reads all runs in pages and goes on where an earlier one was broken off. What was read is kept
    whatever happens: an error leaves the source ``stale`` (``failed`` without any run), with a sentence, a problem and
    the time of the next try.

    Raises:
        SyncBusy: another sync holds the source.
        SourceDisabled, SourceUnsuitable: it is switched off, or has no runs to read.
        SourceError: the source could not be read to the end.
        LeaseLost: another sync has taken over.
    """
    if not source.is_run_source:
        raise SourceUnsuitable(f"{source.name} is a library of skills; scan it with import_library.")
    if not source.is_enabled:
        raise SourceDisabled(f"{source.name} is switched off. Switch it on to read it again.")
    lease = claim_source(source=source, who=who)
    began = time.monotonic()
    report = SyncReport()
    with _released(source, lease, report):
        source.refresh_from_db()
        _sync(source, lease, report, is_full=is_full, on_progress=on_progress or _say_nothing)
    report.seconds = time.monotonic() - began
    # Every few seconds there is nothing new: only what changed is worth a line.
    level = logging.INFO if report.has_changes or report.is_sweep else logging.DEBUG
    logger.log(level, "synchronised %s: %s", source.name, report)
    return report


def _sync(source: Source, lease: Lease, report: SyncReport, *, is_full: bool, on_progress: Progress) -> None:
    looked_at = source.last_synced_at
    with contextlib.closing(
        open_source(source, timeout_seconds=settings.FLEET_MLFLOW_TIMEOUT_SECONDS)
    ) as reader:
        sync = Sync(
            source=source,
            reader=reader,
            lease=lease,
            now=timezone.now(),
            report=report,
            on_progress=on_progress,
            started_ms=source.started_watermark_ms,
            ended_ms=source.ended_watermark_ms,
        )
        _sync_experiments(sync)
        if not source.has_walked:
            walk_all_runs(sync, started_from_ms=source.started_watermark_ms)
            report.is_sweep = True
        else:
            look_for_new_runs(sync, looked_at=looked_at)
            look_again(sync)
            if is_full or _is_sweep_due(source):
                report.is_sweep = True
                sync.done = 0
                walk_all_runs(sync)
        hold_source(lease=lease, **({"last_swept_at": sync.now} if report.is_sweep else {}))
        _sync_artifacts(sync)
        mirror_traces(sync)
        _sync_history(sync)


def _sync_experiments(sync: Sync) -> None:
    listing = sync.reader.experiments()
    with transaction.atomic():
        hold_source(lease=sync.lease, stage="experiments")
        mirror_experiments(source=sync.source, experiments=listing.experiments)
        record_problems(source=sync.source, stage="experiments", found=listing.problems, now=sync.now)


def _sync_artifacts(sync: Sync) -> None:
    """Read the artifacts that are not current, those of the newest runs first."""
    waiting = Run.objects.filter(
        source=sync.source, are_artifacts_current=False, deleted_at_source__isnull=True
    ).order_by("-started_at", "-pk")
    total = waiting.count()
    done = 0
    while keys := list(waiting.values_list("pk", flat=True)[:_ARTIFACT_PAGE]):
        hold_source(lease=sync.lease, stage="artifacts", progress_done=done, progress_total=total)
        sync.report.num_artifacts += mirror_artifacts(
            source=sync.source, reader=sync.reader, run_pks=keys, now=sync.now, lease=sync.lease
        )
        done += len(keys)
        sync.on_progress("artifacts", done, total)


def _sync_history(sync: Sync) -> None:
    """Read the metric history that is not current, that of the newest runs first."""
    waiting = Run.objects.filter(
        source=sync.source, is_history_current=False, deleted_at_source__isnull=True
    ).order_by("-started_at", "-pk")
    total = waiting.count()
    done = 0
    while runs := list(waiting.select_related("experiment")[:_ARTIFACT_PAGE]):
        for run in runs:
            done += 1
            fence = functools.partial(
                hold_source,
                lease=sync.lease,
                stage="metric history",
                progress_done=done,
                progress_total=total,
            )
            sync.report.num_points += mirror_history(run=run, reader=sync.reader, fence=fence)
            sync.on_progress("metric history", done, total)


def _is_sweep_due(source: Source) -> bool:
    if source.last_swept_at is None:
        return True
    return timezone.now() - source.last_swept_at >= timedelta(seconds=settings.FLEET_SWEEP_SECONDS)


@contextlib.contextmanager
def _released(source: Source, lease: Lease, report: SyncReport) -> Iterator[None]:
    """Give the source back however the sync ends, and leave a state that says how it ended."""
    began = timezone.now()
    try:
        yield
    except SourceError as error:
        _end_in_error(source, lease, report, error)
        raise
    except LeaseLost:
        raise
    except BaseException:
        # Interrupted, or a fault of ours: nothing is wrong with the source, and the next sync goes on from here.
        release_source(
            lease=lease,
            state=_resting_state(source),
            state_message="The last sync was broken off; the next one goes on from there.",
            **_revision(source, report),
        )
        raise
    record_problems(source=source, stage="source", found=(), now=began)
    release_source(
        lease=lease,
        state=SyncState.CURRENT,
        state_message="",
        num_failures=0,
        last_synced_at=began,
        next_try_at=timezone.now() + timedelta(seconds=settings.FLEET_SYNC_SECONDS),
        **_revision(source, report),
    )


def _end_in_error(source: Source, lease: Lease, report: SyncReport, error: SourceError) -> None:
    now = timezone.now()
    num_failures = Source.objects.values_list("num_failures", flat=True).get(pk=source.pk) + 1
    wait = wait_seconds(num_failures=num_failures, every_seconds=settings.FLEET_SYNC_SECONDS)
    was_released = release_source(
        lease=lease,
        state=state_after_failure(has_runs=Run.objects.filter(source=source).exists()),
        state_message=error.message,
        num_failures=num_failures,
        next_try_at=now + timedelta(seconds=wait),
        **_revision(source, report),
    )
    if was_released:
        found = ProblemRecord(
            path=source.address,
            reason=error.reason,
            message=error.message,
            remedy=error.remedy or REMEDIES[ProblemReason(error.reason)],
        )
        record_problems(source=source, stage="source", found=[found], now=now)


def _resting_state(source: Source) -> SyncState:
    if not source.has_walked:
        return SyncState.STALE if Run.objects.filter(source=source).exists() else SyncState.NEVER
    return SyncState.STALE


def _revision(source: Source, report: SyncReport) -> dict[str, Any]:
    return {"revision": F("revision") + 1} if report.has_changes else {}


def _say_nothing(stage: str, done: int, total: int | None) -> None:
    """Progress that nobody watches."""
