"""A plain ``mlruns`` tree, read directly: current MLflow refuses its own file store.

Nothing is taken for granted: ``meta.yaml`` may be missing at both levels, the artifact address in it may name another
machine's disk (the files beside it count), and any file may be broken. What is readable is kept, the rest is listed.
"""

import os
import stat
from collections.abc import Iterator, Sequence
from pathlib import Path

from runs_app.adapters.local_files import list_files, read_bytes, stream_bytes
from runs_app.adapters.mlruns_files import FileReader
from runs_app.domain.enums import ProblemReason, RunStatus
from runs_app.domain.errors import SourceUnreachable
from runs_app.domain.problems import problem
from runs_app.domain.records import (
    ArtifactListing,
    ExperimentListing,
    ExperimentRecord,
    MetricRecord,
    ProblemRecord,
    RunAddress,
    RunPage,
    RunRecord,
    TraceReport,
    TraceTotals,
)
from runs_app.domain.traces import add_totals, totals_of_trace

_RUN_PARTS = ("meta.yaml", "params", "tags", "metrics", "artifacts")
_NOT_EXPERIMENTS = frozenset({".trash", "models"})
_NOT_RUNS = frozenset({"tags", "traces", "models", "datasets", "inputs", "outputs", "artifacts"})
_STATUS_BY_NUMBER = {
    1: RunStatus.RUNNING,
    2: RunStatus.SCHEDULED,
    3: RunStatus.FINISHED,
    4: RunStatus.FAILED,
    5: RunStatus.KILLED,
}
LONGEST_NAME = 64  # of a run's and an experiment's folder
_STAGES = frozenset({"active", "deleted"})


class MlrunsFolder:
    """Runs of one ``mlruns`` folder; every path of a problem is relative to it."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._folders: dict[str, str] = {}  # run id → "<experiment>/<run>"

    def experiments(self) -> ExperimentListing:
        """Return one experiment a folder; see ``RunSource``."""
        found: list[ExperimentRecord] = []
        problems: list[ProblemRecord] = []
        names, outside = self._experiment_names()
        problems += outside
        for name in names:
            reader = FileReader(self.root)
            meta = reader.meta(f"{name}/meta.yaml")
            if meta is None and not reader.problems and not self._has_runs(name):
                continue
            meta = meta or {}
            stage = meta.get("lifecycle_stage", "active")
            found.append(
                ExperimentRecord(
                    experiment_id=name,
                    name=meta.get("name", ""),
                    lifecycle_stage=stage if stage in _STAGES else "active",
                    artifact_location=meta.get("artifact_location", ""),
                )
            )
            problems += reader.problems
        return ExperimentListing(tuple(found), tuple(problems))

    def count_runs(self) -> int | None:
        """Return the number of run folders."""
        return len(self._run_folders()[0])

    def all_runs(self, *, started_from_ms: int, page_size: int) -> Iterator[RunPage]:
        """Yield every run by experiment and folder name; a folder keeps no order of time, so none is skipped."""
        folders, problems = self._run_folders()
        if not folders:
            yield RunPage(runs=(), problems=problems, total=0)
        for start in range(0, len(folders), page_size):
            page = self._read(folders[start : start + page_size])
            yield RunPage(
                runs=page.runs,
                problems=page.problems + (problems if start == 0 else ()),
                total=len(folders),
            )

    def recent_runs(
        self, *, started_from_ms: int, ended_from_ms: int, looked_at_ms: int, page_size: int
    ) -> Iterator[RunPage]:
        """Yield runs whose folder, record or part folder changed on disk since ``looked_at_ms``.

        The change time of the disk counts, which a copy cannot fake. A tag file that is overwritten in place is left
        to the sweep.
        """
        folders = [folder for folder in self._run_folders()[0] if self._changed_ms(folder) >= looked_at_ms]
        for start in range(0, len(folders), page_size):
            yield self._read(folders[start : start + page_size])

    def runs_by_id(self, run_ids: Sequence[str]) -> RunPage:
        """Return the runs whose folders are still there."""
        if any(run_id not in self._folders for run_id in run_ids):
            self._run_folders()
        folders = [self._folders[run_id] for run_id in run_ids if run_id in self._folders]
        return self._read([folder for folder in folders if (self.root / folder).is_dir()])

    def has_local_artifacts(self, run: RunAddress) -> bool:
        """Always true: the files lie beside the record."""
        return True

    def list_artifacts(self, run: RunAddress) -> ArtifactListing:
        """Return the files beside the run's record, whatever its artifact address says."""
        folder = self._artifact_folder(run)
        label = folder.relative_to(self.root).as_posix()
        return list_files(folder, inside=self.root, label=label, run_id=run.run_id)

    def read_artifact(self, run: RunAddress, path: str, *, limit_bytes: int) -> bytes:
        """Return a whole file; see ``RunSource``."""
        return read_bytes(self._artifact_folder(run), path, inside=self.root, limit_bytes=limit_bytes)

    def stream_artifact(self, run: RunAddress, path: str) -> Iterator[bytes]:
        """Yield a file in pieces; see ``RunSource``."""
        return stream_bytes(self._artifact_folder(run), path, inside=self.root)

    def metric_history(self, run: RunAddress, key: str) -> tuple[MetricRecord, ...]:
        """Return the readable lines of the metric's file in the order of step and time."""
        folder = self.root / run.experiment_id / run.run_id / "metrics"
        if ".." in key.split("/") or key.startswith("/"):
            return ()
        reader = FileReader(self.root)
        path = (folder / key).relative_to(self.root).as_posix()
        points = reader.metric_points(path, key)
        return tuple(sorted(points, key=lambda point: (point.step, point.timestamp_ms)))

    def trace_totals(self, *, since_ms: int) -> TraceReport:
        """Sum the traces of the experiments that changed; see ``RunSource``."""
        totals: dict[str, TraceTotals] = {}
        newest = 0
        for experiment in self._experiment_names()[0]:
            folder = self.root / experiment / "traces"
            changed = _changed_ms(folder)
            if changed is None or changed < since_ms:
                continue
            newest = max(newest, changed)
            for name in sorted(os.listdir(folder)):
                self._add_trace(f"{experiment}/traces/{name}", totals)
        return TraceReport(totals=totals, newest_ms=newest)

    def close(self) -> None:
        """Nothing is held open."""

    # Folders

    def _experiment_names(self) -> tuple[list[str], list[ProblemRecord]]:
        try:
            entries = sorted(os.scandir(self.root), key=lambda entry: entry.name)
        except OSError as error:
            raise SourceUnreachable(
                f"The folder {self.root} cannot be read: {error.strerror or error}.",
                remedy="Check that the folder is there, is mounted and may be read.",
            ) from error
        names = [entry for entry in entries if entry.name not in _NOT_EXPERIMENTS and entry.name[0] != "."]
        return self._inside(names, "")

    def _inside(
        self, entries: "Sequence[os.DirEntry[str]]", prefix: str
    ) -> tuple[list[str], list[ProblemRecord]]:
        """Return the names of those that are folders inside the source, and a problem for each that is not ours."""
        names: list[str] = []
        problems: list[ProblemRecord] = []
        for entry in entries:
            path = f"{prefix}{entry.name}"
            try:
                path.encode("utf-8")
                if len(entry.name) > LONGEST_NAME:
                    message = f"The name of {path} has more than {LONGEST_NAME} characters; it is left out."
                    problems.append(problem(path, ProblemReason.TOO_LARGE, message))
                elif entry.is_symlink() and not self._is_inside(entry.path):
                    message = f"{path} is a link that leads out of the source; it is not followed."
                    problems.append(problem(path, ProblemReason.LEAVES_SOURCE, message))
                elif entry.is_dir():
                    names.append(entry.name)
            except UnicodeEncodeError:
                shown = os.fsencode(path).decode("utf-8", "replace")
                message = f"The name of {shown} is not UTF-8, so it is left out."
                problems.append(
                    problem(shown, ProblemReason.UNREADABLE_TEXT, message, remedy="Rename the folder.")
                )
            except OSError as error:
                message = f"{path} cannot be read: {error.strerror or error}."
                problems.append(problem(path, ProblemReason.PERMISSION, message))
        return names, problems

    def _is_inside(self, path: str) -> bool:
        return Path(os.path.realpath(path)).is_relative_to(os.path.realpath(self.root))

    def _has_runs(self, experiment: str) -> bool:
        return bool(self._folders_of(experiment)[0])

    def _folders_of(self, experiment: str) -> tuple[list[str], list[ProblemRecord]]:
        try:
            entries = sorted(os.scandir(self.root / experiment), key=lambda entry: entry.name)
        except OSError as error:
            message = f"{experiment} cannot be read: {error.strerror or error}."
            return [], [problem(experiment, ProblemReason.PERMISSION, message)]
        entries = [entry for entry in entries if entry.name not in _NOT_RUNS and entry.name[0] != "."]
        names, problems = self._inside(entries, f"{experiment}/")
        return [name for name in names if _looks_like_a_run(self.root / experiment / name)], problems

    def _run_folders(self) -> tuple[list[str], tuple[ProblemRecord, ...]]:
        """Return ``<experiment>/<run>`` of every run; of two folders with one name only the first counts."""
        folders: list[str] = []
        problems: list[ProblemRecord] = []
        self._folders = {}
        for experiment in self._experiment_names()[0]:
            names, unreadable = self._folders_of(experiment)
            problems += unreadable
            for name in names:
                folder = f"{experiment}/{name}"
                if name in self._folders:
                    message = (
                        f"{folder} has the same id as {self._folders[name]}, which is the one that is shown."
                    )
                    problems.append(problem(folder, ProblemReason.CONFLICT, message))
                    continue
                self._folders[name] = folder
                folders.append(folder)
        return folders, tuple(problems)

    def _changed_ms(self, folder: str) -> int:
        paths = [self.root / folder, *(self.root / folder / part for part in _RUN_PARTS)]
        return max((changed for path in paths if (changed := _changed_ms(path)) is not None), default=0)

    def _artifact_folder(self, run: RunAddress) -> Path:
        return self.root / run.experiment_id / run.run_id / "artifacts"

    # Runs

    def _read(self, folders: Sequence[str]) -> RunPage:
        runs: list[RunRecord] = []
        problems: list[ProblemRecord] = []
        for folder in folders:
            run_id = folder.rsplit("/", 1)[1]
            reader = FileReader(self.root, run_id=run_id)
            runs.append(self._read_run(folder, run_id, reader))
            problems += reader.problems
        return RunPage(runs=tuple(runs), problems=tuple(problems))

    def _read_run(self, folder: str, run_id: str, reader: FileReader) -> RunRecord:
        experiment = folder.split("/", 1)[0]
        params = reader.texts(f"{folder}/params")
        tags = reader.texts(f"{folder}/tags")
        metrics = reader.latest_metrics(f"{folder}/metrics")
        path = f"{folder}/meta.yaml"
        meta = reader.meta(path)
        if meta is None:
            if not reader.has_problem_at(path):
                reader.add(
                    path,
                    ProblemReason.MISSING_FILE,
                    f"{folder} has no meta.yaml, so the run's name, status and times are unknown.",
                )
            return RunRecord(
                run_id=run_id,
                experiment_id=experiment,
                name=tags.get("mlflow.runName", ""),
                status=RunStatus.UNKNOWN,
                user=tags.get("mlflow.user", ""),
                params=params,
                tags=tags,
                metrics=metrics,
            )
        reader.expect(path, meta, ("run_id", "experiment_id", "status", "start_time", "lifecycle_stage"))
        _check_identity(reader, path, meta, run_id=run_id, experiment_id=experiment)
        stage = meta.get("lifecycle_stage", "active")
        if stage not in _STAGES:
            reader.add(
                path, ProblemReason.WRONG_SHAPE, f"{path} has the unknown lifecycle stage {stage[:40]!r}."
            )
        return RunRecord(
            run_id=run_id,
            experiment_id=experiment,
            name=meta.get("run_name") or tags.get("mlflow.runName", ""),
            status=_status(reader, path, meta),
            lifecycle_stage=stage if stage in _STAGES else "active",
            user=meta.get("user_id") or tags.get("mlflow.user", ""),
            started_at_ms=reader.milliseconds(path, meta, "start_time"),
            ended_at_ms=reader.milliseconds(path, meta, "end_time"),
            artifact_uri=meta.get("artifact_uri", ""),
            params=params,
            tags=tags,
            metrics=metrics,
        )

    # Traces

    def _add_trace(self, folder: str, totals: dict[str, TraceTotals]) -> None:
        reader = FileReader(self.root)
        said = reader.texts(f"{folder}/request_metadata")
        run_id = said.get("mlflow.sourceRun", "").strip()
        if run_id:
            totals[run_id] = add_totals(totals.get(run_id), totals_of_trace(said))


def _looks_like_a_run(folder: Path) -> bool:
    """Say whether a folder is a run: it has a part of one, or at least the name that MLflow gives to runs."""
    if any(os.path.lexists(folder / part) for part in _RUN_PARTS):
        return True
    return len(folder.name) == 32 and all(character in "0123456789abcdef" for character in folder.name)


def _changed_ms(path: Path) -> int | None:
    try:
        status = os.stat(path)
    except OSError:
        return None
    return int(max(status.st_ctime, status.st_mtime if stat.S_ISDIR(status.st_mode) else 0) * 1000)


def _check_identity(
    reader: FileReader, path: str, meta: dict[str, str], *, run_id: str, experiment_id: str
) -> None:
    """The folder's name is the identity; a record that says otherwise was moved or swapped."""
    for field, own in (("run_id", run_id), ("experiment_id", experiment_id)):
        said = meta.get(field, own)
        if said != own:
            message = f"{path} says {field} {said[:64]!r}, but its folder is {own!r}; the folder counts."
            reader.add(path, ProblemReason.CONFLICT, message)


def _status(reader: FileReader, path: str, meta: dict[str, str]) -> RunStatus:
    said = meta.get("status", "")
    if said.isascii() and said.isdigit() and len(said) < 3 and int(said) in _STATUS_BY_NUMBER:
        return _STATUS_BY_NUMBER[int(said)]
    if said.lower() in set(RunStatus):
        return RunStatus(said.lower())
    if said:
        reader.add(path, ProblemReason.WRONG_SHAPE, f"{path} has the unknown status {said[:40]!r}.")
    return RunStatus.UNKNOWN
