"""The site in a real browser: keys, theme, search, focus, contrast, and the same without JavaScript."""

import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from fleet_site.one_time_link import make_link
from tests.skills_app.skill_makers import skill

CHROMIUM = os.environ.get("CHROMIUM", "/usr/bin/chromium")
pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
Open = Callable[..., Any]


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    if not Path(CHROMIUM).exists():
        reason = "Chromium is missing: apt install chromium, or set CHROMIUM to its path"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    from playwright.sync_api import sync_playwright

    # Playwright's own loop runs in this thread, and Django would refuse its database there.
    before = os.environ.get("DJANGO_ALLOW_ASYNC_UNSAFE")
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()
    if before is None:
        del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]


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


def violations(page: Any) -> list[str]:
    from axe_playwright_python.sync_playwright import Axe

    found = Axe().run(page).response["violations"]
    return [f"{one['id']}: {node['html'][:160]}" for one in found for node in one["nodes"]]


@pytest.mark.parametrize("width", [400, 1920])
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_style_guide_has_no_violation_and_does_not_scroll_sideways(
    open_page: Open, theme: str, width: int
) -> None:
    page = open_page("/styleguide/", theme=theme, width=width)

    assert violations(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize(
    "path",
    [
        "/people/",
        "/people/1/",
        "/account/password/",
        "/account/sessions/",
        "/docs/",
        "/keys/",
        "/search/?q=a",
    ],
)
def test_the_pages_of_the_site_have_no_violation(open_page: Open, path: str, theme: str) -> None:
    root = User.objects.create_superuser("root")
    page = open_page(path.replace("/1/", f"/{root.pk}/"), theme=theme, width=400)

    assert page.title().endswith("Skill Fleet")
    assert violations(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= 400


def test_the_sign_in_has_no_violation(open_page: Open) -> None:
    assert violations(open_page("/sign-in/", is_anonymous=True)) == []


def test_the_keys_move_open_and_find(open_page: Open) -> None:
    for name in ("alpha", "beta"):
        skill(f"data/{name}")
    page = open_page("/skills/")

    page.keyboard.press("j")
    page.keyboard.press("j")
    assert page.evaluate("document.activeElement.textContent").strip() == "beta"
    page.keyboard.press("k")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(r"/skills/\w+/"))
    page.keyboard.press("/")
    assert page.evaluate("document.activeElement.id") == "site-search"
    page.keyboard.type("?")
    assert page.input_value("#site-search") == "?"
    page.keyboard.press("Tab")
    page.keyboard.press("?")
    assert page.get_by_role("dialog", name="Keys").is_visible()
    page.keyboard.press("Escape")
    assert not page.get_by_role("dialog", name="Keys").is_visible()


def test_the_single_keys_can_be_switched_off(open_page: Open) -> None:
    page = open_page("/keys/")
    page.get_by_role("checkbox", name="Use the single keys in this browser").uncheck()

    page.locator("h1").click()
    page.keyboard.press("/")
    assert page.evaluate("document.activeElement.id") != "site-search"
    page.reload()
    assert not page.get_by_role("checkbox", name="Use the single keys in this browser").is_checked()


def test_the_theme_changes_at_once_and_stays(open_page: Open) -> None:
    page = open_page("/docs/", theme="light")

    page.locator("summary", has_text="Theme").click()
    page.get_by_role("button", name="Dark").click()
    page.wait_for_selector("html[data-theme=dark]")
    assert page.evaluate("getComputedStyle(document.body.parentElement).backgroundColor") == "rgb(15, 17, 19)"
    page.reload()

    assert page.locator("html").get_attribute("data-theme") == "dark"


def test_the_search_box_lists_while_one_types_and_escape_closes_it(open_page: Open) -> None:
    skill("data/zebra-counting")
    page = open_page("/docs/")

    page.keyboard.press("/")
    page.keyboard.type("zebra")
    page.wait_for_selector("#quick-results a")
    page.keyboard.press("ArrowDown")
    assert "zebra-counting" in page.evaluate("document.activeElement.textContent")
    page.keyboard.press("Escape")
    assert page.locator("#quick-results").inner_html() == ""
    assert page.evaluate("document.activeElement.id") == "site-search"


def test_the_first_error_of_a_form_has_the_focus(open_page: Open) -> None:
    page = open_page("/people/")

    page.get_by_label("Name for signing in").fill("not a name!")
    page.get_by_role("button", name="Invite").click()
    page.wait_for_selector("[aria-invalid=true]")

    assert page.evaluate("document.activeElement.name") == "username"
    assert "Enter a valid username" in page.locator("#id_username_error").inner_text()


def test_signing_in_by_link_inviting_and_the_theme_work_without_javascript(open_page: Open) -> None:
    root = User.objects.create_superuser("root")
    page = open_page(make_link(root), is_anonymous=True, java_script_enabled=False)

    page.get_by_role("button", name="Sign in as root").click()
    page.goto("/people/")
    page.get_by_label("Name for signing in").fill("finn")
    page.get_by_role("button", name="Invite").click()
    assert "/sign-in/" in page.locator("#new-link").input_value()
    page.locator("summary", has_text="Theme").click()
    page.get_by_role("button", name="Dark").click()
    assert page.locator("html").get_attribute("data-theme") == "dark"
    page.get_by_role("link", name="Keys").click()
    assert page.get_by_role("heading", name="Keys", level=1).is_visible()
    page.get_by_role("searchbox", name="Search everything").fill("invite")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(r"/search/\?q=invite"))
    assert page.get_by_role("link", name="Invite people").first.is_visible()


def test_the_skip_link_leads_past_the_bar(open_page: Open) -> None:
    page = open_page("/docs/")

    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to the content"
    page.keyboard.press("Enter")

    assert page.evaluate("document.activeElement.id") == "content"
