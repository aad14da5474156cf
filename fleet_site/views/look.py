"""The look: the theme of this reader, the keys, and every component on one page."""

from dataclasses import dataclass

from django.contrib.auth.decorators import login_not_required
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_GET, require_POST

from fleet_site.access import require
from fleet_site.http import THEME_COOKIE, THEMES, is_fragment
from runs_app.domain.enums import RunStatus, SyncState
from skills_app.domain.enums import ReportStatus, SkillStatus

ONE_YEAR_SECONDS = 365 * 24 * 3600


@dataclass(frozen=True, slots=True)
class SampleRun:
    """A row of the style guide's table."""

    name: str
    status: str
    score: float
    seconds: int


@login_not_required
@require_POST
def theme(request: HttpRequest) -> HttpResponse:
    """Keep the chosen theme in a cookie and go back to the page that asked."""
    chosen = request.POST.get("theme", "")
    back = request.POST.get("next", "/")
    if not url_has_allowed_host_and_scheme(back, {request.get_host()}, require_https=request.is_secure()):
        back = "/"
    response = HttpResponse(status=204) if is_fragment(request) else HttpResponseRedirect(back)
    if chosen in THEMES:
        response.set_cookie(
            THEME_COOKIE,
            chosen,
            max_age=ONE_YEAR_SECONDS,
            samesite="Lax",
            secure=request.is_secure(),
            httponly=True,
        )
    return response


@require_GET
@require("read")
def keys(request: HttpRequest) -> HttpResponse:
    """Show the keys on a page of their own, for a browser without JavaScript."""
    return render(request, "site/keys.html", {})


@require_GET
@require("read")
def styleguide(request: HttpRequest) -> HttpResponse:
    """Show each component in both themes."""
    runs = [
        SampleRun("Generate a skill for SQL review", RunStatus.FINISHED, 0.842, 61),
        SampleRun("Generate a skill for incident notes", RunStatus.RUNNING, 0.5, 12),
        SampleRun(
            "Generate a skill with a very long name that has to wrap somewhere", RunStatus.FAILED, 0.1, 1042
        ),
    ]
    context = {
        "both_themes": ("light", "dark"),
        "run_statuses": tuple(RunStatus),
        "skill_statuses": tuple(SkillStatus),
        "report_statuses": tuple(ReportStatus),
        "sync_states": tuple(SyncState),
        "kinds": ("info", "success", "warning", "error"),
        "runs": runs,
        "page": Paginator(range(460), 50).page(3),
        "marks": (1024,),
    }
    return render(request, "site/styleguide.html", context)
