"""Signed links that sign one person in, once, within the hour."""

from typing import Any

from django.contrib.auth.models import User
from django.contrib.auth.tokens import PasswordResetTokenGenerator
from django.db import transaction
from django.urls import reverse
from django.utils import timezone
from django.utils.http import base36_to_int, int_to_base36

FIRST_ADMIN = "admin"


class LinkTokens(PasswordResetTokenGenerator):
    """Django's signed tokens; a sign-in or a new password ends every token that was made before it."""

    key_salt = "fleet_site.one_time_link"

    def _make_hash_value(self, user: Any, timestamp: int) -> str:
        last = "" if user.last_login is None else user.last_login.isoformat()
        return f"{user.pk}{user.password}{last}{timestamp}{user.is_active}"


_tokens = LinkTokens()


def make_link(user: User) -> str:
    """Return the path of a link that signs ``user`` in once, until ``PASSWORD_RESET_TIMEOUT`` seconds from now."""
    token = f"{int_to_base36(user.pk)}.{_tokens.make_token(user)}"
    return reverse("site:one_time_link", args=[token])


def user_of_token(token: str) -> User | None:
    """Return whom ``token`` signs in, or nobody when it is malformed, expired, used, or the person is deactivated."""
    key, _, signed = token.partition(".")
    try:
        user = User.objects.filter(pk=base36_to_int(key), is_active=True).first()
    except (ValueError, OverflowError):
        return None
    return user if user is not None and _tokens.check_token(user, signed) else None


def use_token(token: str) -> User | None:
    """Return whom ``token`` signs in and end it in the same moment: of two requests at once, one gets nobody."""
    user = user_of_token(token)
    if user is None:
        return None
    now = timezone.now()
    claimed = User.objects.filter(pk=user.pk, last_login=user.last_login).update(last_login=now)
    if claimed != 1:
        return None
    user.last_login = now
    return user


def first_admin() -> User:
    """Return an active admin of the whole site, made when there is none (without a password, for a link only)."""
    with transaction.atomic():
        known = User.objects.filter(is_superuser=True, is_active=True).order_by("pk").first()
        if known is not None:
            return known
        name = FIRST_ADMIN
        number = 1
        while User.objects.filter(username=name).exists():
            number += 1
            name = f"{FIRST_ADMIN}{number}"
        return User.objects.create_superuser(username=name)
