"""Targets of a next step: looked at in the tree as the open draft would leave it, which the step joins."""

import re
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from skills_app.domain.change_sets.applying import refusal_of
from skills_app.domain.change_sets.conflicts import Conflict
from skills_app.domain.change_sets.operations import (
    MergeCategories,
    MergeSkills,
    Move,
    Operation,
    Part,
    Rename,
    Split,
    operations_from,
)
from skills_app.domain.change_sets.rows import Kind
from skills_app.domain.change_sets.tree import Tree
from skills_app.domain.enums import DependencyKind
from skills_app.models import Category, PlacementChange, RoleGrant, Skill
from skills_app.services.draft_change import draft_change
from skills_app.services.make_skill import make_skill

pytestmark = pytest.mark.django_db


@pytest.fixture
def user() -> User:
    for path in ("a/x", "a/y", "b/z", "c/w", "c/v"):
        make_skill(path=path)
    user = User.objects.create_user("ben")
    RoleGrant.objects.create(user=user, role="curator")
    return user


@pytest.fixture
def ben(user: User, client: Client) -> Client:
    client.force_login(user)
    return client


def key(path: str) -> str:
    row = Skill.objects.filter(path=path).first() or Category.objects.get(path=path)
    return row.key


def targets(client: Client, **words: Any) -> dict[str, tuple[str, str]]:
    """Return what the page says of each target by its address: the reason why not, and what a form calls it."""
    page = client.post("/taxonomy/targets/", words).content.decode()
    rows = [row.split("</p>")[0] for row in page.split('<p class="choice">')[1:]]
    found = {}
    for row in rows:
        why = re.search(r'id="why-\d+">([^<]*)<', row) if " disabled" in row else None
        path = re.search(r"<label[^>]*>([^ <]*)", row)
        value = re.search(r'value="([^"]*)"', row)
        assert path
        assert value
        found[path[1]] = (why[1] if why else "", value[1])
    return found


def split_of(source: str, slug: str, *skills: str) -> Split:
    parts = (Part("newcategory", "", slug, slug.title(), (), tuple(key(one) for one in skills)),)
    return Split(key(source), parts)


def link(path: str, to: str) -> None:
    Skill.objects.get(path=path).dependencies.create(
        kind=DependencyKind.REQUIRED, target=Skill.objects.get(path=to), target_path=to
    )


def test_a_place_that_the_draft_puts_inside_is_no_target(user: User, ben: Client) -> None:
    assert targets(ben, category=key("b"))["a"][0] == ""
    draft_change(operations=[Move(key("b"), (key("a"),))], actor=user)
    page = ben.post("/taxonomy/targets/", {"category": key("b")}).content.decode()
    assert targets(ben, category=key("b"))["a"] == (
        "Category b cannot go into b/a: that lies inside it.",
        "a",
    )
    assert "b/a in your draft." in page
    assert "Looked at after the 1 step of your draft" in page
    refused = ben.post("/taxonomy/refusals/", {"category": key("b")}).json()["reasons"]
    assert "lies inside it" in refused[key("a")]
    refused = ben.post("/taxonomy/refusals/", {"category": key("a")}).json()["reasons"]
    assert refused[key("b")] == "It is there already."
    assert "" not in refused
    assert "lies inside it" in targets(ben, category=key("b"), aim="merge")["a"][0]


def test_what_the_draft_makes_is_a_target_by_its_address_and_by_drag(user: User, ben: Client) -> None:
    draft_change(operations=[split_of("b", "bb", "b/z")], actor=user)
    assert targets(ben, skill=key("a/x"), find="bb") == {"bb": ("", "new:newcategory")}
    tree = ben.get("/taxonomy/").content.decode()
    assert 'data-key="newcategory" data-path="bb" data-target="new:newcategory"' in tree
    for path, target in (("a/x", "bb"), ("a/y", "new:newcategory")):
        answer = ben.post("/taxonomy/steps/add/", {"do": "move", "skill": key(path), "target": target})
        assert answer.status_code == 302
    change = PlacementChange.objects.get()
    steps = operations_from(change.operations)
    assert [one.target for one in steps if isinstance(one, Move)] == ["newcategory", "newcategory"]
    page = ben.get(change.get_absolute_url()).content.decode()
    assert "<strong>Move to bb</strong>: a/x" in page
    tree = ben.get("/taxonomy/?at=a").content.decode()
    assert "moves to bb" in tree
    assert "arrives from a/x" in tree
    ben.post(f"{change.get_absolute_url()}apply/", {"digest": PlacementChange.objects.get().digest})
    assert set(Skill.objects.filter(category__path="bb").values_list("path", flat=True)) == {
        "bb/x",
        "bb/y",
        "bb/z",
    }


NEW = {"category": "newcategory"}


@pytest.mark.parametrize(
    ("words", "paths"),
    [
        ({"do": "rename", **NEW, "slug": "cc", "title": "Cc"}, {"cc/z"}),
        ({"do": "move", **NEW, "target": "a"}, {"a/bb/z"}),
        ({"do": "merge", **NEW, "target": "a"}, {"a/z"}),
        ({"do": "split", **NEW, "slug": "up"}, {"up/bb/z"}),
        ({"do": "split", **NEW, "slug": "up", "under": "a"}, {"a/up/bb/z"}),
    ],
)
def test_what_the_draft_makes_can_be_selected_for_the_next_step(
    user: User, ben: Client, words: dict[str, str], paths: set[str]
) -> None:
    parts = (Part("newcategory", "", "bb", "Bb", (), (key("b/z"),)),)
    draft_change(operations=[Split(key("b"), parts)], actor=user)
    assert (
        '<input type="checkbox" name="category" value="newcategory"' in ben.get("/taxonomy/").content.decode()
    )
    answer = ben.post("/taxonomy/steps/add/", words)
    assert answer.status_code == 302
    change = PlacementChange.objects.get()
    ben.get(change.get_absolute_url())
    change.refresh_from_db()
    assert ben.get("/taxonomy/?at=a").status_code == 200
    assert ben.post(f"{change.get_absolute_url()}apply/", {"digest": change.digest}).status_code == 302
    assert set(Skill.objects.filter(slug="z").values_list("path", flat=True)) == paths
    assert ben.post(f"{change.get_absolute_url()}undo/").status_code == 302
    assert set(Skill.objects.values_list("path", flat=True)) == {"a/x", "a/y", "b/z", "c/w", "c/v"}
    assert set(Category.objects.values_list("path", flat=True)) == {"a", "b", "c"}


def test_targets_of_what_the_draft_makes_say_where_it_cannot_go(user: User, ben: Client) -> None:
    draft_change(operations=[split_of("b", "bb", "b/z")], actor=user)
    page = ben.post("/taxonomy/targets/", NEW).content.decode()
    assert "For 1 selected: bb." in page
    assert "lies inside it" in targets(ben, **NEW)["bb"][0]
    refused = ben.post("/taxonomy/refusals/", NEW).json()["reasons"]
    assert refused.keys() == {"", "newcategory"}
    assert ben.post("/taxonomy/targets/", {"category": "nothing"}).status_code == 422


def test_what_is_split_off_inside_a_category_can_be_split_off_again(user: User, ben: Client) -> None:
    make_skill(path="b/in/deep")
    parts = (Part("newcategory", key("b"), "bb", "Bb", (), (key("b/in/deep"),)),)
    draft_change(operations=[Split(key("b/in"), parts)], actor=user)
    words = {"do": "split", **NEW, "skill": key("b/z"), "slug": "up"}
    assert ben.post("/taxonomy/steps/add/", words).status_code == 302
    change = PlacementChange.objects.get()
    ben.get(change.get_absolute_url())
    change.refresh_from_db()
    assert ben.post(f"{change.get_absolute_url()}apply/", {"digest": change.digest}).status_code == 302
    assert set(Skill.objects.filter(path__startswith="up/").values_list("path", flat=True)) == {
        "up/bb/deep",
        "up/z",
    }


def test_what_another_draft_makes_is_no_target(user: User, ben: Client) -> None:
    eve = User.objects.create_user("eve")
    other = draft_change(operations=[split_of("b", "bb", "b/z")], actor=eve)
    drawn = ben.get(f"/taxonomy/?of={other.key}").content.decode()
    assert 'data-target="' not in drawn
    assert 'value="newcategory"' not in drawn
    answer = ben.post("/taxonomy/steps/add/", {"do": "move", "skill": key("a/x"), "target": "bb"})
    assert answer.status_code == 422
    answer = ben.post(
        "/taxonomy/steps/add/", {"do": "move", "skill": key("a/x"), "target": "new:newcategory"}
    )
    assert answer.status_code == 422


@pytest.mark.parametrize("ends", ["category", "skill"])
def test_what_the_draft_ends_is_neither_moved_nor_a_target(user: User, ben: Client, ends: str) -> None:
    merge: Operation = MergeCategories((key("a"),), key("b"))
    gone, words, into, other = "a", {"category": key("a")}, "b", {"category": key("c")}
    if ends == "skill":
        merge = MergeSkills((key("a/x"),), key("b/z"))
        gone, words, into, other = "a/x", {"skill": key("a/x")}, "b/z", {"skill": key("c/w")}
    draft_change(operations=[merge], actor=user)
    told = f"Your draft merges it into {into}."
    assert targets(ben, **words)["c"][0] == f"{gone}: {told}"
    assert targets(ben, **other, aim="merge")[gone][0] == told
    answer = ben.post("/taxonomy/steps/add/", {"do": "move", **words, "target": "c"})
    assert answer.status_code == 422
    assert told in answer.content.decode()
    answer = ben.post("/taxonomy/steps/add/", {"do": "merge", **other, "target": gone})
    assert answer.status_code == 422
    assert told in answer.content.decode()


def test_a_split_takes_what_the_draft_brings(user: User, ben: Client) -> None:
    draft_change(operations=[Move(key("b"), (), (key("a/x"),))], actor=user)
    words = {"do": "split", "skill": [key("a/x"), key("b/z")], "slug": "both"}
    assert ben.post("/taxonomy/steps/add/", words).status_code == 302
    split = operations_from(PlacementChange.objects.get().operations)[-1]
    assert isinstance(split, Split)
    assert split.source == key("b")


def test_each_target_is_judged_once(user: User, ben: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    judged: list[str] = []

    def counted(tree: Tree, operation: Move) -> Conflict | None:
        judged.append(operation.target)
        return refusal_of(tree, operation)

    monkeypatch.setattr("skills_app.queries.move_targets.refusal_of", counted)
    every = ["", key("a"), key("b"), key("c")]
    ben.post("/taxonomy/refusals/", {"skill": key("a/x")})
    assert sorted(judged) == sorted(every)
    judged.clear()
    ben.post("/taxonomy/targets/", {"skill": key("a/x")})
    assert sorted(judged) == sorted(every)


def advice(client: Client, slug: str, *keys: str, target: str = "") -> str:
    asked = {"slug": slug, "skill": keys, "target": target}
    return client.get("/taxonomy/names/", asked, headers={"HX-Request": "true"}).content.decode()


def test_a_name_is_looked_at_as_the_draft_will_leave_the_tree(user: User, ben: Client) -> None:
    assert "This name will do." in advice(ben, "new", key("a/y"))
    assert "This name will do." in advice(ben, "y", key("b/z"))
    assert "a/x is taken: a skill answers there." in advice(ben, "x", key("a/y"))
    draft_change(
        operations=[
            Rename(Kind.SKILL, key("a/x"), "new"),
            Move(key("b"), (), (key("a/y"),)),
            split_of("c", "cc", "c/w"),
        ],
        actor=user,
    )
    told = "is taken after the steps of your draft: a skill answers there."
    assert f"b/y {told}" in advice(ben, "y", key("b/z"))
    assert "This name will do." in advice(ben, "new", key("a/y"))
    assert f"a/new {told}" in advice(ben, "new", target="a")
    assert "a/x is taken: a skill answers there." in advice(ben, "x", target="a")
    assert f"cc/w {told}" in advice(ben, "w", target="new:newcategory")
    assert "cc is taken after the steps of your draft: a category answers there." in advice(
        ben, "cc", key("c")
    )
    assert "Split off: cc is taken after the steps of your draft" in advice(ben, "cc", key("b/z"))


def test_a_merge_that_would_close_a_circle_is_no_target(user: User, ben: Client) -> None:
    link("a/x", "a/y")
    link("c/w", "a/x")
    found = targets(ben, skill=key("a/y"), aim="merge")
    assert "these skills require each other: c/w → a/x → c/w" in found["c/w"][0]
    assert found["c/v"][0] == found["a/x"][0] == ""
    # As the draft would have it: what requires a/x is c/v then.
    draft_change(operations=[MergeSkills((key("c/w"),), key("c/v"))], actor=user)
    assert targets(ben, skill=key("a/y"), aim="merge")["c/v"][0] == ""
    link("b/z", "c/w")
    link("c/v", "a/x")
    found = targets(ben, skill=key("a/y"), aim="merge")
    assert "these skills require each other: c/v → a/x → c/v" in found["c/v"][0]
    assert "these skills require each other: b/z → c/v → a/x → b/z" in found["b/z"][0]
