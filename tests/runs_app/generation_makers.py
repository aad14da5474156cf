"""Generations in any state, made without a worker."""

from datetime import timedelta
from typing import Any

from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from runs_app.domain.generation import (
    GenerationOptions,
    GenerationRequest,
    GenerationStatus,
    options_as_data,
    request_as_data,
)
from runs_app.domain.pipeline_items import EventKind
from runs_app.domain.prompts import Prompt, PromptKind, Question, QuestionKind, prompt_as_data
from runs_app.models import Generation, GenerationEvent, HumanPrompt, StepResult
from skills_app.models import RoleGrant

HTMX = {"HTTP_HX_REQUEST": "true"}
QUESTIONS = (
    Question(
        "q1",
        "Who will use it?",
        QuestionKind.SINGLE,
        ("Beginners", "Experts"),
        allows_other=True,
        why="It is not said.",
        changes="how much is explained",
    ),
    Question("q2", "With an example?", QuestionKind.BOOLEAN),
    Question("q3", "Which formats?", QuestionKind.MULTI, ("CSV", "JSON"), is_required=False),
    Question("q4", "Anything else?", QuestionKind.TEXT, is_required=False),
)


def person(name: str, role: str = "") -> User:
    """Return a person with one role for the whole library."""
    user = User.objects.create_user(name)
    if role:
        RoleGrant.objects.create(user=user, role=role)
    return user


def client_of(user: User) -> Client:
    """Return a client that is signed in."""
    client = Client()
    client.force_login(user)
    return client


def generation(task: str = "Clean CSV files", **fields: Any) -> Generation:
    """Return a generation; what is not given is as for a new one."""
    usual: dict[str, Any] = {
        "task": task,
        "request": request_as_data(GenerationRequest(task)),
        "options": options_as_data(GenerationOptions()),
        "model": "openai/x",
        "requested_by_name": "ada",
        "queued_at": timezone.now(),
    }
    return Generation.objects.create(**usual | fields)


def prompt(of: Generation, kind: PromptKind = PromptKind.CLARIFY, **fields: Any) -> HumanPrompt:
    """Return an open question of ``of``, and let it wait with it."""
    asks_words = kind in {PromptKind.CLARIFY, PromptKind.STRUCTURE_FIX}
    of.status = GenerationStatus.PENDING_USER_INPUT if asks_words else GenerationStatus.PENDING_HITL
    of.phase = "understand"
    of.save()
    questions = QUESTIONS if asks_words else ()
    asked = Prompt(kind, fields.pop("title", "A few questions"), questions=questions, content="# Draft\n")
    usual: dict[str, Any] = {
        "key": kind.value,
        "step": "clarify" if asks_words else "confirm",
        "phase": "understand",
        "kind": kind,
        "prompt": prompt_as_data(asked),
        "asked_at": timezone.now() - timedelta(minutes=3),
    }
    return HumanPrompt.objects.create(generation=of, **usual | fields)


def event(of: Generation, kind: EventKind, **fields: Any) -> GenerationEvent:
    """Append one event."""
    of.num_events += 1
    of.save()
    return GenerationEvent.objects.create(
        generation=of, number=of.num_events, kind=kind, **{"at": timezone.now()} | fields
    )


def step(of: Generation, key: str, *, phase: str = "understand", **fields: Any) -> StepResult:
    """Store one finished step that took two seconds."""
    now = timezone.now()
    usual: dict[str, Any] = {
        "step": key.split(".")[0].split("/")[0],
        "phase": phase,
        "title": f"Do {key}",
        "result": {"reasoning": f"Because of {key}."},
        "models_used": ["openai/x"],
        "prompt_tokens": 100,
        "completion_tokens": 23,
        "cost_usd": 0.0123,
        "started_at": now - timedelta(seconds=2),
        "finished_at": now,
    }
    return StepResult.objects.create(generation=of, key=key, **usual | fields)
