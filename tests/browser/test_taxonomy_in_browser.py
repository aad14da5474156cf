"""The taxonomy in a real browser: what a draft draws, history, facets, without JavaScript, and axe."""

import importlib
from typing import Any

import pytest

from skills_app.models import Category, Skill
from skills_app.services.make_skill import make_skill
from skills_app.services.place_skill import place_skill
from tests.browser.pages import Open, violations
from tests.browser.waiting import expect, wait_until

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def library() -> None:
    for path in ("alpha/one", "alpha/nest/two", "beta/three", "gamma/four", "lone"):
        make_skill(path=path)


@pytest.fixture(scope="module")
def warm_server() -> None:
    """Import what the first look at placement help imports, which may take longer than a page is waited for."""
    importlib.import_module("sklearn.feature_extraction.text")


@pytest.mark.parametrize(("theme", "width"), [("light", 1400), ("dark", 400)])
@pytest.mark.usefixtures("library", "warm_server")
def test_no_page_of_the_taxonomy_has_a_violation_or_scrolls_sideways(
    open_page: Open,
    theme: str,
    width: int,
) -> None:
    page = open_page("/taxonomy/?at=alpha", theme=theme, width=width)
    drafted(page)
    draft = page.url
    Skill.objects.get(path="alpha/one").facets.create(name="lang", value="go")
    # The page of the draft says so.
    place_skill(skill=Skill.objects.get(path="alpha/nest/two"), path="alpha/nest/other", actor_name="scan")
    pages = ["/taxonomy/?at=alpha&at=beta", "/taxonomy/?q=o", "/taxonomy/?by=facets&facet=lang:go", draft]
    pages += ["/taxonomy/changes/", "/taxonomy/placement/", "/taxonomy/check/", "/taxonomy/files/"]
    pages += ["/taxonomy/old-addresses/?q=alpha"]
    for path in pages:
        page.goto(path)
        assert path != draft or page.get_by_role("heading", name="Changed meanwhile").is_visible()
        assert violations(page) == [], path
        assert page.evaluate("document.documentElement.scrollWidth") <= width, path


def drafted(page: Any) -> None:
    page.get_by_label("Select category alpha/nest").check()
    page.get_by_label("Target").fill("beta")
    page.get_by_role("button", name="Move there").click()
    page.wait_for_url("**/taxonomy/changes/*/")


@pytest.mark.usefixtures("library")
def test_the_names_of_rows_say_what_a_merge_and_new_facets_would_do(open_page: Open) -> None:
    page = open_page("/taxonomy/?at=alpha")
    page.get_by_label("Select category alpha/nest").check()
    page.get_by_label("Target").fill("beta")
    page.get_by_role("button", name="Merge into it").click()
    page.wait_for_url("**/taxonomy/changes/*/")
    page.goto("/taxonomy/?at=alpha")
    page.get_by_label("Select skill alpha/one").check()
    page.get_by_label("Add facets").fill("lang: go")
    page.get_by_role("button", name="Change facets").click()
    page.wait_for_url("**/taxonomy/changes/*/")
    page.goto("/taxonomy/?at=alpha/nest&at=beta")
    for name in (
        "Nest, merges into beta and ends, 1 skill",
        "two, goes to beta, draft",
        "one, changed: gets lang: go, draft",
        "Beta, is kept, 1 arriving, 1 skill",
        "two, arrives from alpha/nest/two",
        "three, draft",
    ):
        expect(page.get_by_role("treeitem", name=name)).to_have_count(1)
    expect(page.get_by_text("goes to beta", exact=True)).to_be_visible()
    assert violations(page) == []


@pytest.mark.usefixtures("library")
def test_the_history_folds_a_long_before_and_after_and_opens_without_javascript(open_page: Open) -> None:
    page = open_page("/taxonomy/", java_script_enabled=False, width=400)
    page.get_by_label("Select category alpha", exact=True).check()
    page.get_by_label("Target").fill("beta")
    page.get_by_role("button", name="Move there").click()
    page.get_by_role("button", name="Apply").click()
    page.get_by_text("Applied.", exact=True).wait_for()
    page.goto("/taxonomy/changes/?branch=alpha/nest")
    difference = page.get_by_role("listitem").filter(
        has_text="before alpha/nest/two after beta/alpha/nest/two"
    )
    expect(difference).to_be_hidden()
    page.get_by_text("4 differences").click()
    expect(difference).to_be_visible()


@pytest.mark.usefixtures("library")
@pytest.mark.parametrize(("theme", "width"), [("light", 1400), ("dark", 400)])
def test_the_history_has_no_violation_and_does_not_scroll_sideways(
    open_page: Open,
    theme: str,
    width: int,
) -> None:
    page = open_page("/taxonomy/?at=alpha", theme=theme, width=width)
    drafted(page)
    page.get_by_role("button", name="Apply").click()
    page.get_by_text("Applied.", exact=True).wait_for()
    page.goto("/taxonomy/changes/")
    expect(page.get_by_text("beta/nest/two")).to_be_visible()
    assert violations(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width


@pytest.mark.usefixtures("library")
def test_a_merge_is_drafted_applied_and_undone_without_javascript(open_page: Open) -> None:
    page = open_page("/taxonomy/", java_script_enabled=False)
    page.get_by_role("link", name="Alpha").click()
    page.get_by_label("Select category alpha/nest").check()
    page.get_by_role("button", name="Merge into it").click()
    expect(page.get_by_role("alert")).to_be_visible()
    page.get_by_label("Target").fill("gamma")
    page.get_by_label("Select category alpha", exact=True).check()
    page.get_by_role("button", name="Merge into it").click()
    page.get_by_role("button", name="Apply").click()
    page.get_by_text("Applied.", exact=True).wait_for()
    assert not Category.objects.filter(path="alpha").exists()
    page.get_by_role("button", name="Undo").click()
    page.get_by_text("Undone.", exact=True).wait_for()
    assert Category.objects.filter(path="alpha/nest").exists()


@pytest.mark.usefixtures("library")
def test_facets_narrow_an_open_tree_and_survive_a_reload(open_page: Open) -> None:
    for path in ("alpha/one", "beta/three"):
        Skill.objects.get(path=path).facets.create(name="lang", value="go")
    page = open_page("/taxonomy/")
    page.locator("[data-path='alpha'] > .taxo-row [data-toggle]").click()
    page.locator("[data-path='alpha/nest']").wait_for()
    page.get_by_role("link", name="By facets").click()
    page.get_by_role("navigation", name="Facets").get_by_role("link", name="go 2").click()
    page.wait_for_url("**facet=lang*")
    page.locator("[data-path='alpha/one']").wait_for()
    expect(page.locator("[data-path='gamma'], [data-path='alpha/nest'], [data-path='lone']")).to_have_count(0)
    page.locator("[data-path='beta'] > .taxo-row [data-toggle]").click()
    page.locator("[data-path='beta/three']").wait_for()
    wait_until(page, "new URL(location.href).searchParams.getAll('at').length === 2")
    page.reload()
    page.locator("[data-path='beta/three']").wait_for()
    page.get_by_role("link", name="Only the tree").click()
    page.locator("[data-path='gamma']").wait_for()
    expect(page.locator("[data-path='beta/three']")).to_have_count(1)


@pytest.mark.usefixtures("library", "warm_server")
def test_the_tray_shows_suggested_homes_when_it_is_opened(open_page: Open) -> None:
    page = open_page("/taxonomy/", width=400)
    hints = page.get_by_role("region", name="Skills without a home")
    expect(hints).to_have_count(0)
    page.get_by_text("Suggested homes for what has none").click()
    expect(hints.get_by_role("link", name="lone", exact=True)).to_be_visible()
    assert violations(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= 400
