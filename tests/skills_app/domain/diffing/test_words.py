"""Words inside a sentence, sentences inside a paragraph, and the alignment beneath."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from skills_app.domain.diffing import RunKind, alignment, word_runs, words
from skills_app.domain.diffing.alignment import align, rising
from skills_app.domain.diffing.likeness import like_in_order
from skills_app.domain.diffing.tokens import prose_key, sentence_ends, word_tokens, words_of


@settings(max_examples=300, deadline=None)
@given(st.text(alphabet="ab .,\n"), st.text(alphabet="ab .,\n"), st.booleans())
def test_runs_joined_give_both_texts(old: str, new: str, is_prose: bool) -> None:
    runs = word_runs(old, new, is_prose=is_prose)

    assert "".join(run.old for run in runs) == old
    assert "".join(run.new for run in runs) == new
    if not is_prose:
        assert all(run.old == run.new for run in runs if run.kind is RunKind.SAME)


def test_only_the_changed_words_are_marked() -> None:
    runs = word_runs("Keep the old file here.", "Keep the new\nfile here.", is_prose=True)

    assert [(run.kind.value, run.old, run.new) for run in runs] == [
        ("same", "Keep the ", "Keep the "),
        ("changed", "old ", "new\n"),
        ("same", "file here.", "file here."),
    ]


def test_texts_with_little_in_common_are_one_run() -> None:
    assert len(word_runs("a b c d e f", "u v w x y f", is_prose=True)) == 1


@pytest.mark.parametrize(
    ("text", "sentences"),
    [
        ("One. Two! Three? Four", ["One. ", "Two! ", "Three? ", "Four"]),
        ("Use e.g. Python. Then stop.", ["Use e.g. Python. ", "Then stop."]),
        ("1. First. Second.", ["1. First. ", "Second."]),
        ("Version 1.2.3 is out. “Yes.” Right.", ["Version 1.2.3 is out. ", "“Yes.” ", "Right."]),
        ("日本語。次の文。", ["日本語。", "次の文。"]),
        ("It ends. with small letters.", ["It ends. with small letters."]),
        ("", []),
    ],
)
def test_sentences_end_where_a_reader_stops(text: str, sentences: list[str]) -> None:
    ends = sentence_ends(text)

    assert [text[start:end] for start, end in zip([0, *ends], ends, strict=False)] == sentences


def test_a_key_leaves_out_reflow_and_list_numbers_and_keeps_nesting() -> None:
    assert prose_key("a\n  b", is_first=True) == "a b"
    assert prose_key("3. a\n b", is_first=True) == prose_key("12.  a b", is_first=True)
    assert prose_key("- a", is_first=True) != prose_key("  - a", is_first=True)
    assert prose_key("- a", is_first=True) != prose_key("* a", is_first=True)


def longest(old: list[int], new: list[int]) -> int:
    rows = [[0] * (len(new) + 1) for _ in range(len(old) + 1)]
    for i, left in enumerate(old):
        for j, right in enumerate(new):
            rows[i + 1][j + 1] = rows[i][j] + 1 if left == right else max(rows[i][j + 1], rows[i + 1][j])
    return rows[-1][-1]


@settings(max_examples=300, deadline=None)
@given(st.lists(st.integers(0, 5)), st.lists(st.integers(0, 5)), st.booleans())
def test_aligned_pairs_are_equal_and_rise(old: list[int], new: list[int], has_anchors: bool) -> None:
    pairs = align(old, new, has_anchors=has_anchors)

    assert all(old[i] == new[j] for i, j in pairs)
    assert all(a[0] < b[0] and a[1] < b[1] for a, b in zip(pairs, pairs[1:], strict=False))


@settings(max_examples=200, deadline=None)
@given(st.lists(st.integers(0, 3), max_size=25), st.lists(st.integers(0, 3), max_size=25))
def test_large_gaps_get_a_longest_common_subsequence(old: list[int], new: list[int]) -> None:
    pairs = alignment._common(old, new)

    assert all(old[i] == new[j] for i, j in pairs)
    assert len(pairs) == longest(old, new)


@settings(max_examples=200, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 6), st.integers(0, 6)), max_size=9))
def test_the_heaviest_rising_choice_is_found(places: list[tuple[int, int]]) -> None:
    weights = [(i, j, 1.0 + i % 3) for i, j in places]
    chosen = [weights[at] for at in rising(weights)]

    assert all(a[0] < b[0] and a[1] < b[1] for a, b in zip(chosen, chosen[1:], strict=False))
    best = 0.0
    for mask in range(1 << len(weights)):
        some = sorted(w for at, w in enumerate(weights) if mask >> at & 1)
        if all(a[0] < b[0] and a[1] < b[1] for a, b in zip(some, some[1:], strict=False)):
            best = max(best, sum(w[2] for w in some))
    assert sum(w[2] for w in chosen) == best


def test_alike_lines_are_paired_and_the_rest_is_left() -> None:
    old = ["the quick brown fox", "something else here"]
    new = ["nothing of the kind at all", "the quick red fox", "yet another line"]

    assert like_in_order(old, new, least=0.4) == [(0, 1)]


@settings(max_examples=300, deadline=None)
@given(st.text(alphabet="aB_9é .,-\n\t\x1c", max_size=40))
def test_the_quick_ways_to_cut_words_give_what_the_patterns_do(text: str) -> None:
    assert word_tokens(text) == re.findall(r"(?:\w+|[^\w\s])\s*|\s+", text)
    assert words_of(text) == re.findall(r"\w+", text.lower())
    assert words_of(text, limit=2) == re.findall(r"\w+", text.lower())[:2]


@settings(max_examples=300, deadline=None)
@given(st.text(alphabet="aB1 .!?\t\n\r\x1c\u00a0\u2028\u3000。é_-"))
def test_the_quick_ways_through_a_sentence_say_what_the_thorough_ones_do(text: str) -> None:
    assert prose_key(text, is_first=False) == " ".join(text.split())
    # A letter beyond ASCII leads around the quick ways, and changes nothing else.
    assert sentence_ends("é" + text) == sentence_ends("e" + text)
    assert "".join(word_tokens(text)) == text
    assert word_tokens("_ " + text) == ["_ ", *word_tokens(text)] or text[:1].isspace()


@settings(max_examples=600, deadline=None)
@given(
    st.text(alphabet="ab .,\n", max_size=12),
    st.lists(st.sampled_from(["a", "b", "ab", "a,", "_", "", "\n"]), max_size=4).map(" ".join),
    st.lists(st.sampled_from(["c", "b", "ca", "a,", "_", "", "\n"]), max_size=4).map(" ".join),
    st.text(alphabet="ab .,\n", max_size=12),
    st.booleans(),
)
def test_a_change_in_one_place_is_marked_as_the_thorough_way_does(
    head: str, old: str, new: str, tail: str, is_prose: bool
) -> None:
    old, new = f"{head} {old} {tail}", f"{head} {new} {tail}"

    assert word_runs(old, new, is_prose=is_prose) == words._all_runs(old, new, is_prose=is_prose)


def test_a_change_in_one_place_goes_the_quick_way() -> None:
    assert words._one_change("Keep the old file, here.\n", "Keep the new one file, here.\n") == (
        ("same", "Keep the ", "Keep the "),
        ("changed", "old ", "new one "),
        ("same", "file, here.\n", "file, here.\n"),
    )
    assert words._one_change("Keep the old file.", "Leave and forget the file.") == ()


@settings(max_examples=300, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 4), st.integers(0, 9)), max_size=12))
def test_items_in_place_are_a_longest_common_subsequence(items: list[tuple[int, int]]) -> None:
    old, new = [one for one, _ in items], [one if two > 2 else two - 5 for one, two in items]
    found = alignment._in_place(old, new)

    if found is not None:
        assert all(i == j and old[i] == new[j] for i, j in found)
        assert len(found) == longest(old, new)
        assert found == alignment._common(old, new)


def test_items_that_stand_elsewhere_too_are_not_taken_in_place() -> None:
    assert alignment._in_place([1, 2, 3], [1, 4, 3]) == [(0, 0), (2, 2)]
    assert alignment._in_place([1, 2, 3], [2, 1, 3]) is None
    assert alignment._in_place([1, 2, 3], [1, 3, 3]) is None
