"""Write runs into an MLflow store: what the mirror reads back.

``mlflow`` is imported inside functions: it costs half a second and 80 MB, which the web process does not pay.
"""

import os
import shutil
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import Any, TypeVar
from urllib.parse import unquote, urlsplit

from runs_app.adapters.mlflow_errors import call
from runs_app.domain.addresses import sqlite_path
from runs_app.domain.enums import RunStatus
from runs_app.domain.errors import PathLeavesSource, SourceUnsuitable
from runs_app.domain.records import MetricRecord
from runs_app.domain.run_log import TAG_PARENT, LoggedRun

Answer = TypeVar("Answer")
# What one request may carry.
MOST_METRICS, MOST_PARAMS = 1000, 100
_PAGE = 1000


def open_log(uri: str, *, artifact_folder: Path | None = None) -> "MlflowLog":
    """Open the store at ``uri`` for writing; a SQLite file that is not there is made, with its schema.

    ``artifact_folder`` is where a new store's first experiment keeps files; without it MLflow takes a folder of the
    working directory. Call this once before several processes write: two that make the schema at once fail.

    Raises:
        SourceUnreachable, SourceRefused, SourceUnsuitable: the store cannot be opened.
    """
    if uri.startswith("sqlite"):
        Path(sqlite_path(uri)).parent.mkdir(parents=True, exist_ok=True)
    os.environ.setdefault("MLFLOW_LOGGING_LEVEL", "WARNING")  # or it tells of every table that it makes
    from mlflow import MlflowClient
    from mlflow.store.tracking.sqlalchemy_store import SqlAlchemyStore

    if artifact_folder is not None:
        artifact_folder.mkdir(parents=True, exist_ok=True)
        call(lambda: SqlAlchemyStore(uri, artifact_folder.resolve().as_uri()).engine.dispose(), uri=uri)

    client = call(lambda: MlflowClient(tracking_uri=uri), uri=uri)
    call(lambda: client.search_experiments(max_results=1), uri=uri)
    return MlflowLog(client=client, uri=uri)


class MlflowLog:
    """Runs written one by one: a whole run at once, or step by step while it goes on.

    Every method may raise ``SourceUnreachable`` (after its own retries), ``SourceRefused`` or ``RunMissing``.
    """

    def __init__(self, *, client: Any, uri: str) -> None:
        self.client = client
        self.uri = uri

    def experiment(self, name: str, *, artifact_folder: Path | None = None, tags: Mapping[str, str]) -> str:
        """Return the id of the experiment called ``name``, made with ``tags`` and an artifact folder if it is missing.

        Raises:
            SourceUnsuitable: an experiment of that name was deleted and not yet purged.
        """
        found = self._call(lambda: self.client.get_experiment_by_name(name))
        if found is not None:
            if found.lifecycle_stage != "active":
                raise SourceUnsuitable(
                    f"The experiment “{name}” was deleted in MLflow; restore it there or purge it for good."
                )
            return str(found.experiment_id)
        location = None
        if artifact_folder is not None:
            artifact_folder.mkdir(parents=True, exist_ok=True)
            location = artifact_folder.resolve().as_uri()
        return str(
            self._call(
                lambda: self.client.create_experiment(name, artifact_location=location, tags=dict(tags))
            )
        )

    def start_run(
        self,
        *,
        experiment_id: str,
        name: str,
        started_at_ms: int,
        tags: Mapping[str, str],
        user: str = "",
        parent_run_id: str = "",
    ) -> str:
        """Begin a run, below ``parent_run_id`` if one is given, and return its id."""
        own = {**({"mlflow.user": user} if user else {}), **tags}
        if parent_run_id:
            own[TAG_PARENT] = parent_run_id
        run = self._call(
            lambda: self.client.create_run(experiment_id, start_time=started_at_ms, tags=own, run_name=name),
            tries=1,
        )
        return str(run.info.run_id)

    def log(
        self, run_id: str, *, metrics: Sequence[MetricRecord] = (), params: Mapping[str, str] | None = None
    ) -> None:
        """Add metric points and params; a param that is there already must have the same value."""
        from mlflow.entities import Metric, Param

        points = [Metric(point.key, point.value, point.timestamp_ms, point.step) for point in metrics]
        pairs = [Param(key, value) for key, value in (params or {}).items()]
        while points or pairs:
            some, points = points[:MOST_METRICS], points[MOST_METRICS:]
            few, pairs = pairs[:MOST_PARAMS], pairs[MOST_PARAMS:]
            # MLflow takes a request with more than a thousand entities for too large.
            if len(some) + len(few) > MOST_METRICS:
                some, points = some[: MOST_METRICS - len(few)], some[MOST_METRICS - len(few) :] + points
            self._call(lambda some=some, few=few: self.client.log_batch(run_id, metrics=some, params=few))  # type: ignore[misc]

    def set_tag(self, run_id: str, key: str, value: str) -> None:
        """Set one tag."""
        self._call(lambda: self.client.set_tag(run_id, key, value))

    def log_artifacts(self, run_id: str, texts: Mapping[str, str]) -> None:
        """Keep texts as UTF-8 files of the run; the keys are their paths, with ``/``.

        Raises:
            PathLeavesSource: a path is absolute or climbs.
        """
        if not texts:
            return
        with tempfile.TemporaryDirectory(prefix="fleet-log-") as folder:
            for path, text in texts.items():
                if PurePosixPath(path).is_absolute() or ".." in PurePosixPath(path).parts:
                    raise PathLeavesSource(f"{path!r} is not a path below the run's artifacts.")
                target = Path(folder, path)
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_text(text, encoding="utf-8", newline="\n")
            self._call(lambda: self.client.log_artifacts(run_id, folder))

    def end_run(self, run_id: str, *, status: RunStatus, ended_at_ms: int) -> None:
        """End a run as finished, failed or killed."""
        self._call(lambda: self.client.set_terminated(run_id, status.value.upper(), end_time=ended_at_ms))

    def log_run(self, experiment_id: str, run: LoggedRun, *, parent_run_id: str = "") -> str:
        """Write a run with all below it and return its id; one without an end stays open."""
        run_id = self.start_run(
            experiment_id=experiment_id,
            name=run.name,
            started_at_ms=run.started_at_ms,
            tags=run.tags,
            user=run.user,
            parent_run_id=parent_run_id,
        )
        self.log(run_id, metrics=run.metrics, params=run.params)
        self.log_artifacts(run_id, run.artifacts)
        for child in run.children:
            self.log_run(experiment_id, child, parent_run_id=run_id)
        if run.ended_at_ms is not None:
            self.end_run(run_id, status=run.status, ended_at_ms=run.ended_at_ms)
        return run_id

    def run_ids(self, *, tag: str) -> tuple[frozenset[str], frozenset[str]]:
        """Return the ids of all runs, deleted ones too: those that carry ``tag``, and the others."""
        from mlflow.entities import ViewType

        experiments = self._call(
            lambda: self.client.search_experiments(view_type=ViewType.ALL, max_results=_PAGE)
        )
        ids = [experiment.experiment_id for experiment in experiments]
        tagged: set[str] = set()
        others: set[str] = set()
        token: str | None = None
        while ids:
            page = self._call(
                lambda token=token: self.client.search_runs(  # type: ignore[misc]
                    ids, run_view_type=ViewType.ALL, max_results=_PAGE, page_token=token
                )
            )
            for run in page:
                (tagged if tag in run.data.tags else others).add(run.info.run_id)
            token = page.token
            if not token:
                break
        return frozenset(tagged), frozenset(others)

    def purge_run(self, run_id: str) -> None:
        """Delete a run for good from a database, with its files when they lie on this machine.

        This is what ``mlflow gc`` does for one run; a tracking server offers no such call.

        Raises:
            SourceUnsuitable: the store is a tracking server.
        """
        if self.uri.startswith("http"):
            raise SourceUnsuitable(
                "A tracking server deletes no run for good; run `mlflow gc` beside its database."
            )
        run = self._call(lambda: self.client.get_run(run_id))
        self._call(lambda: self.client.delete_run(run_id))
        self._call(lambda: self.client._tracking_client.store._hard_delete_run(run_id))
        address = urlsplit(run.info.artifact_uri)
        if address.scheme in ("", "file"):
            shutil.rmtree(Path(unquote(address.path)), ignore_errors=True)

    def _call(self, answer: Callable[[], Answer], **options: Any) -> Answer:
        return call(answer, uri=self.uri, **options)
