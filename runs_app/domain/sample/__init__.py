"""The sample: a small library of our own with ten weeks of runs behind it, told from its manifest."""

from runs_app.domain.sample.runs import sample_runs
from runs_app.domain.sample.shapes import (
    ACTOR,
    EVALUATIONS,
    GENERATIONS,
    PlannedRun,
    PlannedVersion,
    Sample,
    SampleError,
    SampleSkill,
    SampleVersion,
)

__all__ = [
    "ACTOR",
    "EVALUATIONS",
    "GENERATIONS",
    "PlannedRun",
    "PlannedVersion",
    "Sample",
    "SampleError",
    "SampleSkill",
    "SampleVersion",
    "sample_runs",
]
