"""How the state of a source moves from one look to the next, and when the next look is due."""

from datetime import datetime

from runs_app.domain.enums import SyncState

ALLOWED: dict[SyncState, frozenset[SyncState]] = {
    SyncState.NEVER: frozenset({SyncState.SYNCING}),
    # A sync whose process was killed leaves "syncing" behind; the next one takes it over.
    SyncState.SYNCING: frozenset(
        {SyncState.SYNCING, SyncState.CURRENT, SyncState.STALE, SyncState.FAILED, SyncState.NEVER}
    ),
    SyncState.CURRENT: frozenset({SyncState.SYNCING}),
    SyncState.STALE: frozenset({SyncState.SYNCING}),
    SyncState.FAILED: frozenset({SyncState.SYNCING}),
}

LONGEST_WAIT_SECONDS = 900
REQUESTED = "requested"  # the stage of a source that waits for a worker


def may_become(old: SyncState, new: SyncState) -> bool:
    """Say whether a source may go from ``old`` to ``new``."""
    return new in ALLOWED[old]


def state_after_failure(*, has_runs: bool) -> SyncState:
    """Return ``stale`` when there is an older picture to show, ``failed`` when there is none."""
    return SyncState.STALE if has_runs else SyncState.FAILED


def wait_seconds(*, num_failures: int, every_seconds: int) -> int:
    """Return the pause before the next look: the usual one, doubled with each failure in a row, at most 15 minutes."""
    if num_failures <= 0:
        return every_seconds
    return min(every_seconds * 2 ** min(num_failures, 12), max(LONGEST_WAIT_SECONDS, every_seconds))


def describe_holder(owner: str, since: datetime | None) -> str:
    """Return who holds a lease, as a phrase: "the worker on host-1 (process 7), since 12:03:41" (``since`` in local time)."""
    parts = owner.split("|")
    if len(parts) != 4:
        return "somebody else"
    told = f"{parts[0]} on {parts[1]} (process {parts[2]})"
    return f"{told}, since {since:%H:%M:%S}" if since else told
