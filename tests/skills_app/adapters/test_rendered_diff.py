"""Rendered documents as one: tags stay whole, the new words and the old ones can be read off."""

from html.parser import HTMLParser

import pytest
from hypothesis import given, settings

from skills_app.adapters.diff_html import MOST_CELL_CHARACTERS, DiffCells
from skills_app.adapters.markdown import render_markdown
from skills_app.adapters.rendered_diff import elements_of, merged_html
from skills_app.domain.diffing import diff_lines, rows_of
from tests.skills_app.domain.diffing.texts import pairs

VOID = {"br", "hr", "img"}


class Reader(HTMLParser):
    """Reads the words of one side, and fails when tags do not nest."""

    def __init__(self, skipped_tag: str, skipped_state: str) -> None:
        super().__init__()
        self.skipped_tag, self.skipped_state = skipped_tag, skipped_state
        self.stack: list[tuple[str, bool]] = []
        self.words: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in VOID:
            is_skipped = tag == self.skipped_tag or dict(attrs).get("data-diff") == self.skipped_state
            self.stack.append((tag, is_skipped))

    def handle_endtag(self, tag: str) -> None:
        assert self.stack.pop()[0] == tag

    def handle_data(self, data: str) -> None:
        if not any(is_skipped for _, is_skipped in self.stack):
            self.words.append(data)


def read(html: str, skipped_tag: str = "", skipped_state: str = "none") -> str:
    reader = Reader(skipped_tag, skipped_state)
    reader.feed(html)
    reader.close()
    assert reader.stack == []
    return "".join("".join(reader.words).split())


def merged(old: str, new: str) -> tuple[str, str, str]:
    before, after = render_markdown(old, id_prefix="x-").html, render_markdown(new, id_prefix="x-").html
    return before, after, merged_html(elements_of(before), elements_of(after))


@settings(max_examples=300, deadline=None)
@given(pairs())
def test_both_documents_can_be_read_off_and_tags_nest(texts: tuple[str, str]) -> None:
    before, after, html = merged(*texts)

    assert read(html, "del", "removed") == read(after)
    assert sorted(read(html, "ins", "added")) == sorted(read(before))


def test_the_elements_are_the_outermost_ones() -> None:
    html = render_markdown("# A\n\nb\n\n- c\n  - d\n\n---\n\n> e\n", id_prefix="x-").html

    elements = elements_of(html)

    assert [one.tag for one in elements] == ["h1", "p", "ul", "hr", "blockquote"]
    assert [one.line for one in elements] == [1, 3, 5, 8, 10]


def test_equal_text_is_not_marked() -> None:
    _, after, html = merged("# A\n\nb **c**\n", "\n\n# A\n\nb **c**\n")

    assert "data-diff" not in html
    assert "<ins>" not in html
    assert html == "".join(one.html for one in elements_of(after))


@pytest.mark.parametrize(
    ("old", "new", "found"),
    [
        ("one two three", "one three", "one <del>two</del> three"),
        ("one three", "one two three", "one <ins>two</ins> three"),
        ("a **b c** d e", "a **b x** d e", "<strong>b <del>c</del> <ins>x</ins></strong>"),
        ("a b\nc", "a b\n", "b <del>c</del> </p>"),
        ("- a b\n- c d", "- a b", '<li data-diff="removed" data-line="2">c d</li>'),
        ("| a |\n| - |\n| b c |", "| a |\n| - |\n| b d |", "<del>c</del> <ins>d</ins>"),
        ("see [x](a.md) here", "see [x](b.md) here", 'data-diff="changed"'),
    ],
)
def test_words_are_marked_inside_the_tags(old: str, new: str, found: str) -> None:
    assert found in merged(old, new)[2]


def test_what_was_removed_has_no_id() -> None:
    html = merged("# Gone for good\n", "Other words stand here.\n")[2]

    assert '<h1 data-diff="removed"' in html
    assert "id=" not in html.partition("</h1>")[0].partition("<span")[0]


def test_a_cell_is_cut_and_says_so() -> None:
    diff = diff_lines("a" * 20_000, "b" * 20_000)

    old, new = DiffCells().side_by_side(rows_of(diff.operations)[0], diff.old_text, diff.new_text)

    assert old is not None
    assert new is not None
    assert len(old.html) < MOST_CELL_CHARACTERS + 50
    assert "cut here" in new.html


def test_words_of_a_line_are_marked_on_both_sides() -> None:
    diff = diff_lines("keep <old> words here\n", "keep <new> words here\n")

    old, new = DiffCells().side_by_side(rows_of(diff.operations)[0], diff.old_text, diff.new_text)

    assert old is not None
    assert new is not None
    assert old.html == "keep &lt;<del>old</del>&gt; words here"
    assert new.html == "keep &lt;<ins>new</ins>&gt; words here"
