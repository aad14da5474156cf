"""Draft a change-set of the taxonomy, look at what it would do, and propose or drop it."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction
from django.utils import timezone

from skills_app.adapters.collector import collector_at_rest
from skills_app.domain.change_sets.effect import effect_from
from skills_app.domain.change_sets.operations import (
    Operation,
    Split,
    drafted_again,
    operations_data,
    operations_from,
)
from skills_app.domain.change_sets.states import OPEN, ChangeStatus
from skills_app.domain.errors import ChangeConflicts, ChangeDataError, ChangeNotOpen, ChangeOvertaken
from skills_app.domain.keys import new_key
from skills_app.domain.storable import storable_json, storable_text
from skills_app.models import PathAlias, PlacementChange
from skills_app.queries.change_branches import branches_missing, keys_at
from skills_app.queries.change_preview import Preview, preview_operations
from skills_app.queries.change_standing import standing_words
from skills_app.queries.changes_since import changes_since, looked_at, words_of
from skills_app.queries.impact_tables import long_tables
from skills_app.queries.published import library_root
from skills_app.services.library_of_change import folder_conflicts
from skills_app.services.record_audit import record_audit
from skills_app.services.tell_of_change import tell_of_drop

# Under which name an open change-set remembers, with its impact, the steps that were taken out of it.
LEFT_OUT = "left_out"
_REMEMBERED = ("looked_at", LEFT_OUT)


@transaction.atomic
def draft_change(
    *,
    operations: Sequence[Operation],
    actor: User,
    reason: str = "",
    title: str = "",
    change: PlacementChange | None = None,
    as_of: datetime | None = None,
) -> PlacementChange:
    """Keep ``operations`` as a new draft, or as those of ``change``, which is open; a proposal becomes a draft again.

    A new draft remembers that its author saw the tree as it was at ``as_of``, or else as it is now. Of an open one the
    caller has read the operations that these follow or replace.

    Raises:
        ChangeNotOpen: the change was applied, undone or dropped meanwhile; the message says by whom.
        ChangeOvertaken: its operations are others by now, as from another window of its author.
        ChangeDataError: there are too many operations.
    """
    data = storable_json(operations_data(operations_from(operations_data(operations))))
    if change is None:
        one_at_a_time()  # so that what is applied in this moment is either seen or later
        now = timezone.now()
        change = PlacementChange(author=actor, author_name=actor.get_username())
        change.impact = {"looked_at": min(as_of or now, now).isoformat()}
    else:
        read, change = change.operations, locked_change(change)
        _need_open(change, "it cannot be changed any more")
        if change.operations != read:
            raise ChangeOvertaken("The steps of this change-set were changed meanwhile. Look at them again.")
    change.operations, change.status, change.consents = data, ChangeStatus.DRAFT, []
    change.title, change.reason = storable_text(title, longest=200), storable_text(reason)
    change.digest, change.impact, change.proposed_at = "", _remembered(change), None
    change.save()
    return change


def draft_again(*, change: PlacementChange, actor: User) -> PlacementChange:
    """Return a new draft of ``actor`` with the steps of ``change``, which was undone.

    What they make gets keys of its own, and its address back where the undo left that to what had been there before.
    """
    effect = effect_from(PlacementChange.objects.values_list("effect", flat=True).get(pk=change.pk))
    made = {
        effect.addresses[one][1]: heir.key for one, heir in effect.heirs.items() if one in effect.addresses
    }
    rows = PathAlias.objects.filter(path__in=made).values_list("path", "skill__key", "category__key")
    back = {path for path, *keys in rows if made[path] in keys}
    steps = [
        replace(one, takes=tuple(sorted({*one.takes, *back}))) if back and isinstance(one, Split) else one
        for one in operations_from(change.operations)
    ]
    again = drafted_again(steps, new_key)
    return draft_change(operations=again, actor=actor, title=change.title, reason=change.reason)


@transaction.atomic
def preview_change(*, change: PlacementChange) -> Preview:
    """Return what ``change`` would do now, and keep with it what was shown, so that applying it can tell a difference.

    What lies in the way in the library folder is among the conflicts. A look that finds nothing new writes nothing, and
    none forgets as of when the author saw the tree.
    """
    operations = operations_from(change.operations)
    root = library_root()
    with collector_at_rest():
        preview = preview_operations(operations)
        if root.is_dir() and not preview.effect.is_empty:
            found = folder_conflicts(
                root=root, operations=operations, rows=preview.rows, effect=preview.effect
            )
            preview = replace(preview, conflicts=(*preview.conflicts, *found))
    conflicts = [conflict.as_data() for conflict in preview.conflicts]
    tables, mark = long_tables(preview)
    shown = {**preview.impact, "conflicts": conflicts, **mark, **_remembered(change)}
    new = {"digest": preview.digest, "impact": shown, "branches": list(preview.branches)}
    if any(getattr(change, name) != value for name, value in new.items()):
        _keep_preview(change, {**new, "tables": tables})
    change.digest, change.impact, change.branches = preview.digest, shown, list(preview.branches)
    return preview


@transaction.atomic
def _keep_preview(change: PlacementChange, new: dict[str, Any]) -> None:
    """Keep what was shown of a change-set, unless its steps are others by now; what its row remembers meanwhile stays."""
    rows = PlacementChange.objects.filter(pk=change.pk, status__in=OPEN)
    row = rows.select_for_update().only("operations", "impact").first()
    if row is not None and row.operations == change.operations:
        new["impact"] |= _remembered(row)
        rows.update(**new)


def pick_up_draft(*, change: PlacementChange, actor: User) -> PlacementChange:
    """Make an open change-set the one to which its author adds steps; a proposal becomes a draft again.

    Raises:
        ChangeNotOpen: the change was applied, undone or dropped meanwhile; the message says by whom.
        ChangeOvertaken: its steps are others by now.
    """
    operations = operations_from(change.operations)
    return draft_change(
        operations=operations, actor=actor, change=change, title=change.title, reason=change.reason
    )


@transaction.atomic
def note_changes_seen(*, change: PlacementChange, until: datetime) -> None:
    """Remember that the author of an open change-set knows what others did until then; what is later is told still."""
    one_at_a_time()
    change = locked_change(change)
    seen = max(looked_at(change), min(until, timezone.now()))
    change.impact = {**change.impact, "looked_at": seen.isoformat()}
    PlacementChange.objects.filter(pk=change.pk, status__in=OPEN).update(impact=change.impact)


def one_at_a_time() -> None:
    """Let changes of the taxonomy wait for each other: the oldest row is the one lock of all."""
    PlacementChange.objects.select_for_update().order_by("pk").values_list("pk", flat=True).first()


def locked_change(change: PlacementChange) -> PlacementChange:
    """Return ``change`` as it stands, and keep everybody else from changing it until the transaction ends.

    Who also wants ``one_at_a_time`` takes that lock first, so that no two wait for each other. The tables of its impact,
    which no change of it reads, come with a query of their own.
    """
    return PlacementChange.objects.select_for_update().defer("tables").get(pk=change.pk)


@transaction.atomic
def propose_change(*, change: PlacementChange, actor: User, may_curate: Sequence[str]) -> PlacementChange:
    """Ask those who curate the branches for consent; that of the proposer counts for those at a path of ``may_curate``.

    Raises:
        ChangeNotOpen: it is not a draft any more; the message says by whom.
        ChangeConflicts: something is in the way, or it would do nothing.
    """
    locked_change(change)
    change.refresh_from_db()
    if change.status != ChangeStatus.DRAFT:
        raise ChangeNotOpen(standing_words(change, "it cannot be proposed"))
    preview = preview_change(change=change)
    if preview.conflicts or preview.effect.is_empty:
        said = "Nothing can be proposed while something is in the way."
        raise ChangeConflicts(told_first(said, change, preview), preview.conflicts)
    change.consents = [consent_of(change, actor, may_curate)]
    change.status, change.proposed_at = ChangeStatus.PROPOSED, timezone.now()
    change.save(update_fields=["status", "proposed_at", "consents", "updated_at"])
    _audit(change, actor, "proposed_change")
    return change


@transaction.atomic
def drop_change(*, change: PlacementChange, actor: User, reason: str = "") -> None:
    """Give an open change-set up, for ``reason``; it stays in the history.

    The author of a proposal that somebody else declines is told, and whoever had consented to it.

    Raises:
        ChangeNotOpen: it was applied, undone or dropped already, or is a draft of somebody else (again); the message says
            by whom.
        ChangeDataError: somebody else's proposal is declined without a reason.
    """
    change = locked_change(change)
    _need_open(change, "it cannot be dropped any more")
    if change.author_id != actor.pk and change.status == ChangeStatus.DRAFT:
        raise ChangeNotOpen(standing_words(change, "there is nothing to decline"))
    reason, was = storable_text(reason.strip()), change.status
    if change.author_id != actor.pk and not reason:
        raise ChangeDataError("Say why you decline it: its author is told.")
    change.status = ChangeStatus.DROPPED
    change.save(update_fields=["status", "updated_at"])
    record_audit(
        verb="dropped_change",
        target_kind="placement_change",
        target_key=change.key,
        actor=actor,
        before={"status": was},
        after={"status": change.status},
        reason=reason,
    )
    if was == ChangeStatus.PROPOSED:
        tell_of_drop(change=change, actor=actor, reason=reason)


def consents_missing(change: PlacementChange) -> list[str]:
    """Return the paths now of the branches (empty text: the top) that still need somebody who curates there."""
    return sorted({branch.path for branch in branches_missing([change])[change.pk]})


def consent_of(change: PlacementChange, actor: User, may_curate: Sequence[str]) -> dict[str, Any]:
    """Return the consent of ``actor`` for the branches of ``change`` at these paths now, as JSON data.

    The keys count; the paths say how the branches were called when it was given.
    """
    keys = keys_at(change, may_curate)
    return {"by": actor.get_username(), "branches": sorted(may_curate), "keys": keys}


def told_first(said: str, change: PlacementChange, preview: Preview) -> str:
    """Return why a step cannot be taken, with who changed meanwhile what ``change`` touches, and when, in front."""
    first = words_of(changes_since(change, preview))
    return f"{first} {said} Your change-set is kept as it is." if first else said


def _remembered(change: PlacementChange) -> dict[str, Any]:
    return {name: change.impact[name] for name in _REMEMBERED if name in change.impact}


def _need_open(change: PlacementChange, so: str) -> None:
    if change.status not in OPEN:
        raise ChangeNotOpen(standing_words(change, so))


def _audit(change: PlacementChange, actor: User, verb: str) -> None:
    record_audit(
        verb=verb, target_kind="placement_change", target_key=change.key, actor=actor, reason=change.reason
    )
