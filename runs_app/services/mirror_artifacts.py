"""List the files of runs, keep the text of the small ones, and read from them what the runs made."""

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.conf import settings
from django.db import transaction

from runs_app.adapters.sources import RunSource
from runs_app.domain.digests import content_digest
from runs_app.domain.enums import ProblemReason
from runs_app.domain.errors import ArtifactMissing, ArtifactTooLarge, PathLeavesSource
from runs_app.domain.media import is_text_type, media_type_of
from runs_app.domain.outcomes import outcome_name
from runs_app.domain.problems import problem
from runs_app.domain.records import ArtifactRecord, ProblemRecord, RunAddress
from runs_app.domain.storable import storable_text
from runs_app.models import Run, RunArtifact, Source
from runs_app.services.bulk_rows import insert_rows, update_rows
from runs_app.services.claim_source import Lease, hold_source
from runs_app.services.outcomes import read_outcomes
from runs_app.services.record_problems import record_problems
from runs_app.services.settle_runs import settle_runs

_COLUMNS = ("size_bytes", "media_type", "digest", "text")


@dataclass(slots=True)
class _Found:
    """The files of one run as the source shows them now."""

    run: Run
    rows: dict[str, tuple[int | None, str, str, str | None]] = field(default_factory=dict)
    problems: list[ProblemRecord] = field(default_factory=list)


def mirror_artifacts(
    *, source: Source, reader: RunSource, run_pks: Collection[int], now: datetime, lease: Lease | None = None
) -> int:
    """Bring the artifacts of these runs up to date and read their outcomes; return how many files are new or changed.

    Text up to ``FLEET_STORED_ARTIFACT_BYTES`` is kept, every other file is only listed. The source is read before the
    transaction begins. With a ``lease`` nothing is written once it is lost.

    Raises:
        SourceUnreachable, SourceRefused: nothing of this call was written.
        LeaseLost: see ``hold_source``.
    """
    runs = list(Run.objects.filter(pk__in=run_pks).select_related("experiment"))
    known = _known(run_pks)
    found = [_look_at(reader, run) for run in runs]
    with transaction.atomic():
        if lease:
            hold_source(lease=lease)
        num_changed = _write(found, known)
        Run.objects.filter(pk__in=[run.pk for run in runs]).update(are_artifacts_current=True)
        record_problems(
            source=source,
            stage="artifacts",
            found=[one for each in found for one in each.problems],
            run_ids=[run.run_id for run in runs],
            now=now,
        )
    concerned = [
        each.run for each in found if any(map(outcome_name, [*each.rows, *known.get(each.run.pk, ())]))
    ]
    if concerned:
        problems = read_outcomes(runs=concerned)
        record_problems(
            source=source,
            stage="outcomes",
            found=problems,
            run_ids=[run.run_id for run in concerned],
            now=now,
        )
        settle_runs(run_pks=[run.pk for run in concerned])
    return num_changed


def address_of(run: Run) -> RunAddress:
    """Return what a source needs to find the files of ``run`` (its experiment must be loaded or loadable)."""
    return RunAddress(
        run_id=run.run_id, experiment_id=run.experiment.experiment_id, artifact_uri=run.artifact_uri
    )


def _known(run_pks: Collection[int]) -> dict[int, dict[str, tuple[int, int | None, str]]]:
    known: dict[int, dict[str, tuple[int, int | None, str]]] = {}
    rows = RunArtifact.objects.filter(run_id__in=run_pks).values_list(
        "run_id", "path", "pk", "size_bytes", "digest"
    )
    for run_pk, path, pk, size, digest in rows:
        known.setdefault(run_pk, {})[path] = (pk, size, digest)
    return known


def _look_at(reader: RunSource, run: Run) -> _Found:
    """List one run's files and read those that are kept as text."""
    address = address_of(run)
    listing = reader.list_artifacts(address)
    found = _Found(run=run, problems=list(listing.problems))
    for artifact in listing.artifacts:
        path = storable_text(artifact.path)
        if len(path) > 1024 or path != artifact.path:
            message = f"The path {path[:80]!r}… is too long or holds characters that cannot be kept."
            found.problems.append(
                problem(
                    path[:1024],
                    ProblemReason.TOO_LARGE,
                    message,
                    run_id=run.run_id,
                    remedy="Rename the file.",
                )
            )
            continue
        found.rows[path] = _read(reader, address, artifact, found)
    return found


def _read(
    reader: RunSource, address: RunAddress, artifact: ArtifactRecord, found: _Found
) -> tuple[int | None, str, str, str | None]:
    """Return size, media type, digest and text of one file; what hinders is a problem."""
    limit = settings.FLEET_STORED_ARTIFACT_BYTES
    media_type = media_type_of(artifact.path)
    may_be_text = is_text_type(media_type) or not media_type
    if not may_be_text or (artifact.size_bytes is not None and artifact.size_bytes > limit):
        return artifact.size_bytes, media_type, "", None
    shown = f"{address.experiment_id}/{address.run_id}/artifacts/{artifact.path}"
    try:
        data = reader.read_artifact(address, artifact.path, limit_bytes=limit)
    except ArtifactTooLarge:
        return artifact.size_bytes, media_type, "", None
    except ArtifactMissing as error:
        found.problems.append(problem(shown, ProblemReason.MISSING_FILE, str(error), run_id=address.run_id))
        return artifact.size_bytes, media_type, "", None
    except PathLeavesSource as error:
        found.problems.append(problem(shown, ProblemReason.LEAVES_SOURCE, str(error), run_id=address.run_id))
        return artifact.size_bytes, media_type, "", None
    text, media_type = _decode(data, media_type, artifact.path, shown, found)
    return len(data), media_type, content_digest(data), text


def _decode(data: bytes, media_type: str, path: str, shown: str, found: _Found) -> tuple[str | None, str]:
    """Return the text of a file, or None for one that turns out to be no text, and its media type."""
    try:
        text = data.decode("utf-8")
        is_whole = "\x00" not in text
    except UnicodeDecodeError:
        text, is_whole = data.decode("utf-8", "replace"), False
    if not is_whole and not media_type:
        return None, "application/octet-stream"
    if not is_whole:
        message = f"{shown} is not UTF-8 text throughout; what cannot be read is shown as �."
        found.problems.append(problem(shown, ProblemReason.UNREADABLE_TEXT, message, run_id=found.run.run_id))
    if media_type == "application/json" and not outcome_name(path):
        _check_json(text, shown, found)
    return storable_text(text), media_type or "text/plain"


def _check_json(text: str, shown: str, found: _Found) -> None:
    try:
        json.loads(text)
    except (ValueError, RecursionError) as error:
        why = (
            error.msg
            if isinstance(error, json.JSONDecodeError)
            else "it is nested too deeply, or a number too long"
        )
        where = f" (line {error.lineno})" if isinstance(error, json.JSONDecodeError) else ""
        message = f"{shown} is not readable JSON: {why}{where}."
        found.problems.append(problem(shown, ProblemReason.UNREADABLE_JSON, message, run_id=found.run.run_id))


def _write(found: Sequence[_Found], known: dict[int, dict[str, tuple[int, int | None, str]]]) -> int:
    new, changed, gone = [], [], []
    for each in found:
        old = known.get(each.run.pk, {})
        for path, row in each.rows.items():
            if path not in old:
                new.append((each.run.pk, path, *row))
            elif old[path][1:] != (row[0], row[2]):
                changed.append((*row, old[path][0]))
        gone += [key for path, (key, _, _) in old.items() if path not in each.rows]
    insert_rows(model=RunArtifact, columns=("run_id", "path", *_COLUMNS), rows=new)
    update_rows(model=RunArtifact, columns=_COLUMNS, rows=changed)
    RunArtifact.objects.filter(pk__in=gone).delete()
    return len(new) + len(changed) + len(gone)
