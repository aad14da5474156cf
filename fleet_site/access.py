"""Who may do what. Views ask here, templates are told the answer, nothing else decides.

A role is granted for the whole library or for one branch of it (``RoleGrant``); a superuser holds every role.
"""

from collections.abc import Callable
from functools import wraps
from typing import Any, Concatenate, ParamSpec

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse

from skills_app.domain.enums import Role

P = ParamSpec("P")

# What each action needs: any one of the roles. An admin may do everything.
ACTIONS: dict[str, frozenset[Role]] = {
    "read": frozenset(Role),
    "sync_source": frozenset({Role.LAUNCHER, Role.CURATOR, Role.MANAGER}),
    "manage_sources": frozenset({Role.CURATOR, Role.MANAGER}),
    "edit_skill": frozenset({Role.REVIEWER, Role.CURATOR}),
    "edit_gates": frozenset({Role.MANAGER}),
    "waive": frozenset({Role.REVIEWER, Role.MANAGER}),
    "manage_users": frozenset(),
}

# What concerns one place of the library: a role for a branch is enough there. Everything else concerns the whole site.
IN_A_BRANCH = frozenset({"edit_skill", "waive"})

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


def may(user: Any, action: str, *, branch: str | None = None) -> bool:
    """Say whether ``user`` may do ``action`` (a key of ``ACTIONS``), in ``branch`` if one is given.

    Raises:
        KeyError: the action is not one that exists.
    """
    wanted = ACTIONS[action]
    if action == "read":
        return bool(user.is_authenticated and user.is_active)
    held = roles_of(user, branch=branch if action in IN_A_BRANCH else None)
    return bool(held & wanted) or Role.ADMIN in held


def may_somewhere(user: Any, action: str) -> bool:
    """Say whether ``user`` may do ``action`` in the whole library or in some branch of it.

    It opens the door of a view only: a view of an action of ``IN_A_BRANCH`` asks ``may`` again, with the branch.
    """
    if may(user, action):
        return True
    if action not in IN_A_BRANCH or not user.is_authenticated or not user.is_active:
        return False
    return any(may(user, action, branch=path) for _, path in _grants(user) if path is not None)


def require(
    action: str,
) -> Callable[
    [Callable[Concatenate[HttpRequest, P], HttpResponse]], Callable[Concatenate[HttpRequest, P], HttpResponse]
]:
    """Let a view run only for those who may do ``action`` somewhere in the library; others get 403 with a sentence."""

    def decorate(
        view: Callable[Concatenate[HttpRequest, P], HttpResponse],
    ) -> Callable[Concatenate[HttpRequest, P], HttpResponse]:
        @wraps(view)
        def checked(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
            if not may_somewhere(request.user, action):
                raise PermissionDenied(refusal(action))
            return view(request, *args, **kwargs)

        return checked

    return decorate


def refusal(action: str, *, branch: str | None = None) -> str:
    """Return the sentence for somebody who may not do ``action``: which role does, and whom to ask."""
    names = " or ".join(sorted(ACTIONS[action])) or "admin"
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
