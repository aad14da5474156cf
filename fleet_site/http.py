"""Small helpers of every view: fragments, and what each page knows."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.cache import patch_vary_headers

THEMES = {"auto": "As the system", "light": "Light", "dark": "Dark"}
THEME_COOKIE = "fleet_theme"


def is_fragment(request: HttpRequest) -> bool:
    """Say whether to answer with a fragment: htmx asked, not a boosted link and not a restored history entry."""
    htmx: Any = getattr(request, "htmx", None)
    return bool(htmx and not htmx.boosted and not htmx.history_restore_request)


def render_page(
    request: HttpRequest, template: str, context: dict[str, Any], *, partial: str = "", status: int = 200
) -> HttpResponse:
    """Render the page, or only ``partial`` of it when htmx asked for a fragment; ``Vary`` names what decided."""
    name = f"{template}#{partial}" if partial and is_fragment(request) else template
    response = render(request, name, context, status=status)
    patch_vary_headers(response, ("HX-Request", "HX-Boosted", "HX-History-Restore-Request"))
    return response


def section_of(request: HttpRequest) -> str:
    """Return which part of the main navigation this page belongs to, or an empty string for none of them."""
    match = request.resolver_match
    if match is None:
        return ""
    name = match.url_name or ""
    if match.app_name == "runs":
        if name == "generation_inbox":
            return "inbox"
        if name.startswith(("generation", "prompt")):
            return "generations"
        return "sources" if name.startswith("source") else "runs"
    if match.app_name == "site":
        return {"people": "people", "person": "people", "docs": "docs", "docs_home": "docs"}.get(name, "")
    return match.app_name


def site_context(request: HttpRequest) -> dict[str, Any]:
    """What every template may use: the theme, the section of the navigation, the version, and what they may do."""
    from fleet_site.access import allowed_actions

    theme = request.COOKIES.get(THEME_COOKIE, "auto")
    user = getattr(request, "user", None)
    return {
        "theme": theme if theme in THEMES else "auto",
        "themes": tuple(THEMES.items()),
        "section": section_of(request),
        "fleet_version": settings.FLEET_VERSION,
        "may": dict.fromkeys(allowed_actions(user), True) if user is not None else {},
        "num_waiting_prompts": lambda: _num_waiting(user),
    }


def _num_waiting(user: Any) -> int:
    """Return how many questions wait for ``user``; asked for only by a page that shows it."""
    from fleet_site.access import may
    from runs_app.queries.generation_inbox import num_prompts_for

    if not getattr(user, "is_authenticated", False):
        return 0
    return num_prompts_for(user=user, may_answer_all=may(user, "answer_prompts"))
