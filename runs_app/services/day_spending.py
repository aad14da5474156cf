"""Reserve in the database what a call can cost before it is made, so that workers of several machines share a day's ceiling."""

from collections.abc import Awaitable, Callable, Iterable, Sequence
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.db.models import F, QuerySet
from django.utils import timezone

from runs_app.domain.errors import LeaseLost
from runs_app.domain.spending import (
    Ceiling,
    DayLimit,
    GuardChain,
    Price,
    Reservations,
    require_room_for,
)
from runs_app.models import SpendingDay
from runs_app.queries.spending import reserved_usd, spent_usd, start_of_day

_KEPT_DAYS = 7


class ReservingGuard:
    """Lets a call pass that fits under the ceilings of this process and, by ``write``, under those of the day.

    ``write`` is given what the call can cost at most, and stores all of ``reserved`` unless a ceiling forbids it.
    """

    def __init__(
        self, guard: GuardChain, reserved: Reservations, write: Callable[[float], Awaitable[None]]
    ) -> None:
        self._guard = guard
        self._reserved = reserved
        self._write = write

    async def admit(self, *, price: Price | None, prompt_tokens: int, max_completion_tokens: int) -> float:
        """Set aside what the next call can cost at most, here and in the database, and return it.

        Raises:
            SpendingStopped: a ceiling is reached, or the call could go beyond it.
            LeaseLost: another worker has taken over.
        """
        most = self._guard.reserve(
            price=price, prompt_tokens=prompt_tokens, max_completion_tokens=max_completion_tokens
        )
        self._reserved.change(most)
        try:
            await self._write(most)
        except BaseException:
            self.settle(most, cost_usd=0.0)
            raise
        return most

    def settle(self, reserved_usd: float, *, cost_usd: float | None) -> None:
        """Put what a call did cost in the place of what was set aside; the database learns it with the next write."""
        self._guard.settle(reserved_usd, cost_usd=cost_usd)
        self._reserved.change((cost_usd or 0.0) - reserved_usd)


@transaction.atomic
def reserve_in_day(*, holder: QuerySet[Any], reserved: Reservations, most_usd: float) -> None:
    """Store what ``reserved`` holds on the one row of ``holder``, if its last call still fits under the day's ceilings.

    One write; the day's rows are locked, so that of two workers the second sees what the first has reserved.

    Raises:
        LeaseLost: ``holder`` has no row: another worker has taken over.
        SpendingStopped: a ceiling is reached, or the call could go beyond it; nothing is stored.
    """
    if holder.update(reserved_usd=reserved.total()) != 1:
        raise LeaseLost("Another worker has taken this over, or it was stopped.")
    spent = _locked_spending(reserved.limits)
    now = timezone.now()
    for limit in reserved.limits:
        held = max(0.0, reserved_usd(now=now, user_id=limit.user_id) - most_usd)
        ceiling = Ceiling(limit.whose, limit.limit_usd, spent[limit.scope], held)
        require_room_for([ceiling], most_usd=most_usd)


def begin_day(limits: Iterable[DayLimit], *, ceilings: dict[str, Ceiling]) -> None:
    """Bring the day's counts up to what is stored, as ``ceilings`` tell it by scope: a count may begin in the middle of a day."""
    for limit in limits:
        spent = ceilings[limit.scope].spent_usd
        row = _row(limit, spent_usd=spent)
        if row.spent_usd < spent - 1e-9:
            SpendingDay.objects.filter(pk=row.pk, spent_usd__lt=spent).update(spent_usd=spent)


def count_in_day(limits: Sequence[DayLimit], *, cost_usd: float) -> None:
    """Add what was spent to the counts of today that ``limits`` hold against."""
    if not cost_usd:
        return
    # In the order in which they are locked, so that no two workers wait for each other.
    for scope in sorted(limit.scope for limit in limits):
        rows = SpendingDay.objects.filter(scope=scope, day=timezone.localdate())
        rows.update(spent_usd=F("spent_usd") + cost_usd)


def _locked_spending(limits: Sequence[DayLimit]) -> dict[str, float]:
    rows = SpendingDay.objects.filter(
        day=timezone.localdate(), scope__in=[limit.scope for limit in limits]
    ).order_by("scope")
    found = dict(rows.select_for_update().values_list("scope", "spent_usd"))
    if len(found) < len(limits):
        # The first call of a day.
        for limit in limits:
            _row(limit, spent_usd=spent_usd(since=start_of_day(), user_id=limit.user_id))
        SpendingDay.objects.filter(day__lt=timezone.localdate() - timedelta(days=_KEPT_DAYS)).delete()
        found = dict(rows.select_for_update().values_list("scope", "spent_usd"))
    return found


def _row(limit: DayLimit, *, spent_usd: float) -> SpendingDay:
    row, _ = SpendingDay.objects.get_or_create(
        scope=limit.scope, day=timezone.localdate(), defaults={"spent_usd": spent_usd}
    )
    return row
