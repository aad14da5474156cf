"""Gates and waivers: what versions must meet, its history, a preview before it counts, and exceptions."""

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
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from fleet_site.access import may, refusal, require
from fleet_site.http import render_page
from skills_app.domain.errors import GateDataError
from skills_app.domain.gates import Gate as GateShape
from skills_app.domain.gates import gate_from_data
from skills_app.forms import KIND_LABELS, SUBJECTS, GateForm, gate_form_of, read_gate_form, severities
from skills_app.models import Category, Gate, Skill, Waiver
from skills_app.queries.gate_of_version import built_in_gate, gate_in_force
from skills_app.queries.gates import Preview, gates_for_list, preview_gate, waivers_for_list
from skills_app.services.edit_gate import edit_gate
from skills_app.services.waive import waive_condition, withdraw_waiver

_USUAL_DAYS = 30


@require_GET
@require("read")
def gate_list(request: HttpRequest) -> HttpResponse:
    """Show every gate, the built-in one while nobody wrote one for the library, and the waivers in force."""
    gates = gates_for_list()
    today = timezone.localdate()
    context = {
        "gates": gates,
        "built_in": None if any(not view.branch for view in gates) else built_in_gate(),
        "waivers": [
            (row, row.withdrawn_at is None and may(request.user, "waive", branch=_branch_of(row)))
            for row in waivers_for_list()
        ],
        "today": today,
        "branches": Category.objects.order_by("path").values_list("path", flat=True)[:500]
        if may(request.user, "edit_gates")
        else [],
    }
    return render_page(request, "skills_app/gate_list.html", context)


@require_GET
@require("read")
def gate_detail(request: HttpRequest, name: str) -> HttpResponse:
    """Show what a gate asks for now and every revision before, with who changed it and why."""
    row = get_object_or_404(Gate.objects.select_related("category"), name=name)
    revisions = [
        (revision, gate_from_data(revision.data)) for revision in row.revisions.select_related("author")
    ]
    return render_page(request, "skills_app/gate_detail.html", {"row": row, "revisions": revisions})


@require_http_methods(["GET", "POST"])
@require("edit_gates")
def gate_edit(request: HttpRequest) -> HttpResponse:
    """Write the gate of the library or of one branch (``?branch=``): preview what it would say, or keep a revision."""
    branch = request.GET.get("branch", "")
    category = Category.objects.filter(path=branch).first() if branch else None
    if branch and category is None:
        raise Http404(f"There is no branch {branch[:200]}.")
    row = Gate.objects.filter(category=category).first()
    last = row.revisions.first() if row else None
    revision = last.number if last else 0
    if request.method == "GET":
        form = gate_form_of(_shown_first(branch, row), revision=revision)
        return _edit_page(request, form, branch, None, 200)
    form = read_gate_form(request.POST)
    try:
        gate = gate_from_data(form.as_data())
        if "save" in request.POST:
            made = edit_gate(
                data=form.as_data(),
                actor=cast(User, request.user),
                reason=form.reason,
                category=category,
                expected_revision=form.revision,
            )
            messages.success(request, f"{made.gate.name} is at revision {made.number}.")
            return redirect(made.gate)
    except GateDataError as error:
        form.explain(error.problems)
        return _edit_page(request, form, branch, None, 422)
    preview = (
        preview_gate(gate, category=category, today=timezone.localdate())
        if "preview" in request.POST
        else None
    )
    return _edit_page(request, form, branch, preview, 200)


def _shown_first(branch: str, row: Gate | None) -> GateShape:
    """Return the gate that a form begins with: the one that holds there, under a name of its own where it has none."""
    in_force = gate_in_force(branch or None)
    if row is not None or not branch:
        return in_force.gate
    return gate_from_data(
        {**in_force.gate.as_data(), "name": branch.replace("/", "-").replace("_", "-").lower()}
    )


def _edit_page(
    request: HttpRequest, form: GateForm, branch: str, preview: Preview | None, status: int
) -> HttpResponse:
    context = {
        "form": form,
        "branch": branch,
        "preview": preview,
        "kinds": tuple(KIND_LABELS.items()),
        "subjects": SUBJECTS,
        "severities": severities(),
    }
    return render_page(request, "skills_app/gate_form.html", context, partial="gate-form", status=status)


@require_http_methods(["GET", "POST"])
@require("waive")
def waiver_new(request: HttpRequest) -> HttpResponse:
    """Set a condition of the gate aside for one skill (``?skill=key&condition=key``) until a day."""
    skill = Skill.objects.select_related("category").filter(key=request.GET.get("skill", "")).first()
    if skill is None:
        raise Http404("Name the skill that the waiver is for; open it from the gate on the skill's page.")
    branch = skill.category.path if skill.category else None
    if not may(request.user, "waive", branch=branch):
        raise PermissionDenied(refusal("waive", branch=branch))
    in_force = gate_in_force(branch)
    today = timezone.localdate()
    typed = {
        "condition": request.POST.get("condition", request.GET.get("condition", "")),
        "rule": request.POST.get("rule", "").strip(),
        "reason": request.POST.get("reason", "").strip(),
        "until": request.POST.get("until", (today + timedelta(days=_USUAL_DAYS)).isoformat()),
    }
    errors: dict[str, str] = {}
    if request.method == "POST":
        errors = _waive(request, skill, typed, today, {one.key for one in in_force.gate.conditions})
        if not errors:
            messages.success(request, f"The condition is waived for {skill.name} until {typed['until']}.")
            return redirect(skill)
    context = {"skill": skill, "in_force": in_force, "typed": typed, "errors": errors, "today": today}
    return render_page(
        request, "skills_app/waiver_form.html", context, partial="waiver-form", status=422 if errors else 200
    )


def _waive(
    request: HttpRequest, skill: Skill, typed: dict[str, str], today: date, known: set[str]
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
            skill=skill,
        )
    except GateDataError as error:
        return dict(error.problems)
    return {}


def _branch_of(waiver: Waiver) -> str | None:
    category = waiver.skill.category if waiver.skill else waiver.category
    return category.path if category else None


@require_POST
@require("waive")
def waiver_withdraw(request: HttpRequest, pk: int) -> HttpResponse:
    """Take a waiver back."""
    waiver = get_object_or_404(Waiver.objects.select_related("skill__category", "category"), pk=pk)
    branch = _branch_of(waiver)
    if not may(request.user, "waive", branch=branch):
        raise PermissionDenied(refusal("waive", branch=branch))
    if withdraw_waiver(waiver=waiver, actor=cast(User, request.user)):
        messages.success(request, "The waiver is withdrawn; the gate counts the condition again.")
    else:
        messages.info(request, "Somebody withdrew it already.")
    return redirect(f"{reverse('gates:list')}#waivers")
