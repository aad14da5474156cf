"""YAML as nodes with places: composed from parser events, in bounded time and memory, without building objects."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

import yaml

from skills_app.domain.findings import Place
from skills_app.domain.text_lines import TextLines

MAX_DEPTH = 64
MAX_NODES = 20_000
MAX_PLAIN_NODES = 20_000
MAX_NUMBER_DIGITS = 300
MAX_FAULTS = 200

_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_RESOLVERS: dict[str, list[tuple[str, re.Pattern[str]]]] = yaml.SafeLoader.yaml_implicit_resolvers
_STYLES = {None: "plain", "": "plain", "'": "single", '"': "double", "|": "literal", ">": "folded"}
_TRUE = frozenset({"yes", "true", "on"})


class NodeKind(StrEnum):
    """What a YAML 1.1 reader takes a value for."""

    TEXT = "text"
    INTEGER = "integer"
    FLOAT = "float"
    BOOLEAN = "boolean"
    NULL = "null"
    TIMESTAMP = "timestamp"
    OTHER = "other"
    LIST = "list"
    MAP = "map"
    ALIAS = "alias"


_KINDS = {
    "tag:yaml.org,2002:str": NodeKind.TEXT,
    "tag:yaml.org,2002:int": NodeKind.INTEGER,
    "tag:yaml.org,2002:float": NodeKind.FLOAT,
    "tag:yaml.org,2002:bool": NodeKind.BOOLEAN,
    "tag:yaml.org,2002:null": NodeKind.NULL,
    "tag:yaml.org,2002:timestamp": NodeKind.TIMESTAMP,
}


@dataclass(frozen=True, slots=True)
class YamlNode:
    """One YAML value: ``start`` and ``end`` are offsets in the whole file, ``place`` the same as lines and columns.

    ``text`` is the value of a scalar as a string, or the anchor's name for an alias. ``style`` is plain, single,
    double, literal or folded for scalars, block or flow for lists and maps.
    """

    kind: NodeKind
    style: str
    start: int
    end: int
    place: Place
    text: str = ""
    items: tuple["YamlNode", ...] = ()
    entries: tuple["YamlEntry", ...] = ()
    anchor: str = ""
    tag: str = ""
    target: "YamlNode | None" = None

    @property
    def is_scalar(self) -> bool:
        """Whether it is a single value rather than a list, a map or an alias."""
        return self.kind not in (NodeKind.LIST, NodeKind.MAP, NodeKind.ALIAS)

    @property
    def is_string(self) -> bool:
        """Whether a YAML 1.1 reader gets a string."""
        return self.kind is NodeKind.TEXT

    def entry(self, key: str) -> "YamlEntry | None":
        """Return the last entry of a map under ``key``, as readers that allow duplicates do, or None."""
        return next((e for e in reversed(self.entries) if e.key == key), None)


@dataclass(frozen=True, slots=True)
class YamlEntry:
    """A key and its value in a map."""

    key: str
    key_node: YamlNode
    value: YamlNode

    @property
    def place(self) -> Place:
        """From the key's first character to the value's last."""
        key, value = self.key_node.place, self.value.place
        return Place(key.line, key.column, value.end_line, value.end_column)


@dataclass(frozen=True, slots=True)
class YamlFault:
    """Why YAML could not be read, or what in it is unwise. ``code`` is the last part of a rule's id."""

    code: str
    message: str
    start: int
    end: int


@dataclass(slots=True)
class YamlResult:
    """The top node (None when there is none), the top-level entries read before a fault, and the faults."""

    root: YamlNode | None = None
    partial_entries: tuple[YamlEntry, ...] = ()
    faults: list[YamlFault] = field(default_factory=list)
    is_readable: bool = True


@dataclass(slots=True)
class _Open:
    """A list or map whose end has not come yet."""

    is_map: bool
    event: Any
    children: list[YamlNode] = field(default_factory=list)


def resolve_scalar(text: str) -> NodeKind:
    """Return what YAML 1.1 takes an untagged plain scalar for (``yes`` is a boolean, ``1.0`` a float)."""
    for tag, pattern in _RESOLVERS.get(text[:1], ()):
        if pattern.match(text):
            return _KINDS.get(tag, NodeKind.OTHER)
    return NodeKind.TEXT


def compose(yaml_text: str, *, base: int, lines: TextLines) -> YamlResult:
    """Compose ``yaml_text``, which starts at offset ``base`` of the file whose lines are ``lines``.

    Never raises: errors, depth beyond MAX_DEPTH and more than MAX_NODES nodes become faults with a span of the file.
    Aliases stay references and are not expanded.
    """
    composer = _Composer(yaml_text, base, lines)
    try:
        composer.run()
    except yaml.YAMLError as error:
        composer.note_error(error)
    except RecursionError:
        composer.note(
            "too-deep", "The YAML is nested too deeply to be read.", 0, len(yaml_text), is_fatal=True
        )
    return composer.result


def _start(event: Any) -> int:
    """The offset of an event in code points; the stubs do not know that events of a parser always carry marks."""
    return int(event.start_mark.index)


class _Composer:
    def __init__(self, text: str, base: int, lines: TextLines) -> None:
        self.text = text
        self.base = base
        self.lines = lines
        self.result = YamlResult()
        self.stack: list[_Open] = []
        self.anchors: dict[str, YamlNode] = {}
        self.num_nodes = 0
        self.num_documents = 0

    def note(self, code: str, message: str, start: int, end: int, *, is_fatal: bool = False) -> None:
        if len(self.result.faults) < MAX_FAULTS or is_fatal:
            self.result.faults.append(YamlFault(code, message, self.base + start, self.base + end))
        if is_fatal:
            self._give_up()

    def note_error(self, error: yaml.YAMLError) -> None:
        mark = getattr(error, "problem_mark", None)
        position = getattr(error, "position", 0) if mark is None else mark.index
        position = min(max(position, 0), len(self.text))
        if isinstance(error, yaml.reader.ReaderError):
            message = "The front matter contains a control character that YAML does not allow."
        else:
            parts = [
                str(p).strip() for p in (getattr(error, "problem", ""), getattr(error, "context", "")) if p
            ]
            message = f"The front matter is not valid YAML: {', '.join(parts) or 'it cannot be read'}."
        end = position + 1 if position < len(self.text) and self.text[position] not in "\r\n" else position
        self.note("yaml-error", message, position, end, is_fatal=True)

    def _give_up(self) -> None:
        self.result.is_readable = False
        self.result.root = None
        if self.stack and self.stack[0].is_map:
            self.result.partial_entries = self._entries(self.stack[0].children, is_partial=True)
        self.stack.clear()

    def run(self) -> None:
        events: Iterator[Any] = yaml.parse(self.text, Loader=_LOADER)
        for event in events:
            if isinstance(event, yaml.NodeEvent):
                self.num_nodes += 1
                if self.num_nodes > MAX_NODES:
                    message = (
                        f"The front matter holds more than {MAX_NODES:,} values and was not read further."
                    )
                    return self.note("too-large", message, 0, _start(event), is_fatal=True)
            if isinstance(event, yaml.DocumentStartEvent):
                self.num_documents += 1
                if self.num_documents > 1:
                    mark = _start(event)
                    message = "The front matter holds more than one YAML document; only one is allowed."
                    return self.note("yaml-error", message, mark, mark + 1, is_fatal=True)
            elif isinstance(event, yaml.ScalarEvent):
                self._add(self._scalar(event))
            elif isinstance(event, yaml.AliasEvent):
                self._add(self._alias(event))
            elif isinstance(event, yaml.CollectionStartEvent):
                self.stack.append(_Open(isinstance(event, yaml.MappingStartEvent), event))
                if len(self.stack) > MAX_DEPTH:
                    mark = _start(event)
                    message = f"The front matter is nested more than {MAX_DEPTH} levels deep; flatten it."
                    return self.note("too-deep", message, mark, mark + 1, is_fatal=True)
            elif isinstance(event, yaml.CollectionEndEvent):
                self._close(event)
        return None

    def _add(self, node: YamlNode) -> None:
        if node.anchor:
            self.anchors[node.anchor] = node
        if self.stack:
            self.stack[-1].children.append(node)
        else:
            self.result.root = node

    def _span(self, start: int, end: int) -> tuple[int, int, Place]:
        start, end = self.base + start, self.base + end
        return start, end, self.lines.place(start, end)

    def _scalar(self, event: Any) -> YamlNode:
        start, end = event.start_mark.index, event.end_mark.index
        style = _STYLES[event.style]
        if style in ("literal", "folded"):
            end = start + len(self.text[start:end].rstrip())
        if event.tag and event.tag != "!":
            kind = _KINDS.get(event.tag, NodeKind.OTHER)
        else:
            kind = resolve_scalar(event.value) if style == "plain" and event.tag != "!" else NodeKind.TEXT
        self._note_anchor(event.anchor, start, end)
        return YamlNode(
            kind,
            style,
            *self._span(start, end),
            text=event.value,
            anchor=event.anchor or "",
            tag=event.tag or "",
        )

    def _alias(self, event: Any) -> YamlNode:
        start, end = event.start_mark.index, event.end_mark.index
        target = self.anchors.get(event.anchor)
        if target is None:
            message = f"The alias *{event.anchor} refers to an anchor that is not defined before it."
            self.note("yaml-error", message, start, end)
            self.result.is_readable = False
        else:
            self.note(
                "alias", f"The value is a YAML alias (*{event.anchor}); write the value itself.", start, end
            )
        return YamlNode(NodeKind.ALIAS, "plain", *self._span(start, end), text=event.anchor, target=target)

    def _note_anchor(self, anchor: str | None, start: int, end: int) -> None:
        if anchor:
            self.note(
                "anchor", f"The value carries a YAML anchor (&{anchor}); some readers refuse it.", start, end
            )

    def _close(self, event: Any) -> None:
        opened = self.stack.pop()
        start = opened.event.start_mark.index
        is_flow = bool(opened.event.flow_style)
        children = opened.children
        end = event.end_mark.index
        if not is_flow:
            end = max(children[-1].end - self.base, start) if children else start
        self._note_anchor(opened.event.anchor, start, end)
        node = YamlNode(
            NodeKind.MAP if opened.is_map else NodeKind.LIST,
            "flow" if is_flow else "block",
            *self._span(start, end),
            items=() if opened.is_map else tuple(children),
            entries=self._entries(children) if opened.is_map else (),
            anchor=opened.event.anchor or "",
            tag=opened.event.tag or "",
        )
        self._add(node)

    def _entries(self, children: list[YamlNode], *, is_partial: bool = False) -> tuple[YamlEntry, ...]:
        entries = []
        first: dict[str, YamlNode] = {}
        for key_node, value in zip(children[::2], children[1::2], strict=False):
            key = key_node.text if key_node.is_scalar else self._complex_key(key_node)
            if key in first and not is_partial:
                message = f"The key “{key[:80]}” stands twice, first in line {first[key].place.line}; keep one of them."
                start, end = key_node.start - self.base, key_node.end - self.base
                self.note("duplicate-key", message, start, end)
            first.setdefault(key, key_node)
            entries.append(YamlEntry(key, key_node, value))
        return tuple(entries)

    def _complex_key(self, node: YamlNode) -> str:
        start, end = node.start - self.base, node.end - self.base
        self.note("yaml-error", "A key must be plain text, not a list, a map or an alias.", start, end)
        self.result.is_readable = False
        return self.text[start : min(end, start + 80)]


class PlainLimitError(ValueError):
    """Expanding the aliases would yield more values than we are willing to hold."""


def plain_value(node: YamlNode, *, limit: int = MAX_PLAIN_NODES) -> Any:
    """Return the value as plain JSON-like data: str, int, float, bool, None, list, dict with string keys.

    Timestamps and unknown tags stay strings. Aliases are expanded; more than ``limit`` values raise PlainLimitError,
    so that nested aliases cannot fill the memory. An alias of an enclosing value raises it too.
    """
    budget = [limit]
    return _plain(node, budget, 0)


def _plain(node: YamlNode, budget: list[int], depth: int) -> Any:
    budget[0] -= 1
    if budget[0] < 0 or depth > 4 * MAX_DEPTH:
        raise PlainLimitError("The aliases of the front matter expand to more values than can be held.")
    if node.kind is NodeKind.ALIAS:
        return None if node.target is None else _plain(node.target, budget, depth + 1)
    if node.kind is NodeKind.LIST:
        return [_plain(item, budget, depth + 1) for item in node.items]
    if node.kind is NodeKind.MAP:
        return {entry.key: _plain(entry.value, budget, depth + 1) for entry in node.entries}
    return _plain_scalar(node)


def _plain_scalar(node: YamlNode) -> Any:
    text = node.text
    if node.kind is NodeKind.NULL:
        return None
    if node.kind is NodeKind.BOOLEAN:
        return text.lower() in _TRUE
    if len(text) <= MAX_NUMBER_DIGITS and node.kind in (NodeKind.INTEGER, NodeKind.FLOAT):
        try:
            return _number(text, is_integer=node.kind is NodeKind.INTEGER)
        except ValueError:
            return text
    return text


def _number(text: str, *, is_integer: bool) -> int | float:
    digits = text.replace("_", "").lower()
    if ":" in digits:
        raise ValueError("base 60 is kept as text")
    if not is_integer:
        return float(digits.replace(".inf", "inf").replace(".nan", "nan"))
    body = digits.lstrip("+-")
    base = (
        16
        if body.startswith("0x")
        else 2
        if body.startswith("0b")
        else 8
        if body.startswith("0") and body != "0"
        else 10
    )
    return int(digits, base)
