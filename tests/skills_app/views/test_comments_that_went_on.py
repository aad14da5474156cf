"""Addresses and the page of an ended review whose comments went on in another one."""

import pytest
from django.contrib.auth.models import User
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from skills_app.domain.enums import Role
from skills_app.domain.reviewing.standing import ReviewStatus
from skills_app.domain.reviewing.verdicts import Decision
from skills_app.models import Comment, Review
from skills_app.services.add_comment import add_reply
from skills_app.services.open_review import end_review
from tests.skills_app import review_makers as made
from tests.skills_app.review_makers import NOON

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true"}


@pytest.fixture
def olga() -> User:
    return made.person("olga", Role.CURATOR)


@pytest.fixture
def ada() -> User:
    return made.person("ada", Role.REVIEWER)


@pytest.fixture
def block(olga: User, ada: User) -> Comment:
    """Ada's block of version 2, whose review was withdrawn; it went on in the review of version 3."""
    first = made.review(made.draft(author=olga), olga, ada)
    row = made.comment(first, ada, "Name <b>it</b>", is_blocking=True)
    made.send(first, ada, Decision.REQUEST_CHANGES, "unsafe")
    end_review(review=first, actor=olga, status=ReviewStatus.WITHDRAWN, reason="Again.", now=NOON)
    made.review(made.next_draft(first.version, f"Words. {made.BODY}", olga), olga, ada)
    return Comment.objects.get(pk=row.pk)


def client(user: User) -> Client:
    found = Client()
    found.force_login(user)
    return found


def ended() -> Review:
    return Review.objects.get(status=ReviewStatus.WITHDRAWN)


def post(user: User, name: str, comment: Comment, *, htmx: bool = False, **fields: str) -> HttpResponse:
    """Send a form of the ended review's page."""
    address = reverse(f"reviews:{name}", args=[ended().pk, comment.pk])
    return client(user).post(address, fields, headers=HTMX if htmx else {})


def test_the_ended_review_says_where_its_comments_went_and_each_place_leads_on(
    block: Comment, olga: User
) -> None:
    page = client(olga).get(ended().get_absolute_url()).content.decode()
    went = page.partition("1 comment of this review went on in")[2].partition("</div>")[0]

    assert f'<a href="{block.review.get_absolute_url()}">review {block.review.pk} of version 3</a>' in went
    assert f'<li id="comment-{block.pk}"' in went
    assert f'href="{block.review.get_absolute_url()}#comment-{block.pk}">C{block.pk} of ada</a>' in went
    assert "open, blocks: Name &lt;b&gt;it&lt;/b&gt;" in went
    assert "No comment yet" not in page
    assert "js/went_on" in page
    other = client(olga).get(block.review.get_absolute_url()).content.decode()
    assert "went on in" not in other
    assert "js/went_on" not in other


def test_the_address_of_a_comment_leads_to_where_it_stands_now(block: Comment, olga: User, ada: User) -> None:
    reply = add_reply(comment=block, author=ada, body="And soon.", now=NOON)
    now = f"{block.review.get_absolute_url()}#comment-{block.pk}"
    for review in (ended(), block.review):
        found = client(olga).get(reverse("reviews:comment", args=[review.pk, block.pk]))
        assert (found.status_code, found["Location"]) == (302, now)

    address = reverse("reviews:comment", args=[ended().pk, reply.pk])
    assert client(ada).get(address)["Location"] == now
    assert client(olga).get(address).status_code == 404
    stranger = made.review(made.draft("tools/two", author=olga), olga, ada)
    assert client(olga).get(reverse("reviews:comment", args=[stranger.pk, block.pk])).status_code == 404


def test_a_reply_and_a_state_from_the_old_page_reach_the_thread_where_it_is(
    block: Comment, olga: User, ada: User
) -> None:
    now = f"{block.review.get_absolute_url()}#comment-{block.pk}"

    replied = post(olga, "reply", block, body="So it is.")
    closed = post(ada, "state", block, htmx=True, state="fixed")

    assert (replied.status_code, replied["Location"]) == (302, now)
    assert (closed.status_code, closed["HX-Redirect"]) == (200, now)
    reply = Comment.objects.get(thread=block)
    assert (reply.review, reply.body) == (block.review, "So it is.")
    block.refresh_from_db()
    assert block.state == "fixed"
    assert post(olga, "draft", reply, body="So it was.")["Location"] == now
    reply.refresh_from_db()
    assert reply.body == "So it was."


def test_what_was_typed_on_the_old_page_is_kept_when_it_is_refused(block: Comment, ada: User) -> None:
    refused = post(ada, "state", block, state="dropped", reason=" ")

    assert refused.status_code == 422
    assert (
        f'action="{reverse("reviews:state", args=[block.review.pk, block.pk])}"' in refused.content.decode()
    )
    assert "Say why the comment is dropped" in refused.content.decode()


def test_a_comment_that_went_on_twice_leads_from_both_reviews(block: Comment, olga: User, ada: User) -> None:
    first, second = ended(), block.review
    end_review(review=second, actor=olga, status=ReviewStatus.WITHDRAWN, reason="Again.", now=NOON)
    third = made.review(made.next_draft(second.version, f"More words. {made.BODY}", olga), olga, ada)

    for review in (first, second):
        found = client(olga).get(reverse("reviews:comment", args=[review.pk, block.pk]))
        assert found["Location"] == f"{third.get_absolute_url()}#comment-{block.pk}"
        assert (
            f"review {third.pk} of version 4" in client(olga).get(review.get_absolute_url()).content.decode()
        )
