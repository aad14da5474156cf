"""Tokens and cost of a run, added up over its traces."""

import json
import math
from collections.abc import Mapping
from typing import Any, TypeVar

from runs_app.domain.records import TraceTotals

Number = TypeVar("Number", int, float)
_LARGEST = 2**63 - 1


def totals_of_trace(metadata: Mapping[str, str]) -> TraceTotals:
    """Return what one trace states in its metadata.

    MLflow writes two JSON objects: ``mlflow.trace.tokenUsage`` (``input_tokens``, ``output_tokens``, ``total_tokens``)
    and ``mlflow.trace.cost`` (``total_cost`` in US dollars). What is absent or broken is None.
    """
    usage = _json_object(metadata.get("mlflow.trace.tokenUsage", ""))
    cost = _json_object(metadata.get("mlflow.trace.cost", ""))
    return TraceTotals(
        num_traces=1,
        prompt_tokens=_whole(usage.get("input_tokens")),
        completion_tokens=_whole(usage.get("output_tokens")),
        total_tokens=_whole(usage.get("total_tokens")),
        cost_usd=_amount(cost.get("total_cost")),
    )


def add_totals(one: TraceTotals | None, other: TraceTotals) -> TraceTotals:
    """Return the sum of two totals; a side that does not say counts as nothing, two that do not say stay None."""
    if one is None:
        return other
    return TraceTotals(
        num_traces=one.num_traces + other.num_traces,
        prompt_tokens=_sum(one.prompt_tokens, other.prompt_tokens),
        completion_tokens=_sum(one.completion_tokens, other.completion_tokens),
        total_tokens=_sum(one.total_tokens, other.total_tokens),
        cost_usd=_sum(one.cost_usd, other.cost_usd),
    )


def _json_object(text: str) -> dict[str, Any]:
    try:
        value = json.loads(text) if text else {}
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}


def _whole(value: Any) -> int | None:
    amount = _amount(value)
    return None if amount is None or amount > _LARGEST else round(amount)


def _amount(value: Any) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    if isinstance(value, int) and value > _LARGEST:
        return None
    return float(value) if math.isfinite(value) and value >= 0 else None


def _sum(one: Number | None, other: Number | None) -> Number | None:
    if one is None or other is None:
        return other if one is None else one
    return one + other
