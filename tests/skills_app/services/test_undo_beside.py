"""A rejection that is taken back after another review went on with its skill."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import User

from skills_app.domain.errors import ReviewRefused
from skills_app.domain.reviewing.comments import CommentState
from skills_app.domain.reviewing.standing import ReviewStatus
from skills_app.domain.reviewing.verdicts import Decision
from skills_app.models import Comment, Review, SkillVersion, Verdict
from skills_app.services.add_comment import add_reply
from skills_app.services.open_review import end_review, move_review
from skills_app.services.send_review import undo_verdict
from tests.skills_app import review_makers as made
from tests.skills_app.review_makers import NOON, TODAY

pytestmark = pytest.mark.django_db
A, R, X = Decision.APPROVE, Decision.REQUEST_CHANGES, Decision.REJECT


@pytest.fixture
def version(olga: User) -> SkillVersion:
    return made.draft(author=olga)


def rejected(version: SkillVersion, olga: User, ada: User) -> tuple[Review, Verdict]:
    """Have ada reject the version at noon; return its review and her verdict."""
    review = made.review(version, olga, ada)
    verdict = made.send(review, ada, X, "unsafe", now=NOON).verdict
    assert verdict
    return review, verdict


def with_comments(version: SkillVersion, olga: User, ada: User, bea: User) -> tuple[Review, Verdict]:
    """The same with a block of bea, sent before, and a comment of ada, sent with her verdict."""
    review = made.review(version, olga, ada, bea)
    made.comment(review, bea, "Name the version", is_blocking=True)
    made.send(review, bea, now=NOON)
    made.comment(review, ada, "Say why")
    verdict = made.send(review, ada, X, "unsafe", now=NOON).verdict
    assert verdict
    return review, verdict


def undo(verdict: Verdict, ada: User) -> Review:
    return undo_verdict(verdict=verdict, actor=ada, now=NOON + timedelta(seconds=9), today=TODAY)


def later(version: SkillVersion, olga: User, *reviewers: User) -> Review:
    """Open a review of a version that was made of this one."""
    return made.review(made.next_draft(version, f"Words. {made.BODY}", olga), olga, *reviewers)


def end(review: Review, olga: User) -> None:
    end_review(review=review, actor=olga, status=ReviewStatus.WITHDRAWN, reason="It ends.", now=NOON)


def state(review: Review) -> tuple[str, list[tuple[str, bool]]]:
    """Return the status of a review, and whose comments it has and which of them are drafts."""
    rows = [(row.author_name, row.is_draft) for row in review.comments.order_by("pk")]
    return Review.objects.get(pk=review.pk).status, rows


def test_it_is_refused_by_name_while_a_later_review_has_the_comments_of_others(
    version: SkillVersion, olga: User, ada: User, bea: User
) -> None:
    review = made.review(version, olga, ada, bea)
    made.comment(review, bea, is_blocking=True)
    made.send(review, bea, now=NOON)
    verdict = made.send(review, ada, X, "unsafe", now=NOON).verdict
    assert verdict
    second = later(version, olga, bea)

    with pytest.raises(
        ReviewRefused, match=f"went on in another review meanwhile, review {second.pk} of version 3"
    ):
        undo(verdict, ada)

    verdict.refresh_from_db()
    assert verdict.undone_at is None
    assert state(review) == ("rejected", [])
    assert state(second) == ("open", [("bea", False)])


def test_it_is_refused_by_name_while_a_later_version_is_under_review_without_any_comment(
    version: SkillVersion, olga: User, ada: User, bea: User
) -> None:
    review, verdict = rejected(version, olga, ada)
    second = later(version, olga, bea)

    with pytest.raises(ReviewRefused, match=f"opened meanwhile, review {second.pk} of version 3"):
        undo(verdict, ada)

    assert not Review.objects.get(pk=review.pk).is_live


def test_it_is_refused_by_name_while_a_review_of_an_earlier_version_took_comments_along(
    version: SkillVersion, olga: User, ada: User, bea: User
) -> None:
    review = made.review(version, olga, ada)
    made.comment(review, ada, is_blocking=True)
    made.send(review, ada, R, "unsafe", now=NOON)
    aside = made.next_draft(made.version_of(version.parent_id or 0), "Another thing.", olga)
    move_review(review=review, version=aside, actor=olga, now=NOON, today=TODAY)
    verdict = made.send(review, ada, X, "worse", now=NOON).verdict
    assert verdict
    again = made.review(version, olga, bea)

    with pytest.raises(
        ReviewRefused, match=f"went on in another review meanwhile, review {again.pk} of version 2"
    ):
        undo(verdict, ada)


def test_it_is_refused_by_name_while_the_same_version_is_under_review_again(
    version: SkillVersion, olga: User, ada: User, bea: User
) -> None:
    _, verdict = rejected(version, olga, ada)
    again = made.review(version, olga, bea)

    with pytest.raises(
        ReviewRefused, match=f"of this version was opened meanwhile, review {again.pk} of version 2"
    ):
        undo(verdict, ada)


def test_the_comments_come_back_when_the_later_review_ended_meanwhile(
    version: SkillVersion, olga: User, ada: User, bea: User
) -> None:
    review, verdict = with_comments(version, olga, ada, bea)
    second = later(version, olga, bea)
    assert state(second) == ("open", [("bea", False), ("ada", False)])
    end(second, olga)

    undo(verdict, ada)

    assert state(review) == ("open", [("bea", False), ("ada", True)])
    assert state(second) == ("withdrawn", [])
    assert list(second.went_on.all()) == list(review.comments.all())


def test_what_was_answered_or_closed_in_the_later_review_is_neither_lost_nor_doubled(
    version: SkillVersion, olga: User, ada: User, bea: User
) -> None:
    review, verdict = with_comments(version, olga, ada, bea)
    second = later(version, olga, bea)
    block, own = second.comments.order_by("pk")
    Comment.objects.filter(pk=block.pk).update(state=CommentState.FIXED)
    reply = add_reply(comment=Comment.objects.get(pk=own.pk), author=olga, body="So.", now=NOON)
    made.send(second, olga)
    end(second, olga)

    undo(verdict, ada)

    assert set(second.comments.all()) == {block}
    assert set(review.comments.all()) == {own, reply}
    assert not Comment.objects.get(pk=own.pk).is_draft


def test_a_comment_that_was_closed_meanwhile_is_no_draft_again(
    version: SkillVersion, olga: User, ada: User
) -> None:
    review = made.review(version, olga, ada)
    closed = made.comment(review, ada)
    verdict = made.send(review, ada, X, "unsafe", now=NOON).verdict
    assert verdict
    Comment.objects.filter(pk=closed.pk).update(state=CommentState.FIXED)

    undo(verdict, ada)

    assert not Comment.objects.get(pk=closed.pk).is_draft


def test_a_review_that_was_open_beside_it_before_or_of_another_draft_is_in_no_way(
    version: SkillVersion, olga: User, ada: User, bea: User
) -> None:
    later(version, olga, bea)
    Review.objects.update(opened_at=NOON - timedelta(hours=1), version_at=NOON - timedelta(hours=1))
    review, verdict = rejected(version, olga, ada)
    made.review(made.next_draft(made.version_of(version.parent_id or 0), "Another thing.", olga), olga, bea)

    undo(verdict, ada)

    assert Review.objects.get(pk=review.pk).is_live


def test_it_is_taken_back_beside_another_rejection_and_opens_nothing(
    version: SkillVersion, olga: User, ada: User, bea: User
) -> None:
    review = made.review(version, olga, ada, bea)
    first = made.send(review, ada, R, "wait", now=NOON).verdict
    made.send(review, bea, X, "unsafe", now=NOON)
    later(version, olga, bea)
    assert first

    undo(first, ada)

    assert Review.objects.get(pk=review.pk).status == ReviewStatus.REJECTED
