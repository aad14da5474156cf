"""What a generation leaves in MLflow: the names that ours use, and a run as one value before it is written."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from runs_app.domain.enums import Phase, RunStatus
from runs_app.domain.outcomes import ASSESSMENT, DOCUMENT, METADATA, REPORT
from runs_app.domain.records import MetricRecord

# Artifacts on the parent run; the first four are what the mirror turns into versions of skills.
PLAN = "plan.json"
EVENTS = "events.jsonl"
ANSWERS = "human_answers.json"
ARTIFACTS = (DOCUMENT, METADATA, REPORT, ASSESSMENT, PLAN, EVENTS, ANSWERS)

TAG_KIND = "skill_fleet.kind"
TAG_GENERATION = "skill_fleet.generation"
TAG_SKILL = "skill_fleet.skill"
TAG_VERSION = "skill_fleet.version"
TAG_PHASE = "skill_fleet.phase"
TAG_ERROR = "skill_fleet.error"
TAG_SAMPLE = "skill_fleet.sample"
TAG_PARENT = "mlflow.parentRunId"

# The names that the records of the earlier system use, so that old and new runs read alike.
PHASE_RUN_NAMES: Mapping[Phase, str] = {
    Phase.UNDERSTAND: "phase1_task_analysis",
    Phase.GENERATE: "phase2_content_generation",
    Phase.VALIDATE: "phase3_quality_assurance",
}
LONGEST_RUN_NAME = 100


@dataclass(frozen=True, slots=True)
class LoggedRun:
    """A run to be written, with all below it.

    Times are milliseconds since 1970 UTC; one that goes on has no end. ``artifacts`` maps paths to texts, ``metrics``
    holds every point and not only the latest.
    """

    name: str
    status: RunStatus
    started_at_ms: int
    ended_at_ms: int | None
    user: str = ""
    params: Mapping[str, str] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)
    metrics: tuple[MetricRecord, ...] = ()
    artifacts: Mapping[str, str] = field(default_factory=dict)
    children: tuple["LoggedRun", ...] = ()

    @property
    def num_runs(self) -> int:
        """The run itself and all below it."""
        return 1 + sum(child.num_runs for child in self.children)


def json_text(value: Any) -> str:
    """Return ``value`` as the true JSON that artifacts hold: indented, letters as they are, one line feed at the end."""
    return json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def json_lines(values: Iterable[Mapping[str, Any]]) -> str:
    """Return one JSON object a line, for events."""
    return "".join(json.dumps(value, ensure_ascii=False, allow_nan=False) + "\n" for value in values)
