"""A browser for each module, and pages in it that fail their test when the console has something to say."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from tests.browser.pages import Open
from tests.browser.waiting import act_on_whole_pages, press_on_whole_pages

CHROMIUM = os.environ.get("CHROMIUM", "/usr/bin/chromium")

# htmx tells the console of a request that a newer one took the place of; one that could not be sent is another event.
REPLACED = ("htmx:afterRequest", "htmx:sendAbort")


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
    with sync_playwright() as playwright, pytest.MonkeyPatch.context() as patches:
        act_on_whole_pages(patches)
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()
    if before is None:
        del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]


@pytest.fixture
def allowed_messages() -> tuple[str, ...]:
    """What the console may say. A module whose tests send no invalid form overrides it."""
    # Chromium reports the 422 of an invalid form too; that is the answer we want.
    return ("status of 422",)


@pytest.fixture
def open_page(chromium: Any, live_server: Any, allowed_messages: tuple[str, ...]) -> Iterator[Open]:
    """Return a function that opens a page as Ada, an admin; an error, a warning or a report of the policy fails the test."""
    client = Client()
    client.force_login(User.objects.create_superuser("ada"))
    contexts: list[Any] = []
    trouble: list[str] = []

    def open_one(path: str, *, width: int = 1400, theme: str = "light", **options: Any) -> Any:
        context = chromium.new_context(
            viewport={"width": width, "height": 800}, base_url=live_server.url, color_scheme=theme, **options
        )
        contexts.append(context)
        context.add_cookies(
            [{"name": "sessionid", "value": client.cookies["sessionid"].value, "url": live_server.url}]
        )
        page = context.new_page()
        press_on_whole_pages(page)
        page.on("pageerror", lambda error: trouble.append(str(error)))
        page.on("console", lambda m: trouble.append(m.text) if m.type in {"error", "warning"} else None)
        page.goto(path)
        return page

    yield open_one
    for context in contexts:
        context.close()
    assert [one for one in trouble if not any(words in one for words in (*REPLACED, *allowed_messages))] == []
