"""Steps of a change-set by keys alone: split, facets, a proposal and its consent; and a merge by touch."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from skills_app.models import Category, RoleGrant, Skill, SkillFacet
from skills_app.services.make_skill import make_skill
from tests.browser.pages import Open
from tests.browser.test_tree_in_browser import decide_by_keys, press, row, tab_to, tree_of
from tests.browser.waiting import expect

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture(autouse=True)
def library() -> None:
    for path in ("alpha/one", "beta/two", "brook/three"):
        make_skill(path=path)


def select_by_keys(page: Any, skill: str) -> None:
    """Open the branch of a skill in the tree and select the skill."""
    branch = skill.partition("/")[0]
    tab_to(page, tree_of(page))
    page.keyboard.press("Home")
    while not row(page, branch).evaluate("one => one === document.activeElement"):
        page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowRight")
    expect(row(page, branch)).to_have_attribute("aria-expanded", "true")
    press(page, "ArrowRight", skill)
    page.keyboard.press("Space")
    page.get_by_text("1 selected.").wait_for()


def type_into(page: Any, label: str, text: str) -> None:
    tab_to(page, page.get_by_label(label))
    page.keyboard.type(text)


def draft_by_keys(page: Any, button: str) -> None:
    tab_to(page, page.get_by_role("button", name=button))
    page.keyboard.press("Enter")
    page.wait_for_url("**/taxonomy/changes/*/")


@pytest.mark.parametrize("step", ["split", "facets"])
def test_a_step_is_taken_and_undone_by_keys_alone(open_page: Open, step: str) -> None:
    page = open_page("/taxonomy/" if step == "split" else "/taxonomy/?q=b")
    if step == "split":
        select_by_keys(page, "brook/three")
        type_into(page, "New name", "delta")
        draft_by_keys(page, "Split off")
    else:
        tab_to(page, page.get_by_label("Select all 2 skills found"))
        page.keyboard.press("Space")
        page.get_by_text("All 2 skills found selected.").wait_for()
        type_into(page, "Add facets", "lang: go")
        draft_by_keys(page, "Change facets")
    decide_by_keys(page, "Apply", "Applied.")
    faceted = SkillFacet.objects.filter(name="lang", value="go").order_by("skill__path")
    if step == "split":
        assert Skill.objects.filter(path="delta/three").exists()
    else:
        assert list(faceted.values_list("skill__path", flat=True)) == ["beta/two", "brook/three"]
    decide_by_keys(page, "Undo", "Undone.")
    assert Skill.objects.filter(path="brook/three").exists()
    assert not faceted.exists()


def test_a_curator_proposes_and_who_looks_after_the_other_branch_accepts_by_keys_alone(
    open_page: Open,
) -> None:
    ben = User.objects.create_user("ben")
    RoleGrant.objects.create(user=ben, role="curator", category=Category.objects.get(path="alpha"))
    theirs = open_page("/taxonomy/")
    client = Client()
    client.force_login(ben)
    session = {"name": "sessionid", "value": client.cookies["sessionid"].value}
    theirs.context.add_cookies([{**session, "url": theirs.url.split("/taxonomy/")[0]}])
    theirs.reload()
    select_by_keys(theirs, "alpha/one")
    type_into(theirs, "Target", "beta")
    draft_by_keys(theirs, "Move there")
    decide_by_keys(theirs, "Propose", "Proposed.")
    page = open_page("/taxonomy/changes/" + theirs.url.split("/changes/")[1])
    decide_by_keys(page, "Accept", "Accepted.")
    assert Skill.objects.filter(path="beta/one").exists()


def test_a_branch_is_merged_and_the_merge_undone_by_touch(open_page: Open) -> None:
    page = open_page("/taxonomy/", width=400, has_touch=True)
    page.get_by_label("Select category brook").tap()
    page.get_by_text("1 selected.").wait_for()
    page.get_by_role("link", name="What can be done with the selection").tap()
    page.get_by_label("Target").tap()
    page.keyboard.insert_text("beta")
    page.get_by_role("button", name="Merge into it").tap()
    page.wait_for_url("**/taxonomy/changes/*/")
    for button, said, path in (("Apply", "Applied.", "beta/three"), ("Undo", "Undone.", "brook/three")):
        page.get_by_role("button", name=button).tap()
        page.get_by_text(said, exact=True).wait_for()
        assert Skill.objects.filter(path=path).exists()
