"""Questions to people: take one on, hand it over, answer it. The answer wakes a worker."""

from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.utils import timezone

from runs_app.domain.errors import PromptTaken, TransitionRefused
from runs_app.domain.generation import GenerationStatus, PromptState, require_transition
from runs_app.domain.pipeline_items import EventKind
from runs_app.domain.prompts import Action, read_answer
from runs_app.models import Generation, HumanPrompt
from runs_app.services.generation_store import end_generation, note_event
from runs_app.services.wake_workers import wake_workers
from runs_app.services.watch_generations import watched_from
from skills_app.domain.storable import storable_json
from skills_app.services.record_audit import record_audit


@transaction.atomic
def answer_prompt(
    *, prompt: HumanPrompt, given: Mapping[str, Any], user: Any = None, user_name: str = ""
) -> None:
    """Keep the answer with who gave it, who is taken to look on, and let the generation go on; cancelling ends it.

    Raises:
        AnswerInvalid: a value does not fit its question; every fault at once, nothing is kept.
        TransitionRefused: somebody answered already, or the generation was stopped. The very same answer of the very same
            person is no fault: it was taken.
    """
    generation = Generation.objects.select_for_update().get(pk=prompt.generation_id)
    row = HumanPrompt.objects.select_for_update().get(pk=prompt.pk)
    name = user_name or (user.get_username() if user is not None else "")
    said = storable_json(
        {
            "action": given.get("action", Action.PROCEED),
            "feedback": str(given.get("feedback") or "").strip(),
            "values": dict(given.get("values") or {}),
        }
    )
    if (
        row.state == PromptState.ANSWERED
        and user is not None
        and (row.answered_by, row.answer) == (user, said)
    ):
        return  # The same form, sent twice.
    _require_open(row, " Your answer was not taken.")
    answer = read_answer(row.asked, given)
    now = timezone.now()
    row.state = PromptState.ANSWERED
    row.answer = said | {"feedback": answer.feedback}
    row.problems = []
    row.answered_at, row.answered_by, row.answered_by_name = now, user, name[:150]
    row.save()
    note_event(
        generation_id=generation.pk,
        kind=EventKind.PROMPT_ANSWERED,
        phase=row.phase,
        step=row.step,
        key=row.key,
        message=f"{name or 'Somebody'} answered: {answer.action}.",
        data={"action": answer.action, "seconds": (now - row.asked_at).total_seconds()},
    )
    record_audit(
        verb="answered_prompt",
        target_kind="generation",
        target_key=generation.key,
        actor=user,
        actor_name=name,
        after=row.answer | {"prompt": row.key},
    )
    if answer.action is Action.CANCEL:
        why = f": {answer.feedback}" if answer.feedback else ""
        end_generation(
            generation_id=generation.pk,
            status=GenerationStatus.CANCELLED,
            message=f"{name or 'Somebody'} cancelled it at “{row.asked.title}”{why}. What was made is kept.",
            cancelled_by_name=name,
        )
    else:
        require_transition(GenerationStatus(generation.status), GenerationStatus.PENDING)
        Generation.objects.filter(pk=generation.pk).update(
            status=GenerationStatus.PENDING, queued_at=now, watched_until=watched_from(now), updated_at=now
        )
    wake_workers()


@transaction.atomic
def claim_prompt(*, prompt: HumanPrompt, user: Any, is_taking_over: bool = False) -> None:
    """Say that ``user`` looks after a question, so that others leave it; anybody may still answer.

    Raises:
        PromptTaken: somebody else has it; taking over must be meant.
    """
    row = HumanPrompt.objects.select_for_update(of=("self",)).select_related("claimed_by").get(pk=prompt.pk)
    _require_open(row)
    other = row.claimed_by
    if other is not None and other != user and not is_taking_over:
        raise PromptTaken(f"{other.get_username()} looks after this question. Take it over if you mean to.")
    row.claimed_by, row.claimed_at, row.handed_by_name = user, timezone.now(), ""
    row.save(update_fields=["claimed_by", "claimed_at", "handed_by_name"])
    record_audit(
        verb="claimed_prompt",
        target_kind="generation",
        target_key=row.generation.key,
        actor=user,
        before={"claimed_by": other.get_username() if other is not None else ""},
        after={"prompt": row.key},
    )


@transaction.atomic
def hand_over_prompt(*, prompt: HumanPrompt, to: Any, user: Any) -> None:
    """Give a question to somebody else, or with ``to`` None back to everybody.

    Raises:
        PromptTaken: somebody else has it, and ``user`` would take it for themselves; that is taking over.
        TransitionRefused: it is answered, or the generation was stopped.
    """
    row = HumanPrompt.objects.select_for_update(of=("self",)).select_related("claimed_by").get(pk=prompt.pk)
    _require_open(row)
    if to is not None and to == user and row.claimed_by not in (None, user):
        raise PromptTaken(
            f"{row.claimed_by.get_username()} looks after this question. Take it over if you mean to."
        )
    row.claimed_by = to
    row.claimed_at = timezone.now() if to is not None else None
    row.handed_by_name = user.get_username()[:150] if user is not None else ""
    row.save(update_fields=["claimed_by", "claimed_at", "handed_by_name"])
    record_audit(
        verb="handed_over_prompt",
        target_kind="generation",
        target_key=row.generation.key,
        actor=user,
        after={"prompt": row.key, "to": to.get_username() if to is not None else ""},
    )


def _require_open(row: HumanPrompt, consequence: str = "") -> None:
    if row.state == PromptState.VOID:
        raise TransitionRefused(f"The generation was stopped before anybody answered this.{consequence}")
    if row.state != PromptState.OPEN:
        raise TransitionRefused(
            f"{row.answered_by_name or 'Somebody'} has answered this already.{consequence}"
        )
