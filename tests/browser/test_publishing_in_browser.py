"""Publishing in a real browser: axe in both themes and widths, by keyboard, and without JavaScript."""

from pathlib import Path
from typing import Any

import pytest

from skills_app.models import Promotion, Skill, SkillVersion
from tests.browser.pages import Open, assert_sound
from tests.browser.waiting import expect
from tests.skills_app import promotion_makers as made
from tests.skills_app import skill_makers as make

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def version(root: Path) -> SkillVersion:
    """A skill with a published version, one that is approved, and one that nobody looked at."""
    made.people()
    first = made.ready()
    made.promote(first)
    second = made.next_ready(first.skill, "The second advice.", files=())
    made.next_draft(first.skill, "Nobody looked at this.")
    make.skill("python/better")
    return second


@pytest.mark.parametrize(("theme", "width"), [("light", 1400), ("dark", 400)])
def test_no_page_about_publishing_has_a_violation_or_scrolls_sideways(
    open_page: Open,
    version: SkillVersion,
    theme: str,
    width: int,
) -> None:
    skill = f"/skills/{version.skill.key}"
    paths = (
        f"{skill}/?tab=publishing",
        f"{skill}/versions/2/promote/",
        f"{skill}/versions/3/promote/",
        f"{skill}/versions/1/restore/",
        f"{skill}/deprecate/",
        f"{skill}/withdraw/",
        "/skills/library/",
    )
    assert_sound(open_page, paths, theme=theme, width=width)


def test_a_version_is_promoted_by_keyboard(open_page: Open, version: SkillVersion, root: Path) -> None:
    page = open_page(f"/skills/{version.skill.key}/versions/2/?tab=publishing")
    page.get_by_role("link", name="Promote version 2").focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**/promote/")
    number = page.get_by_label("Semantic version")
    expect(number).to_have_value("2.0.0")
    number.focus()
    page.keyboard.press("Enter")

    page.wait_for_url("**tab=publishing")
    expect(page.get_by_text("Version 2 is published as 2.0.0.")).to_be_visible()
    assert "The second advice." in (root / "python/async/SKILL.md").read_text()


def test_everything_is_done_without_javascript(open_page: Open, version: SkillVersion, root: Path) -> None:
    skill = f"/skills/{version.skill.key}"
    page = open_page(f"{skill}/versions/2/promote/", java_script_enabled=False)
    page.get_by_label("Semantic version").fill("1.0.0")
    page.get_by_role("button", name="Promote", exact=True).click()
    expect(page.get_by_role("alert").get_by_text("1.0.1 or later")).to_be_visible()
    page.get_by_label("Semantic version").fill("2.1.0")
    page.get_by_role("button", name="Promote", exact=True).click()
    expect(page.get_by_text("published as 2.1.0")).to_be_visible()

    page.get_by_role("link", name="Deprecate").click()
    page.get_by_label("What takes its place").fill("python/better")
    page.get_by_label("Reason").fill("There is a better one.")
    page.get_by_role("button", name="Deprecate it").click()
    expect(page.get_by_text("python/async is deprecated.")).to_be_visible()
    page.get_by_role("link", name="Withdraw").click()
    page.get_by_label("Reason").fill("Nobody uses it.")
    page.get_by_role("button", name="Withdraw it").click()
    expect(page.get_by_text("python/async is withdrawn")).to_be_visible()
    assert not (root / "python").exists()


def test_a_change_on_disk_is_taken_in_and_then_replaced(
    open_page: Open,
    version: SkillVersion,
    root: Path,
) -> None:
    theirs = root / "python/async/SKILL.md"
    theirs.write_text(theirs.read_text().replace("Some advice.", "Their advice."))
    page: Any = open_page(f"/skills/{version.skill.key}/versions/2/promote/")
    expect(page.get_by_text("was changed on disk")).to_be_visible()
    page.get_by_role("link", name="Look at the library folder").click()
    page.get_by_role("button", name="Take in what changed").click()
    page.get_by_text("1 changed").wait_for()

    page.goto(f"{page.url.split('/skills/')[0]}/skills/{version.skill.key}/versions/2/promote/")
    page.get_by_label("Replace version 4, which lies there").check()
    page.get_by_role("button", name="Promote", exact=True).click()
    page.wait_for_url("**tab=publishing")

    assert "The second advice." in theirs.read_text()
    assert Skill.objects.get(pk=version.skill_id).versions.get(number=4).content.count("Their advice.") == 1
    assert Promotion.objects.standing().get().version_id == version.pk
