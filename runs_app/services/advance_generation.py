"""Carry one generation on: what the pipeline yields is stored as it comes, and nothing is asked that is stored."""

import asyncio
import contextlib
import functools
import logging
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, fields, replace
from datetime import datetime
from typing import Any, Protocol, TypeVar

from django.conf import settings
from django.db import DatabaseError, OperationalError, transaction
from django.utils import timezone

from runs_app.adapters.language_models import ConfiguredModels
from runs_app.adapters.mlflow_traces import recording_traces
from runs_app.adapters.mlflow_writing import each_text
from runs_app.adapters.model_settings import load_program, model_config, model_environment
from runs_app.domain.enums import Phase
from runs_app.domain.errors import GenerationStopped, LeaseLost, ModelError, StepFailed
from runs_app.domain.generation import (
    GenerationOptions,
    GenerationRequest,
    GenerationStatus,
    PromptState,
    options_from_data,
    request_from_data,
)
from runs_app.domain.masking import masked
from runs_app.domain.pipeline_items import (
    EventKind,
    GenerationFinished,
    GenerationResult,
    LibraryView,
    PipelineEvent,
    PipelineItem,
    PromptRaised,
    StepFinished,
)
from runs_app.domain.prompts import prompt_as_data, prompt_from_data
from runs_app.domain.spending import CallGuard, Ceiling, DayLimit, GuardChain, Reservations, Usage
from runs_app.models import Generation, HumanPrompt, StepResult
from runs_app.queries.library_view import library_view
from runs_app.queries.spending import ceilings_of, day_limits
from runs_app.services.day_spending import ReservingGuard, begin_day, count_in_day, reserve_in_day
from runs_app.services.finish_generation import finish_generation
from runs_app.services.generation_store import (
    EventRecord,
    GenerationLease,
    append_events,
    end_generation,
    held_by,
    raise_prompt,
    store_step,
)

logger = logging.getLogger(__name__)
T = TypeVar("T")
# Text that streams in is stored in pieces of this time, so that two hundred words are one row.
FLUSH_SECONDS = 0.25
# When the database cannot be written (a full disk), a result that was paid for is held this long.
HOLD_SECONDS = 600.0
HOLD_STEP_SECONDS = 2.0


class Database(Protocol):
    """Runs a function of the database on the thread that owns the connection."""

    def __call__(self, function: Callable[..., T], /, **arguments: Any) -> Awaitable[T]:
        """Return what the function returns."""


@dataclass(frozen=True, slots=True)
class Work:
    """What is loaded before a generation goes on."""

    key: str
    request: GenerationRequest
    options: GenerationOptions
    library: LibraryView
    stored: Mapping[str, Mapping[str, Any]]
    answers: Mapping[str, Mapping[str, Any]]
    models: ConfiguredModels
    program: Any
    ceilings: Mapping[str, Ceiling]
    limits: tuple[DayLimit, ...]
    seconds_left: float


def load_work(*, lease: GenerationLease) -> Work:
    """Return all that a generation goes on from, and note that it was taken up.

    Raises:
        ModelError: its model or program cannot be used any more.
        LeaseLost: another worker has it.
    """
    row = Generation.objects.select_related("skill").get(pk=lease.generation_id)
    options = options_from_data(row.options)
    request = request_from_data(row.request)
    stored = dict(StepResult.objects.filter(generation=row).values_list("key", "result"))
    prompts = HumanPrompt.objects.filter(generation=row, state=PromptState.ANSWERED)
    steps = f"{len(stored)} steps are" if len(stored) > 1 else "One step is"
    kept = f" {steps} stored and not asked again." if stored else ""
    taken = EventRecord(EventKind.TAKEN_UP, timezone.now(), message=f"A worker took it up.{kept}")
    append_events(generation_id=row.pk, events=[taken], lease=lease)
    ceilings = ceilings_of(generation=row, options=options)
    limits = day_limits(user_id=row.requested_by_id, user_name=row.requested_by_name)
    begin_day(limits, ceilings=ceilings)
    return Work(
        row.key,
        request,
        options,
        library_view(task=request.task),
        stored,
        dict(prompts.values_list("key", "answer")),
        ConfiguredModels(model_config(), environment=model_environment(), chosen=options.models),
        load_program(options.program) if options.program else None,
        ceilings,
        limits,
        options.deadline_seconds - row.worked_seconds,
    )


@dataclass
class _Course:
    """One generation at work in this process."""

    lease: GenerationLease
    db: Database
    secrets: tuple[str, ...] = ()
    waiting: list[EventRecord] = field(default_factory=list)
    begun: dict[str, datetime] = field(default_factory=dict)
    began: float = field(default_factory=time.monotonic)
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    reserved: Reservations | None = None

    @property
    def worked(self) -> float:
        """The seconds since it was taken up."""
        return time.monotonic() - self.began

    def below_ceilings_of_the_day(self, guard: GuardChain, limits: tuple[DayLimit, ...]) -> CallGuard:
        """Return a guard that reserves each call in the database too where a day has a ceiling; else the same."""
        if not limits:
            return guard
        reserved = self.reserved = Reservations(limits)
        holder = held_by(self.lease)

        async def write(most_usd: float) -> None:
            await self.held(reserve_in_day, holder=holder, reserved=reserved, most_usd=most_usd)

        return ReservingGuard(guard, reserved, write)

    def note(self, event: PipelineEvent) -> None:
        """Keep an event until the next flush; text of one field is put together."""
        record = self._safe(EventRecord.of(event, timezone.now()))
        if event.kind is EventKind.STEP_STARTED:
            self.begun[event.key] = record.at
        last = self.waiting[-1] if self.waiting else None
        if last is not None and _goes_on(last, record):
            last.data["text"] += record.data["text"]
        else:
            self.waiting.append(record)

    def _safe(self, record: EventRecord) -> EventRecord:
        data = {
            key: masked(value, self.secrets) if isinstance(value, str) else value
            for key, value in record.data.items()
        }
        return EventRecord(
            record.kind,
            record.at,
            record.phase,
            record.step,
            record.key,
            masked(record.message, self.secrets),
            data,
        )

    def mask(self, text: str) -> str:
        """Return a text as it may be kept: without keys."""
        return masked(text, self.secrets)

    async def flush(self) -> None:
        """Store the events that wait."""
        async with self.lock:
            events, self.waiting = [self._safe(one) for one in self.waiting], []
            if not events:
                return
            titles = [one.message for one in events if one.kind is EventKind.STEP_STARTED]
            changes: dict[str, Any] = {"step_title": titles[-1][:200]} if titles else {}
            phases = [one.phase for one in events if one.phase]
            if phases:
                changes["phase"] = phases[-1]
            await self.held(
                append_events,
                generation_id=self.lease.generation_id,
                events=events,
                lease=self.lease,
                changes=changes,
            )

    async def keep(self, function: Callable[..., T], **arguments: Any) -> T:
        """Store something together with the events that wait."""
        async with self.lock:
            events, self.waiting = [self._safe(one) for one in self.waiting], []
            try:
                return await self.held(function, events=events, lease=self.lease, **arguments)
            except GenerationStopped:
                self.waiting = events
                raise

    async def held(self, function: Callable[..., T], **arguments: Any) -> T:
        """Write, and hold what is to be written while the database cannot take it."""
        since = time.monotonic()
        while True:
            try:
                done = await self.db(function, **arguments)
            except OperationalError as error:
                if time.monotonic() - since > HOLD_SECONDS:
                    raise
                logger.warning("generation %s: %s; tried again", self.lease.generation_id, error)
                await asyncio.sleep(HOLD_STEP_SECONDS)
                continue
            waited = time.monotonic() - since
            if waited > HOLD_STEP_SECONDS:
                message = f"The database could not be written for {waited:.0f} s; what was done meanwhile was held and is stored."
                self.waiting.append(EventRecord(EventKind.PROGRESS, timezone.now(), message=message))
            return done


def vars_of(result: GenerationResult) -> dict[str, Any]:
    """Return the fields of a result as they are, by name."""
    return {one.name: getattr(result, one.name) for one in fields(result)}


def _goes_on(last: EventRecord, new: EventRecord) -> bool:
    return (
        new.kind in {EventKind.TOKENS, EventKind.REASONING}
        and (last.kind, last.key, last.data.get("field")) == (new.kind, new.key, new.data.get("field"))
        and not new.data.get("is_restart")
    )


async def advance_generation(
    *,
    lease: GenerationLease,
    db: Database,
    guard_for: Callable[[Mapping[str, Ceiling]], GuardChain],
    on_stored: Callable[[int], None] = lambda _: None,
    is_watched: Callable[[], bool] = lambda: True,
) -> None:
    """Carry a generation on to its end, to a question, or to a failure; each is stored, with what led to it.

    ``on_stored`` is told the generation's number whenever there is something new to record; ``is_watched`` says whether
    somebody looks on, so that models stream. Being cancelled writes nothing: whoever cancels says why.
    """
    course = _Course(lease, db)
    flusher: asyncio.Task[None] | None = None
    try:
        work = await course.held(load_work, lease=lease)
        course.secrets = work.models.secrets()
        flusher = asyncio.create_task(_flush_on_and_on(course))
        async with asyncio.timeout(max(work.seconds_left, 0.0)):
            guard = course.below_ceilings_of_the_day(guard_for(work.ceilings), work.limits)
            await _go_through(course, work, guard, on_stored, is_watched)
    except LeaseLost as error:
        logger.info("generation %s: %s", lease.generation_id, error)
    except GenerationStopped as error:
        await _end(course, GenerationStatus.CANCELLED, str(error))
    except StepFailed as error:
        usage = error.usage if isinstance(error.usage, Usage) else Usage()
        raw = masked(error.raw, course.secrets)
        await _end(course, GenerationStatus.FAILED, str(error), usage, failed_key=error.key, failed_raw=raw)
    except ModelError as error:
        await _end(course, GenerationStatus.FAILED, str(error))
    except TimeoutError:
        await _end(course, GenerationStatus.FAILED, _too_long(course))
    except DatabaseError:
        logger.exception("generation %s is left to the next sweep", lease.generation_id)
    except Exception as error:
        logger.exception("generation %s failed for a reason of ours", lease.generation_id)
        kind = type(error).__name__
        await _end(
            course,
            GenerationStatus.FAILED,
            f"A fault of this site stopped it ({kind}: {error}). Try it again.",
        )
    finally:
        if flusher is not None:
            flusher.cancel()
        on_stored(lease.generation_id)


async def _go_through(
    course: _Course,
    work: Work,
    guard: CallGuard,
    on_stored: Callable[[int], None],
    is_watched: Callable[[], bool],
) -> None:
    from runs_app.pipeline.flow import Journey
    from runs_app.pipeline.run import run_generation

    journey = Journey(work.request, work.options, work.library, work.stored, work.answers, work.program)
    traces = functools.partial(_traced, work.key, work.models.secrets())
    async with contextlib.aclosing(
        run_generation(  # type: ignore[type-var]
            journey, models=work.models, guard=guard, around=traces, is_watched=is_watched
        )
    ) as stream:
        async for item in stream:
            await _take(course, item)
            if isinstance(item, StepFinished):
                on_stored(course.lease.generation_id)


def _traced(
    generation_key: str, secrets: tuple[str, ...], phase: Phase, key: str
) -> contextlib.AbstractContextManager[None]:
    """Keep the traces of a step's calls in the data folder, for the run of its phase; they are delivered from there."""
    return recording_traces(
        settings.DATA_DIR / "traces",
        run_key=f"{generation_key}/{phase}",
        tags={"skill_fleet.generation": generation_key, "skill_fleet.step": key},
        secrets=secrets,
    )


async def _take(course: _Course, item: PipelineItem) -> None:
    if isinstance(item, PipelineEvent):
        course.note(item)
    elif isinstance(item, StepFinished):
        item = replace(item, result=each_text(item.result, course.mask))
        begun = course.begun.get(item.key, timezone.now())
        await course.keep(store_step, item=item, started_at=begun, reserved=course.reserved)
    elif isinstance(item, PromptRaised):
        safe = prompt_from_data(each_text(prompt_as_data(item.prompt), course.mask))
        item = replace(item, prompt=safe)
        await course.keep(raise_prompt, item=item, worked_seconds=course.worked)
    elif isinstance(item, GenerationFinished):
        result = GenerationResult(**each_text(vars_of(item.result), course.mask))
        await course.keep(finish_generation, result=result, worked_seconds=course.worked)


async def _flush_on_and_on(course: _Course) -> None:
    with contextlib.suppress(LeaseLost):
        while True:
            await asyncio.sleep(FLUSH_SECONDS)
            await course.flush()


async def _end(
    course: _Course, status: GenerationStatus, message: str, usage: Usage | None = None, **changes: Any
) -> None:
    limits = course.reserved.limits if course.reserved else ()
    end: dict[str, Any] = {"worked_seconds": course.worked, "usage": usage or Usage(), "limits": limits}
    try:
        try:
            said = masked(message, course.secrets)
            await course.keep(end_used_generation, status=status, message=said, **end, **changes)
        except GenerationStopped as stopped:
            cancelled = GenerationStatus.CANCELLED
            await course.keep(end_used_generation, status=cancelled, message=str(stopped), **end)
    except LeaseLost as error:
        logger.info("generation %s: %s", course.lease.generation_id, error)


@transaction.atomic
def end_used_generation(
    *, usage: Usage, lease: GenerationLease, limits: tuple[DayLimit, ...] = (), **arguments: Any
) -> None:
    """End a generation and count what its last step used in vain, also in the day; see ``end_generation``."""
    from django.db.models import F

    unknown: dict[str, Any] = {"has_unknown_cost": True} if usage.cost_usd is None else {}
    end_generation(
        generation_id=lease.generation_id,
        lease=lease,
        num_calls=F("num_calls") + usage.num_calls,
        prompt_tokens=F("prompt_tokens") + usage.prompt_tokens,
        completion_tokens=F("completion_tokens") + usage.completion_tokens,
        cost_usd=F("cost_usd") + (usage.cost_usd or 0.0),
        **unknown,
        **arguments,
    )
    count_in_day(limits, cost_usd=usage.cost_usd or 0.0)


def _too_long(course: _Course) -> str:
    return (
        f"It was not done within the time that it may take ({course.worked:.0f} s at work since it was taken up). "
        "Retry it: what is stored is kept, and the time begins anew."
    )
