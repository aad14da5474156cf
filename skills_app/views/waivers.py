"""Waivers: a condition set aside for a skill or a branch until a day, and taken back."""

from datetime import date, timedelta
from typing import cast

from django.contrib import messages
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.dateparse import parse_date
from django.views.decorators.http import require_http_methods, require_POST

from fleet_site.access import may, refusal, require
from fleet_site.http import render_page
from skills_app.domain.errors import GateDataError
from skills_app.models import Category, Skill, Waiver
from skills_app.queries.gate_of_version import gate_in_force
from skills_app.queries.resolve_path import category_at
from skills_app.services.waive import waive_condition, withdraw_waiver

_USUAL_DAYS = 30


@require_http_methods(["GET", "POST"])
@require("waive")
def waiver_new(request: HttpRequest) -> HttpResponse:
    """Set a condition of the gate aside until a day, for one skill (``?skill=key``) or a branch (``?branch=path``)."""
    target = _target(request)
    branch = _home(target)
    if not may(request.user, "waive", branch=branch):
        raise PermissionDenied(refusal("waive", branch=branch))
    asked = request.GET.get("branch", "")
    if request.method == "GET" and asked and branch and asked != branch:
        words = request.GET.copy()
        words["branch"] = branch
        return redirect(f"{reverse('gates:waiver_new')}?{words.urlencode()}")
    in_force = gate_in_force(branch)
    today = timezone.localdate()
    typed = {
        "condition": request.POST.get("condition", request.GET.get("condition", "")),
        "rule": request.POST.get("rule", "").strip(),
        "reason": request.POST.get("reason", "").strip(),
        "until": request.POST.get("until", (today + timedelta(days=_USUAL_DAYS)).isoformat()),
    }
    is_skill = isinstance(target, Skill)
    back = target.get_absolute_url() if is_skill else f"{reverse('gates:list')}#waivers"
    errors: dict[str, str] = {}
    if request.method == "POST":
        errors = _waive(request, target, typed, today, {one.key for one in in_force.gate.conditions})
        if not errors:
            messages.success(request, f"The condition is waived for {target} until {typed['until']}.")
            return redirect(back)
    context = {
        "target": target,
        "is_skill": is_skill,
        "back": back,
        "above": branch if is_skill and branch and may(request.user, "waive", branch=branch) else "",
        "in_force": in_force,
        "typed": typed,
        "errors": errors,
        "today": today,
    }
    return render_page(
        request, "skills_app/waiver_form.html", context, partial="waiver-form", status=422 if errors else 200
    )


@require_POST
@require("waive")
def waiver_withdraw(request: HttpRequest, pk: int) -> HttpResponse:
    """Take a waiver back."""
    waiver = get_object_or_404(Waiver.objects.select_related("skill__category", "category"), pk=pk)
    branch = branch_of(waiver)
    if not may(request.user, "waive", branch=branch):
        raise PermissionDenied(refusal("waive", branch=branch))
    if withdraw_waiver(waiver=waiver, actor=cast(User, request.user)):
        messages.success(request, "The waiver is withdrawn; the gate counts the condition again.")
    else:
        messages.info(request, "Somebody withdrew it already.")
    return redirect(f"{reverse('gates:list')}#waivers")


def branch_of(waiver: Waiver) -> str | None:
    """Return the path of the branch that a waiver stands in: its own, or that of its skill."""
    target = waiver.skill or waiver.category
    return _home(target) if target else None


def _home(target: Skill | Category) -> str | None:
    category = target.category if isinstance(target, Skill) else target
    return category.path if category else None


def _target(request: HttpRequest) -> Skill | Category:
    """Return what the waiver is for, or end in a 404 that says how to name it."""
    branch, key = request.GET.get("branch", ""), request.GET.get("skill", "")
    found: Skill | Category | None
    if branch:
        found = category_at(branch)
    else:
        found = Skill.objects.select_related("category").filter(key=key).first()
    if found is None:
        raise Http404(
            "Name the skill or the branch that the waiver is for; the skill's page and Gates lead here."
        )
    return found


def _waive(
    request: HttpRequest, target: Skill | Category, typed: dict[str, str], today: date, known: set[str]
) -> dict[str, str]:
    """Make the waiver; return what is wrong by field, empty when it was made."""
    try:
        until = parse_date(typed["until"])
    except ValueError:
        until = None
    if typed["condition"] not in known:
        return {"condition": "Choose a condition of the gate."}
    if until is None:
        return {"until": "Give the last day as a date."}
    try:
        waive_condition(
            condition_key=typed["condition"],
            rule_id=typed["rule"],
            reason=typed["reason"],
            owner=cast(User, request.user),
            until=until,
            today=today,
            skill=target if isinstance(target, Skill) else None,
            category=target if isinstance(target, Category) else None,
        )
    except GateDataError as error:
        return dict(error.problems)
    return {}
