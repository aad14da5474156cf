"""Draft a change-set of the taxonomy, look at what it would do, and propose or drop it."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction
from django.utils import timezone

from skills_app.domain.change_sets.operations import Operation, operations_data, operations_from
from skills_app.domain.change_sets.states import OPEN, ChangeStatus
from skills_app.domain.errors import ChangeConflicts, ChangeNotOpen
from skills_app.domain.storable import storable_json, storable_text
from skills_app.models import PlacementChange
from skills_app.queries.change_branches import branches_missing, keys_at
from skills_app.queries.change_preview import Preview, preview_operations
from skills_app.queries.published import library_root
from skills_app.services.library_of_change import folder_conflicts
from skills_app.services.record_audit import record_audit


@transaction.atomic
def draft_change(
    *,
    operations: Sequence[Operation],
    actor: User,
    reason: str = "",
    title: str = "",
    change: PlacementChange | None = None,
) -> PlacementChange:
    """Keep ``operations`` as a new draft, or as those of ``change``, which is open; a proposal becomes a draft again.

    Raises:
        ChangeNotOpen: the change was applied, undone or dropped meanwhile.
        ChangeDataError: there are too many operations.
    """
    data = storable_json(operations_data(operations_from(operations_data(operations))))
    if change is None:
        change = PlacementChange(author=actor, author_name=actor.get_username())
    else:
        change = PlacementChange.objects.select_for_update().get(pk=change.pk)
        _need_open(change)
    change.operations, change.status, change.consents = data, ChangeStatus.DRAFT, []
    change.title, change.reason = storable_text(title, longest=200), storable_text(reason)
    change.digest, change.impact, change.proposed_at = "", {}, None
    change.save()
    return change


@transaction.atomic
def preview_change(*, change: PlacementChange) -> Preview:
    """Return what ``change`` would do now, and keep with it what was shown, so that applying it can tell a difference.

    What lies in the way in the library folder is among the conflicts.
    """
    operations = operations_from(change.operations)
    preview = preview_operations(operations)
    root = library_root()
    if root.is_dir() and not preview.effect.is_empty:
        found = folder_conflicts(root=root, operations=operations, rows=preview.rows, effect=preview.effect)
        preview = replace(preview, conflicts=(*preview.conflicts, *found))
    shown = {**preview.impact, "conflicts": [conflict.as_data() for conflict in preview.conflicts]}
    PlacementChange.objects.filter(pk=change.pk, status__in=OPEN).update(
        digest=preview.digest, impact=shown, branches=list(preview.branches), updated_at=timezone.now()
    )
    change.digest, change.impact, change.branches = preview.digest, shown, list(preview.branches)
    return preview


@transaction.atomic
def propose_change(*, change: PlacementChange, actor: User, may_curate: Sequence[str]) -> PlacementChange:
    """Ask those who curate the branches for consent; that of the proposer counts for those at a path of ``may_curate``.

    Raises:
        ChangeNotOpen: it is not a draft.
        ChangeConflicts: something is in the way, or it would do nothing.
    """
    preview = preview_change(change=change)
    if preview.conflicts or preview.effect.is_empty:
        raise ChangeConflicts("Nothing can be proposed while something is in the way.", preview.conflicts)
    consents = [consent_of(change, actor, may_curate)]
    now = timezone.now()
    claimed = PlacementChange.objects.filter(pk=change.pk, status=ChangeStatus.DRAFT).update(
        status=ChangeStatus.PROPOSED, proposed_at=now, consents=consents, updated_at=now
    )
    if claimed != 1:
        raise ChangeNotOpen("This change-set is not a draft any more.")
    change.refresh_from_db()
    _audit(change, actor, "proposed_change")
    return change


@transaction.atomic
def drop_change(*, change: PlacementChange, actor: User) -> None:
    """Give an open change-set up; it stays in the history.

    Raises:
        ChangeNotOpen: it was applied, undone or dropped already.
    """
    claimed = PlacementChange.objects.filter(pk=change.pk, status__in=OPEN).update(
        status=ChangeStatus.DROPPED, updated_at=timezone.now()
    )
    if claimed != 1:
        raise ChangeNotOpen("This change-set is not open any more.")
    _audit(change, actor, "dropped_change")


def consents_missing(change: PlacementChange) -> list[str]:
    """Return the paths now of the branches (empty text: the top) that still need somebody who curates there."""
    return sorted({branch.path for branch in branches_missing([change])[change.pk]})


def consent_of(change: PlacementChange, actor: User, may_curate: Sequence[str]) -> dict[str, Any]:
    """Return the consent of ``actor`` for the branches of ``change`` at these paths now, as JSON data.

    The keys count; the paths say how the branches were called when it was given.
    """
    keys = keys_at(change, may_curate)
    return {"by": actor.get_username(), "branches": sorted(may_curate), "keys": keys}


def _need_open(change: PlacementChange) -> None:
    if change.status not in OPEN:
        raise ChangeNotOpen(f"This change-set is {change.status}, so it cannot be changed.")


def _audit(change: PlacementChange, actor: User, verb: str) -> None:
    record_audit(
        verb=verb, target_kind="placement_change", target_key=change.key, actor=actor, reason=change.reason
    )
