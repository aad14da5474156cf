"""The tree of the taxonomy in a real browser: by its keys, by touch, as it is told, with many rows, and names as they are typed."""

import re
from typing import Any

import pytest

from skills_app.models import Category, Skill
from skills_app.services.make_skill import make_skill
from tests.browser.pages import Open, violations
from tests.browser.waiting import expect, wait_until

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
# Longer than the pause after which a letter begins a new word.
PAUSE_MS = 800


@pytest.fixture
def library() -> None:
    for path in ("alpha/one", "alpha/nest/two", "beta/three", "brook/five", "gamma/four", "lone"):
        make_skill(path=path)


def tab_to(page: Any, goal: Any) -> None:
    """Press Tab until the focus is on or in ``goal``, as a person without a mouse has to."""
    for _ in range(80):
        page.keyboard.press("Tab")
        if goal.evaluate("one => one.contains(document.activeElement)"):
            return
    raise AssertionError(f"Tab never came to {goal}")


def tree_of(page: Any) -> Any:
    return page.get_by_role("tree", name="Taxonomy")


def press(page: Any, key: str, path: str) -> None:
    """Press a key in the tree and wait until the row at ``path`` has the focus."""
    page.keyboard.press(key)
    wait_until(page, f"document.activeElement.dataset.path === '{path}'")


def row(page: Any, path: str) -> Any:
    return page.locator(f"[data-node][data-path='{path}']")


@pytest.mark.usefixtures("library")
def test_the_tree_is_reached_by_tab_and_walked_by_all_its_keys(open_page: Open) -> None:
    page = open_page("/taxonomy/")
    tab_to(page, tree_of(page))
    expect(row(page, "alpha")).to_be_focused()
    for key, path in (("ArrowDown", "beta"), ("ArrowUp", "alpha"), ("End", "gamma"), ("Home", "alpha")):
        press(page, key, path)
    page.keyboard.press("ArrowRight")
    expect(row(page, "alpha")).to_have_attribute("aria-expanded", "true")
    press(page, "ArrowRight", "alpha/nest")
    page.keyboard.press("ArrowRight")
    expect(row(page, "alpha/nest")).to_have_attribute("aria-expanded", "true")
    press(page, "ArrowLeft", "alpha/nest")
    expect(row(page, "alpha/nest")).to_have_attribute("aria-expanded", "false")
    press(page, "ArrowDown", "alpha/one")
    press(page, "ArrowLeft", "alpha")
    press(page, "ArrowLeft", "alpha")
    expect(row(page, "alpha")).to_have_attribute("aria-expanded", "false")
    page.keyboard.press("*")
    expect(tree_of(page).locator("[aria-level='1'][aria-expanded=true]")).to_have_count(4)
    press(page, "End", "gamma/four")
    press(page, "g", "gamma")
    press(page, "Home", "alpha")


@pytest.mark.usefixtures("library")
def test_letters_typed_one_after_the_other_find_a_row(open_page: Open) -> None:
    page = open_page("/taxonomy/")
    tab_to(page, tree_of(page))
    for _ in range(5):
        page.wait_for_timeout(PAUSE_MS)
        page.keyboard.press("Home")
        page.keyboard.type("br")
        if row(page, "brook").evaluate("one => one === document.activeElement"):
            break
    expect(row(page, "brook")).to_be_focused()
    page.wait_for_timeout(PAUSE_MS)
    press(page, "b", "beta")


@pytest.mark.usefixtures("library")
def test_a_branch_is_moved_and_the_move_undone_by_keys_alone(open_page: Open) -> None:
    page = open_page("/taxonomy/")
    tab_to(page, tree_of(page))
    page.keyboard.press("ArrowRight")
    expect(row(page, "alpha")).to_have_attribute("aria-expanded", "true")
    press(page, "ArrowRight", "alpha/nest")
    page.keyboard.press("Space")
    expect(page.get_by_text("1 selected.")).to_be_visible()
    expect(row(page, "alpha/nest")).to_have_attribute("aria-selected", "true")
    tab_to(page, page.get_by_label("Target"))
    page.keyboard.type("beta")
    tab_to(page, page.get_by_role("button", name="Move there"))
    page.keyboard.press("Enter")
    page.wait_for_url("**/taxonomy/changes/*/")
    for button, said, path in (("Apply", "Applied.", "beta/nest/two"), ("Undo", "Undone.", "alpha/nest/two")):
        tab_to(page, page.get_by_role("button", name=button))
        page.keyboard.press("Enter")
        page.get_by_text(said, exact=True).wait_for()
        assert Skill.objects.filter(path=path).exists()


@pytest.mark.usefixtures("library")
def test_a_branch_is_merged_and_the_merge_undone_by_keys_alone(open_page: Open) -> None:
    page = open_page("/taxonomy/")
    tab_to(page, tree_of(page))
    press(page, "ArrowDown", "beta")
    press(page, "ArrowDown", "brook")
    page.keyboard.press("Space")
    page.get_by_text("1 selected.").wait_for()
    tab_to(page, page.get_by_label("Target"))
    page.keyboard.type("beta")
    tab_to(page, page.get_by_role("button", name="Merge into it"))
    page.keyboard.press("Enter")
    page.wait_for_url("**/taxonomy/changes/*/")
    decide_by_keys(page, "Apply", "Applied.")
    assert not Category.objects.filter(path="brook").exists()
    assert Skill.objects.filter(path="beta/five").exists()
    decide_by_keys(page, "Undo", "Undone.")
    assert Skill.objects.get(path="brook/five").category == Category.objects.get(path="brook")


@pytest.mark.usefixtures("library")
def test_a_branch_gets_another_name_and_the_old_one_back_by_keys_alone(open_page: Open) -> None:
    page = open_page("/taxonomy/")
    tab_to(page, tree_of(page))
    press(page, "End", "gamma")
    page.keyboard.press("F2")
    expect(page.get_by_label("New name")).to_have_value("gamma")
    page.keyboard.type("delta")
    page.keyboard.press("Enter")
    page.wait_for_url("**/taxonomy/changes/*/")
    decide_by_keys(page, "Apply", "Applied.")
    assert Skill.objects.filter(path="delta/four").exists()
    decide_by_keys(page, "Undo", "Undone.")
    assert Skill.objects.filter(path="gamma/four").exists()


@pytest.mark.usefixtures("library")
def test_rows_are_cut_and_put_elsewhere_and_the_step_taken_out_and_put_back_by_keys(open_page: Open) -> None:
    page = open_page("/taxonomy/?at=alpha")
    tab_to(page, tree_of(page))
    page.keyboard.press("Control+v")
    page.get_by_text("Nothing is cut.").wait_for()
    page.keyboard.press("Control+x")
    page.get_by_text("1 row cut.").wait_for()
    expect(row(page, "alpha/nest")).to_have_attribute("aria-disabled", "true")
    press(page, "ArrowDown", "alpha/nest")
    page.keyboard.press("Control+v")
    page.get_by_text("Not moved. Category alpha cannot go into alpha/nest").wait_for()
    page.keyboard.press("Control+x")
    press(page, "End", "gamma")
    page.keyboard.press("Control+v")
    page.wait_for_url("**/taxonomy/changes/*/")
    page.get_by_role("heading", name="Move to gamma").wait_for()
    page.goto(page.url.split("changes/")[0])
    page.get_by_role("link", name="Your draft, 1 step").wait_for()
    row(page, "beta").focus()
    for key, left in (("Control+z", "0 steps"), ("Control+y", "1 step")):
        page.keyboard.press(key)
        page.get_by_role("link", name=f"Your draft, {left}").wait_for()
        expect(row(page, "beta")).to_be_focused()


def decide_by_keys(page: Any, button: str, said: str) -> None:
    """Go to a button of a change-set by Tab, press it, and wait for what is said then."""
    tab_to(page, page.get_by_role("button", name=button))
    page.keyboard.press("Enter")
    page.get_by_text(said, exact=True).wait_for()


@pytest.mark.usefixtures("library")
def test_a_closed_branch_is_told_with_how_much_the_draft_does_inside(open_page: Open) -> None:
    page = open_page("/taxonomy/?at=alpha/nest")
    row(page, "alpha/nest/two").get_by_role("checkbox").check()
    page.get_by_label("Target").fill("beta")
    page.get_by_role("button", name="Move there").click()
    page.wait_for_url("**/taxonomy/changes/*/")
    page.goto(page.url.split("/taxonomy/")[0] + "/taxonomy/")
    inside, closed = row(page, "alpha").get_by_text("1 change inside"), re.compile("Alpha, 1 change inside,")
    expect(inside.first).to_be_visible()
    expect(row(page, "alpha")).to_have_attribute("aria-label", closed)
    row(page, "alpha").focus()
    page.keyboard.press("ArrowRight")
    expect(row(page, "alpha/nest")).to_have_attribute("aria-label", re.compile("Nest, 1 change inside,"))
    expect(inside.first).to_be_hidden()
    expect(row(page, "alpha")).not_to_have_attribute("aria-label", closed)
    page.keyboard.press("ArrowLeft")
    expect(inside.first).to_be_visible()
    expect(row(page, "alpha")).to_have_attribute("aria-label", closed)


@pytest.mark.usefixtures("library")
def test_several_rows_are_selected_by_keys_and_an_invalid_step_leaves_all_as_it_was(open_page: Open) -> None:
    page = open_page("/taxonomy/")
    tab_to(page, tree_of(page))
    page.keyboard.press("ArrowRight")
    wait_until(page, "new URL(location.href).searchParams.get('at') === 'alpha'")
    page.keyboard.press("Shift+ArrowDown")
    page.keyboard.press("Shift+ArrowDown")
    page.get_by_text("2 selected.").wait_for()
    page.keyboard.press("Control+a")
    page.get_by_text("6 selected.").wait_for()
    page.keyboard.press("Control+a")
    page.get_by_text("Nothing selected.").wait_for()
    page.keyboard.press("Space")
    page.keyboard.press("Home")
    page.keyboard.press("Shift+Space")
    page.get_by_text("3 selected.").wait_for()
    tab_to(page, page.get_by_label("Target"))
    page.keyboard.type("nowhere")
    page.keyboard.press("Enter")
    page.get_by_role("alert").wait_for()
    expect(row(page, "alpha")).to_have_attribute("aria-expanded", "true")
    expect(page.locator("[data-tree] input:checked")).to_have_count(3)
    expect(page.get_by_text("3 selected.")).to_be_visible()


@pytest.mark.usefixtures("library")
def test_a_branch_is_moved_and_the_move_undone_by_touch(open_page: Open) -> None:
    page = open_page("/taxonomy/", width=400, has_touch=True)
    row(page, "alpha").locator("[data-toggle]").first.tap()
    page.get_by_label("Select skill alpha/one").tap()
    page.get_by_text("1 selected.").wait_for()
    page.get_by_role("link", name="What can be done with the selection").tap()
    page.get_by_label("Target").tap()
    page.keyboard.insert_text("beta")
    page.get_by_role("button", name="Move there").tap()
    page.wait_for_url("**/taxonomy/changes/*/")
    page.get_by_role("heading", name="Move to beta").wait_for()
    for button, said, path in (("Apply", "Applied.", "beta/one"), ("Undo", "Undone.", "alpha/one")):
        page.get_by_role("button", name=button).tap()
        page.get_by_text(said, exact=True).wait_for()
        assert Skill.objects.filter(path=path).exists()


STATES = """rows => rows.map((one) => [one.dataset.path,
  ...["level", "posinset", "setsize", "expanded", "selected"].map((name) => one.getAttribute(`aria-${name}`))].join(" "))"""


@pytest.mark.usefixtures("library")
def test_the_tree_tells_level_position_and_state_of_every_row(open_page: Open) -> None:
    page = open_page("/taxonomy/?at=alpha")
    page.get_by_label("Select skill alpha/one").check()
    expect(tree_of(page)).to_match_aria_snapshot(
        """
        - tree "Taxonomy":
          - treeitem /Alpha, 2 skills/ [expanded] [level=1]:
            - group:
              - treeitem /Nest, 1 skill/ [level=2]
              - treeitem /one, draft/ [level=2] [selected]
          - treeitem /Beta/ [level=1]
          - treeitem /Brook/ [level=1]
          - treeitem /Gamma/ [level=1]
        """
    )
    assert tree_of(page).get_attribute("aria-multiselectable") == "true"
    assert tree_of(page).get_by_role("treeitem").evaluate_all(STATES) == [
        "alpha 1 1 4 true false",
        "alpha/nest 2 1 2 false false",
        "alpha/one 2 2 2  true",
        "beta 1 2 4 false false",
        "brook 1 3 4 false false",
        "gamma 1 4 4 false false",
    ]


@pytest.mark.usefixtures("library")
def test_the_rows_after_the_first_two_hundred_are_shown_and_what_is_selected_stays(open_page: Open) -> None:
    home = Category.objects.get(path="beta")
    Skill.objects.bulk_create(
        Skill(key=f"k{n:03}", name=f"s{n:03}", slug=f"s{n:03}", path=f"beta/s{n:03}", category=home)
        for n in range(209)
    )
    page = open_page("/taxonomy/?at=beta")
    page.get_by_label("Select skill beta/s000").check()
    expect(row(page, "beta/s000")).to_have_attribute("aria-setsize", "210")
    offer = page.get_by_role("treeitem", name="Show 10 more, 10 more skills")
    assert offer.get_attribute("aria-posinset") == "201"
    offer.focus()
    page.keyboard.press("Enter")
    expect(row(page, "beta/s200")).to_be_focused()
    expect(row(page, "beta/three")).to_have_attribute("aria-posinset", "210")
    expect(offer).to_have_count(0)
    page.get_by_label("Select skill beta/s208").check()
    page.get_by_text("2 selected.").wait_for()
    page.get_by_label("Target").fill("nowhere")
    page.get_by_role("button", name="Move there").click()
    page.get_by_role("alert").wait_for()
    expect(row(page, "beta/s207")).to_have_count(1)
    expect(page.locator("[data-tree] input:checked")).to_have_count(2)


@pytest.mark.usefixtures("library")
def test_a_name_is_checked_as_it_is_typed(open_page: Open) -> None:
    page = open_page("/taxonomy/?at=alpha")
    page.get_by_label("Select skill alpha/one").check()
    name = page.get_by_label("New name")
    name.press_sequentially("So so")
    expect(page.get_by_text("Call it 'so-so'.")).to_be_visible()
    name.fill("nest")
    expect(page.get_by_text("Rename: alpha/nest is taken: a category answers there.")).to_be_visible()
    page.get_by_label("Select skill alpha/one").uncheck()
    page.get_by_label("Select category alpha/nest").check()
    expect(page.get_by_text("This name will do.")).to_be_visible()
    name.fill("gamma")
    expect(page.get_by_text("Rename: it will do. Split off: gamma is taken")).to_be_visible()


@pytest.mark.usefixtures("library")
def test_a_merge_is_chosen_from_a_list_that_says_why_not_and_a_new_name_in_it_is_checked(
    open_page: Open,
) -> None:
    page = open_page("/taxonomy/?at=alpha")
    page.get_by_label("Select category alpha", exact=True).check()
    page.get_by_label("Select skill alpha/one").check()
    choose = page.get_by_role("button", name="Choose what to merge into")
    expect(choose).to_be_disabled()
    expect(page.get_by_text("not both at once")).to_be_visible()
    page.get_by_label("Select skill alpha/one").uncheck()
    choose.click()
    expect(page.get_by_role("radio", name="alpha/nest")).to_be_disabled()
    expect(page.get_by_text("cannot go into alpha/nest: that lies inside it.")).to_be_visible()
    assert violations(page) == []
    page.get_by_role("radio", name="beta").check()
    page.get_by_role("button", name="Merge into it").click()
    page.get_by_text("Choose for single skills").click()
    page.get_by_label("Find a skill of the merge").fill("one")
    page.get_by_role("button", name="Find", exact=True).click()
    # What is asked by the choice is slow, and the name is typed meanwhile.
    slow: list[Any] = []
    page.route("**/names/**", lambda asked: asked.continue_() if slow else slow.append(asked))
    page.get_by_label("It", exact=True).select_option("rename")
    page.get_by_label("Name or path").press_sequentially("three")
    page.wait_for_timeout(500)
    slow[0].continue_()
    expect(page.get_by_text("beta/three is taken: a skill answers there.")).to_be_visible()
    assert violations(page) == []
