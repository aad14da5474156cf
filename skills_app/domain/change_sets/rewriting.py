"""Rewrite many rows of the tree at once: what their new addresses are, who stands in the way, and which old ones become aliases.

Every operation, and its way back, is one rewrite; it is looked at as a whole, so that things may change places.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from skills_app.domain.change_sets.rows import TOP, Home, Kind, Place, Target
from skills_app.domain.change_sets.tree import Tree
from skills_app.domain.paths import NOT_CATEGORIES, is_path


class Obstacle(StrEnum):
    """Why an address cannot be had."""

    NAME_TAKEN = "name_taken"
    ALIAS_TAKEN = "alias_taken"
    ID_TAKEN = "id_taken"
    BAD_PATH = "bad_path"
    CYCLE = "cycle"
    PARENT_GONE = "parent_gone"
    NOT_EMPTY = "not_empty"


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing in the way: what was to get which address, and what holds it (where something does)."""

    obstacle: Obstacle
    target: Target
    path: str
    other: Target | None = None


@dataclass(frozen=True, slots=True)
class Rewrite:
    """Rows to write, by key; a place that is None goes away.

    ``heirs`` say who gets the addresses of what goes away or steps aside; those of a place that goes without one end.
    ``aliases`` are addresses with a target of
    their own, stronger than what would follow. ``takes`` are addresses that may be taken from an alias or an id; ``shares``
    are those that a skill and a category may hold both, as some do from before.
    """

    places: Mapping[str, Place | None] = field(default_factory=dict)
    homes: Mapping[str, Home] = field(default_factory=dict)
    heirs: Mapping[Target, Target] = field(default_factory=dict)
    aliases: Mapping[str, Target | None] = field(default_factory=dict)
    takes: frozenset[str] = frozenset()
    shares: frozenset[str] = frozenset()


def rewrite(tree: Tree, change: Rewrite) -> list[Problem]:
    """Write ``change`` into ``tree`` if nothing stands in the way; else leave the tree as it is and return what does.

    Linear in the rows of ``change`` and all that lies below them.
    """
    plan = _Plan(tree, change)
    problems = list(plan.problems())
    if not problems:
        plan.commit()
    return problems


class _Plan:
    def __init__(self, tree: Tree, change: Rewrite) -> None:
        self.tree, self.change = tree, change
        self.new: dict[Target, str] = {}
        self.old: dict[Target, str] = {}
        self.gone = [key for key, place in change.places.items() if place is None]
        self.broken: list[Problem] = []
        self._find_paths()
        self.taken_by: dict[Kind, dict[str, str]] = {kind: {} for kind in Kind}

    def problems(self) -> Iterator[Problem]:
        """Yield what stands in the way, each thing once."""
        left_behind = list(self._left_behind())
        yield from left_behind or self.broken
        if self.broken:
            return  # what has no way to the top has no address that could be taken
        for target, path in self.new.items():
            rival = self.taken_by[target.kind].setdefault(path, target.key)
            if rival != target.key:
                yield Problem(Obstacle.NAME_TAKEN, target, path, Target(target.kind, rival))
        for target, path in self.new.items():
            if self.old.get(target) != path:
                yield from self._claim(target, path)
        for target, path in self.old.items():
            if self.new.get(target) != path and (other := self._id_holder(path, target)):
                yield Problem(Obstacle.ID_TAKEN, target, path, other)

    def commit(self) -> None:
        """Write rows, addresses and aliases."""
        tree, change = self.tree, self.change
        for key, place in change.places.items():
            tree.set_place(key, place)
        for key, home in change.homes.items():
            tree.set_home(key, home)
        moved = [
            target for target in {**self.old, **self.new} if self.old.get(target) != self.new.get(target)
        ]
        for target in moved:
            tree.free_path(target)
        for target in moved:
            if target in self.new:
                tree.set_path(target, self.new[target])
        tree.heirs.update(change.heirs)
        self._write_aliases(moved)
        self._write_ids()

    def _write_aliases(self, moved: list[Target]) -> None:
        tree, heirs = self.tree, self.change.heirs
        ended = {Target(Kind.CATEGORY, key) for key in self.gone} - heirs.keys()
        if heirs or ended:
            for path, target in list(tree.aliases.items()):
                if target in heirs or target in ended:
                    tree.set_alias(path, heirs.get(target))
        led = self._by_first_path(moved)
        for target in moved:
            old = self.old.get(target)
            # An address that was new between two steps of one change-set was never told to anybody.
            if old and (old in led or tree.first_aliases.get(old)):
                leads_to = led.get(old) or heirs.get(target, target)
                self._let_lead(old, None if leads_to in ended else leads_to)
        for path, heir in self.change.aliases.items():
            self._let_lead(path, heir)
        for target in moved:
            if (path := self.new.get(target, "")) in tree.aliases:
                tree.set_alias(path, None)

    def _by_first_path(self, moved: list[Target]) -> dict[str, Target]:
        """Return for the addresses that ``moved`` leave who answers now for whom each belonged to before the change-set.

        Of a skill and a category that shared one it is the skill, to which it led.
        """
        left = {self.old[one] for one in moved if one in self.old}
        first = sorted(one for one, path in self.tree.first_paths.items() if path in left)
        return {self.tree.first_paths[one]: self.tree.last_heir(one) for one in first}

    def _let_lead(self, path: str, target: Target | None) -> None:
        holders = self.tree.holders
        is_free = path not in holders[Kind.SKILL] and path not in holders[Kind.CATEGORY]
        if is_free and self.tree.aliases.get(path) != target:
            self.tree.set_alias(path, target)

    def _write_ids(self) -> None:
        for path in self.change.takes:
            for key in sorted(self.tree.ids.get(path, ())):
                holder = Target(Kind.SKILL, key)
                if self.tree.resolve(path) != holder or self.tree.aliases.get(path, holder) != holder:
                    self.tree.set_home(key, self.tree.homes[key]._replace(external_id=""))

    def _claim(self, target: Target, path: str) -> Iterator[Problem]:
        tree = self.tree
        if not is_path(path) or path in NOT_CATEGORIES:
            yield Problem(Obstacle.BAD_PATH, target, path)
            return
        holder = tree.holders[target.kind].get(path)
        if holder is not None and not self._leaves(Target(target.kind, holder), path):
            yield Problem(Obstacle.NAME_TAKEN, target, path, Target(target.kind, holder))
        elif crossing := self._crossing(target, path):
            yield Problem(Obstacle.NAME_TAKEN, target, path, crossing)
        alias = tree.aliases.get(path)
        alias = self.change.heirs.get(alias, alias) if alias else None
        if alias is not None and alias != target and path not in self.change.takes:
            yield Problem(Obstacle.ALIAS_TAKEN, target, path, alias)
        if other := self._id_holder(path, target):
            yield Problem(Obstacle.ID_TAKEN, target, path, other)

    def _crossing(self, target: Target, path: str) -> Target | None:
        """Return the thing of the other kind that would share the address; a pair that shares one already may go on."""
        if path in self.change.shares:
            return None
        kind = Kind.SKILL if target.kind is Kind.CATEGORY else Kind.CATEGORY
        key = self.taken_by[kind].get(path)
        if key is None:
            key = self.tree.holders[kind].get(path)
            if key is None or self._leaves(Target(kind, key), path):
                return None
        other = Target(kind, key)
        before = self.old.get(target)
        return None if before is not None and self.tree.paths.get(other) == before else other

    def _leaves(self, target: Target, path: str) -> bool:
        return target in self.old and self.new.get(target) != path

    def _id_holder(self, path: str, target: Target) -> Target | None:
        """Return the skill that an index knows by this address, if it is another one and may not be taken from."""
        if path not in self.tree.ids or path in self.change.takes:
            return None
        mine = target.key if target.kind is Kind.SKILL else ""
        heir = self.change.heirs.get(target)
        others = self.tree.ids[path] - {mine, heir.key if heir else mine}
        return Target(Kind.SKILL, min(others)) if others else None

    def _left_behind(self) -> Iterator[Problem]:
        """Yield what would lose its place, because a category goes and something in it stays."""
        for key in self.gone:
            path = self.tree.path(Kind.CATEGORY, key) if key in self.tree.places else ""
            for child in sorted(self.tree.below.get(key, ())):
                if self._place(child) == self.tree.places[child]:
                    yield Problem(
                        Obstacle.NOT_EMPTY, Target(Kind.CATEGORY, key), path, Target(Kind.CATEGORY, child)
                    )
            for skill in sorted(self.tree.inside.get(key, ())):
                if self.change.homes.get(skill, self.tree.homes[skill]).category == key:
                    yield Problem(
                        Obstacle.NOT_EMPTY, Target(Kind.CATEGORY, key), path, Target(Kind.SKILL, skill)
                    )

    def _find_paths(self) -> None:
        tree, found = self.tree, dict[str, str]({TOP: ""})
        roots = [key for key, place in self.change.places.items() if self._moves(key, place)]
        branch = list(tree.branch(roots))
        for key in {**dict.fromkeys(branch), **self.change.places}:
            target = Target(Kind.CATEGORY, key)
            if target in tree.paths:
                self.old[target] = tree.paths[target]
            if self._place(key) is not None:
                self.new[target] = self._path(key, found, target)
        skills = {skill: None for key in branch for skill in tree.inside.get(key, ())}
        for skill in {**skills, **dict.fromkeys(self.change.homes)}:
            home = self.change.homes.get(skill, tree.homes[skill])
            target = Target(Kind.SKILL, skill)
            self.old[target] = tree.paths[target]
            above = self._path(home.category, found, target)
            self.new[target] = f"{above}/{home.slug}" if above else home.slug

    def _moves(self, key: str, place: Place | None) -> bool:
        old = self.tree.places.get(key)
        return old is not None and (place is None or (place.parent, place.slug) != (old.parent, old.slug))

    def _place(self, key: str) -> Place | None:
        return self.change.places[key] if key in self.change.places else self.tree.places.get(key)

    def _path(self, key: str, found: dict[str, str], target: Target) -> str:
        """Return the address that a category will have; what has no way to the top is noted once for each root of it."""
        chain: list[tuple[str, str]] = []
        at, seen = key, set[str]()
        while at not in found:
            place = self._place(at)
            if place is None or at in seen:
                obstacle = Obstacle.CYCLE if place else Obstacle.PARENT_GONE
                self.broken.append(Problem(obstacle, target, self.tree.paths.get(target, "")))
                found[at] = at  # any text will do: nothing is written any more
                break
            seen.add(at)
            chain.append((at, place.slug))
            at = place.parent
        for at, slug in reversed(chain):
            above = found.get(self._place(at).parent, "") if self._place(at) else ""  # type: ignore[union-attr]
            found[at] = f"{above}/{slug}" if above else slug
        return found[key]
