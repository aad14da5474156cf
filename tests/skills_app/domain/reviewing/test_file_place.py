"""Words of a file: the one that the reader selected, found again after edits elsewhere, and never another one."""

import random
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from skills_app.domain.documents import parse_document
from skills_app.domain.errors import QuoteNotFound, ReviewRefused
from skills_app.domain.quote_anchors import find_text_anchor, make_text_anchor
from skills_app.domain.reviewing.file_place import blocks_of_file, selected_in_file
from skills_app.domain.reviewing.places import file_anchor, place_comment, words_of_file
from tests.effort import within_reason

WORDS = [
    "path",
    "text",
    "name",
    "value",
    "total",
    "line",
    "rows",
    "count",
    "size",
    "digest",
    "key",
    "field",
    "open",
    "read",
    "write",
    "check",
]
START, END = "\ue000", "\ue001"
SCRIPT = """import sys


def first(path):
    if not path:
        return None
    return path.read_text()


def second(path):
    if not path:
        return None
    return path.read_bytes()
"""
GUIDE = """# Guide

Use **the tool** with care. Then use the tool again.

- Run it.

## More

- Run it.
"""


def nth(text: str, words: str, number: int) -> int:
    at = -1
    for _ in range(number + 1):
        at = text.index(words, at + 1)
    return at


def line_of(text: str, offset: int) -> int:
    return text.count("\n", 0, offset) + 1


@pytest.mark.parametrize("number", [0, 1])
def test_of_words_that_stand_twice_the_line_or_what_stands_beside_them_decides(number: int) -> None:
    at = nth(SCRIPT, "return None", number)
    before, after = SCRIPT[:at][-60:], SCRIPT[at + 11 :][:60]
    expected = (at, at + 11)

    assert selected_in_file("a.py", SCRIPT, "return None", line=line_of(SCRIPT, at)) == expected
    assert selected_in_file("a.py", SCRIPT, "return None", before, after) == expected
    assert selected_in_file("a.py", SCRIPT, "return None", before, after, is_exact=True) == expected


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({}, "return None"),
        ({"before": "if not path:\n        "}, "return None"),
        ({"line": 3}, "return None"),
        ({"line": 6, "is_exact": True}, "eturn None"),
        ({}, "nowhere"),
        ({}, "  "),
    ],
)
def test_words_that_nothing_tells_apart_or_that_are_not_there_are_not_found(
    fields: dict[str, object], words: str
) -> None:
    with pytest.raises(QuoteNotFound, match=r"a\.py"):
        selected_in_file("a.py", SCRIPT, words, **fields)  # type: ignore[arg-type]


def test_a_selection_inside_words_stands_for_the_whole_ones_of_the_place_that_is_meant() -> None:
    start, end = selected_in_file("a.py", SCRIPT, "eturn No", line=12)

    assert (SCRIPT[start:end], line_of(SCRIPT, start)) == ("return None", 12)
    # Typed by hand, without anything beside it, words that cut none are meant.
    assert selected_in_file("a.sh", "x = 10\nx = 1\n", "x = 1") == (7, 12)


@pytest.mark.parametrize(
    ("quote", "before", "line", "expected"),
    [
        ("the tool", "Use ", 3, "the tool** with"),
        ("the tool", "care. Then use ", 3, "the tool again"),
        ("**the tool**", "Use ", 3, "**the tool** with"),
        ("Run it.", "", 5, "Run it.\n\n## More"),
        ("Run it.", "More\n", 9, "Run it.\n"),
    ],
)
def test_words_of_markdown_are_found_as_a_page_shows_them_and_as_they_are_written(
    quote: str, before: str, line: int, expected: str
) -> None:
    start, end = selected_in_file("guide.md", GUIDE, quote, before, line=line)

    assert GUIDE[start:].startswith(expected)
    assert quote in (GUIDE[start:end], f"**{GUIDE[start:end]}**")


def test_shown_words_are_not_put_on_the_same_ones_written_without_marks_elsewhere() -> None:
    with pytest.raises(QuoteNotFound):
        selected_in_file("guide.md", GUIDE, "the tool", "something else ")


def test_other_words_in_markdown_take_the_place_of_both_marks_or_are_refused() -> None:
    start, end = selected_in_file("guide.md", GUIDE, "the tool with", is_exact=True)
    assert GUIDE[start:end] == "**the tool** with"
    with pytest.raises(ReviewRefused, match="one half of a pair of HTML tags"):
        selected_in_file("guide.md", "Press <kbd>Enter</kbd> twice.\n", "Enter</kbd> twice", is_exact=True)


@pytest.mark.parametrize(
    ("path", "first", "last", "found"),
    [
        ("a.py", 5, 6, "    if not path:\n        return None"),
        ("a.py", 3, 3, None),
        ("a.py", 13, 14, None),
        ("guide.md", 3, 3, "Use **the tool** with care. Then use the tool again."),
        ("guide.md", 5, 9, "- Run it.\n\n## More\n\n- Run it."),
    ],
)
def test_whole_lines_or_blocks_of_a_file(path: str, first: int, last: int, found: str | None) -> None:
    text = GUIDE if path.endswith("md") else SCRIPT
    place = blocks_of_file(path, text, first, last)

    assert (place and text[place.start : place.end]) == found


def carried(text: str, quote: str, new: str, number: int = 0) -> int:
    """Return the line where the comment on an occurrence of a quote stands in a later text, 0 for the tray."""
    at = nth(text, quote, number)
    anchor = file_anchor(text, at, at + len(quote))
    place = place_comment(
        parse_document(""), heading_path=(), anchor=anchor, path="a.py", quote=quote, files={"a.py": new}
    )
    return place.line


@pytest.mark.parametrize("number", [0, 1])
def test_words_that_stand_twice_are_carried_each_to_its_own_place(number: int) -> None:
    new = "x = 1\n" + SCRIPT + "\n\nfirst(sys.argv[1])\n"

    assert carried(SCRIPT, "return None", SCRIPT, number) == (6, 12)[number]
    assert carried(SCRIPT, "return None", new, number) == (7, 13)[number]


def test_words_whose_surroundings_decide_no_more_are_lost() -> None:
    first, second = SCRIPT.index("def first"), SCRIPT.index("def second")
    gone = SCRIPT[:first] + SCRIPT[second:]
    twice = SCRIPT[:second] + SCRIPT[first:]

    assert carried(SCRIPT, "return None", gone) == 0
    assert carried(SCRIPT, "return None", gone, 1) == 6
    assert carried(SCRIPT, "return None", twice) == 0
    assert carried("a\n", "a", "b = a\nreturn\na()\n") == 0


def test_all_of_a_short_file_is_found_again() -> None:
    assert carried("Guide.\n", "Guide.", "Guide.\n") == 1
    assert carried("print(1)\n", "(1)", "print(1)\n") == 1
    assert carried("x = 1\n", "x = 1", "x = 1\ny = 2\n") == 1
    assert carried("x = 1\n", "x = 1", "x = 10\n") == 0


def test_a_comment_without_surroundings_is_found_while_its_words_stand_there_once() -> None:
    at = SCRIPT.index("import sys")

    assert words_of_file(SCRIPT, "import sys", None) == (at, at + 10)
    assert words_of_file(SCRIPT, "import sys", {"removed_in": 3}) == (at, at + 10)
    assert words_of_file(SCRIPT, "return None", None) is None


def test_a_file_of_one_word_ends() -> None:
    text = "a " * 200_000
    with within_reason():
        anchor = make_text_anchor(text, 1_000, 1_001)
        assert find_text_anchor(anchor, text) is None


LINES = st.lists(
    st.sampled_from(["", "x = 1", "    return None", "if x:", "end", "# Ä “x”\r"]), min_size=1, max_size=8
)


@settings(max_examples=300, deadline=None)
@given(LINES, LINES, st.data())
def test_what_is_found_says_the_quote_in_whole_words(
    old: list[str], new: list[str], data: st.DataObject
) -> None:
    text, other = "\n".join(old), "\n".join(new)
    words = list(re.finditer(r"\S+", text))
    if not words:
        return
    first = data.draw(st.integers(0, len(words) - 1))
    last = data.draw(st.integers(first, len(words) - 1))
    start, end = words[first].start(), words[last].end()
    quote = text[start:end]
    anchor = make_text_anchor(text, start, end)
    assert anchor.quote == " ".join(quote.split())
    assert find_text_anchor(anchor, text) is not None
    place = find_text_anchor(anchor, other)
    if place is not None:
        assert other[place.start : place.end].split() == quote.split()
    # What the page sends with a selection leads to no other place.
    found = selected_in_file(
        "a.py", text, quote, text[:start][-80:], text[end:][:80], line=line_of(text, start)
    )
    assert found == (start, end)


class Editor:
    """A random script with many equal lines, random whole words of it quoted, and edits everywhere but in the quote."""

    BODIES = (
        "return None",
        "if not path:",
        "    continue",
        "value = read(path)",
        "raise ValueError(path)",
        "total += 1",
        "print(total)",
        "pass",
    )

    def __init__(self, dice: random.Random, equal: float) -> None:
        self.dice, self.equal = dice, equal
        self.lines = ["#!/usr/bin/env python3", ""]
        for number in range(dice.randrange(3, 9)):
            self.lines += [f"def {dice.choice(['read', 'write', 'check', 'close'])}_{number}(path):"]
            self.lines += [self.line() for _ in range(dice.randrange(2, 7))]
            self.lines += ["", ""]
        at = dice.choice([n for n, line in enumerate(self.lines) if line.startswith("    ")])
        words = list(re.finditer(r"\S+", self.lines[at]))
        first = dice.randrange(len(words))
        start, end = words[first].start(), words[dice.randrange(first, len(words))].end()
        line = self.lines[at]
        self.lines[at] = line[:start] + START + line[start:end] + END + line[end:]

    def line(self) -> str:
        if self.dice.random() < self.equal:
            return "    " + self.dice.choice(self.BODIES)
        name, call, one, other = self.dice.choices(WORDS, k=4)
        return f"    {name} = {call}({one}, {other})"

    def text(self) -> tuple[str, int, int]:
        marked = "\n".join(self.lines)
        start, end = marked.index(START), marked.index(END) - 1
        return marked.replace(START, "").replace(END, ""), start, end

    def edit(self) -> None:
        at = self.dice.randrange(1, len(self.lines))
        kind = self.dice.randrange(5)
        if kind == 0 or START in self.lines[at]:
            self.lines.insert(at, self.line())
        elif kind == 1:
            del self.lines[at]
        elif kind == 2:
            self.lines[at] = self.line()
        elif kind == 3:
            self.lines.insert(self.dice.randrange(1, len(self.lines)), self.lines[at])
        else:
            self.move_function()

    def move_function(self) -> None:
        heads = [number for number, line in enumerate(self.lines) if line.startswith("def ")]
        if len(heads) > 1:
            number = self.dice.randrange(len(heads) - 1)
            body = self.lines[heads[number] : heads[number + 1]]
            del self.lines[heads[number] : heads[number + 1]]
            self.lines += body


def is_one_run(text: str, first: int, other: int) -> bool:
    """Whether two offsets lie in equal lines with nothing else between them: which of them is which no text says."""
    start, end = sorted((line_of(text, first), line_of(text, other)))
    return len({line.strip() for line in text.split("\n")[start - 1 : end]} - {""}) == 1


@pytest.mark.slow
@pytest.mark.parametrize(("num_cases", "equal", "least"), [(10_000, 0.1, 0.99), (5_000, 0.3, 0.95)])
def test_words_of_files_survive_edits_elsewhere_and_are_never_wrong(
    num_cases: int, equal: float, least: float
) -> None:
    """Scripts in which many lines are equal: most words are found, none at another place."""
    dice = random.Random(7)
    num_found = num_wrong = 0
    for _ in range(num_cases):
        editor = Editor(dice, equal)
        text, start, end = editor.text()
        anchor = make_text_anchor(text, start, end)
        for _ in range(dice.randrange(1, 6)):
            editor.edit()
        new, start, end = editor.text()
        place = find_text_anchor(anchor, new)
        if place is not None:
            num_found += 1
            num_wrong += place.start != start and not is_one_run(new, place.start, start)
    assert num_wrong == 0
    assert num_found >= least * num_cases


def test_words_whose_line_was_taken_out_are_lost() -> None:
    """The line with the quote goes, the rest of the file and other occurrences of its words stay."""
    dice = random.Random(11)
    num_wrong = 0
    for _ in range(2_000):
        editor = Editor(dice, 0.3)
        text, start, end = editor.text()
        at = text.count("\n", 0, start)
        lines = text.split("\n")
        anchor = make_text_anchor(text, start, end)
        place = find_text_anchor(anchor, "\n".join(lines[:at] + lines[at + 1 :]))
        if place is not None:
            other = place.start + (len(lines[at]) + 1 if place.start >= start - len(lines[at]) else 0)
            num_wrong += not is_one_run(text, start, other)
    assert num_wrong == 0


@pytest.mark.parametrize("is_line", [True, False])
def test_what_a_page_sends_with_a_selection_leads_to_its_place_or_to_none(is_line: bool) -> None:
    """The line of a selection, or 60 characters beside it, tell it from all others of the same words."""
    dice = random.Random(13)
    num_found = num_wrong = 0
    for _ in range(1_000):
        text, start, end = Editor(dice, 0.3).text()
        sides = ("", "") if is_line else (text[:start][-60:], text[end:][:60])
        number = line_of(text, start) if is_line else 0
        try:
            span = selected_in_file("a.py", text, text[start:end], *sides, line=number)
        except QuoteNotFound:
            continue
        num_found += 1
        num_wrong += span != (start, end)
    assert num_wrong == 0
    assert num_found >= 950
