"""The worker's part: take what is due, carry on several generations at once, stop what is cancelled, keep the leases."""

import asyncio
import contextlib
import importlib
import logging
import sys
import time
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, TypeVar

from django.conf import settings
from django.db import OperationalError, close_old_connections, connection
from django.db.models import F
from django.db.models.functions import Coalesce
from django.utils import timezone

from runs_app.adapters.folder_lock import hold_file
from runs_app.adapters.lease_owner import new_owner
from runs_app.adapters.mlflow_lean import import_mlflow_lean
from runs_app.adapters.one_thread import OneThread
from runs_app.domain.errors import LeaseLost
from runs_app.domain.generation import GenerationStatus
from runs_app.domain.spending import Ceiling, GuardChain, SpendingGuard
from runs_app.models import Generation
from runs_app.services.advance_generation import advance_generation
from runs_app.services.finish_generation import finish_generation
from runs_app.services.generation_store import GenerationLease, end_generation, lease_end
from runs_app.services.heart import Heart
from runs_app.services.record_generation import Recorder
from runs_app.services.sweep_generations import is_work_waiting

logger = logging.getLogger(__name__)
T = TypeVar("T")
# How often the rows of what is carried on are looked at: for cancels, for new work, for lost leases.
LOOK_SECONDS = 0.5
# How long a thread that records keeps the others waiting, which take in what models stream; Python's own is five times that.
_SWITCH_SECONDS = 0.001
# A worker process that carried generations on for this long takes no more, so that a fresh message starts it anew.
LONGEST_SHIFT_SECONDS = 900.0


def run_due_generations() -> int:
    """Carry on whatever is due until nothing is; return how many generations were taken up.

    One process of a machine does this at a time, for many generations at once; another that is woken leaves at once.
    """
    taken = 0
    while is_work_waiting():
        with hold_file(settings.DATA_DIR / "generations.lock") as is_ours:
            if not is_ours:
                return taken
            shift = Shift(limit=settings.FLEET_GENERATIONS_AT_ONCE)
            asyncio.run(shift.work())
            taken += shift.num_taken
            if shift.is_over_long or not shift.num_done:
                break
    if is_work_waiting():
        from runs_app.services.wake_workers import wake_workers

        wake_workers()
    return taken


class Shift:
    """One process at work on up to ``limit`` generations at a time."""

    def __init__(self, *, limit: int) -> None:
        self.limit = limit
        self.num_taken = 0
        self.num_done = 0
        self._began = time.monotonic()
        self._held: dict[int, asyncio.Task[None]] = {}
        self._leases: dict[int, GenerationLease] = {}
        self._watched: frozenset[int] = frozenset()
        self._guards: dict[str, SpendingGuard] = {}
        # The connection belongs to one thread, so that SQLite has one writer here; ``_RANKS`` says whose turn it is.
        self._thread = OneThread("generations")
        self._recorder = Recorder()
        self._heart = Heart()

    @property
    def is_over_long(self) -> bool:
        """Whether this process should take nothing more."""
        return time.monotonic() - self._began > LONGEST_SHIFT_SECONDS

    async def db(self, function: Callable[..., T], /, **arguments: Any) -> T:
        """Run a function of the database on its thread, short ones that others wait for before long ones."""
        rank = _RANKS.get(function, 1)
        return await asyncio.wrap_future(self._thread.submit(partial(function, **arguments), rank=rank))

    async def work(self) -> None:
        """Take, carry on and record until nothing is due."""
        try:
            # What takes seconds to import does so beside the loop, which has leases to keep.
            await asyncio.to_thread(import_heavy_packages)
            sys.setswitchinterval(_SWITCH_SECONDS)
            self._heart.start()
            while True:
                self._heart.tick()
                await self._look()
                self._recorder.start(is_busy=bool(self._held))
                if not self._held and self._recorder.is_idle:
                    return
                await self._wait()
        finally:
            for task in self._held.values():
                task.cancel()
            await asyncio.gather(*self._held.values(), return_exceptions=True)
            self._heart.stop()
            await self._recorder.close()
            await self.db(_close_connection)
            await asyncio.to_thread(self._thread.close)

    async def _wait(self) -> None:
        if self._held:
            await asyncio.wait(self._held.values(), timeout=LOOK_SECONDS, return_when=asyncio.FIRST_COMPLETED)
        else:
            await asyncio.sleep(LOOK_SECONDS / 5)

    async def _look(self) -> None:
        for pk in [pk for pk, task in self._held.items() if task.done()]:
            self._let_go(pk)
        free = 0 if self.is_over_long else self.limit - len(self._held)
        try:
            claimed, unwanted, self._watched = await self.db(
                _look_at_rows, held=dict(self._leases), free=free
            )
        except OperationalError as error:
            logger.warning("the rows could not be looked at: %s", error)
            return
        for pk, reason in unwanted.items():
            await self._drop(pk, reason)
        for lease in claimed:
            self.num_taken += 1
            self._leases[lease.generation_id] = lease
            self._heart.hold(lease)
            self._held[lease.generation_id] = asyncio.create_task(
                advance_generation(
                    lease=lease,
                    db=self.db,
                    guard_for=self._guard,
                    on_stored=self._recorder.add,
                    is_watched=partial(self._is_watched, lease.generation_id),
                )
            )

    def _is_watched(self, pk: int) -> bool:
        return pk in self._watched

    def _let_go(self, pk: int) -> GenerationLease:
        self._held.pop(pk)
        self.num_done += 1
        self._recorder.hurry()
        lease = self._leases.pop(pk)
        self._heart.release(lease)
        return lease

    async def _drop(self, pk: int, reason: str) -> None:
        task = self._held[pk]
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        lease = self._let_go(pk)
        if not reason:
            return
        try:
            await self.db(
                end_generation,
                generation_id=pk,
                status=GenerationStatus.CANCELLED,
                message=reason,
                lease=lease,
                cancel_requested_at=None,
            )
        except LeaseLost:
            logger.info("generation %s ended before it could be cancelled", pk)
        self._recorder.hurry()

    def _guard(self, ceilings: Mapping[str, Ceiling]) -> GuardChain:
        """Return a guard by scope that all generations of this process share, brought up to what is stored."""
        for scope, ceiling in ceilings.items():
            self._guards.setdefault(f"{scope} {timezone.localdate()}", SpendingGuard()).catch_up(ceiling)
        return GuardChain(self._guards[f"{scope} {timezone.localdate()}"] for scope in ceilings)


# What one generation imports on its way in all, most of it lazily: what asks models, and what writes and reads MLflow's stores.
HEAVY_PACKAGES = (
    "dspy",
    "dspy.clients.execution",
    "dspy.clients.engines.streaming",
    "openai.resources",
    "litellm.main",
    "litellm.litellm_core_utils.default_encoding",
    "litellm.llms.openai_like.dynamic_config",
    "litellm.proxy._types",
    "mlflow.dspy.callback",
    "mlflow.store.tracking.sqlalchemy_workspace_store",
    "mlflow.tracing.processor.mlflow_v3",
    "mlflow.tracing.otel.translation.base",
    "mlflow.store.tracking.file_store",
    "git",
    "runs_app.pipeline.run",
)


def import_heavy_packages() -> None:
    """Import what a generation needs and what takes seconds; once imported, this costs nothing."""
    import_mlflow_lean()
    for name in HEAVY_PACKAGES:
        # Another version of a library may keep it elsewhere; it is then imported when it is needed.
        with contextlib.suppress(ImportError):
            importlib.import_module(name)


def _close_connection() -> None:
    """Close the connection of the thread that this runs on."""
    connection.close()


def _look_at_rows(
    *, held: Mapping[int, GenerationLease], free: int
) -> tuple[list[GenerationLease], dict[int, str], frozenset[int]]:
    """Return what was taken now, what is held but not wanted any more, and which of all somebody watches.

    The reason of what is not wanted is empty when it was lost.
    """
    close_old_connections()
    claimed = claim_due(limit=free)
    here = Generation.objects.filter(pk__in=[*held, *(lease.generation_id for lease in claimed)])
    rows = here.only("lease_owner", "cancel_requested_at", "cancel_reason", "watched_until").in_bulk()
    unwanted: dict[int, str] = {}
    for pk, lease in held.items():
        row = rows.get(pk)
        if row is None or row.lease_owner != lease.owner:
            unwanted[pk] = ""
        elif row.cancel_requested_at is not None:
            unwanted[pk] = row.cancel_reason or "Cancelled."
    now = timezone.now()
    watched = frozenset(row.pk for row in rows.values() if row.watched_until and row.watched_until > now)
    return claimed, unwanted, watched


def claim_due(*, limit: int) -> list[GenerationLease]:
    """Take up to ``limit`` generations that are due and return the leases; what somebody else took is left.

    Each lease has an owner of its own, so that one process that lost a generation and took it again is two owners.
    """
    now = timezone.now()
    claimed: list[GenerationLease] = []
    for pk in list(Generation.objects.due(now).values_list("pk", flat=True)[: 2 * limit]):
        if len(claimed) == limit:
            break
        owner = new_owner()
        rows = Generation.objects.filter(pk=pk, status=GenerationStatus.PENDING)
        taken = rows.update(
            status=GenerationStatus.RUNNING,
            lease_owner=owner,
            lease_until=lease_end(now),
            reserved_usd=0.0,
            attempt=F("attempt") + 1,
            started_at=Coalesce("started_at", now),
            updated_at=now,
        )
        if taken == 1:
            claimed.append(GenerationLease(pk, owner))
    return claimed


# What goes before all else on the thread of the database, and what comes last: a place that is free is given away before
# the next end, which takes as long as twenty steps, is written.
_RANKS: Mapping[Callable[..., Any], int] = {_look_at_rows: 0, finish_generation: 2}
