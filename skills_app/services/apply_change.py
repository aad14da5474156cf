"""Apply a change-set in one transaction, with consent where it is needed, and undo it; the library folder goes along."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction
from django.utils import timezone

from skills_app.domain.change_sets.effect import (
    Effect,
    effect_from,
    effect_of,
    folds_of,
    rows_in_the_way,
    undo,
)
from skills_app.domain.change_sets.merging import ARCHIVED, skills_merged
from skills_app.domain.change_sets.operations import operations_from
from skills_app.domain.change_sets.rows import Kind, Target
from skills_app.domain.change_sets.states import OPEN, ChangeStatus, audit_mark
from skills_app.domain.change_sets.tree import Tree
from skills_app.domain.errors import ChangeConflicts, ChangeNotOpen, ChangeOvertaken
from skills_app.models import PlacementChange, PlacementChangeTarget, SkillDependency
from skills_app.queries.change_impact import looking_after, told_of
from skills_app.queries.change_preview import Preview, later_changes, preview_operations
from skills_app.queries.change_standing import standing_words
from skills_app.queries.changes_since import changed_outside, changes_since, words_of
from skills_app.queries.one_files import stay_conflicts
from skills_app.queries.published import library_root
from skills_app.queries.taxonomy_rows import TaxonomyRows, read_taxonomy
from skills_app.services.draft_change import (
    consent_of,
    consents_missing,
    locked_change,
    one_at_a_time,
    told_first,
)
from skills_app.services.ended_rows import (
    bring_back_categories,
    bring_back_the_rest,
    keep_ended_rows,
    relink,
)
from skills_app.services.follow_change import LibraryFollower, following_library
from skills_app.services.index_skill_text import index_skill_addresses, index_skill_keywords
from skills_app.services.insert_rows import insert_rows
from skills_app.services.library_of_change import without_file
from skills_app.services.record_audit import record_audit, record_audit_of_moves
from skills_app.services.tell_of_change import tell_of_change
from skills_app.services.write_effect import write_effect

_APPLIED = (
    "kept",
    "effect",
    "digest",
    "branches",
    "impact",
    "status",
    "applied_at",
    "applied_by",
    "updated_at",
)


def apply_change(*, change: PlacementChange, actor: User, expected_digest: str) -> PlacementChange:
    """Do what ``change`` says, if it still does what was shown under ``expected_digest``; return it as applied.

    One transaction: rows, aliases, facets, search, audit and the library folder, or nothing, also after a crash. The
    caller has asked who may, and has no transaction open.

    Raises:
        ChangeNotOpen: somebody applied or dropped it meanwhile; the message says who.
        ChangeConflicts: something is in the way, or it would do nothing; the message names the changes since.
        ChangeOvertaken: its effect is another by now; the message names the changes since.
        PublishingError: the library folder cannot follow; nothing was changed.
    """
    with following_library() as folder, transaction.atomic():
        one_at_a_time()
        return _apply(locked_change(change), actor, expected_digest, folder)


def _apply(
    change: PlacementChange, actor: User, expected_digest: str, folder: LibraryFollower
) -> PlacementChange:
    if change.status not in OPEN:
        raise ChangeNotOpen(standing_words(change, "it cannot be applied any more"))
    preview = preview_operations(operations_from(change.operations), with_impact=False)
    if preview.conflicts:
        said = "Something is in the way of this change-set."
        raise ChangeConflicts(told_first(said, change, preview), preview.conflicts)
    if preview.effect.is_empty:
        raise ChangeConflicts(told_first("This change-set would change nothing.", change, preview))
    if preview.digest != expected_digest:
        raise ChangeOvertaken(_overtaken(change, preview))
    folder.plan(change, ChangeStatus.APPLIED, preview.rows, preview.effect, actor)
    people = [
        *told_of(preview.rows.tree, preview.effect),
        {"name": change.author_name, "role": "author", "branch": ""},
    ]
    change.kept = _write(preview.rows, preview.effect) | {"nodes": folder.ended_nodes}
    change.effect, change.digest = preview.effect.as_data(), preview.digest
    change.branches = list(preview.branches)
    change.impact = {**change.impact, "touched": sorted(key for key in preview.effect.touched if key)}
    change.status, change.applied_at = ChangeStatus.APPLIED, timezone.now()
    change.applied_by = actor.get_username()
    # Its steps and tables stay as they are: megabytes, which a database would write once more.
    change.save(update_fields=_APPLIED)
    targets = ((change.pk, t.kind.value, t.key) for t in sorted(preview.effect.targets))
    insert_rows(PlacementChangeTarget, ("change_id", "kind", "key"), targets)
    _finish(change, preview.rows, actor, preview.effect, "applied_change", change.reason)
    tell_of_change(change=change, actor=actor, verb="applied", people=people)
    folder.follow()
    return change


def accept_change(
    *, change: PlacementChange, actor: User, may_curate: Sequence[str], expected_digest: str
) -> PlacementChange:
    """Consent to a proposal for the branches at the paths ``may_curate``; it is applied once every branch has consent.

    Raises:
        ChangeNotOpen: it is not proposed any more.
        ChangeConflicts: as for ``apply_change``.
        ChangeOvertaken: as for ``apply_change``.
        PublishingError: as for ``apply_change``.
    """
    with following_library() as folder, transaction.atomic():
        one_at_a_time()
        change = locked_change(change)
        if change.status != ChangeStatus.PROPOSED:
            raise ChangeNotOpen(standing_words(change, "there is nothing to accept"))
        change.consents = [*change.consents, consent_of(change, actor, may_curate)]
        change.save(update_fields=["consents", "updated_at"])
        record_audit(
            verb="accepted_change",
            target_kind="placement_change",
            target_key=change.key,
            actor=actor,
            after={"branches": sorted(may_curate)},
        )
        return change if consents_missing(change) else _apply(change, actor, expected_digest, folder)


def undo_change(*, change: PlacementChange, actor: User, reason: str = "") -> PlacementChange:
    """Bring back every row that an applied change-set changed; addresses in use meanwhile go on answering.

    Raises:
        ChangeNotOpen: it is not applied (any more).
        ChangeConflicts: something was changed again since; the message names the later change-sets.
        PublishingError: the library folder cannot follow; nothing was changed.
    """
    with following_library() as folder, transaction.atomic():
        one_at_a_time()
        return _undo(locked_change(change), actor, reason, folder)


def _undo(change: PlacementChange, actor: User, reason: str, folder: LibraryFollower) -> PlacementChange:
    if change.status != ChangeStatus.APPLIED:
        raise ChangeNotOpen(standing_words(change, "there is nothing to undo"))
    effect = effect_from(change.effect)
    rows = read_taxonomy(key for key, (old, new) in effect.homes.items() if old.facets != new.facets)
    conflicts = undo(rows.tree, effect)
    if conflicts:
        targets = sorted(rows_in_the_way(rows.tree, effect, conflicts))
        names = ", ".join(f"“{later}” ({later.key})" for later in later_changes(change, targets))
        first = conflicts[0].message
        later = f" Undo first: {names}." if names else f" {changed_outside(change, targets)}"
        raise ChangeConflicts(f"This cannot be undone. {first}{later}", tuple(conflicts))
    back = effect_of(rows.tree)
    unfiled = without_file(root=library_root(), effect=back)
    if staying := stay_conflicts(rows.tree, (), back, but=unfiled):
        raise ChangeConflicts(f"This cannot be undone. {staying[0].message}", tuple(staying))
    folder.plan(change, ChangeStatus.UNDONE, rows, back, actor)
    people = told_of(rows.tree, back)
    kept = change.kept or {}
    rows.category_pks.update(bring_back_categories(kept=kept.get("rows", [])))
    write_effect(rows, back)
    bring_back_the_rest(kept=kept.get("rows", []))
    people += looking_after(key for key, (was, _) in back.places.items() if was is None)
    relink(links={pk: (new, old) for pk, old, new in kept.get("links", [])})
    change.status, change.undone_at = ChangeStatus.UNDONE, timezone.now()
    change.undone_by = actor.get_username()
    change.save(update_fields=["status", "undone_at", "undone_by", "updated_at"])
    _finish(change, rows, actor, back, "undid_change", reason)
    tell_of_change(change=change, actor=actor, verb="undid", people=people)
    folder.follow()
    return change


def _write(rows: TaxonomyRows, effect: Effect) -> dict[str, Any]:
    gone = [rows.category_pks[key] for key, (_, after) in effect.places.items() if after is None]
    kept = keep_ended_rows(category_pks=gone)
    write_effect(rows, effect)
    folds = {rows.skill_pks[gone]: rows.skill_pks[heir] for gone, heir in folds_of(rows.tree, effect).items()}
    pointing = SkillDependency.objects.filter(target__in=folds).values_list("pk", "target_id")
    return {"rows": _plain(kept), "links": relink(links={pk: (t, folds[t]) for pk, t in pointing})}


def _plain(kept: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the rows with times and dates as text, as a JSON column takes them."""
    return [
        {
            **row,
            "fields": {n: v.isoformat() if hasattr(v, "isoformat") else v for n, v in row["fields"].items()},
        }
        for row in kept
    ]


def _index(skill_pks: Mapping[str, int], effect: Effect) -> None:
    """Let the search find what moved at its new address and its old ones, and by its facets and ids."""
    moved = {t.key for t in effect.addresses if t.kind is Kind.SKILL}
    moved |= {one.key for pair in effect.aliases.values() for one in pair if one and one.kind is Kind.SKILL}
    index_skill_addresses(skill_ids=[skill_pks[key] for key in moved])
    told = [
        skill_pks[key]
        for key, (old, new) in effect.homes.items()
        if (old.facets, old.external_id) != (new.facets, new.external_id)
    ]
    index_skill_keywords(skill_ids=told)


def _finish(
    change: PlacementChange, rows: TaxonomyRows, actor: User, effect: Effect, verb: str, reason: str
) -> None:
    heirs = skills_merged(operations_from(change.operations))
    moves = [
        (target.kind.value, target.key, *_before_and_after(rows.tree, effect, target, heirs.get(target.key)))
        for target in effect.addresses
    ]
    _index(rows.skill_pks, effect)
    record_audit(
        verb=verb,
        target_kind="placement_change",
        target_key=change.key,
        actor=actor,
        after={"num_addresses": len(moves), "branches": change.branches},
        reason=reason,
    )
    record_audit_of_moves(moves=moves, verb=f"{verb}_of_place", actor=actor, reason=audit_mark(change.key))
    faceted = [
        (Kind.SKILL.value, key, {"facets": sorted(old.facets)}, {"facets": sorted(new.facets)})
        for key, (old, new) in effect.homes.items()
        if old.facets != new.facets
    ]
    record_audit_of_moves(moves=faceted, verb=f"{verb}_of_facets", actor=actor, reason=audit_mark(change.key))


def _before_and_after(
    tree: Tree, effect: Effect, target: Target, heir: str | None
) -> tuple[dict[str, str], dict[str, str]]:
    """Return what the audit tells of a move: addresses, and for the time that another skill stands in, the path of that."""
    told = [{"path": path} if path else {} for path in effect.addresses[target]]
    if heir is not None and target.kind is Kind.SKILL:
        for one, home in zip(told, effect.homes.get(target.key, ()), strict=False):
            if home.status == ARCHIVED:
                one["merged_into"] = tree.paths.get(Target(Kind.SKILL, heir), heir)
    return told[0], told[1]


def _overtaken(change: PlacementChange, preview: Preview) -> str:
    said = "Look at the effect again; your change-set is kept as it is."
    first = words_of(changes_since(change, preview))
    return f"{first or 'The change-set or the library changed since you looked.'} {said}"
