"""A proposal that is declined or withdrawn says why, and who has to do with it is told."""

import pytest
from django.contrib.auth.models import User
from django.test import Client

from skills_app.domain.change_sets.operations import MergeCategories, Move
from skills_app.models import Category, Notice, PlacementChange, RoleGrant, Skill
from skills_app.services.apply_change import accept_change, apply_change, undo_change
from skills_app.services.draft_change import draft_change, preview_change, propose_change
from skills_app.services.make_skill import make_skill

pytestmark = pytest.mark.django_db


@pytest.fixture
def ben() -> User:
    for path in ("a/x", "b/y", "c/z"):
        make_skill(path=path)
    return curator("ben", "c")


def curator(name: str, branch: str) -> User:
    user = User.objects.create_user(name)
    RoleGrant.objects.create(user=user, role="curator", category=Category.objects.get(path=branch))
    return user


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def proposal(ben: User) -> PlacementChange:
    """Ben asks to move a skill from a to b, of which he curates neither."""
    skill, target = Skill.objects.get(path="a/x"), Category.objects.get(path="b")
    change = draft_change(
        operations=[Move(target.key, skills=(skill.key,))], actor=ben, title="Nearer", reason="r"
    )
    preview_change(change=change)
    return propose_change(change=change, actor=ben, may_curate=[])


def told(name: str) -> list[tuple[str, str]]:
    rows = Notice.objects.filter(person__username=name, seen_at=None)
    return list(rows.values_list("title", "text"))


def test_who_declines_says_why_and_the_author_is_told(proposal: PlacementChange, ben: User) -> None:
    carol, dan = curator("carol", "a"), curator("dan", "b")
    accept_change(change=proposal, actor=carol, may_curate=["a"], expected_digest=proposal.digest)
    client, url = signed_in(dan), proposal.get_absolute_url()

    assert 'name="reason" maxlength="2000" required' in client.get(url).content.decode()
    refused = client.post(f"{url}drop/", {"reason": "  "})
    assert refused.status_code == 422
    assert "Say why you decline it" in refused.content.decode()
    assert PlacementChange.objects.get(pk=proposal.pk).status == "proposed"

    assert client.post(f"{url}drop/", {"reason": "b is full"}).status_code == 302
    assert PlacementChange.objects.get(pk=proposal.pk).status == "dropped"
    assert told("ben") == [("dan declined “Nearer”", "You had proposed it. Why: b is full")]
    assert told("carol") == [("dan declined “Nearer”", "You had consented to it. Why: b is full")]
    assert told("dan") == []
    page = signed_in(ben).get(url).content.decode()
    assert "Why it was declined: b is full" in page
    assert "; declined by dan on " in page
    assert told("ben") == []
    history = client.get("/taxonomy/changes/").content.decode()
    assert "Why it was declined: b is full" in history
    assert ", declined by dan" in history


def test_who_withdraws_a_proposal_need_not_say_why_and_is_not_told(
    proposal: PlacementChange, ben: User
) -> None:
    carol = curator("carol", "a")
    accept_change(change=proposal, actor=carol, may_curate=["a"], expected_digest=proposal.digest)
    assert signed_in(ben).post(f"{proposal.get_absolute_url()}drop/").status_code == 302
    assert told("ben") == []
    assert told("carol") == [("ben withdrew “Nearer”", "You had consented to it.")]
    page = signed_in(carol).get(proposal.get_absolute_url()).content.decode()
    assert "; dropped by ben on " in page
    assert "Why it was" not in page


def test_the_author_is_told_when_the_last_consent_applies_the_proposal(
    proposal: PlacementChange, ben: User
) -> None:
    accept_change(
        change=proposal, actor=curator("carol", "a"), may_curate=["a"], expected_digest=proposal.digest
    )
    assert told("ben") == []
    accept_change(
        change=proposal, actor=curator("dan", "b"), may_curate=["b"], expected_digest=proposal.digest
    )
    assert told("ben") == [("dan applied “Nearer”", "You are told because of: your proposal.")]


def test_who_curates_a_category_that_was_merged_away_is_told_when_it_comes_back(ben: User) -> None:
    carol = curator("carol", "b")
    keys = [Category.objects.get(path=path).key for path in ("b", "a")]
    change = draft_change(operations=[MergeCategories((keys[0],), keys[1])], actor=ben, title="One less")
    preview_change(change=change)
    change = apply_change(change=change, actor=ben, expected_digest=change.digest)
    signed_in(carol).get(change.get_absolute_url())
    assert told("carol") == []

    undo_change(change=change, actor=ben)
    assert told("carol") == [("ben undid “One less”", "You are told because of: curator of b.")]


def test_who_declines_what_somebody_applied_meanwhile_is_told_who_did(proposal: PlacementChange) -> None:
    carol, dan = curator("carol", "a"), curator("dan", "b")
    for one, branch in ((carol, "a"), (dan, "b")):
        accept_change(change=proposal, actor=one, may_curate=[branch], expected_digest=proposal.digest)
    answer = signed_in(carol).post(f"{proposal.get_absolute_url()}drop/", {"reason": "no"})
    assert answer.status_code == 409
    assert "dan applied this change-set (" in answer.content.decode()
    assert PlacementChange.objects.get(pk=proposal.pk).status == "applied"
