"""Who moves a comment to which state, whom a review asks, which parts were seen, and the request that comments make."""

from datetime import UTC, datetime
from typing import Any

import pytest

from skills_app.domain.digests import digest_of
from skills_app.domain.documents import parse_document
from skills_app.domain.reviewing.assignment import Candidate, choose_reviewers
from skills_app.domain.reviewing.comments import CommentState, why_not_move
from skills_app.domain.reviewing.parts import parts_of, parts_sentence
from skills_app.domain.reviewing.request_text import CommentToMeet, request_from_comments

OPEN, FIXED, DROPPED = CommentState.OPEN, CommentState.FIXED, CommentState.DROPPED


@pytest.mark.parametrize(
    ("before", "after", "who", "is_blocking", "reason", "refused"),
    [
        (OPEN, FIXED, "commenter", True, "", ""),
        (OPEN, DROPPED, "commenter", True, "", "Say why"),
        (OPEN, DROPPED, "commenter", True, "wrong", ""),
        (OPEN, FIXED, "maker", False, "", ""),
        (OPEN, FIXED, "maker", True, "", "whoever wrote it"),
        (OPEN, DROPPED, "maker", False, "no", "Only the commenter or a manager"),
        (FIXED, OPEN, "maker", True, "", ""),
        (OPEN, FIXED, "manager", True, "", "Say why you close"),
        (OPEN, FIXED, "manager", True, "agreed", ""),
        (OPEN, FIXED, "nobody", False, "x", "Only the commenter, who made"),
        (OPEN, OPEN, "commenter", False, "x", "open already"),
        (DROPPED, FIXED, "commenter", False, "x", "dropped already"),
    ],
)
def test_who_may_move_a_comment(
    before: CommentState, after: CommentState, who: str, is_blocking: bool, reason: str, refused: str
) -> None:
    said = why_not_move(
        before,
        after,
        is_blocking=is_blocking,
        is_commenter=who == "commenter",
        is_maker=who == "maker",
        is_manager=who == "manager",
        reason=reason,
    )

    assert (refused in said) if refused else said == ""


def test_the_owner_of_the_nearest_branch_is_asked_first_then_who_has_least_to_do() -> None:
    early, late = datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 2, 1, tzinfo=UTC)
    everybody = [
        Candidate("whole", "", 0),
        Candidate("rested", "", 1, early),
        Candidate("busy", "a/b", 5),
        Candidate("free", "a/b", 1, late),
        Candidate("rested", "a/b", 1, early),
        Candidate("above", "a", 0),
        Candidate("busy", "", 5),
        Candidate("above", "", 0),
    ]

    assert [c.name for c in choose_reviewers(everybody, 9)] == ["rested", "free", "busy", "above", "whole"]
    assert [c.name for c in choose_reviewers(everybody, 1, without={"rested"})] == ["free"]
    assert choose_reviewers(everybody, 0) == ()
    assert Candidate("free", "a/b", 1).why == "Reviews for a/b; 1 review waiting."


DOCUMENT = "---\nname: one\n---\nHello.\n\n# One\n\nText.\n\n## Two\n\nMore.\n"


def test_parts_keep_that_they_were_seen_while_their_digest_is_equal() -> None:
    first = parts_of(parse_document(DOCUMENT), [("scripts/a.py", "d1")])
    seen = {part.digest for part in first}

    again = parts_of(parse_document(DOCUMENT.replace("More.", "Other.")), [("scripts/a.py", "d2")], seen)

    assert [part.title for part in first] == [
        "Front matter",
        "Before the first heading",
        "One",
        "Two",
        "scripts/a.py",
    ]
    assert [part.title for part in again if not part.is_seen] == ["Two", "scripts/a.py"]
    assert parts_sentence(again) == "2 of 5 sections and files need you."


def test_a_renamed_or_moved_parent_and_a_renamed_file_reset_nothing_below() -> None:
    before = "# A\n\n## X\n\nsame\n\n## Y\n\nmore\n"
    seen = {part.digest for part in parts_of(parse_document(before), [("a.py", "d1"), ("b.py", "d2")])}

    renamed = parts_of(parse_document(before.replace("# A", "# B", 1)), [("c.py", "d1")], seen)
    moved = parts_of(parse_document("# A\n\n## Y\n\nmore\n\n# B\n\n## X\n\nsame\n"), seen=seen)

    assert [part.title for part in renamed if not part.is_seen] == ["B"]
    assert [part.title for part in moved if not part.is_seen] == ["B"]


def test_equal_sections_and_files_are_seen_one_by_one() -> None:
    document = parse_document("# A\n\n## X\n\nsame\n\n# B\n\n## X\n\nsame\n")
    files = [("a/__init__.py", "d1"), ("b/__init__.py", "d1")]
    parts = parts_of(document, files)

    again = parts_of(document, files, {parts[1].digest, parts[4].digest})

    assert len({part.digest for part in parts}) == len(parts) == 6
    assert [part.is_seen for part in again] == [False, True, False, False, True, False]


def test_what_was_seen_under_the_older_keys_still_counts() -> None:
    document = parse_document("# A\n\n## X\n\nsame\n")
    section = document.sections[1]
    seen = {digest_of(f"A\x1fX\x1f{section.digest}"), digest_of("file\x1fa.py\x1fd1")}

    parts = parts_of(document, [("a.py", "d1"), ("b.py", "d1")], seen)

    assert [part.is_seen for part in parts] == [False, True, True, False]
    assert seen == {part.old_digest for part in parts if part.is_seen}


@pytest.mark.parametrize(
    ("num_seen", "words"),
    [(0, "2 of 2 sections need you."), (1, "1 of 2 sections needs you."), (2, "You have seen all 2")],
)
def test_how_many_parts_need_the_reader_is_said(num_seen: int, words: str) -> None:
    document = parse_document("# A\n\ntext\n\n# B\n\ntext\n")
    seen = [part.digest for part in parts_of(document)][:num_seen]

    assert parts_sentence(parts_of(document, seen=seen)).startswith(words)


def comment(number: int, **fields: Any) -> CommentToMeet:
    values: dict[str, Any] = {"author": "ada", "body": f"Say {number}.", "is_blocking": False, **fields}
    return CommentToMeet(number, **values)


def test_open_comments_become_a_request_with_blocking_ones_first() -> None:
    text = request_from_comments(
        "one",
        3,
        [
            comment(4),
            comment(9, is_blocking=True, path=("One", "Two"), quote="old words", suggestion="new words"),
        ],
    )

    assert text.index("[C9]") < text.index("[C4]")
    assert "Revise the skill one, version 3" in text
    assert "[C9] Section “One › Two”, must be met, by ada:" in text
    assert "About this passage:\n> old words\nSay 9.\nProposed instead:\n> new words" in text
    assert "[C4] The document, should be met, by ada:\nSay 4." in text


def test_an_empty_suggestion_proposes_to_remove_the_passage() -> None:
    assert "Proposed: remove the passage." in request_from_comments("one", 1, [comment(1, suggestion="")])


def test_no_comment_makes_no_request() -> None:
    with pytest.raises(ValueError, match="no open comment"):
        request_from_comments("one", 1, [])
