"""The page of one generation, its parts as fragments, and what a person does to it."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from fleet_site.access import may, may_with, people_who_may, refusal, require
from fleet_site.http import is_fragment, render_page
from runs_app.domain.errors import ModelError, TransitionRefused
from runs_app.domain.generation import LIVE, GenerationStatus, options_from_data, request_from_data
from runs_app.generation_forms import PromptForm, prompt_form
from runs_app.models import Generation, HumanPrompt
from runs_app.queries.generation_page import (
    MissedAnswer,
    answers_of,
    events_for_trail,
    generation_by_key,
    is_any_worker_alive,
    made_so_far,
    open_prompt_of,
    run_of,
)
from runs_app.queries.generation_progress import Progress, generation_progress, state_of
from runs_app.queries.regeneration import review_of_generation
from runs_app.services.steer_generation import cancel_generation, complete_generation, retry_generation
from runs_app.services.watch_generations import is_note_due, note_watched
from skills_app.adapters.markdown import render_markdown
from skills_app.queries.gate_of_version import gate_for_version
from skills_app.services.render_document import render_document

TEMPLATE = "runs_app/generation_detail.html"
CARE = "runs_app/_generation_prompt.html#prompt-care"
PARTS = {"now": "generation-now", "made": "generation-made", "trail": "generation-trail"}
# How often a page asks when nothing streams: quickly while something is at work, slowly while people are waited for.
PACE = {
    GenerationStatus.PENDING: 2,
    GenerationStatus.RUNNING: 2,
    GenerationStatus.PENDING_USER_INPUT: 10,
    GenerationStatus.PENDING_HITL: 10,
    GenerationStatus.PENDING_REVIEW: 30,
    GenerationStatus.FAILED: 30,
}


@require_GET
@require("read")
def generation_detail(request: HttpRequest, key: str) -> HttpResponse:
    """Show one generation: what it needs now, its course, what was made, and what happened."""
    generation = _generation_or_404(key)
    _note_watched(generation)
    return show_page(request, generation)


@require_GET
@require("read")
def generation_progress_part(request: HttpRequest, key: str) -> HttpResponse:
    """Return what is new since event ``after``, or 204; ``part`` asks for another part of the page. Without htmx, the page."""
    generation = _generation_or_404(key)
    if not is_fragment(request):
        return redirect(generation)
    part = request.GET.get("part", "")
    if part == "care":
        return _care_part(request, generation)
    if part in PARTS:
        return render_page(request, TEMPLATE, _part_context(request, generation, part), partial=PARTS[part])
    state, care = request.GET.get("state", ""), request.GET.get("care", "")
    _note_watched(generation)
    is_same = request.GET.get("after") == str(generation.num_events)
    if is_same and (state, care) == state_of(generation):
        return HttpResponse(status=204)
    context = _course_context(request, generation)
    progress: Progress = context["progress"]
    # The button of the header goes or comes with the state; while that is the same, an open menu is left alone.
    context["is_header_due"] = _is_stoppable(state.partition("-")[0]) != _is_stoppable(generation.status)
    context["can_cancel"] = _can_cancel(request, generation)
    response = render_page(request, TEMPLATE, context, partial="generation-progress")
    if progress.state != state:
        response["HX-Trigger"] = "generation-changed"
    elif progress.care != care:
        response["HX-Trigger"] = "care-changed"
    return response


@require_POST
@require("read")
def generation_cancel(request: HttpRequest, key: str) -> HttpResponse:
    """Stop a generation, and say what is kept of it."""
    generation = _generation_or_404(key)
    if not may_with(request.user, "cancel_generation", owner_id=generation.requested_by_id):
        raise PermissionDenied(refusal("launch"))
    try:
        said = cancel_generation(
            generation=generation, user=_user(request), reason=request.POST.get("reason", "")
        )
    except TransitionRefused as error:
        messages.warning(request, str(error))
    else:
        messages.success(request, said)
    return redirect(generation)


@require_POST
@require("launch")
def generation_retry(request: HttpRequest, key: str) -> HttpResponse:
    """Take a failed generation up again from the step that failed."""
    generation = _generation_or_404(key)
    try:
        retry_generation(generation=generation, user=_user(request))
    except (TransitionRefused, ModelError) as error:
        messages.warning(request, str(error))
    else:
        messages.success(request, "It goes on from the step that failed; what is stored is not asked again.")
    return redirect(generation)


@require_POST
@require("launch")
def generation_complete(request: HttpRequest, key: str) -> HttpResponse:
    """Close a generation whose draft is ready."""
    generation = _generation_or_404(key)
    try:
        complete_generation(generation=generation, user=_user(request))
    except TransitionRefused as error:
        messages.warning(request, str(error))
    else:
        messages.success(request, "The draft was taken over; the generation is completed.")
    return redirect(generation)


def show_page(
    request: HttpRequest,
    generation: Generation,
    *,
    form: PromptForm | None = None,
    missed: MissedAnswer | None = None,
    status: int = 200,
) -> HttpResponse:
    """Return the whole page; ``form`` is the open question with what was typed, ``missed`` an answer that came too late."""
    # What answers a form must not be loaded anew by itself: what was typed would be gone.
    is_reloading = _is_at_work(generation) and request.method != "POST"
    context = _course_context(request, generation)
    context |= _now_context(request, generation, form)
    context |= _made_context(generation) | _trail_context(request, generation)
    context |= {
        "missed": missed,
        "can_cancel": _can_cancel(request, generation),
        "request_data": request_from_data(generation.request) if generation.request else None,
        "feedback": generation.result.get("feedback"),
        "options": options_from_data(generation.options) if generation.options else None,
        "reload_seconds": PACE[GenerationStatus(generation.status)] + 3 if is_reloading else 0,
    }
    return render_page(request, TEMPLATE, context, status=status)


def show_now(
    request: HttpRequest,
    key: str,
    *,
    form: PromptForm | None = None,
    missed: MissedAnswer | None = None,
    status: int = 200,
) -> HttpResponse:
    """Return what the generation needs now, and ``missed`` beside it; the whole page without htmx."""
    generation = _generation_or_404(key)
    if not is_fragment(request):
        return show_page(request, generation, form=form, missed=missed, status=status)
    context = _now_context(request, generation, form) | {"missed": missed, "is_beside": missed is not None}
    response = render_page(request, TEMPLATE, context, partial="generation-now", status=status)
    if status == 200:
        response["HX-Trigger"] = "generation-moved"
    return response


def _part_context(request: HttpRequest, generation: Generation, part: str) -> dict[str, Any]:
    if part == "now":
        return _now_context(request, generation)
    return _made_context(generation) if part == "made" else _trail_context(request, generation)


def _course_context(request: HttpRequest, generation: Generation) -> dict[str, Any]:
    pace = PACE.get(GenerationStatus(generation.status), 0)
    progress = generation_progress(generation, now=timezone.now())
    return {
        "generation": generation,
        "progress": progress,
        "pace": pace,
        "is_streaming": generation.is_live,
        "run": run_of(generation),
    }


def _now_context(
    request: HttpRequest, generation: Generation, form: PromptForm | None = None
) -> dict[str, Any]:
    context: dict[str, Any] = {
        "generation": generation,
        "can_launch": may(request.user, "launch"),
        "revised": review_of_generation(generation),
    }
    prompt = open_prompt_of(generation) if generation.is_waiting else None
    if prompt is not None:
        context |= prompt_context(request, prompt, form)
    if generation.status == GenerationStatus.PENDING:
        context["is_worker_missing"] = not is_any_worker_alive(now=timezone.now())
    if generation.version is not None:
        context["gate"] = gate_of(generation)
    return context


def prompt_context(
    request: HttpRequest, prompt: HumanPrompt, form: PromptForm | None = None
) -> dict[str, Any]:
    """Return what the fragment of an open question shows."""
    asked = prompt.asked
    known = dict(prompt.problems) if prompt.problems else {}
    return {
        "prompt": prompt,
        "form": form or prompt_form(asked, problems=known),
        "content": render_markdown(asked.content, id_prefix="preview-") if asked.content else None,
        "confidence": round(100 * asked.confidence) if asked.confidence is not None else None,
        "can_answer": may_with(request.user, "answer_prompts", owner_id=prompt.generation.requested_by_id),
        "people": people_who_may("answer_prompts"),
    }


def gate_of(generation: Generation) -> Any:
    """Return what the gate in force says of the version that came of ``generation``, or None."""
    version = generation.version
    return gate_for_version(version, today=timezone.localdate()) if version is not None else None


def _made_context(generation: Generation) -> dict[str, Any]:
    made = made_so_far(generation)
    version = generation.version
    text = version.content if version is not None else made.text
    return {
        "generation": generation,
        "made": made,
        "document": render_document(text=text, id_prefix="draft-") if text else None,
        "answers": answers_of(generation),
        "reports": version.validation_reports.all() if version is not None else (),
        "assessments": version.quality_assessments.all() if version is not None else (),
    }


def _trail_context(request: HttpRequest, generation: Generation) -> dict[str, Any]:
    return {
        "generation": generation,
        "events": events_for_trail(generation, page=request.GET.get("events")),
        "trail_url": f"{generation.get_absolute_url()}?events=",
    }


def _care_part(request: HttpRequest, generation: Generation) -> HttpResponse:
    """Return who looks after the open question; 204 when there is none any more."""
    prompt = open_prompt_of(generation)
    if prompt is None:
        return HttpResponse(status=204)
    return render(request, CARE, prompt_context(request, prompt) | {"generation": generation})


def _can_cancel(request: HttpRequest, generation: Generation) -> bool:
    return _is_stoppable(generation.status) and may_with(
        request.user, "cancel_generation", owner_id=generation.requested_by_id
    )


def _is_stoppable(status: str) -> bool:
    return status in LIVE and status != GenerationStatus.PENDING_REVIEW


def _note_watched(generation: Generation) -> None:
    """Have the worker let models stream for whoever looks on, also for those whose browser only asks now and then."""
    if _is_at_work(generation) and is_note_due(generation.watched_until, timezone.now()):
        note_watched([generation.pk])


def _is_at_work(generation: Generation) -> bool:
    return generation.status in {GenerationStatus.PENDING, GenerationStatus.RUNNING}


def _generation_or_404(key: str) -> Generation:
    generation = generation_by_key(key)
    if generation is None:
        raise Http404("There is no such generation.")
    return generation


def _user(request: HttpRequest) -> User:
    user = request.user
    assert isinstance(user, User)
    return user
