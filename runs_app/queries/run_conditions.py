"""From the tree of a text query to conditions on our tables."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, time, timedelta, tzinfo
from typing import Any

from django.db.models import Exists, F, OuterRef, Q

from runs_app.domain.query_ast import (
    Ago,
    And,
    Comparison,
    Day,
    Field,
    FieldKind,
    Flag,
    Instant,
    Missing,
    Node,
    Not,
    Number,
    OneOf,
    Or,
    Seconds,
    Special,
    Text,
    Value,
)
from runs_app.domain.run_attributes import ATTRIBUTES
from runs_app.models import RunMetric, RunParam, RunTag
from runs_app.models.runs import VALUE_HEAD_CHARS

_LOOKUPS = {"=": "", "<": "__lt", "<=": "__lte", ">": "__gt", ">=": "__gte", "contains": "__icontains"}
_TABLES: dict[FieldKind, Any] = {
    FieldKind.METRIC: RunMetric,
    FieldKind.PARAM: RunParam,
    FieldKind.TAG: RunTag,
}


def condition_of(node: Node, *, now: datetime, zone: tzinfo = UTC, driver: Node | None = None) -> Q | Exists:
    """Return the condition that runs must meet for ``node``; ``now`` anchors times such as ``-7d``, ``zone`` days.

    A run without the value that is compared does not match, except where ``not`` or ``is null`` asks for it. The part
    that is ``driver`` (see ``driver_of``) is written so that the database begins with it; every other part is asked of
    one run after another.
    """
    if node is driver and isinstance(node, Comparison | OneOf):
        return Q(pk__in=_rows_of(node, now, zone).values("run_id"))
    if isinstance(node, And | Or):
        whole: Any = Q()
        for part in node.parts:
            found = condition_of(part, now=now, zone=zone, driver=driver)
            whole = whole & found if isinstance(node, And) else whole | found
        return whole
    if isinstance(node, Not):
        return ~Q(condition_of(node.part, now=now, zone=zone))
    if isinstance(node, Missing):
        return _missing(node.field)
    if isinstance(node, OneOf):
        whole = Q()
        for value in node.values:
            whole = whole | _compare(node.field, "=", value, now, zone)
        return whole
    return _compare(node.field, node.op, node.value, now, zone)


def _compare(field: Field, op: str, value: Value, now: datetime, zone: tzinfo) -> Q | Exists:
    if field.kind is FieldKind.ATTRIBUTE:
        if field.key == "deleted":
            is_deleted = Q(lifecycle_stage="deleted") | Q(deleted_at_source__isnull=False)
            return is_deleted if bool(getattr(value, "value", False)) is (op == "=") else ~is_deleted
        path = ATTRIBUTES[field.key].path
        return _term(path, op, value, now, zone)
    rows = _TABLES[field.kind].objects.filter(run=OuterRef("pk"), key=field.key)
    return Exists(rows.filter(_value_term(field, op, value, now, zone)))


def _rows_of(node: Comparison | OneOf, now: datetime, zone: tzinfo) -> Any:
    """Return the metrics, params or tags that meet a comparison by themselves, of whatever run."""
    field = node.field
    pairs = [("=", value) for value in node.values] if isinstance(node, OneOf) else [(node.op, node.value)]
    whole = Q()
    for op, value in pairs:
        whole |= _value_term(field, op, value, now, zone)
    return _TABLES[field.kind].objects.filter(whole, key=field.key)


def _value_term(field: Field, op: str, value: Value, now: datetime, zone: tzinfo) -> Q:
    if isinstance(value, Special):
        condition = Q(special=value.word)
        return condition if op == "=" else ~condition
    if op == "=" and field.kind is not FieldKind.METRIC and isinstance(value, Text):
        head = Q(value_head=value.value[:VALUE_HEAD_CHARS])
        return head if len(value.value) < VALUE_HEAD_CHARS else head & Q(value=value.value)
    return _term("value", op, value, now, zone)


def _term(path: str, op: str, value: Value, now: datetime, zone: tzinfo) -> Q:
    if isinstance(value, Day):
        return _day_term(path, op, value, zone)
    if op == "!=":
        return Q(**{f"{path}__isnull": False}) & ~_term(path, "=", value, now, zone)
    if op in {"like", "ilike"}:
        return Q(**{f"{path}__{'iregex' if op == 'ilike' else 'regex'}": _like(str(_plain(value, now)))})
    return Q(**{f"{path}{_LOOKUPS[op]}": _plain(value, now)})


def _day_term(path: str, op: str, value: Day, zone: tzinfo) -> Q:
    start = datetime.combine(value.value, time.min, tzinfo=zone)
    end = datetime.combine(value.value + timedelta(days=1), time.min, tzinfo=zone)
    inside = Q(**{f"{path}__gte": start, f"{path}__lt": end})
    terms: dict[str, Callable[[], Q]] = {
        "=": lambda: inside,
        "!=": lambda: Q(**{f"{path}__isnull": False}) & ~inside,
        "<": lambda: Q(**{f"{path}__lt": start}),
        "<=": lambda: Q(**{f"{path}__lt": end}),
        ">": lambda: Q(**{f"{path}__gte": end}),
        ">=": lambda: Q(**{f"{path}__gte": start}),
    }
    return terms[op]()


def _plain(value: Value, now: datetime) -> object:
    if isinstance(value, Ago):
        return now - timedelta(seconds=value.seconds)
    if isinstance(value, Text | Number | Instant | Seconds | Flag | Day):
        return value.value
    return value.word


def _like(pattern: str) -> str:
    """Return the regular expression of a LIKE pattern: ``%`` is any text, ``_`` one character, the rest itself."""
    inner = "".join({"%": "[\\s\\S]*", "_": "[\\s\\S]"}.get(char) or re.escape(char) for char in pattern)
    return f"^{inner}$"


def _missing(field: Field) -> Q | Exists:
    if field.kind is not FieldKind.ATTRIBUTE:
        return ~Q(Exists(_TABLES[field.kind].objects.filter(run=OuterRef("pk"), key=field.key)))
    path = ATTRIBUTES[field.key].path
    condition = Q(**{f"{path}__isnull": True})
    return condition | Q(**{path: ""}) if _is_text(field.key) else condition


def _is_text(name: str) -> bool:
    return ATTRIBUTES[name].type.value in {"text", "choice"}


def order_of(path: str, *, is_down: bool) -> Any:
    """Return an ordering by ``path`` with runs that lack a value last either way."""
    return F(path).desc(nulls_last=True) if is_down else F(path).asc(nulls_last=True)
