"""What MLflow is told of a generation: names, params, tags, metrics and files of its parent run and of its phases.

Source: domain rules, section 5.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from runs_app.domain.enums import Phase
from runs_app.domain.generation import GenerationStatus
from runs_app.domain.spending import Usage, total_usage

PHASE_RUN_NAMES: dict[Phase, str] = {
    Phase.UNDERSTAND: "phase1_task_analysis",
    Phase.GENERATE: "phase2_content_generation",
    Phase.VALIDATE: "phase3_quality_assurance",
}
# How an MLflow run ends for each state of a generation; those that are absent are still running.
END_STATUS: dict[GenerationStatus, str] = {
    GenerationStatus.PENDING_REVIEW: "FINISHED",
    GenerationStatus.COMPLETED: "FINISHED",
    GenerationStatus.FAILED: "FAILED",
    GenerationStatus.CANCELLED: "KILLED",
}


@dataclass(frozen=True, slots=True)
class RecordedStep:
    """A finished step, as far as a run tells of it."""

    phase: Phase
    usage: Usage
    started_at: datetime
    finished_at: datetime


def milliseconds(at: datetime) -> int:
    """Return a time as milliseconds since 1970 UTC."""
    return round(at.timestamp() * 1000)


def steps_of(phase: Phase, steps: Iterable[RecordedStep]) -> tuple[RecordedStep, ...]:
    """Return the steps of one phase, in the order in which they ended."""
    return tuple(sorted((one for one in steps if one.phase is phase), key=lambda one: one.finished_at))


def usage_metrics(steps: Sequence[RecordedStep], *, used: Usage | None = None) -> dict[str, float]:
    """Return tokens, calls, cost and time of steps; the cost only when all of it is known.

    ``used`` takes the place of what the steps used, where more than these was used.
    ``duration_seconds`` is the time from the first begin to the last end, in which people may have been waited for.
    """
    used = total_usage(one.usage for one in steps) if used is None else used
    metrics = {
        "prompt_tokens": float(used.prompt_tokens),
        "completion_tokens": float(used.completion_tokens),
        "total_tokens": float(used.total_tokens),
        "num_calls": float(used.num_calls),
    }
    if used.cost_usd is not None:
        metrics["cost_usd"] = used.cost_usd
    if steps:
        first = min(one.started_at for one in steps)
        last = max(one.finished_at for one in steps)
        metrics["duration_seconds"] = (last - first).total_seconds()
    return metrics


def result_metrics(result: Mapping[str, Any]) -> dict[str, float]:
    """Return the scores and counts of what was made, under the names that every run record uses."""
    assessment, report = result["quality_assessment"], result["validation_report"]
    named = {
        "quality_score": assessment.get("quality_score"),
        "audience_alignment": assessment.get("audience_alignment"),
        "deterministic_score": assessment.get("deterministic_score"),
        "calibrated_score": assessment.get("calibrated_score"),
        "validation_score": report.get("score"),
        "num_errors": len(report.get("errors", ())),
        "num_warnings": len(report.get("warnings", ())),
    }
    return {key: float(value) for key, value in named.items() if value is not None}
