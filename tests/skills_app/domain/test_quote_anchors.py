"""Anchors survive edits elsewhere and never attach to a wrong quote."""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from skills_app.domain.documents import SkillDocument, parse_document
from skills_app.domain.quote_anchors import QuotePlace, find_anchor, find_selection, make_anchor
from tests.effort import within_reason
from tests.skills_app.domain.diffing.texts import documents

NUM_CASES = 10_000
START, END = "\ue000", "\ue001"
WORDS = [
    "run",
    "the",
    "file",
    "with",
    "care",
    "and",
    "keep",
    "a",
    "copy",
    "of",
    "every",
    "field",
    "before",
    "you",
    "write",
    "it",
    "back",
    "to",
    "its",
    "place",
    "when",
    "somebody",
    "asks",
    "for",
    "the",
    "report",
    "open",
    "check",
    "close",
    "test",
    "step",
    "tool",
    "name",
    "value",
    "list",
    "table",
    "key",
]


def anchored(text: str, quote: str, nth: int = 0) -> tuple[SkillDocument, int]:
    at = -1
    for _ in range(nth + 1):
        at = text.index(quote, at + 1)
    return parse_document(text), at


def carried(text: str, quote: str, new: str, nth: int = 0) -> str | None:
    """Return what stands where the anchor is found, with what follows up to the line's end."""
    document, at = anchored(text, quote, nth)
    place = find_anchor(make_anchor(document, at, at + len(quote)), parse_document(new))
    return None if place is None else new[place.start : new.find("\n", place.end)]


TEXT = """---
name: x
description: Use when y.
---
# Top

## First

Read the file. Write the file with care.

- Run it twice.

## Second

Read the file. Write the file with haste.

- Run it twice.
"""


def test_an_anchor_is_found_in_its_own_document() -> None:
    document, at = anchored(TEXT, "the file", 2)
    anchor = make_anchor(document, at, at + 8)

    assert find_anchor(anchor, document) == QuotePlace(at, at + 8, 15)
    assert anchor.path == ("Top", "Second")


def test_words_that_occur_often_are_told_apart_by_what_follows() -> None:
    new = TEXT.replace("# Top", "# Quite another top").replace("Run it", "Go and run it")

    assert carried(TEXT, "Write the file", new, 0) == "Write the file with care."
    assert carried(TEXT, "Write the file", new, 1) == "Write the file with haste."


def test_reflow_and_other_line_breaks_do_not_lose_a_quote() -> None:
    new = TEXT.replace("Write the file with care", "Write the\r\n   file with care").replace("\n", "\r\n")

    assert carried(TEXT, "Write the file with care", new) is not None


def test_a_changed_quote_is_lost_though_its_twin_is_there() -> None:
    new = TEXT.replace("Write the file with care", "Write nothing with care")

    assert carried(TEXT, "Write the file", new, 0) is None


def test_a_quote_whose_twin_alone_is_left_is_lost() -> None:
    new = TEXT.replace("- Run it twice.\n\n## Second", "## Second")

    assert carried(TEXT, "Run it twice.", new, 0) is None


def test_a_copy_of_the_whole_section_makes_it_ambiguous_or_keeps_it_at_its_path() -> None:
    first = TEXT[TEXT.index("## First") : TEXT.index("## Second")]

    assert carried(TEXT, "with care", TEXT + first.replace("## First", "## Third")) == "with care."
    assert carried(TEXT, "Run it twice", TEXT.replace(first, first + first)) is None


def test_a_long_quote_is_found_in_a_rewritten_document() -> None:
    new = "# Other\n\nAll is new here. Write the file with care. So it ends.\n"

    assert carried(TEXT, "Write the file with care.", new) == "Write the file with care. So it ends."
    assert carried(TEXT, "with care", "# Other\n\nProceed with care always.\n") is None


@pytest.mark.parametrize(("start", "end"), [(0, 0), (5, 4), (-1, 3), (0, 10_000), (3, 4)])
def test_a_span_without_words_makes_no_anchor(start: int, end: int) -> None:
    with pytest.raises(ValueError):
        make_anchor(parse_document("---\n\n\nx"), start, end)


def test_a_selection_of_the_rendered_text_is_found_in_its_source() -> None:
    text = "# A\n\nUse **bold `code`** and [a link](x.md) here.\n\nUse bold code and more.\n"
    document = parse_document(text)

    place = find_selection(document, "bold code and a link", after="here.")
    assert place is not None
    assert text[place.start : place.end] == "bold `code`** and [a link"
    twice = find_selection(document, "bold code", before="Use", after="and more.")
    assert twice is not None
    assert twice.line == 5
    assert find_selection(document, "bold code", before="Use") is None
    assert find_selection(document, "nowhere") is None


@pytest.mark.parametrize("address", ["a_(b).md", "<x y.md>", '<a(b.md> "why"'])
def test_a_selection_runs_past_addresses_with_brackets(address: str) -> None:
    text = f"See [the guide]({address}) first.\n"

    place = find_selection(parse_document(text), "See the guide first.")

    assert place is not None
    assert text[place.start : place.end] == text.strip()


BLOCKS = """# A

See [the guide](guide.md) first, then [this](b.md "why") too.

- one item
  - an inner *item*
+ another

1. first step
2) second step

| Name | What |
| ---- | :--: |
| a    | b    |

Code follows.

```python
- x = 1
```

Last words.
"""


@pytest.mark.parametrize(
    ("quote", "start", "end"),
    [
        ("the guide first, then this too.", "the guide]", "too."),
        ("one item\nan inner item\nanother", "one item", "another"),
        ("an inner item", "an inner", "item"),
        ("first step\nsecond step", "first step", "second step"),
        ("Name\tWhat\na\tb", "Name", "b "),
        ("x = 1\nLast words.", "x = 1", "words."),
        ("- x = 1", "- x", "= 1"),
        ("too.\none item", "too.", "one item"),
    ],
)
def test_a_selection_may_run_past_links_and_over_blocks(quote: str, start: str, end: str) -> None:
    place = find_selection(parse_document(BLOCKS), quote)

    assert place is not None
    found = BLOCKS[place.start : place.end]
    assert found.startswith(start)
    assert BLOCKS[: place.end].endswith(end.rstrip())


@settings(max_examples=300, deadline=None)
@given(documents(), documents(), st.data())
def test_what_is_found_says_the_quote_and_nothing_raises(old: str, new: str, data: st.DataObject) -> None:
    document = parse_document(old)
    start = data.draw(st.integers(0, len(document.text)))
    end = data.draw(st.integers(start, len(document.text)))
    if not document.text[start:end].strip():
        return
    anchor = make_anchor(document, start, end)
    assert anchor.quote == " ".join(document.text[start:end].split())
    other = parse_document(new)
    place = find_anchor(anchor, other)
    if place is not None:
        assert " ".join(other.text[place.start : place.end].split()) == anchor.quote
    find_selection(other, anchor.quote, anchor.before, anchor.after)


def test_a_quote_that_is_everywhere_ends() -> None:
    text = "a " * 200_000
    document = parse_document(text)
    with within_reason():
        anchor = make_anchor(document, 1_000, 1_001)
        assert find_anchor(anchor, document) is None


class Editor:
    """A random document of few different words, a random quote in it, and edits everywhere but in the quote."""

    def __init__(self, dice: random.Random) -> None:
        self.dice = dice
        lines = ["---", "name: x", f"description: Use when {self.sentence()}", "---", "# Top", ""]
        for _ in range(dice.randrange(3, 8)):
            lines += [f"## {' '.join(dice.choices(WORDS, k=2))}", ""]
            for _ in range(dice.randrange(2, 7)):
                lines.append(self.line())
        at = dice.choice([n for n in range(6, len(lines)) if lines[n] and not lines[n].startswith("#")])
        line = lines[at]
        start = dice.randrange(len(line) - 3)
        end = dice.randrange(start + 3, len(line) + 1)
        if not line[start:end].strip():
            start, end = 0, len(line)
        lines[at] = line[:start] + START + line[start:end] + END + line[end:]
        self.lines = lines

    def sentence(self) -> str:
        return " ".join(self.dice.choices(WORDS, k=self.dice.randrange(4, 12))).capitalize() + "."

    def line(self) -> str:
        return self.dice.choice(["- ", "", "1. ", ""]) + self.sentence()

    def text(self) -> tuple[str, int, int]:
        marked = "\n".join(self.lines)
        start, end = marked.index(START), marked.index(END) - 1
        return marked.replace(START, "").replace(END, ""), start, end

    def edit(self) -> None:
        at = self.dice.randrange(4, len(self.lines))
        is_own = START in self.lines[at]
        kind = self.dice.randrange(6)
        if kind == 0 or is_own:
            self.lines.insert(at, self.line())
        elif kind == 1:
            del self.lines[at]
        elif kind == 2:
            self.lines[at] = self.line()
        elif kind == 3:
            words = self.lines[at].split(" ")
            words[self.dice.randrange(len(words))] = self.dice.choice(WORDS)
            self.lines[at] = " ".join(words)
        elif kind == 4:
            self.lines.insert(self.dice.randrange(4, len(self.lines)), self.lines[at])
        else:
            self.move_section()

    def move_section(self) -> None:
        heads = [n for n, line in enumerate(self.lines) if line.startswith("## ")]
        if len(heads) > 1:
            n = self.dice.randrange(len(heads) - 1)
            section = self.lines[heads[n] : heads[n + 1]]
            del self.lines[heads[n] : heads[n + 1]]
            self.lines += section


@pytest.mark.slow
def test_anchors_survive_edits_elsewhere_and_are_never_wrong() -> None:
    """Ten thousand documents with repeated words: at least 99 % are found, none at another place."""
    dice = random.Random(7)
    num_found = num_wrong = 0
    for _ in range(NUM_CASES):
        editor = Editor(dice)
        text, start, end = editor.text()
        anchor = make_anchor(parse_document(text), start, end)
        for _ in range(dice.randrange(1, 6)):
            editor.edit()
        new, start, end = editor.text()
        place = find_anchor(anchor, parse_document(new))
        if place is not None:
            num_found += 1
            raw = new[start:end]
            inner = start + len(raw) - len(raw.lstrip())
            num_wrong += place.start != inner
    assert num_wrong == 0
    assert num_found >= 0.99 * NUM_CASES


def test_anchors_of_quotes_that_were_taken_out_are_lost() -> None:
    """The line with the quote goes, the rest of the document and other occurrences of its words stay."""
    dice = random.Random(11)
    num_wrong = 0
    for _ in range(2_000):
        editor = Editor(dice)
        text, start, end = editor.text()
        anchor = make_anchor(parse_document(text), start, end)
        new = "\n".join(line for line in editor.lines if START not in line)
        num_wrong += find_anchor(anchor, parse_document(new)) is not None
    assert num_wrong == 0
