"""Large categories and a long tray in the tree: rows that come when they are asked for, and a selection that stays."""

import re

import pytest
from django.contrib.auth.models import User
from django.test import Client

from skills_app.models import Category, PlacementChange, RoleGrant, Skill
from skills_app.services.make_skill import make_skill

pytestmark = pytest.mark.django_db
ALONE = {"X-Tree-Branch": "1"}


@pytest.fixture
def ben() -> Client:
    """Ben curates 450 skills in one category, 120 without a home, and one skill elsewhere."""
    for path in ("a/n/deep", "b/x"):
        make_skill(path=path)
    home = Category.objects.get(path="a")
    made = [
        Skill(key=f"k{n:03}", name=f"s{n:03}", slug=f"s{n:03}", path=f"a/s{n:03}", category=home)
        for n in range(450)
    ]
    made += [Skill(key=f"u{n:03}", name=f"u{n:03}", slug=f"u{n:03}", path=f"u{n:03}") for n in range(120)]
    Skill.objects.bulk_create(made)
    user = User.objects.create_user("ben")
    RoleGrant.objects.create(user=user, role="curator")
    client = Client()
    client.force_login(user)
    return client


def rows(page: str, letter: str) -> list[str]:
    return re.findall(rf'data-kind="skill" data-key="({letter}\d+)"', page)


def branch(client: Client, start: int) -> str:
    address = f"/taxonomy/branches/{Category.objects.get(path='a').key}/?from={start}"
    return client.get(address, headers=ALONE).content.decode()


def test_the_rows_of_a_large_category_come_one_look_after_the_other(ben: Client) -> None:
    first, second, last = (branch(ben, start) for start in (0, 200, 400))

    assert rows(first + second + last, "k") == [f"k{n:03}" for n in range(450)]
    assert 'data-kind="category"' in first
    assert 'data-kind="category"' not in second + last
    assert f'data-more="/taxonomy/branches/{Category.objects.get(path="a").key}/?from=400"' in second
    assert "Show 50 more" in second
    assert "data-more" not in last


def test_an_address_shows_more_rows_of_a_category_and_of_the_tray(ben: Client) -> None:
    page = ben.get("/taxonomy/?at=a").content.decode()
    assert (len(rows(page, "k")), len(rows(page, "u"))) == (200, 50)
    assert 'href="/taxonomy/?at=a&amp;more=a"' in page
    assert 'href="/taxonomy/?more="' in page

    page = ben.get("/taxonomy/?at=a&more=a&more=a&more=").content.decode()
    assert (len(rows(page, "k")), len(rows(page, "u"))) == (450, 100)
    assert 'href="/taxonomy/?more=&amp;more="' in page
    assert page.count('<input type="hidden" name="more" value="a">') == 2


def test_the_tray_comes_in_parts_as_well(ben: Client) -> None:
    found = ben.get("/taxonomy/unplaced/?from=100", headers=ALONE).content.decode()
    assert rows(found, "u") == [f"u{n:03}" for n in range(100, 120)]
    assert ben.get("/taxonomy/unplaced/?from=100")["Location"] == "/taxonomy/"


def test_what_is_selected_beyond_the_first_rows_is_shown_after_a_refused_step(ben: Client) -> None:
    words = {"do": "move", "skill": ["k449", "u119"], "target": "nowhere"}
    page = ben.post("/taxonomy/steps/add/", words).content.decode()
    assert rows(page, "k") == [*(f"k{n:03}" for n in range(200)), "k449"]
    assert rows(page, "u") == [*(f"u{n:03}" for n in range(50)), "u119"]
    assert re.findall(r'value="(\w+)" aria-label="[^"]*" checked>', page) == ["k449", "u119"]
    assert "249 more skills" in page


def test_a_selection_of_thousands_of_rows_is_taken(ben: Client) -> None:
    keys = list(Skill.objects.filter(category__path="a").values_list("key", flat=True))
    response = ben.post("/taxonomy/steps/add/", {"do": "move", "skill": keys * 3, "target": "b"})
    assert response.status_code == 302


@pytest.mark.parametrize("asked", ["-1", "x", "99999999999999999999", "²"])
def test_a_position_that_is_none_shows_the_first_rows(ben: Client, asked: str) -> None:
    address = f"/taxonomy/branches/{Category.objects.get(path='a').key}/?from={asked}"
    assert rows(ben.get(address, headers=ALONE).content.decode(), "k")[0] == "k000"


def test_the_tree_and_the_impact_tell_the_same_tokens_of_a_branch(ben: Client) -> None:
    for number, status in enumerate(("active", "draft", "deprecated", "archived", "active")):
        made, _ = make_skill(path=f"mixed/s{number}")
        made.status, made.description = status, "word " * (number + 1) * 10
        made.save()
    words = {"do": "move", "skill": Skill.objects.get(path="mixed/s0").key, "target": "/"}
    change = ben.post("/taxonomy/steps/add/", words)["Location"]
    ben.get(change)
    row = next(one for one in PlacementChange.objects.get().impact["budgets"] if one["branch"] == "mixed")
    assert row["before"]["num_tokens"] == (60 * 5 + 2 * len("s0")) // 4
    told = f"{row['before']['num_tokens']} tokens <progress"
    assert told in ben.get("/taxonomy/").content.decode()
