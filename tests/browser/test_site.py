"""The site in a real browser: keys, theme, search, focus, contrast, and the same without JavaScript."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from fleet_site.one_time_link import make_link
from tests.browser.pages import Open, assert_sound, violations
from tests.browser.waiting import expect, wait_until
from tests.skills_app.skill_makers import skill

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def open_page(chromium: Any, live_server: Any) -> Iterator[Open]:
    """Open a page as a signed-in admin; every message of the console is a failure, a blocked inline style too."""
    contexts = []
    said: list[str] = []

    def make(
        path: str, *, theme: str = "light", width: int = 1280, is_anonymous: bool = False, **options: Any
    ) -> Any:
        context = chromium.new_context(
            viewport={"width": width, "height": 900}, base_url=live_server.url, **options
        )
        contexts.append(context)
        cookies = {"fleet_theme": theme}
        if not is_anonymous:
            client = Client()
            client.force_login(
                User.objects.filter(is_superuser=True).first() or User.objects.create_superuser("root")
            )
            cookies["sessionid"] = client.cookies["sessionid"].value
        context.add_cookies([{"name": n, "value": v, "url": live_server.url} for n, v in cookies.items()])
        page = context.new_page()
        page.on("console", lambda message: said.append(message.text))
        page.on("pageerror", lambda error: said.append(str(error)))
        page.goto(path)
        return page

    yield make
    for context in contexts:
        context.close()
    # Chromium reports the 422 of an invalid form too; that is the answer we want.
    assert [message for message in said if "status of 422" not in message] == []


@pytest.mark.parametrize("width", [400, 1920])
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_style_guide_has_no_violation_and_does_not_scroll_sideways(
    open_page: Open, theme: str, width: int
) -> None:
    page = open_page("/styleguide/", theme=theme, width=width)

    assert violations(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_pages_of_the_site_have_no_violation(open_page: Open, theme: str) -> None:
    root = User.objects.create_superuser("root")
    paths = (
        "/people/",
        f"/people/{root.pk}/",
        "/account/password/",
        "/account/sessions/",
        "/account/tokens/",
        "/docs/",
        "/docs/reference/api/",
        "/keys/",
        "/search/?q=a",
    )
    assert_sound(open_page, paths, theme=theme, width=400)


def test_a_token_is_made_shown_once_and_revoked(open_page: Open) -> None:
    page = open_page("/account/tokens/", width=400)
    page.get_by_label("What it is for").fill("nightly")
    page.get_by_role("button", name="Make the token").click()
    shown = page.get_by_label(re.compile("Copy it: it is shown only now"))
    expect(shown).to_have_value(re.compile("^skill_fleet_.{43}$"))
    assert violations(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= 400
    page.goto("/account/tokens/")
    expect(page.get_by_role("button", name="Revoke the token nightly")).to_be_visible()
    expect(shown).to_have_count(0)
    page.get_by_role("button", name="Revoke the token nightly").click()
    expect(page.get_by_text("No tokens")).to_be_visible()


def test_the_sign_in_has_no_violation(open_page: Open) -> None:
    assert violations(open_page("/sign-in/", is_anonymous=True)) == []


@pytest.mark.parametrize("width", [400, 1280])
def test_a_card_is_as_high_as_what_it_holds_and_stands_free(open_page: Open, width: int) -> None:
    page = open_page("/sign-in/", is_anonymous=True, width=width)

    card = page.locator("main").bounding_box()
    foot = page.locator("footer").bounding_box()
    form = page.locator("main form").first.bounding_box()
    assert card["height"] < form["height"] + 200
    assert 0 < card["x"] < width - card["width"]
    assert foot["y"] + foot["height"] >= 899


def test_the_keys_move_open_and_find(open_page: Open) -> None:
    for name in ("alpha", "beta"):
        skill(f"data/{name}")
    page = open_page("/skills/")

    page.keyboard.press("j")
    page.keyboard.press("j")
    wait_until(page, "document.activeElement.textContent.trim() === 'beta'")
    page.keyboard.press("k")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(r"/skills/\w+/"))
    page.keyboard.press("/")
    wait_until(page, "document.activeElement.id === 'site-search'")
    page.keyboard.type("?")
    expect(page.locator("#site-search")).to_have_value("?")
    page.keyboard.press("Tab")
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keys")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog", name="Keys")).to_be_hidden()


def test_the_single_keys_can_be_switched_off(open_page: Open) -> None:
    page = open_page("/keys/")
    page.get_by_role("checkbox", name="Use the single keys in this browser").uncheck()

    page.locator("h1").click()
    page.keyboard.press("/")
    assert page.evaluate("document.activeElement.id") != "site-search"
    page.reload()
    expect(page.get_by_role("checkbox", name="Use the single keys in this browser")).not_to_be_checked()


def test_the_theme_changes_at_once_and_stays(open_page: Open) -> None:
    page = open_page("/docs/", theme="light")

    page.locator("summary", has_text="Theme").click()
    page.get_by_role("button", name="Dark").click()
    page.wait_for_selector("html[data-theme=dark]")
    assert page.evaluate("getComputedStyle(document.body.parentElement).backgroundColor") == "rgb(15, 17, 19)"
    page.reload()

    expect(page.locator("html")).to_have_attribute("data-theme", "dark")


def test_the_search_box_lists_while_one_types_and_escape_closes_it(open_page: Open) -> None:
    skill("data/zebra-counting")
    page = open_page("/docs/")

    page.keyboard.press("/")
    page.keyboard.type("zebra")
    page.wait_for_selector("#quick-results a")
    page.keyboard.press("ArrowDown")
    wait_until(page, 'document.activeElement.textContent.includes("zebra-counting")')
    page.keyboard.press("Escape")
    expect(page.locator("#quick-results")).to_be_empty()
    wait_until(page, "document.activeElement.id === 'site-search'")


def test_the_first_error_of_a_form_has_the_focus(open_page: Open) -> None:
    page = open_page("/people/")

    page.get_by_label("Name for signing in").fill("not a name!")
    page.get_by_role("button", name="Invite").click()
    page.wait_for_selector("[aria-invalid=true]")

    wait_until(page, "document.activeElement.name === 'username'")
    expect(page.locator("#id_username_error")).to_contain_text("Enter a valid username")


def test_signing_in_by_link_inviting_and_the_theme_work_without_javascript(open_page: Open) -> None:
    root = User.objects.create_superuser("root")
    page = open_page(make_link(root), is_anonymous=True, java_script_enabled=False)

    page.get_by_role("button", name="Sign in as root").click()
    page.get_by_role("heading", name="What needs you").wait_for()
    page.goto("/people/")
    page.get_by_label("Name for signing in").fill("finn")
    page.get_by_role("button", name="Invite").click()
    expect(page.locator("#new-link")).to_have_value(re.compile("/sign-in/"))
    page.locator("summary", has_text="Theme").click()
    page.get_by_role("button", name="Dark").click()
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    page.get_by_role("link", name="Keys").click()
    expect(page.get_by_role("heading", name="Keys", level=1)).to_be_visible()
    page.get_by_role("searchbox", name="Search everything").fill("invite")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(r"/search/\?q=invite"))
    expect(page.get_by_role("link", name="Invite people").first).to_be_visible()


def test_the_skip_link_leads_past_the_bar(open_page: Open) -> None:
    page = open_page("/docs/")

    page.keyboard.press("Tab")
    wait_until(page, "document.activeElement.textContent === 'Skip to the content'")
    page.keyboard.press("Enter")

    wait_until(page, "document.activeElement.id === 'content'")
