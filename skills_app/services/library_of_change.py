"""What a change-set means for the library folder: which folders and index entries go along, and what is known of it after."""

import errno
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from django.utils import timezone

from skills_app.adapters.library_moves import FolderMove, LibraryMove, in_the_way
from skills_app.adapters.published_library import PublicationOutcome
from skills_app.adapters.skill_folder_state import nested_skills
from skills_app.adapters.staged_index import StagedIndex
from skills_app.domain.change_sets.conflicts import Conflict, folder_conflict
from skills_app.domain.change_sets.effect import Effect
from skills_app.domain.change_sets.operations import Operation
from skills_app.domain.change_sets.rows import Kind, Target
from skills_app.domain.change_sets.states import ChangeStatus
from skills_app.domain.findings import MAIN_FILE
from skills_app.domain.folder_moves import FolderPlan, landing_of, planned_moves
from skills_app.domain.index_moving import EntryMove, IndexMoves, nodes_at
from skills_app.domain.one_file_skills import one_file_paths
from skills_app.domain.taxonomy_files import told_title
from skills_app.models import PlacementChange, Promotion, Skill
from skills_app.queries.taxonomy_rows import TaxonomyRows
from skills_app.services.publication_of import commit_message

REFERENCE = "change:"
# What an address says where nothing is: no such entry, a file in the way, links in a circle.
_ABSENT = frozenset({errno.ENOENT, errno.ENOTDIR, errno.ELOOP})


def library_move_of(
    *,
    root: Path,
    change: PlacementChange,
    status: ChangeStatus,
    rows: TaxonomyRows,
    effect: Effect,
    person: str,
) -> LibraryMove | None:
    """Return what is to move in the library at ``root`` when ``effect`` becomes true, or None when nothing is.

    ``rows`` hold the tree with the effect; call it before the rows are written. What was published lies where it was
    published, everything else at its address. ``status`` is what the change-set will be then.
    """
    stands = _stands()
    skills = {t.key: pair for t, pair in effect.addresses.items() if t.kind is Kind.SKILL}
    places = {t: pair for t, pair in effect.addresses.items() if t.kind is Kind.CATEGORY}
    moves = _folder_moves(root, effect, stands)
    coming = {t.key: b for t, (a, b) in places.items() if not a}
    nodes = dict(_nodes_of(change.kept or {}, coming)) if status is ChangeStatus.UNDONE else {}
    named = set(nodes) if status is ChangeStatus.UNDONE else set(coming.values())
    index = IndexMoves(
        tuple(_entries(rows, effect, skills, stands)),
        tuple((a, b) for a, b in places.values() if a or b in named),
        timezone.now().isoformat(timespec="seconds").replace("+00:00", "Z"),
        nodes,
        dict(_category_aliases(rows, effect)),
        dict(_titles(rows, effect, nodes)),
    )
    if not moves and not (root / "taxonomy_index.json").exists():
        return None
    verb = "Undo" if status is ChangeStatus.UNDONE else "Apply"
    subject = f"{verb} “{change}”" if change.title else f"{verb} {change}"
    return LibraryMove(
        f"{REFERENCE}{change.key}:{status.value}",
        moves,
        index,
        commit_message(subject, change.reason, person),
    )


def folder_conflicts(
    *, root: Path, operations: Sequence[Operation], rows: TaxonomyRows, effect: Effect
) -> list[Conflict]:
    """Return what lies in the way of ``effect`` in the library at ``root`` as it is now, each thing once.

    ``rows`` hold the tree with the effect. Looks at the disk and writes nothing; a disk that refuses to be read says so
    when the change-set is applied.
    """
    try:
        found = list(in_the_way(root, _folder_moves(root, effect, _stands())))
    except OSError:
        return []
    movers = {after: target for target, (_, after) in sorted(effect.addresses.items()) if after}
    movers |= {f"{after}.json": target for after, target in movers.items() if target.kind is Kind.SKILL}
    first = {path: movers[move.target] for move, path in reversed(found) if move.target in movers}
    return [folder_conflict(rows.tree, operations, target, path) for path, target in sorted(first.items())]


def without_file(*, root: Path, effect: Effect) -> frozenset[str]:
    """Return the keys of the skills that ``effect`` takes out of a folder for one-file skills though no file of theirs is there.

    They were brought there in the tables alone. ``root`` need not be there.
    """
    leaving = {
        target.key: one_file_paths(before)[1]
        for target, (before, after) in effect.addresses.items()
        if target.kind is Kind.SKILL and not one_file_paths(after)[1]
    }
    return frozenset(key for key, file in leaving.items() if file and not os.path.lexists(root / file))


def ended_nodes(*, root: Path, effect: Effect) -> dict[str, dict[str, Any]] | None:
    """Return what the index at ``root`` says of each category that ``effect`` ends, by key; None without an index.

    Raises:
        PublishingConflict: there is something else in the place of the index.
    """
    ending = {t.key: a for t, (a, b) in effect.addresses.items() if t.kind is Kind.CATEGORY and a and not b}
    try:
        current = StagedIndex(root, root).read() if ending else None
    except OSError:  # the move itself says what the disk refuses
        return None
    if current is None:
        return None
    nodes = nodes_at(current, ending.values())
    return {key: nodes[path] for key, path in ending.items() if path in nodes}


def follow_promotions(move: LibraryMove) -> None:
    """Write down where what is published lies from now on; inside the transaction of the change."""
    moves = {one.source: one.target for one in move.moves}
    rows = list(Promotion.objects.standing().only("pk", "path")) if moves else []
    moved = []
    for row in rows:
        path = landing_of(row.path, moves)
        if path != row.path:
            row.path = path
            moved.append(row)
    Promotion.objects.bulk_update(moved, ["path"], batch_size=500)


def is_kept(reference: str) -> bool:
    """Say whether the change-set that a move of folders belongs to was kept: what a crash had left is decided by it."""
    key, _, status = reference.removeprefix(REFERENCE).partition(":")
    return PlacementChange.objects.filter(key=key, status=status).exists()


def note_moved(*, outcome: PublicationOutcome, num_folders: int | None = None) -> None:
    """Write down with the change-set what became of the folders."""
    if not outcome.is_done or not outcome.reference.startswith(REFERENCE):
        return
    key = outcome.reference.removeprefix(REFERENCE).partition(":")[0]
    told: dict[str, Any] = {"commit": outcome.commit, "problem": outcome.problem}
    if num_folders is not None:
        told["num_folders"] = num_folders
    PlacementChange.objects.filter(key=key).update(folder=told)


def _stands() -> dict[str, str]:
    """Return where each published skill lies, by its key."""
    return dict(Promotion.objects.standing().values_list("skill__key", "path"))


def _folder_moves(root: Path, effect: Effect, stands: Mapping[str, str]) -> tuple[FolderMove, ...]:
    skills = {t.key: pair for t, pair in effect.addresses.items() if t.kind is Kind.SKILL}
    wanted = {stands.get(key, before): after for key, (before, after) in skills.items()}
    places = [pair for t, pair in effect.addresses.items() if t.kind is Kind.CATEGORY]
    published = set(stands.values())
    plan = FolderPlan(
        categories={a: b for a, b in places if a and b and a != b and _is_branch(root / a)},
        skills={a: b for a, b in wanted.items() if a != b and _is_skill(f"{root}/{a}", a in published)},
        taken=frozenset(b for a, b in places if b and os.path.lexists(root / b)),
    )
    moves = planned_moves(
        plan, nested=lambda path: (f"{path}/{inner}" for inner in nested_skills(root / path))
    )
    return tuple(FolderMove(a, b) for a, b in [*moves, *_file_moves(root, skills.values())])


def _file_moves(root: Path, addresses: Iterable[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    """Yield file before and after of each one-file skill that gets another name where it is found."""
    for before, after in addresses:
        source, target = one_file_paths(before)[1], one_file_paths(after)[1]
        if source and target and source != target and (root / source).is_file():
            yield source, target


def _entries(
    rows: TaxonomyRows,
    effect: Effect,
    skills: Mapping[str, tuple[str, str]],
    stands: Mapping[str, str],
) -> Iterator[EntryMove]:
    known = _ids(one.key for gone, one in rows.tree.heirs.items() if gone.kind is Kind.SKILL)
    lost, gained = _aliases(effect, 0), _aliases(effect, 1)
    for key in {**skills, **effect.homes, **lost, **gained}:
        lies = stands.get(key) or skills.get(key, ("", ""))[0] or rows.tree.path(Kind.SKILL, key)
        after = skills[key][1] if key in skills else lies
        fields: dict[str, Any] = {}
        if key in effect.homes:
            was, will = effect.homes[key]
            if was.status != will.status:
                heir = next((to for gone, to in rows.tree.heirs.items() if gone == (Kind.SKILL, key)), None)
                fields = {"status": will.status, "replaced_by": known.get(heir.key) if heir else None}
            if was.facets != will.facets:
                fields["facets"] = _facets(will.facets)
        more = gained.get(key, [])
        if lies != after and rows.tree.aliases.get(lies) == Target(Kind.SKILL, key):
            more = [*more, lies]
        if fields or lies != after or more or key in lost:
            yield EntryMove(lies, after, fields, tuple(more), tuple(lost.get(key, ())))


def _aliases(effect: Effect, side: int) -> dict[str, list[str]]:
    """Return the aliases that changed and lead to a skill before (0) or after (1), by its key."""
    found: dict[str, list[str]] = {}
    for path, pair in sorted(effect.aliases.items()):
        target = pair[side]
        if target is not None and target.kind is Kind.SKILL:
            found.setdefault(target.key, []).append(path)
    return found


def _category_aliases(rows: TaxonomyRows, effect: Effect) -> Iterator[tuple[str, str]]:
    """Yield each address whose category or its path is another after ``effect``, with that path; an empty one for none."""
    tree = rows.tree
    for path, target in tree.aliases.items():
        if target.kind is Kind.CATEGORY and (path in effect.aliases or target in effect.addresses):
            yield path, tree.path(Kind.CATEGORY, target.key)
    for path, (before, after) in effect.aliases.items():
        was_here = before is not None and before.kind is Kind.CATEGORY
        if was_here and (after is None or after.kind is not Kind.CATEGORY):
            yield path, ""


def _titles(
    rows: TaxonomyRows, effect: Effect, nodes: Mapping[str, Any]
) -> Iterator[tuple[str, tuple[str, str]]]:
    """Yield path and title before and after, as an index tells it, of each category that has another one to tell.

    One that comes back with its node has the title of that.
    """
    for key, (before, after) in effect.places.items():
        if after is None:
            continue
        path = rows.tree.path(Kind.CATEGORY, key)
        was = told_title(before.title, before.slug) if before is not None else ""
        will = told_title(after.title, after.slug)
        if was != will and not (before is None and path in nodes):
            yield path, (was, will)


def _nodes_of(kept: Mapping[str, Any], coming: Mapping[str, str]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield path and node of each category that comes back, as the index named it; else with its description."""
    nodes = kept.get("nodes")
    if nodes is None:
        rows = [row["fields"] for row in kept.get("rows", ()) if row["model"] == "skills_app.category"]
        nodes = {row["key"]: {"description": row["description"]} for row in rows}
    for key, path in coming.items():
        if key in nodes:
            yield path, nodes[key]


def _ids(keys: Iterable[str]) -> dict[str, str]:
    rows = Skill.objects.filter(key__in=list(keys)).values_list("key", "external_id", "path")
    return {key: external_id or path for key, external_id, path in rows}


def _facets(pairs: Iterable[tuple[str, str]]) -> dict[str, str | list[str]]:
    found: dict[str, list[str]] = {}
    for name, value in sorted(pairs):
        found.setdefault(name, []).append(value)
    return {name: values[0] if len(values) == 1 else values for name, values in found.items()}


def _is_branch(folder: Path) -> bool:
    """Say whether a folder holds skills and is none itself; a skill may live at the address of a category."""
    return folder.is_dir() and not folder.is_symlink() and not (folder / MAIN_FILE).exists()


def _is_skill(folder: str, is_published: bool) -> bool:
    """Say whether a folder is that of a skill; of thousands, making paths as objects would take most of the time.

    Raises:
        OSError: the disk refuses to be read.
    """
    return _is_there(f"{folder}/{MAIN_FILE}") or (is_published and os.path.isdir(folder))


def _is_there(path: str) -> bool:
    try:
        os.stat(path)
    except OSError as error:
        if error.errno not in _ABSENT:
            raise
        return False
    return True
