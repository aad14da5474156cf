"""What a parent run says about itself and all below it."""

from collections.abc import Iterable
from dataclasses import dataclass

from runs_app.domain.enums import RunStatus

# The worst comes first: a finished parent above a failed child is shown as failed.
WORST_FIRST = (
    RunStatus.FAILED,
    RunStatus.KILLED,
    RunStatus.RUNNING,
    RunStatus.SCHEDULED,
    RunStatus.UNKNOWN,
    RunStatus.FINISHED,
)
_RANK = {status.value: rank for rank, status in enumerate(WORST_FIRST)}


@dataclass(frozen=True, slots=True)
class RolledUp:
    """Status, cost in US dollars and tokens of a run with its children; None where neither says."""

    status: str
    cost_usd: float | None
    tokens: int | None


def roll_up(own: RolledUp, children: Iterable[RolledUp]) -> RolledUp:
    """Return the worst status among ``own`` and ``children``, and the totals.

    A total that the parent states itself already covers its phases and is believed; only a parent that states none
    takes the sum of its children.
    """
    status, cost, tokens = own.status, own.cost_usd, own.tokens
    for child in children:
        if _RANK.get(child.status, len(_RANK)) < _RANK.get(status, len(_RANK)):
            status = child.status
        if own.cost_usd is None and child.cost_usd is not None:
            cost = (cost or 0.0) + child.cost_usd
        if own.tokens is None and child.tokens is not None:
            tokens = (tokens or 0) + child.tokens
    return RolledUp(status=status, cost_usd=cost, tokens=tokens)
