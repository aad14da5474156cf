"""Spans that other words can take the place of: no pair of marks is cut."""

import pytest

from skills_app.domain.documents import parse_document
from skills_app.domain.whole_marks import whole_span
from tests.effort import within_reason


@pytest.mark.parametrize(
    ("text", "quote", "whole"),
    [
        ("**Note:** do it.", "Note:** do it.", "**Note:** do it."),
        ("**Note:** do it.", "Note:", "Note:"),
        ("**Note:** do it.", "do it.", "do it."),
        ("**Note:** do it.", "**Note:**", "**Note:**"),
        (
            "Use **bold `code`** and [a link](x.md) here.",
            "code`** and [a",
            "**bold `code`** and [a link](x.md)",
        ),
        (
            'See [the *guide*](a.md "why") first.',
            'guide*](a.md "why") first',
            '[the *guide*](a.md "why") first',
        ),
        ("See [the guide](a_(b).md) first.", "See [the guide", "See [the guide](a_(b).md)"),
        (
            "See [a](<x y.md>) and ![b](c.png).",
            "See [a](<x y.md>) and ![b",
            "See [a](<x y.md>) and ![b](c.png)",
        ),
        ("See [one][ref] now.\n\n[ref]: x.md", "one][ref] now", "[one][ref] now"),
        ("See [ref] now.\n\n[ref]: x.md", "ref] now", "[ref] now"),
        ("Tick [x] now.", "x] now", "x] now"),
        ("a ***b* c** d", "b* c", "*b* c"),
        ("a ***b* c** d", "c** d", "***b* c** d"),
        ("_a_ b __c__", "a_ b __c", "_a_ b __c__"),
        ("~~old~~ new", "old~~ new", "~~old~~ new"),
        ("2 * 3 and snake_case_name is", "3 and snake_case", "3 and snake_case"),
        ("`` a ` b `` c", "b `` c", "`` a ` b `` c"),
        ("`*a` b*c", "a` b*c", "`*a` b*c"),
        ("\\*a* b", "a* b", "a* b"),
        ("A &amp; b", "amp; b", "&amp; b"),
        (
            "Go to <https://a.example/x_y_z> now",
            "https://a.example/x_y_z> now",
            "<https://a.example/x_y_z> now",
        ),
        ("- **one** x\n- two *three* y", "one** x\n- two *three", "**one** x\n- two *three*"),
        ("# A *b* c\n\nText.", "b* c", "*b* c"),
        ("Before.\n\n```sh\nrun *x\n```\n\nAfter *y.", "run *x", "run *x"),
        ("Before.\n\n```sh\nrun\n```\n\nAfter.", "Before.\n\n```sh\nrun", "Before.\n\n```sh\nrun\n```"),
        ("A <b>c</b> d", "<b>c</b> d", "<b>c</b> d"),
        ("A <b>c</b> d", "c</b> d", None),
        ("A `<b>` c d", "`<b>` c", "`<b>` c"),
        ("A c<br> d", "c<br> d", "c<br> d"),
    ],
)
def test_a_span_holds_both_marks_of_a_pair_or_none(text: str, quote: str, whole: str | None) -> None:
    text = f"---\nname: a\n---\n\n{text}\n"
    start = text.index(quote)

    span = whole_span(parse_document(text), start, start + len(quote))

    assert (span and text[slice(*span)]) == whole


@pytest.mark.parametrize(
    "text",
    ["*a _b ~c " * 3_000 + "x* y_ z~ " * 3_000, "[" * 30_000 + "]" * 30_000, "`" * 9 + "` `` " * 9_000],
)
def test_marks_without_end_are_read_to_the_end(text: str) -> None:
    start, end = whole_span(parse_document(text), 40, 60) or (0, 0)

    assert start <= 40
    assert end >= 60


@pytest.mark.parametrize("piece", ["`a` ", "&amp; ", "<b "])
def test_a_large_paragraph_is_read_once_and_not_once_a_mark(piece: str) -> None:
    text = piece * (90_000 // len(piece)) + "end"
    document = parse_document(text)
    with within_reason():
        assert whole_span(document, len(text) - 3, len(text)) == (len(text) - 3, len(text))
