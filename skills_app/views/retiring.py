"""Deprecate a skill, take that back, or withdraw it: each asks for a reason and says what comes of it."""

from collections.abc import Callable
from typing import Any, cast

from django.contrib import messages
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from fleet_site.access import may, refusal, require
from fleet_site.http import render_page
from skills_app.domain.errors import PromotionBlocked, PromotionInvalid, PublishingError
from skills_app.models import Skill
from skills_app.queries.dependency_graph import active_dependents
from skills_app.queries.resolve_path import resolve_path
from skills_app.services.retire_skill import deprecate_skill, reactivate_skill, withdraw_skill
from skills_app.views.skills import skill_or_404

Act = Callable[[HttpRequest, Skill], str]


@require_http_methods(["GET", "POST"])
@require("promote")
def skill_deprecate(request: HttpRequest, key: str) -> HttpResponse:
    """Mark a skill as one to leave, and say what takes its place."""
    words = {
        "title": "Deprecate",
        "button": "Deprecate it",
        "explanation": "It stays in the library folder, so agents that name it still find it; the index marks it and the "
        "list of available skills leaves it out.",
    }
    extra = {"replaced_by": request.POST.get("replaced_by", ""), "asks_successor": True}
    return _confirmed(request, key, words, _deprecate, extra)


@require_http_methods(["GET", "POST"])
@require("promote")
def skill_reactivate(request: HttpRequest, key: str) -> HttpResponse:
    """Take a deprecation back."""
    words = {
        "title": "Take the deprecation back",
        "button": "Make it active",
        "explanation": "The index marks it as active, and the list of available skills has it again.",
    }
    return _confirmed(request, key, words, _reactivate, {})


@require_http_methods(["GET", "POST"])
@require("promote")
def skill_withdraw(request: HttpRequest, key: str) -> HttpResponse:
    """Take a skill out of the library folder."""
    words = {
        "title": "Withdraw",
        "button": "Withdraw it",
        "kind": "danger",
        "explanation": "Its folder and its entry in the index are removed, and the skill is archived. Every version stays "
        "here and can be promoted again.",
    }
    dependents = active_dependents(skill_or_404(key))
    return _confirmed(request, key, words, _withdraw, {"dependents": dependents})


def _confirmed(
    request: HttpRequest, key: str, words: dict[str, str], act: Act, extra: dict[str, Any]
) -> HttpResponse:
    """Ask on GET, act on POST; what is refused is said beside what was typed."""
    skill = skill_or_404(key)
    branch = skill.category.path if skill.category else None
    if not may(request.user, "promote", branch=branch):
        raise PermissionDenied(refusal("promote", branch=branch))
    back = f"{skill.get_absolute_url()}?tab=publishing"
    errors: list[str] = []
    if request.method == "POST":
        try:
            messages.success(request, act(request, skill))
        except PromotionBlocked as error:
            errors = [*error.reasons]
        except (PromotionInvalid, PublishingError) as error:
            errors = [str(error)]
        else:
            return redirect(back)
    context = {
        **words,
        **extra,
        "skill": skill,
        "back": back,
        "errors": errors,
        "reason": request.POST.get("reason", ""),
    }
    return render_page(
        request,
        "skills_app/publishing_confirm.html",
        context,
        partial="publishing-confirm",
        status=422 if errors else 200,
    )


def _deprecate(request: HttpRequest, skill: Skill) -> str:
    address = request.POST.get("replaced_by", "").strip()
    found = resolve_path(address) if address else None
    if address and (found is None or found.skill is None):
        raise PromotionInvalid("replaced_by", f"No skill answers to '{address[:200]}'. Give its path.")
    successor = found.skill if found else None
    deprecate_skill(
        skill=skill, actor=_user(request), reason=request.POST.get("reason", ""), replaced_by=successor
    )
    return f"{skill.path} is deprecated."


def _reactivate(request: HttpRequest, skill: Skill) -> str:
    reactivate_skill(skill=skill, actor=_user(request), reason=request.POST.get("reason", ""))
    return f"{skill.path} is active again."


def _withdraw(request: HttpRequest, skill: Skill) -> str:
    withdraw_skill(
        skill=skill,
        actor=_user(request),
        reason=request.POST.get("reason", ""),
        now=timezone.now(),
        despite_dependents="despite_dependents" in request.POST,
    )
    return f"{skill.path} is withdrawn; its versions stay here."


def _user(request: HttpRequest) -> User:
    return cast(User, request.user)
