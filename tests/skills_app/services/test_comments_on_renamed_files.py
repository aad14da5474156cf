"""Comments on a file of the bundle follow it when it is renamed, and no other file takes its place."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test.utils import CaptureQueriesContext

from skills_app.domain.diffing import FileState
from skills_app.domain.documents import parse_document
from skills_app.domain.enums import VersionOrigin
from skills_app.domain.renamed_files import renamed_files
from skills_app.models import Comment, Review, SkillVersion
from skills_app.queries.comment_paths import paths_in
from skills_app.services.accept_suggestions import accept_suggestions
from skills_app.services.add_comment import CommentTarget, CommentText, add_comment
from skills_app.services.add_version import add_version
from skills_app.services.answer_comments import answer_comments
from skills_app.services.open_review import move_review
from skills_app.services.read_review import read_review
from skills_app.services.request_from_review import request_from_review
from skills_app.services.review_views import ReviewReader, ReviewReading
from tests.skills_app import review_makers as made
from tests.skills_app.review_makers import NOON, TODAY
from tests.skills_app.skill_makers import text_file

LINES = "import sys\n\n\ndef run() -> None:\n    print(1)\n\n\nrun()\n"


def states(**files: str) -> list[FileState]:
    return [FileState(path, f"digest of {text}", len(text), text) for path, text in files.items()]


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ({"a": LINES}, {"b": LINES}, {"a": "b"}),
        ({"a": LINES}, {"b": LINES.replace("print(1)", "print(2)")}, {"a": "b"}),
        ({"a": LINES}, {"b": "Something else.\nEntirely.\n"}, {}),
        ({"a": LINES}, {"a": LINES, "b": LINES}, {}),
        ({"a": LINES}, {"b": LINES + "x\n", "c": LINES + "y\n"}, {}),
        ({"a": LINES}, {"b": LINES + "x\n", "c": LINES + "y\nz\nw\n"}, {"a": "b"}),
        ({"a": "", "b": LINES}, {"c": "", "d": LINES}, {"b": "d"}),
    ],
)
def test_a_file_is_found_again_by_its_content(
    before: dict[str, str], after: dict[str, str], expected: dict[str, str]
) -> None:
    assert renamed_files(states(**before), states(**after)) == expected


@pytest.fixture
def version(olga: User) -> SkillVersion:
    return made.draft(author=olga, files=(text_file("scripts/run.py", LINES),))


@pytest.fixture
def review(version: SkillVersion, olga: User, ada: User) -> Review:
    return made.review(version, olga, ada)


def next_version(of: SkillVersion, **files: str) -> SkillVersion:
    added = add_version(
        skill=of.skill,
        content=of.content,
        origin=VersionOrigin.EDIT,
        made_at=NOON + timedelta(hours=of.number),
        files=tuple(text_file(path.replace("_", "/") + ".py", text) for path, text in files.items()),
        parent=of,
        becomes_current=False,
    )
    return made.version_of(added.version.pk)


def read(review: Review, reader: User) -> ReviewReading:
    for name in ("fetched_verdicts", "fetched_comments"):
        setattr(review, name, [])
    return read_review(review=review, reader=ReviewReader(reader), now=NOON, today=TODAY)


@pytest.mark.django_db
def test_comments_and_their_edits_follow_a_file_that_is_renamed_and_changed(
    review: Review, version: SkillVersion, ada: User, olga: User
) -> None:
    whole = made.comment(review, ada, "Is it safe?", file="scripts/run.py")
    edit = made.comment(review, ada, "", file="scripts/run.py", quote="print(1)", suggestion="print(3)")
    made.send(review, ada)
    renamed = next_version(version, scripts_start=LINES)
    changed = next_version(renamed, tools_start="x = 1\n" + LINES)
    move_review(review=review, version=changed, actor=olga, now=NOON, today=TODAY)
    fresh = Review.objects.get(pk=review.pk)

    reading = read(fresh, ada)

    assert [thread.where for thread in reading.threads] == [
        "tools/start.py, was scripts/run.py",
        "tools/start.py, line 6, was scripts/run.py",
    ]
    assert [view.num_open for view in reading.parts if view.part.path] == [2]
    answers = {thread.comment.pk: thread.answer.answer for thread in reading.threads if thread.answer}
    assert answers == {whole.pk: "partly met", edit.pk: "not met"}
    asked = request_from_review(review=fresh)
    assert [one.path for one in asked.files] == ["tools/start.py"]
    assert "The file tools/start.py, should be met" in asked.text
    new = accept_suggestions(
        review=fresh, comment_ids=[edit.pk], actor=olga, seen_number=4, now=NOON, today=TODAY
    )
    assert [(file.path, "print(3)" in (file.text or "")) for file in new.files.all()] == [
        ("tools/start.py", True)
    ]


@pytest.mark.django_db
def test_a_file_that_is_gone_keeps_its_path_and_its_comment_is_lost(
    review: Review, version: SkillVersion, ada: User
) -> None:
    row = made.comment(review, ada, file="scripts/run.py")
    gone = next_version(version, scripts_other="# Nothing of the sort.\n")

    assert paths_in(gone, [row]) == {row.pk: "scripts/run.py"}
    answers = answer_comments(version=gone, document=parse_document(gone.content), comments=[row])
    assert answers[row.pk].sentence == "The file is gone."


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("text", "where", "is_lost"),
    [
        (LINES, "scripts/run.py, line 5", False),
        ("x = 1\n" + LINES, "scripts/run.py, line 6", False),
        (LINES + "    print(1)\n", "scripts/run.py, line 5", False),
        (LINES + LINES, "was in scripts/run.py of version 2", True),
        (LINES.replace("print(1)", "print(2)"), "was in scripts/run.py of version 2", True),
        (None, "was in scripts/run.py of version 2", True),
    ],
)
def test_quoted_words_of_a_file_stand_at_their_line_or_are_lost_though_the_file_is_there(
    review: Review, version: SkillVersion, ada: User, olga: User, text: str | None, where: str, is_lost: bool
) -> None:
    whole = made.comment(review, ada, "Is it safe?", file="scripts/run.py")
    quoted = made.comment(review, ada, "Two.", file="scripts/run.py", quote="print(1)", suggestion="print(2)")
    made.send(review, ada)
    later = next_version(version, scripts_run=text or "", scripts_more="more\n")
    later.files.filter(path="scripts/run.py").update(text=text)
    move_review(review=review, version=later, actor=olga, now=NOON, today=TODAY)

    reading = read(Review.objects.get(pk=review.pk), ada)

    assert {thread.comment.pk: thread.where for thread in (*reading.threads, *reading.lost)} == {
        whole.pk: "scripts/run.py",
        quoted.pk: where,
    }
    assert [thread.comment.pk for thread in reading.lost] == ([quoted.pk] if is_lost else [])
    opened = {view.part.path: view.num_open for view in reading.parts if view.part.path}
    assert opened == {"scripts/run.py": 1 if is_lost else 2, "scripts/more.py": 0}
    assert not any(thread.target for thread in reading.threads)


TWICE = "def one():\n    print(1)\n\n\ndef two():\n    print(1)\n\n\none()\ntwo()\n"


@pytest.mark.django_db
@pytest.mark.parametrize(("line", "number"), [(2, 0), (6, 1)])
def test_of_words_that_stand_twice_each_is_carried_answered_and_edited_by_itself(
    ada: User, olga: User, line: int, number: int
) -> None:
    version = made.draft("tools/two", author=olga, files=(text_file("scripts/run.py", TWICE),))
    review = made.review(version, olga, ada)
    row = made.comment(
        review, ada, file="scripts/run.py", quote="print(1)", line=line, suggestion=f"print('{line}')"
    )
    made.send(review, ada)
    renamed = next_version(version, scripts_start="import sys\n\n\n" + TWICE)
    move_review(review=review, version=renamed, actor=olga, now=NOON, today=TODAY)

    (thread,) = read(Review.objects.get(pk=review.pk), ada).threads
    assert thread.where == f"scripts/start.py, line {line + 3}, was scripts/run.py"
    assert thread.answer is not None
    assert thread.answer.answer == "not met"
    accepted = accept_suggestions(
        review=review, comment_ids=[row.pk], actor=olga, seen_number=renamed.number, now=NOON, today=TODAY
    )

    expected = ["    print(1)", "    print(1)"]
    expected[number] = f"    print('{line}')"
    text = accepted.files.get().text
    assert text is not None
    assert [one for one in text.split("\n") if "print" in one] == expected


@pytest.mark.django_db
def test_removed_words_that_stood_twice_are_not_back_while_only_the_others_stand(
    ada: User, olga: User
) -> None:
    first = made.draft("tools/two", author=olga, files=(text_file("scripts/run.py", TWICE),))
    removed = next_version(first, scripts_run=TWICE.replace("    print(1)", "    pass", 1))
    review = made.review(removed, olga, ada)
    row = add_comment(
        review=review,
        version=first,
        author=ada,
        text=CommentText("Why is it gone?"),
        target=CommentTarget(quote="print(1)", path="scripts/run.py", line=2),
        now=NOON,
        removed_by=removed,
    )
    made.send(review, ada)
    still = next_version(removed, scripts_run=TWICE.replace("    print(1)", "    return", 1))
    back = next_version(still, scripts_run=TWICE + "one()\n")
    comment = [Comment.objects.get(pk=row.pk)]
    document = parse_document(back.content)

    found = [
        answer_comments(version=one, document=document, comments=comment)[row.pk].answer
        for one in (still, back)
    ]

    assert row.anchor["removed_in"] == removed.number
    assert found == ["partly met", "met"]


@pytest.mark.django_db
def test_many_comments_are_followed_with_the_queries_of_one(
    review: Review, version: SkillVersion, ada: User
) -> None:
    rows = [made.comment(review, ada, file="scripts/run.py") for _ in range(8)]
    later = next_version(version, scripts_start=LINES)
    counts = []
    for some in (rows[:1], rows):
        with CaptureQueriesContext(connection) as queries:
            assert set(paths_in(later, some).values()) == {"scripts/start.py"}
        counts.append(len(queries))

    assert counts == [4, 4]
