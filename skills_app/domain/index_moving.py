"""Move entries and categories of a library's index, and keep everything else that people wrote there."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from skills_app.domain.index_writing import index_bytes, part_of_index, read_index
from skills_app.domain.paths import parent_of


@dataclass(frozen=True, slots=True)
class EntryMove:
    """The entry at the address ``old`` gets the address ``new``, and ``fields``; a field that is None goes.

    ``gained`` and ``lost`` are aliases that lead to it from now on, or no more.
    """

    old: str
    new: str
    fields: Mapping[str, Any]
    gained: tuple[str, ...] = ()
    lost: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class IndexMoves:
    """What moves in an index: entries, and categories by path before and after. ``changed_at`` is an ISO time.

    A category without a path before comes, with what ``nodes`` say of it by its path after; one without a path after
    ends, and its node goes unless something is left below it. ``aliases`` are addresses and the category that each leads
    to after it, empty when it leads to none any more. ``titles`` are of categories by path after, as told before and after;
    one that people wrote otherwise stays.
    """

    entries: tuple[EntryMove, ...] = ()
    categories: tuple[tuple[str, str], ...] = ()
    changed_at: str = ""
    nodes: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    aliases: Mapping[str, str] = field(default_factory=dict)
    titles: Mapping[str, tuple[str, str]] = field(default_factory=dict)

    def as_data(self) -> dict[str, Any]:
        """Return it as JSON data."""
        return {
            "entries": [
                [one.old, one.new, dict(one.fields), list(one.gained), list(one.lost)] for one in self.entries
            ],
            "categories": [list(pair) for pair in self.categories],
            "changed_at": self.changed_at,
            "nodes": {path: dict(node) for path, node in self.nodes.items()},
            "aliases": dict(self.aliases),
            "titles": {path: list(pair) for path, pair in self.titles.items()},
        }

    @classmethod
    def from_data(cls, data: Mapping[str, Any]) -> "IndexMoves":
        """Return the moves that ``as_data`` wrote down."""
        entries = tuple(_entry_from(*item) for item in data["entries"])
        pairs = tuple((str(old), str(new)) for old, new in data["categories"])
        titles = {path: (str(was), str(will)) for path, (was, will) in data.get("titles", {}).items()}
        nodes, aliases = data.get("nodes", {}), data.get("aliases", {})
        return cls(entries, pairs, str(data["changed_at"]), nodes, aliases, titles)

    def merged(self, current: bytes | None) -> bytes:
        """Return the index with all moved at once, so that two may change places; the same bytes when nothing is in it.

        A second time it may mean something else. Raises PublishingConflict when ``current`` is no index.
        """
        data = read_index(current)
        _move_aliases(data, self)
        _move_entries(part_of_index(data, "skills"), self.entries)
        tree = part_of_index(data, "taxonomy_tree")
        lifted = [(new, self.nodes.get(new, {})) for old, new in self.categories if not old]
        for old, new in sorted(self.categories, key=_depth, reverse=True):
            node = _take(tree, old) if old else None
            if node is not None and (new or node.get("children")):
                lifted.append((new or old, node))
        for path, each in sorted(lifted, key=lambda pair: pair[0].count("/")):
            _put(tree, path, each)
        for entry in self.entries:
            if entry.old != entry.new and parent_of(entry.new):
                _put(tree, parent_of(entry.new), {})
        for path in filter(None, self.aliases.values()):
            _put(tree, path, {})  # what an address leads to is named
        for path, (was, will) in self.titles.items():
            _entitle(tree, path, was, will)
        if current is not None and read_index(current) == data:
            return current
        data["last_updated"] = self.changed_at
        return index_bytes(data)


def nodes_at(current: bytes | None, paths: Iterable[str]) -> dict[str, dict[str, Any]]:
    """Return what an index says of the categories at ``paths``, by path, without what is below them.

    Those that it does not name are left out. Raises PublishingConflict when ``current`` is no index.
    """
    tree = part_of_index(read_index(current), "taxonomy_tree")
    taken = {
        path: _take(tree, path) for path in sorted(paths, key=lambda path: path.count("/"), reverse=True)
    }
    return {
        path: {key: value for key, value in node.items() if key != "children"}
        for path, node in taken.items()
        if node is not None
    }


def _entry_from(
    old: str, new: str, fields: Mapping[str, Any], gained: Iterable[str] = (), lost: Iterable[str] = ()
) -> EntryMove:
    return EntryMove(str(old), str(new), fields, tuple(gained), tuple(lost))


def _move_entries(skills: dict[str, Any], moves: tuple[EntryMove, ...]) -> None:
    by_path = {move.old: move for move in moves}
    for index_id, entry in skills.items():
        move = by_path.get(str(entry.get("canonical_path"))) if isinstance(entry, dict) else None
        if move is None:
            continue
        moved = {**entry, **move.fields}
        if move.old != move.new:
            moved |= {"canonical_path": move.new, "taxonomy_location": parent_of(move.new)}
        if move.old != move.new or move.gained or move.lost:
            moved["aliases"] = _aliases(entry.get("aliases"), move)
        skills[index_id] = {key: value for key, value in moved.items() if value is not None}


def _move_aliases(data: dict[str, Any], moves: IndexMoves) -> None:
    """Let the aliases that an index keeps apart follow; those that only people know go by what their path means.

    As whoever reads an index takes it: an id of a skill first, which stays, then a category, then the path of a skill.
    """
    if not moves.aliases and "aliases" not in data:
        return
    known = part_of_index(data, "aliases")
    had = bool(known)
    skills = part_of_index(data, "skills")
    homes = {str(one.get("canonical_path")) for one in skills.values() if isinstance(one, dict)}
    places = set(_paths(part_of_index(data, "taxonomy_tree")))
    only_homes = homes - places
    led = {one.old: one.new for one in moves.entries if one.old in only_homes}
    led |= {old: new for old, new in moves.categories if old and new and (old in places or old not in homes)}
    for path, target in known.items():
        if path not in moves.aliases and isinstance(target, str) and target not in skills and target in led:
            known[path] = led[target]
    for path in (path for entry in moves.entries for path in (*entry.gained, *entry.lost)):
        known.pop(path, None)
    for path, target in moves.aliases.items():
        if target:
            known[path] = target
        else:
            known.pop(path, None)
    if not known and (had or moves.aliases):
        del data["aliases"]


def _paths(tree: Mapping[str, Any]) -> Iterator[str]:
    """Yield the path of each category that an index names."""
    waiting: list[tuple[str, Mapping[str, Any]]] = [("", tree)]
    while waiting:
        above, level = waiting.pop()
        for segment, node in level.items():
            path = f"{above}/{segment}".lstrip("/")
            yield path
            below = node.get("children") if isinstance(node, dict) else None
            if isinstance(below, dict):
                waiting.append((path, below))


def _entitle(tree: dict[str, Any], path: str, was: str, will: str) -> None:
    """Give the node at ``path``, if there is one, its title, unless it has another one than it was told before."""
    level: Any = tree
    node: Any = None
    for segment in path.split("/"):
        node = level.get(segment) if isinstance(level, dict) else None
        level = node.get("children") if isinstance(node, dict) else None
    if not isinstance(node, dict) or (node.get("title") or "") != was:
        return
    if will:
        node["title"] = will
    else:
        node.pop("title", None)


def _aliases(known: Any, move: EntryMove) -> list[Any]:
    stated = known if isinstance(known, list) else [known] if isinstance(known, str) else []
    aliases = [one for one in stated if one != move.new and one not in move.lost]
    return [*aliases, *(one for one in dict.fromkeys(move.gained) if one not in aliases)]


def _take(tree: dict[str, Any], path: str) -> dict[str, Any] | None:
    """Take the node of a category, and all below it, out of the tree."""
    level: Any = tree
    parts = path.split("/")
    for segment in parts[:-1]:
        node = level.get(segment) if isinstance(level, dict) else None
        level = node.get("children") if isinstance(node, dict) else None
    node = level.pop(parts[-1], None) if isinstance(level, dict) else None
    return node if isinstance(node, dict) else None


def _put(tree: dict[str, Any], path: str, node: Mapping[str, Any]) -> None:
    """Put a node at ``path``, those above it made where they lack; what is there already stays, and gets what it lacks."""
    level = tree
    for segment in path.split("/")[:-1]:
        level = part_of_index(part_of_index(level, segment), "children")
    place = part_of_index(level, path.rpartition("/")[2])
    for key, value in node.items():
        if key == "children" and isinstance(value, dict):
            for slug, child in value.items():
                if isinstance(child, dict):
                    _put(part_of_index(place, "children"), slug, child)
        elif not place.get(key):
            place[key] = value
    part_of_index(place, "children")


def _depth(pair: tuple[str, str]) -> int:
    return pair[0].count("/")
