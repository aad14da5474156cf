"""What a draft says of what others changed since its author saw the tree."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from skills_app.domain.change_sets.operations import MergeCategories, Move, Operation, Rename
from skills_app.domain.change_sets.rows import Kind
from skills_app.models import Category, PlacementChange, RoleGrant, Skill
from skills_app.services.apply_change import apply_change, undo_change
from skills_app.services.draft_change import draft_change, preview_change
from skills_app.services.make_skill import make_skill
from skills_app.services.place_skill import place_skill

pytestmark = pytest.mark.django_db


@pytest.fixture
def ben(client: Client) -> Client:
    for path in ("a/x", "a/n/q", "b/y", "c/z", "d/e"):
        make_skill(path=path)
    client.force_login(curator("ben"))
    return client


def curator(name: str) -> User:
    user = User.objects.create_user(name)
    RoleGrant.objects.create(user=user, role="curator")
    return user


def place(path: str) -> str:
    return Category.objects.get(path=path).key


def skill(path: str) -> str:
    return Skill.objects.get(path=path).key


def drafted(client: Client, **words: str) -> PlacementChange:
    """Add a step by the form of the tree and look at the draft."""
    response = client.post("/taxonomy/steps/add/", words)
    assert response.status_code == 302
    client.get(response["Location"])
    return PlacementChange.objects.get(key=response["Location"].split("/")[-2])


def done(actor: User, *operations: Operation, title: str = "Tidy up") -> PlacementChange:
    change = draft_change(operations=operations, actor=actor, title=title)
    preview_change(change=change)
    return apply_change(change=change, actor=actor, expected_digest=change.digest)


def meanwhile(client: Client, change: PlacementChange) -> str:
    """Return what the page of a draft says was changed meanwhile, on one line; empty where it says nothing."""
    page = client.get(change.get_absolute_url()).content.decode()
    start = page.find('aria-labelledby="since-title"')
    return " ".join(page[start : page.index("</section>", start)].split()) if start >= 0 else ""


def post(client: Client, change: PlacementChange, verb: str, **words: str) -> Any:
    return client.post(f"{change.get_absolute_url()}{verb}/", words)


def test_a_draft_that_is_opened_again_names_who_renamed_only_its_target_until_that_was_seen(
    ben: Client,
) -> None:
    mine = drafted(ben, do="move", skill=skill("a/x"), target="b")
    assert meanwhile(ben, mine) == ""
    theirs = done(curator("carol"), Rename(Kind.CATEGORY, place("b"), "bb"), title="Longer")

    for _ in range(2):  # A look does not use it up.
        said = meanwhile(ben, mine)
        assert f'<a href="{theirs.get_absolute_url()}">Longer</a>, by carol, <time' in said
        assert "</time>: b → bb</li>" in said
    kept = PlacementChange.objects.get(pk=mine.pk)
    assert (kept.status, kept.operations) == ("draft", mine.operations)

    until = said.split('name="until" value="')[1].split('"')[0]
    assert post(ben, mine, "seen", until=until).status_code == 302
    assert meanwhile(ben, mine) == ""
    undo_change(change=theirs, actor=User.objects.get(username="carol"))
    assert f'Undone: <a href="{theirs.get_absolute_url()}">Longer</a>, by carol' in meanwhile(ben, mine)
    # The address of a moment that is no moment changes nothing.
    assert post(ben, mine, "seen", until="never").status_code == 302
    assert "Undone:" in meanwhile(ben, mine)


def test_what_is_in_the_way_says_who_put_it_there(ben: Client) -> None:
    mine = drafted(ben, do="move", skill=skill("a/x"), target="b")
    done(curator("carol"), MergeCategories((place("b"),), place("c")), title="One less")

    response = post(ben, mine, "apply", digest=mine.digest)
    page = response.content.decode()
    assert response.status_code == 409
    assert "“One less” by carol (" in page
    assert "came first. Something is in the way of this change-set." in page
    assert "is not there any more" in page
    assert 'aria-labelledby="since-title"' in page
    assert PlacementChange.objects.get(pk=mine.pk).operations == mine.operations
    assert "came first" in post(ben, mine, "propose").content.decode()


def test_a_name_that_was_taken_meanwhile_says_by_whom(ben: Client) -> None:
    make_skill(path="d/x")
    mine = drafted(ben, do="move", skill=skill("a/x"), target="b")
    theirs = done(curator("carol"), Move(place("b"), skills=(skill("d/x"),)))
    assert theirs.get_absolute_url() in meanwhile(ben, mine)


def test_what_came_into_a_branch_that_moves_is_named_and_what_happens_elsewhere_is_not(ben: Client) -> None:
    mine = drafted(ben, do="move", category=place("a"), target="b")
    carol = curator("carol")
    done(carol, Move(place("d"), skills=(skill("c/z"),)), title="Elsewhere")
    assert meanwhile(ben, mine) == ""
    done(carol, Move(place("a/n"), skills=(skill("d/e"),)), title="Into it")
    said = meanwhile(ben, mine)
    assert "Into it" in said
    assert "Elsewhere" not in said


def test_a_change_between_the_look_at_the_tree_and_the_first_step_is_named(ben: Client) -> None:
    page = ben.get("/taxonomy/").content.decode()
    as_of = page.split('name="as_of" value="')[1].split('"')[0]
    done(curator("carol"), Rename(Kind.SKILL, skill("a/x"), "xx"), title="Longer")

    late = drafted(ben, do="move", skill=skill("a/xx"), target="b")
    assert meanwhile(ben, late) == ""
    post(ben, late, "drop")
    stale = drafted(ben, do="move", skill=skill("a/xx"), target="b", as_of=as_of)
    assert "a/x → a/xx" in meanwhile(ben, stale)


def test_what_was_changed_outside_of_change_sets_says_by_whom(ben: Client) -> None:
    mine = drafted(ben, do="move", skill=skill("a/x"), target="b")
    place_skill(skill=Skill.objects.get(path="a/x"), path="d/x", actor_name="scan")
    said = meanwhile(ben, mine)
    assert "Outside of change-sets, by scan, <time" in said
    assert "</time>: d/x</li>" in said


def test_a_look_at_an_older_draft_does_not_pick_it_up_and_the_button_does(ben: Client) -> None:
    older = drafted(ben, do="move", skill=skill("a/x"), target="b")
    user = User.objects.get(username="ben")
    draft_change(operations=[Rename(Kind.CATEGORY, place("d"), "dd")], actor=user)
    before = PlacementChange.objects.values().get(pk=older.pk)
    page = ben.get(older.get_absolute_url()).content.decode()

    assert PlacementChange.objects.values().get(pk=older.pk) == before
    assert "1 step<" in ben.get("/taxonomy/").content.decode()
    assert f"{older.get_absolute_url()}pick-up/" in page
    assert post(ben, older, "pick-up")["Location"] == "/taxonomy/"
    assert drafted(ben, do="rename", category=place("d"), slug="dd") == older
    assert len(PlacementChange.objects.get(pk=older.pk).operations) == 2
    post(ben, older, "drop")
    assert post(ben, older, "pick-up").status_code == 409
