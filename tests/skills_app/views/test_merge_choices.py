"""The choice for single skills of a merge: found by a part of the path, and a new name looked at while it is typed."""

import re
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from skills_app.domain.change_sets.operations import Act, Choice, MergeCategories, Rename
from skills_app.domain.change_sets.rows import Kind
from skills_app.models import Category, PlacementChange, RoleGrant, Skill
from skills_app.services.draft_change import draft_change
from skills_app.services.make_skill import make_skill

pytestmark = pytest.mark.django_db


@pytest.fixture
def ben() -> Client:
    for path in ("a/x", "a/n/q", "b/x", "b/n/taken", "c/z"):
        make_skill(path=path)
    user = User.objects.create_user("ben")
    RoleGrant.objects.create(user=user, role="curator")
    client = Client()
    client.force_login(user)
    return client


def key(path: str) -> str:
    return (Skill.objects.filter(path=path).first() or Category.objects.get(path=path)).key


def merge(*choices: Choice) -> PlacementChange:
    step = MergeCategories((key("a"), key("c")), key("b"), choices)
    return draft_change(operations=[step], actor=User.objects.get(username="ben"))


def offered(client: Client, change: PlacementChange, **asked: Any) -> str:
    page = client.get(change.get_absolute_url(), asked).content.decode()
    return page.split("<summary>Choose for single skills")[1].split("</details>")[0]


def test_the_skills_of_a_merge_are_found_by_a_part_of_the_path(ben: Client) -> None:
    change = merge()
    assert all(f">{path}</option>" in offered(ben, change) for path in ("a/x", "a/n/q", "c/z"))
    found = offered(ben, change, step="0", find="N/")
    assert (">a/n/q</option>" in found, ">a/x</option>" in found) == (True, False)
    assert 'value="N/"' in found
    assert "No skill of this merge" in offered(ben, change, step="0", find="taken")
    assert ">a/x</option>" in offered(ben, change, step="1", find="N/")


def test_more_skills_than_are_offered_are_counted_and_found(ben: Client) -> None:
    home = Category.objects.get(path="a")
    Skill.objects.bulk_create(
        Skill(key=f"k{n:03}", name=f"s{n:03}", slug=f"s{n:03}", path=f"a/s{n:03}", category=home)
        for n in range(230)
    )
    change = merge(Choice("k229", Act.RENAME, "last"))
    page = offered(ben, change)
    assert len(re.findall(r'<option value="k\d{3}"', page)) == 199
    assert "33 more: find them by a part of the path." in page
    assert "a/s229 is called last" in page
    assert ">a/s228</option>" in offered(ben, change, step="0", find="s228")


@pytest.mark.parametrize(
    ("path", "act", "value", "said"),
    [
        ("a/x", "rename", "So so", "Call it &#x27;so-so&#x27;"),
        ("a/x", "rename", "n", "b/n is taken: a category answers there."),
        ("a/n/q", "rename", "taken", "b/n/taken is taken: a skill answers there."),
        ("c/z", "rename", "taken", "This name will do."),
        ("a/x", "fold", "b/x", "A new name: a-z"),
        ("a/x", "rename", "", "A new name: a-z"),
        ("b/x", "rename", "y", "This name will do."),
    ],
)
def test_a_new_name_is_looked_at_where_the_merge_would_put_the_skill(
    ben: Client, path: str, act: str, value: str, said: str
) -> None:
    change = merge()
    asked = {"step": "0", "choice_skill": key(path), "choice_act": act, "choice_value": value}
    response = ben.get(f"{change.get_absolute_url()}names/", asked, headers={"HX-Request": "true"})
    page = response.content.decode()
    assert said in page
    assert "<" not in page.replace("<strong>", "").replace("</strong>", ""), "only what changes of the status"


def test_a_name_is_looked_at_only_in_ones_own_draft(ben: Client, dan: Client) -> None:
    address = f"{merge().get_absolute_url()}names/"
    assert ben.get(address)["Location"] == address.removesuffix("names/")
    assert dan.get(address, headers={"HX-Request": "true"}).status_code == 403
    User.objects.create_superuser("root")
    dan.force_login(User.objects.get(username="root"))
    assert dan.get(address, headers={"HX-Request": "true"}).status_code == 403


def test_what_lies_in_a_merged_category_within_another_goes_straight_into_the_target(ben: Client) -> None:
    step = MergeCategories((key("a"), key("a/n")), key("b"))
    change = draft_change(operations=[step], actor=User.objects.get(username="ben"))
    asked = {"step": "0", "choice_skill": key("a/n/q"), "choice_act": "rename", "choice_value": "x"}
    page = ben.get(
        f"{change.get_absolute_url()}names/", asked, headers={"HX-Request": "true"}
    ).content.decode()
    assert "b/x is taken: a skill answers there." in page


def test_a_new_name_is_looked_at_after_the_steps_before_the_merge(ben: Client) -> None:
    steps = [Rename(Kind.CATEGORY, key("b"), "bb"), Rename(Kind.SKILL, key("b/x"), "w")]
    merge = MergeCategories((key("a"),), key("b"))
    change = draft_change(operations=[*steps, merge], actor=User.objects.get(username="ben"))
    asked = {"step": "2", "choice_skill": key("a/x"), "choice_act": "rename", "choice_value": "w"}
    address = f"{change.get_absolute_url()}names/"
    page = ben.get(address, asked, headers={"HX-Request": "true"}).content.decode()
    assert "bb/w is taken after the steps of your draft: a skill answers there." in page
    page = ben.get(address, asked | {"choice_value": "v"}, headers={"HX-Request": "true"}).content.decode()
    assert "This name will do." in page
