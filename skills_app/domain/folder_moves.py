"""Which folders of a library must be moved, so that each skill lies at its new address: as few as will do."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

Pair = tuple[str, str]


@dataclass(frozen=True, slots=True)
class FolderPlan:
    """Folders that lie in the library and the paths they are to get.

    ``categories`` hold skills and are none themselves; ``taken`` are new paths of categories at which something lies.
    """

    categories: Mapping[str, str]
    skills: Mapping[str, str]
    taken: frozenset[str] = frozenset()


def planned_moves(plan: FolderPlan, *, nested: Callable[[str], Iterable[str]]) -> list[Pair]:
    """Return the moves, from path to path, that all happen at once; equal paths are of folders that stay.

    A category moves as a whole where nothing lies at its new path; what goes elsewhere out of it moves by itself.
    ``nested`` tells the skills inside a folder by their paths: they stay, or go with the branch, when the skill around
    them goes, and make room when another comes.
    """
    branches: dict[str, str] = {}
    for old, new in sorted(_free(plan).items(), key=_depth):
        if landing_of(old, branches) != new:
            branches[old] = new
    moves = dict(branches)
    for old, new in sorted(plan.skills.items(), key=_depth):
        if landing_of(old, moves) != new:
            moves[old] = new
    inside = {
        inner: plan.skills.get(inner) or landing_of(inner, branches)
        for path in _around(moves, branches)
        for inner in nested(path)
        if inner not in moves
    }
    return [*moves.items(), *sorted(inside.items())]


def _around(moves: Mapping[str, str], branches: Mapping[str, str]) -> Iterator[str]:
    """Yield the folders that a skill leaves by itself, and those whose place it gets, by their paths now."""
    for old, new in moves.items():
        if branches.get(old) == new:
            continue
        yield old
        coming = (
            source + new.removeprefix(to) for source, to in branches.items() if new.startswith(f"{to}/")
        )
        yield from (path for path in (new, *coming) if landing_of(path, branches) == new)


def landing_of(path: str, moves: Mapping[str, str]) -> str:
    """Return where ``path`` lies after ``moves``: it goes with the nearest folder around it that moves."""
    above, rest = path, ""
    while above:
        if above in moves:
            return moves[above] + rest
        above, _, last = above.rpartition("/")
        rest = f"/{last}{rest}"
    return path


def _free(plan: FolderPlan) -> dict[str, str]:
    """Return the categories whose new path is free, or becomes free because what lies there moves as a whole, too.

    One that a skill is to share its address with is none: its folder is the skill's.
    """
    skills = set(plan.skills.values())
    kept = {old: new for old, new in plan.categories.items() if new not in skills}
    while True:
        blocked = [old for old, new in kept.items() if new in plan.taken and not _leaves(new, kept)]
        if not blocked:
            return kept
        for old in blocked:
            del kept[old]


def _leaves(path: str, moves: Mapping[str, str]) -> bool:
    """Say whether what lies at ``path`` goes, with a folder around it or by itself."""
    return any(path == old or path.startswith(f"{old}/") for old in moves)


def _depth(pair: Pair) -> int:
    return pair[0].count("/")
