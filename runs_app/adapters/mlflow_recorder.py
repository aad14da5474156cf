"""A generation as runs of MLflow, written by calls that may all be made again.

Nothing is kept here between calls but ids: whoever records calls with everything until no call fails, and what was
written before stays as it is. ``mlflow`` is imported inside functions, see ``mlflow_store``.
"""

import re
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path, PurePosixPath
from typing import Any, Literal
from urllib.parse import urlsplit

from runs_app.adapters.mlflow_log import MOST_METRICS, MOST_PARAMS
from runs_app.adapters.mlflow_writing import TIMEOUT_SECONDS, each_text, knock, open_client, write
from runs_app.domain.addresses import is_loopback, shown_address, sqlite_path
from runs_app.domain.errors import PathLeavesSource, SourceRefused
from runs_app.domain.masking import masked
from runs_app.domain.run_log import LONGEST_RUN_NAME, TAG_PARENT, json_text
from runs_app.domain.storable import storable_text

TAG_KEY = "skill_fleet.key"
# What MLflow takes; a longer value is cut, and says so at its end.
LONGEST_PARAM, LONGEST_TAG = 6000, 8000
CUT = " … (cut)"
EndStatus = Literal["FINISHED", "FAILED", "KILLED"]
_MOST_LOOKED_UP = 100
_KEY = re.compile(r"[A-Za-z0-9_.:/#-]{1,200}")


class MlflowRecorder:
    """Writes runs to the experiment called ``experiment`` of the store at ``tracking_uri``; both are made if missing.

    ``artifact_folder`` is where a new experiment of a database keeps its files (beside a SQLite file by itself); a
    tracking server has a place of its own. ``secrets`` are masked in all that is written, as is all that looks like a
    key. One object belongs to one process; threads may share it.

    Every method may raise ``SourceUnreachable`` (no answer in ``timeout_seconds``: call again later) or
    ``SourceRefused`` (the store said no), each a sentence with what to do; nothing else. Every method does nothing new
    when it is called again with the same.
    """

    def __init__(
        self,
        tracking_uri: str,
        experiment: str,
        *,
        artifact_folder: Path | None = None,
        secrets: Iterable[str] = (),
        timeout_seconds: int = TIMEOUT_SECONDS,
    ) -> None:
        self.tracking_uri = tracking_uri
        self.experiment = experiment
        self.artifact_folder = artifact_folder
        if artifact_folder is None and sqlite_path(tracking_uri):
            self.artifact_folder = Path(sqlite_path(tracking_uri)).absolute().parent / "mlflow_artifacts"
        self._secrets = tuple(secrets)
        self._timeout_seconds = timeout_seconds
        self._opened: Any = None
        self._is_sure = True
        self._experiment_id = ""
        self._run_ids: dict[str, str] = {}
        # What runs were when they were last read or made, by id.
        self._infos: dict[str, Any] = {}
        # What ``look_up`` found, by key; each is good for one look.
        self._looked_up = ""
        self._found: dict[str, Any] = {}
        self._taken: set[str] = set()

    def look_anew(self) -> None:
        """Take nothing for known any more: others may have written since. The store stays open, if it still answers."""
        self._is_sure = False
        self._experiment_id = self._looked_up = ""
        self._run_ids.clear()
        self._infos.clear()

    def look_up(self, key: str) -> None:
        """Find the runs that carry ``key`` or ``key/…`` by one search, for the calls of ``ensure_run`` that follow.

        Raises:
            ValueError: as for ``ensure_run``.
        """
        found = self._search(f"tags.`{TAG_KEY}` LIKE '{_checked(key)}%'", most=_MOST_LOOKED_UP)
        self._looked_up, self._found, self._taken = key, {}, set()
        for run in found:
            self._found.setdefault(run.data.tags[TAG_KEY], run)

    def ensure_run(
        self,
        *,
        key: str,
        name: str,
        parent_run_id: str = "",
        started_ms: int,
        params: Mapping[str, str],
        tags: Mapping[str, str],
    ) -> str:
        """Return the id of the run that carries ``key``, made below ``parent_run_id`` if there is none.

        The key is the tag ``skill_fleet.key``: whoever died between the making and the storing of the id finds the same
        run again. ``started_ms`` is milliseconds since 1970 UTC. Params that are there stay, because MLflow's cannot
        change; tags are set to what is given. A run that was deleted in MLflow is not found: it is made anew.

        Raises:
            ValueError: the key holds other characters than letters, digits and ``_ . : / # -``.
        """
        run = self._find(key)
        if run is None:
            run = self._create(key, name=name, parent_run_id=parent_run_id, started_ms=started_ms, tags=tags)
        run_id = self._run_ids[key] = str(run.info.run_id)
        self._infos[run_id] = run.info
        there = run.data.params
        missing = {
            name: self._value(value, LONGEST_PARAM) for name, value in params.items() if name not in there
        }
        self._log(run_id, params=missing, tags=_changed(self._tags(tags), run.data.tags))
        return run_id

    def find_run(self, key: str) -> str:
        """Return the id of the run that carries ``key``, or nothing when there is none; raises as ``ensure_run``."""
        if key in self._run_ids:
            return self._run_ids[key]
        run = self._find(key)
        return "" if run is None else str(run.info.run_id)

    def log_metrics(self, run_id: str, metrics: Mapping[str, float], *, at_ms: int, step: int = 0) -> None:
        """Add one point to each metric, at ``at_ms`` (milliseconds since 1970 UTC); the same point is there once."""
        from mlflow.entities import Metric

        points = [Metric(key, float(value), at_ms, step) for key, value in metrics.items()]
        for first in range(0, len(points), MOST_METRICS):
            some = points[first : first + MOST_METRICS]
            self._write(lambda some=some: self._client().log_batch(run_id, metrics=some))

    def set_tags(self, run_id: str, tags: Mapping[str, str]) -> None:
        """Set tags; those that are not named stay."""
        self._log(run_id, params={}, tags=self._tags(tags))

    def write_text(self, run_id: str, path: str, text: str) -> None:
        """Keep ``text`` as a UTF-8 file of the run at ``path`` (with ``/``), in place of what was there.

        Raises:
            PathLeavesSource: the path is absolute or climbs.
        """
        self._write_file(run_id, path, self._masked(text))

    def write_json(self, run_id: str, path: str, value: Any) -> None:
        """Keep ``value`` as a true JSON file; as ``write_text``. Every string in it is masked by itself."""
        self._write_file(run_id, path, json_text(each_text(value, self._masked)))

    def end_run(self, run_id: str, *, status: EndStatus, ended_ms: int) -> None:
        """End a run at ``ended_ms`` (milliseconds since 1970 UTC)."""
        info = self._info(run_id)
        if (info.status, info.end_time) != (status, ended_ms):
            self._infos.pop(run_id)
            self._write(lambda: self._client().set_terminated(run_id, status, end_time=ended_ms))

    def reopen_run(self, run_id: str) -> None:
        """Let a run that ended go on again: it is running, and has no end."""
        from mlflow.entities import RunStatus

        info = self._info(run_id)
        if info.status == "RUNNING" and not info.end_time:
            return
        self._infos.pop(run_id)
        # The public call keeps the old end, and a running run with an end is shown with a wrong duration.
        store = self._client()._tracking_client.store
        self._write(lambda: store.update_run_info(run_id, RunStatus.RUNNING, 0, None))

    def experiment_id(self) -> str:
        """Return the id of the experiment, made if it is missing."""
        if not self._experiment_id:
            self._experiment_id = self._find_experiment() or self._create_experiment()
        return self._experiment_id

    def _find(self, key: str) -> Any:
        if self._looked_up and f"{key}/".startswith(f"{self._looked_up}/") and key not in self._taken:
            self._taken.add(key)
            return self._found.get(key)
        found = self._search(f"tags.`{TAG_KEY}` = '{_checked(key)}'", most=1)
        return found[0] if found else None

    def _search(self, wanted: str, *, most: int) -> list[Any]:
        ids = [self.experiment_id()]
        return list(
            self._write(
                lambda: self._client().search_runs(
                    ids, filter_string=wanted, max_results=most, order_by=["attributes.start_time ASC"]
                )
            )
        )

    def _create(
        self, key: str, *, name: str, parent_run_id: str, started_ms: int, tags: Mapping[str, str]
    ) -> Any:
        own = {**self._tags(tags), TAG_KEY: key}
        if parent_run_id:
            own[TAG_PARENT] = parent_run_id
        shown = self._masked(name)[:LONGEST_RUN_NAME]
        experiment_id = self.experiment_id()
        try:
            return self._write(
                lambda: self._client().create_run(
                    experiment_id, start_time=started_ms, tags=own, run_name=shown
                )
            )
        except SourceRefused:
            self._experiment_id = ""  # it may have been deleted meanwhile
            raise

    def _log(self, run_id: str, *, params: Mapping[str, str], tags: Mapping[str, str]) -> None:
        from mlflow.entities import Param, RunTag

        pairs = [Param(key, value) for key, value in params.items()]
        marks = [RunTag(key, value) for key, value in tags.items()]
        for first in range(0, max(len(pairs), len(marks)), MOST_PARAMS):
            few, some = pairs[first : first + MOST_PARAMS], marks[first : first + MOST_PARAMS]
            self._write(lambda few=few, some=some: self._client().log_batch(run_id, params=few, tags=some))

    def _info(self, run_id: str) -> Any:
        if run_id not in self._infos:
            self._infos[run_id] = self._write(lambda: self._client().get_run(run_id)).info
        return self._infos[run_id]

    def _find_experiment(self) -> str:
        found = self._write(lambda: self._client().get_experiment_by_name(self.experiment))
        if found is None:
            return ""
        if found.lifecycle_stage != "active":
            raise SourceRefused(
                f"The experiment “{self.experiment}” was deleted in MLflow.",
                remedy="Restore it there or purge it for good; recording then goes on by itself.",
            )
        return str(found.experiment_id)

    def _create_experiment(self) -> str:
        location = None
        if not self._is_server:
            if self.artifact_folder is None:
                raise SourceRefused(
                    f"{shown_address(self.tracking_uri)} has no experiment “{self.experiment}”, and no folder is set "
                    "for its files.",
                    remedy="Make the experiment in MLflow with a place for its artifacts, or use a tracking server.",
                )
            location = self.artifact_folder.absolute().as_uri()
        try:
            return str(
                self._write(
                    lambda: self._client().create_experiment(self.experiment, artifact_location=location)
                )
            )
        except SourceRefused:
            # Another process may have made it a moment ago.
            if found := self._find_experiment():
                return found
            raise

    def _write_file(self, run_id: str, path: str, text: str) -> None:
        parts = PurePosixPath(path)
        if parts.is_absolute() or ".." in parts.parts or not parts.name:
            raise PathLeavesSource(f"{path!r} is not a path below the run's artifacts.")
        repository = self._repository(run_id)
        folder = None if str(parts.parent) == "." else str(parts.parent)

        def send() -> None:
            with tempfile.TemporaryDirectory(prefix="fleet-record-") as here:
                file = Path(here, parts.name)
                file.write_text(text, encoding="utf-8", newline="\n")
                repository.log_artifact(str(file), folder)

        self._write(send)

    def _repository(self, run_id: str) -> Any:
        address = str(self._info(run_id).artifact_uri)
        is_folder = urlsplit(address).scheme in ("", "file")
        if is_folder and self._is_server and not is_loopback(self.tracking_uri):
            raise SourceRefused(
                f"{shown_address(self.tracking_uri)} keeps the files of runs at {address}, a folder of its own machine.",
                remedy="Start the server with --serve-artifacts (the default), so that it takes files itself.",
            )

        def open_repository() -> Any:
            from mlflow.store.artifact.artifact_repository_registry import get_artifact_repository

            return get_artifact_repository(address, tracking_uri=self.tracking_uri)

        return self._write(open_repository)

    def _client(self) -> Any:
        if self._opened is not None and not self._is_sure:
            knock(self.tracking_uri)
        self._is_sure = True
        if self._opened is None:
            self._opened = open_client(self.tracking_uri, artifact_folder=self.artifact_folder)
        return self._opened

    @property
    def _is_server(self) -> bool:
        return self.tracking_uri.startswith(("http://", "https://"))

    def _write(self, answer: Any) -> Any:
        return write(answer, uri=self.tracking_uri, timeout_seconds=self._timeout_seconds)

    def _tags(self, tags: Mapping[str, str]) -> dict[str, str]:
        return {key: self._value(value, LONGEST_TAG) for key, value in tags.items()}

    def _value(self, value: str, longest: int) -> str:
        text = self._masked(value)
        return text if len(text) <= longest else text[: longest - len(CUT)] + CUT

    def _masked(self, text: str) -> str:
        return masked(storable_text(text), self._secrets)


def _checked(key: str) -> str:
    if not _KEY.fullmatch(key):
        raise ValueError(f"{key!r} cannot be the key of a run.")
    return key


def _changed(tags: Mapping[str, str], there: Mapping[str, str]) -> dict[str, str]:
    return {key: value for key, value in tags.items() if there.get(key) != value}
