"""The mirror's tables: an index of MLflow that can be dropped and rebuilt."""

from runs_app.models.runs import (
    Experiment,
    MetricPoint,
    Run,
    RunArtifact,
    RunCount,
    RunMetric,
    RunOutcome,
    RunParam,
    RunTag,
)
from runs_app.models.sources import ImportProblem, Source
from runs_app.models.workers import WorkerBeat

__all__ = [
    "Experiment",
    "ImportProblem",
    "MetricPoint",
    "Run",
    "RunArtifact",
    "RunCount",
    "RunMetric",
    "RunOutcome",
    "RunParam",
    "RunTag",
    "Source",
    "WorkerBeat",
]
