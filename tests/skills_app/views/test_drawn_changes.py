"""Which open change-set is drawn in the tree, and what a closed branch says of it."""

import re

import pytest
from django.contrib.auth.models import User
from django.test import Client

from skills_app.domain.change_sets.operations import MergeCategories, Move, Operation, Part, Rename, Split
from skills_app.domain.change_sets.rows import Kind
from skills_app.models import Category, PlacementChange, RoleGrant, Skill
from skills_app.services.draft_change import draft_change, preview_change, propose_change
from skills_app.services.make_skill import make_skill

pytestmark = pytest.mark.django_db


@pytest.fixture
def ben() -> User:
    for path in ("a/x", "a/n/q", "a/n/r", "b/y", "c/z"):
        make_skill(path=path)
    return User.objects.create_user("ben")


@pytest.fixture
def carol(ben: User, client: Client) -> Client:
    """Carol curates b."""
    user = User.objects.create_user("carol")
    RoleGrant.objects.create(user=user, role="curator", category=Category.objects.get(path="b"))
    client.force_login(user)
    return client


def place(path: str) -> str:
    return Category.objects.get(path=path).key


def skill(path: str) -> str:
    return Skill.objects.get(path=path).key


def proposed(actor: User, *operations: Operation, title: str = "") -> PlacementChange:
    change = draft_change(operations=operations, actor=actor, title=title)
    preview_change(change=change)
    return propose_change(change=change, actor=actor, may_curate=[])


def marks(page: str) -> dict[str, str]:
    """Return what the page says of each marked row, by path."""
    return dict(re.findall(r'data-path="([^"]+)"[^>]* data-marked>.*?taxo-mark">([^<]*)<', page, re.DOTALL))


def inside(page: str) -> dict[str, str]:
    """Return what each branch says of the rows below it, by path."""
    rows = re.split(r"<li class", page)
    found = (
        (re.search(r'data-path="([^"]+)"', row), re.search(r'taxo-inside">([^<]*)<', row)) for row in rows
    )
    return {path[1]: words[1] for path, words in found if path and words}


def test_a_proposal_is_drawn_for_its_owner_in_the_page_and_in_the_branches_that_open(
    ben: User, carol: Client
) -> None:
    change = proposed(ben, Move(place("b"), skills=(skill("a/n/q"),)), title="Nearer")
    tree = carol.get("/taxonomy/").content.decode()
    assert marks(tree) == inside(tree) == {}
    assert f"/taxonomy/?of={change.key}" in tree
    own = carol.get(change.get_absolute_url()).content.decode()
    assert f'href="/taxonomy/?of={change.key}&amp;at=a%2Fn&amp;at=b">Show in the tree' in own

    drawn = carol.get(f"/taxonomy/?of={change.key}&at=a/n").content.decode()
    assert marks(drawn) == {"a/n/q": "moves to b", "b": "1 arriving"}
    assert "the proposal" in drawn
    assert f'<input type="hidden" name="of" value="{change.key}">' in drawn
    fetched = re.findall(rf'data-branch="(/taxonomy/branches/{place("b")}/[^"]*)"', drawn)
    assert fetched == [f"/taxonomy/branches/{place('b')}/?of={change.key}"]
    rows = carol.get(fetched[0], headers={"X-Tree-Branch": "1"}).content.decode()
    assert "arrives from a/n/q" in rows


def test_what_is_no_open_change_set_is_not_drawn_and_ones_own_draft_is(ben: User, carol: Client) -> None:
    user = User.objects.get(username="carol")
    over = proposed(ben, Move(place("b"), skills=(skill("a/n/q"),)))
    PlacementChange.objects.filter(pk=over.pk).update(status="dropped")
    draft_change(operations=[Rename(Kind.CATEGORY, place("c"), "cc")], actor=user)
    for key in (over.key, "nothing", ""):
        page = carol.get(f"/taxonomy/?of={key}").content.decode()
        assert marks(page) == {"c": "becomes cc"}
        assert 'name="of"' not in page


def test_older_drafts_and_proposals_are_reached_from_the_tree_and_drawn(ben: User, carol: Client) -> None:
    user = User.objects.get(username="carol")
    older = draft_change(operations=[Rename(Kind.CATEGORY, place("c"), "cc")], actor=user, title="Older")
    newest = draft_change(operations=[Rename(Kind.CATEGORY, place("b"), "bb")], actor=user, title="Newest")
    draft_change(operations=[Rename(Kind.CATEGORY, place("a"), "aa")], actor=ben, title="Not hers")
    proposed(ben, Move(place("b"), skills=(skill("a/x"),)), title="Asked")

    page = carol.get("/taxonomy/").content.decode()
    others = page.split('class="taxo-others"')[1].split("</details>")[0]
    assert "2 other open change-sets" in others
    assert f'<a href="{older.get_absolute_url()}">Older</a>' in others
    assert "proposed by ben, 1 step" in others
    assert "Not hers" not in page
    assert newest.get_absolute_url() not in others
    assert marks(carol.get(f"/taxonomy/?of={older.key}").content.decode()) == {"c": "becomes cc"}


def test_a_closed_branch_counts_what_is_marked_below_it(ben: User, carol: Client) -> None:
    user = User.objects.get(username="carol")
    part = Part("newkey", place("b"), "fresh", skills=(skill("b/y"),))
    steps = [
        Move(place("c"), skills=(skill("a/n/q"), skill("a/n/r"))),
        Rename(Kind.SKILL, skill("a/x"), "xx"),
        Split(place("b"), (part,)),
    ]
    draft_change(operations=steps, actor=user)
    page = carol.get("/taxonomy/?at=a").content.decode()
    # Below b: the skill that splits off and the new category; c says itself what arrives.
    assert inside(page) == {"a": "3 changes inside", "a/n": "2 changes inside", "b": "2 changes inside"}
    assert marks(page) == {"a/x": "becomes xx", "c": "2 arriving"}


def test_the_count_of_a_merge_goes_as_deep_as_the_merge(ben: User, carol: Client) -> None:
    make_skill(path="b/n/s")
    user = User.objects.get(username="carol")
    draft_change(operations=[MergeCategories((place("a"),), place("b"))], actor=user)
    found = inside(carol.get("/taxonomy/?at=a&at=b").content.decode())
    assert found == {
        "a": "4 changes inside",  # x, n, n/q, n/r
        "a/n": "2 changes inside",
        "b": "1 change inside",  # n takes in two
    }


def test_what_is_not_drawn_of_many_arrivals_leads_to_the_page_that_names_all(
    ben: User, carol: Client
) -> None:
    many = tuple(make_skill(path=f"m/s{number:02}")[0].key for number in range(22))
    change = draft_change(operations=[Move(place("b"), (), many)], actor=User.objects.get(username="carol"))
    link = f'<a class="taxo-label" data-label href="{change.get_absolute_url()}">2 more</a>'
    assert link in carol.get("/taxonomy/?at=b").content.decode()
    rows = carol.get(f"/taxonomy/branches/{place('b')}/", headers={"X-Tree-Branch": "1"})
    assert link in rows.content.decode()
