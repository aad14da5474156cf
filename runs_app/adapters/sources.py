"""One face for every kind of source that runs are read from."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Protocol

from runs_app.domain.enums import SourceKind
from runs_app.domain.errors import SourceUnsuitable
from runs_app.domain.records import (
    ArtifactListing,
    ExperimentListing,
    MetricRecord,
    RunAddress,
    RunPage,
    TraceReport,
)
from runs_app.models import Source

RUN_SOURCES = frozenset({SourceKind.MLFLOW_HTTP, SourceKind.MLFLOW_SQL, SourceKind.MLRUNS_FOLDER})


class RunSource(Protocol):
    """A tracking server, a store or a folder, read and never written.

    Every method may raise ``SourceUnreachable`` (after its own retries), ``SourceRefused`` or ``SourceUnsuitable``.
    """

    def experiments(self) -> ExperimentListing:
        """Return every experiment, deleted ones too."""
        ...

    def count_runs(self) -> int | None:
        """Return how many runs there are, or None when that would cost as much as reading them."""
        ...

    def all_runs(self, *, started_from_ms: int, page_size: int) -> Iterator[RunPage]:
        """Yield every run, deleted ones too, the oldest start first where the source keeps an order.

        A source with such an order skips runs that started before ``started_from_ms``; 0 skips none.
        """
        ...

    def recent_runs(
        self, *, started_from_ms: int, ended_from_ms: int, looked_at_ms: int, page_size: int
    ) -> Iterator[RunPage]:
        """Yield runs that may be new or newly ended: cheap, and allowed to yield too many or miss late edits.

        A server goes by the two run times, a folder by what changed on disk since ``looked_at_ms``.
        """
        ...

    def runs_by_id(self, run_ids: Sequence[str]) -> RunPage:
        """Return those of ``run_ids`` that the source still has, deleted ones too, in any order."""
        ...

    def has_local_artifacts(self, run: RunAddress) -> bool:
        """Say whether the run's files lie on this machine, where looking costs next to nothing."""
        ...

    def list_artifacts(self, run: RunAddress) -> ArtifactListing:
        """Return the files of one run; the paths of problems are below the source."""
        ...

    def read_artifact(self, run: RunAddress, path: str, *, limit_bytes: int) -> bytes:
        """Return a whole file.

        Raises:
            ArtifactMissing: there is no such file.
            ArtifactTooLarge: it has more than ``limit_bytes``.
            PathLeavesSource: ``path`` or its link points elsewhere.
        """
        ...

    def stream_artifact(self, run: RunAddress, path: str) -> Iterator[bytes]:
        """Yield a file in pieces. Raises as ``read_artifact`` does, before the first piece."""
        ...

    def metric_history(self, run: RunAddress, key: str) -> tuple[MetricRecord, ...]:
        """Return every point of one metric in the order of step and time; none for an unknown run or key."""
        ...

    def trace_totals(self, *, since_ms: int) -> TraceReport:
        """Sum tokens and cost over all traces of each run that has a trace since ``since_ms``."""
        ...

    def close(self) -> None:
        """Let go of connections."""
        ...


def open_source(source: Source, *, timeout_seconds: int | None = None) -> RunSource:
    """Open the source of a row; see ``open_address``."""
    return open_address(kind=SourceKind(source.kind), address=source.address, timeout_seconds=timeout_seconds)


def open_address(*, kind: SourceKind, address: str, timeout_seconds: int | None = None) -> RunSource:
    """Return a reader of what stands at ``address``; ``timeout_seconds`` bounds each request to a server.

    Nothing is asked yet: the first call that needs an answer raises ``SourceUnreachable`` when there is none, or
    ``SourceUnsuitable`` when something else is there than ``kind`` says.

    Raises:
        SourceUnsuitable: ``kind`` holds skills, not runs.
    """
    if kind is SourceKind.MLRUNS_FOLDER:
        from runs_app.adapters.mlruns_folder import MlrunsFolder

        return MlrunsFolder(Path(address))
    if kind in RUN_SOURCES:
        from runs_app.adapters.mlflow_store import MlflowStore

        return MlflowStore(kind=kind, uri=address, timeout_seconds=timeout_seconds or 20)
    raise SourceUnsuitable(
        f"{address} is a library of skills, not a source of runs.", remedy="Scan it with import_library."
    )
