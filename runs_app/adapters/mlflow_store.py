"""MLflow's own client, for a tracking server over HTTP and for a SQLite or PostgreSQL store.

``mlflow`` is imported inside functions: it costs half a second and 80 MB, which the web process does not pay.
"""

import functools
import os
import re
from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeVar

from runs_app.adapters.mlflow_artifacts import MlflowArtifacts
from runs_app.adapters.mlflow_check import check_store, count_rows
from runs_app.adapters.mlflow_errors import call
from runs_app.domain.enums import RunStatus, SourceKind
from runs_app.domain.errors import RunMissing, SourceRefused
from runs_app.domain.records import (
    ArtifactListing,
    ExperimentListing,
    ExperimentRecord,
    MetricRecord,
    RunAddress,
    RunPage,
    RunRecord,
    TraceReport,
    TraceTotals,
)
from runs_app.domain.traces import add_totals, totals_of_trace
from skills_app.adapters.collector import collector_at_rest

Answer = TypeVar("Answer")
_RUN_ID = re.compile(r"[A-Za-z0-9_\-]{1,64}")
_LATEST_DELETED = 100
_MOST_TOUCHED = 50


def open_store(*, kind: SourceKind, uri: str, timeout_seconds: int) -> "MlflowStore":
    """Open an MLflow store for reading; nothing is created or migrated there.

    Raises:
        SourceUnreachable: the file or the database is not there.
        SourceUnsuitable: it is no MLflow store, or one of another version.
    """
    store = MlflowStore(kind=kind, uri=uri, timeout_seconds=timeout_seconds)
    _ = store.client
    return store


class MlflowStore:
    """Runs of one MLflow store; every call is tried again while the store does not answer.

    MLflow's client is made when a record is first asked for: files of this machine are read without it.
    """

    def __init__(self, *, kind: SourceKind, uri: str, timeout_seconds: int) -> None:
        self.kind = kind
        self.uri = uri
        self.timeout_seconds = timeout_seconds
        self._artifacts = MlflowArtifacts(uri=uri, is_server=kind is SourceKind.MLFLOW_HTTP)
        self._experiment_ids: list[str] | None = None

    @functools.cached_property
    def client(self) -> Any:
        """MLflow's client; raises as ``open_store`` does."""
        # MLflow's own retries would wait for minutes without a word; ours are bounded and logged.
        os.environ["MLFLOW_HTTP_REQUEST_TIMEOUT"] = str(self.timeout_seconds)
        os.environ["MLFLOW_HTTP_REQUEST_MAX_RETRIES"] = "0"
        if self.kind is SourceKind.MLFLOW_SQL:
            check_store(self.uri, timeout_seconds=self.timeout_seconds)
        from mlflow import MlflowClient

        return MlflowClient(tracking_uri=self.uri)

    def experiments(self) -> ExperimentListing:
        """Return every experiment, deleted ones too; see ``RunSource``."""
        from mlflow.entities import ViewType

        found: list[ExperimentRecord] = []
        token: str | None = None
        while True:
            page = self._call(
                lambda token=token: self.client.search_experiments(  # type: ignore[misc]
                    view_type=ViewType.ALL, max_results=1000, page_token=token
                )
            )
            found += [
                ExperimentRecord(
                    experiment_id=str(row.experiment_id),
                    name=row.name or "",
                    lifecycle_stage=row.lifecycle_stage or "active",
                    artifact_location=row.artifact_location or "",
                )
                for row in page
            ]
            token = page.token
            if not token:
                break
        self._experiment_ids = [row.experiment_id for row in found]
        return ExperimentListing(tuple(found))

    def count_runs(self) -> int | None:
        """Return the number of runs of a database; a server does not say."""
        return count_rows(self.uri) if self.kind is SourceKind.MLFLOW_SQL else None

    def all_runs(self, *, started_from_ms: int, page_size: int) -> Iterator[RunPage]:
        """Yield every run from the oldest start on; see ``RunSource``."""
        wanted = f"attributes.start_time >= {started_from_ms}" if started_from_ms else ""
        return self._pages(wanted, page_size=page_size)

    def recent_runs(
        self, *, started_from_ms: int, ended_from_ms: int, looked_at_ms: int, page_size: int
    ) -> Iterator[RunPage]:
        """Yield runs by their start, runs by their end, and the latest deleted ones; see ``RunSource``."""
        from mlflow.entities import ViewType

        yield from self._pages(f"attributes.start_time >= {started_from_ms}", page_size=page_size)
        yield from self._pages(f"attributes.end_time >= {ended_from_ms}", page_size=page_size)
        yield from self._pages(
            "",
            page_size=_LATEST_DELETED,
            view=ViewType.DELETED_ONLY,
            order="attributes.start_time DESC",
            most_pages=1,
        )

    def runs_by_id(self, run_ids: Sequence[str]) -> RunPage:
        """Return those runs that are still there, deleted ones too; see ``RunSource``."""
        quoted = ", ".join(f"'{run_id}'" for run_id in run_ids if _RUN_ID.fullmatch(run_id))
        if not quoted:
            return RunPage(runs=())
        runs: list[RunRecord] = []
        for page in self._pages(f"attributes.run_id IN ({quoted})", page_size=max(len(run_ids), 1)):
            runs += page.runs
        return RunPage(runs=tuple(runs))

    def has_local_artifacts(self, run: RunAddress) -> bool:
        """Say whether the run's artifact address is a folder of this machine."""
        return self._artifacts.is_local(run)

    def list_artifacts(self, run: RunAddress) -> ArtifactListing:
        """Return the files below the run's artifact address; see ``RunSource``."""
        return self._artifacts.list_files(run)

    def read_artifact(self, run: RunAddress, path: str, *, limit_bytes: int) -> bytes:
        """Return a whole file; see ``RunSource``."""
        return self._artifacts.read(run, path, limit_bytes=limit_bytes)

    def stream_artifact(self, run: RunAddress, path: str) -> Iterator[bytes]:
        """Yield a file in pieces; see ``RunSource``."""
        return self._artifacts.stream(run, path)

    def metric_history(self, run: RunAddress, key: str) -> tuple[MetricRecord, ...]:
        """Return every point of one metric; see ``RunSource``."""
        try:
            points = self._call(lambda: self.client.get_metric_history(run.run_id, key))
        except RunMissing:
            return ()
        records = [_metric_record(point) for point in points]
        return tuple(sorted(records, key=lambda point: (point.step, point.timestamp_ms)))

    def trace_totals(self, *, since_ms: int) -> TraceReport:
        """Sum the traces of runs; see ``RunSource``. A server that knows no traces has none.

        The first time all traces are added up; later the runs with a new trace are asked for one by one, or, when
        they are many, everything is added up again.
        """
        try:
            report = self._add_up(f"trace.timestamp_ms >= {since_ms}" if since_ms else "")
            if not since_ms or not report.totals:
                return report
            if len(report.totals) > _MOST_TOUCHED:
                return TraceReport(totals=self._add_up("").totals, newest_ms=report.newest_ms)
            totals = {
                run_id: self._add_up("", run_id=run_id).totals.get(run_id, total)
                for run_id, total in report.totals.items()
            }
        except SourceRefused:
            return TraceReport(totals={}, newest_ms=0)
        return TraceReport(totals=totals, newest_ms=report.newest_ms)

    def close(self) -> None:
        """Let go of temporary files; MLflow keeps its own pool of connections."""
        self._artifacts.close()

    def _call(self, answer: Callable[[], Answer]) -> Answer:
        return call(answer, uri=self.uri)

    def _ids(self) -> list[str]:
        if self._experiment_ids is None:
            self.experiments()
        return self._experiment_ids or []

    def _pages(
        self,
        wanted: str,
        *,
        page_size: int,
        view: int | None = None,
        order: str = "attributes.start_time ASC",
        most_pages: int | None = None,
    ) -> Iterator[RunPage]:
        from mlflow.entities import ViewType

        ids = self._ids()
        token: str | None = None
        num_pages = 0
        while ids:
            with collector_at_rest():
                page = self._call(
                    lambda token=token: self.client.search_runs(  # type: ignore[misc]
                        ids,
                        filter_string=wanted,
                        run_view_type=ViewType.ALL if view is None else view,
                        max_results=page_size,
                        order_by=[order],
                        page_token=token,
                    )
                )
            yield RunPage(runs=tuple(_run_record(run) for run in page))
            token = page.token
            num_pages += 1
            if not token or num_pages == most_pages:
                return

    def _add_up(self, wanted: str, *, run_id: str | None = None) -> TraceReport:
        totals: dict[str, TraceTotals] = {}
        newest = 0
        ids = self._ids()
        token: str | None = None
        while ids:
            page = self._call(
                lambda token=token: self.client.search_traces(  # type: ignore[misc]
                    locations=ids,
                    filter_string=wanted or None,
                    max_results=500,
                    order_by=["timestamp_ms ASC"],
                    page_token=token,
                    run_id=run_id,
                    include_spans=False,
                )
            )
            for trace in page:
                newest = max(newest, int(trace.info.request_time or 0))
                said = trace.info.trace_metadata or {}
                source_run = said.get("mlflow.sourceRun", "")
                if source_run:
                    totals[source_run] = add_totals(totals.get(source_run), totals_of_trace(said))
            token = page.token
            if not token:
                break
        return TraceReport(totals=totals, newest_ms=newest)


def _run_record(run: Any) -> RunRecord:
    info, data = run.info, run.data
    status = str(info.status or "").lower()
    return RunRecord(
        run_id=info.run_id,
        experiment_id=str(info.experiment_id),
        name=info.run_name or "",
        status=RunStatus(status) if status in _STATUSES else RunStatus.UNKNOWN,
        lifecycle_stage=info.lifecycle_stage or "active",
        user=info.user_id or data.tags.get("mlflow.user", ""),
        started_at_ms=info.start_time,
        # A server sends 0 for a run that has not ended.
        ended_at_ms=info.end_time or None,
        artifact_uri=info.artifact_uri or "",
        params=data.params,
        tags=data.tags,
        # The public map has no steps; the points behind it do.
        metrics=tuple(_metric_record(point) for point in data._metric_objs),
    )


_STATUSES = frozenset(status.value for status in RunStatus)


def _metric_record(point: Any) -> MetricRecord:
    return MetricRecord(
        key=point.key,
        value=float(point.value),
        step=int(point.step or 0),
        timestamp_ms=int(point.timestamp or 0),
    )
