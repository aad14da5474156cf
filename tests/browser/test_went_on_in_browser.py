"""Old addresses of comments that went on in another review, in a real browser."""

import re

import pytest
from django.contrib.auth.models import User

from skills_app.domain.reviewing.standing import ReviewStatus
from skills_app.models import Comment, Review
from skills_app.services.open_review import end_review
from tests.browser.pages import Open, violations
from tests.browser.test_review_in_browser import review, version  # noqa: F401
from tests.browser.waiting import expect
from tests.skills_app import review_makers as made
from tests.skills_app.review_makers import NOON

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_an_old_address_of_a_comment_leads_to_where_it_stands_now(
    open_page: Open,
    review: Review,  # noqa: F811
) -> None:
    olga = User.objects.get(username="olga")
    block = Comment.objects.get(is_blocking=True)
    end_review(review=review, actor=olga, status=ReviewStatus.WITHDRAWN, reason="Again.", now=NOON)
    later = made.review(made.next_draft(review.version, f"Words. {made.BODY}", olga), olga)
    now = re.compile(rf"{later.get_absolute_url()}#comment-{block.pk}$")

    page = open_page(f"{review.get_absolute_url()}#comment-{block.pk}")
    expect(page).to_have_url(now)
    expect(page.get_by_label(f"Comment {block.pk} of bea")).to_be_visible()

    ended = open_page(review.get_absolute_url())
    expect(ended.get_by_text("2 comments of this review went on in")).to_be_visible()
    assert violations(ended) == []

    without = open_page(f"{review.get_absolute_url()}#comment-{block.pk}", java_script_enabled=False)
    without.get_by_role("link", name=f"C{block.pk} of bea").click()
    expect(without).to_have_url(now)
