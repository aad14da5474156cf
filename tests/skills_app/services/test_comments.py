"""Comments from draft to closed: where they stand, who moves them, suggested edits, and the request they make."""

import pytest
from django.contrib.auth.models import User
from django.db.models import QuerySet

from skills_app.domain.documents import parse_document
from skills_app.domain.errors import DocumentEditError, ReviewMoved, ReviewRefused
from skills_app.domain.reviewing.comments import CommentState
from skills_app.domain.reviewing.places import PlaceKind, place_comment
from skills_app.domain.reviewing.standing import ReviewStatus
from skills_app.domain.reviewing.verdicts import Decision
from skills_app.models import AuditEntry, Comment, Review, SectionViewed, SkillVersion, ValidationReport
from skills_app.services.accept_suggestions import accept_suggestions
from skills_app.services.add_comment import CommentText, add_reply, discard_draft, edit_draft
from skills_app.services.move_comment import move_comment
from skills_app.services.open_review import move_review
from skills_app.services.request_from_review import request_from_review
from skills_app.services.view_parts import view_parts
from tests.skills_app import review_makers as made
from tests.skills_app.review_makers import NOON, TODAY
from tests.skills_app.skill_makers import text_file

pytestmark = pytest.mark.django_db
FIXED, DROPPED, OPEN = CommentState.FIXED, CommentState.DROPPED, CommentState.OPEN


@pytest.fixture
def version(olga: User) -> SkillVersion:
    return made.draft(author=olga, files=(text_file("scripts/run.py", "print(1)\n"),))


@pytest.fixture
def review(version: SkillVersion, olga: User, ada: User, bea: User) -> Review:
    return made.review(version, olga, ada, bea)


def placed(comment: Comment, version: SkillVersion) -> PlaceKind:
    place = place_comment(
        parse_document(version.content),
        heading_path=comment.heading_path,
        anchor=comment.anchor,
        path=comment.path,
        quote=comment.quote,
        files=dict(version.files.values_list("path", "text")),
    )
    return place.kind


def accept(
    review: Review, comments: "list[Comment] | QuerySet[Comment]", actor: User, seen: int = 2
) -> SkillVersion:
    return accept_suggestions(
        review=review,
        comment_ids=[row.pk for row in comments],
        actor=actor,
        seen_number=seen,
        now=NOON,
        today=TODAY,
    )


def test_a_comment_stands_on_its_quote_section_file_or_the_whole(
    review: Review, ada: User, version: SkillVersion
) -> None:
    rows = [
        made.comment(review, ada, quote="second sentence"),
        made.comment(review, ada, path=("One", "When to use")),
        made.comment(review, ada, file="scripts/run.py"),
        made.comment(review, ada),
    ]

    kinds = [placed(row, version) for row in rows]

    assert kinds == [PlaceKind.QUOTE, PlaceKind.SECTION, PlaceKind.FILE, PlaceKind.WHOLE]
    assert rows[0].heading_path == ["One"]


def test_words_of_a_file_are_quoted_and_kept_with_the_file(
    review: Review, ada: User, version: SkillVersion
) -> None:
    row = made.comment(review, ada, "Two.", file="scripts/run.py", quote="print(1)", suggestion="print(2)")

    assert (row.path, row.quote, row.suggestion) == ("scripts/run.py", "print(1)", "print(2)")
    assert (row.anchor["quote"], row.anchor["path"]) == ("print(1)", [])
    assert placed(row, version) is PlaceKind.FILE
    version.files.update(text=None)
    with pytest.raises(ReviewRefused, match="does not stand in scripts/run.py"):
        made.comment(review, ada, file="scripts/run.py", quote="print(1)")


def test_words_of_a_markdown_file_are_found_as_a_page_shows_them(
    review: Review, ada: User, version: SkillVersion
) -> None:
    version.files.update(
        path="references/guide.md", text="# Guide\n\nUse **the first** `tool`, and [read](x.md).\n"
    )
    row = made.comment(review, ada, file="references/guide.md", quote="the first tool, and read")
    assert row.quote == "the first** `tool`, and [read"
    assert placed(row, version) is PlaceKind.FILE


def test_a_selection_inside_a_word_of_a_file_stands_for_the_word_and_is_not_edited(
    review: Review, ada: User, version: SkillVersion
) -> None:
    assert made.comment(review, ada, file="scripts/run.py", quote="rint(1)").quote == "print(1)"
    with pytest.raises(ReviewRefused, match="does not stand in scripts/run.py"):
        made.comment(review, ada, file="scripts/run.py", quote="rint(1)", suggestion="x")


def test_a_draft_on_a_markdown_file_that_suggests_other_words_takes_in_both_marks(
    review: Review, ada: User, version: SkillVersion
) -> None:
    version.files.update(path="references/guide.md", text="# Guide\n\nUse **the first** tool.\n")
    row = made.comment(review, ada, file="references/guide.md", quote="the first tool")
    assert row.quote == "the first** tool"

    edited = edit_draft(comment=row, author=ada, text=CommentText("", suggestion="it"))

    assert edited.quote == "**the first** tool"
    assert placed(edited, version) is PlaceKind.FILE
    version.files.update(text="Press <kbd>Enter</kbd> twice.\n")
    with pytest.raises(ReviewRefused, match="one half of a pair of HTML tags"):
        made.comment(
            review, ada, file="references/guide.md", quote="Enter</kbd> twice", suggestion="Return twice"
        )


def test_lines_of_a_file_are_quoted_whole_if_they_hold_most_of_the_words(
    review: Review, ada: User, version: SkillVersion
) -> None:
    version.files.update(text="one\n  two\u200b three\nfour\n")

    row = made.comment(review, ada, file="scripts/run.py", quote="two [200b] three", lines=(2, 2))

    assert row.quote == "  two\u200b three"
    assert row.anchor["quote"] == "two\u200b three"
    with pytest.raises(ReviewRefused, match="Quote words as the source has them"):
        made.comment(review, ada, file="scripts/run.py", quote="two [200b] three", lines=(3, 3))


def test_a_quote_is_carried_to_a_later_version_or_is_lost_and_never_put_elsewhere(
    review: Review, ada: User, version: SkillVersion, olga: User
) -> None:
    row = made.comment(review, ada, quote="The second sentence says too little.")
    section = made.comment(review, ada, path=("One", "When to use"))

    carried = made.next_draft(version, f"New words come first. {made.BODY}", olga)
    lost = made.next_draft(version, "Everything is different now.", olga)

    assert placed(row, carried) is PlaceKind.QUOTE
    assert placed(row, lost) is PlaceKind.LOST
    assert placed(section, lost) is PlaceKind.SECTION


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"quote": "words that are not there"}, "does not stand in the document"),
        ({"quote": "item"}, "several times"),
        ({"path": ("Nothing",)}, "no section “Nothing”"),
        ({"file": "scripts/none.py"}, "no file scripts/none.py"),
        ({"file": "scripts/run.py", "quote": "print(9)"}, "does not stand in scripts/run.py"),
        ({"body": " "}, "an empty comment says nothing"),
        ({"body": "x" * 10_001}, "at most 10,000"),
        ({"suggestion": "new"}, "quote them first"),
        ({"quote": "x" * 20_001}, "at most 20,000 characters; this one has 20,001"),
    ],
)
def test_a_comment_that_cannot_be_placed_or_says_nothing_is_refused(
    review: Review, ada: User, fields: dict[str, object], words: str
) -> None:
    with pytest.raises(ReviewRefused, match=words):
        made.comment(review, ada, **fields)  # type: ignore[arg-type]

    assert not Comment.objects.exists()


def test_a_repeated_quote_is_told_by_its_section(review: Review, ada: User, olga: User) -> None:
    version = made.draft("tools/two", "same words\n\n## Other\n\nsame words", author=olga)
    other = made.review(version, olga, ada)

    row = made.comment(other, ada, quote="same words", path=("Two", "Other"))

    assert row.heading_path == ["Two", "Other"]
    assert placed(row, version) is PlaceKind.QUOTE


def test_a_draft_is_changed_and_thrown_away_by_its_writer_alone(review: Review, ada: User, bea: User) -> None:
    row = made.comment(review, ada)

    edit_draft(comment=row, author=ada, text=CommentText("Better words.", is_blocking=True))
    with pytest.raises(ReviewRefused, match="no draft of yours"):
        edit_draft(comment=row, author=bea, text=CommentText("x"))
    row.refresh_from_db()
    assert (row.body, row.is_blocking) == ("Better words.", True)

    discard_draft(comment=row, author=ada)
    assert not Comment.objects.exists()
    entries = AuditEntry.objects.filter(verb__endswith="draft") | AuditEntry.objects.filter(
        verb="drafted_comment"
    ).order_by("pk")
    assert [entry.verb for entry in entries] == ["drafted_comment", "changed_draft", "discarded_draft"]
    assert not entries.filter(after__icontains="Better words")


def test_what_was_sent_is_not_changed_any_more(review: Review, ada: User) -> None:
    row = made.comment(review, ada)
    made.send(review, ada)

    with pytest.raises(ReviewRefused, match="What was sent is kept"):
        edit_draft(comment=row, author=ada, text=CommentText("other"))
    with pytest.raises(ReviewRefused, match="What was sent is kept"):
        discard_draft(comment=row, author=ada)


def test_replies_make_one_thread_and_are_drafts_first(review: Review, ada: User, olga: User) -> None:
    row = made.comment(review, ada)
    with pytest.raises(ReviewRefused, match="is a draft"):
        add_reply(comment=row, author=olga, body="Why?", now=NOON)
    made.send(review, ada)

    reply = add_reply(comment=Comment.objects.get(), author=olga, body="Why?", now=NOON)
    made.send(review, olga)
    second = add_reply(comment=Comment.objects.get(pk=reply.pk), author=ada, body="So.", now=NOON)

    assert reply.thread == second.thread == row
    assert second.is_draft


def test_comments_are_fixed_dropped_and_opened_again_each_written_down(
    review: Review, ada: User, olga: User
) -> None:
    row = made.comment(review, ada)
    made.send(review, ada)

    move_comment(comment=row, state=FIXED, actor=olga, now=NOON, today=TODAY)
    move_comment(comment=row, state=OPEN, actor=ada, now=NOON, today=TODAY)
    move_comment(comment=row, state=DROPPED, actor=ada, now=NOON, today=TODAY, reason="was wrong")

    row.refresh_from_db()
    assert (row.state, row.state_by_name, row.state_reason) == ("dropped", "ada", "was wrong")
    moves = AuditEntry.objects.filter(verb="moved_comment").order_by("pk")
    assert [entry.after["state"] for entry in moves] == ["fixed", "open", "dropped"]


def test_a_blocking_comment_is_closed_by_its_writer_or_a_manager(
    review: Review, ada: User, olga: User, bea: User
) -> None:
    row = made.comment(review, ada, is_blocking=True)
    with pytest.raises(ReviewRefused, match="a draft and a reply have none"):
        move_comment(comment=row, state=FIXED, actor=ada, now=NOON, today=TODAY)
    made.send(review, ada)

    for actor in (olga, bea):
        with pytest.raises(ReviewRefused):
            move_comment(comment=row, state=FIXED, actor=actor, now=NOON, today=TODAY)
    move_comment(comment=row, state=FIXED, actor=bea, now=NOON, today=TODAY, reason="agreed", is_manager=True)

    row.refresh_from_db()
    assert row.state == FIXED


def test_accepted_suggestions_make_one_judged_version_under_the_same_review(
    review: Review, ada: User, bea: User, olga: User, version: SkillVersion
) -> None:
    first = made.comment(review, ada, quote="first sentence", suggestion="opening sentence")
    second = made.comment(review, bea, "", quote="says too little", suggestion="says enough")
    made.send(review, ada, Decision.APPROVE)
    made.send(review, bea)

    new = accept(review, [first, second], olga)

    assert "The opening sentence stands here. The second sentence says enough." in new.content
    assert (new.number, new.parent, new.author) == (3, version, olga)
    assert [file.path for file in new.files.all()] == ["scripts/run.py"]
    assert ValidationReport.objects.filter(version=new, is_own=True).exists()
    now = Review.objects.get(pk=review.pk)
    assert (now.version, now.status) == (new, ReviewStatus.OPEN)
    assert version.skill.current_version_id != new.pk
    for row in Comment.objects.all():
        assert (row.state, row.accepted_in) == ("fixed", new)


def test_a_suggestion_takes_the_place_of_words_with_both_marks_of_each_pair(
    review: Review, ada: User, olga: User, version: SkillVersion
) -> None:
    newer = made.next_draft(version, "**Note:** do the first thing. See [a *guide*](x.md) then.", olga)
    move_review(review=review, version=newer, actor=olga, now=NOON, today=TODAY)
    review.refresh_from_db()
    rows = [
        made.comment(review, ada, quote="Note: do the first thing.", suggestion="Do the second thing."),
        made.comment(review, ada, "Later.", quote="guide then"),
    ]
    assert rows[0].quote == "**Note:** do the first thing."
    edit_draft(comment=rows[1], author=ada, text=CommentText("Now.", suggestion="one [b](y.md)"))
    rows[1].refresh_from_db()
    assert rows[1].quote == "[a *guide*](x.md) then"
    made.send(review, ada)

    new = accept(review, rows, olga, seen=3)

    assert "Do the second thing. See one [b](y.md)." in new.content


def test_a_suggestion_for_half_a_pair_of_tags_is_refused(
    review: Review, ada: User, olga: User, version: SkillVersion
) -> None:
    newer = made.next_draft(version, "Press <kbd>Enter</kbd> twice, and wait.", olga)
    move_review(review=review, version=newer, actor=olga, now=NOON, today=TODAY)
    review.refresh_from_db()

    with pytest.raises(ReviewRefused, match="only one half of a pair of HTML tags"):
        made.comment(review, ada, quote="Enter</kbd> twice", suggestion="x")


TABLE = "| Name | What |\n| ---- | ---- |\n| salt | white |\n| oil | yellow |"


@pytest.mark.parametrize("is_file", [False, True])
def test_suggested_edits_in_a_table_keep_its_rows(ada: User, olga: User, is_file: bool) -> None:
    files = (text_file("references/guide.md", f"# Guide\n\n{TABLE}\n"),) if is_file else ()
    version = made.draft("tools/two", "Short." if is_file else TABLE, author=olga, files=files)
    review = made.review(version, olga, ada)
    about = {"file": "references/guide.md"} if is_file else {}
    with pytest.raises(ReviewRefused, match="each on one line, with 2 cells"):
        made.comment(review, ada, quote="salt white", suggestion="pepper", **about)
    rows = [
        made.comment(review, ada, quote="salt", suggestion="pepper", **about),
        made.comment(review, ada, quote="| oil | yellow |" if is_file else "oil yellow", **about),
    ]
    assert rows[1].quote == ("| oil | yellow |" if is_file else "oil | yellow")
    with pytest.raises(ReviewRefused, match="each on one line, with 2 cells"):
        edit_draft(comment=rows[1], author=ada, text=CommentText("", suggestion="red"))
    red = rows[1].quote.replace("yellow", "red")
    edit_draft(comment=rows[1], author=ada, text=CommentText("", suggestion=red))
    made.send(review, ada)

    new = accept(review, rows, olga)

    text = new.files.get().text if is_file else new.content
    assert text is not None
    assert "| pepper | white |" in text
    assert "| oil | red |\n" in text


def test_a_row_that_is_taken_out_leaves_no_empty_line_in_the_table(ada: User, olga: User) -> None:
    guide = text_file("references/guide.md", f"# Guide\n\n{TABLE}\n")
    version = made.draft("tools/two", author=olga, files=(guide,))
    review = made.review(version, olga, ada)
    row = made.comment(review, ada, file=guide.path, quote="| salt | white |", suggestion="")
    made.send(review, ada)

    text = accept(review, [row], olga).files.get().text

    assert text == "# Guide\n\n| Name | What |\n| ---- | ---- |\n| oil | yellow |\n"


def test_suggestions_of_a_file_and_of_the_document_make_one_version(
    review: Review, ada: User, olga: User, version: SkillVersion
) -> None:
    version.files.update(is_executable=True)
    rows = [
        made.comment(review, ada, file="scripts/run.py", quote="print(1)", suggestion="print(2)"),
        made.comment(review, ada, quote="first sentence", suggestion="opening sentence"),
    ]
    made.send(review, ada)

    new = accept(review, rows, olga)

    assert "opening sentence" in new.content
    file = new.files.get()
    assert (file.path, file.text, file.size_bytes, file.is_executable) == (
        "scripts/run.py",
        "print(2)\n",
        9,
        True,
    )
    assert file.digest == text_file("scripts/run.py", "print(2)\n").digest
    assert not version.files.filter(digest=file.digest).exists()
    assert {row.accepted_in for row in Comment.objects.all()} == {new}


def test_a_suggestion_of_a_file_whose_words_or_which_itself_is_gone_is_refused(
    review: Review, ada: User, olga: User, version: SkillVersion
) -> None:
    row = made.comment(review, ada, file="scripts/run.py", quote="print(1)", suggestion="print(2)")
    other = made.comment(review, ada, file="scripts/run.py", quote="(1)", suggestion="(2)")
    same = made.comment(review, ada, file="scripts/run.py", quote="(1)", suggestion="(1)")
    made.send(review, ada)

    with pytest.raises(DocumentEditError, match="overlaps"):
        accept(review, [row, other], olga)
    with pytest.raises(ReviewRefused, match="change nothing"):
        accept(review, [same], olga)
    version.files.update(data=b"print(3)\n", text="print(3)\n")
    with pytest.raises(ReviewRefused, match=r"no longer there in scripts/run\.py"):
        accept(review, [row], olga)
    version.files.all().delete()
    with pytest.raises(
        ReviewRefused, match=r"scripts/run\.py that ada suggests to change is no longer there"
    ):
        accept(review, [row], olga)
    assert SkillVersion.objects.filter(skill=version.skill).count() == 2


def test_ones_own_edit_needs_another_reviewer(review: Review, ada: User, bea: User, olga: User) -> None:
    row = made.comment(review, ada, quote="first sentence", suggestion="opening sentence")
    made.send(review, ada)
    accept(review, [row], olga)

    sent = made.send(review, ada, Decision.APPROVE)

    assert "does not count" in sent.sentence
    assert sent.standing.num_approvals == 0


def test_suggestions_that_overlap_are_lost_or_change_nothing_are_refused(
    review: Review, ada: User, olga: User, version: SkillVersion
) -> None:
    one = made.comment(review, ada, quote="first sentence stands", suggestion="a")
    two = made.comment(review, ada, quote="sentence stands here", suggestion="b")
    same = made.comment(review, ada, quote="too little", suggestion="too little")
    plain = made.comment(review, ada, quote="too little")
    made.send(review, ada)

    with pytest.raises(DocumentEditError, match="overlaps"):
        accept(review, [one, two], olga)
    with pytest.raises(ReviewRefused, match="change nothing"):
        accept(review, [same], olga)
    with pytest.raises(ReviewRefused, match="Choose at least one"):
        accept(review, [plain], olga)
    newer = made.next_draft(version, "Everything is different now.", olga)
    move_review(review=review, version=newer, actor=olga, now=NOON, today=TODAY)
    with pytest.raises(ReviewMoved):
        accept(review, [one], olga, seen=2)
    with pytest.raises(ReviewRefused, match="no longer there"):
        accept(review, [one], olga, seen=3)
    assert SkillVersion.objects.filter(skill=version.skill).count() == 3
    assert not Comment.objects.exclude(state="open").exists()


def test_open_comments_become_the_request_of_a_generation(review: Review, ada: User, olga: User) -> None:
    with pytest.raises(ReviewRefused, match="nothing to generate"):
        request_from_review(review=review)
    quoted = made.comment(review, ada, "Give a number.", quote="says too little", is_blocking=True)
    gone = made.comment(review, ada, "Never mind.")
    made.comment(review, ada, "On the script.", file="scripts/run.py")
    made.send(review, ada)
    move_comment(comment=gone, state=DROPPED, actor=ada, now=NOON, today=TODAY, reason="r")
    add_reply(comment=Comment.objects.get(pk=quoted.pk), author=olga, body="Which one?", now=NOON)
    made.send(review, olga)
    made.comment(review, ada, "A draft.")

    request = request_from_review(review=review)

    assert f"[C{quoted.pk}] Section “One”, must be met, by ada:" in request.text
    assert "> says too little\nGive a number.\nolga: Which one?" in request.text
    assert "The file scripts/run.py, should be met" in request.text
    assert "Never mind" not in request.text
    assert "A draft" not in request.text
    assert (len(request.comment_ids), request.version_number) == (2, 2)


def test_what_was_seen_is_noted_for_one_person(version: SkillVersion, ada: User, bea: User) -> None:
    for _ in range(2):
        view_parts(user=ada, skill=version.skill, digests=["d1", "d2"], is_seen=True, now=NOON)
    view_parts(user=bea, skill=version.skill, digests=["d1"], is_seen=False, now=NOON)
    view_parts(user=ada, skill=version.skill, digests=["d1"], is_seen=False, now=NOON)

    assert list(SectionViewed.objects.values_list("user__username", "digest")) == [("ada", "d2")]
