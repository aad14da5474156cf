"""Bases by name: what a person last looked at, and what was last approved."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from skills_app.domain.documents import parse_document
from skills_app.domain.enums import Role
from skills_app.domain.reviewing.parts import parts_of
from skills_app.domain.reviewing.verdicts import Decision
from skills_app.models import Comment, SectionViewed, SkillVersion, Verdict
from skills_app.queries.compare_bases import approved_number, base_choices, looked_at_number
from tests.skills_app import review_makers as make

pytestmark = pytest.mark.django_db


@pytest.fixture
def people() -> dict[str, User]:
    return {name: make.person(name, Role.REVIEWER) for name in ("ada", "ben", "carol")}


@pytest.fixture
def chain(people: dict[str, User]) -> list[SkillVersion]:
    """Versions 2, 3 and 4 of a skill, all by ben; version 1 is the one it began with."""
    second = make.draft(author=people["ben"])
    third = make.next_draft(second, make.BODY + " A third sentence came.", people["ben"])
    return [second, third, make.next_draft(third, make.BODY + " A fourth sentence came.", people["ben"])]


def see(version: SkillVersion, user: User, *, but_last: bool = False) -> None:
    parts = parts_of(parse_document(version.content))
    for part in parts[: len(parts) - but_last]:
        SectionViewed.objects.get_or_create(
            user=user, skill=version.skill, digest=part.digest, defaults={"viewed_at": make.NOON}
        )


def decide(version: SkillVersion, people: dict[str, User], decision: Decision, **fields: Any) -> None:
    review = make.review(version, people["ben"], people["ada"])
    make.send(review, people["ada"], decision, "" if decision is Decision.APPROVE else "Say more.", **fields)


def test_a_person_looked_at_the_newest_version_that_they_decided_on(
    chain: list[SkillVersion], people: dict[str, User]
) -> None:
    decide(chain[0], people, Decision.REQUEST_CHANGES)
    assert looked_at_number(chain[2], people["ada"]) == 2
    assert looked_at_number(chain[0], people["ada"]) is None
    assert looked_at_number(chain[2], people["carol"]) is None


def test_a_version_counts_as_looked_at_once_comments_on_it_are_sent(
    chain: list[SkillVersion], people: dict[str, User]
) -> None:
    review = make.review(chain[1], people["ben"], people["ada"])
    make.comment(review, people["ada"])
    assert looked_at_number(chain[2], people["ada"]) is None
    make.send(review, people["ada"])
    assert looked_at_number(chain[2], people["ada"]) == 3
    assert looked_at_number(chain[1], people["ada"]) is None

    Comment.objects.update(version=chain[0].skill.versions.get(number=1), anchor={"removed_in": 2})
    assert looked_at_number(chain[2], people["ada"]) == 2


def test_a_verdict_taken_back_is_no_look(chain: list[SkillVersion], people: dict[str, User]) -> None:
    decide(chain[0], people, Decision.REQUEST_CHANGES)
    Verdict.objects.update(undone_at=make.NOON)
    assert looked_at_number(chain[2], people["ada"]) is None


def test_a_version_counts_as_looked_at_when_every_part_was_seen_and_not_before(
    chain: list[SkillVersion], people: dict[str, User]
) -> None:
    see(chain[1], people["ada"], but_last=True)
    assert looked_at_number(chain[2], people["ada"]) is None
    see(chain[1], people["ada"])
    assert looked_at_number(chain[2], people["ada"]) == 3


def test_a_file_that_was_not_seen_keeps_a_version_from_counting(people: dict[str, User]) -> None:
    from tests.skills_app.skill_makers import text_file

    second = make.draft(author=people["ben"], files=(text_file("scripts/run.sh", "echo one\n"),))
    third = make.next_draft(second, make.BODY + " More.", people["ben"])
    see(second, people["ada"])
    assert looked_at_number(third, people["ada"]) is None


def test_the_last_approved_version_had_all_its_approvals(
    chain: list[SkillVersion], people: dict[str, User]
) -> None:
    assert approved_number(chain[2]) is None
    decide(chain[0], people, Decision.APPROVE)
    assert approved_number(chain[2]) == 2
    chain[0].reviews.update(num_needed=2)
    assert approved_number(chain[2]) is None


def test_changes_that_were_asked_for_and_an_authors_own_word_are_no_approval(
    chain: list[SkillVersion], people: dict[str, User]
) -> None:
    decide(chain[0], people, Decision.REQUEST_CHANGES)
    assert approved_number(chain[2]) is None
    Verdict.objects.update(decision=Decision.APPROVE.value, reviewer=people["ben"], reviewer_name="ben")
    assert approved_number(chain[2]) is None


def test_choices_name_only_what_there_is(chain: list[SkillVersion], people: dict[str, User]) -> None:
    assert [(one.name, one.number) for one in base_choices(chain[2], people["ada"])] == [("parent", 3)]
    decide(chain[0], people, Decision.APPROVE)
    names = [(one.name, one.number) for one in base_choices(chain[2], people["ada"])]
    assert names == [("parent", 3), ("looked-at", 2), ("approved", 2)]


def test_the_compare_page_and_the_review_lead_to_both_bases(
    chain: list[SkillVersion], people: dict[str, User], client: Client
) -> None:
    decide(chain[0], people, Decision.APPROVE)
    client.force_login(people["ada"])
    address = f"/skills/{chain[0].skill.key}/compare/?head=4"
    page = client.get(address).content.decode()
    assert "what I last looked at: 2" in page
    assert "the last approved version: 2" in page
    for name in ("looked-at", "approved"):
        assert client.get(f"{address}&base={name}").context["base"].number == 2
    review = make.review(chain[2], people["ben"], people["ada"])
    shown = client.get(review.get_absolute_url()).content.decode()
    assert "Since you looked</a>" in shown
    assert "Since approved</a>" in shown


@pytest.mark.parametrize("name", ["looked-at", "approved"])
def test_a_base_that_does_not_exist_is_told_in_words(
    name: str, chain: list[SkillVersion], people: dict[str, User], client: Client
) -> None:
    client.force_login(people["ada"])
    assert client.get(f"/skills/{chain[0].skill.key}/compare/?head=4&base={name}").status_code == 404
