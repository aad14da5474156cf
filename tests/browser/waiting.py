"""Wait for a page to come to a state. Playwright's own waiting evaluates text in the page, which the site's policy forbids."""

from typing import Any


def wait_until(page: Any, expression: str, *, tries: int = 200) -> None:
    """Ask the page every 50 ms whether a JavaScript expression holds, and fail when it does not for about ten seconds."""
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
    """Give Playwright's assertions of a page or a locator, which ask again until they hold or 15 seconds have passed."""
    from playwright.sync_api import expect as asserted

    asserted.set_options(timeout=15_000)
    return asserted(actual)
