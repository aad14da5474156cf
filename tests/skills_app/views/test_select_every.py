"""All skills that a search or facets find, selected at once, and facets of whole branches."""

import pytest
from django.contrib.auth.models import User
from django.http import HttpResponse
from django.test import Client
from django.utils.html import escape

from skills_app import taxonomy_forms
from skills_app.models import Category, PlacementChange, RoleGrant, Skill, SkillFacet
from skills_app.services.make_skill import make_skill

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def ben(client: Client) -> None:
    for path in ("a/x", "b/y"):
        make_skill(path=path)
    home = Category.objects.get(path="a")
    skills = Skill.objects.bulk_create(
        Skill(key=f"k{n}", name=f"s{n:03}", slug=f"s{n:03}", path=f"a/s{n:03}", category=home)
        for n in range(120)
    )
    SkillFacet.objects.bulk_create(SkillFacet(skill=one, name="team", value="core") for one in skills[:70])
    user = User.objects.create_user("ben")
    RoleGrant.objects.create(user=user, role="curator")
    client.force_login(user)


def step(client: Client, **fields: object) -> HttpResponse:
    return client.post("/taxonomy/steps/add/", {"do": "move", "target": "b", **fields})


def drafted() -> list[dict[str, object]]:
    return list(PlacementChange.objects.get().operations)


@pytest.mark.parametrize(
    ("look", "number"),
    [({"q": "/s"}, 120), ({"facet": "team:core"}, 70), ({"q": "s00", "facet": "team:core"}, 10)],
)
def test_all_that_is_found_is_selected_also_what_stands_on_other_pages(
    client: Client, look: dict[str, str], number: int
) -> None:
    page = client.get("/taxonomy/", look).content.decode()
    assert f'name="every" value="{number}"' in page
    step(client, every=number, **look)
    assert drafted()[0]["skills"] == [f"k{n}" for n in range(number)]


def test_where_nothing_was_sought_there_is_nothing_to_select_at_once(client: Client) -> None:
    assert 'name="every"' not in client.get("/taxonomy/").content.decode()
    answer = step(client, every=122)
    assert answer.status_code == 422
    assert "0 skills are found by now, not 122." in answer.content.decode()


def test_when_others_are_found_by_now_nothing_is_taken_and_the_box_stays_ticked(client: Client) -> None:
    answer = step(client, q="/s", every=119)
    page = answer.content.decode()
    assert (answer.status_code, PlacementChange.objects.count()) == (422, 0)
    assert "120 skills are found by now, not 119." in page
    assert 'name="every" value="120" data-every checked' in page


def test_more_than_one_step_takes_is_refused_and_the_box_says_so(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(taxonomy_forms, "MOST_SELECTED", 100)
    monkeypatch.setattr("skills_app.views.taxonomy.MOST_SELECTED", 100)
    assert "data-every disabled" in client.get("/taxonomy/?q=/s").content.decode()
    assert "Narrow the search." in step(client, q="/s", every=120).content.decode()


def test_the_page_of_targets_takes_all_that_is_found(client: Client) -> None:
    page = client.post("/taxonomy/targets/", {"q": "/s", "every": 120}).content.decode()
    assert "For 120 selected" in page
    assert page.count('name="skill"') == 120
    refused = client.post("/taxonomy/targets/", {"q": "/s", "every": 7})
    assert refused.status_code == 422
    assert escape("120 skills are found by now, not 7.") in refused.content.decode()


def test_facets_of_a_branch_are_those_of_its_skills_but_archived_ones(client: Client) -> None:
    Skill.objects.exclude(key__in=["k1", "k2", "k3"]).filter(path__startswith="a/").update(status="archived")
    both = {"category": [Category.objects.get(path="a").key], "skill": [Skill.objects.get(path="b/y").key]}
    step(client, do="refacet", add="lang: go", **both)
    assert drafted()[0]["skills"] == [both["skill"][0], "k1", "k2", "k3"]


def test_facets_of_a_branch_without_skills_are_refused(client: Client) -> None:
    empty = Category.objects.create(slug="empty", path="empty")
    answer = step(client, do="refacet", add="lang: go", category=empty.key)
    assert answer.status_code == 422
    assert "there is none in what is selected" in answer.content.decode()
