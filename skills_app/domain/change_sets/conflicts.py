"""What stands in the way of an operation, in a sentence, and the operations that would do instead."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from skills_app.domain.change_sets.operations import (
    Act,
    Choice,
    MergeCategories,
    MergeSkills,
    Move,
    Operation,
    Refacet,
    Rename,
    Retire,
    Split,
    operations_data,
)
from skills_app.domain.change_sets.rewriting import Obstacle, Problem
from skills_app.domain.change_sets.rows import TOP, Kind, Target
from skills_app.domain.change_sets.tree import Tree
from skills_app.domain.paths import LONGEST_SEGMENT, set_aside


class Reason(StrEnum):
    """Why an operation cannot be done; beside the obstacles that an address may meet."""

    GONE = "gone"
    INTO_ITSELF = "into_itself"
    BAD_NAME = "bad_name"
    NOT_INSIDE = "not_inside"
    KEY_TAKEN = "key_taken"
    BAD_CHOICE = "bad_choice"
    OVERTAKEN = "overtaken"
    REQUIRED_CIRCLE = "required_circle"
    FOLDER_TAKEN = "folder_taken"
    STAYS = "stays"
    IN_USE = "in_use"


@dataclass(frozen=True, slots=True)
class WayOut:
    """What would do instead: a sentence, and the operations that replace the one in conflict (none: it is left out)."""

    label: str
    instead: tuple[Operation, ...]


@dataclass(frozen=True, slots=True)
class Conflict:
    """One thing in the way: of which operation (counted from 0), why, about what, in a sentence, with the ways out."""

    operation: int
    reason: Reason | Obstacle
    message: str
    target: Target | None = None
    path: str = ""
    ways_out: tuple[WayOut, ...] = ()

    def as_data(self) -> dict[str, Any]:
        """Return it as JSON data."""
        return {
            "operation": self.operation,
            "reason": self.reason.value,
            "message": self.message,
            "path": self.path,
            "kind": self.target.kind.value if self.target else "",
            "key": self.target.key if self.target else "",
            "ways_out": [
                {"label": way.label, "instead": operations_data(way.instead)} for way in self.ways_out
            ],
        }


def conflict_of(tree: Tree, number: int, operation: Operation, problem: Problem) -> Conflict:
    """Return the conflict that a problem of a rewrite means for its operation."""
    ways = tuple(_ways_out(tree, operation, problem))
    return Conflict(number, problem.obstacle, sentence(tree, problem), problem.target, problem.path, ways)


def circle_conflict(
    tree: Tree, operations: Sequence[Operation], gone: str, circle: Sequence[str]
) -> Conflict | None:
    """Return the conflict of the merge that folds the skill ``gone`` and so closes a circle of required skills.

    ``circle`` are keys, and ``tree`` holds the addresses after the change; the sentence names those from before it.
    """
    target = Target(Kind.SKILL, gone)
    number = next((at for at, one in enumerate(operations) if _folds(one, gone)), None)
    if number is None:
        return None
    way = " → ".join(_first_path(tree, key) for key in circle)
    message = (
        f"If skill {_first_path(tree, gone)} is merged into {_first_path(tree, circle[0])}, these skills require each other: "
        f"{way}. Leave it out, or take one of these links away first."
    )
    left = without(operations[number], target)
    return Conflict(
        number,
        Reason.REQUIRED_CIRCLE,
        message,
        target,
        ways_out=(WayOut("Leave it out of this merge" if left else "Leave this step out", left),),
    )


def folder_conflict(tree: Tree, operations: Sequence[Operation], target: Target, held: str) -> Conflict:
    """Return the conflict of ``target``, whose new place in the library folder is held by what lies at the path ``held``.

    ``tree`` holds the addresses after the change; the step is the last one that names it, or else what holds it.
    """
    path = tree.paths[target]
    was = tree.first_paths.get(target) or path
    number = max(_naming(tree, operations, target), default=len(operations) - 1)
    message = (
        f"The {target.kind.value} {was} cannot go to '{path}' in the library folder: '{held}' lies there, which is none of "
        "what moves. Move it away on disk, or leave this out."
    )
    left = without(operations[number], target)
    way = WayOut("Leave it out of this change" if left else "Leave this step out", left)
    return Conflict(number, Reason.FOLDER_TAKEN, message, target, path, (way,))


def stay_conflict(tree: Tree, operations: Sequence[Operation], target: Target, why: str) -> Conflict:
    """Return the conflict of ``target``, which is to stay where it was before the change, for the reason ``why``.

    ``tree`` holds the addresses after the change; the step is the first one that moves or ends it.
    """
    was = tree.first_paths.get(target) or tree.paths.get(target, target.key)
    moving = [n for n in _naming(tree, operations, target) if target not in _essential(operations[n])]
    number = min(moving, default=0)
    left = without(operations[number], target) if operations else ()
    way = WayOut("Leave it out of this change" if left else "Leave this step out", left)
    message = f"The {target.kind.value} {was} cannot leave its place. {why}"
    return Conflict(number, Reason.STAYS, message, target, tree.paths.get(target, ""), (way,))


def retire_conflict(
    number: int, operation: Retire, path: str, message: str, reason: Reason = Reason.GONE
) -> Conflict:
    """Return the conflict of an old address that cannot end, for what ``message`` says; it may be left out."""
    left = tuple(one for one in operation.paths if one != path)
    way = WayOut("Leave it out of this change", (replace(operation, paths=left),)) if left else None
    ways = (way or WayOut("Leave this step out", ()),)
    return Conflict(number, reason, message, None, path, ways)


def sentence(tree: Tree, problem: Problem) -> str:
    """Return what a problem of a rewrite is in words."""
    name = label(tree, problem.target)
    held = label(tree, problem.other) if problem.other else ""
    sentences = {
        Obstacle.NAME_TAKEN: f"{name} cannot be at '{problem.path}': {held} is there.",
        Obstacle.ALIAS_TAKEN: f"{name} cannot be at '{problem.path}': that is an old address of {held}.",
        Obstacle.ID_TAKEN: f"{name} cannot use '{problem.path}': an index knows {held} by that id.",
        Obstacle.BAD_PATH: f"{name} cannot be at '{problem.path}': {set_aside(problem.path) or 'the address would be too long or too deep.'}",
        Obstacle.CYCLE: f"{name} would come to lie inside itself.",
        Obstacle.PARENT_GONE: f"{name} would have no place, because the category that holds it is gone.",
        Obstacle.NOT_EMPTY: f"{name} cannot go, because {held} is in it.",
    }
    text = sentences[problem.obstacle]
    return text[0].upper() + text[1:]


def label(tree: Tree, target: Target) -> str:
    """Return what a person calls it: the kind and its address, or its key when it has none."""
    path = tree.paths.get(target)
    if path is None:
        return "the new category" if target.kind is Kind.CATEGORY else f"skill {target.key}"
    return f"{target.kind.value} {path}"


def without(operation: Operation, target: Target) -> tuple[Operation, ...]:
    """Return the operation without what ``target`` names, or nothing when nothing is left of it."""
    key = target.key
    if target in _essential(operation):
        return ()
    if isinstance(operation, Move):
        if target.kind is Kind.CATEGORY:
            left = replace(operation, categories=_less(operation.categories, key))
        else:
            left = replace(operation, skills=_less(operation.skills, key))
        left = replace(left, renames=tuple(pair for pair in left.renames if pair[0] != key))
        return (left,) if (left.categories or left.skills) and left != operation else ()
    if isinstance(operation, Split):
        parts = tuple(
            replace(part, categories=_less(part.categories, key), skills=_less(part.skills, key))
            for part in operation.parts
            if part.key != key
        )
        return (replace(operation, parts=parts),) if parts and parts != operation.parts else ()
    if isinstance(operation, MergeCategories) and target.kind is Kind.SKILL:
        choices = tuple(choice for choice in operation.choices if key not in (choice.skill, choice.value))
        return (replace(operation, choices=choices),) if choices != operation.choices else ()
    if isinstance(operation, MergeCategories | MergeSkills):
        sources = _less(operation.sources, key)
        return (replace(operation, sources=sources),) if sources and sources != operation.sources else ()
    if isinstance(operation, Refacet):
        skills = _less(operation.skills, key)
        return (replace(operation, skills=skills),) if skills and skills != operation.skills else ()
    return ()


def _essential(operation: Operation) -> set[Target]:
    """Return what an operation is about: without it nothing is left to do."""
    if isinstance(operation, Move):
        return {Target(Kind.CATEGORY, operation.target)}
    if isinstance(operation, MergeCategories):
        return {Target(Kind.CATEGORY, operation.into)}
    if isinstance(operation, MergeSkills):
        return {Target(Kind.SKILL, operation.into)}
    if isinstance(operation, Split):
        keys = {operation.source, *(part.parent for part in operation.parts)}
        return {Target(Kind.CATEGORY, key) for key in keys}
    return set()


def free_slug(tree: Tree, target: Target, path: str) -> str:
    """Return a last segment near that of ``path`` whose address nothing holds."""
    above, _, slug = path.rpartition("/")
    for number in range(2, 10_000):
        candidate = f"{slug[: LONGEST_SEGMENT - 6].rstrip('-')}-{number}"
        if tree.resolve(f"{above}/{candidate}" if above else candidate) is None:
            return candidate
    return f"{slug[: LONGEST_SEGMENT - 12]}-{target.key}"


def _ways_out(tree: Tree, operation: Operation, problem: Problem) -> list[WayOut]:
    target, path = problem.target, problem.path
    ways: list[WayOut] = []
    if problem.obstacle in (Obstacle.NAME_TAKEN, Obstacle.ALIAS_TAKEN, Obstacle.ID_TAKEN):
        slug = free_slug(tree, target, path)
        if renamed := _renamed(operation, target, slug):
            ways.append(WayOut(f"Call it '{slug}' there", (renamed,)))
        if problem.obstacle is not Obstacle.NAME_TAKEN and not isinstance(operation, Refacet | Retire):
            taken = replace(operation, takes=tuple(sorted({*operation.takes, path})))
            ways.append(WayOut(f"Take '{path}' over: it leads here from then on", (taken,)))
        elif problem.other is not None and (merged := _merged(tree, operation, target, problem.other)):
            ways.append(WayOut(f"Merge it into {label(tree, problem.other)}", merged))
    left = () if _comes_along(tree, operation, target) else without(operation, target)
    ways.append(WayOut("Leave it out of this change" if left else "Leave this step out", left))
    return ways


def _comes_along(tree: Tree, operation: Operation, target: Target) -> bool:
    """Say whether it is moved by what holds it, so that to leave it out by itself would change nothing."""
    if isinstance(operation, MergeCategories):
        return target.kind is Kind.SKILL
    if not isinstance(operation, Move):
        return False
    above = tree.homes[target.key].category if target.kind is Kind.SKILL else tree.places[target.key].parent
    return any(tree.is_within(above, key) for key in operation.categories)


def _naming(tree: Tree, operations: Sequence[Operation], target: Target) -> list[int]:
    """Return which operations move ``target``: those that name it, or else those that name the nearest that holds it."""
    at: Target | None = target
    while at is not None and at.key != TOP:
        found = [number for number, one in enumerate(operations) if _writes(one, at.key)]
        if found:
            return found
        above = tree.homes[at.key].category if at.kind is Kind.SKILL else tree.places[at.key].parent
        at = Target(Kind.CATEGORY, above)
    return []


def _writes(operation: Operation, key: str) -> bool:
    if isinstance(operation, Move):
        return key in (*operation.categories, *operation.skills, *(one for one, _ in operation.renames))
    if isinstance(operation, Rename):
        return key == operation.key
    if isinstance(operation, MergeCategories):
        return key in (*operation.sources, operation.into, *(choice.skill for choice in operation.choices))
    if isinstance(operation, MergeSkills):
        return key in operation.sources
    if isinstance(operation, Split):
        return any(key in (part.key, *part.categories, *part.skills) for part in operation.parts)
    return False


def _folds(operation: Operation, skill: str) -> bool:
    if isinstance(operation, MergeSkills):
        return skill in operation.sources
    if isinstance(operation, MergeCategories):
        return any(choice.skill == skill and choice.act is Act.FOLD for choice in operation.choices)
    return False


def _first_path(tree: Tree, key: str) -> str:
    target = Target(Kind.SKILL, key)
    return tree.first_paths.get(target) or tree.paths.get(target, key)


def _renamed(operation: Operation, target: Target, slug: str) -> Operation | None:
    if isinstance(operation, Rename) and operation.key == target.key:
        return replace(operation, slug=slug)
    if isinstance(operation, Move):
        renames = tuple(pair for pair in operation.renames if pair[0] != target.key)
        return replace(operation, renames=(*renames, (target.key, slug)))
    if isinstance(operation, MergeCategories) and target.kind is Kind.SKILL:
        return _chosen(operation, Choice(target.key, Act.RENAME, slug))
    if isinstance(operation, Split):
        parts = tuple(
            replace(part, slug=slug) if part.key == target.key else part for part in operation.parts
        )
        return replace(operation, parts=parts) if parts != operation.parts else None
    return None


def _merged(tree: Tree, operation: Operation, target: Target, other: Target) -> tuple[Operation, ...]:
    if target.kind is not other.kind or target.key == other.key:
        return ()
    if isinstance(operation, MergeCategories) and target.kind is Kind.SKILL:
        return (_chosen(operation, Choice(target.key, Act.FOLD, other.key)),)
    if isinstance(operation, Move | Rename):
        merge: Operation = (
            MergeSkills((target.key,), other.key)
            if target.kind is Kind.SKILL
            else MergeCategories((target.key,), other.key)
        )
        # What only comes along with its branch is merged first, so that it is not in the way any more.
        along = _comes_along(tree, operation, target)
        return (
            (merge, _keeping_name(operation, target.key)) if along else (*without(operation, target), merge)
        )
    return ()


def _keeping_name(operation: Operation, key: str) -> Operation:
    """Return a move without a new name for what is left out of it; any other operation as it is."""
    if not isinstance(operation, Move):
        return operation
    return replace(operation, renames=tuple(pair for pair in operation.renames if pair[0] != key))


def _chosen(operation: MergeCategories, choice: Choice) -> MergeCategories:
    others = tuple(each for each in operation.choices if each.skill != choice.skill)
    return replace(operation, choices=(*others, choice))


def _less(keys: tuple[str, ...], key: str) -> tuple[str, ...]:
    return tuple(each for each in keys if each != key)
