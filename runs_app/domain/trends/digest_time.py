"""When the week's digest is due."""

from datetime import datetime, time, timedelta

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
NEVER = "never"
# A digest that could not go out on time, because nothing ran or no mail went, is still sent for so long.
LATE = timedelta(hours=24)


def digest_due(now: datetime, *, day: str, hour: int) -> datetime | None:
    """Return the moment of the digest that is to be sent ``now``: the last one that was due, unless it is a day ago.

    ``now`` carries the site's time zone, ``hour`` is of that zone; ``day`` is one of ``DAYS``, or ``never``.
    """
    if day == NEVER:
        return None
    days_ago = (now.weekday() - DAYS.index(day)) % 7
    due = datetime.combine(now.date() - timedelta(days=days_ago), time(hour), tzinfo=now.tzinfo)
    return due if timedelta(0) <= now - due < LATE else None
