"""Where a person is signed in. Sessions are rows of Django's own table, which does not index them by person."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any

from django.contrib.auth import SESSION_KEY
from django.contrib.auth.models import User
from django.contrib.sessions.models import Session
from django.http import HttpRequest
from django.utils import timezone

SIGNED_IN_AT = "signed_in_at"
BROWSER = "browser"
BY_LINK = "signed_in_by_link"
_NAMES = (
    ("Edg/", "Edge"),
    ("Firefox/", "Firefox"),
    ("OPR/", "Opera"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
)
_SYSTEMS = (
    ("Android", "Android"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Windows", "Windows"),
    ("Mac OS", "macOS"),
)


@dataclass(frozen=True, slots=True)
class SignedIn:
    """One session: a mark that names it without giving its key away, the browser, and since when."""

    mark: str
    browser: str
    signed_in_at: datetime | None
    expires_at: datetime
    is_this: bool


def note_sign_in(request: HttpRequest, *, is_by_link: bool) -> None:
    """Keep in the session what its owner recognises it by later."""
    request.session[SIGNED_IN_AT] = timezone.now().isoformat()
    request.session[BROWSER] = browser_name(request.headers.get("User-Agent", ""))
    request.session[BY_LINK] = is_by_link


def browser_name(user_agent: str) -> str:
    """Return words for a browser, such as "Firefox on Windows"; an unknown one is "Another program"."""
    browser = next((name for part, name in _NAMES if part in user_agent), "Another program")
    system = next((name for part, name in _SYSTEMS if part in user_agent), "")
    system = system or ("Linux" if "Linux" in user_agent else "")
    return f"{browser} on {system}" if system else browser


def sessions_of(user: User, *, this_key: str | None) -> list[SignedIn]:
    """Return every session of ``user`` that has not expired, this one first, then the newest.

    Decodes each unexpired session of the site (about 0.1 ms each), because Django keeps no person beside them.
    """
    found = [
        SignedIn(
            mark=_mark(session.session_key),
            browser=str(data.get(BROWSER, "Another program")),
            signed_in_at=_when(data.get(SIGNED_IN_AT)),
            expires_at=session.expire_date,
            is_this=session.session_key == this_key,
        )
        for session, data in _rows(user)
    ]
    return sorted(found, key=lambda s: (not s.is_this, -s.expires_at.timestamp()))


def end_sessions(user: User, *, but_key: str | None, mark: str = "") -> int:
    """End the sessions of ``user``, all but ``but_key`` or only the one with ``mark``; return how many there were."""
    keys = [
        session.session_key
        for session, _ in _rows(user)
        if session.session_key != but_key and (not mark or _mark(session.session_key) == mark)
    ]
    Session.objects.filter(session_key__in=keys).delete()
    return len(keys)


def _rows(user: User) -> Iterator[tuple[Session, dict[str, Any]]]:
    for session in Session.objects.filter(expire_date__gt=timezone.now()).iterator(chunk_size=500):
        data = session.get_decoded()
        if data.get(SESSION_KEY) == str(user.pk):
            yield session, data


def _mark(session_key: str) -> str:
    return sha256(session_key.encode()).hexdigest()[:16]


def _when(text: Any) -> datetime | None:
    try:
        return datetime.fromisoformat(text)
    except (TypeError, ValueError):
        return None
