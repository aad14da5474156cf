"""Search terms: what is meant, and that nothing typed is an error."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from skills_app.domain.search_words import (
    MAX_TERMS,
    Term,
    fts5_expression,
    holds_an_address,
    search_terms,
    tsquery_expression,
)


@pytest.mark.parametrize(
    ("text", "terms"),
    [
        ("", ()),
        ('  *&| "" \'', ()),
        ("Async python", (Term(("async",), True), Term(("python",), True))),
        ('"event loop" py', (Term(("event", "loop"), False), Term(("py",), True))),
        ('"never closed', (Term(("never", "closed"), False),)),
        ("python-async", (Term(("python", "async"), True),)),
        ("a a A", (Term(("a",), True),)),
        ("NOT (x OR y)", (Term(("not",), True), Term(("x",), True), Term(("or",), True), Term(("y",), True))),
    ],
)
def test_terms(text: str, terms: tuple[Term, ...]) -> None:
    assert search_terms(text) == terms


@pytest.mark.parametrize(
    ("text", "is_address"),
    [
        ("tools/csv", True),
        ("csv-cleaning now", True),
        ("tools csv", False),
        ('"tools csv"', False),
        ("", False),
    ],
)
def test_a_bare_word_of_several_parts_may_be_an_address(text: str, is_address: bool) -> None:
    assert holds_an_address(search_terms(text)) is is_address


def test_number_of_terms_is_bounded() -> None:
    assert len(search_terms(" ".join(f"w{n}" for n in range(99)))) == MAX_TERMS


def test_expressions_quote_every_word() -> None:
    terms = search_terms('"event loop" near')

    assert fts5_expression(terms) == '"event loop" AND "near"*'
    assert tsquery_expression(terms) == "('event' <-> 'loop') & ('near':*)"


@given(st.text())
def test_terms_hold_letters_and_digits_only(text: str) -> None:
    assert all(word.isalnum() for term in search_terms(text) for word in term.words)
