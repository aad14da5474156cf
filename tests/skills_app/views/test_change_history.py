"""The history of the taxonomy: why something was undone, who consented, facets of others, and more than one page."""

import re

import pytest
from django.contrib.auth.models import User
from django.test import Client

from fleet_site import people
from skills_app.domain.change_sets.operations import Move
from skills_app.domain.enums import DependencyKind, Role
from skills_app.domain.records import DependencyRecord
from skills_app.models import Category, PlacementChange, RoleGrant, Skill
from skills_app.queries.changes_for_list import people_of_changes
from skills_app.queries.other_changes import other_changes_for_list
from skills_app.services.add_alias import add_alias, add_category_alias
from skills_app.services.apply_change import accept_change, apply_change, undo_change
from skills_app.services.draft_change import draft_change, preview_change, propose_change
from skills_app.services.make_skill import make_skill
from skills_app.services.record_audit import record_audit
from skills_app.services.set_dependencies import set_dependencies
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
    for module in ("changes_for_list", "other_changes"):
        monkeypatch.setattr(f"skills_app.queries.{module}.PER_PAGE", 2)
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


def test_who_came_to_look_after_a_branch_and_who_ceased_to_stands_in_the_history(
    client: Client, ben: User
) -> None:
    carol, branch = User.objects.create_user("carol"), Category.objects.get(path="a")
    User.objects.create_superuser("root")  # There has to be an admin.
    people.grant_role(actor=ben, user=carol, role=Role.CURATOR, branch=branch)
    people.grant_role(actor=ben, user=carol, role=Role.REVIEWER, branch=branch)
    people.invite_person(actor=ben, username="dan", role=Role.MANAGER, branch=None)
    people.revoke_role(actor=ben, grant=RoleGrant.objects.get(user=carol, role="curator"))

    def told(query: str) -> list[tuple[str, ...]]:
        rows = others(client, query)
        return [row for row in rows if row[0].startswith("Role")]

    given = ("Role given: carol", "(none)", "curator of a", "ben")
    taken = ("Role taken: carol", "curator of a", "(none)", "ben")
    whole = ("Role given: dan", "(none)", "manager of the library", "ben")
    assert told("") == told("?person=ben") == [taken, whole, given]
    assert told("?branch=a") == told("?person=carol") == [taken, given]
    assert told("?branch=b") == []


def test_links_and_what_a_scan_found_stand_in_the_history_of_the_branch(client: Client, ben: User) -> None:
    skill = Skill.objects.get(path="a/x")
    needs, sees = DependencyKind.REQUIRED, DependencyKind.SEE_ALSO
    set_dependencies(skill=skill, dependencies=[DependencyRecord(needs, "a/y")], actor_name="carol")
    set_dependencies(skill=skill, dependencies=[DependencyRecord(sees, "b/x")], actor_name="carol")
    set_dependencies(skill=skill, dependencies=[DependencyRecord(sees, "b/x", "alike")], actor_name="carol")
    record_audit(
        verb="indexed_skill",
        target_kind="skill",
        target_key=skill.key,
        actor_name="scan",
        before={"external_id": "", "status": "active"},
        after={"external_id": "old/x", "status": "archived"},
    )

    assert others(client, "?branch=a")[:4] == [
        ("Skill read from an index: a/x", "active", "archived, id old/x", "scan"),
        ("Links set: a/x", "(the same)", "(other reasons)", "carol"),
        ("Links set: a/x", "required: a/y", "see also: b/x", "carol"),
        ("Links set: a/x", "(none)", "required: a/y", "carol"),
    ]
    assert ("Skill made", "(new)", "b/x", "system") in others(client, "?branch=b")
    assert not [row for row in others(client, "?branch=b") if row[0].startswith(("Links", "Skill read"))]


def others(client: Client, query: str) -> list[tuple[str, ...]]:
    """Return what the table below the change-sets says: what, before, after, and by whom."""
    table = shown(client, query).partition("Outside of change-sets")[2]
    cells = r'<th scope="row">([^<]*)</th><td[^>]*>([^<]*)</td><td[^>]*>([^<]*)</td><td[^>]*>([^<]*)</td>'
    return re.findall(cells, table)


def test_an_address_that_was_added_says_of_what_it_is(client: Client, ben: User) -> None:
    add_alias(path="old/x", skill=Skill.objects.get(path="a/x"), actor_name="ben")
    add_category_alias(path="c", category=Category.objects.get(path="b"), actor_name="ben")
    rows = other_changes_for_list().object_list
    told = {(one.of, one.after) for one in rows if one.what == "Address added"}
    assert told == {("a/x", "old/x"), ("b", "c")}
    assert "Address added: a/x" in shown(client)


def test_branches_and_people_of_the_history_are_offered_to_choose_from(client: Client, ben: User) -> None:
    carol = User.objects.create_user("carol")
    change = draft(ben, "Tidy up")
    draft(User.objects.create_user("dave"), "Not yet")
    assert people_of_changes() == []
    apply_change(change=change, actor=carol, expected_digest=change.digest)
    assert people_of_changes() == ["ben", "carol"]
    page = shown(client)
    for value in ("a", "b", "ben", "carol"):
        assert f'<option value="{value}"></option>' in page
    assert '<option value="dave">' not in page
