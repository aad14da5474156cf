"""Ask for a skill, or for many: the form, the look at what there is already, and the start."""

from hashlib import sha256
from typing import Any

from django.contrib import messages
from django.contrib.auth.models import User
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_http_methods
from django_htmx.http import HttpResponseClientRedirect

from fleet_site.access import may, refusal, require
from fleet_site.http import is_fragment, render_page
from runs_app.domain.errors import ModelError, ProgramUnreadable, RequestInvalid
from runs_app.domain.generation import request_from_data
from runs_app.generation_forms import BatchForm, GenerationForm, OptionsForm
from runs_app.models import Generation
from runs_app.queries.generation_estimate import generation_estimate
from runs_app.queries.generation_page import batch_by_key, generation_by_key, latest_generation_of
from runs_app.queries.library_view import similar_skills
from runs_app.services.generation_choices import chosen_models, generation_choices
from runs_app.services.request_generation import (
    MOST_TASKS,
    STAGGER_SECONDS,
    request_batch,
    request_generation,
    require_task,
)
from skills_app.models import Skill
from skills_app.queries.skill_page import skill_by_key

TEMPLATE = "runs_app/generation_form.html"
BATCH_TEMPLATE = "runs_app/generation_batch.html"


@require_http_methods(["GET", "HEAD", "POST"])
@require("launch")
def generation_new(request: HttpRequest) -> HttpResponse:
    """Show the form; look for skills like the task; start when that was seen, or 422 with what is wrong."""
    choices, skill = generation_choices(), _skill_or_404(request.GET.get("skill", ""))
    if request.method != "POST":
        other = generation_by_key(request.GET.get("again", "")) or latest_generation_of(skill)
        words = _words_of(other, skill)
        form = GenerationForm(
            choices=choices, skip_refusal=_skip_refusal(request), skill=skill, initial=words
        )
        return _form_page(request, form)
    form = GenerationForm(request.POST, choices=choices, skip_refusal=_skip_refusal(request), skill=skill)
    # The section that follows the typing asks for itself; the button, as the form does, asks for the whole form.
    if is_fragment(request) and request.headers.get("HX-Target") == "generation-check":
        return render_page(request, TEMPLATE, _check(form), partial="generation-check")
    if not form.is_valid():
        return _form_page(request, form, status=422)
    task = form.cleaned_data["task"]
    if "check" in request.POST or request.POST.get("seen") != _digest(task):
        return _form_page(request, form, context=_check(form) | {"is_asked_to_look": True})
    user = _user(request)
    key = form.request_key(user.pk)
    before = generation_by_key(key) if key else None
    if before is not None:
        return _lead_back(request, before.get_absolute_url())
    try:
        generation = request_generation(
            request=form.request_for(task),
            options=form.options(),
            user=user,
            skill=form.skill_made_anew,
            key=key,
            is_watched=True,
        )
    except (RequestInvalid, ModelError) as error:
        _refuse(form, error, field="task")
        return _form_page(request, form, status=422)
    return _go(request, generation.get_absolute_url())


@require_http_methods(["GET", "HEAD", "POST"])
@require("launch")
def generation_batch(request: HttpRequest) -> HttpResponse:
    """Show the form for many tasks; show what was read and ask once; start them one after another."""
    choices = generation_choices()
    if request.method != "POST":
        return _batch_page(request, BatchForm(choices=choices, skip_refusal=_skip_refusal(request)))
    form = BatchForm(request.POST, request.FILES, choices=choices, skip_refusal=_skip_refusal(request))
    if not form.is_valid():
        return _batch_page(request, form, status=422)
    tasks: list[str] = form.cleaned_data["all_tasks"]
    user = _user(request)
    key = form.request_key(user.pk)
    try:
        _check_tasks(tasks)
        if "confirmed" not in request.POST:
            return _batch_page(request, form, context=_confirmation(form, tasks))
        before = batch_by_key(key) if key else None
        if before is not None:
            return _lead_back(request, before.get_absolute_url())
        batch = request_batch(
            tasks=tasks,
            request=form.request_for(""),
            options=form.options(),
            name=form.cleaned_data["name"],
            user=user,
            key=key,
        )
    except (RequestInvalid, ModelError) as error:
        _refuse(form, error, field="tasks")
        return _batch_page(request, form, status=422)
    num = batch.num_tasks
    said = f"{num} generations were asked for; they begin one after another."
    messages.success(
        request, said if num > 1 else "One generation was asked for; it begins as soon as it can."
    )
    return _go(request, batch.get_absolute_url())


def _check_tasks(tasks: list[str]) -> None:
    """Let tasks pass that can be worked on.

    Raises:
        RequestInvalid: there is none, there are too many, or one cannot be used; the message says which.
    """
    if not tasks:
        raise RequestInvalid("Give at least one task, one a line, or a file of them.")
    if len(tasks) > MOST_TASKS:
        raise RequestInvalid(f"A batch has at most {MOST_TASKS} tasks; these are {len(tasks)}.")
    for number, task in enumerate(tasks, start=1):
        try:
            require_task(task)
        except RequestInvalid as error:
            raise RequestInvalid(f"Task {number}: {error}") from error


def _skip_refusal(request: HttpRequest) -> str:
    return "" if may(request.user, "auto_approve") else refusal("auto_approve")


def _skill_or_404(key: str) -> Skill | None:
    skill = skill_by_key(key) if key else None
    if key and skill is None:
        raise Http404("There is no such skill.")
    return skill


def _words_of(other: Generation | None, skill: Skill | None) -> dict[str, Any]:
    """Return what the form begins with: what was asked for in ``other``, or what is known of ``skill``."""
    if other is None or not other.request or "revision" in other.request:
        if skill is None:
            return {}
        place = skill.category.path if skill.category else ""
        return {"task": skill.description or skill.name, "placement_hint": place}
    asked = request_from_data(other.request)
    return {
        "task": asked.task,
        "examples": "\n".join(asked.examples),
        "constraints": asked.constraints,
        "placement_hint": asked.placement_hint,
        "style": asked.style.value,
    }


def _check(form: GenerationForm) -> dict[str, Any]:
    """Return what is to be seen before the start: similar skills, and what it will probably take."""
    task = str(form.data.get("task", "")).replace("\x00", "").strip()
    context: dict[str, Any] = {"task": task, "seen": _digest(task)}
    if task:
        found = [one for one in similar_skills(task=task) if one.skill != form.skill]
        context["similar"] = [(one, round(100 * one.overlap)) for one in found]
        context |= _estimate(form)
    return context


def _estimate(form: OptionsForm) -> dict[str, Any]:
    form.is_valid()
    data = form.cleaned_data
    model = data.get("model") or ""
    chosen = chosen_models(models={"": model} if model else {}, ceiling_usd=data.get("ceiling_usd"))
    number = data.get("num_candidates") or 1
    return {
        "chosen_models": chosen,
        "num_candidates": number,
        "estimate": generation_estimate(model=chosen.names, num_candidates=number),
    }


def _confirmation(form: BatchForm, tasks: list[str]) -> dict[str, Any]:
    context = _estimate(form)
    found = context["estimate"]
    if found.num_runs:
        context["all_tokens"] = round(found.tokens.middle * len(tasks))
        context["all_cost"] = found.cost_usd.middle * len(tasks) if found.cost_usd else None
    kept = [
        (name, value)
        for name in form.data
        for value in form.data.getlist(name)  # type: ignore[attr-defined]
        if name not in {"tasks", "file", "csrfmiddlewaretoken"}
    ]
    return context | {
        "tasks": tasks,
        "tasks_text": "\n".join(tasks),
        "kept": kept,
        "stagger_seconds": STAGGER_SECONDS,
        "last_start_seconds": STAGGER_SECONDS * (len(tasks) - 1),
    }


def _digest(task: str) -> str:
    return sha256(" ".join(task.split()).encode("utf-8", "surrogatepass")).hexdigest()[:16]


def _refuse(form: OptionsForm, error: Exception, *, field: str) -> None:
    if isinstance(error, ModelError):
        field = "program" if isinstance(error, ProgramUnreadable) else "model"
    form.add_error(field, str(error))


def _form_page(
    request: HttpRequest, form: GenerationForm, *, context: dict[str, Any] | None = None, status: int = 200
) -> HttpResponse:
    address = reverse("runs:generation_new") + (f"?skill={form.skill.key}" if form.skill else "")
    found = {"form": form, "address": address, "problem": generation_choices().problem, "seen": ""}
    found |= context or {}
    return render_page(request, TEMPLATE, found, partial="generation-form", status=status)


def _batch_page(
    request: HttpRequest, form: BatchForm, *, context: dict[str, Any] | None = None, status: int = 200
) -> HttpResponse:
    found = {"form": form, "problem": generation_choices().problem, "most": MOST_TASKS, **(context or {})}
    return render_page(request, BATCH_TEMPLATE, found, partial="batch-form", status=status)


def _lead_back(request: HttpRequest, address: str) -> HttpResponse:
    messages.info(
        request, "This form was sent before. Here is what it began; nothing was begun a second time."
    )
    return _go(request, address)


def _go(request: HttpRequest, address: str) -> HttpResponse:
    return HttpResponseClientRedirect(address) if is_fragment(request) else redirect(address)


def _user(request: HttpRequest) -> User:
    user = request.user
    assert isinstance(user, User)
    return user
