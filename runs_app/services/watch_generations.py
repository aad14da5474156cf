"""Note that somebody looks on, so that the worker has models stream; a call that nobody watches costs a fraction of the time."""

import logging
from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db import DatabaseError
from django.db.models import Q
from django.utils import timezone

from runs_app.domain.generation import LIVE
from runs_app.models import Generation

logger = logging.getLogger(__name__)
# How long somebody who looked is taken to look on, and how soon that is written again while they do.
WATCH_SECONDS = 40.0
NOTE_AGAIN_SECONDS = 10.0


def watched_from(now: datetime) -> datetime:
    """Return until when somebody who looks at ``now`` is taken to look on."""
    return now + timedelta(seconds=WATCH_SECONDS)


def is_note_due(watched_until: datetime | None, now: datetime) -> bool:
    """Say whether it is to be noted anew that somebody looks on, who is taken to do so until then."""
    return watched_until is None or watched_until < _again(now)


def _again(now: datetime) -> datetime:
    return watched_from(now) - timedelta(seconds=NOTE_AGAIN_SECONDS)


def note_watched(generation_ids: Iterable[int]) -> int:
    """Note that somebody looks at these generations now; return how many rows had to be written.

    Those that are over, and those that were noted a moment ago, are left alone. A database that cannot be written now is
    only logged: models' answers then come whole.
    """
    now = timezone.now()
    rows = Generation.objects.filter(pk__in=tuple(generation_ids), status__in=LIVE)
    due = rows.filter(Q(watched_until__isnull=True) | Q(watched_until__lt=_again(now)))
    try:
        return due.update(watched_until=watched_from(now)) if due.exists() else 0
    except DatabaseError as error:
        logger.warning("it could not be noted that somebody looks on: %s", error)
        return 0
