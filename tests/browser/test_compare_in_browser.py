"""Two versions compared in a real browser: folds, views, without JavaScript, and axe."""

import re
from datetime import timedelta
from typing import Any

import pytest

from skills_app.domain.enums import VersionOrigin
from skills_app.models import Skill
from skills_app.services.add_version import add_version
from tests.browser.pages import Open, assert_sound
from tests.browser.waiting import expect, wait_until
from tests.skills_app import skill_makers as make

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

NOTES = "\n\n".join(f"Note number {n} says what to look at before the form is sent." for n in range(90))
BODY = f"""Read this before you open a form.

## Steps

1. Open the form with the library that the project has.
2. List the fields and their kinds.
3. Flatten the form so that nobody can edit it.

## Pitfalls

Never overwrite the original file. Keep its encoding as it was found.

## Notes

{NOTES}"""
NEW = (
    BODY.replace("2. List the fields and their kinds.\n3.", "2.")
    .replace("Note number 89 says what", "Note number 89 tells you what")
    .replace("## Pitfalls\n\nNever overwrite the original file. Keep its encoding as it was found.\n\n", "")
    + "\n\n## Pitfalls\n\nNever overwrite the original file. Keep its encoding as it was found."
)


@pytest.fixture
def allowed_messages() -> tuple[str, ...]:
    return ()


@pytest.fixture
def two() -> Skill:
    """A skill whose second version changed words, dropped a step, moved a section and changed a script."""
    skill = make.skill("tech/forms", BODY, files=(make.text_file("scripts/fill.py", "a = 1\nb = 2\n"),))
    add_version(
        skill=skill,
        content=make.document("forms", NEW, "Use when in doubt. Use when a form waits."),
        origin=VersionOrigin.EDIT,
        made_at=make.START + timedelta(days=1),
        files=(make.text_file("scripts/fill.py", "a = 1\nb = 3\n"),),
        author_name="ben",
    )
    return Skill.objects.get(pk=skill.pk)


def test_from_the_versions_list_to_the_change_by_its_words(open_page: Any, two: Skill) -> None:
    page = open_page(f"/skills/{two.key}/?tab=versions")

    page.get_by_role("link", name="Compare version 2 with its parent, 1").click()
    page.get_by_role("heading", name="Compare versions").wait_for()
    expect(page.get_by_role("link", name="Section “Pitfalls” moved")).to_be_visible()
    page.get_by_role("link", name="Step 2 removed").click()

    section = page.get_by_role("region", name="Steps", exact=True)
    wait_until(page, "document.querySelector(location.hash).getBoundingClientRect().top < innerHeight")
    assert section.locator("del").first.inner_text().startswith("2. List the fields")


def test_a_long_fold_opens_in_place_and_the_rest_stays(open_page: Any, two: Skill) -> None:
    page = open_page(f"/skills/{two.key}/compare/?base=1&head=2")
    expect(page.get_by_text("Note number 40 says")).to_have_count(0)
    before = page.locator(".diff-section").count()

    page.locator("p.diff-fold a").click()

    page.get_by_text("Note number 40 says").first.wait_for()
    expect(page.locator("details.diff-fold[open]")).to_have_count(1)
    expect(page.locator(".diff-section")).to_have_count(before)


def test_without_javascript_folds_views_and_the_choice_of_versions_work(open_page: Any, two: Skill) -> None:
    page = open_page(f"/skills/{two.key}/compare/", java_script_enabled=False)

    page.locator("p.diff-fold a").click()
    expect(page.get_by_text("Note number 40 says").first).to_be_visible()
    page.get_by_role("link", name="Rendered").click()
    expect(page.locator(".diff-doc ins", has_text="tells you")).to_be_visible()
    page.get_by_role("combobox", name="Base").fill("2")
    page.get_by_label("Compared version").fill("1")
    page.get_by_role("button", name="Compare", exact=True).click()

    expect(page.get_by_role("link", name="Step 2 added")).to_be_visible()
    expect(page).to_have_url(re.compile(re.escape("view=rendered")))


@pytest.mark.parametrize(("theme", "width"), [("light", 1400), ("dark", 400)])
def test_no_view_has_a_violation_or_scrolls_sideways(
    open_page: Open, two: Skill, theme: str, width: int
) -> None:
    paths = (f"/skills/{two.key}/compare/?view={view}" for view in ("side", "unified", "rendered"))
    assert_sound(open_page, paths, theme=theme, width=width)
