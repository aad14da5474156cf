"""What stands on top of the targets of a move, and change-sets that are drafted again."""

import re

import pytest
from django.contrib.auth.models import User
from django.test import Client

from skills_app.domain.change_sets.operations import (
    MergeCategories,
    Move,
    Operation,
    Part,
    Split,
    operations_from,
)
from skills_app.domain.change_sets.rows import TOP
from skills_app.models import Category, PlacementChange, RoleGrant, Skill
from skills_app.services.apply_change import apply_change, undo_change
from skills_app.services.draft_change import draft_change, preview_change
from skills_app.services.make_skill import make_skill
from tests.skills_app.services.taxonomy_state import state

pytestmark = pytest.mark.django_db


@pytest.fixture
def user() -> User:
    user = User.objects.create_user("ben")
    RoleGrant.objects.create(user=user, role="curator")
    return user


@pytest.fixture
def ben(user: User, client: Client) -> Client:
    for path in ("a/x", "b/y", "c/z", "d/w", "e/v", "f/u", "g/t", "lone"):
        make_skill(path=path)
    client.force_login(user)
    return client


def key(path: str) -> str:
    row = Skill.objects.filter(path=path).first() or Category.objects.get(path=path)
    return row.key


def done(actor: User, *operations: Operation, title: str = "") -> PlacementChange:
    change = draft_change(operations=operations, actor=actor, title=title, reason="It fits.")
    preview_change(change=change)
    return apply_change(change=change, actor=actor, expected_digest=change.digest)


def listed(client: Client, **words: str) -> list[tuple[str, str]]:
    """Return the targets in their order, each with the label that it has on top of the list."""
    page = client.post("/taxonomy/targets/", words).content.decode()
    rows = [row.split("</p>")[0] for row in page.split('<p class="choice">')[1:]]
    found = []
    for row in rows:
        label = re.search(r'class="chip">([^<]*)<', row)
        value = re.search(r'value="([^"]*)"', row)
        assert value
        found.append((value[1], label[1] if label else ""))
    return found


def test_targets_of_one_s_own_change_sets_stand_on_top_the_newest_first(ben: Client, user: User) -> None:
    other = User.objects.create_user("carol")
    done(other, Move(key("g"), skills=(key("a/x"),)))
    for path in ("b", "c", "d", "e"):
        done(user, Move(key(path), skills=(key("g/x" if path == "b" else f"{chr(ord(path) - 1)}/x"),)))
    done(user, MergeCategories((key("a"),), key("f")), Move(TOP, skills=(key("e/x"),)))
    found = listed(ben, skill=key("lone"))
    recent = "chosen recently"
    assert found[:5] == [(path, recent) for path in ("f", "e", "d", "c", "b")]
    assert found[5][0] == "/"
    assert [label for _, label in found[5:]] == [""] * (len(found) - 5)
    assert len({value for value, _ in found}) == len(found)
    # One that cannot take the selection stands in its place, with the reason.
    assert listed(ben, skill=key("f/u"))[0] == ("e", recent)
    assert listed(ben, skill=key("lone"), find="d") == [("d", recent)]


def test_the_suggested_home_stands_before_what_was_chosen_recently(ben: Client, user: User) -> None:
    for path, words in {"py/loop": "loop event", "py/tasks": "tasks event", "lone": "event tasks"}.items():
        made = Skill.objects.filter(path=path).first() or make_skill(path=path)[0]
        made.description = f"python asyncio {words}"
        made.save()
    done(user, Move(key("b"), skills=(key("a/x"),)))
    found = listed(ben, skill=key("lone"))
    assert [value for value, _ in found[:3]] == ["py", "b", "/"]
    assert re.fullmatch(r"suggested home, confidence [01]\.\d\d", found[0][1])


def test_what_was_undone_is_drafted_again_by_anybody_with_keys_of_its_own(ben: Client, user: User) -> None:
    carol = User.objects.create_user("carol")
    parts = (
        Part("kk", TOP, "new", "New", (), (key("lone"),)),
        Part("ll", "kk", "in", "In", (), (key("a/x"),)),
    )
    change = done(carol, Split(TOP, parts), Move("kk", skills=(key("b/y"),)), title="Anew")
    after = set(Skill.objects.values_list("path", flat=True))
    assert "Draft it again" not in ben.get(change.get_absolute_url()).content.decode()
    assert ben.post(f"{change.get_absolute_url()}again/").status_code == 409
    undo_change(change=change, actor=carol)
    before = state()
    assert "Draft it again" in ben.get(change.get_absolute_url()).content.decode()

    answer = ben.post(f"{change.get_absolute_url()}again/")
    mine = PlacementChange.objects.get(author=user)
    assert (answer.status_code, answer["Location"]) == (302, mine.get_absolute_url())
    assert (mine.status, mine.title, mine.reason) == ("draft", "Anew", "It fits.")
    assert state() == before
    split, move = operations_from(mine.operations)
    assert isinstance(split, Split)
    assert isinstance(move, Move)
    assert not {one.key for one in split.parts} & {"kk", "ll"}
    assert move.target == split.parts[1].parent == split.parts[0].key
    preview_change(change=mine)
    apply_change(change=mine, actor=user, expected_digest=mine.digest)
    assert set(Skill.objects.values_list("path", flat=True)) == after


def test_a_reader_drafts_nothing_again(ben: Client, user: User, dan: Client) -> None:
    change = done(user, Move(key("b"), skills=(key("a/x"),)))
    undo_change(change=change, actor=user)
    assert "Draft it again" not in dan.get(change.get_absolute_url()).content.decode()
    assert dan.post(f"{change.get_absolute_url()}again/").status_code == 403
