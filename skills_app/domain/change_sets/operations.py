"""What a change-set may do, as data: move, rename, merge, split, re-facet, retire old addresses."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass
from enum import StrEnum
from typing import Any

from skills_app.domain.change_sets.rows import TOP, Kind
from skills_app.domain.errors import ChangeDataError

Pairs = tuple[tuple[str, str], ...]


class Act(StrEnum):
    """What becomes of one skill of a category that is merged into another."""

    MOVE = "move"
    RENAME = "rename"
    FOLD = "fold"
    ELSEWHERE = "elsewhere"


@dataclass(frozen=True, slots=True)
class Choice:
    """The answer for one skill: its ``act``, and ``value``: a new slug, or the key of a skill or of another category."""

    skill: str
    act: Act = Act.MOVE
    value: str = ""


@dataclass(frozen=True, slots=True)
class Move:
    """Give a selection another home: ``target`` is a category's key, or empty for the top (a skill is unplaced there).

    What lies inside a selected category goes with it. ``renames`` are keys and new slugs for what would clash;
    ``takes`` are old addresses of others that may be taken over.
    """

    target: str
    categories: tuple[str, ...] = ()
    skills: tuple[str, ...] = ()
    renames: Pairs = ()
    takes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Rename:
    """Give a category or skill another last segment; ``title`` (of a category) stays when it is None."""

    kind: Kind
    key: str
    slug: str
    title: str | None = None
    takes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class MergeCategories:
    """Put all of ``sources`` into ``into`` and end them; categories of the same slug merge in turn.

    ``choices`` say what happens to single skills; every other one moves under its own slug.
    """

    sources: tuple[str, ...]
    into: str
    choices: tuple[Choice, ...] = ()
    takes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class MergeSkills:
    """Let the addresses of ``sources`` lead to ``into``; the sources are archived beside it, with their versions."""

    sources: tuple[str, ...]
    into: str
    takes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Part:
    """A category made by a split: a key that nothing has yet, the key above it, and what moves there."""

    key: str
    parent: str
    slug: str
    title: str = ""
    categories: tuple[str, ...] = ()
    skills: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Split:
    """Take ``parts`` out of a category, or make them for what lies anywhere (an empty ``source``); what no part names stays."""

    source: str
    parts: tuple[Part, ...]
    takes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Refacet:
    """Add facets (names and values) to skills, and take others away."""

    skills: tuple[str, ...]
    add: Pairs = ()
    remove: Pairs = ()


@dataclass(frozen=True, slots=True)
class Retire:
    """End old addresses: ``paths`` lead nowhere from then on."""

    paths: tuple[str, ...]


Operation = Move | Rename | MergeCategories | MergeSkills | Split | Refacet | Retire

NAMES: dict[str, type[Any]] = {
    "move": Move,
    "rename": Rename,
    "merge_categories": MergeCategories,
    "merge_skills": MergeSkills,
    "split": Split,
    "refacet": Refacet,
    "retire": Retire,
}
_NAME_OF = {kind: name for name, kind in NAMES.items()}
_NESTED: dict[str, type[Any]] = {"parts": Part, "choices": Choice}
_PAIRS = frozenset({"renames", "add", "remove"})
_LISTS = frozenset({"categories", "skills", "sources", "takes", "paths"})
MAX_OPERATIONS = 500


def operations_data(operations: Sequence[Operation]) -> list[dict[str, Any]]:
    """Return the operations as JSON data, in order."""
    return [{"do": _NAME_OF[type(operation)], **_data(operation)} for operation in operations]


def operations_from(data: Any) -> tuple[Operation, ...]:
    """Return the operations that ``operations_data`` wrote.

    Raises:
        ChangeDataError: it is no such data; the message names the operation, counted from 1.
    """
    if not isinstance(data, list) or len(data) > MAX_OPERATIONS:
        raise ChangeDataError(f"A change-set is a list of at most {MAX_OPERATIONS} operations.")
    made = []
    for number, item in enumerate(data, start=1):
        if not isinstance(item, Mapping) or item.get("do") not in NAMES:
            raise ChangeDataError(f"Operation {number} has no 'do' among {', '.join(NAMES)}.")
        try:
            made.append(_made(NAMES[item["do"]], {name: v for name, v in item.items() if name != "do"}))
        except (TypeError, ValueError) as error:
            raise ChangeDataError(f"Operation {number} cannot be read: {error}.") from error
    return tuple(made)


def drafted_again(operations: Sequence[Operation], make_key: Callable[[], str]) -> tuple[Operation, ...]:
    """Return the same operations for another change-set: what they make gets a key of its own, in every step that names it."""
    made = {part.key: make_key() for one in operations if isinstance(one, Split) for part in one.parts}
    return operations_from(_renamed(operations_data(operations), made))


def _renamed(value: Any, keys: Mapping[str, str]) -> Any:
    if isinstance(value, dict):
        return {name: _renamed(each, keys) for name, each in value.items()}
    if isinstance(value, list):
        return [_renamed(each, keys) for each in value]
    return keys.get(value, value) if isinstance(value, str) else value


def _data(value: Any) -> Any:
    if is_dataclass(value):
        return {field.name: _data(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, tuple):
        return [_data(item) for item in value]
    return value.value if isinstance(value, StrEnum) else value


def _made(kind: type[Any], data: Mapping[str, Any]) -> Any:
    values: dict[str, Any] = {}
    for name, value in data.items():
        if name in _NESTED:
            values[name] = tuple(_made(_NESTED[name], _mapping(item, name)) for item in _items(value, name))
        elif name in _PAIRS:
            values[name] = tuple((_text(a, name), _text(b, name)) for a, b in _items(value, name))
        elif name in _LISTS:
            values[name] = tuple(_text(item, name) for item in _items(value, name))
        elif name == "kind":
            values[name] = Kind(value)
        elif name == "act":
            values[name] = Act(value)
        else:
            values[name] = None if name == "title" and value is None else _text(value, name)
    return kind(**values)


def _items(value: Any, name: str) -> list[Any]:
    if not isinstance(value, list):
        raise TypeError(f"'{name}' is no list")
    return value


def _mapping(value: Any, name: str) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise TypeError(f"'{name}' holds what is no object")
    return value


def _text(value: Any, name: str) -> str:
    if not isinstance(value, str) or "\x00" in value:
        raise TypeError(f"'{name}' holds what is no text")
    return value


__all__ = [
    "MAX_OPERATIONS",
    "NAMES",
    "TOP",
    "Act",
    "Choice",
    "MergeCategories",
    "MergeSkills",
    "Move",
    "Operation",
]
__all__ += [
    "Part",
    "Refacet",
    "Rename",
    "Retire",
    "Split",
    "drafted_again",
    "operations_data",
    "operations_from",
]
