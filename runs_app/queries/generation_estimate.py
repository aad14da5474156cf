"""What a generation will probably take, from those that went before it with the same model and number of texts."""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median, quantiles

from runs_app.domain.generation import GenerationStatus
from runs_app.models import Generation

MOST_RUNS = 50


@dataclass(frozen=True, slots=True)
class Spread:
    """The middle value, and between which values the middle half lies; equal when there is one run."""

    middle: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class GenerationEstimate:
    """What ``num_runs`` finished generations took. ``cost_usd`` is None when no price of them is known in full."""

    num_runs: int
    seconds: Spread | None = None
    tokens: Spread | None = None
    cost_usd: Spread | None = None


def generation_estimate(*, model: str, num_candidates: int, is_revision: bool = False) -> GenerationEstimate:
    """Return what the newest ``MOST_RUNS`` finished generations of ``model`` with as many texts took: work, not waiting.

    Those that revise a skill take fewer steps than those of a new one, so they are told apart.
    """
    rows = Generation.objects.filter(
        model=model,
        status__in=[GenerationStatus.PENDING_REVIEW, GenerationStatus.COMPLETED],
        options__num_candidates=num_candidates,
        worked_seconds__gt=0,
        request__revision__isnull=not is_revision,
    ).order_by("-created_at")
    found = list(
        rows.values_list(
            "worked_seconds", "prompt_tokens", "completion_tokens", "cost_usd", "has_unknown_cost"
        )[:MOST_RUNS]
    )
    if not found:
        return GenerationEstimate(0)
    priced = [row[3] for row in found if not row[4]]
    return GenerationEstimate(
        len(found),
        _spread([row[0] for row in found]),
        _spread([float(row[1] + row[2]) for row in found]),
        _spread(priced) if priced else None,
    )


def _spread(values: Sequence[float]) -> Spread:
    if len(values) == 1:
        return Spread(values[0], values[0], values[0])
    low, _, high = quantiles(values, n=4, method="inclusive")
    return Spread(median(values), low, high)
