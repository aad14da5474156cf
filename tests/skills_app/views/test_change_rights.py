"""Who may consent to a change-set and undo it after its branches got other addresses, ended, or others came there."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from fleet_site.needs_me import needs_of
from skills_app.domain.change_sets.operations import MergeCategories, Move, Operation, Rename
from skills_app.domain.change_sets.rows import Kind
from skills_app.models import Category, PlacementChange, RoleGrant, Skill
from skills_app.services.apply_change import apply_change
from skills_app.services.draft_change import draft_change, preview_change, propose_change
from skills_app.services.make_skill import make_skill

pytestmark = pytest.mark.django_db


@pytest.fixture
def ben() -> User:
    for path in ("a/x", "b/x", "b/y", "b/n/q", "c/x"):
        make_skill(path=path)
    return person("ben")[0]


def person(name: str, *branches: str) -> tuple[User, Client]:
    """Return somebody who curates these branches, or the whole library."""
    user = User.objects.create_user(name)
    for path in branches:
        RoleGrant.objects.create(user=user, role="curator", category=Category.objects.get(path=path))
    if not branches:
        RoleGrant.objects.create(user=user, role="curator")
    client = Client()
    client.force_login(user)
    return user, client


def place(path: str) -> str:
    return Category.objects.get(path=path).key


def skill(path: str) -> str:
    return Skill.objects.get(path=path).key


def proposed(actor: User, *operations: Operation, may_curate: list[str]) -> PlacementChange:
    change = draft_change(operations=operations, actor=actor)
    preview_change(change=change)
    return propose_change(change=change, actor=actor, may_curate=may_curate)


def done(actor: User, *operations: Operation) -> PlacementChange:
    change = draft_change(operations=operations, actor=actor)
    preview_change(change=change)
    return apply_change(change=change, actor=actor, expected_digest=change.digest)


def forget_keys(change: PlacementChange) -> None:
    """Leave of a change-set what was stored before it kept keys."""
    impact = {name: value for name, value in change.impact.items() if name != "touched"}
    PlacementChange.objects.filter(pk=change.pk).update(impact=impact)


def undone(client: Client, change: PlacementChange) -> Any:
    return client.post(f"{change.get_absolute_url()}undo/", {"reason": "better there"})


def accepted(client: Client, change: PlacementChange) -> Any:
    client.get(change.get_absolute_url())
    change.refresh_from_db()
    return client.post(f"{change.get_absolute_url()}accept/", {"digest": change.digest})


@pytest.mark.parametrize("has_keys", [True, False])
def test_the_curator_of_a_branch_undoes_what_was_done_when_it_had_another_address(
    ben: User, has_keys: bool
) -> None:
    change = done(ben, Move(place("b/n"), skills=(skill("b/y"),)))
    if not has_keys:
        forget_keys(change)
    done(ben, Rename(Kind.CATEGORY, place("b"), "bb"))
    _, carol = person("carol", "bb")

    assert "Undo" in carol.get(change.get_absolute_url()).content.decode()
    assert undone(carol, change).status_code == 302
    assert Skill.objects.filter(path="bb/y").exists()


@pytest.mark.parametrize("has_keys", [True, False])
def test_who_curates_a_new_branch_at_the_old_address_may_not_undo(ben: User, has_keys: bool) -> None:
    change = done(ben, Move(place("b/n"), skills=(skill("b/y"),)))
    if not has_keys:
        forget_keys(change)
    done(ben, Rename(Kind.CATEGORY, place("b"), "bb"))
    make_skill(path="b/n/new")
    _, dan = person("dan", "b")

    assert 'id="undo-reason"' not in dan.get(change.get_absolute_url()).content.decode()
    assert undone(dan, change).status_code == 403
    change.refresh_from_db()
    assert change.status == "applied"
    assert undone(person("fay")[1], change).status_code == 302


def test_a_branch_that_has_ended_is_answered_for_by_who_took_it_over(ben: User) -> None:
    change = done(ben, MergeCategories((place("b/n"),), place("c")))
    done(ben, Rename(Kind.CATEGORY, place("c"), "cc"))

    assert undone(person("carol", "b")[1], change).status_code == 403
    assert undone(person("dan", "cc")[1], change).status_code == 403
    assert undone(person("eve", "b", "cc")[1], change).status_code == 302
    assert Skill.objects.filter(path="b/n/q").exists()


def test_a_new_branch_where_one_has_ended_does_not_answer_for_it(ben: User) -> None:
    change = done(ben, MergeCategories((place("b/n"),), place("c")))
    make_skill(path="b/n/new")
    _, dan = person("dan", "b/n", "c")
    _, eve = person("eve", "b", "c")

    assert undone(dan, change).status_code == 403
    assert undone(eve, change).status_code != 403


def test_a_proposal_waits_for_who_curates_the_branch_under_its_address_of_today(ben: User) -> None:
    carol, _ = person("carol", "a")
    change = proposed(carol, Move(place("a"), skills=(skill("b/y"),)), may_curate=["a"])
    done(ben, Rename(Kind.CATEGORY, place("b"), "bb"))
    make_skill(path="b/new")
    dan, dans = person("dan", "bb")
    eve, eves = person("eve", "b")

    found = [
        needs_of(User.objects.get(pk=one.pk), now=timezone.now(), today=timezone.localdate()).items
        for one in (dan, eve)
    ]
    assert [[item.kind for item in items] for items in found] == [["Proposal"], []]
    assert "as you curate bb." in found[0][0].why
    assert accepted(eves, change).status_code == 403
    assert "Waits for the consent of who curates bb." in eves.get(change.get_absolute_url()).content.decode()
    assert accepted(dans, change).status_code == 302
    change.refresh_from_db()
    assert change.status == "applied"


def test_a_consent_stays_with_the_branch_and_not_with_its_address(ben: User) -> None:
    carol, _ = person("carol", "c")
    change = proposed(carol, Move(place("c"), skills=(skill("b/y"),)), may_curate=["c"])
    PlacementChange.objects.filter(pk=change.pk).update(
        consents=[{"by": "carol", "branches": ["c"]}, {"by": "eve", "branches": ["b"]}]
    )
    done(ben, Rename(Kind.CATEGORY, place("b"), "bb"))
    page = person("fay", "a")[1].get(change.get_absolute_url()).content.decode()
    assert "Waits for the consent" not in page
    make_skill(path="b/new")
    page = person("gus", "a")[1].get(change.get_absolute_url()).content.decode()
    assert "Waits for the consent of who curates bb." in page


def test_steps_that_were_changed_since_they_were_shown_are_not_applied_by_rights_of_before(ben: User) -> None:
    carol, client = person("carol", "b")
    change = draft_change(operations=[Move(place("b/n"), skills=(skill("b/y"),))], actor=carol)
    preview_change(change=change)
    outside = [Move(place("b/n"), skills=(skill("a/x"),))]
    other = preview_change(change=draft_change(operations=outside, actor=carol)).digest
    draft_change(operations=outside, actor=carol, change=change)

    assert client.post(f"{change.get_absolute_url()}apply/", {"digest": other}).status_code in (403, 409)
    assert Skill.objects.filter(path="a/x").exists()
