"""Old addresses are listed with what is written with them, and end by a step of a draft, with its impact and with undo."""

import json
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.test import Client

from skills_app.domain.change_sets.operations import MergeCategories, Move, Retire
from skills_app.domain.enums import DependencyKind
from skills_app.domain.errors import ChangeConflicts
from skills_app.domain.records import DependencyRecord
from skills_app.models import Category, PathAlias, PlacementChange, RoleGrant, Skill
from skills_app.services.apply_change import apply_change, undo_change
from skills_app.services.draft_change import draft_change, preview_change
from skills_app.services.import_library import import_library
from skills_app.services.make_skill import make_skill
from skills_app.services.set_dependencies import set_dependencies
from tests.skills_app.adapters.small_library import write_library
from tests.skills_app.views.test_taxonomy import person

pytestmark = pytest.mark.django_db


@pytest.fixture
def ben() -> Client:
    """Ben, where old/x moved to a/x and the category b was once c."""
    for path in ("a/x", "a/y", "b/z"):
        make_skill(path=path)
    PathAlias.objects.create(path="old/x", skill=Skill.objects.get(path="a/x"))
    PathAlias.objects.create(path="c", category=Category.objects.get(path="b"))
    return person("ben")


def applied(*operations: Move | Retire | MergeCategories) -> PlacementChange:
    user = User.objects.get(username="ben")
    change = draft_change(operations=operations, actor=user)
    preview_change(change=change)
    return apply_change(change=change, actor=user, expected_digest=change.digest)


def test_the_list_says_where_each_leads_and_what_is_written_with_it(ben: Client) -> None:
    links = [DependencyRecord(DependencyKind.REQUIRED, "old/x")]
    set_dependencies(skill=Skill.objects.get(path="a/y"), dependencies=links)
    page = ben.get("/taxonomy/old-addresses/").content.decode()
    assert page.index(">c<") < page.index(">old/x<")
    assert '<td data-label="Links written with it" class="num">1</td>' in page
    unused = ben.get("/taxonomy/old-addresses/?unused=1").content.decode()
    assert (">c<" in unused, ">old/x<" in unused) == (True, False)
    branch = ben.get("/taxonomy/old-addresses/?at=c").content.decode()
    assert (">c<" in branch, ">old/x<" in branch) == (True, False)
    assert "No such old address" in ben.get("/taxonomy/old-addresses/?q=nothing").content.decode()
    assert "/taxonomy/old-addresses/" in ben.get("/taxonomy/check/").content.decode()


def test_a_reader_sees_the_list_and_ends_nothing(ben: Client) -> None:
    dan = Client()
    dan.force_login(User.objects.create_user("dan"))
    RoleGrant.objects.create(user=User.objects.get(username="dan"), role="reader")
    assert "End the selected" not in dan.get("/taxonomy/old-addresses/").content.decode()
    assert dan.post("/taxonomy/steps/add/", {"do": "retire", "alias": "c"}).status_code == 403


def test_an_old_address_ends_after_its_impact_was_shown_and_comes_back_by_undo(ben: Client) -> None:
    page = ben.post("/taxonomy/steps/add/", {"do": "retire", "alias": ["old/x", "c"]}, follow=True)
    shown = page.content.decode()
    assert "End 2 old addresses</strong>: old/x, c" in shown
    assert "2 old addresses end and lead nowhere from then on" in " ".join(shown.split())
    assert "<td>old address</td><td>old/x</td><td>(none)</td>" in shown
    change = PlacementChange.objects.get()
    assert sorted(change.branches) == ["a", "b"]
    assert ben.get("/api/v1/skills/old/x/").status_code == 308
    url = f"/taxonomy/changes/{change.key}"
    assert ben.post(f"{url}/apply/", {"digest": change.digest}).status_code == 302
    assert ben.get("/api/v1/skills/old/x/").status_code == 404
    assert not PathAlias.objects.exists()
    assert ben.post(f"{url}/undo/", {}).status_code == 302
    assert set(PathAlias.objects.values_list("path", "skill__path", "category__path")) == {
        ("old/x", "a/x", None),
        ("c", None, "b"),
    }


def test_an_address_that_was_ended_stays_ended_when_the_folder_is_looked_at_again(
    ben: Client, tmp_path: Path
) -> None:
    root, said = write_library(tmp_path), "old/place/docker-best"
    import_library(root=root)
    assert PathAlias.objects.get(path=said).skill.path == "devops/docker"

    change = applied(Retire((said,)))

    assert import_library(root=root).updated == ()
    assert not PathAlias.objects.filter(path=said).exists()
    undo_change(change=change, actor=User.objects.get(username="ben"))
    assert import_library(root=root).updated == ()
    assert PathAlias.objects.filter(path=said).exists()


def test_nothing_selected_and_what_is_no_old_address_are_told(ben: Client) -> None:
    answer = ben.post("/taxonomy/steps/add/", {"do": "retire"})
    assert (answer.status_code, "Select the old addresses" in answer.content.decode()) == (422, True)
    page = ben.post("/taxonomy/steps/add/", {"do": "retire", "alias": ["a/x", "c"]}, follow=True)
    assert "&#x27;a/x&#x27; is no old address from before this change." in page.content.decode()
    change = PlacementChange.objects.get()
    ben.post(f"/taxonomy/changes/{change.key}/steps/", {"way": "0-0"})
    change.refresh_from_db()
    assert change.operations == [{"do": "retire", "paths": ["c"]}]


def test_an_address_with_which_a_link_is_written_does_not_end(ben: Client) -> None:
    links = [DependencyRecord(DependencyKind.REQUIRED, "old/x")]
    set_dependencies(skill=Skill.objects.get(path="a/y"), dependencies=links)
    with pytest.raises(ChangeConflicts, match="Something is in the way"):
        applied(Retire(("old/x", "c")))
    change = PlacementChange.objects.get()
    page = ben.get(change.get_absolute_url()).content.decode()
    assert "is still in use: links of a/y are written with it" in page
    ben.post(f"/taxonomy/changes/{change.key}/steps/", {"way": "0-0"})
    change.refresh_from_db()
    assert change.operations == [{"do": "retire", "paths": ["c"]}]


def test_who_curates_another_branch_asks_for_consent(ben: Client) -> None:
    carol = person("carol", "a")
    page = carol.post("/taxonomy/steps/add/", {"do": "retire", "alias": "c"}, follow=True).content.decode()
    change = PlacementChange.objects.get()
    assert ">Propose<" in page
    assert ">Apply<" not in page
    answer = carol.post(f"/taxonomy/changes/{change.key}/apply/", {"digest": change.digest})
    assert answer.status_code == 403


def test_an_address_does_not_come_back_to_what_was_merged_away_since(ben: Client) -> None:
    ended = applied(Retire(("c",)))
    merge = applied(
        MergeCategories((Category.objects.get(path="b").key,), Category.objects.get(path="a").key)
    )
    user = User.objects.get(username="ben")
    with pytest.raises(ChangeConflicts, match=merge.key):
        undo_change(change=ended, actor=user)
    undo_change(change=merge, actor=user)
    undo_change(change=ended, actor=user)
    assert PathAlias.objects.get(path="c").category == Category.objects.get(path="b")


def test_a_move_in_the_same_draft_keeps_its_old_address(ben: Client) -> None:
    move = Move(Category.objects.get(path="b").key, (), (Skill.objects.get(path="a/x").key,))
    user = User.objects.get(username="ben")
    change = draft_change(operations=[move, Retire(("a/x",))], actor=user)
    (conflict,) = preview_change(change=change).conflicts
    assert (conflict.reason, conflict.path) == ("gone", "a/x")
    done = applied(move, Retire(("old/x",)))
    assert json.dumps(done.effect["retired"]) == json.dumps({"old/x": move_home("a")})
    assert PathAlias.objects.get(path="a/x").skill == Skill.objects.get(path="b/x")


def move_home(path: str) -> str:
    return Category.objects.get(path=path).key
