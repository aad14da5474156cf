"""A document's front matter as typed fields, and its sizes as meters against the limits that hosts put on them."""

import posixpath
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

from skills_app.domain.documents import SkillDocument
from skills_app.domain.limits import (
    BODY_LINES_ADVICE,
    BODY_TOKENS_ADVICE,
    CATALOG_TOKENS_ADVICE,
    CLAUDE_ENTRY_CHARACTERS,
    COMPATIBILITY_MAX,
    DESCRIPTION_MAX,
    NAME_MAX,
    SPEC_KEYS,
)
from skills_app.domain.tokens import TokenCounter
from skills_app.domain.yaml_nodes import NodeKind, YamlEntry, YamlNode

MAX_VALUE_CHARS = 8_000
MAX_ITEMS = 200


@dataclass(frozen=True, slots=True)
class LimitMark:
    """A limit on a meter's scale: where it stands and whose it is."""

    at: int
    label: str


@dataclass(frozen=True, slots=True)
class Meter:
    """``value`` of ``limit`` in ``unit``. ``scale`` is the end of the bar, ``marks`` further limits on it."""

    label: str
    value: int
    limit: int
    unit: str
    marks: tuple[LimitMark, ...] = ()
    note: str = ""

    @property
    def scale(self) -> int:
        """The end of the bar: the largest of the limit and the marks."""
        return max(self.limit, *(mark.at for mark in self.marks), 1)

    @property
    def state(self) -> str:
        """``over`` the limit, ``near`` it (from nine tenths), or ``ok``."""
        if self.value > self.limit:
            return "over"
        return "near" if self.value >= 0.9 * self.limit else "ok"

    @property
    def text(self) -> str:
        """The meter in words."""
        return f"{self.value:,} of {self.limit:,} {self.unit}"


@dataclass(frozen=True, slots=True)
class FieldItem:
    """One pair of a map or one item of a list (then without ``key``), as text."""

    key: str
    text: str


@dataclass(frozen=True, slots=True)
class Field:
    """One key of the front matter: its kind (text, number, list …), its value, and where it stands."""

    key: str
    kind: str
    text: str
    items: tuple[FieldItem, ...]
    line: int
    end_line: int
    is_in_spec: bool
    meter: Meter | None


@dataclass(frozen=True, slots=True)
class ValueRow:
    """A named value to show: ``kind`` is text, flag (``text`` is yes or no) or list (then ``items``)."""

    name: str
    kind: str
    text: str
    items: tuple[str, ...] = ()

    @property
    def status(self) -> str:
        """The status whose icon a flag has."""
        return "passed" if self.text == "yes" else "missing"


def front_matter_fields(document: SkillDocument) -> tuple[Field, ...]:
    """Return the front matter's keys in their order, duplicates included; empty when there is none to read."""
    if document.front_matter is None:
        return ()
    return tuple(_field(entry) for entry in document.front_matter.entries[:MAX_ITEMS])


def missing_fields(document: SkillDocument) -> tuple[str, ...]:
    """Return the keys that the specification requires and the document does not give."""
    keys = document.front_matter.keys if document.front_matter else ()
    return tuple(key for key in ("name", "description") if key not in keys)


def size_meters(document: SkillDocument, count: TokenCounter) -> tuple[Meter, ...]:
    """Return the three sizes by level of disclosure: catalog entry, lines of the body, tokens of the body."""
    catalog, body = count(document.catalog_text()), count(document.body)
    how = "estimated" if body.is_estimate else f"counted with {body.method}"
    return (
        Meter("Catalog entry", catalog.num_tokens, CATALOG_TOKENS_ADVICE, "tokens", note=how),
        Meter("Body length", document.num_lines, BODY_LINES_ADVICE, "lines"),
        Meter("Body size", body.num_tokens, BODY_TOKENS_ADVICE, "tokens", note=how),
    )


def linked_files(document: SkillDocument) -> frozenset[str]:
    """Return the paths, relative to the skill's folder, that links and images of the document lead to."""
    paths: set[str] = set()
    for link in document.links:
        target = link.target.partition("#")[0].partition("?")[0]
        if target and "://" not in target and not target.startswith(("/", "mailto:")):
            paths.add(posixpath.normpath(unquote(target)))
    return frozenset(paths)


def value_rows(values: Mapping[str, Any]) -> tuple[ValueRow, ...]:
    """Return named values as rows: nested maps flattened to dotted names, true and false as flags, lists as items."""
    rows: list[ValueRow] = []
    stack: list[tuple[str, Any]] = [(str(key), value) for key, value in reversed(list(values.items()))]
    while stack and len(rows) < MAX_ITEMS:
        name, value = stack.pop()
        if isinstance(value, Mapping):
            stack += [(f"{name}.{key}", inner) for key, inner in reversed(list(value.items()))]
        elif isinstance(value, bool):
            rows.append(ValueRow(name, "flag", "yes" if value else "no"))
        elif isinstance(value, list | tuple):
            rows.append(ValueRow(name, "list", "", tuple(_words(item) for item in value[:MAX_ITEMS])))
        else:
            rows.append(ValueRow(name, "text", _words(value)))
    return tuple(rows)


def _words(value: Any) -> str:
    if value is None:
        return "–"
    if isinstance(value, float):
        return f"{value:.4g}"
    if isinstance(value, Mapping):
        return ", ".join(f"{key}: {inner}" for key, inner in value.items())[:MAX_VALUE_CHARS]
    return str(value)[:MAX_VALUE_CHARS]


def _field(entry: YamlEntry) -> Field:
    node = entry.value.target or entry.value
    text = "" if node.kind is NodeKind.NULL else node.text
    return Field(
        key=entry.key,
        kind=node.kind.value,
        text=text[:MAX_VALUE_CHARS] if node.is_scalar else "",
        items=() if node.is_scalar else _items(node),
        line=entry.place.line,
        end_line=entry.place.end_line,
        is_in_spec=entry.key in SPEC_KEYS,
        meter=_meter(entry.key, text) if node.is_scalar else None,
    )


def _items(node: YamlNode) -> tuple[FieldItem, ...]:
    if node.kind is NodeKind.MAP:
        return tuple(FieldItem(entry.key, _flat(entry.value)) for entry in node.entries[:MAX_ITEMS])
    return tuple(FieldItem("", _flat(item)) for item in node.items[:MAX_ITEMS])


def _flat(node: YamlNode, depth: int = 0) -> str:
    node = node.target or node
    if node.is_scalar:
        return node.text[:MAX_VALUE_CHARS]
    if depth >= 3:
        return "…"
    if node.kind is NodeKind.MAP:
        return ", ".join(f"{e.key}: {_flat(e.value, depth + 1)}" for e in node.entries[:20])
    return ", ".join(_flat(item, depth + 1) for item in node.items[:20])


def _meter(key: str, text: str) -> Meter | None:
    length = len(text.strip())
    if key == "name":
        return Meter("Length of the name", length, NAME_MAX, "characters")
    if key == "description":
        marks = (
            LimitMark(DESCRIPTION_MAX, "the specification's limit"),
            LimitMark(CLAUDE_ENTRY_CHARACTERS, "Claude Code cuts the entry"),
        )
        return Meter("Length of the description", length, DESCRIPTION_MAX, "characters", marks)
    if key == "compatibility":
        return Meter("Length of the compatibility", length, COMPATIBILITY_MAX, "characters")
    return None
