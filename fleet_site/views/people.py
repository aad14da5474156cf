"""People and their roles, for admins."""

from typing import cast

from django.contrib import messages
from django.contrib.auth.models import User
from django.db.models import Prefetch, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from fleet_site import people as changes
from fleet_site.access import require
from fleet_site.forms import InviteForm, RoleForm
from fleet_site.one_time_link import make_link
from skills_app.models import AuditEntry, RoleGrant
from skills_app.services.record_audit import record_audit

NEW_LINK = "new_link"
NUM_ENTRIES = 20


@require_http_methods(["GET", "POST"])
@require("manage_users")
def people(request: HttpRequest) -> HttpResponse:
    """List everybody, and invite somebody new."""
    form = InviteForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        user = changes.invite_person(
            actor=cast(User, request.user),
            username=form.cleaned_data["username"],
            full_name=form.cleaned_data["full_name"],
            role=form.cleaned_data["role"],
            branch=form.cleaned_data["branch"],
        )
        _show_link(request, user)
        return redirect("site:person", user.pk)
    grants = RoleGrant.objects.select_related("category").order_by("role")
    rows = User.objects.order_by("-is_active", "username").prefetch_related(Prefetch("role_grants", grants))
    return render(
        request, "site/people.html", {"people": rows, "form": form}, status=422 if form.errors else 200
    )


@never_cache
@require_GET
@require("manage_users")
def person(request: HttpRequest, pk: int) -> HttpResponse:
    """Show one person: roles, state, the latest changes, and a fresh link right after it was made."""
    return _person_page(request, get_object_or_404(User, pk=pk), RoleForm())


@require_POST
@require("manage_users")
def person_grant(request: HttpRequest, pk: int) -> HttpResponse:
    """Give a role."""
    user = get_object_or_404(User, pk=pk)
    form = RoleForm(request.POST)
    if not form.is_valid():
        return _person_page(request, user, form, status=422)
    role, branch = form.cleaned_data["role"], form.cleaned_data["branch"]
    is_new = changes.grant_role(actor=cast(User, request.user), user=user, role=role, branch=branch)
    place = f"in {branch.path}" if branch else "in the whole library"
    if is_new:
        messages.success(request, f"{user.get_username()} is {role.value} {place} now.")
    else:
        messages.info(request, f"{user.get_username()} was {role.value} {place} already.")
    return redirect("site:person", pk)


@require_POST
@require("manage_users")
def person_revoke(request: HttpRequest, pk: int, grant_pk: int) -> HttpResponse:
    """Take a role back."""
    grant = RoleGrant.objects.select_related("user", "category").filter(pk=grant_pk, user_id=pk).first()
    if grant is None:
        messages.info(request, "That role had been taken back already.")
        return redirect("site:person", pk)
    try:
        changes.revoke_role(actor=cast(User, request.user), grant=grant)
    except changes.PeopleError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, f"{grant.user.get_username()} is no longer {grant.role} there.")
    return _after_change(request, pk)


@require_POST
@require("manage_users")
def person_state(request: HttpRequest, pk: int) -> HttpResponse:
    """Deactivate, activate, or take the superuser's rights; ``change`` says which."""
    user = get_object_or_404(User, pk=pk)
    actor = cast(User, request.user)
    wanted = request.POST.get("change", "")
    try:
        if wanted == "deactivate":
            changes.deactivate_person(actor=actor, user=user)
            messages.success(request, f"{user.get_username()} can no longer sign in.")
        elif wanted == "activate":
            changes.activate_person(actor=actor, user=user)
            messages.success(request, f"{user.get_username()} can sign in again.")
        elif wanted == "revoke_superuser":
            changes.revoke_superuser(actor=actor, user=user)
            messages.success(request, f"{user.get_username()} is no longer a superuser.")
        else:
            messages.error(request, "Choose what to change with one of the buttons.")
    except changes.PeopleError as error:
        messages.error(request, str(error))
    return _after_change(request, pk)


@require_POST
@require("manage_users")
def person_link(request: HttpRequest, pk: int) -> HttpResponse:
    """Make a one-time link for somebody who has no password, or forgot it."""
    user = get_object_or_404(User, pk=pk)
    try:
        changes.check_rank(actor=cast(User, request.user), user=user)
    except changes.PeopleError as error:
        messages.error(request, str(error))
        return redirect("site:person", pk)
    if not user.is_active:
        messages.error(request, f"{user.get_username()} is deactivated. Activate the account first.")
        return redirect("site:person", pk)
    record_audit(
        actor=cast(User, request.user),
        verb="made_link",
        target_kind="person",
        target_key=user.get_username(),
    )
    _show_link(request, user)
    return redirect("site:person", pk)


def _show_link(request: HttpRequest, user: User) -> None:
    request.session[NEW_LINK] = {"pk": user.pk, "address": request.build_absolute_uri(make_link(user))}


def _after_change(request: HttpRequest, pk: int) -> HttpResponse:
    """Return to the person, unless the actor has just given up the right to see that page."""
    from fleet_site.access import may

    actor = User.objects.get(pk=cast(User, request.user).pk)
    return redirect("site:person", pk) if may(actor, "manage_users") else redirect("site:home")


def _person_page(request: HttpRequest, user: User, form: RoleForm, status: int = 200) -> HttpResponse:
    link = request.session.get(NEW_LINK)
    is_ours = bool(link and link["pk"] == user.pk)
    if is_ours:
        del request.session[NEW_LINK]
    context = {
        "person": user,
        "grants": user.role_grants.select_related("category").order_by("role", "category__path"),
        "entries": [(entry, _sentence(entry)) for entry in _entries(user)],
        "form": form,
        "new_link": link["address"] if link and is_ours else "",
        "is_self": user.pk == request.user.pk,
    }
    return render(request, "site/person.html", context, status=status)


def _entries(user: User) -> QuerySet[AuditEntry]:
    return AuditEntry.objects.filter(target_kind="person", target_key=user.get_username())[:NUM_ENTRIES]


def _sentence(entry: AuditEntry) -> str:
    """Return what was done in words, such as "granted role: reviewer, in engineering"."""
    what = entry.after or entry.before
    parts = [str(what["role"])] if what.get("role") else []
    if what.get("role"):
        parts.append(f"in {what['branch']}" if what.get("branch") else "in the whole library")
    words = entry.verb.replace("_", " ")
    return f"{words}: {', '.join(parts)}" if parts else words
