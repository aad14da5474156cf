"""The worker's part of a sample: hold it, ask for one version after the other, store each with its cost, heed a cancel.

A turn is short, so that other work comes between. A worker that is killed leaves what it stored; another goes on when its lease
is over, and only the call that was under way is made again.
"""

import asyncio
import logging
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Any, TypeVar

from django.conf import settings
from django.db import DatabaseError, close_old_connections, connection, transaction
from django.db.models import F, QuerySet, Sum
from django.db.models.functions import Coalesce
from django.utils import timezone

from runs_app.adapters.folder_lock import hold_file
from runs_app.adapters.language_models import ConfiguredModels
from runs_app.adapters.lease_owner import new_owner
from runs_app.adapters.model_settings import model_config, model_environment
from runs_app.domain.enums import Phase
from runs_app.domain.errors import LeaseLost, ModelError, ModelFailed, SpendingStopped
from runs_app.domain.generation import STEP_TASKS, Step
from runs_app.domain.judging_models import MODEL_SCORER, JudgementState, SampleState
from runs_app.domain.masking import masked
from runs_app.domain.pipeline_items import ModelChoice
from runs_app.domain.spending import (
    CallGuard,
    Ceiling,
    GuardChain,
    Reservations,
    SpendingGuard,
    Usage,
    total_usage,
)
from runs_app.models import JudgeSample, JudgeSampleVersion
from runs_app.queries.spending import day_limits, spent_usd, start_of_day
from runs_app.services.day_spending import ReservingGuard, begin_day, count_in_day, reserve_in_day
from runs_app.services.judge_sample import inputs_of, require_same_judge
from runs_app.services.wake_workers import wake_judges
from skills_app.domain.digests import digest_of
from skills_app.domain.storable import storable_json, storable_text
from skills_app.models import QualityAssessment, SkillVersion
from skills_app.services.record_audit import record_audit

logger = logging.getLogger(__name__)
T = TypeVar("T")
# Longer than the lease is prolonged by far: every LOOK_SECONDS, also while a call runs.
LEASE_SECONDS = 60
LOOK_SECONDS = 1.0
TURN_SECONDS = 20.0
# After so many versions in a row that could not be judged, the rest are not asked for.
MOST_FAULTS = 3


@dataclass(frozen=True, slots=True)
class SampleLease:
    """The right to carry one sample on."""

    sample_id: int
    owner: str

    @property
    def rows(self) -> QuerySet[JudgeSample]:
        """The sample as long as the lease holds; afterwards nothing."""
        return JudgeSample.objects.filter(
            pk=self.sample_id, lease_owner=self.owner, state=SampleState.RUNNING
        )


class _Cancelled(Exception):
    """Somebody asked to stop."""


def judge_due_samples() -> int:
    """Carry on a sample that is due, for a turn; return how many versions were judged. One process of a machine does so."""
    if not JudgeSample.objects.due(timezone.now()).exists():
        return 0
    num = 0
    with hold_file(settings.DATA_DIR / "samples.lock") as is_ours:
        lease = claim_sample() if is_ours else None
        if lease is not None:
            num = judge_held_sample(lease=lease, turn_seconds=TURN_SECONDS)
    if lease is not None and JudgeSample.objects.due(timezone.now()).exists():
        wake_judges()
    return num


def claim_sample() -> SampleLease | None:
    """Take the sample that has waited longest and return the lease, or None; what somebody else took is left."""
    now = timezone.now()
    for row in JudgeSample.objects.due(now)[:5]:
        held = new_lease()
        rows = JudgeSample.objects.filter(pk=row.pk, state=row.state, lease_owner=row.lease_owner)
        if rows.update(**held, reserved_usd=0.0, started_at=Coalesce("started_at", now)) == 1:
            return SampleLease(row.pk, held["lease_owner"])
    return None


def new_lease() -> dict[str, Any]:
    """Return the columns of a sample that this process holds from now on."""
    return {
        "state": SampleState.RUNNING,
        "lease_owner": new_owner(),
        "lease_until": _lease_end(),
    }


def judge_held_sample(
    *, lease: SampleLease, turn_seconds: float | None = None, say: Callable[[str], None] = lambda _: None
) -> int:
    """Judge the versions of a sample that are due, without ``turn_seconds`` all of them; return how many were judged.

    ``say`` is told a line for each. Whatever ends it is on the sample's row; after a turn it waits for the next.
    """
    return asyncio.run(_Turn(lease, turn_seconds, say).work())


class _Turn:
    """One turn at a sample. The connection belongs to one thread, and the loop asks the model."""

    def __init__(self, lease: SampleLease, seconds: float | None, say: Callable[[str], None]) -> None:
        self._lease = lease
        self._until = None if seconds is None else time.monotonic() + seconds
        self._say = say
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="sample")
        self._reserved: Reservations | None = None
        self._num = 0

    async def work(self) -> int:
        """Go on until the turn or the sample is over; return how many versions were judged."""
        end: dict[str, Any] = {"state": SampleState.WAITING}
        try:
            await self._db(close_old_connections)
            end |= await self._go_on()
        except (LeaseLost, DatabaseError) as error:
            # What is stored stays; whoever holds it now, or the next lease, goes on.
            logger.warning("sample %s: %s", self._lease.sample_id, error)
            return self._num
        except _Cancelled:
            end = {"state": SampleState.CANCELLED}
        except ModelError as error:
            end = {"state": SampleState.STOPPED, "message": masked(str(error))}
        except Exception as error:
            logger.exception("sample %s failed for a reason of ours", self._lease.sample_id)
            said = f"A fault of this site stopped it ({type(error).__name__}: {error}). Order it again."
            end = {"state": SampleState.STOPPED, "message": masked(said)}
        finally:
            # Also when whoever waits for this is interrupted: then it waits for a worker.
            self._thread.submit(_end, self._lease, end).result()
            self._thread.shutdown()
        return self._num

    async def _go_on(self) -> dict[str, Any]:
        sample = await self._db(_load, self._lease)
        choice = await asyncio.to_thread(judging_model, sample.model)
        require_same_judge(sample, choice.name)
        guard = await self._db(self._guard, sample)
        faults: list[str] = []
        while True:
            one = await self._db(_next, self._lease)
            if one is None:
                return {"state": SampleState.DONE}
            if len(faults) == MOST_FAULTS:
                said = f"{MOST_FAULTS} versions in a row could not be judged, so it stopped. The last time: {faults[-1]}"
                return {"state": SampleState.STOPPED, "message": said}
            if self._until is not None and time.monotonic() > self._until:
                return {}
            fault = await self._judge(one, sample, choice, guard)
            faults = [*faults, fault] if fault else []

    async def _judge(
        self, one: JudgeSampleVersion, sample: JudgeSample, choice: ModelChoice, guard: CallGuard
    ) -> str:
        """Judge one version and store it with its cost; return what went wrong, or an empty text."""
        version = one.version
        if version is None:
            fault = "The version is gone."
            await self._db(self._store, one, JudgementState.FAILED, fault, Usage(), None, "")
            return ""
        name = f"{version.skill.path} v{version.number}"
        ledger: list[Usage] = []
        store = partial(self._db, self._store, one)
        asking = asyncio.ensure_future(ask_judge(choice, version, guard, ledger))
        try:
            said = await self._watched(asking)
        except (SpendingStopped, _Cancelled, asyncio.CancelledError):
            await store(JudgementState.DUE, "", total_usage(ledger), None, "")
            raise
        except ModelError as error:
            fault = masked(str(error))
            await store(JudgementState.FAILED, fault, total_usage(ledger), None, "")
            self._say(f"{name}: {fault}")
            return fault
        await store(JudgementState.JUDGED, "", total_usage(ledger), said, sample.judge)
        self._num += 1
        self._say(f"{name}: {said['quality_score']:.2f}")
        return ""

    async def _watched(self, asking: "asyncio.Future[dict[str, Any]]") -> dict[str, Any]:
        """Return what the model says; keep the lease meanwhile, and stop asking when somebody cancels or the lease is lost."""
        try:
            # What was answered is taken, whatever else happened meanwhile.
            while not (await asyncio.wait([asking], timeout=LOOK_SECONDS))[0]:
                await self._db(_look, self._lease)
        finally:
            if not asking.done():
                asking.cancel()
                await asyncio.gather(asking, return_exceptions=True)
        return await asking

    def _guard(self, sample: JudgeSample) -> CallGuard:
        spent = sample.versions.aggregate(total=Sum("cost_usd"))["total"] or 0.0
        own = [Ceiling("this sample", sample.ceiling_usd, spent)] if sample.ceiling_usd is not None else []
        guard = GuardChain([SpendingGuard(own)])
        limits = day_limits(user_id=sample.requested_by_id, user_name=sample.requested_by_name)
        if not limits:
            return guard
        day = start_of_day()
        begin_day(
            limits,
            ceilings={
                one.scope: Ceiling(one.whose, one.limit_usd, spent_usd(since=day, user_id=one.user_id))
                for one in limits
            },
        )
        reserved = self._reserved = Reservations(limits)

        async def write(most_usd: float) -> None:
            await self._db(reserve_in_day, holder=self._lease.rows, reserved=reserved, most_usd=most_usd)

        return ReservingGuard(guard, reserved, write)

    def _store(
        self,
        one: JudgeSampleVersion,
        state: JudgementState,
        message: str,
        usage: Usage,
        said: dict[str, Any] | None,
        judge: str,
    ) -> None:
        cost = usage.cost_usd or 0.0
        with transaction.atomic():
            held: dict[str, Any] = {"lease_until": _lease_end()}
            if self._reserved is not None:
                held["reserved_usd"] = self._reserved.total(but_usd=cost)
            if self._lease.rows.update(**held) != 1:
                raise LeaseLost("Another worker has taken this sample over, or it was stopped.")
            JudgeSampleVersion.objects.filter(pk=one.pk).update(
                state=state,
                message=storable_text(message),
                num_calls=F("num_calls") + usage.num_calls,
                prompt_tokens=F("prompt_tokens") + usage.prompt_tokens,
                completion_tokens=F("completion_tokens") + usage.completion_tokens,
                cost_usd=None if usage.cost_usd is None else F("cost_usd") + usage.cost_usd,
                at=timezone.now(),
            )
            if said is not None and one.version is not None:
                _keep(one.version, judge, said)
            if self._reserved is not None:
                count_in_day(self._reserved.limits, cost_usd=cost)
                transaction.on_commit(partial(self._reserved.change, -cost))

    async def _db(self, function: Callable[..., T], /, *args: Any, **arguments: Any) -> T:
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._thread, partial(function, *args, **arguments))


def judging_model(name: str) -> ModelChoice:
    """Return the model that a sample is judged by, without its fallbacks: each would be another judge.

    Raises:
        ModelError: it cannot be used any more.
    """
    task, role = STEP_TASKS[Step.ASSESSMENT]
    models = ConfiguredModels(model_config(), environment=model_environment(), chosen={task: name})
    return models.for_task(task, role=role)[0]


async def ask_judge(
    choice: ModelChoice, version: SkillVersion, guard: CallGuard, ledger: list[Usage]
) -> dict[str, Any]:
    """Return what a model says of a version, by field of ``AssessQuality``; ``ledger`` gets the usage of each call.

    Raises:
        ModelError: it gave no answer that fits.
        SpendingStopped: a ceiling does not let the next call pass.
    """
    from runs_app.pipeline.asking import Manner
    from runs_app.pipeline.calls import Caller
    from runs_app.pipeline.modules import fresh_pipeline
    from runs_app.pipeline.results import TargetLevel
    from runs_app.pipeline.signatures import AssessQuality

    told = inputs_of(version)
    inputs = {**told, "target_level": TargetLevel(told["target_level"])}
    call = fresh_pipeline().call_of(Phase.VALIDATE, AssessQuality)
    seconds = settings.FLEET_STEP_SECONDS
    try:
        async with asyncio.timeout(seconds):
            answered = await Caller(guard).ask((choice,), call, inputs, manner=Manner(), ledger=ledger)
    except TimeoutError as error:
        raise ModelFailed(f"It was not judged within {seconds:g} s.") from error
    return dict(answered.values)


def _lease_end() -> Any:
    return timezone.now() + timedelta(seconds=LEASE_SECONDS)


def _load(lease: SampleLease) -> JudgeSample:
    return JudgeSample.objects.get(pk=lease.sample_id)


def _look(lease: SampleLease) -> None:
    """Prolong the lease.

    Raises:
        LeaseLost: another worker has taken over.
        _Cancelled: somebody asked to stop.
    """
    if lease.rows.update(lease_until=_lease_end()) != 1:
        raise LeaseLost("Another worker has taken this sample over, or it was stopped.")
    if lease.rows.filter(cancel_requested_at__isnull=False).exists():
        raise _Cancelled


def _next(lease: SampleLease) -> JudgeSampleVersion | None:
    _look(lease)
    due = JudgeSampleVersion.objects.filter(sample=lease.sample_id, state=JudgementState.DUE)
    return due.select_related("version__skill").first()


def _end(lease: SampleLease, end: dict[str, Any]) -> None:
    """Write how a turn ended, as the last thing on this connection; where that cannot be, the lease runs out."""
    try:
        _write_end(lease, end)
    except DatabaseError as error:
        logger.warning("sample %s is left until its lease is over: %s", lease.sample_id, error)
    finally:
        connection.close()


@transaction.atomic
def _write_end(lease: SampleLease, end: dict[str, Any]) -> None:
    """Free the sample in the state it came to; what somebody else has taken over is left."""
    row = lease.rows.select_for_update().first()
    if row is None:
        return
    if row.cancel_requested_at is not None and end["state"] != SampleState.DONE:
        end = {
            "state": SampleState.CANCELLED,
            "message": f"Cancelled by {row.cancelled_by_name or 'somebody'}.",
        }
    is_over = end["state"] != SampleState.WAITING
    free = {"lease_owner": "", "lease_until": None, "reserved_usd": 0.0}
    now = timezone.now()
    lease.rows.update(**end, **free, turn_at=now, finished_at=now if is_over else None)
    if is_over:
        judged = row.versions.filter(state=JudgementState.JUDGED).count()
        costs = [cost or 0.0 for cost in row.versions.values_list("cost_usd", flat=True)]
        after = {"judge": row.judge, "versions": judged, "cost_usd": sum(costs), "state": end["state"]}
        record_audit(
            verb="judged_sample",
            target_kind="scorer",
            target_key=MODEL_SCORER,
            actor=row.requested_by,
            actor_name=row.requested_by_name,
            after=after,
        )


def _keep(version: SkillVersion, judge: str, said: dict[str, Any]) -> None:
    QualityAssessment.objects.update_or_create(
        version=version,
        digest=digest_of(f"sample {MODEL_SCORER} {judge} {version.digest}"),
        defaults={
            "scorer": MODEL_SCORER,
            "scorer_version": judge,
            "deterministic_score": said["quality_score"],
            "quality_score": said["quality_score"],
            "audience_alignment": said["audience_alignment"],
            "strengths": storable_json(_texts(said["strengths"])),
            "weaknesses": storable_json(_texts(said["weaknesses"])),
            "recommendations": storable_json(_texts(said["recommendations"])),
            "rationale": storable_text(str(said.get("reasoning", ""))),
            "details": {"sample": True},
            "made_at": timezone.now(),
            "is_own": True,
        },
    )


def _texts(found: Any) -> list[str]:
    return [str(one) for one in found] if isinstance(found, list | tuple) else []
