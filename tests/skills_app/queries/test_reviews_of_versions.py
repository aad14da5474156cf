"""The review of each version in a list: as its verdicts stand today, stale with its reason, or how it ended."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from skills_app.domain.enums import Role
from skills_app.domain.reviewing.verdicts import Decision
from skills_app.models import SkillVersion
from skills_app.queries.reviews_of_versions import VersionReview, reviews_of_versions
from skills_app.services.edit_gate import edit_gate
from tests.skills_app import review_makers as made

pytestmark = pytest.mark.django_db
GATE = {
    "name": "open",
    "title": "Open",
    "conditions": [{"key": "lines", "kind": "fact", "fact": "body_lines", "at_most": 300}],
}


@pytest.fixture
def olga() -> User:
    olga = made.person("olga", Role.CURATOR)
    edit_gate(data=GATE, actor=olga, reason="for tests")
    return olga


def shown(version: SkillVersion, reader: User) -> VersionReview | None:
    return reviews_of_versions([version], reader, today=made.TODAY).get(version.pk)


def test_a_version_without_a_review_has_none(olga: User) -> None:
    assert shown(made.draft(author=olga), olga) is None


@pytest.mark.parametrize(
    ("decision", "status", "words"),
    [
        (None, "open", "0 of 1 approval so far."),
        (Decision.APPROVE, "approved", "Approved: 1 of 1 approval."),
        (Decision.REQUEST_CHANGES, "changes requested", "ada requested changes."),
        (Decision.REJECT, "rejected", ""),
    ],
)
def test_the_review_stands_as_its_verdicts_do(
    olga: User, ada: User, decision: Decision | None, status: str, words: str
) -> None:
    version = made.draft(author=olga)
    review = made.review(version, olga, ada)
    if decision:
        made.send(review, ada, decision, "as it is")

    found = shown(version, ada)

    assert found is not None
    assert (found.review.pk, found.status, found.sentence) == (review.pk, status, words)


def test_a_verdict_that_no_longer_counts_makes_it_stale_with_the_reason(olga: User, ada: User) -> None:
    version = made.draft(author=olga)
    review = made.review(version, olga, ada)
    made.send(review, ada, Decision.APPROVE)
    edit_gate(data={**GATE, "title": "Other"}, actor=olga, reason="another", expected_revision=1)

    found = shown(version, ada)

    assert found is not None
    assert found.status == "stale"
    assert "gate" in found.sentence.lower()


def test_the_last_review_of_a_version_is_shown(olga: User, ada: User) -> None:
    version = made.draft(author=olga)
    first = made.review(version, olga, ada)
    made.send(first, ada, Decision.REJECT, "no")
    second = made.open_review(
        version=version,
        opener=olga,
        now=made.NOON + timedelta(hours=1),
        today=made.TODAY,
        reviewers=(ada,),
    ).review

    found = shown(version, ada)

    assert found is not None
    assert (found.review.pk, found.status) == (second.pk, "open")


def test_the_list_of_versions_shows_it_with_as_many_queries_for_five_as_for_two(
    client: Client, olga: User, ada: User
) -> None:
    version = made.draft(author=olga)
    made.send(made.review(version, olga, ada), ada, Decision.REQUEST_CHANGES, "more")
    client.force_login(ada)
    address = f"/skills/{version.skill.key}/?tab=versions"
    client.get(address)
    with CaptureQueriesContext(
        connection,
    ) as few:
        page = client.get(address).content.decode()
    for number in range(3):
        version = made.next_draft(version, f"Another body {number}.", olga)
        made.send(made.review(version, olga, ada), ada, Decision.REQUEST_CHANGES, "more")
    with CaptureQueriesContext(connection) as many:
        client.get(address)

    assert "Changes requested" in page
    assert "ada requested changes." in page
    assert len(many) == len(few)
