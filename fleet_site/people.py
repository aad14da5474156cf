"""Changes of people and their roles. Each is written down, and none may leave the site without an admin."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Q, QuerySet

from skills_app.domain.enums import Role
from skills_app.models import Category, RoleGrant
from skills_app.services.record_audit import record_audit


class PeopleError(Exception):
    """A change of people that cannot be made; the message says why and what to do."""


class LastAdmin(PeopleError):
    """The change would leave nobody who can manage people."""


def admins() -> "QuerySet[User]":
    """Return those who may manage people: active, and superuser or admin of the whole library."""
    whole = RoleGrant.objects.filter(role=Role.ADMIN, category__isnull=True).values("user")
    return User.objects.filter(Q(is_superuser=True) | Q(pk__in=whole), is_active=True)


def invite_person(
    *, actor: User, username: str, full_name: str = "", role: Role, branch: Category | None
) -> User:
    """Make an account without a password, with one role; the person signs in by a one-time link.

    Raises:
        PeopleError: somebody has that name.
    """
    with transaction.atomic():
        if User.objects.filter(username__iexact=username).exists():
            raise PeopleError(f"Somebody is called {username} already. Choose another name.")
        first, _, last = full_name.strip().partition(" ")
        user = User(username=username, first_name=first[:150], last_name=last.strip()[:150])
        user.set_unusable_password()
        user.save()
        RoleGrant.objects.create(user=user, role=role, category=branch)
        _record(actor, "invited_person", user, after={"role": role.value, "branch": _path(branch)})
    return user


def grant_role(*, actor: User, user: User, role: Role, branch: Category | None) -> bool:
    """Give ``user`` a role, for ``branch`` or the whole library; return whether it is new."""
    with transaction.atomic():
        _, is_new = RoleGrant.objects.get_or_create(user=user, role=role, category=branch)
        if is_new:
            _record(actor, "granted_role", user, after={"role": role.value, "branch": _path(branch)})
    return is_new


def revoke_role(*, actor: User, grant: RoleGrant) -> None:
    """Take one role back.

    Raises:
        LastAdmin: it is the role of the only admin.
    """
    with _keeping_an_admin():
        user = grant.user
        before = {"role": grant.role, "branch": _path(grant.category)}
        if RoleGrant.objects.filter(pk=grant.pk).delete()[0]:
            _record(actor, "revoked_role", user, before=before)


def revoke_superuser(*, actor: User, user: User) -> None:
    """Take the rights over everything back, Django's admin pages included; granted roles stay.

    Raises:
        LastAdmin: nobody else could manage people.
        PeopleError: the actor is no superuser.
    """
    check_rank(actor=actor, user=user)

    def change() -> None:
        User.objects.filter(pk=user.pk).update(is_superuser=False, is_staff=False)

    _change(
        actor, user, "revoked_superuser", change, before={"is_superuser": True}, after={"is_superuser": False}
    )


def deactivate_person(*, actor: User, user: User) -> None:
    """Keep ``user`` from signing in, and end their sessions at their next request; what they made stays.

    Raises:
        LastAdmin: nobody else could manage people.
        PeopleError: it is the actor, or a superuser and the actor is none.
    """
    check_rank(actor=actor, user=user)
    if user.pk == actor.pk:
        raise PeopleError("You cannot deactivate yourself. Ask another admin to do it.")

    def change() -> None:
        User.objects.filter(pk=user.pk).update(is_active=False)

    _change(actor, user, "deactivated_person", change, before={"is_active": True}, after={"is_active": False})


def activate_person(*, actor: User, user: User) -> None:
    """Let ``user`` sign in again."""

    def change() -> None:
        User.objects.filter(pk=user.pk).update(is_active=True)

    _change(actor, user, "activated_person", change, before={"is_active": False}, after={"is_active": True})


def check_rank(*, actor: User, user: User) -> None:
    """Keep an admin from acting on, or as, a superuser.

    Raises:
        PeopleError: ``user`` is a superuser and ``actor`` is none.
    """
    if user.is_superuser and not actor.is_superuser:
        raise PeopleError(f"{user.get_username()} is a superuser. Only a superuser can change that account.")


def _change(actor: User, user: User, verb: str, change: Callable[[], None], **what: Any) -> None:
    with _keeping_an_admin():
        change()
        _record(actor, verb, user, **what)


@contextmanager
def _keeping_an_admin() -> Iterator[None]:
    """Undo what is done inside when no admin would be left; two such changes wait for each other."""
    with transaction.atomic():
        list(admins().select_for_update(of=("self",)).values_list("pk", flat=True))
        yield
        if not admins().exists():
            raise LastAdmin(
                "This would leave nobody who can manage people. Make somebody else an admin first."
            )


def _record(actor: User, verb: str, user: User, **what: Any) -> None:
    record_audit(actor=actor, verb=verb, target_kind="person", target_key=user.get_username(), **what)


def _path(branch: Category | None) -> str:
    return branch.path if branch is not None else ""
