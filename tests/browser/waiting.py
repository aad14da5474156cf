"""Wait for a page to come to a state. Playwright's own waiting evaluates text in the page, which the site's policy forbids."""

from collections.abc import Callable
from functools import wraps
from typing import Any

_DEEDS = (
    "check",
    "click",
    "dblclick",
    "drag_to",
    "fill",
    "focus",
    "press",
    "press_sequentially",
    "select_option",
)


def act_on_whole_pages(monkeypatch: Any) -> None:
    """Let what a test does to an element wait until the scripts of its page have run.

    After a click that leaves for another page, Playwright goes on as soon as the element is there; what is typed then
    comes before anything listens. No person is that quick.
    """
    from playwright.sync_api import Locator

    for name in (*_DEEDS, "tap", "uncheck"):
        monkeypatch.setattr(Locator, name, _when_loaded(getattr(Locator, name), lambda one: one.page))


def press_on_whole_pages(page: Any) -> None:
    """Let the keys that a test presses wait until the scripts of the page have run."""
    for name in ("press", "type"):
        deed = getattr(type(page.keyboard), name)
        bound = _when_loaded(deed, lambda _keyboard: page)
        setattr(page.keyboard, name, bound.__get__(page.keyboard))


def _when_loaded(deed: Callable[..., Any], page_of: Callable[[Any], Any]) -> Any:
    @wraps(deed)
    def do(self: Any, *arguments: Any, **options: Any) -> Any:
        page_of(self).wait_for_load_state("domcontentloaded")
        return deed(self, *arguments, **options)

    return do


def wait_until(page: Any, expression: str, *, tries: int = 600) -> None:
    """Ask the page every 50 ms whether a JavaScript expression holds, and fail when it does not for about thirty seconds."""
    from playwright.sync_api import Error

    for _ in range(tries):
        try:
            if page.evaluate(expression):
                return
        except Error as error:
            # The page is being left; the next one is asked.
            if "context was destroyed" not in str(error):
                raise
        page.wait_for_timeout(50)
    raise AssertionError(f"never came true: {expression}")


def expect(actual: Any) -> Any:
    """Give Playwright's assertions of a page or a locator, which ask again until they hold or 30 seconds have passed."""
    from playwright.sync_api import expect as asserted

    asserted.set_options(timeout=30_000)
    return asserted(actual)
