"""A tree in memory to which changes are applied: rows by key, and the indexes that make an address quick to find."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from skills_app.domain.change_sets.rows import TOP, Home, Kind, Place, Target


@dataclass(slots=True)
class Tree:
    """Categories and skills by key, the address of each, and the aliases.

    ``first_*`` hold what stood there before the first change, so that the sum of all changes can be told.
    """

    places: dict[str, Place] = field(default_factory=dict)
    homes: dict[str, Home] = field(default_factory=dict)
    aliases: dict[str, Target] = field(default_factory=dict)
    paths: dict[Target, str] = field(default_factory=dict)
    holders: dict[Kind, dict[str, str]] = field(default_factory=lambda: {kind: {} for kind in Kind})
    ids: dict[str, set[str]] = field(default_factory=dict)
    below: dict[str, set[str]] = field(default_factory=dict)
    inside: dict[str, set[str]] = field(default_factory=dict)
    first_places: dict[str, Place | None] = field(default_factory=dict)
    first_homes: dict[str, Home] = field(default_factory=dict)
    first_aliases: dict[str, Target | None] = field(default_factory=dict)
    first_paths: dict[Target, str] = field(default_factory=dict)
    heirs: dict[Target, Target] = field(default_factory=dict)
    retired: dict[str, None] = field(default_factory=dict)

    def add_place(self, key: str, place: Place, path: str) -> None:
        """Put in a category as it was read; no check, and no change to tell of."""
        self.places[key] = place
        self.paths[Target(Kind.CATEGORY, key)] = path
        self.holders[Kind.CATEGORY][path] = key
        self.below.setdefault(place.parent, set()).add(key)

    def add_home(self, key: str, home: Home, path: str) -> None:
        """Put in a skill as it was read."""
        self.add_homes([(Target(Kind.SKILL, key), home, path)])

    def add_homes(self, rows: Iterable[tuple[Target, Home, str]]) -> None:
        """Put in skills as they were read, each with its address; thousands at a time, so each is but a few steps."""
        homes, paths, holders, inside = self.homes, self.paths, self.holders[Kind.SKILL], self.inside
        for target, home, path in rows:
            key = target.key
            homes[key], paths[target], holders[path] = home, path, key
            if home.category in inside:
                inside[home.category].add(key)
            else:
                inside[home.category] = {key}
            if home.external_id:
                self.ids.setdefault(home.external_id, set()).add(key)

    def path(self, kind: Kind, key: str) -> str:
        """Return the address of a category or skill; the top has an empty one.

        Raises:
            KeyError: there is none with that key.
        """
        return "" if kind is Kind.CATEGORY and key == TOP else self.paths[Target(kind, key)]

    def branch(self, keys: Iterable[str]) -> Iterator[str]:
        """Yield the categories with these keys and all below them, each above what is below it."""
        waiting = list(keys)
        seen: set[str] = set()
        while waiting:
            key = waiting.pop()
            if key in seen:
                continue
            seen.add(key)
            yield key
            waiting += self.below.get(key, ())

    def is_within(self, key: str, above: str) -> bool:
        """Say whether the category ``key`` is ``above`` or lies below it; everything lies below the top."""
        while key != TOP and key != above:
            key = self.places[key].parent
        return key == above

    def resolve(self, path: str) -> Target | None:
        """Return what an address leads to: a skill, a category, an id of a skill, then an alias; as ``resolve_path`` does."""
        for kind in (Kind.SKILL, Kind.CATEGORY):
            if (key := self.holders[kind].get(path)) is not None:
                return Target(kind, key)
        if known := self.ids.get(path):
            return Target(Kind.SKILL, min(known))
        return self.aliases.get(path)

    def last_heir(self, target: Target) -> Target:
        """Return what has taken over from ``target`` in the end; itself where nothing did, and a category that is there."""
        seen = {target}
        while (
            not self._is_place(target) and (heir := self.heirs.get(target)) is not None and heir not in seen
        ):
            target = heir
            seen.add(heir)
        return target

    def _is_place(self, target: Target) -> bool:
        return target.kind is Kind.CATEGORY and target.key in self.places

    def set_place(self, key: str, place: Place | None) -> None:
        """Write a row; its address follows from ``set_path``."""
        old = self.places.get(key)
        self.first_places.setdefault(key, old)
        if old is not None:
            self.below[old.parent].discard(key)
            del self.places[key]
        if place is not None:
            self.places[key] = place
            self.below.setdefault(place.parent, set()).add(key)

    def set_home(self, key: str, home: Home) -> None:
        """Write a row; its address follows from ``set_path``."""
        old = self.homes[key]
        self.first_homes.setdefault(key, old)
        self.inside[old.category].discard(key)
        self.inside.setdefault(home.category, set()).add(key)
        if old.external_id != home.external_id:
            self.ids.get(old.external_id, set()).discard(key)
            if home.external_id:
                self.ids.setdefault(home.external_id, set()).add(key)
        self.homes[key] = home

    def free_path(self, target: Target) -> None:
        """Take the address from its holder, who gets another or is gone."""
        old = self.paths.pop(target, "")
        self.first_paths.setdefault(target, old)
        if self.holders[target.kind].get(old) == target.key:
            del self.holders[target.kind][old]

    def set_path(self, target: Target, path: str) -> None:
        """Give an address that was found to be free."""
        self.paths[target] = path
        self.holders[target.kind][path] = target.key

    def set_alias(self, path: str, target: Target | None) -> None:
        """Let an address lead to something else, or nowhere."""
        self.first_aliases.setdefault(path, self.aliases.get(path))
        if target is None:
            self.aliases.pop(path, None)
        else:
            self.aliases[path] = target
