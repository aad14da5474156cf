"""What the queue says of approved versions whose promotion would be refused."""

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test.utils import CaptureQueriesContext

from skills_app.domain.enums import Role
from skills_app.domain.reviewing.comments import CommentState
from skills_app.domain.reviewing.verdicts import Decision
from skills_app.models import Comment, Review, SkillVersion
from skills_app.queries.review_standing import stops_of_version
from skills_app.queries.reviews_for_queue import queue_of
from skills_app.services.edit_gate import edit_gate
from skills_app.services.open_review import move_review
from tests.skills_app import review_makers as made
from tests.skills_app.promotion_makers import OPEN_GATE
from tests.skills_app.review_makers import NOON, TODAY

pytestmark = pytest.mark.django_db
A, R = Decision.APPROVE, Decision.REQUEST_CHANGES


@pytest.fixture
def people() -> tuple[User, User, User]:
    """Olga, who curates and so promotes, and ada and bea, who review."""
    olga = made.person("olga", Role.CURATOR)
    edit_gate(data=OPEN_GATE, actor=olga, reason="for tests")
    return olga, made.person("ada", Role.REVIEWER), made.person("bea", Role.REVIEWER)


def approved_beside_a_block(people: tuple[User, User, User], path: str = "tools/one") -> Review:
    """Have ada's block of a draft go to another one with its review, and bea approve what was made of the first."""
    olga, ada, bea = people
    first = made.draft(path, author=olga)
    review = made.review(first, olga, ada)
    made.comment(review, ada, "Name the version", is_blocking=True)
    made.send(review, ada, R, "unsafe")
    aside = made.next_draft(first, "Everything is another thing.", olga)
    move_review(review=review, version=aside, actor=olga, now=NOON, today=TODAY)
    second = made.review(made.next_draft(first, f"Words. {made.BODY}", olga), olga, bea)
    made.send(second, bea, A)
    return second


def told(user: User, review: Review) -> list[str]:
    """Return why a review is this person's turn."""
    mine = queue_of(user, now=NOON, today=TODAY).mine
    return [row.why for row in mine if row.review == review]


def test_what_a_block_of_another_review_stops_is_not_said_to_be_promoted(
    people: tuple[User, User, User],
) -> None:
    olga, ada, bea = people
    review = approved_beside_a_block(people)
    block = Comment.objects.get(is_blocking=True)

    assert told(olga, review) == told(bea, review) == []
    assert told(ada, review) == [
        f"Your blocking comment in review {block.review_id} stops this version, too. Say there whether it is met."
    ]
    assert len(stops_of_version(made.version_of(review.version_id), today=TODAY)) == 1
    Comment.objects.filter(pk=block.pk).update(state=CommentState.FIXED)
    assert told(ada, review) == []
    assert told(olga, review) == ["It is approved and may be promoted."]


def test_a_block_of_another_review_whose_writer_is_gone_is_for_the_owners(
    people: tuple[User, User, User],
) -> None:
    olga, ada, _ = people
    review = approved_beside_a_block(people)
    number = Comment.objects.get(is_blocking=True).review_id
    ada.delete()

    assert told(olga, review) == [f"A blocking comment in review {number} stops this version, too."]


def test_an_unrelated_draft_says_nothing_of_the_block(people: tuple[User, User, User]) -> None:
    olga, _, bea = people
    beside = approved_beside_a_block(people)
    first = SkillVersion.objects.get(skill=beside.skill, number=1)
    other = made.review(made.next_draft(made.version_of(first.pk), "Its own way.", olga), olga, bea)
    made.send(other, bea, A)

    assert told(olga, other) == ["It is approved and may be promoted."]


def test_what_the_gate_stops_is_not_said_to_be_promoted(people: tuple[User, User, User]) -> None:
    olga, _, bea = people
    conditions = [
        {"key": "lines", "kind": "fact", "fact": "body_lines", "at_most": 1},
        {"key": "words", "kind": "fact", "fact": "body_words", "at_most": 1},
    ]
    data = {**OPEN_GATE, "conditions": conditions}
    edit_gate(data=data, actor=olga, reason="for tests", expected_revision=1)
    review = made.review(made.draft(author=olga), olga, bea)
    made.send(review, bea, A)

    (why,) = told(olga, review)

    assert why.startswith("It is approved, but the gate stops its promotion: ")
    assert why.endswith(", and 1 more.")


def test_rows_with_blocks_in_other_reviews_take_no_query_more(people: tuple[User, User, User]) -> None:
    def num_queries(user: User) -> int:
        with CaptureQueriesContext(connection) as queries:
            assert queue_of(user, now=NOON, today=TODAY).mine
        return len(queries)

    approved_beside_a_block(people)
    few = [num_queries(user) for user in people[:2]]
    for number in range(6):
        approved_beside_a_block(people, f"tools/s{number}")

    assert [num_queries(user) for user in people[:2]] == few
