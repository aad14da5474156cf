"""What tests in a browser say of pages: how one is opened, and what axe finds on it."""

from collections.abc import Callable, Iterable
from typing import Any

Open = Callable[..., Any]


def violations(page: Any) -> list[str]:
    """Return what axe finds on a page, each with the start of its element."""
    from axe_playwright_python.sync_playwright import Axe

    found = Axe().run(page).response["violations"]
    return [f"{one['id']}: {node['html'][:160]}" for one in found for node in one["nodes"]]


def assert_sound(
    open_page: Open,
    paths: Iterable[str],
    *,
    theme: str,
    width: int,
    unfold: str = "",
) -> None:
    """Fail where axe finds something on one of the paths, or where one scrolls sideways; ``width`` is in pixels.

    They are shown one after the other in one page. What ``unfold`` selects is opened before axe looks.
    """
    page = None
    for path in paths:
        if page is None:
            page = open_page(path, theme=theme, width=width)
        else:
            page.goto(path)
        if unfold:
            page.locator(unfold).evaluate_all("all => all.forEach((one) => { one.open = true; })")
        assert page.title().endswith("Skill Fleet"), path
        assert violations(page) == [], path
        assert page.evaluate("document.documentElement.scrollWidth") <= width, path
    assert page is not None
