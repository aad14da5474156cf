"""Write what happens to a generation: events without gaps, results before what needs them, all fenced by the lease."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import F, QuerySet
from django.utils import timezone

from runs_app.domain.errors import GenerationStopped, LeaseLost, TransitionRefused
from runs_app.domain.generation import (
    GenerationStatus,
    PromptState,
    RecordState,
    require_transition,
)
from runs_app.domain.pipeline_items import EventKind, PipelineEvent, PromptRaised, StepFinished
from runs_app.domain.prompts import PromptKind, prompt_as_data
from runs_app.domain.spending import Reservations
from runs_app.models import Generation, GenerationEvent, HumanPrompt, StepResult
from runs_app.services.day_spending import count_in_day
from skills_app.domain.storable import storable_json, storable_text

# Told at most once for a phase, however often the pipeline goes through it.
_ONCE = frozenset({EventKind.PHASE_STARTED, EventKind.PHASE_ENDED})


@dataclass(frozen=True, slots=True)
class GenerationLease:
    """The right to carry one generation on, until another worker takes it over."""

    generation_id: int
    owner: str


@dataclass(frozen=True, slots=True)
class EventRecord:
    """An event with the time at which it happened."""

    kind: EventKind
    at: datetime
    phase: str = ""
    step: str = ""
    key: str = ""
    message: str = ""
    data: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def of(cls, event: PipelineEvent, at: datetime) -> "EventRecord":
        """Return what the pipeline told, with its time."""
        return cls(
            event.kind, at, event.phase or "", event.step or "", event.key, event.message, dict(event.data)
        )


def held_by(lease: GenerationLease) -> QuerySet[Generation]:
    """Return the generation of a lease as long as the lease holds; afterwards nothing."""
    return Generation.objects.filter(
        pk=lease.generation_id, lease_owner=lease.owner, status=GenerationStatus.RUNNING
    )


def lease_end(now: datetime) -> datetime:
    """Return until when a lease that is renewed now holds."""
    return now + timedelta(seconds=settings.FLEET_LEASE_SECONDS)


def note_event(*, generation_id: int, kind: EventKind, message: str = "", **fields: Any) -> int:
    """Append one event that somebody other than the worker caused; return its number."""
    return append_events(
        generation_id=generation_id, events=[EventRecord(kind, timezone.now(), message=message, **fields)]
    )


@transaction.atomic
def append_events(
    *,
    generation_id: int,
    events: Sequence[EventRecord],
    lease: GenerationLease | None = None,
    changes: dict[str, Any] | None = None,
) -> int:
    """Append ``events`` and write ``changes`` to the row; return the number of the last event.

    With a lease the row must still be held by it: a worker that lost its lease writes nothing more.

    Raises:
        LeaseLost: another worker has taken over, or the generation was stopped.
        GenerationStopped: it was asked to stop, and ``changes`` would bring it into another state.
    """
    if lease is not None and changes and "status" in changes:
        _heed_cancel(generation_id, changes["status"])
    known = _phases_told(generation_id) if any(one.kind in _ONCE for one in events) else frozenset()
    new = [one for one in events if one.kind not in _ONCE or (one.kind.value, one.phase) not in known]
    rows = Generation.objects.filter(pk=generation_id)
    values: dict[str, Any] = {"updated_at": timezone.now(), **(changes or {})}
    if lease is not None:
        rows = rows.filter(lease_owner=lease.owner, status=GenerationStatus.RUNNING)
        values.setdefault("lease_until", lease_end(timezone.now()))
    if rows.update(num_events=F("num_events") + len(new), **values) != 1:
        raise LeaseLost("Another worker has taken this generation over, or it was stopped.")
    last = Generation.objects.values_list("num_events", flat=True).get(pk=generation_id)
    first = last - len(new) + 1
    GenerationEvent.objects.bulk_create(
        [
            GenerationEvent(
                generation_id=generation_id,
                number=number,
                kind=one.kind.value,
                phase=one.phase,
                step=one.step,
                key=one.key,
                message=storable_text(one.message),
                data=storable_json(one.data),
                at=one.at,
            )
            for number, one in enumerate(new, start=first)
        ]
    )
    return last


def _heed_cancel(generation_id: int, status: str) -> None:
    row = Generation.objects.select_for_update().get(pk=generation_id)
    if row.cancel_requested_at is not None and status != GenerationStatus.CANCELLED:
        raise GenerationStopped(row.cancel_reason or "Cancelled.")


def _phases_told(generation_id: int) -> frozenset[tuple[str, str]]:
    rows = GenerationEvent.objects.filter(generation_id=generation_id, kind__in=_ONCE)
    return frozenset(rows.values_list("kind", "phase"))


@transaction.atomic
def store_step(
    *,
    lease: GenerationLease,
    item: StepFinished,
    events: Sequence[EventRecord],
    started_at: datetime,
    reserved: Reservations | None = None,
) -> None:
    """Store a step's result with all that was told before it, and count what it used.

    A result that is stored already stays, and nothing is counted twice. What was ``reserved`` for the step's calls is
    settled by what they did cost.

    Raises:
        LeaseLost: another worker has taken over, or the generation was stopped.
    """
    now = timezone.now()
    usage = item.usage
    ended = EventRecord(
        EventKind.STEP_ENDED,
        now,
        item.phase,
        item.step,
        item.key,
        item.title,
        {"seconds": round((now - started_at).total_seconds(), 3), **usage.as_data()},
    )
    changes: dict[str, Any] = {
        "phase": item.phase,
        "num_calls": F("num_calls") + usage.num_calls,
        "prompt_tokens": F("prompt_tokens") + usage.prompt_tokens,
        "completion_tokens": F("completion_tokens") + usage.completion_tokens,
        "cost_usd": F("cost_usd") + (usage.cost_usd or 0.0),
        "record_state": RecordState.DUE,
    }
    if usage.cost_usd is None:
        changes["has_unknown_cost"] = True
    if reserved is not None:
        changes["reserved_usd"] = reserved.total(but_usd=usage.cost_usd or 0.0)
    append_events(generation_id=lease.generation_id, events=[*events, ended], lease=lease, changes=changes)
    StepResult.objects.create(
        generation_id=lease.generation_id,
        key=item.key,
        step=item.step,
        phase=item.phase,
        title=storable_text(item.title, longest=200),
        result=storable_json(item.result),
        models_used=list(item.models),
        num_calls=usage.num_calls,
        prompt_tokens=usage.prompt_tokens,
        completion_tokens=usage.completion_tokens,
        cost_usd=usage.cost_usd,
        started_at=started_at,
        finished_at=now,
    )
    if reserved is not None:
        count_in_day(reserved.limits, cost_usd=usage.cost_usd or 0.0)
        transaction.on_commit(partial(reserved.change, -(usage.cost_usd or 0.0)))


@transaction.atomic
def raise_prompt(
    *, lease: GenerationLease, item: PromptRaised, events: Sequence[EventRecord], worked_seconds: float
) -> None:
    """Store the question to a person and let the worker go.

    An answer that did not fit is laid aside, and its faults are shown with the question.

    Raises:
        LeaseLost: another worker has taken over, or the generation was stopped.
    """
    now = timezone.now()
    asks_words = item.prompt.kind in {PromptKind.CLARIFY, PromptKind.STRUCTURE_FIX}
    status = GenerationStatus.PENDING_USER_INPUT if asks_words else GenerationStatus.PENDING_HITL
    require_transition(GenerationStatus.RUNNING, status)
    raised = EventRecord(EventKind.PROMPT_RAISED, now, item.phase, item.step, item.key, item.prompt.title)
    append_events(
        generation_id=lease.generation_id,
        events=[*events, raised],
        lease=lease,
        changes={
            "status": status,
            "phase": item.phase,
            "step_title": storable_text(item.prompt.title, longest=200),
            "worked_seconds": F("worked_seconds") + worked_seconds,
            **_FREE,
        },
    )
    HumanPrompt.objects.update_or_create(
        generation_id=lease.generation_id,
        key=item.key,
        defaults={
            "step": item.step,
            "phase": item.phase,
            "kind": item.prompt.kind,
            "prompt": storable_json(prompt_as_data(item.prompt)),
            "problems": storable_json([list(one) for one in item.problems]),
            "state": PromptState.OPEN,
            "answer": {},
            "asked_at": now,
            "answered_at": None,
            "answered_by": None,
            "answered_by_name": "",
        },
    )


_FREE: dict[str, Any] = {"lease_owner": "", "lease_until": None, "reserved_usd": 0.0}


def end_generation(
    *,
    generation_id: int,
    status: GenerationStatus,
    message: str,
    events: Sequence[EventRecord] = (),
    lease: GenerationLease | None = None,
    worked_seconds: float = 0.0,
    **changes: Any,
) -> None:
    """Let a generation fail, be cancelled or go back to the queue; what is stored stays.

    What the model said last (``failed_raw``) stands in the event, too, for a retry clears it from the row.

    Raises:
        LeaseLost: another worker has taken over, or the generation was stopped.
        TransitionRefused: without a lease: it is not in a state that this can follow.
    """
    now = timezone.now()
    kinds = {
        GenerationStatus.FAILED: EventKind.FAILED,
        GenerationStatus.CANCELLED: EventKind.CANCELLED,
        GenerationStatus.PENDING: EventKind.WORKER_LOST,
    }
    is_over = status is not GenerationStatus.PENDING
    said = {"raw": changes["failed_raw"]} if changes.get("failed_raw") else {}
    with transaction.atomic():
        if lease is None:
            row = Generation.objects.select_for_update().get(pk=generation_id)
            require_transition(GenerationStatus(row.status), status)
        append_events(
            generation_id=generation_id,
            events=[*events, EventRecord(kinds[status], now, message=message, data=said)],
            lease=lease,
            changes={
                "status": status,
                "message": storable_text(message) if is_over else "",
                "finished_at": now if is_over else None,
                "worked_seconds": F("worked_seconds") + worked_seconds,
                "record_state": RecordState.DUE,
                **({} if is_over else {"queued_at": now}),
                **_FREE,
                **changes,
            },
        )
        if status is GenerationStatus.CANCELLED:
            HumanPrompt.objects.filter(generation_id=generation_id, state=PromptState.OPEN).update(
                state=PromptState.VOID
            )


def change_status(*, generation: Generation, status: GenerationStatus, **changes: Any) -> None:
    """Change the state of a generation that no worker holds.

    Raises:
        TransitionRefused: the state does not follow, or somebody changed it meanwhile.
    """
    old = GenerationStatus(generation.status)
    require_transition(old, status)
    rows = Generation.objects.filter(pk=generation.pk, status=old)
    if rows.update(status=status, updated_at=timezone.now(), **changes) != 1:
        raise TransitionRefused("Somebody changed this generation at the same moment. Reload the page.")
