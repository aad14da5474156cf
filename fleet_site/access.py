"""Who may do what. Views ask here, templates are told the answer, nothing else decides.

A role is granted for the whole library or for one branch of it (``RoleGrant``); a superuser holds every role.
"""

from collections.abc import Callable
from functools import wraps
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse

from skills_app.domain.enums import Role

if TYPE_CHECKING:
    pass

P = ParamSpec("P")
Person = "AbstractBaseUser | AnonymousUser | User"

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


def roles_of(user: Any, *, branch: str | None = None) -> frozenset[Role]:
    """Return the roles of ``user``, for the whole library or also those that reach ``branch`` (a category path).

    A grant reaches its own category and all below it. One query a request: the grants are kept on the user object.
    """
    if not user.is_authenticated or not user.is_active:
        return frozenset()
    if user.is_superuser:
        return frozenset(Role)
    grants: list[tuple[str, str | None]] | None = getattr(user, "_fleet_grants", None)
    if grants is None:
        grants = list(user.role_grants.values_list("role", "category__path"))
        user._fleet_grants = grants
    return frozenset(
        Role(role)
        for role, path in grants
        if path is None or (branch is not None and (branch == path or branch.startswith(f"{path}/")))
    )


def may(user: Any, action: str, *, branch: str | None = None) -> bool:
    """Say whether ``user`` may do ``action`` (a key of ``ACTIONS``), in ``branch`` if one is given.

    Raises:
        KeyError: the action is not one that exists.
    """
    wanted = ACTIONS[action]
    held = roles_of(user, branch=branch)
    if action == "read":
        return bool(user.is_authenticated and user.is_active)
    return bool(held & wanted) or Role.ADMIN in held


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
            if not may(request.user, action):
                names = ", ".join(sorted(ACTIONS[action])) or "admin"
                raise PermissionDenied(
                    f"This needs the role {names}. Ask an admin of this site to grant it to you."
                )
            return view(request, *args, **kwargs)

        return checked

    return decorate


def allowed_actions(user: Any) -> frozenset[str]:
    """Return every action that ``user`` may do for the whole library, for a page to show or hide its buttons."""
    return frozenset(action for action in ACTIONS if may(user, action))
