"""Read one run again, now: for the person who looks at it."""

import contextlib

from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.utils import timezone

from runs_app.adapters.sources import open_source
from runs_app.domain.enums import ProblemReason
from runs_app.domain.problems import problem
from runs_app.models import Run, Source
from runs_app.services.mirror_artifacts import address_of, mirror_artifacts
from runs_app.services.mirror_history import mirror_history
from runs_app.services.mirror_runs import mark_deleted, mirror_runs
from runs_app.services.record_problems import record_problems


def refresh_run(*, run: Run) -> bool:
    """Bring one run, its artifacts and the whole history of its metrics up to date; return whether its record changed.

    Works beside a running sync: rows are written by digest, so both may write the same. A run that is gone at its
    source is marked as deleted and keeps its last record.

    Raises:
        SourceError: the source could not be read; nothing was changed.
    """
    now = timezone.now()
    source = run.source
    with contextlib.closing(
        open_source(source, timeout_seconds=settings.FLEET_MLFLOW_TIMEOUT_SECONDS)
    ) as reader:
        page = reader.runs_by_id([run.run_id])
        is_there = any(record.lifecycle_stage != "deleted" for record in page.runs)
        if not is_there:
            return _note_gone(source, run)
        with transaction.atomic():
            done = mirror_runs(source=source, records=page.runs, now=now)
            for stage, found in (("record", page.problems), ("deletion", ())):
                record_problems(source=source, stage=stage, found=found, run_ids=[run.run_id], now=now)
            Run.objects.filter(pk=run.pk).update(synced_at=now)
        run.refresh_from_db()
        num_files = mirror_artifacts(source=source, reader=reader, run_pks=[run.pk], now=now)
        if done.touched or not run.is_history_current or not run.metric_points.exists():
            mirror_history(run=run, reader=reader, is_complete=True)
    run.refresh_from_db()
    if done.touched or num_files:
        Source.objects.filter(pk=source.pk).update(revision=F("revision") + 1)
    return bool(done.touched or num_files)


def _note_gone(source: Source, run: Run) -> bool:
    now = timezone.now()
    message = f"The run {run} was deleted at its source; its last known record is kept here."
    path = f"{address_of(run).experiment_id}/{run.run_id}"
    with transaction.atomic():
        marked = mark_deleted(source=source, run_ids=[run.run_id], now=now)
        found = problem(path, ProblemReason.DELETED_AT_SOURCE, message, run_id=run.run_id)
        record_problems(source=source, stage="deletion", found=[found], run_ids=[run.run_id], now=now)
        if marked:
            Source.objects.filter(pk=source.pk).update(revision=F("revision") + 1)
    run.refresh_from_db()
    return bool(marked)
