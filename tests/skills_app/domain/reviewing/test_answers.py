"""What a newer version does about a comment, by rule."""

from typing import Any

import pytest

from skills_app.domain.documents import parse_document
from skills_app.domain.quote_anchors import make_anchor
from skills_app.domain.reviewing.answers import Answer, answer_in, answer_in_file, answer_to_file
from skills_app.domain.reviewing.places import anchor_as_data, selected_span

BEFORE = """---
name: one
---
# One

First words here. The second sentence says too little. A third one stays.

## Two

Text of two.
"""
QUOTE = "The second sentence says too little."


def answer(after: str, quote: str = QUOTE, path: tuple[str, ...] = ("One",), **fields: Any) -> Any:
    before = parse_document(BEFORE)
    anchor = anchor_as_data(make_anchor(before, *selected_span(before, quote))) if quote else None
    return answer_in(before, parse_document(after), heading_path=path, anchor=anchor, **fields)


@pytest.mark.parametrize(
    ("old", "new", "suggestion", "expected", "words", "passage"),
    [
        ("", "", None, Answer.NOT_MET, "Nothing changed.", ""),
        ("Text of two.", "Other text.", None, Answer.NOT_MET, "as they were", QUOTE),
        ("First words here.", "Opening words.", None, Answer.PARTLY, "still stand", "Opening words."),
        (QUOTE, "It now says 42.", None, Answer.MET, "The words changed.", "It now says 42."),
        (QUOTE, "It now says 42.", "It now says 42.", Answer.MET, "suggested words", "It now says 42."),
        (QUOTE, "It now says 43.", "It now says 42.", Answer.PARTLY, "not to those", "It now says 43."),
        (QUOTE, f"{QUOTE} Say 42.", f"{QUOTE} Say 42.", Answer.MET, "suggested words", f"{QUOTE} Say 42."),
        (QUOTE, f"{QUOTE} Say 43.", f"{QUOTE} Say 42.", Answer.PARTLY, "still stand", ""),
        ("Text of two.", "Other text.", "First words here.", Answer.NOT_MET, "as they were", QUOTE),
        (QUOTE, "", "", Answer.MET, "as was suggested", ""),
        (QUOTE, "", None, Answer.PARTLY, "nothing took their place", ""),
        ("# One", "# Uno", None, Answer.PARTLY, "other text around", ""),
    ],
)
def test_a_comment_on_words(
    old: str, new: str, suggestion: str | None, expected: Answer, words: str, passage: str
) -> None:
    found = answer(BEFORE.replace(old, new) if old else BEFORE, suggestion=suggestion)

    assert found.answer is expected
    assert words in found.sentence
    assert found.passage.startswith(passage)


LONG = "First words here. The second sentence says too little."


@pytest.mark.parametrize(
    ("quote", "old", "new", "expected", "words", "passage"),
    [
        (
            "First words here.",
            "A third one stays.",
            "It went.",
            Answer.NOT_MET,
            "only other text",
            "First words here.",
        ),
        (QUOTE, "A third one stays.", "It went.", Answer.PARTLY, "right beside", "It went."),
        (
            "second sentence",
            "says too little",
            "says 42",
            Answer.PARTLY,
            "passage around",
            "The second sentence says 42.",
        ),
        (LONG, QUOTE, "It says 42.", Answer.PARTLY, "Part of the passage", "It says 42."),
        (
            LONG,
            LONG,
            "Both are new. So says 42.",
            Answer.MET,
            "The words changed.",
            "Both are new. So says 42.",
        ),
        (
            QUOTE,
            "First words here. The second sentence says too little.",
            "Opening words. The second sentence says 42.",
            Answer.MET,
            "The words changed.",
            "The second sentence says 42.",
        ),
    ],
)
def test_a_comment_on_words_is_answered_by_their_own_passage(
    quote: str, old: str, new: str, expected: Answer, words: str, passage: str
) -> None:
    found = answer(BEFORE.replace(old, new), quote=quote)

    assert (found.answer, found.passage) == (expected, passage)
    assert words in found.sentence


def test_words_of_a_section_that_is_gone() -> None:
    found = answer("# Other\n\nNothing of it.\n")

    assert (found.answer, found.sentence) == (Answer.PARTLY, "The section is gone, and the words with it.")


@pytest.mark.parametrize(
    ("old", "new", "expected", "passage"),
    [
        ("First words here.", "Opening words.", Answer.NOT_MET, ""),
        ("Text of two.", "Text of two. And an example.", Answer.PARTLY, "And an example."),
        ("## Two", "## Drei", Answer.PARTLY, ""),
    ],
)
def test_a_comment_on_a_section(old: str, new: str, expected: Answer, passage: str) -> None:
    found = answer(BEFORE.replace(old, new), quote="", path=("One", "Two"))

    assert (found.answer, found.passage) == (expected, passage)


def test_a_comment_on_the_whole_is_never_met_by_rule() -> None:
    assert answer(BEFORE.replace("Text", "Words"), quote="", path=()).answer is Answer.PARTLY


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [("d1", "d1", Answer.NOT_MET), ("d1", "d2", Answer.PARTLY), ("d1", None, Answer.PARTLY)],
)
def test_a_comment_on_a_file(before: str, after: str | None, expected: Answer) -> None:
    assert answer_to_file(before, after).answer is expected


def test_the_passage_is_told_as_it_was_too() -> None:
    words = answer(BEFORE.replace(QUOTE, "It now says 42."))
    section = answer(BEFORE.replace("Text of two.", "Other text."), quote="", path=("One", "Two"))

    assert (words.before, words.passage, words.is_around) == (QUOTE, "It now says 42.", False)
    assert (section.before, section.passage) == ("Text of two.", "Other text.")


def test_text_beside_words_that_stand_is_told_apart_from_words_that_changed() -> None:
    found = answer(BEFORE.replace("First words here.", "Opening words."))

    assert (found.before, found.passage, found.is_around) == (QUOTE, "Opening words.", True)


@pytest.mark.parametrize(
    ("new", "suggestion", "is_suggested"),
    [
        ("It now says 42.", "It now says 42.", True),
        ("", "", True),
        ("It now says 43.", "It now says 42.", False),
    ],
)
def test_suggested_words_are_told_apart(new: str, suggestion: str, is_suggested: bool) -> None:
    assert answer(BEFORE.replace(QUOTE, new), suggestion=suggestion).is_suggested is is_suggested


SCRIPT = "import sys\n\nprint(1)\nsys.exit(0)\n"


@pytest.mark.parametrize(
    ("quote", "suggestion", "old", "new", "expected", "passage", "before"),
    [
        ("", None, "", "", Answer.NOT_MET, "", ""),
        ("", None, "print(1)", "print(2)", Answer.PARTLY, "print(2)", "print(1)"),
        ("print(1)", None, "print(1)", "print(2)", Answer.MET, "print(2)", "print(1)"),
        ("print(1)", "print(3)", "print(1)", "print(3)", Answer.MET, "print(3)", "print(1)"),
        ("print(1)", "print(3)", "print(1)", "print(2)", Answer.PARTLY, "print(2)", "print(1)"),
        ("print(1)", "", "print(1)\n", "", Answer.MET, "", "print(1)"),
        ("print(1)", None, "print(1)\n", "", Answer.PARTLY, "", "print(1)"),
        ("import sys", None, "sys.exit(0)", "sys.exit(1)", Answer.NOT_MET, "import sys", "import sys"),
        ("print(1)", None, "sys.exit(0)", "sys.exit(1)", Answer.PARTLY, "sys.exit(1)", "print(1)"),
        (
            "import sys\n\nprint(1)",
            None,
            "print(1)",
            "print(2)",
            Answer.PARTLY,
            "print(2)",
            "import sys\n\nprint(1)",
        ),
    ],
)
def test_a_comment_on_the_text_of_a_file(
    quote: str, suggestion: str | None, old: str, new: str, expected: Answer, passage: str, before: str
) -> None:
    after = SCRIPT.replace(old, new) if old else SCRIPT

    found = answer_in_file(SCRIPT, after, quote=quote, suggestion=suggestion)

    assert (found.answer, found.passage, found.before) == (expected, passage, before)
