"""What needs one person now: each kind of thing, for the right person, the oldest first, at a steady number of queries."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from fleet_site.needs_me import MOST_ITEMS, Needs, needs_of
from runs_app.domain.generation import GenerationStatus
from runs_app.models import Alert, AlertRule, Generation
from skills_app.domain.enums import Role
from skills_app.domain.reviewing.turns import AgeBand
from skills_app.domain.reviewing.verdicts import Decision
from skills_app.models import Comment, Review, SkillVersion
from skills_app.queries.reviews_for_queue import Shelf, queue_of
from tests.skills_app import review_makers as made
from tests.skills_app.review_makers import NOON, TODAY

pytestmark = pytest.mark.django_db


def needs(user: User, days: int = 0) -> Needs:
    return needs_of(user, now=NOON + timedelta(days=days), today=TODAY)


def said(user: User) -> list[tuple[str, str]]:
    return [(item.kind, item.title) for item in needs(user).items]


def generation(version: SkillVersion | None, user: User, status: GenerationStatus) -> Generation:
    return Generation.objects.create(
        task="Make a skill",
        requested_by=user,
        status=status,
        version=version,
        queued_at=NOON,
        finished_at=NOON,
        model="rehearsal",
    )


def test_a_review_needs_its_reviewer_with_its_age_and_what_is_left_to_read(olga: User, ada: User) -> None:
    made.review(made.draft(author=olga), olga, ada)

    item = needs(ada, days=4).items[0]

    assert (item.kind, item.title, item.age, item.band) == ("Review", "one version 2", "4 days", AgeBand.LATE)
    assert item.why == "Your verdict is asked for. 3 of 3 sections need you."
    assert said(olga) == []


@pytest.mark.parametrize(
    ("status", "way"),
    [("closed", "Copy it elsewhere"), ("rejected", "It can be sent once another version is under it")],
)
def test_drafts_of_a_review_that_ended_are_called_to_mind(
    olga: User, ada: User, status: str, way: str
) -> None:
    review = made.review(made.draft(author=olga), olga, ada)
    made.comment(review, ada, quote="second sentence")
    Review.objects.update(status=status, decided_at=NOON)

    (row,) = queue_of(ada, now=NOON, today=TODAY).drafts

    assert row.num_drafts == 1
    assert row.why == f"{status.capitalize()}. What you wrote was not sent. {way}, or throw it away."
    assert said(ada) == [("Drafts", "one version 2")]


def approved(path: str, opener: User, reviewer: User) -> None:
    made.send(made.review(made.draft(path, author=opener), opener, reviewer), reviewer, Decision.APPROVE)


def test_an_approved_version_needs_who_may_promote_it_where_its_opener_may_not(ada: User) -> None:
    lea = made.person("lea", Role.LAUNCHER)
    root = User.objects.create_superuser("root")
    approved("tools/one", lea, ada)
    owen = made.person("owen")
    assert said(lea) == []
    assert said(root) == [("Review", "one version 2")]

    made.person("owen", Role.CURATOR, branch="tools")
    made.draft("toolsmith/one")
    mia = made.person("mia", Role.MANAGER, branch="toolsmith")

    assert said(owen) == [("Review", "one version 2")]
    assert "Who opened it may not promote here, but you may." in needs(owen).items[0].why
    assert said(mia) == said(lea) == said(root) == []


def test_an_approved_version_needs_its_opener_alone_when_they_may_promote(olga: User, ada: User) -> None:
    owen = made.person("owen", Role.CURATOR)
    approved("tools/one", olga, ada)

    assert said(olga) == [("Review", "one version 2")]
    assert said(owen) == []
    assert queue_of(owen, now=NOON, today=TODAY).shelves[Shelf.WAITING] == ()


def test_many_approved_versions_take_the_queries_of_two(ada: User) -> None:
    lea, owen = made.person("lea", Role.LAUNCHER), made.person("owen", Role.CURATOR)
    counts = []
    for numbers in (range(2), range(2, 12)):
        for number in numbers:
            approved(f"tools/s{number}", lea, ada)
        with CaptureQueriesContext(connection) as queries:
            queue_of(owen, now=NOON, today=TODAY)
        counts.append(len(queries))

    assert counts[0] == counts[1]


def test_comments_that_were_not_sent_are_called_to_mind(olga: User, ada: User) -> None:
    review = made.review(made.draft(author=olga), olga, ada)
    bea = made.person("bea", Role.REVIEWER)
    made.comment(review, bea)
    Comment.objects.update(made_at=NOON - timedelta(days=2))

    items = needs(bea).items

    assert [(item.kind, item.why, item.age) for item in items] == [
        ("Drafts", "1 comment is written and not sent.", "2 days")
    ]


def test_a_made_draft_needs_who_asked_for_it_until_a_review_is_open(olga: User, ada: User) -> None:
    version = made.draft()
    generation(version, olga, GenerationStatus.PENDING_REVIEW)
    generation(None, olga, GenerationStatus.RUNNING)
    assert said(olga) == [("Draft", "Make a skill")]
    assert said(ada) == []

    made.review(version, ada, made.person("bea", Role.REVIEWER))

    assert said(olga) == []


def test_the_oldest_comes_first(olga: User, ada: User) -> None:
    first = made.review(made.draft("tools/late"), olga, ada)
    made.review(made.draft("tools/early"), olga, ada)
    first.requests.update(asked_at=NOON + timedelta(hours=2))

    assert [title for _, title in said(ada)] == ["early version 2", "late version 2"]


def test_what_is_too_much_is_said_and_not_shown(olga: User) -> None:
    for number in range(MOST_ITEMS + 3):
        generation(made.draft(f"t/s{number}"), olga, GenerationStatus.PENDING_REVIEW)

    found = needs(olga)

    assert len(found.items) == MOST_ITEMS
    assert found.has_more


def test_twenty_things_take_as_many_queries_as_two(olga: User, ada: User) -> None:
    def count() -> int:
        needs(ada)
        with CaptureQueriesContext(connection) as captured:
            needs(ada)
        return len(captured)

    def add(numbers: range) -> None:
        for number in numbers:
            made.review(made.draft(f"tools/s{number}"), olga, ada)
            generation(made.draft(f"made/s{number}"), ada, GenerationStatus.PENDING_REVIEW)

    add(range(2))
    few = count()
    add(range(2, 20))

    assert count() == few


def test_an_alert_needs_its_owner_until_it_is_seen(olga: User, ada: User) -> None:
    rule = AlertRule.objects.create(name="Gate of web", measure="gate", test="below", limit=0.9, owner=ada)
    Alert.objects.create(rule=rule, sentence="Only 40% pass.", raised_at=NOON - timedelta(days=1))

    (item,) = needs(ada).items

    assert (item.kind, item.title, item.why, item.url) == (
        "Alert",
        "Gate of web",
        "Only 40% pass.",
        "/alerts/",
    )
    assert said(olga) == []
    Alert.objects.update(seen_at=NOON)
    assert said(ada) == []


def test_the_first_page_lists_it(olga: User, ada: User) -> None:
    review = made.review(made.draft(author=olga), olga, ada)
    client = Client()
    client.force_login(ada)

    text = client.get("/").content.decode()

    assert f'href="{review.get_absolute_url()}"' in text
    assert "Your verdict is asked for." in text
