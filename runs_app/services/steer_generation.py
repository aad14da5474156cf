"""Stop a generation, take it up again after a failure, and close it when its draft is handed on."""

from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from runs_app.domain.errors import TransitionRefused
from runs_app.domain.generation import GenerationStatus
from runs_app.domain.pipeline_items import EventKind
from runs_app.models import Generation, StepResult
from runs_app.services.generation_store import change_status, end_generation, note_event
from runs_app.services.wake_workers import wake_workers
from runs_app.services.watch_generations import watched_from
from skills_app.domain.storable import storable_text
from skills_app.services.record_audit import record_audit


@transaction.atomic
def cancel_generation(
    *, generation: Generation, user: Any = None, user_name: str = "", reason: str = ""
) -> str:
    """Stop a generation and return a sentence that says what is kept.

    One that no worker holds, or whose worker missed its last sign of life, is stopped at once: the worker can write nothing
    more. A worker that is busy with it is told, and stops within seconds.

    Raises:
        TransitionRefused: it is over already.
    """
    row = Generation.objects.select_for_update().get(pk=generation.pk)
    name = _name(user, user_name)
    reason = storable_text(reason.strip(), longest=2_000)
    if row.is_over or row.status == GenerationStatus.PENDING_REVIEW:
        raise TransitionRefused(
            f"This generation is {row.status.replace('_', ' ')}; there is nothing to stop."
        )
    kept = StepResult.objects.filter(generation=row).count()
    sentence = f"Cancelled by {name or 'somebody'}{f': {reason}' if reason else ''}. {_kept(kept)}"
    if row.status == GenerationStatus.RUNNING and _is_worker_heard(row, timezone.now()):
        if row.cancel_requested_at is None:
            Generation.objects.filter(pk=row.pk).update(
                cancel_requested_at=timezone.now(), cancel_reason=sentence, cancelled_by_name=name
            )
            note_event(
                generation_id=row.pk,
                kind=EventKind.CANCEL_REQUESTED,
                message=f"{name or 'Somebody'} asked to cancel it.",
            )
            wake_workers()
    else:
        end_generation(
            generation_id=row.pk,
            status=GenerationStatus.CANCELLED,
            message=sentence,
            cancelled_by_name=name,
            cancel_reason=sentence,
        )
        wake_workers()
    _audit("cancelled_generation", row, user, name, reason)
    return sentence


@transaction.atomic
def retry_generation(*, generation: Generation, user: Any = None, user_name: str = "") -> None:
    """Take a failed generation up again, from the step that failed; what is stored is not asked again.

    Whoever retries is taken to look on.

    Raises:
        TransitionRefused: it did not fail, or somebody took it up at the same moment.
    """
    name = _name(user, user_name)
    now = timezone.now()
    change_status(
        generation=generation,
        status=GenerationStatus.PENDING,
        queued_at=now,
        watched_until=watched_from(now),
        not_before=None,
        message="",
        failed_key="",
        failed_raw="",
        finished_at=None,
        worked_seconds=0.0,
        cancel_requested_at=None,
    )
    note_event(
        generation_id=generation.pk,
        kind=EventKind.RETRIED,
        key=generation.failed_key,
        message=f"{name or 'Somebody'} took it up again.",
    )
    _audit("retried_generation", generation, user, name, "")
    wake_workers()


@transaction.atomic
def complete_generation(*, generation: Generation, user: Any = None, user_name: str = "") -> None:
    """Close a generation whose draft is ready: the version goes its own way from here.

    Raises:
        TransitionRefused: it has no draft yet, or somebody closed it at the same moment.
    """
    name = _name(user, user_name)
    change_status(generation=generation, status=GenerationStatus.COMPLETED)
    note_event(
        generation_id=generation.pk,
        kind=EventKind.COMPLETED,
        message=f"{name or 'Somebody'} took the draft over.",
    )
    _audit("completed_generation", generation, user, name, "")


def _is_worker_heard(row: Generation, now: datetime) -> bool:
    """Say whether the worker renewed its lease lately; it does so at least every quarter of the lease's length."""
    if row.lease_until is None:
        return False
    renewed_at = row.lease_until - timedelta(seconds=settings.FLEET_LEASE_SECONDS)
    return now - renewed_at < timedelta(seconds=settings.FLEET_LEASE_SECONDS / 3)


def _kept(count: int) -> str:
    if not count:
        return "No step was finished, so there is nothing to keep."
    return f"The results of {count} steps are kept." if count > 1 else "The result of one step is kept."


def _name(user: Any, user_name: str) -> str:
    return user_name or (user.get_username() if user is not None else "")


def _audit(verb: str, generation: Generation, user: Any, name: str, reason: str) -> None:
    record_audit(
        verb=verb,
        target_kind="generation",
        target_key=generation.key,
        actor=user,
        actor_name=name,
        reason=reason,
    )
