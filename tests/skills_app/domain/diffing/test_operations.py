"""Operations rebuild the new text from the old, whatever the texts are."""

import random
from unittest.mock import patch

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from skills_app.domain.diffing import (
    OperationKind,
    TextDiff,
    apply_operations,
    diff_documents,
    diff_lines,
    operations,
)
from skills_app.domain.documents import parse_document
from tests.effort import within_reason
from tests.shared_data import SHARED_DATA
from tests.skills_app.domain.diffing.texts import pairs


def difference(old: str, new: str) -> TextDiff:
    return diff_documents(parse_document(old), parse_document(new))


def check(diff: TextDiff) -> None:
    found = diff.operations
    assert apply_operations(found, diff.old_text) == diff.new_text
    assert [one.new_start for one in found[1:]] == [one.new_end for one in found[:-1]]
    spans = sorted((one.old_start, one.old_end) for one in found if one.old_end > one.old_start)
    assert "".join(diff.old_text[start:end] for start, end in spans) == diff.old_text
    for one in found:
        if one.kind is not OperationKind.KEEP:
            assert one.text == diff.new_text[one.new_start : one.new_end]


@settings(max_examples=600, deadline=None)
@given(pairs())
def test_operations_rebuild_the_new_document_and_take_each_old_character_once(texts: tuple[str, str]) -> None:
    check(difference(*texts))


@settings(max_examples=200, deadline=None)
@given(pairs())
def test_operations_on_lines_rebuild_the_new_text(texts: tuple[str, str]) -> None:
    check(diff_lines(*texts))


@settings(max_examples=200, deadline=None)
@given(st.text(), st.text())
def test_operations_rebuild_arbitrary_text(old: str, new: str) -> None:
    check(diff_lines(old, new))
    document, other = parse_document(old), parse_document(new)
    check(diff_documents(document, other))


@settings(max_examples=100, deadline=None)
@given(pairs())
def test_a_text_does_not_differ_from_itself(texts: tuple[str, str]) -> None:
    diff = difference(texts[0], texts[0])
    assert diff.is_same
    assert {one.kind for one in diff.operations} <= {OperationKind.KEEP}


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=200), st.binary(max_size=200))
def test_documents_that_are_not_utf8_are_compared_as_they_are_shown(old: bytes, new: bytes) -> None:
    check(diff_documents(parse_document(old), parse_document(new)))


@pytest.mark.skipif(SHARED_DATA is None, reason="the shared library of skills is missing")
def test_real_documents_rebuild_from_each_other() -> None:
    assert SHARED_DATA is not None
    texts = [p.read_text() for p in sorted((SHARED_DATA / "library" / "skills").rglob("SKILL.md"))]
    for old, new in zip(texts, texts[1:], strict=False):
        check(difference(old, new))


ITEMS = [
    "1. Do a b c.",
    "2. Do a b c.",
    "  3. Do a b d.",
    "Do a b c!",
    "- ...",
    "* ,,,",
    "Do a\tb c.",
    "x y z. A b c",
]


@settings(max_examples=300, deadline=None)
@given(st.one_of(pairs(), st.tuples(st.sampled_from(ITEMS), st.sampled_from(ITEMS))))
def test_one_sentence_that_became_another_is_what_the_thorough_way_says(texts: tuple[str, str]) -> None:
    quick = difference(*texts).operations
    with patch.object(operations._Builder, "_one_sentence", return_value=False):
        assert quick == difference(*texts).operations


def test_another_number_of_an_item_is_layout() -> None:
    found = difference("1) Do a b c.\n", "2) Do a b c.\n").operations

    assert [one.kind for one in found] == [OperationKind.LAYOUT]


HOSTILE = {
    "identical lines": ("x\n" * 20_000, "x\n" * 15_000),
    "two lines in turn": ("a\nb\n" * 20_000, "b\nb\na\n" * 15_000),
    "two lines of code in turn": ("```\n" + "a\nb\n" * 3_000, "```\n" + "b\nb\na\n" * 2_000),
    "two paragraphs in turn": ("a\n\nb\n\n" * 3_000, "b\n\nb\n\na\n\n" * 2_000),
    "equal headings": ("# a\n" * 6_000, "# b\n# a\n" * 4_000),
    "one long line": ("a b c " * 100_000, "b c a " * 100_000),
    "full stops": (". " * 40_000, ". A" * 20_000),
    "quotes after a stop": ("." + "'" * 200_000, "." + '"' * 200_000),
    "front matter of many keys": (
        "---\n" + "".join(f"k{n}: v\n" for n in range(3_000)) + "---\n",
        "---\n" + "".join(f"k{n}: w\n" for n in range(3_000, 0, -1)) + "---\n",
    ),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_texts_end(name: str) -> None:
    with within_reason():
        check(difference(*HOSTILE[name]))


def test_a_thousand_rewritten_lines_end_and_are_told_from_kept_ones() -> None:
    dice = random.Random(5)
    words = [f"w{dice.randrange(10**6):x}" for _ in range(300)]
    lines = [" ".join(dice.choices(words, k=10)) + ".\n\n" for _ in range(2_000)]
    rewritten = [" ".join(dice.choices(words, k=10)) + ".\n\n" for _ in range(1_000)]
    with within_reason():
        diff = difference("".join(lines), "".join(lines[:500] + rewritten + lines[1_500:]))
    check(diff)
    assert sum(one.kind is OperationKind.KEEP for one in diff.operations) == 1_000
