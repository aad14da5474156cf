"""Runs as any source yields them, before they reach our tables."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from runs_app.domain.enums import ProblemReason, RunStatus


@dataclass(frozen=True, slots=True)
class ExperimentRecord:
    """An experiment; ``name`` is empty when the source keeps no record of it."""

    experiment_id: str
    name: str = ""
    lifecycle_stage: str = "active"
    artifact_location: str = ""


@dataclass(frozen=True, slots=True)
class MetricRecord:
    """One point of a metric; ``timestamp_ms`` since 1970 UTC. Values may be NaN or infinite."""

    key: str
    value: float
    step: int
    timestamp_ms: int


@dataclass(frozen=True, slots=True)
class ArtifactRecord:
    """A file that a run left: its path below the run's artifacts, with ``/``; size in bytes or None if unknown."""

    path: str
    size_bytes: int | None


@dataclass(frozen=True, slots=True)
class TraceTotals:
    """Tokens and cost in US dollars summed over the traces of one run; None where no trace says."""

    num_traces: int
    prompt_tokens: int | None
    completion_tokens: int | None
    total_tokens: int | None
    cost_usd: float | None


@dataclass(frozen=True, slots=True)
class TraceReport:
    """Totals by run id for every run with a trace since the time asked for, and the newest trace's time."""

    totals: Mapping[str, TraceTotals]
    newest_ms: int


@dataclass(frozen=True, slots=True)
class RunRecord:
    """A run: times in milliseconds since 1970 UTC, ``metrics`` the latest point of each key."""

    run_id: str
    experiment_id: str
    name: str
    status: RunStatus
    lifecycle_stage: str = "active"
    user: str = ""
    started_at_ms: int | None = None
    ended_at_ms: int | None = None
    artifact_uri: str = ""
    params: Mapping[str, str] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)
    metrics: tuple[MetricRecord, ...] = ()

    @property
    def parent_run_id(self) -> str:
        """The run that this one belongs to, or an empty string."""
        return self.tags.get("mlflow.parentRunId", "")


@dataclass(frozen=True, slots=True)
class ProblemRecord:
    """Something in a source that could not be read: where, why, and what a person can do about it."""

    path: str
    reason: ProblemReason
    message: str
    remedy: str
    run_id: str = ""


@dataclass(frozen=True, slots=True)
class ExperimentListing:
    """The experiments of a source, and what could not be read of them."""

    experiments: tuple[ExperimentRecord, ...]
    problems: tuple[ProblemRecord, ...] = ()


@dataclass(frozen=True, slots=True)
class ArtifactListing:
    """The files of one run, and those that are there but cannot be offered."""

    artifacts: tuple[ArtifactRecord, ...]
    problems: tuple[ProblemRecord, ...] = ()


@dataclass(frozen=True, slots=True)
class RunAddress:
    """What an artifact store needs to find a run's files."""

    run_id: str
    experiment_id: str
    artifact_uri: str


@dataclass(frozen=True, slots=True)
class RunPage:
    """One page of a source: runs, the problems met on the way, and how many runs there are in all if known."""

    runs: tuple[RunRecord, ...]
    problems: tuple[ProblemRecord, ...] = ()
    total: int | None = None
