"""Find generations whose worker is gone, and wake a worker for whatever waits."""

import logging
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone

from runs_app.domain.errors import LeaseLost
from runs_app.domain.generation import GenerationStatus, RecordState
from runs_app.domain.pipeline_items import EventKind
from runs_app.models import Generation, GenerationEvent
from runs_app.models.generations import GenerationQuerySet
from runs_app.services.generation_store import GenerationLease, end_generation
from runs_app.services.wake_workers import wake_workers

logger = logging.getLogger(__name__)
# A generation that loses this many workers in a row at one step is not given to another.
MOST_LOST_WORKERS = 4
# After MLflow could not be reached, how long until the next try.
RECORD_AGAIN_SECONDS = 15


def sweep_generations() -> int:
    """Return how many generations were given back to the queue: their workers were silent for longer than their lease."""
    given_back = 0
    now = timezone.now()
    for row in Generation.objects.abandoned(now):
        silent = (now - row.lease_until).total_seconds() if row.lease_until else 0.0
        message = f"The worker was lost ({silent:.0f} s beyond its lease). Another goes on after the last stored step."
        status = GenerationStatus.PENDING
        if row.cancel_requested_at is not None:
            status, message = GenerationStatus.CANCELLED, row.cancel_reason or "Cancelled."
        elif _num_lost_at_this_step(row) >= MOST_LOST_WORKERS:
            status = GenerationStatus.FAILED
            message = (
                f"Its workers were lost {MOST_LOST_WORKERS + 1} times without finishing a step, so it is left alone. "
                "Look at the workers' log, then retry it."
            )
        given_back += _give_back(row, status, message, now)
    if is_work_waiting():
        wake_workers()
    return given_back


def _give_back(row: Generation, status: GenerationStatus, message: str, now: datetime) -> bool:
    """Take an abandoned generation from its worker; one whose worker came back to life meanwhile is left to it."""
    worked = (row.updated_at - max(row.queued_at, row.started_at or row.queued_at)).total_seconds()
    try:
        with transaction.atomic():
            still = Generation.objects.filter(pk=row.pk, lease_owner=row.lease_owner, lease_until__lt=now)
            if still.update(attempt=F("attempt")) != 1:
                logger.info("generation %s came back to life", row.key)
                return False
            end_generation(
                generation_id=row.pk,
                status=status,
                message=message,
                lease=GenerationLease(row.pk, row.lease_owner),
                worked_seconds=max(worked, 0.0),
            )
    except LeaseLost:
        return False
    return True


def _num_lost_at_this_step(row: Generation) -> int:
    events = GenerationEvent.objects.filter(generation=row)
    last = events.filter(kind__in=(EventKind.STEP_ENDED, EventKind.RETRIED)).order_by("-number").first()
    return events.filter(kind=EventKind.WORKER_LOST, number__gt=last.number if last else 0).count()


def is_work_waiting() -> bool:
    """Say whether a worker could do something for a generation now: carry it on, or tell MLflow of it."""
    now = timezone.now()
    return Generation.objects.due(now).exists() or records_due().exists()


def records_due() -> GenerationQuerySet:
    """Return the generations of which MLflow does not know all, and whose next try is due; oldest first."""
    before = timezone.now() - timedelta(seconds=RECORD_AGAIN_SECONDS)
    tried = Q(record_state=RecordState.DUE) | Q(record_tried_at__isnull=True) | Q(record_tried_at__lte=before)
    rows = Generation.objects.exclude(record_state=RecordState.DONE).filter(tried, started_at__isnull=False)
    return rows.order_by("created_at", "pk")
