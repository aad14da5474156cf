"""The tables: the mirror, an index of MLflow that can be dropped and rebuilt, and generations, which are ours alone."""

from runs_app.models.generations import (
    Generation,
    GenerationBatch,
    GenerationEvent,
    HumanPrompt,
    SpendingDay,
    StepResult,
)
from runs_app.models.judge_samples import JudgeSample, JudgeSampleVersion
from runs_app.models.rollups import (
    Alert,
    AlertRule,
    DailyRollup,
    MonthlyRollup,
    RollupState,
    SavedView,
    TouchedDay,
    TrendEvent,
    VersionStanding,
)
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
    "Alert",
    "AlertRule",
    "DailyRollup",
    "Experiment",
    "Generation",
    "GenerationBatch",
    "GenerationEvent",
    "HumanPrompt",
    "ImportProblem",
    "JudgeSample",
    "JudgeSampleVersion",
    "MetricPoint",
    "MonthlyRollup",
    "RollupState",
    "Run",
    "RunArtifact",
    "RunCount",
    "RunMetric",
    "RunOutcome",
    "RunParam",
    "RunTag",
    "SavedView",
    "Source",
    "SpendingDay",
    "StepResult",
    "TouchedDay",
    "TrendEvent",
    "VersionStanding",
    "WorkerBeat",
]
