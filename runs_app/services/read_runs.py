"""The three speeds of a sync: everything, what is new, and what may still change."""

import itertools
from collections.abc import Callable, Collection, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q

from runs_app.adapters.sources import RunSource
from runs_app.domain.enums import ProblemReason
from runs_app.domain.problems import problem
from runs_app.domain.records import ProblemRecord, RunAddress, RunPage, RunRecord
from runs_app.models import Run, Source
from runs_app.services.claim_source import Lease, hold_source
from runs_app.services.mirror_artifacts import mirror_artifacts
from runs_app.services.mirror_runs import mark_deleted, mirror_runs, unfinished_runs
from runs_app.services.record_problems import record_problems

PAGE_SIZE = 500
OVERLAP_MS = 5 * 60 * 1000
LOOK_AGAIN = 200
OPENED_WITHIN = timedelta(minutes=10)

Progress = Callable[[str, int, int | None], None]


@dataclass(slots=True)
class SyncReport:
    """What a sync did, in numbers of runs (artifacts and points: of rows)."""

    num_new: int = 0
    num_changed: int = 0
    num_same: int = 0
    num_deleted: int = 0
    num_artifacts: int = 0
    num_points: int = 0
    is_sweep: bool = False
    seconds: float = 0.0

    @property
    def has_changes(self) -> bool:
        """Say whether anything was written that a page may show."""
        return any((self.num_new, self.num_changed, self.num_deleted, self.num_artifacts, self.num_points))


@dataclass(slots=True)
class Sync:
    """One sync under way: the source's row, its reader, the lease that fences the writing, and the tally."""

    source: Source
    reader: RunSource
    lease: Lease
    now: datetime
    report: SyncReport
    on_progress: Progress
    done: int = 0
    started_ms: int = 0
    ended_ms: int = 0

    @property
    def now_ms(self) -> int:
        """The start of this sync in milliseconds since 1970."""
        return int(self.now.timestamp() * 1000)


def walk_all_runs(sync: Sync, *, started_from_ms: int = 0) -> None:
    """Read every run, from ``started_from_ms`` on where the source keeps an order, and find those that are gone.

    After each page its runs, its problems and the watermarks are stored together, so that a sync that is broken off
    goes on from there. Whether runs are gone is only decided after a walk from the very start.
    """
    seen: set[str] = set()
    unplaced: list[ProblemRecord] = []
    total = sync.reader.count_runs()
    pages = sync.reader.all_runs(started_from_ms=started_from_ms, page_size=PAGE_SIZE)
    for page in read_ahead(pages):
        seen.update(run.run_id for run in page.runs)
        unplaced += [found for found in page.problems if not found.run_id]
        _take_page(sync, page, stage="runs", total=page.total or total)
    _note_unplaced(sync, unplaced)
    is_whole = not any(found.reason is ProblemReason.PERMISSION for found in unplaced)
    if not started_from_ms and is_whole:
        _find_gone(sync, seen)


def look_for_new_runs(sync: Sync, *, looked_at: datetime | None) -> None:
    """Read runs that started or ended since the last look, with some overlap for clocks that differ."""
    pages = sync.reader.recent_runs(
        started_from_ms=max(sync.source.started_watermark_ms - OVERLAP_MS, 0),
        ended_from_ms=max(sync.source.ended_watermark_ms - OVERLAP_MS, 0),
        looked_at_ms=int(looked_at.timestamp() * 1000) - 60_000 if looked_at else 0,
        page_size=PAGE_SIZE,
    )
    for page in read_ahead(pages):
        _take_page(sync, page, stage="new runs", total=None)


def look_again(sync: Sync) -> None:
    """Read unfinished runs and those that somebody opened lately by their ids, those first that waited longest."""
    opened = Q(source=sync.source, last_opened_at__gte=sync.now - OPENED_WITHIN)
    rows = Run.objects.filter(unfinished_runs(sync.source) | opened).order_by("synced_at")
    ids = list(rows.values_list("run_id", flat=True)[:LOOK_AGAIN])
    for part in _chunks(ids, 100):
        page = sync.reader.runs_by_id(part)
        _take_page(sync, page, stage="unfinished runs", total=None)
        _mark_missing(sync, set(part) - {run.run_id for run in page.runs})
        Run.objects.filter(source=sync.source, run_id__in=part).update(synced_at=sync.now)


def read_ahead(pages: Iterator[RunPage]) -> Iterator[RunPage]:
    """Yield ``pages`` while the next one is read in a thread: the source works as we write."""
    with ThreadPoolExecutor(max_workers=1, thread_name_prefix="read-ahead") as pool:
        waiting = pool.submit(next, pages, None)
        while (page := waiting.result()) is not None:
            waiting = pool.submit(next, pages, None)
            yield page


def _take_page(sync: Sync, page: RunPage, *, stage: str, total: int | None) -> None:
    """Store one page with its problems and its watermarks in one transaction, then its local artifacts."""
    ids = [run.run_id for run in page.runs]
    sync.done += len(ids)
    _raise_watermarks(sync, page.runs)
    gone = [run.run_id for run in page.runs if run.lifecycle_stage == "deleted"]
    with transaction.atomic():
        hold_source(
            lease=sync.lease,
            stage=stage,
            progress_done=sync.done,
            progress_total=total,
            started_watermark_ms=sync.started_ms,
            ended_watermark_ms=sync.ended_ms,
        )
        done = mirror_runs(source=sync.source, records=page.runs, now=sync.now)
        found = [one for one in page.problems if one.run_id]
        record_problems(source=sync.source, stage="record", found=found, run_ids=ids, now=sync.now)
        _note_deleted(sync, gone, looked_at=ids)
    sync.report.num_new += len(done.new)
    sync.report.num_changed += len(done.changed)
    sync.report.num_same += done.num_same
    sync.on_progress(stage, sync.done, total)
    _take_local_artifacts(sync, ids)


def _take_local_artifacts(sync: Sync, run_ids: Collection[str]) -> None:
    """Look at files on this machine whether the record changed or not: that costs next to nothing."""
    rows = Run.objects.filter(source=sync.source, run_id__in=run_ids, deleted_at_source__isnull=True)
    columns = ("pk", "run_id", "experiment__experiment_id", "artifact_uri")
    local = [
        pk
        for pk, run_id, experiment_id, uri in rows.values_list(*columns)
        if sync.reader.has_local_artifacts(RunAddress(run_id, experiment_id, uri))
    ]
    if local:
        sync.report.num_artifacts += mirror_artifacts(
            source=sync.source, reader=sync.reader, run_pks=local, now=sync.now, lease=sync.lease
        )


def _raise_watermarks(sync: Sync, runs: Iterable[RunRecord]) -> None:
    """Move the watermarks up, never beyond now: one run with a wrong clock must not hide all later ones."""
    for run in runs:
        sync.started_ms = max(sync.started_ms, min(run.started_at_ms or 0, sync.now_ms))
        sync.ended_ms = max(sync.ended_ms, min(run.ended_at_ms or 0, sync.now_ms))


def _note_deleted(sync: Sync, run_ids: Collection[str], *, looked_at: Collection[str]) -> None:
    """Mark runs as deleted, list them as problems, and close the problem of those that are back."""
    sync.report.num_deleted += len(mark_deleted(source=sync.source, run_ids=list(run_ids), now=sync.now))
    ours = Run.objects.filter(source=sync.source, run_id__in=run_ids).select_related("experiment")
    found = [
        problem(
            f"{run.experiment.experiment_id}/{run.run_id}",
            ProblemReason.DELETED_AT_SOURCE,
            f"The run {run.name or run.run_id} was deleted at its source; its last known record is kept here.",
            run_id=run.run_id,
        )
        for run in (ours if run_ids else ())
    ]
    record_problems(source=sync.source, stage="deletion", found=found, run_ids=looked_at, now=sync.now)


def _note_unplaced(sync: Sync, found: Collection[ProblemRecord]) -> None:
    with transaction.atomic():
        hold_source(lease=sync.lease)
        record_problems(source=sync.source, stage="tree", found=found, now=sync.now)


def _find_gone(sync: Sync, seen: Collection[str]) -> None:
    """Ask once more, by id, for the runs that a whole walk did not show; mark those that are gone."""
    ours = Run.objects.filter(source=sync.source, deleted_at_source__isnull=True)
    missing = [run_id for run_id in ours.values_list("run_id", flat=True).iterator() if run_id not in seen]
    for part in _chunks(missing, 100):
        page = sync.reader.runs_by_id(part)
        if page.runs:
            _take_page(sync, page, stage="runs", total=None)
        _mark_missing(sync, set(part) - {run.run_id for run in page.runs})


def _mark_missing(sync: Sync, run_ids: Collection[str]) -> None:
    if run_ids:
        with transaction.atomic():
            hold_source(lease=sync.lease)
            _note_deleted(sync, sorted(run_ids), looked_at=run_ids)


def _chunks(values: Collection[str], size: int) -> Iterator[list[str]]:
    waiting = iter(values)
    while part := list(itertools.islice(waiting, size)):
        yield part
