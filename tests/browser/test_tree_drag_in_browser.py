"""Rows dragged in the tree, in a real browser: the same step as by the button, and a refusal that is marked and said."""

from typing import Any

import pytest
from django.contrib.auth.models import User

from skills_app.domain.change_sets.operations import Part, Split
from skills_app.models import Category, PlacementChange, Skill
from skills_app.services.draft_change import draft_change
from skills_app.services.make_skill import make_skill
from tests.browser.pages import Open
from tests.browser.waiting import expect

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
TAKEN = "beta/one is taken: a skill answers there. Your draft will offer ways out."
INSIDE = "Category alpha cannot go into alpha/nest: that lies inside it."


@pytest.fixture
def library() -> None:
    for path in ("alpha/one", "alpha/nest/two", "beta/one", "gamma/four"):
        make_skill(path=path)


def row(page: Any, path: str) -> Any:
    return page.locator(f"[data-path='{path}'] > .taxo-row")


def node(page: Any, path: str) -> Any:
    return page.locator(f"[data-node][data-path='{path}']")


def drag(page: Any, source: str, over: str) -> None:
    """Take a row up by the mouse and hold it over another."""
    expect(node(page, source)).to_have_attribute("draggable", "true")
    row(page, source).hover()
    page.mouse.down()
    row(page, over).hover()


@pytest.mark.usefixtures("library")
def test_a_row_dragged_onto_a_place_makes_the_same_step(open_page: Open) -> None:
    page = open_page("/taxonomy/?at=alpha")
    row(page, "alpha/one").drag_to(row(page, "gamma"))
    page.wait_for_url("**/taxonomy/changes/*/")
    expect(page.get_by_role("heading", name="Move to gamma")).to_be_visible()


@pytest.mark.usefixtures("library")
def test_a_row_dragged_to_the_top_leaves_the_category_above_it(open_page: Open) -> None:
    page = open_page("/taxonomy/?at=alpha")
    top = page.locator("[data-top]")
    expect(top).to_be_hidden()
    drag(page, "alpha/nest", "gamma")
    expect(top).to_be_visible()
    top.hover()
    page.mouse.up()
    page.wait_for_url("**/taxonomy/changes/*/")
    expect(page.get_by_role("heading", name="Move to the top")).to_be_visible()


@pytest.mark.usefixtures("library")
def test_a_place_that_cannot_take_what_is_dragged_is_disabled_and_says_why(open_page: Open) -> None:
    page = open_page("/taxonomy/?at=alpha")
    drag(page, "alpha/one", "gamma")
    expect(node(page, "alpha")).to_have_attribute("aria-description", "It is there already.")
    expect(page.get_by_role("tree")).to_match_aria_snapshot(
        """
        - treeitem /Alpha/ [disabled] [expanded]:
          - group:
            - treeitem /Nest, 1 skill/ [disabled=false]
        - treeitem /Beta/ [disabled=false]
        - treeitem /Gamma/ [disabled=false]
        """
    )
    row(page, "alpha").hover()
    said = page.locator("[data-drag-said]")
    expect(said).to_have_text("alpha cannot take it. It is there already.")
    page.mouse.up()
    expect(said).to_have_text("Not moved. It is there already.")
    expect(said).to_have_attribute("role", "status")
    assert node(page, "alpha").get_attribute("aria-disabled") is None
    assert PlacementChange.objects.count() == 0


@pytest.mark.usefixtures("library")
def test_a_place_in_which_the_name_is_taken_says_so_and_leads_to_the_ways_out(open_page: Open) -> None:
    page = open_page("/taxonomy/?at=alpha")
    drag(page, "alpha/one", "gamma")
    expect(node(page, "beta")).to_have_attribute("aria-description", TAKEN)
    row(page, "beta").hover()
    expect(page.locator("[data-drag-said]")).to_have_text(f"beta: {TAKEN}")
    page.mouse.up()
    page.wait_for_url("**/taxonomy/changes/*/")
    expect(page.get_by_role("button", name="Call it 'one-2' there")).to_be_visible()


@pytest.mark.usefixtures("library")
def test_a_branch_goes_neither_into_itself_nor_where_it_is(open_page: Open) -> None:
    page = open_page("/taxonomy/?at=alpha")
    drag(page, "alpha", "gamma")
    expect(node(page, "alpha/nest")).to_have_attribute("aria-disabled", "true")
    assert "lies inside it" in node(page, "alpha/nest").get_attribute("aria-description")
    expect(page.locator("[data-top]")).to_have_attribute("aria-description", "It is there already.")
    page.mouse.up()
    page.wait_for_url("**/taxonomy/changes/*/")


@pytest.mark.usefixtures("library")
def test_a_drop_before_the_reasons_have_come_waits_for_them(open_page: Open) -> None:
    page = open_page("/taxonomy/?at=alpha")
    held: list[Any] = []
    page.route("**/taxonomy/refusals/", lambda route: held.append(route))
    drag(page, "alpha", "alpha/nest")
    row(page, "alpha/nest").hover()
    page.mouse.up()
    for _ in range(200):
        if held:
            break
        page.wait_for_timeout(50)
    held.pop().continue_()
    expect(page.locator("[data-drag-said]")).to_have_text(f"Not moved. {INSIDE}")
    assert PlacementChange.objects.count() == 0


@pytest.mark.usefixtures("library")
def test_what_the_draft_makes_takes_what_is_dragged_there(open_page: Open) -> None:
    page = open_page("/taxonomy/?at=alpha")
    parts = (Part("newcategory", "", "delta", "Delta", (), (Skill.objects.get(path="beta/one").key,)),)
    split = Split(Category.objects.get(path="beta").key, parts)
    draft_change(operations=[split], actor=User.objects.get(username="ada"))
    page.reload()
    drag(page, "alpha/one", "delta")
    # One of the same name arrives there by the draft.
    expect(node(page, "delta")).to_have_attribute("aria-description", TAKEN.replace("beta", "delta"))
    page.mouse.up()
    page.wait_for_url("**/taxonomy/changes/*/")
    expect(page.get_by_text("Move to delta")).to_be_visible()


@pytest.mark.usefixtures("library")
def test_what_the_draft_splits_off_is_selected_by_key_and_dragged(open_page: Open) -> None:
    page = open_page("/taxonomy/")
    parts = (Part("made", "", "delta", "Delta", (), (Skill.objects.get(path="beta/one").key,)),)
    split = Split(Category.objects.get(path="beta").key, parts)
    draft_change(operations=[split], actor=User.objects.get(username="ada"))
    page.reload()
    expect(node(page, "delta")).to_have_attribute("aria-selected", "false")
    node(page, "delta").focus()
    page.keyboard.press("Space")
    expect(node(page, "delta")).to_have_attribute("aria-selected", "true")
    expect(page.get_by_label("Select category delta, which your draft makes")).to_be_checked()
    row(page, "delta").drag_to(row(page, "gamma"))
    page.wait_for_url("**/taxonomy/changes/*/")
    expect(page.get_by_text("Move to gamma")).to_be_visible()
