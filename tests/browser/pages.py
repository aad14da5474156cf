"""What tests in a browser say of pages: how one is opened, and what axe finds on it."""

from collections.abc import Callable
from typing import Any

Open = Callable[..., Any]


def violations(page: Any) -> list[str]:
    """Return what axe finds on a page, each with the start of its element."""
    from axe_playwright_python.sync_playwright import Axe

    found = Axe().run(page).response["violations"]
    return [f"{one['id']}: {node['html'][:160]}" for one in found for node in one["nodes"]]
