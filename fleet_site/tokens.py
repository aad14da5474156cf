"""Access tokens: what a program signs in with to read by the API, made and revoked by the person whom it stands for."""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Q, QuerySet

from skills_app.models import AccessToken
from skills_app.services.record_audit import record_audit

# Scanners of source code find a token that was committed by its beginning.
PREFIX = "skill_fleet_"
NUM_BYTES = 32
NUM_SHOWN = 4
LIFETIMES = {7: "a week", 30: "30 days", 90: "90 days", 365: "a year"}
MOST_LIVE = 50
# The time of the last use is written at most once in so long.
NOTED_EVERY = timedelta(minutes=1)


class TokenError(Exception):
    """A token that cannot be made; the message says why and what to do."""


@dataclass(frozen=True, slots=True)
class NewToken:
    """A token that was made just now: its row, and the token itself, which nobody can show again."""

    row: AccessToken
    token: str


@transaction.atomic
def make_token(*, user: User, name: str, days: int, now: datetime) -> NewToken:
    """Make a token of ``user`` that is good for ``days`` days (one of ``LIFETIMES``).

    Raises:
        TokenError: a live one has that name, or there are ``MOST_LIVE`` of them.
        KeyError: ``days`` is not offered.
    """
    LIFETIMES[days]
    User.objects.select_for_update().get(pk=user.pk)
    live = live_tokens(user, now=now)
    if live.filter(name=name).exists():
        raise TokenError(f"You have a token called {name} already. Revoke it, or choose another name.")
    if live.count() >= MOST_LIVE:
        raise TokenError(f"You have {MOST_LIVE} tokens. Revoke one that is not used any more.")
    token = f"{PREFIX}{secrets.token_urlsafe(NUM_BYTES)}"
    row = AccessToken.objects.create(
        user=user,
        name=name,
        digest=_digest(token),
        hint=token[-NUM_SHOWN:],
        expires_at=now + timedelta(days=days),
    )
    _record(user, "made_token", name)
    return NewToken(row, token)


@transaction.atomic
def revoke_token(*, user: User, token_id: int, now: datetime) -> AccessToken | None:
    """End a token of ``user``; return it, or None when it had ended before or is not theirs."""
    row = live_tokens(user, now=now).filter(pk=token_id).first()
    if row is None:
        return None
    row.revoked_at = now
    row.save(update_fields=["revoked_at"])
    _record(user, "revoked_token", row.name)
    return row


def live_tokens(user: User, *, now: datetime) -> QuerySet[AccessToken]:
    """Return the tokens of ``user`` that may be used, newest first."""
    return AccessToken.objects.filter(user=user, revoked_at=None, expires_at__gt=now)


def user_of_access_token(token: str, *, now: datetime) -> User | None:
    """Return whom a token stands for, and note that it was used; None when it is unknown, over, or the person is deactivated.

    One query, and one more at the first use in a minute.
    """
    rows = AccessToken.objects.filter(digest=_digest(token), revoked_at=None, expires_at__gt=now)
    row = rows.filter(user__is_active=True).select_related("user").first()
    if row is None:
        return None
    if row.last_used_at is None or row.last_used_at <= now - NOTED_EVERY:
        is_due = Q(last_used_at=None) | Q(last_used_at__lte=now - NOTED_EVERY)
        AccessToken.objects.filter(is_due, pk=row.pk).update(last_used_at=now)
    return row.user


def _digest(token: str) -> str:
    """Return the SHA-256 of a token: with 256 bits of chance in it, no slower hash is needed."""
    return sha256(token.encode()).hexdigest()


def _record(user: User, verb: str, name: str) -> None:
    record_audit(
        actor=user, verb=verb, target_kind="person", target_key=user.get_username(), after={"token": name}
    )
