"""What a change-set changed, row by row; and the way back, as long as nobody has changed the same since."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

from skills_app.domain.change_sets.conflicts import Conflict, Reason, label, sentence
from skills_app.domain.change_sets.rewriting import Obstacle, Rewrite, rewrite
from skills_app.domain.change_sets.rows import (
    TOP,
    Home,
    Kind,
    Place,
    Target,
    home_data,
    home_from,
    place_data,
    place_from,
)
from skills_app.domain.change_sets.tree import Tree
from skills_app.domain.enums import SkillStatus

_HOME_FIELDS = ("category", "slug", "status", "external_id")
_PLACE_FIELDS = ("parent", "slug", "title")


@dataclass(frozen=True, slots=True)
class Effect:
    """Rows, aliases and addresses as pairs of before and after; ``heirs`` are who took over from what went or came.

    ``shared`` are old addresses at which something of the other kind stays. ``retired`` are those that a step ended, each with the
    category (empty: the top) in whose care it was.
    """

    places: Mapping[str, tuple[Place | None, Place | None]] = field(default_factory=dict)
    homes: Mapping[str, tuple[Home, Home]] = field(default_factory=dict)
    aliases: Mapping[str, tuple[Target | None, Target | None]] = field(default_factory=dict)
    addresses: Mapping[Target, tuple[str, str]] = field(default_factory=dict)
    heirs: Mapping[Target, Target] = field(default_factory=dict)
    shared: frozenset[str] = frozenset()
    retired: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_empty(self) -> bool:
        """Whether nothing changed."""
        return not (self.places or self.homes or self.aliases or self.addresses)

    @property
    def targets(self) -> frozenset[Target]:
        """Everything whose own row changed; not what only moved along with a category above it."""
        places = {Target(Kind.CATEGORY, key) for key in self.places}
        return frozenset(places | {Target(Kind.SKILL, key) for key in self.homes})

    @property
    def touched(self) -> frozenset[str]:
        """Keys of the categories (empty: the top) that something leaves or enters; those that came with it left out."""
        keys = {place.parent for pair in self.places.values() for place in pair if place is not None}
        keys |= {home.category for pair in self.homes.values() for home in pair}
        keys.update(self.retired.values())
        return frozenset(key for key in keys if key not in self.places or self.places[key][0] is not None)

    def as_data(self) -> dict[str, Any]:
        """Return it as JSON data, in an order of its own making, so that equal effects are equal text."""
        told = {"retired": dict(sorted(self.retired.items()))} if self.retired else {}
        return told | {
            "places": {k: [place_data(a), place_data(b)] for k, (a, b) in sorted(self.places.items())},
            "homes": {k: [home_data(a), home_data(b)] for k, (a, b) in sorted(self.homes.items())},
            "aliases": {path: [_list(a), _list(b)] for path, (a, b) in sorted(self.aliases.items())},
            "addresses": [[*target, *pair] for target, pair in sorted(self.addresses.items())],
            "shared": sorted(self.shared),
            "heirs": [[*gone, *heir] for gone, heir in sorted(self.heirs.items())],
        }

    @property
    def digest(self) -> str:
        """SHA-256 (hex) of the effect: two previews with the same one do the same."""
        return sha256(json.dumps(self.as_data(), ensure_ascii=False).encode()).hexdigest()


def effect_of(tree: Tree) -> Effect:
    """Return all that was changed in ``tree`` since it was read."""
    places = {key: (old, tree.places.get(key)) for key, old in tree.first_places.items()}
    homes = {key: (old, tree.homes[key]) for key, old in tree.first_homes.items()}
    aliases = {path: (old, tree.aliases.get(path)) for path, old in tree.first_aliases.items()}
    addresses = {target: (old, tree.paths.get(target, "")) for target, old in tree.first_paths.items()}
    changed = {key: pair for key, pair in places.items() if pair[0] != pair[1]}
    ends = {Target(Kind.CATEGORY, key) for key, (old, new) in changed.items() if old is None or new is None}
    return Effect(
        changed,
        {key: pair for key, pair in homes.items() if pair[0] != pair[1]},
        {path: pair for path, pair in aliases.items() if pair[0] != pair[1]},
        {target: pair for target, pair in addresses.items() if pair[0] != pair[1]},
        {gone: heir for gone, heir in tree.heirs.items() if gone in ends},
        frozenset(old for target, old in tree.first_paths.items() if _is_shared(tree, target, old)),
        {
            path: _keeper(tree, pair[0])
            for path, pair in aliases.items()
            if path in tree.retired and _ends(pair)
        },
    )


def folds_of(tree: Tree, effect: Effect) -> dict[str, str]:
    """Return which skill stands in for each one that was folded into another, by their keys; the last, where it was, too."""
    folded = (gone for gone in tree.heirs if gone.kind is Kind.SKILL and gone.key in effect.homes)
    return {gone.key: tree.last_heir(gone).key for gone in folded}


def effect_from(data: Mapping[str, Any]) -> Effect:
    """Return the effect that ``as_data`` wrote."""
    return Effect(
        {k: (place_from(a), place_from(b)) for k, (a, b) in data["places"].items()},
        {k: (home_from(a), home_from(b)) for k, (a, b) in data["homes"].items()},
        {path: (_target(a), _target(b)) for path, (a, b) in data["aliases"].items()},
        {Target(Kind(kind), key): (before, after) for kind, key, before, after in data["addresses"]},
        {Target(Kind(a), b): Target(Kind(c), d) for a, b, c, d in data["heirs"]},
        frozenset(data["shared"]),
        data.get("retired", {}),
    )


def undo(tree: Tree, effect: Effect) -> list[Conflict]:
    """Bring back in ``tree`` what ``effect`` changed, or change nothing and return what stands in the way.

    Rows get back what they held; what others changed about them in other respects stays. Addresses that were in use
    meanwhile go on answering, as aliases.
    """
    conflicts = _overtaken(tree, effect)
    if conflicts:
        return conflicts
    change = Rewrite(
        {key: _place_back(tree, key, pair) for key, pair in effect.places.items()},
        {key: _home_back(tree, key, pair) for key, pair in effect.homes.items()},
        dict(_heirs_back(tree, effect)),
        dict(_aliases_back(tree, effect)),
        frozenset(path for path, (_, after) in effect.aliases.items() if tree.aliases.get(path) == after),
        _shared_before(effect),
    )
    return [
        Conflict(0, problem.obstacle, sentence(tree, problem), problem.other or problem.target, problem.path)
        for problem in rewrite(tree, change)
    ]


def rows_in_the_way(tree: Tree, effect: Effect, conflicts: Sequence[Conflict]) -> frozenset[Target]:
    """Return whose rows a later change must have written to be the cause of ``conflicts``, as ``undo`` returned them.

    What each is about; where something has no way to the top, also the categories to which rows of ``effect`` return,
    and all that hold these now: one of them is gone, or lies inside what comes back.
    """
    found = {conflict.target for conflict in conflicts if conflict.target}
    if not any(conflict.reason in (Obstacle.CYCLE, Obstacle.PARENT_GONE) for conflict in conflicts):
        return frozenset(found)
    waiting = [before.parent for before, _ in effect.places.values() if before is not None]
    waiting += [before.category for before, _ in effect.homes.values()]
    seen = {TOP}
    for above in waiting:
        key = above
        while key not in seen:
            seen.add(key)
            key = tree.places[key].parent if key in tree.places else TOP
    return frozenset(found | {Target(Kind.CATEGORY, key) for key in seen - {TOP}})


def _overtaken(tree: Tree, effect: Effect) -> list[Conflict]:
    found: list[Conflict] = []
    for key, (before, after) in effect.places.items():
        target, now = Target(Kind.CATEGORY, key), tree.places.get(key)
        if not _is_as_left(before, after, now, _PLACE_FIELDS):
            found.append(_later(tree, target, now is None))
    for key, (was, left) in effect.homes.items():
        target, home = Target(Kind.SKILL, key), tree.homes.get(key)
        if not _is_as_left(was, left, home, _HOME_FIELDS) or not _has_facets(was, left, home):
            found.append(_later(tree, target, home is None))
    for path in effect.retired:
        led = effect.aliases[path][0]
        if led is not None and _has_left(tree, led):
            found.append(_later(tree, led, led not in tree.paths))
    return found


def _has_left(tree: Tree, target: Target) -> bool:
    """Say whether what an address led to is not there any more, or another skill stands in for it."""
    home = tree.homes.get(target.key) if target.kind is Kind.SKILL else None
    return target not in tree.paths or (home is not None and home.status == SkillStatus.ARCHIVED)


def _keeper(tree: Tree, target: Target | None) -> str:
    """Return the category (empty: the top) whose curators look after an old address that led to ``target``."""
    if target is None or target.kind is Kind.CATEGORY:
        return target.key if target else TOP
    return (tree.first_homes.get(target.key) or tree.homes[target.key]).category


def _ends(pair: tuple[Target | None, Target | None]) -> bool:
    return pair[0] is not None and pair[1] is None


def _later(tree: Tree, target: Target, is_gone: bool) -> Conflict:
    name = label(tree, target)
    what = "is not there any more" if is_gone else "was changed again since"
    return Conflict(0, Reason.OVERTAKEN, f"{name[0].upper()}{name[1:]} {what}.", target)


def _is_as_left(before: Any, after: Any, now: Any, names: tuple[str, ...]) -> bool:
    if before is None or after is None or now is None:
        return (now is None) == (after is None)
    return all(
        getattr(now, name) == getattr(after, name)
        for name in names
        if getattr(before, name) != getattr(after, name)
    )


def _has_facets(before: Home, after: Home, now: Home | None) -> bool:
    if now is None:
        return False
    return after.facets - before.facets <= now.facets and not (before.facets - after.facets) & now.facets


def _place_back(tree: Tree, key: str, pair: tuple[Place | None, Place | None]) -> Place | None:
    before, after = pair
    if before is None or after is None:
        return before
    changed = {n: getattr(before, n) for n in _PLACE_FIELDS if getattr(before, n) != getattr(after, n)}
    return tree.places[key]._replace(**changed)


def _home_back(tree: Tree, key: str, pair: tuple[Home, Home]) -> Home:
    before, after = pair
    changed = {n: getattr(before, n) for n in _HOME_FIELDS if getattr(before, n) != getattr(after, n)}
    now = tree.homes[key]
    facets = (now.facets - (after.facets - before.facets)) | (before.facets - after.facets)
    return now._replace(**changed, facets=facets)


def _aliases_back(tree: Tree, effect: Effect) -> list[tuple[str, Target | None]]:
    """Return what each alias is to lead to: what it led to, or who lived there; what somebody changed since is left.

    One that no one lived at goes when it is an id that its skill gets back, and stays as it is otherwise.
    """
    # Sorted, so that of a skill and a category that shared an address it is the skill, to which it led.
    lived = {before: target for target, (before, _) in sorted(effect.addresses.items()) if before}
    ids = {was.external_id for was, left in effect.homes.values() if was.external_id != left.external_id}
    return [
        (path, before if before is not None else lived.get(path))
        for path, (before, after) in effect.aliases.items()
        if tree.aliases.get(path) == after and (before is not None or path in lived or path in ids)
    ]


def _heirs_back(tree: Tree, effect: Effect) -> Iterator[tuple[Target, Target]]:
    """Yield who takes over from each category that came with ``effect``: nothing that came with it, too, or is not there."""
    for came in effect.heirs:
        heir, seen = came, set[Target]()
        while _came(effect, heir) and heir not in seen and heir in effect.heirs:
            seen.add(heir)
            heir = effect.heirs[heir]
        if _came(effect, came) and not _came(effect, heir) and heir in tree.paths:
            yield came, heir


def _is_shared(tree: Tree, target: Target, path: str) -> bool:
    other = Kind.SKILL if target.kind is Kind.CATEGORY else Kind.CATEGORY
    return bool(path) and path in tree.holders[other]


def _shared_before(effect: Effect) -> frozenset[str]:
    """Return the old addresses that a skill and a category both had: one of them stays there, or both left."""
    skills, categories = (
        {before for target, (before, _) in effect.addresses.items() if before and target.kind is kind}
        for kind in (Kind.SKILL, Kind.CATEGORY)
    )
    return effect.shared | (skills & categories)


def _came(effect: Effect, target: Target) -> bool:
    is_place = target.kind is Kind.CATEGORY and target.key in effect.places
    return is_place and effect.places[target.key][0] is None


def _list(target: Target | None) -> list[str] | None:
    return None if target is None else [target.kind.value, target.key]


def _target(data: list[str] | None) -> Target | None:
    return None if data is None else Target(Kind(data[0]), data[1])
