"""Gates: what versions must meet, its history, and a preview before it counts; waivers are listed beside them."""

from typing import cast
from urllib.parse import urlencode

from django.contrib import messages
from django.contrib.auth.models import User
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods

from fleet_site.access import may, may_somewhere, require
from fleet_site.http import render_page
from skills_app.domain.errors import GateDataError
from skills_app.domain.gates import Gate as GateShape
from skills_app.domain.gates import gate_from_data
from skills_app.forms import KIND_LABELS, SUBJECTS, GateForm, gate_form_of, read_gate_form, severities
from skills_app.models import Category, Gate
from skills_app.queries.gate_of_version import built_in_gate, gate_in_force
from skills_app.queries.gates import Preview, conditions_of, gates_for_list, preview_gate, waivers_for_list
from skills_app.queries.resolve_path import category_at, resolve_path
from skills_app.queries.reviewer_agreement import Trusts
from skills_app.services.edit_gate import edit_gate
from skills_app.views.waivers import branch_of


@require_GET
@require("read")
def gate_list(request: HttpRequest) -> HttpResponse:
    """Show every gate, the built-in one while nobody wrote one for the library, and waivers, all or those of a place.

    ``?of=`` is the path of a skill or a branch: the waivers of what lies there, and of the branches above that reach it.
    """
    gates = gates_for_list()
    built_in = None if any(not view.branch for view in gates) else built_in_gate()
    place = request.GET.get("of", "").strip().strip("/")[:512]
    found = resolve_path(place) if place else None
    place = found.path if found else place
    may_anywhere = may(request.user, "edit_gates") or may_somewhere(request.user, "waive")
    paths = (
        list(Category.objects.order_by("path").values_list("path", flat=True)[:500]) if may_anywhere else []
    )
    context = {
        "gates": gates,
        "built_in": built_in,
        "built_in_conditions": conditions_of(built_in, Trusts()) if built_in else (),
        "waivers": [
            (row, row.withdrawn_at is None and may(request.user, "waive", branch=branch_of(row)))
            for row in waivers_for_list(place=place)
        ],
        "place": place,
        "today": timezone.localdate(),
        "branches": paths if may(request.user, "edit_gates") else [],
        "waivable": [path for path in paths if may(request.user, "waive", branch=path)],
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
    conditions = conditions_of(revisions[0][1], Trusts()) if revisions else ()
    context = {"row": row, "revisions": revisions, "conditions": conditions}
    return render_page(request, "skills_app/gate_detail.html", context)


@require_http_methods(["GET", "POST"])
@require("edit_gates")
def gate_edit(request: HttpRequest) -> HttpResponse:
    """Write the gate of the library or of one branch (``?branch=``): preview what it would say, or keep a revision."""
    branch = request.GET.get("branch", "")
    category = category_at(branch) if branch else None
    if branch and category is None:
        raise Http404(f"There is no branch {branch[:200]}.")
    if category is not None and category.path != branch:
        if request.method == "GET":
            return redirect(f"{reverse('gates:edit')}?{urlencode({'branch': category.path})}")
        branch = category.path
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
