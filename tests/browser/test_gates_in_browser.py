"""Gates, rules, budget and fixes in a real browser: axe in both themes and widths, by keyboard, and without JavaScript."""

from typing import Any

import pytest

from skills_app.models import Gate, Waiver
from skills_app.services.judge_version import judge_versions
from tests.browser.pages import Open, assert_sound
from tests.browser.waiting import expect
from tests.skills_app import skill_makers as make

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
FIXABLE = (
    "---\nname: one\ndescription: Use when in doubt.\nallowed-tools: [Read, Write]\n---\n# One\n\nText.\n"
)


@pytest.fixture
def skill() -> Any:
    made = make.skill("tech/one", content=FIXABLE)
    make.skill("tech/two")
    judge_versions()
    return made


@pytest.mark.parametrize(("theme", "width"), [("light", 1400), ("dark", 400)])
def test_no_page_about_judging_has_a_violation_or_scrolls_sideways(
    open_page: Open,
    skill: Any,
    theme: str,
    width: int,
) -> None:
    paths = (
        f"/skills/{skill.key}/",
        "/gates/",
        "/gates/edit/",
        "/gates/edit/?branch=tech",
        f"/gates/waivers/new/?skill={skill.key}&condition=score",
        "/gates/waivers/new/?branch=tech",
        "/gates/?of=nowhere",
        f"/skills/{skill.key}/?severity=warning",
        "/skills/rules/",
        "/skills/rules/bundle.link.broken/",
        "/skills/budget/?context=0",
    )
    assert_sound(open_page, paths, theme=theme, width=width)


def test_a_fix_is_accepted_by_keyboard_and_its_draft_is_shown(open_page: Open, skill: Any) -> None:
    page = open_page(f"/skills/{skill.key}/")
    page.get_by_role("link", name="Specification").click()
    page.wait_for_url("**report=*")
    box = page.locator("input[name=finding]").first
    box.wait_for()
    box.focus()
    page.keyboard.press("Space")
    page.get_by_role("button", name="Make a draft version").focus()
    page.keyboard.press("Enter")

    page.wait_for_url("**/versions/2/")
    expect(page.get_by_text("This is version 2.")).to_be_visible()
    expect(page.locator(".front-matter")).to_contain_text("Read Write")


def test_evidence_of_a_dimension_leads_to_its_line(open_page: Open, skill: Any) -> None:
    page = open_page(f"/skills/{skill.key}/")

    page.locator(".dimensions summary").first.click()
    link = page.locator(".dimensions .evidence a").first
    link.wait_for()
    target = link.get_attribute("href")
    link.click()

    assert target
    expect(page.locator(target)).to_have_count(1)


def test_a_gate_is_written_previewed_and_waived_without_javascript(open_page: Open, skill: Any) -> None:
    page = open_page("/gates/edit/", java_script_enabled=False)
    page.get_by_label("Limit").nth(1).fill("much")
    page.get_by_label("Why it is changed").fill("less strict")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("alert").get_by_text("Condition 2")).to_be_visible()
    page.get_by_label("Limit").nth(1).fill("0.99")
    page.get_by_role("button", name="Preview").click()
    expect(page.get_by_role("heading", name="Preview")).to_be_visible()
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("heading", name="Preview")).to_be_hidden()
    assert Gate.objects.get().revisions.count() == 1

    page.goto(f"/skills/{skill.key}/")
    page.get_by_role("link", name="Waive…").first.click()
    page.get_by_label("Reason").fill("known and small")
    page.get_by_role("button", name="Waive it").click()
    expect(page.get_by_text("known and small").first).to_be_visible()
    assert Waiver.objects.get().reason == "known and small"


def test_a_branch_is_waived_and_taken_back_without_javascript(open_page: Open, skill: Any) -> None:
    page = open_page("/gates/", java_script_enabled=False)
    page.get_by_label("Waive for a branch").last.select_option("tech")
    page.get_by_role("button", name="Waive…").click()
    page.get_by_label("Condition").select_option(index=1)
    page.get_by_label("Reason").fill("all of it is old")
    page.get_by_role("button", name="Waive it").click()
    page.get_by_label("Skill or branch").fill("tech/two")
    page.get_by_role("button", name="Show").click()
    expect(page.get_by_text("all of it is old")).to_be_visible()

    page.get_by_role("button", name="Withdraw").click()

    expect(page.get_by_text("Withdrawn", exact=True)).to_be_visible()
    assert Waiver.objects.get().withdrawn_at is not None
