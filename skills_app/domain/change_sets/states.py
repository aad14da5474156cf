"""Where a change-set stands, and where it may go from there."""

from enum import StrEnum


class ChangeStatus(StrEnum):
    """The life of a change-set."""

    DRAFT = "draft"
    PROPOSED = "proposed"
    APPLIED = "applied"
    UNDONE = "undone"
    DROPPED = "dropped"


OPEN = frozenset({ChangeStatus.DRAFT, ChangeStatus.PROPOSED})

ALLOWED: dict[ChangeStatus, frozenset[ChangeStatus]] = {
    ChangeStatus.DRAFT: frozenset({ChangeStatus.PROPOSED, ChangeStatus.APPLIED, ChangeStatus.DROPPED}),
    ChangeStatus.PROPOSED: frozenset({ChangeStatus.DRAFT, ChangeStatus.APPLIED, ChangeStatus.DROPPED}),
    ChangeStatus.APPLIED: frozenset({ChangeStatus.UNDONE}),
    ChangeStatus.UNDONE: frozenset(),
    ChangeStatus.DROPPED: frozenset(),
}

# What the audit of each thing that a change-set changed says of it, before its key.
_MARK = "change-set "


def audit_mark(key: str) -> str:
    """Return the reason with which the audit of a thing names the change-set ``key`` that changed it."""
    return f"{_MARK}{key}"


def marked_key(reason: str) -> str:
    """Return the key of the change-set that a reason of the audit names; empty when it names none."""
    return reason.removeprefix(_MARK) if reason.startswith(_MARK) else ""


def missing_branches(branches: list[str], consented: list[str]) -> list[str]:
    """Return the branches for which nobody with rights there has agreed yet; consent for the top is consent for all.

    A branch whose consent was given covers what lies below it.
    """
    return [path for path in branches if not any(_covers(given, path) for given in consented)]


def _covers(given: str, path: str) -> bool:
    return given == "" or path == given or path.startswith(f"{given}/")
