"""Ask for a skill, or for many at once: rows first, then a word to the workers."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from runs_app.adapters.language_models import ConfiguredModels
from runs_app.adapters.model_settings import load_program, model_config, model_environment
from runs_app.domain.errors import RequestInvalid
from runs_app.domain.generation import (
    STEP_TASKS,
    GenerationOptions,
    GenerationRequest,
    options_as_data,
    request_as_data,
)
from runs_app.domain.pipeline_items import EventKind
from runs_app.domain.prompts import PromptKind
from runs_app.domain.spending import ceiling_warning
from runs_app.models import Generation, GenerationBatch
from runs_app.services.generation_store import note_event
from runs_app.services.wake_workers import wake_workers
from runs_app.services.watch_generations import watched_from
from skills_app.domain.keys import new_key
from skills_app.domain.storable import storable_text
from skills_app.models import Skill
from skills_app.services.record_audit import record_audit

LONGEST_TASK = 8_000
MOST_TASKS = 100
# Between the starts of two tasks of a batch, so that a provider is not met by all of them at once.
STAGGER_SECONDS = 3


@transaction.atomic
def request_generation(
    *,
    request: GenerationRequest,
    options: GenerationOptions,
    user: Any = None,
    user_name: str = "",
    skill: Skill | None = None,
    batch: GenerationBatch | None = None,
    delay_seconds: float = 0.0,
    key: str = "",
    is_watched: bool = False,
) -> Generation:
    """Return the new generation, waiting for a worker; ``skill`` is the one that is made anew, if any.

    ``is_watched`` says that somebody is led to its page at once, so that models stream from the first call on.
    ``key`` is of a form that was sent: when it comes a second time, what the first made is returned and nothing is begun.

    Raises:
        RequestInvalid: the task is empty or too long, or a model or program that was chosen cannot be used.
        ModelConfigError: the configuration of models cannot be used.
        ModelKeyMissing: the model that was chosen has no key; the message names the variable.
        ProgramUnreadable: there is no such program.
    """
    require_task(request.task)
    models = ConfiguredModels(model_config(), environment=model_environment(), chosen=options.models)
    # Each task's model is resolved now, so that a missing key is told to the person who asks and not to a worker.
    resolved = models.names_for(dict(STEP_TASKS.values()))
    if options.program:
        options = replace(options, program_version=load_program(options.program).digest)
    options = replace(_with_time_limits(options), required=always_asked())
    now = timezone.now()
    name = user_name or (user.get_username() if user is not None else "")
    fields = {
        "task": storable_text(request.task.strip()),
        "request": request_as_data(request),
        "options": options_as_data(options),
        "model": ", ".join(resolved)[:128],
        "program": options.program[:128],
        "is_rehearsal": models.is_rehearsal,
        "batch": batch,
        "skill": skill,
        "requested_by": user,
        "requested_by_name": name[:150],
        "queued_at": now,
        "watched_until": watched_from(now) if is_watched else None,
        "not_before": now + timedelta(seconds=delay_seconds) if delay_seconds else None,
    }
    generation, is_new = Generation.objects.get_or_create(key=key or new_key(), defaults=fields)
    if not is_new:
        return generation
    warning = unheld_ceilings(models, options.ceiling_usd)
    message = f"{name or 'Somebody'} asked for it. {warning}".strip()
    note_event(generation_id=generation.pk, kind=EventKind.REQUESTED, message=message)
    record_audit(
        verb="requested_generation",
        target_kind="generation",
        target_key=generation.key,
        actor=user,
        actor_name=name,
        after={"task": generation.title, "model": generation.model},
    )
    wake_workers()
    generation.refresh_from_db()
    return generation


@transaction.atomic
def request_batch(
    *,
    tasks: Sequence[str],
    request: GenerationRequest,
    options: GenerationOptions,
    name: str = "",
    user: Any = None,
    key: str = "",
) -> GenerationBatch:
    """Return the batch with a generation for each task, all with the other fields of ``request``; they begin one after another.

    ``key`` is of a form that was sent: when it comes a second time, the first batch is returned and nothing is begun.

    Raises:
        RequestInvalid: there is no task, there are too many, or one cannot be used; none is asked for then.
        ModelError: as for one generation.
    """
    wanted = [task.strip() for task in tasks if task.strip()]
    if not wanted:
        raise RequestInvalid("Give at least one task, one a line.")
    if len(wanted) > MOST_TASKS:
        raise RequestInvalid(f"A batch has at most {MOST_TASKS} tasks; these are {len(wanted)}.")
    for task in wanted:
        require_task(task)
    who = user.get_username() if user is not None else ""
    fields = {
        "name": storable_text(name, longest=200),
        "requested_by": user,
        "requested_by_name": who,
        "num_tasks": len(wanted),
    }
    batch, is_new = GenerationBatch.objects.get_or_create(key=key or new_key(), defaults=fields)
    if not is_new:
        return batch
    for number, task in enumerate(wanted):
        one = GenerationRequest(
            task, request.examples, request.constraints, request.placement_hint, request.style
        )
        request_generation(
            request=one, options=options, user=user, batch=batch, delay_seconds=number * STAGGER_SECONDS
        )
    return batch


def _with_time_limits(options: GenerationOptions) -> GenerationOptions:
    """Return options with the site's limits of time where none of its own was asked for."""
    usual = GenerationOptions()
    if options.step_deadline_seconds == usual.step_deadline_seconds:
        options = replace(options, step_deadline_seconds=settings.FLEET_STEP_SECONDS)
    if options.deadline_seconds == usual.deadline_seconds:
        options = replace(options, deadline_seconds=settings.FLEET_GENERATION_SECONDS)
    return options


def require_task(task: str) -> None:
    """Let a task pass that can be worked on.

    Raises:
        RequestInvalid: it is empty, too long, or holds what no text may hold.
    """
    if not task.strip():
        raise RequestInvalid("Say in words what the skill is for.")
    if len(task) > LONGEST_TASK:
        raise RequestInvalid(
            f"Say it in at most {LONGEST_TASK:,} characters; it has {len(task):,}. Long material belongs in examples."
        )


def always_asked() -> tuple[PromptKind, ...]:
    """Return where this site asks people whatever is chosen, in the order of the work."""
    return tuple(kind for kind in PromptKind if kind in settings.FLEET_ALWAYS_ASK)


def unheld_ceilings(models: ConfiguredModels, ceiling_usd: float | None) -> str:
    """Return a sentence that says which ceilings cannot stop ``models``, for their price is not known; empty if all can.

    ``ceiling_usd`` is what was asked for; the lower of it and the usual one holds, beside those of the day.
    """
    own = [one for one in (ceiling_usd, usual_ceiling()) if one is not None]
    days = (settings.FLEET_SPEND_PER_USER_DAY_USD, settings.FLEET_SPEND_PER_DAY_USD)
    ceilings = [*([min(own)] if own else []), *(one for one in days if one is not None)]
    return ceiling_warning(models.unpriced_for(dict(STEP_TASKS.values())), ceilings) if ceilings else ""


def usual_ceiling() -> float | None:
    """Return the ceiling in US dollars that a generation has unless a lower one is asked for."""
    ceiling: float | None = settings.FLEET_SPEND_PER_GENERATION_USD
    return ceiling
