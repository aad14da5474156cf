"""Keep the list of what could not be read: found again, gone, or back."""

from collections.abc import Collection, Iterable
from datetime import datetime

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet

from runs_app.domain.records import ProblemRecord
from runs_app.domain.storable import storable_text
from runs_app.models import ImportProblem, Run, Source
from runs_app.services.count_runs import recount_runs

_CHUNK = 500


@transaction.atomic
def record_problems(
    *,
    source: Source,
    stage: str,
    found: Iterable[ProblemRecord],
    now: datetime,
    run_ids: Collection[str] | None = None,
) -> int:
    """Note what ``stage`` found when it looked at ``run_ids`` (None: at everything that it looks at); return how many are open there.

    A problem that is known gets a new last-seen time, one that was closed opens again, and one that this stage found
    before and did not find now closes: its cause is gone. Problems of other stages and other runs are not touched.
    A run whose problems came or went is marked and counted anew.
    """
    wanted = {_key(record): record for record in found}
    before = _open_run_ids(source, stage, run_ids)
    known = _known(source, wanted)
    changed: list[ImportProblem] = []
    for (path, reason), record in wanted.items():
        row = known.get((path, reason))
        if row is None:
            row = ImportProblem(source=source, path=path, reason=reason, first_seen_at=now)
        row.stage, row.run_id = stage, record.run_id
        row.message, row.remedy = storable_text(record.message), storable_text(record.remedy)
        row.last_seen_at, row.closed_at = now, None
        changed.append(row)
    ImportProblem.objects.bulk_create([row for row in changed if row.pk is None], batch_size=_CHUNK)
    ImportProblem.objects.bulk_update(
        [row for row in changed if row.pk is not None],
        ["stage", "run_id", "message", "remedy", "last_seen_at", "closed_at"],
        batch_size=100,
    )
    if before or run_ids is None:
        for part in _parts(source, stage, run_ids):
            gone = [
                pk
                for pk, path, reason in part.values_list("pk", "path", "reason")
                if (path, reason) not in wanted
            ]
            for start in range(0, len(gone), _CHUNK):
                ImportProblem.objects.filter(pk__in=gone[start : start + _CHUNK]).update(closed_at=now)
    _mark_runs(source, before | {record.run_id for record in wanted.values() if record.run_id})
    return len(wanted)


def _key(record: ProblemRecord) -> tuple[str, str]:
    return storable_text(record.path, longest=1024), record.reason.value


def _known(
    source: Source, wanted: dict[tuple[str, str], ProblemRecord]
) -> dict[tuple[str, str], ImportProblem]:
    paths = sorted({path for path, _ in wanted})
    known: dict[tuple[str, str], ImportProblem] = {}
    for start in range(0, len(paths), _CHUNK):
        for row in ImportProblem.objects.filter(source=source, path__in=paths[start : start + _CHUNK]):
            known[row.path, row.reason] = row
    return known


def _parts(source: Source, stage: str, run_ids: Collection[str] | None) -> list[QuerySet[ImportProblem]]:
    rows = ImportProblem.objects.filter(source=source, stage=stage, closed_at__isnull=True)
    if run_ids is None:
        return [rows]
    ordered = sorted(run_ids)
    return [
        rows.filter(run_id__in=ordered[start : start + _CHUNK]) for start in range(0, len(ordered), _CHUNK)
    ]


def _open_run_ids(source: Source, stage: str, run_ids: Collection[str] | None) -> set[str]:
    return {
        run_id
        for part in _parts(source, stage, run_ids)
        for run_id in part.values_list("run_id", flat=True)
        if run_id
    }


def _mark_runs(source: Source, run_ids: set[str]) -> None:
    """Bring ``has_problems`` of these runs up to date."""
    if not run_ids:
        return
    ordered = sorted(run_ids)
    for start in range(0, len(ordered), _CHUNK):
        problems = ImportProblem.objects.filter(
            source=source, run_id=OuterRef("run_id"), closed_at__isnull=True
        )
        runs = Run.objects.filter(source=source, run_id__in=ordered[start : start + _CHUNK])
        turned = [
            (pk, has)
            for pk, had, has in runs.annotate(has_open=Exists(problems)).values_list(
                "pk", "has_problems", "has_open"
            )
            if had != has
        ]
        for has in (True, False):
            Run.objects.filter(pk__in=[pk for pk, now_has in turned if now_has is has]).update(
                has_problems=has
            )
        recount_runs(run_pks=[pk for pk, _ in turned])
