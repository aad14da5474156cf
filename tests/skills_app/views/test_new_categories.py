"""New categories from the browser: split off under any category or the top, also for what has no home, and made for a hint."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from skills_app.models import Category, PlacementChange, RoleGrant, Skill
from skills_app.queries.resolve_path import category_at, resolve_path
from skills_app.services.make_skill import make_skill
from tests.skills_app.services.taxonomy_state import check_rows, state

pytestmark = pytest.mark.django_db


@pytest.fixture
def ben(client: Client) -> Client:
    for path in ("a/x", "a/n/y", "b/z", "lone", "stray"):
        make_skill(path=path)
    user = User.objects.create_user("ben")
    RoleGrant.objects.create(user=user, role="curator")
    client.force_login(user)
    return client


def key(path: str) -> str:
    row = Skill.objects.filter(path=path).first() or Category.objects.get(path=path)
    return row.key


def add(client: Client, *paths: str, **words: str) -> Any:
    chosen = {"skill": [key(p) for p in paths if Skill.objects.filter(path=p).exists()]}
    chosen["category"] = [key(p) for p in paths if Category.objects.filter(path=p).exists()]
    return client.post("/taxonomy/steps/add/", {**chosen, **words})


def act(client: Client, verb: str) -> str:
    change = PlacementChange.objects.get()
    page = client.get(change.get_absolute_url()).content.decode()
    change.refresh_from_db()
    answer = client.post(f"{change.get_absolute_url()}{verb}/", {"digest": change.digest})
    assert answer.status_code == 302, answer.content.decode()
    check_rows()
    return page


@pytest.mark.parametrize(
    ("chosen", "under", "paths", "words"),
    [
        (["lone", "stray"], "", {"new/lone", "new/stray"}, "Make new</strong>: lone, stray"),
        (["lone"], "/", {"new/lone"}, "Make new</strong>: lone"),
        (["lone"], "a/n", {"a/n/new/lone"}, "Make a/n/new</strong>: lone"),
        (["a", "lone"], "b", {"b/new/a/x", "b/new/lone"}, "Make b/new</strong>: a, lone"),
        (["a/x"], "", {"new/x"}, "Split new off from a</strong>: a/x"),
        (["a/x"], "b", {"b/new/x"}, "Split new off from a, under b</strong>: a/x"),
        (["a/n/y"], "/", {"new/y"}, "Split new off from a/n, under the top</strong>: a/n/y"),
        (["a/x", "b/z", "lone"], "a", {"a/new/x", "a/new/z", "a/new/lone"}, "Make a/new</strong>: "),
    ],
)
def test_a_new_category_is_made_where_it_is_asked_for_and_undone(
    ben: Client, chosen: list[str], under: str, paths: set[str], words: str
) -> None:
    before = state()
    assert add(ben, *chosen, do="split", slug="new", under=under).status_code == 302
    assert "new, " in ben.get("/taxonomy/?at=a/n&at=b").content.decode()
    page = act(ben, "apply")
    assert words in page
    assert paths <= set(Skill.objects.values_list("path", flat=True))
    made = Category.objects.get(slug="new")
    assert (
        f"<td>{made.path}</td>" in ben.get(PlacementChange.objects.get().get_absolute_url()).content.decode()
    )
    act(ben, "undo")
    assert state() == before
    for path in {*paths, made.path}:
        assert resolve_path(path) is not None, f"{path} leads nowhere"


@pytest.mark.parametrize(
    ("chosen", "under", "said"),
    [
        (["a/x", "b/z"], "", "or say under which category"),
        (["lone"], "nowhere", "There is no category &#x27;nowhere&#x27;"),
    ],
)
def test_a_split_that_says_too_little_is_refused_and_keeps_what_was_typed(
    ben: Client, chosen: list[str], under: str, said: str
) -> None:
    answer = add(ben, *chosen, do="split", slug="new", under=under)
    assert answer.status_code == 422
    assert said in answer.content.decode()
    assert f'name="under" value="{under}"' in answer.content.decode()


def test_what_would_come_to_lie_in_itself_is_in_the_way(ben: Client) -> None:
    change = add(ben, "a", do="split", slug="new", under="a/n")["Location"]
    assert "would come to lie inside itself" in ben.get(change).content.decode()


@pytest.mark.parametrize(
    ("chosen", "under", "said"),
    [
        (["lone", "stray"], "", "Split off: a is taken: a category answers there."),
        (["lone", "stray"], "b", "This name will do."),
        (["a/x"], "a/n", "This name will do."),
        (["a/x", "b/z"], "", "This name will do."),
        (["a/x", "b/z"], "/", "Split off: a is taken: a category answers there."),
    ],
)
def test_a_name_is_looked_at_where_the_new_category_would_be(
    ben: Client, chosen: list[str], under: str, said: str
) -> None:
    asked = {"slug": "a", "under": under, "skill": [key(path) for path in chosen]}
    answer = ben.post("/taxonomy/names/", asked, headers={"HX-Request": "true"})
    assert said in answer.content.decode()


def test_a_proposed_home_that_is_not_there_yet_is_made_with_all_above_it(ben: Client) -> None:
    lone, stray = Skill.objects.get(path="lone"), Skill.objects.get(path="stray")
    answered(lone, "b/net/wires/lone")
    answered(stray, "_drafts/net")
    page = ben.get("/taxonomy/placement/").content.decode()
    assert "not a category yet" in page
    assert 'Make it and move<span class="visually-hidden">: b/net/wires, for lone</span>' in page
    assert "for stray" not in page

    before = state()
    assert add(ben, "lone", do="make", target="b/net/wires").status_code == 302
    # The next one finds it in the draft.
    assert add(ben, "stray", do="make", target="b/net/wires").status_code == 302
    page = act(ben, "apply")
    assert "Make b/net, b/net/wires</strong>: lone" in page
    assert "Move to b/net/wires</strong>: stray" in page
    paths = Skill.objects.filter(category__path="b/net/wires").values_list("path", flat=True)
    assert set(paths) == {"b/net/wires/lone", "b/net/wires/stray"}
    assert Category.objects.get(path="b/net").title == "Net"
    act(ben, "undo")
    assert state() == before
    assert resolve_path("b/net/wires/lone")
    assert resolve_path("b/net/wires")


def test_a_path_that_led_to_a_category_before_is_followed_and_a_bad_one_refused(ben: Client) -> None:
    add(ben, "a", do="rename", slug="aa")
    act(ben, "apply")
    PlacementChange.objects.all().delete()
    assert category_at("a") == Category.objects.get(path="aa")
    add(ben, "lone", do="make", target="a/more")
    act(ben, "apply")
    assert Skill.objects.filter(path="aa/more/lone").exists()
    assert add(ben, "stray", do="make", target="a/No way").status_code == 422
    assert add(ben, "stray", do="make", target="").status_code == 422


def answered(skill: Skill, path: str) -> None:
    now = timezone.now()
    generation = skill.generations.create(task="t", model="m", queued_at=now)
    generation.steps.create(
        key=f"placement:{generation.pk}",
        step="placement",
        result={"recommended_path": path},
        started_at=now,
        finished_at=now,
    )
