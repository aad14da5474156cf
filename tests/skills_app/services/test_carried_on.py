"""What goes on in the review of a later version after an earlier one ended: open comments, and whose text it is."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import User

from skills_app.domain.errors import ReviewRefused
from skills_app.domain.reviewing.comments import CommentState
from skills_app.domain.reviewing.standing import ReviewStatus
from skills_app.domain.reviewing.stops import StopKind
from skills_app.domain.reviewing.verdicts import Decision
from skills_app.models import AuditEntry, Comment, Review, SkillVersion
from skills_app.queries.review_standing import stops_of_version
from skills_app.services.accept_suggestions import accept_suggestions
from skills_app.services.add_comment import add_reply
from skills_app.services.edit_gate import edit_gate
from skills_app.services.open_review import end_review, move_review
from skills_app.services.restore_version import restore_version
from skills_app.services.send_review import undo_verdict
from tests.skills_app import review_makers as made
from tests.skills_app.promotion_makers import OPEN_GATE
from tests.skills_app.review_makers import NOON, TODAY

pytestmark = pytest.mark.django_db
A, R, X = Decision.APPROVE, Decision.REQUEST_CHANGES, Decision.REJECT


@pytest.fixture
def version(olga: User) -> SkillVersion:
    edit_gate(data=OPEN_GATE, actor=olga, reason="for tests")
    return made.draft(author=olga)


def kinds(version: SkillVersion) -> list[StopKind]:
    return [stop.kind for stop in stops_of_version(made.version_of(version.pk), today=TODAY)]


def end(review: Review, actor: User, status: ReviewStatus = ReviewStatus.WITHDRAWN) -> None:
    end_review(review=review, actor=actor, status=status, reason="It ends.", now=NOON)


@pytest.mark.parametrize("way", [ReviewStatus.REJECTED, ReviewStatus.WITHDRAWN, ReviewStatus.CLOSED])
def test_an_open_block_goes_on_in_the_review_of_a_later_version_however_the_earlier_one_ended(
    version: SkillVersion, olga: User, ada: User, bea: User, way: ReviewStatus
) -> None:
    first = made.review(version, olga, ada)
    block = made.comment(first, ada, is_blocking=True, quote="second sentence")
    fixed, draft = made.comment(first, ada), made.comment(first, bea)
    made.send(first, ada, X if way is ReviewStatus.REJECTED else R, "unsafe")
    reply = add_reply(comment=Comment.objects.get(pk=block.pk), author=olga, body="So.", now=NOON)
    Comment.objects.filter(pk=fixed.pk).update(state=CommentState.FIXED)
    if way is not ReviewStatus.REJECTED:
        end(first, olga, way)
    between = made.next_draft(version, f"Some words come first. {made.BODY}", olga)
    later = made.next_draft(between, f"More words come first. {made.BODY}", olga)

    second = made.review(later, olga, bea)
    made.send(second, bea, A)

    assert second != first
    assert set(second.comments.all()) == {block, reply}
    assert set(first.comments.all()) == {fixed, draft}
    assert kinds(later) == [StopKind.COMMENT]
    assert AuditEntry.objects.get(verb="took_open_comments").after["comments"] == [block.pk]


def test_a_comment_goes_on_from_the_version_that_it_was_written_on_though_its_review_moved_elsewhere(
    version: SkillVersion, olga: User, ada: User
) -> None:
    first = made.review(version, olga, ada)
    block = made.comment(first, ada, is_blocking=True)
    made.send(first, ada, R, "unsafe")
    aside = made.next_draft(version, "Everything is another thing.", olga)
    move_review(review=first, version=aside, actor=olga, now=NOON, today=TODAY)
    of_aside = made.comment(first, ada)
    made.send(first, ada)
    end(first, olga)

    second = made.review(made.next_draft(version, f"Words. {made.BODY}", olga), olga, ada)

    assert set(second.comments.all()) == {block}
    assert set(first.comments.all()) == {of_aside}


def test_a_review_that_moves_takes_the_open_comments_of_what_the_version_came_from(
    version: SkillVersion, olga: User, ada: User
) -> None:
    between = made.next_draft(version, f"Words. {made.BODY}", olga)
    ended = made.review(between, olga, ada)
    block = made.comment(ended, ada, is_blocking=True)
    made.send(ended, ada, R, "unsafe")
    end(ended, olga)
    later = made.next_draft(between, f"More words. {made.BODY}", olga)
    review = made.review(version, olga, ada)

    move_review(review=review, version=later, actor=olga, now=NOON, today=TODAY)

    assert set(review.comments.all()) == {block}


def test_a_restored_version_has_the_open_comments_of_the_one_that_it_repeats(
    version: SkillVersion, olga: User, ada: User
) -> None:
    ended = made.review(version, olga, ada)
    block = made.comment(ended, ada, is_blocking=True)
    made.send(ended, ada, X, "unsafe")
    assert version.parent
    made.next_draft(version.parent, "Another way from the first one.", olga)

    restored = restore_version(version=version, actor=olga, reason="again", now=NOON)

    assert set(made.review(made.version_of(restored.pk), olga, ada).comments.all()) == {block}


def test_comments_of_what_came_later_or_another_way_stay_where_they_are(
    version: SkillVersion, olga: User, ada: User
) -> None:
    assert version.parent
    aside = made.next_draft(version.parent, "Everything is another thing.", olga)
    for one in (aside, made.next_draft(version, f"Words. {made.BODY}", olga)):
        ended = made.review(one, olga, ada)
        made.comment(ended, ada, is_blocking=True)
        made.send(ended, ada, R, "unsafe")
        end(ended, olga)

    assert not made.review(version, olga, ada).comments.exists()


def test_a_rejection_whose_comments_went_on_in_another_review_is_not_taken_back(
    version: SkillVersion, olga: User, ada: User, bea: User
) -> None:
    first = made.review(version, olga, ada)
    block = made.comment(first, ada, is_blocking=True)
    sent = made.send(first, ada, X, "unsafe", now=NOON)
    assert sent.verdict
    later = made.next_draft(version, f"Words. {made.BODY}", olga)
    made.review(later, olga, bea)

    with pytest.raises(ReviewRefused, match="went on in another review"):
        undo_verdict(verdict=sent.verdict, actor=ada, now=NOON + timedelta(seconds=9), today=TODAY)

    assert not Comment.objects.get(pk=block.pk).is_draft


def test_a_block_stops_each_version_that_came_from_its_own_also_while_another_ones_review_has_it(
    version: SkillVersion, olga: User, ada: User, bea: User
) -> None:
    first = made.review(version, olga, ada)
    block = made.comment(first, ada, "Name the version", is_blocking=True)
    made.send(first, ada, R, "unsafe")
    aside = made.next_draft(version, "Everything is another thing.", olga)
    move_review(review=first, version=aside, actor=olga, now=NOON, today=TODAY)
    made.comment(first, ada, "Not for the others", is_blocking=True)
    made.send(first, ada)
    later = made.next_draft(version, f"Words. {made.BODY}", olga)

    second = made.review(later, olga, bea)
    made.send(second, bea, A)

    assert not second.comments.exists()
    (stop,) = stops_of_version(made.version_of(later.pk), today=TODAY)
    assert (stop.kind, stop.about) == (StopKind.COMMENT, str(block.pk))
    assert f"of ada on an earlier version, in review {first.pk}, is open" in stop.sentence
    Comment.objects.filter(pk=block.pk).update(state=CommentState.FIXED)
    assert kinds(later) == []


def counts(review: Review, reviewer: User) -> bool:
    """Whether an approval of the reviewer counts."""
    return made.send(review, reviewer, A).standing.num_approvals == 1


def with_suggestion(review: Review, author: User, accepter: User) -> SkillVersion:
    row = made.comment(review, author, quote="second sentence", suggestion="last sentence")
    made.send(review, author)
    accepted = accept_suggestions(
        review=review, comment_ids=[row.pk], actor=accepter, seen_number=2, now=NOON, today=TODAY
    )
    return made.version_of(accepted.pk)


def test_whose_suggestion_was_accepted_cannot_approve_it_in_another_review(
    version: SkillVersion, olga: User, ada: User, bea: User
) -> None:
    first = made.review(version, olga, ada)
    accepted = with_suggestion(first, ada, olga)
    end(first, olga)

    again = made.review(accepted, olga, ada, bea)

    assert set(again.makers.all()) == {olga, ada}
    assert not counts(again, ada)
    assert counts(again, bea)


def test_whose_suggestion_was_accepted_cannot_approve_a_later_version_either(
    version: SkillVersion, olga: User, ada: User, bea: User
) -> None:
    first = made.review(version, olga, ada)
    accepted = with_suggestion(first, ada, olga)
    end(first, olga)

    again = made.review(made.next_draft(accepted, f"Words. {made.BODY}", olga), olga, ada, bea)

    assert not counts(again, ada)
    assert counts(again, bea)


@pytest.mark.parametrize("is_moved", [True, False])
def test_who_wrote_the_version_before_cannot_approve_what_another_changed_a_little(
    version: SkillVersion, olga: User, ada: User, bea: User, is_moved: bool
) -> None:
    by_ada = made.next_draft(version, made.BODY.replace("sentence", "phrase"), ada)
    later = made.next_draft(by_ada, made.BODY.replace("sentence", "phrase").replace("too", "far too"), olga)
    if is_moved:
        review = made.review(version, olga, ada, bea)
        move_review(review=review, version=later, actor=olga, now=NOON, today=TODAY)
    else:
        review = made.review(later, olga)
        assert not review.requests.filter(reviewer=ada).exists()

    assert set(review.makers.all()) == {olga, ada}
    assert not counts(review, ada)
    assert counts(review, bea)


def test_who_wrote_what_others_approved_may_approve_what_comes_after(
    version: SkillVersion, olga: User, ada: User, bea: User
) -> None:
    by_ada = made.next_draft(version, "Nothing of that.", ada)
    first = made.review(by_ada, olga, bea)
    made.send(first, bea, A)
    end(first, olga)

    after = made.review(made.next_draft(by_ada, "Nothing of that, as was said.", olga), olga, ada)
    again = made.review(by_ada, olga, bea)

    assert set(after.makers.all()) == {olga}
    assert counts(after, ada)
    assert set(again.makers.all()) == {olga, ada}


def test_who_wrote_what_is_restored_cannot_approve_it_and_who_wrote_what_it_replaces_can(
    version: SkillVersion, olga: User, ada: User, bea: User
) -> None:
    by_ada = made.next_draft(version, "Nothing of that.", ada)
    assert version.parent
    made.next_draft(version.parent, "Another way from the first one.", bea)

    restored = restore_version(version=by_ada, actor=olga, reason="again", now=NOON)

    assert set(made.review(made.version_of(restored.pk), olga).makers.all()) == {olga, ada}
