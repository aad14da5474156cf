"""The history of the taxonomy: why something was undone, who consented, facets of others, and more than one page."""

import pytest
from django.contrib.auth.models import User
from django.test import Client

from skills_app.domain.change_sets.operations import Move
from skills_app.models import Category, PlacementChange, RoleGrant, Skill
from skills_app.services.apply_change import accept_change, apply_change, undo_change
from skills_app.services.draft_change import draft_change, preview_change, propose_change
from skills_app.services.make_skill import make_skill
from skills_app.services.set_facets import set_facets

pytestmark = pytest.mark.django_db


@pytest.fixture
def ben(client: Client) -> User:
    for path in ("a/x", "a/y", "b/x"):
        make_skill(path=path)
    user = User.objects.create_user("ben")
    RoleGrant.objects.create(user=user, role="curator")
    client.force_login(user)
    return user


def shown(client: Client, query: str = "") -> str:
    return client.get(f"/taxonomy/changes/{query}").content.decode()


def draft(actor: User, title: str) -> PlacementChange:
    target, moved = Category.objects.get(path="b"), Skill.objects.get(path="a/y")
    change = draft_change(operations=[Move(target.key, skills=(moved.key,))], actor=actor, title=title)
    preview_change(change=change)
    return change


def test_why_something_was_undone_stands_in_the_history_and_on_its_page(client: Client, ben: User) -> None:
    change = draft(ben, "Tidy up")
    apply_change(change=change, actor=ben, expected_digest=change.digest)
    undo_change(change=change, actor=ben, reason="it broke a catalog")

    assert "Why it was undone: it broke a catalog" in shown(client)
    page = client.get(change.get_absolute_url()).content.decode()
    assert "Why it was undone: it broke a catalog" in page


def test_a_person_is_found_by_a_consent_alone_and_named(client: Client, ben: User) -> None:
    change = draft(ben, "Tidy up")
    propose_change(change=change, actor=ben, may_curate=[])
    carol, dan = User.objects.create_user("carol"), User.objects.create_user("dan")
    accept_change(change=change, actor=carol, may_curate=["a"], expected_digest=change.digest)
    accept_change(change=change, actor=dan, may_curate=["b"], expected_digest=change.digest)

    for name in ("ben", "carol", "dan"):
        assert "Tidy up" in shown(client, f"?person={name}"), name
    assert "Tidy up" not in shown(client, "?person=eve")
    assert "with the consent of carol, dan" in shown(client)


def test_a_long_history_has_pages_that_keep_what_was_chosen(
    client: Client, ben: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("skills_app.queries.changes_for_list.PER_PAGE", 2)
    for value in ("c", "go", "rust"):
        set_facets(skill=Skill.objects.get(path="a/x"), facets=[("lang", value)], actor_name="import")
    for number in range(5):
        propose_change(change=draft(ben, f"Step {number}."), actor=ben, may_curate=["a"])
    titles = [
        {n for n in range(5) if f"Step {n}." in shown(client, f"?person=ben&page={p}")} for p in (1, 2, 3)
    ]

    assert titles == [{3, 4}, {1, 2}, {0}]
    first = shown(client, "?person=ben")
    assert 'rel="next" href="?person=ben&amp;others=1&amp;page=2"' in first
    assert 'aria-label="Pages of change-sets"' in first
    assert "Pages of other changes" not in first
    others = shown(client, "?branch=a&page=2")
    assert 'rel="next" href="?branch=a&amp;page=2&amp;others=2"' in others
    assert "lang: rust" in others
    assert "lang: rust" not in shown(client, "?branch=a&page=2&others=2")


def test_facets_that_no_change_set_set_stand_in_the_history(client: Client, ben: User) -> None:
    set_facets(skill=Skill.objects.get(path="a/x"), facets=[("lang", "go")], actor_name="import")
    set_facets(skill=Skill.objects.get(path="a/x"), facets=[("lang", "c")], actor_name="import")

    for query in ("", "?branch=a", "?branch=a/x", "?person=import"):
        page = shown(client, query)
        assert "Facets set: a/x" in page, query
        assert '<td data-label="Before">lang: go</td><td data-label="After">lang: c</td>' in page
        assert '<td data-label="Before">(none)</td><td data-label="After">lang: go</td>' in page
    assert "Facets set" not in shown(client, "?branch=b")
