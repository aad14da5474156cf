"""Who may do what. Views ask here, templates are told the answer, nothing else decides.

A role is granted for the whole library or for one branch of it (``RoleGrant``); a superuser holds every role.
"""

from collections.abc import Callable
from functools import wraps
from typing import Any, Concatenate, ParamSpec, TypeVar

from django.conf import settings
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponseBase

from skills_app.domain.enums import Role
from skills_app.domain.reviewing.assignment import PROMOTING_ROLES, REVIEWING_ROLES
from skills_app.models import RoleGrant

P = ParamSpec("P")
R = TypeVar("R", bound=HttpResponseBase)

# What each action needs: any one of the roles. An admin may do everything.
ACTIONS: dict[str, frozenset[Role]] = {
    "read": frozenset(Role),
    "sync_source": frozenset({Role.LAUNCHER, Role.CURATOR, Role.MANAGER}),
    "manage_sources": frozenset({Role.CURATOR, Role.MANAGER}),
    "edit_skill": frozenset({Role.REVIEWER, Role.CURATOR}),
    "edit_gates": frozenset({Role.MANAGER}),
    "judge_samples": frozenset({Role.MANAGER}),
    "curate": frozenset({Role.CURATOR}),
    "waive": frozenset({Role.REVIEWER, Role.MANAGER}),
    "ask_review": frozenset({Role.LAUNCHER, Role.REVIEWER, Role.CURATOR}),
    "comment": frozenset({Role.LAUNCHER, Role.REVIEWER, Role.CURATOR, Role.MANAGER}),
    "decide_review": REVIEWING_ROLES,
    "steer_review": frozenset({Role.MANAGER}),
    "promote": PROMOTING_ROLES,
    "take_in_folder": frozenset({Role.CURATOR, Role.MANAGER}),
    "override_promotion": frozenset({Role.MANAGER}),
    "launch": frozenset({Role.LAUNCHER, Role.REVIEWER, Role.CURATOR, Role.MANAGER}),
    "answer_prompts": frozenset({Role.LAUNCHER, Role.REVIEWER, Role.CURATOR, Role.MANAGER}),
    # Those of them that the setting FLEET_AUTO_APPROVE names.
    "auto_approve": frozenset({Role.LAUNCHER, Role.REVIEWER, Role.CURATOR, Role.MANAGER}),
    "manage_users": frozenset(),
}

# What concerns one place of the library: a role for a branch is enough there. Everything else concerns the whole site.
IN_A_BRANCH = frozenset(
    {
        "edit_skill",
        "curate",
        "waive",
        "ask_review",
        "comment",
        "decide_review",
        "steer_review",
        "promote",
        "take_in_folder",
        "override_promotion",
    }
)

# What somebody may always do with a generation that they asked for themselves.
WITH_ONES_OWN = frozenset({"cancel_generation", "answer_prompts"})
# Stopping a generation needs what starting one does.
_SAME_AS = {"cancel_generation": "launch"}

Grants = list[tuple[str, str | None]]


def roles_of(user: Any, *, branch: str | None = None) -> frozenset[Role]:
    """Return the roles of ``user``, for the whole library or also those that reach ``branch`` (a category path).

    A grant reaches its own category and all below it. One query a request: the grants are kept on the user object.
    """
    if not user.is_authenticated or not user.is_active:
        return frozenset()
    if user.is_superuser:
        return frozenset(Role)
    return frozenset(
        Role(role)
        for role, path in _grants(user)
        if path is None or (branch is not None and (branch == path or branch.startswith(f"{path}/")))
    )


def roles_for(action: str) -> frozenset[Role]:
    """Return the roles of which any one is enough for ``action``, beside that of an admin.

    Raises:
        KeyError: the action is not one that exists.
    """
    wanted = ACTIONS[action]
    return wanted & settings.FLEET_AUTO_APPROVE if action == "auto_approve" else wanted


def may(user: Any, action: str, *, branch: str | None = None) -> bool:
    """Say whether ``user`` may do ``action`` (a key of ``ACTIONS``), in ``branch`` if one is given.

    Raises:
        KeyError: the action is not one that exists.
    """
    wanted = roles_for(action)
    if action == "read":
        return bool(user.is_authenticated and user.is_active)
    held = roles_of(user, branch=branch if action in IN_A_BRANCH else None)
    return bool(held & wanted) or Role.ADMIN in held


def may_with(user: Any, action: str, *, owner_id: int | None) -> bool:
    """Say whether ``user`` may do ``action`` with what ``owner_id`` asked for; some things one may do with one's own.

    Raises:
        KeyError: the action is neither one of ``ACTIONS`` nor of ``WITH_ONES_OWN``.
    """
    is_own = bool(user.is_authenticated and user.is_active and owner_id is not None and user.pk == owner_id)
    if is_own and action in WITH_ONES_OWN:
        return True
    return may(user, _SAME_AS.get(action, action))


def people_who_may(action: str) -> "QuerySet[User]":
    """Return the active people who may do ``action`` in the whole library, by name."""
    roles = [role.value for role in (*roles_for(action), Role.ADMIN)]
    granted = RoleGrant.objects.filter(role__in=roles, category__isnull=True).values("user")
    return User.objects.filter(Q(is_superuser=True) | Q(pk__in=granted), is_active=True).order_by("username")


def may_somewhere(user: Any, action: str) -> bool:
    """Say whether ``user`` may do ``action`` in the whole library or in some branch of it.

    It opens the door of a view only: a view of an action of ``IN_A_BRANCH`` asks ``may`` again, with the branch.
    """
    if may(user, action):
        return True
    if action not in IN_A_BRANCH or not user.is_authenticated or not user.is_active:
        return False
    return any(may(user, action, branch=path) for _, path in _grants(user) if path is not None)


def branches_where(user: Any, action: str) -> tuple[str, ...] | None:
    """Return the branches in which ``user`` may do ``action`` of ``IN_A_BRANCH``; None for the whole library."""
    if may(user, action):
        return None
    granted = {path for _, path in _grants(user) if path is not None}
    return tuple(sorted(path for path in granted if may(user, action, branch=path)))


def require(
    action: str,
) -> Callable[[Callable[Concatenate[HttpRequest, P], R]], Callable[Concatenate[HttpRequest, P], R]]:
    """Let a view run only for those who may do ``action`` somewhere in the library; others get 403 with a sentence."""

    def decorate(
        view: Callable[Concatenate[HttpRequest, P], R],
    ) -> Callable[Concatenate[HttpRequest, P], R]:
        @wraps(view)
        def checked(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> R:
            if not may_somewhere(request.user, action):
                raise PermissionDenied(refusal(action))
            return view(request, *args, **kwargs)

        return checked

    return decorate


def refusal(action: str, *, branch: str | None = None) -> str:
    """Return the sentence for somebody who may not do ``action``: which role does, and whom to ask."""
    names = " or ".join(sorted(roles_for(action))) or "admin"
    place = f" in {branch}" if branch else ""
    return f"This needs the role {names}{place}. Ask an admin of this site to grant it to you."


def allowed_actions(user: Any) -> frozenset[str]:
    """Return every action that ``user`` may do for the whole library, for a page to show or hide its buttons."""
    return frozenset(action for action in ACTIONS if may(user, action))


def _grants(user: Any) -> Grants:
    grants: Grants | None = getattr(user, "_fleet_grants", None)
    if grants is None:
        grants = list(user.role_grants.values_list("role", "category__path"))
        user._fleet_grants = grants
    return grants
