"""The reader of printed pydantic objects."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runs_app.domain.pydantic_repr import (
    MAX_CHARACTERS,
    MAX_DEPTH,
    ReprRecord,
    ReprUnreadable,
    parse_pydantic_repr,
    plain_repr,
)

CASES = [
    ("a=1", {"a": 1}),
    ("a='x' b=[] c=None d=True e=-1.5", {"a": "x", "b": [], "c": None, "d": True, "e": -1.5}),
    ("""a="it's" b='say "x"'""", {"a": "it's", "b": 'say "x"'}),
    (r"a='tab\t nl\n q\' b\\ x\x41 u\u274c U\U0001F600 o\101'", {"a": "tab\t nl\n q' b\\ xA u❌ U😀 oA"}),
    ("a='b=c d=[1]'", {"a": "b=c d=[1]"}),
    (
        "a=[1, 'two', [3.5, None]] b={'k': [True], 2: 'two'}",
        {"a": [1, "two", [3.5, None]], "b": {"k": [True], "2": "two"}},
    ),
    (
        "a=(1,) b={1, 2} c=set() d=frozenset({'x'}) e={}",
        {"a": [1], "b": [1, 2], "c": [], "d": ["x"], "e": {}},
    ),
    (
        "item=Item(id='a', tags=['x'], inner=Inner(n=1))",
        {"item": {"id": "a", "tags": ["x"], "inner": {"n": 1}}},
    ),
    ("s=<Status.PASSED: 'passed'>", {"s": "passed"}),
    ("at=datetime.datetime(2026, 1, 27, tzinfo=TzInfo(UTC=0))", {"at": {"tzinfo": {"UTC": 0}}}),
    (
        "u=UUID('1234') d=Decimal('1.5') p=Point(1, 2) e=Empty()",
        {"u": "1234", "d": "1.5", "p": [1, 2], "e": {}},
    ),
    ("Report(passed=True, checks=[Item(id='a')])", {"passed": True, "checks": [{"id": "a"}]}),
    ("{'a': True, 'b': None}", {"a": True, "b": None}),
    ("['x', 1]", ["x", 1]),
    ("a=1\n\tb=2  ", {"a": 1, "b": 2}),
    ("a=b'raw' n=1_000 e=1e3", {"a": "raw", "n": 1000, "e": 1000.0}),
]


@pytest.mark.parametrize(("text", "value"), CASES)
def test_reads_what_pydantic_prints(text: str, value: object) -> None:
    assert plain_repr(text) == value


def test_keeps_class_names_arguments_and_the_order_of_fields() -> None:
    value = parse_pydantic_repr("b=Item(1, x='y') a=2")
    assert value == {"b": ReprRecord("Item", (1,), {"x": "y"}), "a": 2}
    assert list(value) == ["b", "a"]


def test_reads_numbers_that_are_not_finite() -> None:
    value = plain_repr("a=nan b=inf c=-inf")
    assert math.isnan(value["a"])
    assert (value["b"], value["c"]) == (math.inf, -math.inf)


REFUSED = [
    ("", 0, "ends where a value"),
    ("a=", 2, "ends where a value"),
    ("a='x", 2, "not closed"),
    ("a=[1, 2", 2, "not closed"),
    ("a=Item(id='a'", 6, "not closed"),
    ("a=[1 2]", 5, "comma"),
    ("a=1 2", 4, "field such as"),
    ("a=1b=2", 2, "number"),
    ("a='x'b='y'", 5, "space"),
    ("a=1 a=2", 4, "twice"),
    ("a=I(x=1, x=2)", 9, "twice"),
    ("a=open", 2, "not a value"),
    ("a=__import__", 2, "not a value"),
    ("a={1: 2, 3}", 11, "both keys"),
    ("a={[1]: 2}", 7, "plain value"),
    ("hello world", 0, "not a value"),
    ("1 2", 2, "follows the end"),
    ("a=<object at 0x7f>", 3, "enum member"),
    ("a=1+1", 3, "space"),
    ("a=[x for x in y]", 3, "not a value"),
    ("a=lambda: 1", 2, "not a value"),
]


@pytest.mark.parametrize(("text", "position", "words"), REFUSED)
def test_says_what_does_not_fit_and_where(text: str, position: int, words: str) -> None:
    with pytest.raises(ReprUnreadable, match=words) as caught:
        parse_pydantic_repr(text)
    assert caught.value.position == position
    assert f"at character {position + 1}" in str(caught.value)


def test_bounds_depth_size_and_digits() -> None:
    with pytest.raises(ReprUnreadable, match="deeper"):
        parse_pydantic_repr("a=" + "[" * (MAX_DEPTH + 1) + "]" * (MAX_DEPTH + 1))
    assert parse_pydantic_repr("a=" + "[" * (MAX_DEPTH - 1) + "]" * (MAX_DEPTH - 1))
    with pytest.raises(ReprUnreadable, match="characters"):
        parse_pydantic_repr("a" * (MAX_CHARACTERS + 1))
    with pytest.raises(ReprUnreadable, match="number"):
        parse_pydantic_repr("a=" + "9" * 5000)


@given(
    st.text(alphabet=st.sampled_from("ab=' \"\\[](){}<>:,.0x1NoneTrue_-\n"), max_size=60)
    | st.text(max_size=60)
)
def test_never_raises_anything_else(text: str) -> None:
    position = 0
    try:
        parse_pydantic_repr(text)
    except ReprUnreadable as error:
        position = error.position
    assert 0 <= position <= len(text)


PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@given(st.dictionaries(st.from_regex(r"[a-z_][a-z0-9_]{0,8}", fullmatch=True), PLAIN, min_size=1, max_size=5))
def test_reads_back_what_python_prints(fields: dict[str, object]) -> None:
    printed = " ".join(f"{name}={value!r}" for name, value in fields.items())
    assert plain_repr(printed) == fields
