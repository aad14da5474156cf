"""What every run has, by the names that queries, columns and orders use for it."""

from dataclasses import dataclass
from enum import StrEnum

from runs_app.domain.enums import Phase, RunKind, RunStatus


class ValueType(StrEnum):
    """What a value can be compared with."""

    TEXT = "text"
    CHOICE = "choice"
    NUMBER = "number"
    TIME = "time"
    DURATION = "duration"
    FLAG = "flag"


@dataclass(frozen=True, slots=True)
class Attribute:
    """One attribute: its name in queries, the words on a page, its type, and the column that holds it.

    ``path`` is the place of the value from a run (``experiment__name`` is the experiment's name).
    """

    name: str
    label: str
    type: ValueType
    path: str
    choices: tuple[str, ...] = ()
    is_sortable: bool = True


_STATUSES = tuple(status.value for status in RunStatus)

ATTRIBUTES: dict[str, Attribute] = {
    attribute.name: attribute
    for attribute in (
        Attribute("name", "Name", ValueType.TEXT, "name"),
        Attribute("run_id", "Run id", ValueType.TEXT, "run_id"),
        Attribute("status", "Status", ValueType.CHOICE, "status", _STATUSES),
        Attribute("rolled_status", "Worst status below", ValueType.CHOICE, "rolled_status", _STATUSES),
        Attribute("kind", "Kind", ValueType.CHOICE, "kind", tuple(kind.value for kind in RunKind)),
        Attribute("phase", "Phase", ValueType.CHOICE, "phase", tuple(phase.value for phase in Phase)),
        Attribute("user", "User", ValueType.TEXT, "user"),
        Attribute("experiment", "Experiment", ValueType.TEXT, "experiment__name", is_sortable=False),
        Attribute("source", "Source", ValueType.TEXT, "source__name", is_sortable=False),
        Attribute("parent", "Parent run id", ValueType.TEXT, "parent_run_id", is_sortable=False),
        Attribute("skill", "Skill", ValueType.TEXT, "skill_name"),
        Attribute("model", "Model", ValueType.TEXT, "model"),
        Attribute("started", "Started", ValueType.TIME, "started_at"),
        Attribute("ended", "Ended", ValueType.TIME, "ended_at"),
        Attribute("duration", "Duration", ValueType.DURATION, "duration_seconds"),
        Attribute("quality_score", "Quality", ValueType.NUMBER, "quality_score"),
        Attribute("calibrated_score", "Calibrated", ValueType.NUMBER, "calibrated_score"),
        Attribute("deterministic_score", "Deterministic", ValueType.NUMBER, "deterministic_score"),
        Attribute("validation_score", "Validation", ValueType.NUMBER, "validation_score"),
        Attribute("errors", "Errors", ValueType.NUMBER, "num_errors"),
        Attribute("warnings", "Warnings", ValueType.NUMBER, "num_warnings"),
        Attribute("tokens", "Tokens", ValueType.NUMBER, "rolled_tokens"),
        Attribute("prompt_tokens", "Prompt tokens", ValueType.NUMBER, "prompt_tokens"),
        Attribute("completion_tokens", "Completion tokens", ValueType.NUMBER, "completion_tokens"),
        Attribute("cost", "Cost", ValueType.NUMBER, "rolled_cost_usd"),
        Attribute("children", "Runs below", ValueType.NUMBER, "num_children"),
        Attribute("traces", "Traces", ValueType.NUMBER, "num_traces"),
        Attribute("has_document", "Document", ValueType.FLAG, "has_document", is_sortable=False),
        Attribute("has_problems", "Problems", ValueType.FLAG, "has_problems", is_sortable=False),
        Attribute("deleted", "Deleted at the source", ValueType.FLAG, "lifecycle_stage", is_sortable=False),
    )
}
# Other words for the same thing, as people who know MLflow or our columns would write them.
ALIASES: dict[str, str] = {
    "start_time": "started",
    "started_at": "started",
    "end_time": "ended",
    "ended_at": "ended",
    "duration_seconds": "duration",
    "run_name": "name",
    "id": "run_id",
    "user_id": "user",
    "quality": "quality_score",
    "calibrated": "calibrated_score",
    "cost_usd": "cost",
    "total_tokens": "tokens",
    "num_errors": "errors",
    "num_warnings": "warnings",
    "skill_name": "skill",
}


def attribute_named(name: str) -> Attribute | None:
    """Return the attribute that ``name`` or one of its other words means, without regard to case; None if none does."""
    low = name.lower()
    return ATTRIBUTES.get(ALIASES.get(low, low))
