"""Where a selection may be moved to, and why not elsewhere."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from skills_app.domain.change_sets.applying import refusal_of
from skills_app.domain.change_sets.operations import Move
from skills_app.domain.change_sets.rows import TOP, Kind, Target
from skills_app.domain.change_sets.tree import Tree
from skills_app.domain.paths import is_path
from skills_app.queries.taxonomy_rows import read_taxonomy

MOST_SHOWN = 100


@dataclass(frozen=True, slots=True)
class StepTarget:
    """A category or skill: its path (``/`` for the top), and why the selection cannot go there, empty when it can."""

    path: str
    title: str
    reason: str = ""


@dataclass(frozen=True, slots=True)
class _Selection:
    """What is to be moved, looked at once, so that each of thousands of targets is judged by a few look-ups.

    ``homes`` are the keys of the categories in which it lies, ``taken`` an address in the way for each path that has one
    below it, with its holder; ``worst`` is the last segment that is the first to make an address impossible.
    """

    categories: tuple[str, ...]
    homes: frozenset[str]
    taken: dict[str, tuple[str, Target]]
    worst: str


def move_targets(
    *, categories: Sequence[str], skills: Sequence[str], text: str = ""
) -> tuple[list[StepTarget], int]:
    """Return the top and the categories with ``text`` in path or title, each with its reason, and how many are not shown."""
    tree = read_taxonomy().tree
    found = places_with(tree, text)
    shown = [("/", TOP, "The top")] if not text.strip() else []
    selection = _selection(tree, categories, skills)
    targets = [
        StepTarget(path, title, _reason(tree, key, selection))
        for path, key, title in [*shown, *found[:MOST_SHOWN]]
    ]
    return targets, max(len(found) - MOST_SHOWN, 0)


def move_refusals(*, categories: Sequence[str], skills: Sequence[str]) -> dict[str, str]:
    """Return why the selection cannot go into a category, by its key, for each that cannot take it; the top has an empty key."""
    tree = read_taxonomy().tree
    selection = _selection(tree, categories, skills)
    reasons = {key: _reason(tree, key, selection) for key in (TOP, *tree.places)}
    return {key: reason for key, reason in reasons.items() if reason}


def places_with(tree: Tree, text: str) -> list[tuple[str, str, str]]:
    """Return path, key and title of the categories with ``text`` in path or title, by path."""
    wanted = text.strip().lower()
    places = sorted((tree.path(Kind.CATEGORY, key), key, place.title) for key, place in tree.places.items())
    return [one for one in places if wanted in one[0].lower() or wanted in one[2].lower()]


def _selection(tree: Tree, categories: Sequence[str], skills: Sequence[str]) -> _Selection:
    chosen = [(Target(Kind.CATEGORY, key), tree.places[key].slug) for key in categories]
    chosen += [(Target(Kind.SKILL, key), tree.homes[key].slug) for key in skills]
    by_slug: dict[str, set[Target]] = {}
    for target, slug in chosen:
        by_slug.setdefault(slug, set()).add(target)
    unsafe = next((slug for slug in by_slug if not is_path(slug)), "")
    return _Selection(
        tuple(categories),
        frozenset(
            [*(tree.places[key].parent for key in categories), *(tree.homes[key].category for key in skills)]
        ),
        _taken(tree, by_slug),
        unsafe or max(by_slug, key=len, default=""),
    )


def _taken(tree: Tree, by_slug: dict[str, set[Target]]) -> dict[str, tuple[str, Target]]:
    taken: dict[str, tuple[str, Target]] = {}
    for path in _addresses(tree):
        above, _, slug = path.rpartition("/")
        holder = tree.resolve(path) if slug in by_slug else None
        if holder is not None and by_slug[slug] - {holder}:
            taken[above] = min((path, holder), taken.get(above, (path, holder)))
    return taken


def _addresses(tree: Tree) -> Iterable[str]:
    yield from tree.paths.values()
    yield from tree.ids
    yield from tree.aliases


def _reason(tree: Tree, key: str, selection: _Selection) -> str:
    refusal = refusal_of(tree, Move(key, selection.categories))
    if refusal is not None:
        return refusal.message
    if selection.homes == {key}:
        return "It is there already."
    above = tree.path(Kind.CATEGORY, key)
    if above in selection.taken:
        path, holder = selection.taken[above]
        return f"{path} is taken: a {holder.kind.value} answers there."
    path = f"{above}/{selection.worst}".lstrip("/")
    return "" if is_path(path) else f"{path[:80]} would be too long or too deep."
