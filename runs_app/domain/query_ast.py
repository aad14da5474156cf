"""A query over runs as a tree; ``str()`` of a tree is a query that parses back to the same tree."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from dataclasses import field as column_of
from datetime import UTC, date, datetime
from enum import StrEnum

# What can stand without quotes.
BARE = re.compile(r"[\w.\-/:@+#]+")


@dataclass(frozen=True, slots=True)
class Span:
    """Where something stands in the text: from ``start`` up to ``end``, counted in characters from 0."""

    start: int
    end: int


NOWHERE = Span(0, 0)


class FieldKind(StrEnum):
    """Where a value is looked up."""

    ATTRIBUTE = "attribute"
    METRIC = "metrics"
    PARAM = "params"
    TAG = "tags"


@dataclass(frozen=True, slots=True)
class Field:
    """What is compared: an attribute of every run, or a metric, param or tag by its key."""

    kind: FieldKind
    key: str
    span: Span = column_of(default=NOWHERE, compare=False)

    def __str__(self) -> str:
        if self.kind is FieldKind.ATTRIBUTE:
            return self.key
        return f"{self.kind.value}.{self.key if _is_plain(self.key) else quoted(self.key)}"


@dataclass(frozen=True, slots=True)
class Text:
    """Words."""

    value: str

    def __str__(self) -> str:
        return quoted(self.value)


@dataclass(frozen=True, slots=True)
class Number:
    """A finite number."""

    value: float

    def __str__(self) -> str:
        return plain_number(self.value)


@dataclass(frozen=True, slots=True)
class Special:
    """A value of a metric that is no number: ``nan``, ``inf`` or ``-inf``."""

    word: str

    def __str__(self) -> str:
        return self.word


@dataclass(frozen=True, slots=True)
class Day:
    """A whole day."""

    value: date

    def __str__(self) -> str:
        return self.value.isoformat()


@dataclass(frozen=True, slots=True)
class Instant:
    """A moment, with its time zone."""

    value: datetime

    def __str__(self) -> str:
        return self.value.astimezone(UTC).isoformat().replace("+00:00", "Z")


@dataclass(frozen=True, slots=True)
class Ago:
    """So many seconds before the query is asked."""

    seconds: float

    def __str__(self) -> str:
        return f"-{plain_number(self.seconds)}s"


@dataclass(frozen=True, slots=True)
class Seconds:
    """A length of time."""

    value: float

    def __str__(self) -> str:
        return f"{plain_number(self.value)}s"


@dataclass(frozen=True, slots=True)
class Flag:
    """Yes or no."""

    value: bool

    def __str__(self) -> str:
        return "true" if self.value else "false"


Value = Text | Number | Special | Day | Instant | Ago | Seconds | Flag


@dataclass(frozen=True, slots=True)
class Comparison:
    """``field op value``; ``op`` is one of ``= != < <= > >= like ilike contains``."""

    field: Field
    op: str
    value: Value
    span: Span = column_of(default=NOWHERE, compare=False)

    def __str__(self) -> str:
        return f"{self.field} {self.op} {self.value}"


@dataclass(frozen=True, slots=True)
class OneOf:
    """``field in (value, …)``, with at least one value."""

    field: Field
    values: tuple[Value, ...]
    span: Span = column_of(default=NOWHERE, compare=False)

    def __str__(self) -> str:
        return f"{self.field} in ({', '.join(str(value) for value in self.values)})"


@dataclass(frozen=True, slots=True)
class Missing:
    """``field is null``: nothing is recorded there."""

    field: Field
    span: Span = column_of(default=NOWHERE, compare=False)

    def __str__(self) -> str:
        return f"{self.field} is null"


@dataclass(frozen=True, slots=True)
class Not:
    """The opposite of a part."""

    part: "Node"
    span: Span = column_of(default=NOWHERE, compare=False)

    def __str__(self) -> str:
        return f"not {_inside(self.part)}"


@dataclass(frozen=True, slots=True)
class And:
    """All of two or more parts."""

    parts: "tuple[Node, ...]"
    span: Span = column_of(default=NOWHERE, compare=False)

    def __str__(self) -> str:
        return " and ".join(_inside(part) for part in self.parts)


@dataclass(frozen=True, slots=True)
class Or:
    """At least one of two or more parts."""

    parts: "tuple[Node, ...]"
    span: Span = column_of(default=NOWHERE, compare=False)

    def __str__(self) -> str:
        return " or ".join(_inside(part) for part in self.parts)


Node = Comparison | OneOf | Missing | Not | And | Or
KEYWORDS = frozenset({"and", "or", "not", "in", "is", "null", "like", "ilike", "contains", "true", "false"})


def fields_of(node: Node) -> Iterator[Field]:
    """Yield every field that a query looks at, in the order of the text."""
    match node:
        case Comparison() | OneOf() | Missing():
            yield node.field
        case Not():
            yield from fields_of(node.part)
        case And() | Or():
            for part in node.parts:
                yield from fields_of(part)


def is_relative(node: Node) -> bool:
    """Say whether a query means something else a minute later, because it speaks of times before now."""
    match node:
        case Comparison():
            return isinstance(node.value, Ago)
        case OneOf():
            return any(isinstance(value, Ago) for value in node.values)
        case Not():
            return is_relative(node.part)
        case And() | Or():
            return any(is_relative(part) for part in node.parts)
    return False


def driver_of(node: Node) -> Node | None:
    """Return the part that every matching run must meet and that an index answers best, or None.

    Params and tags that equal a value come before metrics in a range; parts below ``or`` and ``not`` do not count.
    """
    parts = node.parts if isinstance(node, And) else (node,)
    for kinds, ops in (
        ({FieldKind.PARAM, FieldKind.TAG}, {"="}),
        ({FieldKind.METRIC}, {"=", "<", "<=", ">", ">="}),
    ):
        for part in parts:
            if isinstance(part, OneOf) and part.field.kind in kinds and "=" in ops:
                return part
            if isinstance(part, Comparison) and part.field.kind in kinds and part.op in ops:
                return part
    return None


def quoted(text: str) -> str:
    """Return ``text`` in double quotes, as the tokenizer reads it."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def plain_number(value: float) -> str:
    """Return the shortest text that reads back as the same number, whole numbers without a point."""
    return str(int(value)) if value == int(value) and abs(value) < 1e15 else repr(value)


def _is_plain(key: str) -> bool:
    return BARE.fullmatch(key) is not None and not key.endswith(".")


def _inside(part: Node) -> str:
    return f"({part})" if isinstance(part, And | Or) else str(part)
