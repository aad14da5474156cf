"""What the page of a generation shows beside its course: what was made, what people said, and what happened."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from django.core.paginator import Page, Paginator

from runs_app.domain.early_checks import placed
from runs_app.domain.generation import PromptState
from runs_app.domain.generation_words import ACTION_WORDS
from runs_app.domain.pipeline_items import EventKind
from runs_app.domain.prompts import OTHER, Action, PromptKind, Question
from runs_app.models import (
    Generation,
    GenerationBatch,
    GenerationEvent,
    HumanPrompt,
    Run,
    StepResult,
    WorkerBeat,
)
from runs_app.queries.generation_progress import MAKING
from skills_app.models import Skill

EVENTS_PER_PAGE = 100
SILENT_AFTER = timedelta(seconds=45)
_TEXTS = ("refined_content", "skill_content")


@dataclass(frozen=True, slots=True)
class PlanView:
    """The plan as far as it stands. ``parts`` are the sections, in order."""

    name: str
    description: str
    place: str
    parts: tuple[str, ...]
    criteria: tuple[str, ...]
    length: str


@dataclass(frozen=True, slots=True)
class Made:
    """What there is to look at: the plan, and the latest text with the title of the step that wrote it."""

    plan: PlanView | None
    text: str
    text_from: str


@dataclass(frozen=True, slots=True)
class GivenAnswer:
    """What somebody said to a prompt: the decision in words, and each question with its answer."""

    prompt: HumanPrompt
    action: str
    feedback: str
    values: tuple[tuple[str, str], ...]
    waited_seconds: float


@dataclass(frozen=True, slots=True)
class MissedAnswer:
    """An answer that came too late, in words, with why, and the answer that was taken instead, if any."""

    prompt: HumanPrompt
    reason: str
    action: str
    feedback: str
    values: tuple[tuple[str, str], ...]
    taken: GivenAnswer | None


def generation_by_key(key: str) -> Generation | None:
    """Return the generation with its people, batch and version, or None."""
    rows = Generation.objects.select_related("requested_by", "batch", "version__skill", "skill")
    return (
        rows.defer("version__content", "version__metadata", "version__front_matter").filter(key=key).first()
    )


def latest_generation_of(skill: Skill | None) -> Generation | None:
    """Return the generation that last was to make or did make ``skill`` of a task, not of a review; None without one."""
    rows = Generation.objects.filter(skill=skill, request__revision__isnull=True)
    return rows.first() if skill is not None else None


def batch_by_key(key: str) -> GenerationBatch | None:
    """Return the batch, or None."""
    return GenerationBatch.objects.filter(key=key).first()


def open_prompt_of(generation: Generation) -> HumanPrompt | None:
    """Return the question that the generation waits with, or None."""
    rows = HumanPrompt.objects.filter(generation=generation, state=PromptState.OPEN)
    return rows.select_related("claimed_by", "generation").first()


def made_so_far(generation: Generation) -> Made:
    """Return the plan and the latest text of a generation, from its stored steps and what people said to them.

    The plan of one that is done is the one that it went by.
    """
    rows = StepResult.objects.filter(generation=generation, step__in=[*MAKING, "structure", "placement"])
    plan: PlanView | None = None
    text = text_from = place = ""
    said: Mapping[str, Any] = {}
    for row in rows.order_by("finished_at", "pk"):
        result: Mapping[str, Any] = row.result if isinstance(row.result, dict) else {}
        place = str(result.get("recommended_path") or place)
        said = result if result.get("is_said") else said
        if isinstance(result.get("skill_metadata"), dict):
            plan = _plan(result, place)
        written = next((result[name] for name in _TEXTS if isinstance(result.get(name), str)), "")
        if written:
            text, text_from = written, row.title or row.key
    return Made(plan and _settled(plan, generation, said), text, text_from)


def _settled(plan: PlanView, generation: Generation, said: Mapping[str, Any]) -> PlanView:
    """Return a plan as it was gone by or, before that is known, with the name and the place that a person gave."""
    kept = generation.result.get("plan") if isinstance(generation.result, dict) else None
    if isinstance(kept, dict) and kept.get("path"):
        return replace(plan, name=kept["name"], description=kept["description"], place=kept["path"])
    if said:
        plan = replace(plan, name=str(said["name"]), description=str(said["description"]))
    answered = HumanPrompt.objects.filter(
        generation=generation, kind=PromptKind.CONFIRM, state=PromptState.ANSWERED
    ).order_by("-answered_at")
    for row in answered:
        chosen = row.said.get("place")
        place = str(row.said.get(f"place.{OTHER}") or "") if chosen == OTHER else str(chosen or "")
        if place:
            return replace(plan, place=placed(place, name=plan.name))
    return plan


def _plan(result: Mapping[str, Any], place: str) -> PlanView:
    metadata = result["skill_metadata"]
    return PlanView(
        str(metadata.get("name", "")),
        str(metadata.get("description", "")),
        place or str(metadata.get("skill_id", "")),
        _lines(result.get("content_plan")),
        _lines(result.get("success_criteria")),
        str(result.get("estimated_length", "")),
    )


def _lines(value: Any) -> tuple[str, ...]:
    return tuple(str(one) for one in value) if isinstance(value, list) else ()


def answers_of(generation: Generation) -> tuple[GivenAnswer, ...]:
    """Return what people said, in order, each with who, when and how long it was waited for."""
    rows = HumanPrompt.objects.filter(generation=generation, state=PromptState.ANSWERED).order_by(
        "answered_at"
    )
    return tuple(_given(row) for row in rows)


def missed_answer(prompt: HumanPrompt, *, given: Mapping[str, Any], reason: str) -> MissedAnswer:
    """Return what was ``given`` to a question that waits no more, beside what somebody else had said."""
    row = HumanPrompt.objects.get(pk=prompt.pk)
    taken = _given(row) if row.state == PromptState.ANSWERED else None
    values = _values(row, {key: value for key, value in given["values"].items() if value})
    return MissedAnswer(row, reason, _action(given["action"]), given["feedback"].strip(), values, taken)


def _given(row: HumanPrompt) -> GivenAnswer:
    waited = (row.answered_at - row.asked_at).total_seconds() if row.answered_at else 0.0
    action = _action(str(row.answer.get("action", "")))
    return GivenAnswer(row, action, str(row.answer.get("feedback", "")), _values(row, row.said), waited)


def _action(action: str) -> str:
    return ACTION_WORDS[Action(action)] if action in list(Action) else action


def _values(row: HumanPrompt, said: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    """Return each question with what was said to it, in words; also words beside an “other” that was not chosen."""
    return tuple(
        (question.text, _said(question, said))
        for question in row.asked.questions
        if question.key in said or f"{question.key}.{OTHER}" in said
    )


def _said(question: Question, values: Mapping[str, Any]) -> str:
    raw = values.get(question.key, OTHER)
    chosen = [raw] if isinstance(raw, str) else raw if isinstance(raw, list) else [str(raw)]
    words = [
        str(values.get(f"{question.key}.{OTHER}", OTHER)) if one == OTHER else str(one) for one in chosen
    ]
    return ", ".join(words) or "–"


def events_for_trail(generation: Generation, *, page: str | None) -> Page:
    """Return a page of what happened, newest first, without the pieces of text."""
    rows = GenerationEvent.objects.filter(generation=generation)
    rows = rows.exclude(kind__in=[EventKind.TOKENS, EventKind.REASONING]).order_by("-number")
    return Paginator(rows, EVENTS_PER_PAGE).get_page(page)


def run_of(generation: Generation) -> Run | None:
    """Return the mirrored MLflow run of a generation, or None while there is none."""
    return Run.objects.filter(run_id=generation.run_id).first() if generation.run_id else None


def is_any_worker_alive(*, now: datetime) -> bool:
    """Say whether a worker was heard of lately."""
    return WorkerBeat.objects.filter(beat_at__gte=now - SILENT_AFTER).exists()
