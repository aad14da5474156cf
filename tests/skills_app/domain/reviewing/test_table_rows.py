"""Suggested edits in tables leave the rows whole, or are refused."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from skills_app.adapters.markdown import render_markdown
from skills_app.domain.documents import parse_document
from skills_app.domain.errors import ReviewRefused
from skills_app.domain.reviewing.table_rows import Table, replaced_span, tables_of

TEXT = """# A

| Name | What |
| ---- | :--: |
| **salt** | a b |
| oil | x \\| y |
| soy | z |

- two
- one:

  | a |
  | - |
  | b |

Intro
a | b
--|--
c | d

Not | a
table

Heading
---
> | q | r |
> |---|---|
> | s | t |
"""
OIL = "| oil | x \\| y |"


def test_tables_are_found_with_their_columns() -> None:
    found = tables_of(parse_document(TEXT))

    assert found == [Table(3, 8, 2), Table(12, 15, 1), Table(17, 20, 2), Table(26, 29, 2)]


@pytest.mark.parametrize(
    ("quote", "words", "replaced"),
    [
        ("salt", "pepper", "salt"),
        ("salt** | a", "pepper | x", "**salt** | a"),
        ("salt", "a \\| b", "salt"),
        (OIL, OIL + "\n| new | row |", OIL),
        (OIL, "", OIL + "\n"),
        (OIL + "\n| soy | z |", "", OIL + "\n| soy | z |\n"),
        ("What |\n| ---- | :--: |\n| **salt**", "W |\n| - | - |\n| z", "What |\n| ---- | :--: |\n| **salt**"),
        (TEXT[5 : TEXT.index("\n\n- two")], "No table.", TEXT[5 : TEXT.index("\n\n- two")]),
        ("z |\n\n- two", "z |\n\n- 2", "z |\n\n- two"),
        ("b |\n\nIntro", "c |\n\nHere", "b |\n\nIntro"),
        ("c | d", "e | f", "c | d"),
        ("Not | a", "It is | no | table", "Not | a"),
        ("s | t", "u | v", "s | t"),
    ],
)
def test_words_that_keep_the_rows_take_the_place_of_the_quote(quote: str, words: str, replaced: str) -> None:
    start = TEXT.index(quote)

    span = replaced_span(parse_document(TEXT), start, start + len(quote), words)

    assert TEXT[slice(*span)] == replaced


@pytest.mark.parametrize(
    ("quote", "words"),
    [
        ("salt", "a | b"),
        ("salt", "a\nb"),
        ("salt** | a", "pepper"),
        (OIL, OIL + "\n\n| new | row |"),
        (OIL, OIL + "\n| new |"),
        (OIL, "Not a row"),
        ("| ---- | :--: |", ""),
        ("| ---- | :--: |", "| ---- |"),
        ("| Name | What |", "| Name |"),
        ("What |\n| ---- | :--: |\n| **salt**", "W"),
        ("A\n\n| Name", "B"),
        ("c | d", "c"),
        ("s | t", "u\nv"),
    ],
)
def test_words_that_would_break_a_row_are_refused(quote: str, words: str) -> None:
    start = TEXT.index(quote)

    with pytest.raises(ReviewRefused, match="must keep its rows whole"):
        replaced_span(parse_document(TEXT), start, start + len(quote), words)


WORDS = st.text(alphabet=["a", "b", " ", "|", "\\", "\n", "-"], max_size=12)


@settings(max_examples=300, deadline=None)
@given(st.integers(1, 3), st.integers(1, 4), WORDS, st.data())
def test_what_is_accepted_leaves_one_table_of_as_many_columns(
    num_columns: int, num_rows: int, words: str, data: st.DataObject
) -> None:
    rows = [["h"] * num_columns, ["---"] * num_columns, *[["cell"] * num_columns for _ in range(num_rows)]]
    table = "\n".join(f"| {' | '.join(row)} |" for row in rows)
    text = f"Before.\n\n{table}\n\nAfter.\n"
    first, last = text.index("|"), text.index("\n\nAfter")
    start = data.draw(st.integers(first, last - 1))
    end = data.draw(st.integers(start + 1, last))
    try:
        start, end = replaced_span(parse_document(text), start, end, words)
    except ReviewRefused:
        return
    if start == first and end >= last:
        return

    html = render_markdown(text[:start] + words + text[end:], id_prefix="x-").html

    assert html.count("<table") == 1
    assert html.count("<th>") + html.count("<th ") == num_columns
    assert len(re.findall(r"<p\b", html)) == 2
