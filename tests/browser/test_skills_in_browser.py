"""The skills pages in a real browser: findings and text, list and back, without JavaScript, and axe."""

import re
from typing import Any

import pytest

from tests.browser.pages import Open, assert_sound
from tests.browser.waiting import expect, wait_until
from tests.skills_app import skill_makers as make

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

LONG = "\n\n".join(f"## Part {number}\n\nWords of part {number}." for number in range(40))


@pytest.fixture
def allowed_messages() -> tuple[str, ...]:
    return ()


@pytest.fixture
def judged() -> Any:
    one = make.skill("tech/one", LONG)
    made = make.report(
        one,
        {"title": "Late words", "line": 125, "severity": "critical"},
        {"title": "Two parts", "line": 13, "end_line": 15},
        {"title": "The description", "line": 3},
        {"title": "A passed check", "line": 61, "is_passed": True},
    )
    make.assessment(one, measures={"has_core_principle": True, "pattern_count": 3}, strengths=["clear"])
    one.findings = {finding.title: finding for finding in made.findings.all()}  # type: ignore[attr-defined]
    return one


def test_choosing_a_finding_scrolls_to_its_text_and_marks_both(open_page: Any, judged: Any) -> None:
    page = open_page(f"/skills/{judged.key}/")

    page.get_by_role("link", name="Line 125").click()

    marked = page.locator("[data-marked]")
    marked.wait_for()
    wait_until(page, "document.querySelector('[data-marked]').getBoundingClientRect().top < innerHeight")
    expect(marked).to_have_attribute("data-line", "125")
    expect(page.locator(f"#finding-{judged.findings['Late words'].pk}")).to_have_attribute(
        "aria-current", "true"
    )
    wait_until(page, "scrollY > 500")


def test_a_finding_over_several_lines_marks_each_block(open_page: Any, judged: Any) -> None:
    page = open_page(f"/skills/{judged.key}/")

    page.get_by_role("link", name="Lines 13 to 15").click()
    page.locator("[data-marked]").first.wait_for()

    assert page.locator("[data-marked]").evaluate_all("all => all.map(e => e.dataset.line)") == ["13", "15"]


def test_choosing_the_mark_in_the_text_leads_back_to_the_finding(open_page: Any, judged: Any) -> None:
    page = open_page(f"/skills/{judged.key}/")
    finding = judged.findings["Late words"]

    page.locator(f".finding-mark[href='#finding-{finding.pk}']").click()

    chosen = page.locator(f"#finding-{finding.pk}")
    wait_until(page, f"document.activeElement.id === 'finding-{finding.pk}'")
    expect(chosen).to_have_attribute("aria-current", "true")
    box = chosen.bounding_box()
    assert box is not None
    assert 0 <= box["y"] <= 800


def test_finding_in_the_front_matter_marks_its_field_and_a_passed_check_opens(
    open_page: Any, judged: Any
) -> None:
    page = open_page(f"/skills/{judged.key}/#finding-{judged.findings['A passed check'].pk}")
    expect(page.get_by_text("A passed check")).to_be_visible()

    page.get_by_role("link", name="Line 3", exact=True).click()

    wait_until(page, "document.querySelector('.front-field[data-marked]') !== null")
    expect(page.locator("[data-marked]")).to_have_attribute("id", "doc-L3")


def test_outline_marks_the_section_that_is_read(open_page: Any, judged: Any) -> None:
    page = open_page(f"/skills/{judged.key}/")

    page.get_by_role("link", name="Part 30").click()

    wait_until(page, "document.querySelector('[data-outline] [aria-current]')?.textContent === 'Part 30'")


def test_without_javascript_links_lead_to_the_text_and_back(open_page: Any, judged: Any) -> None:
    page = open_page(f"/skills/{judged.key}/", java_script_enabled=False)

    page.get_by_role("link", name="Line 125").click()
    expect(page).to_have_url(re.compile(re.escape("#doc-L125") + "$"))
    assert page.locator("#doc-L125").bounding_box()["y"] < 800

    page.locator("#doc-L125 .finding-mark").click()
    expect(page).to_have_url(re.compile(re.escape(f"#finding-{judged.findings['Late words'].pk}") + "$"))

    page.get_by_role("link", name="Versions").click()
    expect(page.get_by_role("link", name="Version 1", exact=True)).to_be_visible()
    expect(page.get_by_role("button", name="Copy")).to_be_hidden()


def test_facets_and_search_change_the_address_and_back_restores(open_page: Any, judged: Any) -> None:
    make.skill("ops/two", facets=[("lang", "go")])
    page = open_page("/skills/")

    page.get_by_role("link", name="go 1").click()
    page.get_by_text("1 skill", exact=True).wait_for()
    expect(page).to_have_url(re.compile(re.escape("facet=lang%3Ago")))

    page.get_by_role("searchbox", name="Search skills").fill("advice")
    page.get_by_role("button", name="Search", exact=True).click()
    page.wait_for_url("**q=advice**")
    expect(page.locator("mark").first).to_have_text("advice")

    page.evaluate("history.back()")
    page.get_by_role("searchbox", name="Search skills").and_(page.locator("[value='']")).wait_for()
    page.get_by_text("1 skill", exact=True).wait_for()
    page.evaluate("history.back()")
    page.get_by_text("2 skills", exact=True).wait_for()


def test_walking_through_the_list_keeps_its_order(open_page: Any, judged: Any) -> None:
    make.skill("tech/two")
    page = open_page("/skills/?branch=tech&sort=name")

    page.get_by_role("link", name="one", exact=True).click()
    page.get_by_role("link", name="Next skill, two").click()

    expect(page.locator(".page-head h1")).to_have_text("two")
    expect(page.get_by_text("2 of 2", exact=True)).to_be_visible()


def test_tabs_swap_in_place_and_copy_says_that_it_did(open_page: Any, judged: Any) -> None:
    page = open_page(f"/skills/{judged.key}/", permissions=["clipboard-read", "clipboard-write"])

    page.get_by_role("link", name="Source", exact=True).click()
    page.wait_for_url("**tab=source**")
    expect(page.locator("#doc-L1")).to_be_visible()

    page.get_by_role("button", name="Copy").click()
    page.get_by_text("Copied").wait_for()
    assert page.evaluate("navigator.clipboard.readText()").startswith("---\nname: one")


@pytest.mark.parametrize(("theme", "width"), [("light", 1400), ("dark", 400)])
def test_no_page_of_skills_has_a_violation_or_scrolls_sideways(
    open_page: Open, judged: Any, theme: str, width: int
) -> None:
    other = make.skill("files/one", files=(make.text_file("a.py", "def a():\n    return 1\n"),))
    here = f"/skills/{judged.key}/"
    tabs = (f"{here}?tab={name}" for name in ("source", "versions", "about"))
    paths = ("/skills/?q=words", here, *tabs, f"/skills/{other.key}/versions/1/files/a.py")
    assert_sound(open_page, paths, theme=theme, width=width)


def test_the_address_of_a_chosen_finding_shows_the_same_without_javascript(
    open_page: Any, judged: Any
) -> None:
    page = open_page(f"/skills/{judged.key}/")
    page.get_by_role("link", name="Line 125").click()
    page.locator("[data-marked]").wait_for()
    finding = judged.findings["Late words"].pk
    expect(page).to_have_url(re.compile(re.escape(f"?finding={finding}#doc-L125") + "$"))
    page.get_by_role("link", name="Line 3", exact=True).click()
    page.go_back()
    wait_until(page, "document.querySelector('[data-marked]')?.dataset.line === '125'")

    plain = open_page(f"/skills/{judged.key}/?finding={finding}#doc-L125", java_script_enabled=False)

    expect(plain.locator("[data-marked]")).to_have_attribute("data-line", "125")
    expect(plain.locator(f"#finding-{finding}")).to_have_attribute("aria-current", "true")
    assert plain.locator("#doc-L125").bounding_box()["y"] < 800


def test_findings_are_filtered_in_place_and_back_brings_all(open_page: Any, judged: Any) -> None:
    page = open_page(f"/skills/{judged.key}/")

    page.get_by_role("link", name="Critical 1").click()
    wait_until(page, "document.querySelectorAll('[aria-label=\"Open findings\"] > .finding').length === 1")
    expect(page.get_by_text("Two parts")).to_have_count(0)
    page.get_by_role("navigation", name="Findings by severity").get_by_role("link", name="All").click()
    wait_until(page, "document.querySelectorAll('[aria-label=\"Open findings\"] > .finding').length === 3")


def test_a_finding_in_the_front_matter_scrolls_to_its_field_on_a_narrow_page_and_back_takes_the_mark_away(
    open_page: Any, judged: Any
) -> None:
    page = open_page(f"/skills/{judged.key}/", width=400)
    link = page.get_by_role("link", name="Line 3", exact=True)
    link.scroll_into_view_if_needed()
    assert page.locator("#doc-L3 dt").bounding_box()["y"] < 0

    link.click()

    place = "document.querySelector('#doc-L3 dt').getBoundingClientRect().top"
    wait_until(page, f"{place} > 0 && {place} < innerHeight")
    page.go_back()
    wait_until(page, "document.querySelector('[data-marked]') === null")
