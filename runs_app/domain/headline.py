"""The few values of a run that every list shows, sorts and filters by."""

import math
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from runs_app.domain.classify import kind_of, phase_of
from runs_app.domain.enums import Phase, RunKind
from runs_app.domain.records import RunRecord

# Our own name first; after it what older records call the same thing.
METRIC_NAMES: dict[str, tuple[str, ...]] = {
    "quality_score": ("quality_score", "quality_quality_score"),
    "calibrated_score": ("calibrated_score", "quality_calibrated_score"),
    "deterministic_score": ("deterministic_score", "quality_deterministic_score"),
    "validation_score": ("validation_score",),
    "num_errors": ("num_errors", "validation_errors_count"),
    "num_warnings": ("num_warnings", "validation_warnings_count"),
    "prompt_tokens": ("prompt_tokens", "input_tokens", "tokens_in"),
    "completion_tokens": ("completion_tokens", "output_tokens", "tokens_out"),
    "total_tokens": ("total_tokens", "tokens_total"),
    "cost_usd": ("cost_usd", "total_cost_usd", "total_cost"),
    "duration_seconds": ("duration_seconds",),
}
_MODEL_NAMES = ("model", "model_name", "skill_fleet.model", "llm_model", "lm_model", "lm", "llm")
_SKILL_NAMES = ("skill_fleet.skill", "skill_name")
_LARGEST = 2**63 - 1


@dataclass(frozen=True, slots=True)
class Headline:
    """Promoted values of one run; None where the record does not say."""

    kind: RunKind
    phase: Phase | None
    model: str
    skill_name: str
    quality_score: float | None
    calibrated_score: float | None
    deterministic_score: float | None
    validation_score: float | None
    num_errors: int | None
    num_warnings: int | None
    prompt_tokens: int | None
    completion_tokens: int | None
    total_tokens: int | None
    cost_usd: float | None
    duration_seconds: float | None


def headline_of(record: RunRecord) -> Headline:
    """Return the promoted values of ``record``: scores as logged, tokens as counts, cost in US dollars.

    The total of tokens is the logged one, or the sum of prompt and completion when both are there. The duration is
    the end less the start in seconds, or the logged ``duration_seconds`` for a run without both times.
    """
    metrics = {point.key: point.value for point in record.metrics}
    prompt, completion = _count(metrics, "prompt_tokens"), _count(metrics, "completion_tokens")
    total = _count(metrics, "total_tokens")
    if total is None and prompt is not None and completion is not None:
        total = prompt + completion
    return Headline(
        kind=kind_of(name=record.name, tags=record.tags, params=record.params),
        phase=phase_of(name=record.name, tags=record.tags),
        model=model_of(params=record.params, tags=record.tags),
        skill_name=_first(record.tags, record.params, _SKILL_NAMES),
        quality_score=_number(metrics, "quality_score"),
        calibrated_score=_number(metrics, "calibrated_score"),
        deterministic_score=_number(metrics, "deterministic_score"),
        validation_score=_number(metrics, "validation_score"),
        num_errors=_count(metrics, "num_errors", largest=2**31 - 1),
        num_warnings=_count(metrics, "num_warnings", largest=2**31 - 1),
        prompt_tokens=prompt,
        completion_tokens=completion,
        total_tokens=total,
        cost_usd=_number(metrics, "cost_usd"),
        duration_seconds=_duration(record, metrics),
    )


def model_of(*, params: Mapping[str, str], tags: Mapping[str, str]) -> str:
    """Return the language model of a run, or an empty string.

    One named outright wins; else the one that most of the ``model.<task>`` params name (the first among equals).
    """
    named = _first(params, tags, _MODEL_NAMES)
    if named:
        return named
    by_task = Counter(
        value for key, value in sorted(params.items()) if key.startswith(("model.", "model_")) and value
    )
    return by_task.most_common(1)[0][0] if by_task else ""


def _first(one: Mapping[str, str], other: Mapping[str, str], names: tuple[str, ...]) -> str:
    for name in names:
        value = one.get(name) or other.get(name)
        if value:
            return value.strip()
    return ""


def _number(metrics: Mapping[str, float], column: str) -> float | None:
    for name in METRIC_NAMES[column]:
        value = metrics.get(name)
        if value is not None and math.isfinite(value):
            return value
    return None


def _count(metrics: Mapping[str, float], column: str, *, largest: int = _LARGEST) -> int | None:
    value = _number(metrics, column)
    return None if value is None or abs(value) > largest else round(value)


def _duration(record: RunRecord, metrics: Mapping[str, float]) -> float | None:
    if record.started_at_ms is not None and record.ended_at_ms is not None:
        return max(record.ended_at_ms - record.started_at_ms, 0) / 1000
    return _number(metrics, "duration_seconds")
