"""Say what a sync would do, and write nothing."""

import contextlib
from dataclasses import dataclass

from django.conf import settings

from runs_app.adapters.sources import open_source
from runs_app.domain.digests import run_digest
from runs_app.domain.records import ProblemRecord
from runs_app.models import Run, Source
from runs_app.services.read_runs import PAGE_SIZE, Progress, read_ahead


@dataclass(frozen=True, slots=True)
class SyncPreview:
    """What a full sync would find now."""

    num_experiments: int
    num_new: int
    num_changed: int
    num_same: int
    num_deleted: int
    problems: tuple[ProblemRecord, ...]


def preview_sync(*, source: Source, on_progress: Progress | None = None) -> SyncPreview:
    """Read every run of ``source`` (which may be unsaved) and compare digests; nothing is stored, no lease is taken.

    Raises:
        SourceError: the source could not be read.
    """
    new = changed = same = done = 0
    seen: set[str] = set()
    with contextlib.closing(
        open_source(source, timeout_seconds=settings.FLEET_MLFLOW_TIMEOUT_SECONDS)
    ) as reader:
        listing = reader.experiments()
        problems = list(listing.problems)
        total = reader.count_runs()
        for page in read_ahead(reader.all_runs(started_from_ms=0, page_size=PAGE_SIZE)):
            problems += page.problems
            active = [run for run in page.runs if run.lifecycle_stage != "deleted"]
            known = _digests(source, [run.run_id for run in active])
            for run in active:
                seen.add(run.run_id)
                new += run.run_id not in known
                same += known.get(run.run_id) == run_digest(run)
            changed = len(seen) - new - same
            done += len(page.runs)
            if on_progress:
                on_progress("runs", done, page.total or total)
    gone = 0
    if source.pk is not None:
        ours = Run.objects.filter(source=source, deleted_at_source__isnull=True)
        gone = sum(run_id not in seen for run_id in ours.values_list("run_id", flat=True).iterator())
    return SyncPreview(len(listing.experiments), new, changed, same, gone, tuple(problems))


def _digests(source: Source, run_ids: list[str]) -> dict[str, str]:
    """Return the digests that we have; none for a deleted run, which would come back, nor for an unsaved source."""
    if source.pk is None:
        return {}
    rows = Run.objects.filter(source=source, run_id__in=run_ids)
    return {
        run_id: "" if deleted else digest
        for run_id, digest, deleted in rows.values_list("run_id", "digest", "deleted_at_source")
    }
