"""The query language: what it reads, what it refuses and where, and that trees and text are the same thing."""

from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from hypothesis import given, settings
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
    fields_of,
)
from runs_app.domain.query_tokens import MAX_CHARS, QueryError
from runs_app.domain.run_query import MAX_DEPTH, MAX_TERMS, parse_run_query
from tests.runs_app.domain.query_trees import trees


def attribute(key: str) -> Field:
    return Field(FieldKind.ATTRIBUTE, key)


def metric(key: str) -> Field:
    return Field(FieldKind.METRIC, key)


QUALITY = Comparison(attribute("quality_score"), ">", Number(0.8))
MODEL = Comparison(attribute("model"), "=", Text("gpt-4o"))
FAILED = Comparison(attribute("status"), "=", Text("failed"))


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ('quality_score > 0.8 and model = "gpt-4o"', And((QUALITY, MODEL))),
        ("QUALITY_SCORE>.8 AND model==gpt-4o", And((QUALITY, MODEL))),
        ("quality > 8e-1", QUALITY),
        (
            "status = failed or quality_score > 0.8 and model = 'gpt-4o'",
            Or((FAILED, And((QUALITY, MODEL)))),
        ),
        (
            "(status = failed or quality_score > 0.8) and model = `gpt-4o`",
            And((Or((FAILED, QUALITY)), MODEL)),
        ),
        ("not status = FAILED and quality > 0.8", And((Not(FAILED), QUALITY))),
        ("not (status = failed and quality > 0.8)", Not(And((FAILED, QUALITY)))),
        ("not not status = failed", Not(Not(FAILED))),
        ("metrics.loss <= -1", Comparison(metric("loss"), "<=", Number(-1))),
        ("metrics.`val loss` = nan", Comparison(metric("val loss"), "=", Special("nan"))),
        ('metric."a/b" != -Infinity', Comparison(metric("a/b"), "!=", Special("-inf"))),
        ("params.lr < 1e-3", Comparison(Field(FieldKind.PARAM, "lr"), "<", Number(0.001))),
        ("params.lr = 0.10", Comparison(Field(FieldKind.PARAM, "lr"), "=", Text("0.10"))),
        ("tags.a.b is null", Missing(Field(FieldKind.TAG, "a.b"))),
        ("ended is not null", Not(Missing(attribute("ended")))),
        (
            "status in (failed, Killed)",
            OneOf(attribute("status"), (Text("failed"), Text("killed"))),
        ),
        ("phase not in (generate)", Not(OneOf(attribute("phase"), (Text("generate"),)))),
        ("name ilike '%Async%'", Comparison(attribute("name"), "ilike", Text("%Async%"))),
        (
            'name contains "a \\"b\\" \\\\ \\%"',
            Comparison(attribute("name"), "contains", Text('a "b" \\ \\%')),
        ),
        ("started > 2026-10-01", Comparison(attribute("started"), ">", Day(date(2026, 10, 1)))),
        (
            "ended_at < 2026-10-01T12:30+02:00",
            Comparison(attribute("ended"), "<", Instant(datetime(2026, 10, 1, 10, 30, tzinfo=UTC))),
        ),
        ("started >= -1w", Comparison(attribute("started"), ">=", Ago(604800))),
        ("duration > 2m", Comparison(attribute("duration"), ">", Seconds(120))),
        ("duration < 1h30m", Comparison(attribute("duration"), "<", Seconds(5400))),
        ("duration = 90", Comparison(attribute("duration"), "=", Seconds(90))),
        ("has_document", Comparison(attribute("has_document"), "=", Flag(True))),
        (
            "not has_document and has_problems = no",
            And(
                (
                    Not(Comparison(attribute("has_document"), "=", Flag(True))),
                    Comparison(attribute("has_problems"), "=", Flag(False)),
                )
            ),
        ),
    ],
)
def test_queries_are_read_as_they_are_meant(text: str, tree: Node) -> None:
    assert parse_run_query(text) == tree


def test_a_moment_without_a_zone_is_of_the_zone_given() -> None:
    zone = timezone(timedelta(hours=2))

    tree = parse_run_query("started > '2026-10-01 12:30'", zone=zone)

    assert tree == Comparison(attribute("started"), ">", Instant(datetime(2026, 10, 1, 10, 30, tzinfo=UTC)))


@pytest.mark.parametrize("text", ["", "   ", "\n\t"])
def test_blank_text_is_no_query(text: str) -> None:
    assert parse_run_query(text) is None


@pytest.mark.parametrize(
    ("text", "start", "end", "said", "hint"),
    [
        ("qualty_score > 1", 0, 12, "There is no attribute 'qualty_score'", "quality_score"),
        ("loss > 1", 0, 4, "There is no attribute 'loss'", "metrics.loss"),
        ("teem = blue", 0, 4, "There is no attribute 'teem'", "tags.teem"),
        ("status = fialed", 9, 15, "'fialed' is no status", "Did you mean failed?"),
        ("quality_score > high", 16, 20, "Expected a number", ""),
        ("quality_score >", 15, 15, "Expected a number", ""),
        ("quality_score", 13, 13, "Expected a comparison after 'quality_score': =, !=, <", ""),
        ("model > 3", 6, 7, "A text cannot be compared by '>'", "Use =, !=, like"),
        ("(status = failed", 0, 1, "not closed", ""),
        ("status = failed)", 15, 16, "never opened", ""),
        ("status = failed status", 16, 22, "Expected 'and' or 'or'", ""),
        ("(status = failed status = failed)", 17, 23, "Expected 'and', 'or' or ')'", ""),
        ("and status = failed", 0, 3, "Expected a name", ""),
        ("status = failed and", 19, 19, "Expected a name", ""),
        ("model = and", 8, 11, "Expected a value", 'write "and"'),
        ("model = 'x", 8, 9, "is not closed", ""),
        ("model in x", 9, 10, "Expected '('", ""),
        ("model in ()", 10, 11, "Expected text", ""),
        ("model in (a b)", 12, 13, "Expected ',' or ')'", ""),
        ("model is nothing", 9, 16, "Expected 'null' or 'not null'", ""),
        ("has_document is null", 0, 12, "always known", ""),
        ("metrics. > 1", 0, 8, "Expected a key after 'metrics.'", ""),
        ("things.'x' > 1", 0, 10, "not a group of values", ""),
        ("metrics.x < nan", 12, 15, "Expected a number here", ""),
        ("params.x < high", 11, 15, "Expected a number here", ""),
        ("started > yesterday", 10, 19, "such as 2026-10-01", ""),
        ("started > 2026-02-30", 10, 20, "such as 2026-10-01", ""),
        ("duration > long", 11, 15, "such as 90s", ""),
        ("model = %", 8, 9, "'%' has no meaning here", "in quotes"),
        ("model = a\x00", 9, 10, "cannot be searched", ""),
        ("a" * (MAX_CHARS + 1), MAX_CHARS, MAX_CHARS, "2,000 are the most", ""),
    ],
)
def test_errors_point_at_the_place(text: str, start: int, end: int, said: str, hint: str) -> None:
    with pytest.raises(QueryError) as caught:
        parse_run_query(text)

    error = caught.value
    assert (error.span.start, error.span.end) == (start, end)
    assert said in error.message
    assert hint in error.hint
    assert error.caret() == " " * start + "^" * max(1, end - start)


def test_known_keys_are_named_first() -> None:
    with pytest.raises(QueryError, match="no attribute") as caught:
        parse_run_query("team = blue", known_keys=["metrics.loss", "tags.team"])

    assert caught.value.hint == "Did you mean tags.team?"


def test_depth_and_number_of_terms_are_bounded() -> None:
    deep, wide = MAX_DEPTH, MAX_TERMS
    assert parse_run_query("(" * deep + "has_document" + ")" * deep) is not None
    assert parse_run_query(" and ".join(["has_document"] * wide)) is not None

    with pytest.raises(QueryError, match="nested more than"):
        parse_run_query("(" * (deep + 1) + "has_document" + ")" * (deep + 1))
    with pytest.raises(QueryError, match="nested more than"):
        parse_run_query("not " * (deep + 1) + "has_document")
    with pytest.raises(QueryError, match="more than 50 comparisons"):
        parse_run_query(" and ".join(["has_document"] * (wide + 1)))


def test_spans_cover_what_was_written() -> None:
    text = 'quality_score > 0.8 and (model = "x" or tags.team in (a, b))'

    tree = parse_run_query(text)

    assert isinstance(tree, And)
    first, second = tree.parts
    assert text[first.span.start : first.span.end] == "quality_score > 0.8"
    assert isinstance(second, Or)
    assert [text[part.span.start : part.span.end] for part in second.parts] == [
        'model = "x"',
        "tags.team in (a, b)",
    ]
    assert [str(field) for field in fields_of(tree)] == ["quality_score", "model", "tags.team"]


@given(trees())
@settings(max_examples=400, deadline=None)
def test_the_text_of_a_tree_is_read_back_as_the_same_tree(tree: Node) -> None:
    text = str(tree)
    if len(text) > MAX_CHARS:
        return
    assert parse_run_query(text) == tree


@given(st.text(max_size=60))
@settings(max_examples=300, deadline=None)
def test_any_text_is_a_query_or_an_error_with_a_place_in_it(text: str) -> None:
    try:
        parse_run_query(text)
    except QueryError as error:
        assert 0 <= error.span.start <= error.span.end <= len(text)
        assert error.message.endswith(".")


@given(
    st.lists(
        st.sampled_from(
            [
                "and",
                "or",
                "not",
                "(",
                ")",
                "status",
                "=",
                "failed",
                ">",
                "0.8",
                "metrics.x",
                "in",
                ",",
                "is",
                "null",
            ]
        ),
        max_size=14,
    )
)
@settings(max_examples=300, deadline=None)
def test_any_order_of_good_words_is_a_query_or_an_error(words: list[str]) -> None:
    text = " ".join(words)
    try:
        tree = parse_run_query(text)
    except QueryError as error:
        assert error.span.end <= len(text)
    else:
        assert tree is None or parse_run_query(str(tree)) == tree
