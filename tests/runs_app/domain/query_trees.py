"""Any query tree, for properties."""

from datetime import UTC, date, datetime

from hypothesis import strategies as st

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
)
from runs_app.domain.run_attributes import ATTRIBUTES, ValueType
from runs_app.domain.run_query import value_type

WORDS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=12)
NUMBERS = st.floats(allow_nan=False, allow_infinity=False).map(lambda value: Number(value + 0.0))
SECONDS = st.floats(0, 1e9)
KEYS = st.one_of(st.sampled_from(["loss", "a b", "x.y", "quality_score", 'q"`', "ü-1"]), WORDS.filter(bool))
FIELDS = st.one_of(
    st.builds(Field, st.just(FieldKind.ATTRIBUTE), st.sampled_from(sorted(ATTRIBUTES))),
    st.builds(Field, st.sampled_from([FieldKind.METRIC, FieldKind.PARAM, FieldKind.TAG]), KEYS),
)
_EQUAL, _ORDER = ["=", "!="], ["<", "<=", ">", ">="]


def values_of(field: Field, op: str) -> st.SearchStrategy:
    """Values that ``field`` can be compared with by ``op``."""
    if field.kind in (FieldKind.PARAM, FieldKind.TAG):
        return NUMBERS if op in _ORDER else WORDS.map(Text)
    if field.kind is FieldKind.METRIC and op in _EQUAL:
        return st.one_of(NUMBERS, st.sampled_from(["nan", "inf", "-inf"]).map(Special))
    match value_type(field):
        case ValueType.TEXT:
            return WORDS.map(Text)
        case ValueType.CHOICE:
            return st.sampled_from(ATTRIBUTES[field.key].choices).map(Text)
        case ValueType.NUMBER:
            return NUMBERS
        case ValueType.TIME:
            return st.one_of(
                st.dates(date(1900, 1, 1), date(2199, 12, 31)).map(Day),
                st.datetimes(datetime(1901, 1, 1), datetime(2199, 1, 1), timezones=st.just(UTC)).map(Instant),
                SECONDS.map(Ago),
            )
        case ValueType.DURATION:
            return SECONDS.map(Seconds)
        case ValueType.FLAG:
            return st.booleans().map(Flag)


def operators_of(field: Field) -> list[str]:
    """Operators that ``field`` takes."""
    if field.kind in (FieldKind.PARAM, FieldKind.TAG):
        return [*_EQUAL, *_ORDER, "like", "ilike", "contains"]
    match value_type(field):
        case ValueType.TEXT:
            return [*_EQUAL, "like", "ilike", "contains"]
        case ValueType.CHOICE | ValueType.FLAG:
            return _EQUAL
        case _:
            return [*_EQUAL, *_ORDER]


@st.composite
def comparisons(draw: st.DrawFn, fields: st.SearchStrategy = FIELDS) -> Comparison:
    field = draw(fields)
    op = draw(st.sampled_from(operators_of(field)))
    return Comparison(field, op, draw(values_of(field, op)))


@st.composite
def lists(draw: st.DrawFn, fields: st.SearchStrategy = FIELDS) -> OneOf:
    field = draw(fields)
    return OneOf(field, tuple(draw(st.lists(values_of(field, "="), min_size=1, max_size=3))))


def is_nullable(field: Field) -> bool:
    """Whether ``is null`` may be asked of ``field``."""
    return value_type(field) is not ValueType.FLAG


def trees(fields: st.SearchStrategy = FIELDS) -> st.SearchStrategy[Node]:
    """Trees of any shape over ``fields``."""
    terms = st.one_of(comparisons(fields), lists(fields), fields.filter(is_nullable).map(Missing))

    def wider(parts: st.SearchStrategy) -> st.SearchStrategy:
        several = st.lists(parts, min_size=2, max_size=3).map(tuple)
        return st.one_of(parts.map(Not), several.map(And), several.map(Or))

    return st.recursive(terms, wider, max_leaves=8)
