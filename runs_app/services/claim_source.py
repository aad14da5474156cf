"""Hold a source while it is synchronised: one at a time, and never for longer than its process lives."""

import os
import secrets
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db.models import Q
from django.utils import timezone

from runs_app.domain.enums import SyncState
from runs_app.domain.errors import LeaseLost, SyncBusy
from runs_app.domain.sync_state import describe_holder
from runs_app.models import Source

LEASE_SECONDS = 120


@dataclass(frozen=True, slots=True)
class Lease:
    """The right to write into the mirror of one source."""

    source_id: int
    owner: str


def claim_source(*, source: Source, who: str) -> Lease:
    """Take the source for ``who`` ("the command", "the worker", a person's name).

    A lease that ran out is taken over, and so is one whose process was on this machine and is gone.

    Raises:
        SyncBusy: somebody else holds it; the message says who and since when.
    """
    now = timezone.now()
    owner = f"{who[:20]}|{socket.gethostname()[:20]}|{os.getpid()}|{secrets.token_hex(4)}"
    rows = Source.objects.filter(pk=source.pk)
    free = Q(lease_until__isnull=True) | Q(lease_until__lte=now)
    claim: Mapping[str, Any] = {
        "lease_owner": owner,
        "lease_until": now + timedelta(seconds=LEASE_SECONDS),
        "state": SyncState.SYNCING,
        "stage": "connecting",
        "progress_done": 0,
        "progress_total": None,
        "last_tried_at": now,
    }
    if rows.filter(free).update(**claim) == 1:
        return Lease(source_id=source.pk, owner=owner)
    holder = rows.values_list("lease_owner", flat=True).first() or ""
    if _is_dead(holder) and rows.filter(lease_owner=holder).update(**claim) == 1:
        return Lease(source_id=source.pk, owner=owner)
    raise SyncBusy(f"{source.name} is being synchronised already, by {holder_of(source)}.")


def hold_source(*, lease: Lease, **changes: Any) -> None:
    """Prolong the lease and write ``changes`` to the source's row. Inside a transaction it fences all other writes.

    Raises:
        LeaseLost: another sync has taken over.
    """
    until = timezone.now() + timedelta(seconds=LEASE_SECONDS)
    rows = Source.objects.filter(pk=lease.source_id, lease_owner=lease.owner)
    if rows.update(lease_until=until, **changes) != 1:
        raise LeaseLost("Another sync has taken this source over; what this one had written is kept.")


def release_source(*, lease: Lease, **changes: Any) -> bool:
    """Give the source back and write ``changes``; return False when another sync has it by now."""
    rows = Source.objects.filter(pk=lease.source_id, lease_owner=lease.owner)
    return rows.update(lease_owner="", lease_until=None, stage="", progress_total=None, **changes) == 1


def holder_of(source: Source) -> str:
    """Return who holds the source now, as a phrase."""
    row = Source.objects.filter(pk=source.pk).values_list("lease_owner", "last_tried_at").first()
    owner, since = row or ("", None)
    return describe_holder(owner, timezone.localtime(since) if since else None)


def _is_dead(owner: str) -> bool:
    """Say whether the holder was a process of this machine that exists no more."""
    parts = owner.split("|")
    if len(parts) != 4 or parts[1] != socket.gethostname()[:20] or not parts[2].isdigit():
        return False
    try:
        os.kill(int(parts[2]), 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        return False
    return False
