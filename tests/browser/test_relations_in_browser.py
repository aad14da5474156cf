"""The relations of a skill in a real browser: the picture by keys, and axe."""

from typing import Any

import pytest

from skills_app.domain.enums import DependencyKind
from skills_app.domain.records import DependencyRecord
from skills_app.models import Skill
from skills_app.services.set_dependencies import set_dependencies
from tests.browser.pages import Open, violations
from tests.browser.waiting import expect
from tests.skills_app import skill_makers as make

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def one() -> Skill:
    """A skill that needs one, is named by one, misses one, and has a second step on both sides."""
    for path in ("lib/one", "lib/two", "lib/three", "lib/four", "lib/five"):
        make.skill(path)
    ties = {
        "one": [(DependencyKind.REQUIRED, "lib/two"), (DependencyKind.RECOMMENDED, "no/where")],
        "two": [(DependencyKind.SEE_ALSO, "lib/three")],
        "four": [(DependencyKind.CONFLICT, "lib/one")],
        "five": [(DependencyKind.REQUIRED, "lib/four")],
    }
    for name, links in ties.items():
        records = [DependencyRecord(kind, target) for kind, target in links]
        set_dependencies(skill=Skill.objects.get(path=f"lib/{name}"), dependencies=records)
    return Skill.objects.get(path="lib/one")


def picture(page: Any) -> Any:
    return page.get_by_role("region", name="Relations as a picture")


@pytest.mark.parametrize(("theme", "width"), [("light", 1400), ("dark", 400)])
def test_the_picture_and_its_tables_have_no_violation_and_the_page_does_not_scroll_sideways(
    open_page: Open, one: Skill, theme: str, width: int
) -> None:
    page = open_page(f"/skills/{one.key}/?tab=about", theme=theme, width=width)
    expect(picture(page).get_by_role("link")).to_have_count(4)
    expect(page.get_by_role("region", name="Links two steps away").get_by_role("row")).to_have_count(3)
    assert violations(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_the_skills_of_the_picture_are_reached_by_tab_and_opened_by_enter(
    open_page: Open, one: Skill
) -> None:
    page = open_page(f"/skills/{one.key}/?tab=about")
    picture(page).focus()
    seen = []
    for _ in range(4):
        page.keyboard.press("Tab")
        seen.append(page.evaluate("document.activeElement.getAttribute('aria-label')"))
    assert sorted(seen) == ["lib/five", "lib/four", "lib/three", "lib/two"]

    picture(page).get_by_role("link", name="lib/two").focus()
    page.keyboard.press("Enter")
    two = Skill.objects.get(path="lib/two")
    page.wait_for_url(f"**/skills/{two.key}/?tab=about")
    expect(picture(page).get_by_role("link", name="lib/one")).to_be_visible()
