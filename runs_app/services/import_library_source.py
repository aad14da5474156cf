"""Import a library folder as a source: its state and its problems are kept like those of every other source."""

from pathlib import Path

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from runs_app.domain.enums import ProblemReason, SourceKind, SyncState
from runs_app.domain.problems import problem
from runs_app.models import Source
from runs_app.services.record_problems import record_problems
from skills_app.domain.errors import LibraryUnreadable
from skills_app.services.import_library import LibraryImport, import_library

STAGE = "library"


def import_library_source(
    *, folder: Path, index: Path | None = None, is_dry_run: bool = False
) -> LibraryImport:
    """Import the library in ``folder`` and note how that went; a folder that was imported before is the same source.

    ``index`` is a taxonomy index outside the folder; it is remembered, so that a later import without one uses it again.
    A dry run notes nothing.

    Raises:
        LibraryUnreadable: the folder cannot be listed; a source that is known keeps that as its state.
    """
    address = str(folder.resolve())
    source = Source.objects.filter(address=address).first()
    if index is None and source is not None and source.index_path:
        index = Path(source.index_path)
    if is_dry_run:
        return import_library(root=folder, index=index, is_dry_run=True)
    try:
        result = import_library(root=folder, index=index)
    except LibraryUnreadable as error:
        if source is not None:
            _note_failure(source, str(error))
        raise
    source = source or _make_source(folder, address)
    _note_success(source, result, index)
    return result


def _make_source(folder: Path, address: str) -> Source:
    source, _ = Source.objects.get_or_create(
        address=address,
        defaults={
            "name": "/".join(folder.resolve().parts[-2:])[:128],
            "kind": SourceKind.LIBRARY_FOLDER,
        },
    )
    return source


@transaction.atomic
def _note_success(source: Source, result: LibraryImport, index: Path | None) -> None:
    now = timezone.now()
    found = [
        problem(item.path, ProblemReason(item.reason.value), item.message, remedy=item.remedy)
        for item in result.problems
    ]
    record_problems(source=source, stage=STAGE, found=found, now=now)
    Source.objects.filter(pk=source.pk).update(
        state=SyncState.CURRENT,
        state_message="",
        index_path=str(index.resolve()) if index else "",
        last_tried_at=now,
        last_synced_at=now,
        last_swept_at=now,
        num_failures=0,
        progress_done=result.num_skills,
        progress_total=result.num_skills,
        revision=F("revision") + int(bool(result.created or result.updated)),
    )


def _note_failure(source: Source, message: str) -> None:
    Source.objects.filter(pk=source.pk).update(
        state=SyncState.STALE if source.last_synced_at else SyncState.FAILED,
        state_message=message,
        last_tried_at=timezone.now(),
        num_failures=F("num_failures") + 1,
    )
