"""What became of a passage in a later text: what took its place, and what is new right beside it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from skills_app.domain.reviewing.passages import (
    MOST_PIECES,
    added_pieces,
    change_of_passage,
    quote_span,
    whole_words,
)

OLD = "Alpha is one thing. Beta is another thing. Gamma comes last.\n\n- delta here\n- epsilon there\n"


def change(new: str, passage: str, old: str = OLD) -> tuple[str, str, int, int]:
    start = old.index(passage)
    found = change_of_passage(old, new, start, start + len(passage))
    assert found is not None
    return found.now, found.beside, found.num_standing, found.num_pieces


@pytest.mark.parametrize(
    ("passage", "new", "now", "beside", "num_standing"),
    [
        ("Beta is", OLD, "", "", 1),
        ("Beta is", OLD.replace("Beta is another thing.", "Beta is 42."), "Beta is 42.", "", 0),
        ("Beta is another thing.", OLD.replace("Beta is another thing. ", ""), "", "", 0),
        ("Beta is another thing.", OLD.replace("epsilon", "zeta"), "", "", 1),
        ("Beta is another thing.", OLD.replace("Gamma comes", "Omega stays"), "", "Omega stays last.", 1),
        ("Beta is another thing.", OLD.replace("Beta", "New here. Beta"), "", "New here.", 1),
        ("another thing. Gamma", OLD.replace("Gamma", "New here. Gamma"), "New here.", "", 2),
        ("another thing. Gamma comes", OLD.replace("Gamma", "Omega"), "Omega comes last.", "", 1),
        (
            "- delta here",
            OLD.replace("- delta here", "- delta there\n- and so on"),
            "- delta there - and so on",
            "",
            0,
        ),
    ],
)
def test_what_took_the_place_of_a_passage(
    passage: str, new: str, now: str, beside: str, num_standing: int
) -> None:
    found = change(new, passage)

    assert found[:3] == (now, beside, num_standing)


def test_of_sentences_rewritten_together_the_common_words_say_which_took_its_place() -> None:
    new = "Alpha is two things now. Beta is a third thing of them. Gamma goes first.\n"

    assert change(new, "Beta is another thing.")[0] == "Beta is a third thing of them."
    assert change(new, "Gamma comes last.")[0] == "Gamma goes first."


def test_without_common_words_what_no_other_sentence_took_is_the_place() -> None:
    new = OLD.replace(
        "Alpha is one thing. Beta is another thing.", "Alpha is one matter. Quite different words."
    )

    assert change(new, "Beta is another thing.")[0] == "Quite different words."


def test_a_passage_stands_only_with_nothing_in_between() -> None:
    start = OLD.index("another thing. Gamma")
    for new, stands in ((OLD, True), (OLD.replace("Gamma", "New. Gamma"), False), ("Other.", False)):
        found = change_of_passage(OLD, new, start, start + 20)
        assert found is not None
        assert found.stands is stands


def test_texts_that_are_too_long_and_passages_of_no_words_are_not_answered() -> None:
    long_text = "A line.\n" * (MOST_PIECES + 1)

    assert change_of_passage(long_text, OLD, 0, 5) is None
    assert change_of_passage("\n\nA.", OLD, 0, 1) is None
    assert added_pieces(long_text, OLD) == ""
    assert added_pieces(OLD, OLD + "New.") == "New."


@pytest.mark.parametrize(
    ("quote", "expected"),
    [
        ("Beta  is\nanother", "Beta is another"),
        ("thing.", None),
        ("not there", None),
        (" ", None),
        ("here\n- epsilon", "here\n- epsilon"),
    ],
)
def test_quoted_words_are_found_once_or_not_at_all(quote: str, expected: str | None) -> None:
    span = quote_span(OLD, quote)

    assert (OLD[slice(*span)] if span else None) == expected


@pytest.mark.parametrize(
    ("text", "found"), [("x = 1\n", True), ("x = 10\n", False), ("max = 1", False), ("(x = 1)", True)]
)
def test_a_quote_stands_in_whole_words_alone(text: str, found: bool) -> None:
    assert (quote_span(text, "x = 1") is not None) == found


@pytest.mark.parametrize(
    ("quote", "words"),
    [("ot", "other"), ("ther wor", "other words"), ("-- x", "-- x"), ("x: o", "x: other"), (": ", ": ")],
)
def test_a_selection_inside_words_stands_for_the_whole_ones(quote: str, words: str) -> None:
    text = "-- x: other words"
    start = text.index(quote)
    assert text[slice(*whole_words(text, start, start + len(quote)))] == words


LINES = st.lists(st.sampled_from("abcdef"), min_size=1, max_size=8)


@given(old=LINES, new=LINES, data=st.data())
def test_what_took_a_place_stands_in_the_new_text_and_never_without_a_change(
    old: list[str], new: list[str], data: st.DataObject
) -> None:
    at = data.draw(st.integers(0, len(old) - 1))
    text = "\n".join(old)

    found = change_of_passage(text, "\n".join(new), at * 2, at * 2 + 1)

    assert found is not None
    assert set(found.now.split()) <= set(new)
    assert found.num_standing in (0, 1)
    if old == new:
        assert found.stands
    if found.stands:
        assert old[at] in new
