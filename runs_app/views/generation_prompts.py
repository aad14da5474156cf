"""What a person does with a question of a generation: answer it, look after it, hand it over. What is typed is never lost."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST

from fleet_site.access import may_with, people_who_may, refusal, require
from fleet_site.http import is_fragment
from runs_app.domain.errors import AnswerInvalid, PromptTaken, TransitionRefused
from runs_app.domain.generation import PromptState
from runs_app.generation_forms import given_answer, has_words, prompt_form
from runs_app.models import HumanPrompt
from runs_app.queries.generation_page import missed_answer
from runs_app.services.answer_prompt import answer_prompt, claim_prompt, hand_over_prompt
from runs_app.views.generation_page import CARE, prompt_context, show_now, show_page


@require_POST
@require("read")
def prompt_answer(request: HttpRequest, key: str, prompt_key: str) -> HttpResponse:
    """Keep an answer and let the generation go on; 422 with the form and what is wrong with it.

    An answer that comes too late is shown again beside the one that was taken.
    """
    prompt = prompt_or_404(key, prompt_key)
    if not _may_answer(request, prompt):
        raise PermissionDenied(refusal("answer_prompts"))
    given = given_answer(prompt.asked, request.POST)
    try:
        answer_prompt(prompt=prompt, given=given, user=_user(request))
    except AnswerInvalid as error:
        form = prompt_form(prompt.asked, given=given, problems=dict(error.problems))
        return show_now(request, key, form=form, status=422)
    except TransitionRefused as error:
        missed = missed_answer(prompt, given=given, reason=str(error))
        return show_now(request, key, missed=missed, status=200 if is_fragment(request) else 409)
    if is_fragment(request):
        return show_now(request, key)
    messages.success(request, "Your answer was taken.")
    return redirect("runs:generation_detail", key=key)


@require_POST
@require("read")
def prompt_claim(request: HttpRequest, key: str, prompt_key: str) -> HttpResponse:
    """Look after a question, so that others leave it; taking it from somebody must be meant."""
    prompt, is_taking = prompt_or_404(key, prompt_key), request.POST.get("take_over") == "1"
    return _care(
        request,
        prompt,
        "You look after this question now. Others see that, and may still answer.",
        lambda: claim_prompt(prompt=prompt, user=_user(request), is_taking_over=is_taking),
    )


@require_POST
@require("read")
def prompt_hand_over(request: HttpRequest, key: str, prompt_key: str) -> HttpResponse:
    """Give a question to somebody who may answer it, or back to everybody."""
    prompt, name = prompt_or_404(key, prompt_key), request.POST.get("to", "")
    to = people_who_may("answer_prompts").filter(username=name).first() if name else None
    said = f"{to.get_username()} looks after it now." if to is not None else "It waits for everybody again."

    def hand_over() -> None:
        if name and to is None:
            raise PromptTaken("Nobody of that name may answer questions. Choose somebody else.")
        hand_over_prompt(prompt=prompt, to=to, user=_user(request))

    return _care(request, prompt, said, hand_over)


def prompt_or_404(key: str, prompt_key: str) -> HumanPrompt:
    """Return the prompt of a generation, with both.

    Raises:
        Http404: there is no such question.
    """
    rows = HumanPrompt.objects.select_related("generation", "claimed_by")
    return get_object_or_404(rows, generation__key=key, key=prompt_key)


def _care(request: HttpRequest, prompt: HumanPrompt, said: str, change: Callable[[], None]) -> HttpResponse:
    """Change who looks after a question, and lead back to where that was asked; a half-typed answer stays."""
    problem = "" if _may_answer(request, prompt) else refusal("answer_prompts")
    if not problem:
        try:
            change()
        except (PromptTaken, TransitionRefused) as error:
            problem = str(error)
    prompt.refresh_from_db()
    if is_fragment(request):
        context = prompt_context(request, prompt) | {"generation": prompt.generation, "care_problem": problem}
        return render(request, CARE, context)
    (messages.error if problem else messages.success)(request, problem or said)
    given = given_answer(prompt.asked, request.POST)
    if has_words(given) and prompt.state == PromptState.OPEN:
        return show_page(request, prompt.generation, form=prompt_form(prompt.asked, given=given))
    if has_words(given):
        missed = missed_answer(prompt, given=given, reason=problem)
        return show_page(request, prompt.generation, missed=missed)
    wanted = request.POST.get("next", "")
    is_ours = url_has_allowed_host_and_scheme(wanted, allowed_hosts={request.get_host()})
    return redirect(wanted if is_ours else prompt.get_absolute_url())


def _may_answer(request: HttpRequest, prompt: HumanPrompt) -> bool:
    return may_with(request.user, "answer_prompts", owner_id=prompt.generation.requested_by_id)


def _user(request: HttpRequest) -> Any:
    user = request.user
    assert isinstance(user, User)
    return user
