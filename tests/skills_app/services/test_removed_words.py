"""Comments on the older side of a difference: they hang on the base's text, and come back when the words do."""

import pytest
from django.contrib.auth.models import User

from skills_app.domain.errors import ReviewRefused
from skills_app.models import Comment, Review, SkillVersion
from skills_app.services.add_comment import CommentTarget, CommentText, add_comment, edit_draft
from skills_app.services.compare_comments import compare_comments
from skills_app.services.open_review import move_review
from skills_app.services.read_review import read_review
from skills_app.services.request_from_review import request_from_review
from skills_app.services.review_views import ReviewReader, ThreadView
from tests.skills_app import review_makers as made
from tests.skills_app.review_makers import NOON, TODAY

pytestmark = pytest.mark.django_db


@pytest.fixture
def version(olga: User) -> SkillVersion:
    return made.draft(author=olga)


@pytest.fixture
def review(version: SkillVersion, olga: User, ada: User) -> Review:
    return made.review(version, olga, ada)


def on_removed(
    review: Review, ada: User, quote: str = "An older body.", suggestion: str | None = None
) -> Comment:
    version = Review.objects.get(pk=review.pk).version
    return add_comment(
        review=review,
        version=version.skill.versions.get(number=1),
        author=ada,
        text=CommentText("Why is this gone?", suggestion=suggestion),
        target=CommentTarget(quote=quote),
        now=NOON,
        removed_by=version,
    )


def thread_of(review: Review, ada: User) -> ThreadView:
    fresh = Review.objects.get(pk=review.pk)
    for name in ("fetched_verdicts", "fetched_comments"):
        setattr(fresh, name, [])
    reading = read_review(review=fresh, reader=ReviewReader(ada), now=NOON, today=TODAY)
    return (*reading.threads, *reading.lost)[0]


def test_removed_words_are_quoted_from_the_base_and_stand_in_the_difference(
    review: Review, ada: User, version: SkillVersion
) -> None:
    row = on_removed(review, ada)

    thread = thread_of(review, ada)

    assert (row.version.number, row.quote, row.heading_path) == (1, "An older body.", ["One"])
    assert (thread.is_removed, thread.is_lost, thread.answer) == (True, False, None)
    assert thread.where == "removed, was in One of version 1"


def test_they_are_lost_in_later_versions_until_the_words_come_back(
    review: Review, ada: User, olga: User, version: SkillVersion
) -> None:
    on_removed(review, ada)
    made.send(review, ada)
    later = made.next_draft(version, "Yet another body.", olga)
    move_review(review=review, version=later, actor=olga, now=NOON, today=TODAY)
    lost = thread_of(review, ada)
    again = made.next_draft(later, "An older body. And more.", olga)
    move_review(review=review, version=again, actor=olga, now=NOON, today=TODAY)
    back = thread_of(review, ada)

    assert (lost.is_lost, lost.answer and lost.answer.answer) == (True, "partly met")
    assert lost.answer is not None
    assert "still removed" in lost.answer.sentence
    assert (back.kind, back.answer and back.answer.answer) == ("quote", "met")


def test_the_difference_and_the_request_say_that_the_words_are_removed(
    review: Review, ada: User, version: SkillVersion
) -> None:
    on_removed(review, ada)
    made.send(review, ada)

    compared = compare_comments(base=version.skill.versions.get(number=1), head=version)

    assert [row.answered for row in compared.rows] == [None]
    assert compared.sentence == ""
    assert "About this passage, which version 2 removed:" in request_from_review(review=review).text


def test_a_difference_answers_the_comments_on_all_versions_before_the_newer_one(
    review: Review, ada: User, olga: User, version: SkillVersion
) -> None:
    first = version.skill.versions.get(number=1)
    between = made.comment(review, ada, quote="says too little")
    made.send(review, ada)
    third = made.next_draft(version, made.BODY.replace("says too little", "says enough"), olga)
    move_review(review=review, version=third, actor=olga, now=NOON, today=TODAY)
    on_removed(review, ada, "An older body.")
    made.send(review, ada)

    rows = compare_comments(base=first, head=third).rows

    assert [(row.comment.pk == between.pk, row.answered and row.answered.answer) for row in rows] == [
        (True, "met"),
        (False, None),
    ]
    assert compare_comments(base=first, head=version).rows == ()


def test_removed_words_must_have_stood_there_and_are_not_edited(review: Review, ada: User) -> None:
    with pytest.raises(ReviewRefused, match="does not stand"):
        on_removed(review, ada, "first sentence")
    with pytest.raises(ReviewRefused, match="cannot be edited any more"):
        on_removed(review, ada, suggestion="x")
    draft = on_removed(review, ada)
    with pytest.raises(ReviewRefused, match="cannot be edited any more"):
        edit_draft(comment=draft, author=ada, text=CommentText("Why?", suggestion="x"))
