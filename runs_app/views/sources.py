"""Pages of sources: what is read, how old it is, and what could not be read."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.models import User
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.views.decorators.http import require_GET, require_http_methods, require_POST
from django_htmx.http import HttpResponseClientRedirect

from fleet_site.access import require
from fleet_site.http import is_fragment, render_page
from runs_app.domain.errors import AddressInvalid, RunsError, SourceExists, SyncBusy
from runs_app.forms import SourceForm
from runs_app.models import Source
from runs_app.queries.sources import problem_rows, problems_for_source, source_health, sources_for_list
from runs_app.services.add_source import add_source
from runs_app.services.change_source import enable_source, remove_source
from runs_app.services.request_sync import request_sync

PROBLEMS_PER_PAGE = 50


@require_GET
@require("read")
def source_list(request: HttpRequest) -> HttpResponse:
    """Show every source with its health, and the form to add one."""
    return render_page(
        request,
        "runs_app/source_list.html",
        {"sources": sources_for_list(), "form": SourceForm(), "section": "sources"},
        partial="source-list",
    )


@require_POST
@require("manage_sources")
def source_add(request: HttpRequest) -> HttpResponse:
    """Add a source, or answer 422 with the form and what is wrong."""
    form = SourceForm(request.POST)
    if form.is_valid():
        try:
            source = add_source(
                address=form.cleaned_data["address"], name=form.cleaned_data["name"], actor=_user(request)
            )
        except (AddressInvalid, SourceExists) as error:
            form.refuse(str(error))
        else:
            messages.success(request, f"{source.name} was added. Its first sync brings its runs.")
            return _go(request, source.get_absolute_url())
    context = {"sources": sources_for_list(), "form": form, "section": "sources"}
    return render_page(request, "runs_app/source_list.html", context, partial="source-form", status=422)


@require_GET
@require("read")
def source_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """Show one source: its health, and its open or closed problems."""
    return render_page(
        request, "runs_app/source_detail.html", _detail_context(request, pk), partial="source-problems"
    )


@require_GET
@require("read")
def source_progress(request: HttpRequest, pk: int) -> HttpResponse:
    """Return the health of a source while it is read; without htmx, its page."""
    if not is_fragment(request):
        return redirect("runs:source_detail", pk=pk)
    return render_page(
        request, "runs_app/source_detail.html", {"health": _health_or_404(pk)}, partial="source-health"
    )


@require_POST
@require("sync_source")
def source_sync(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask a worker to read the source now; say who is at it when somebody is."""
    source = get_object_or_404(Source, pk=pk)
    refusal = ""
    try:
        request_sync(source=source, actor=_user(request), is_full=request.POST.get("full") == "1")
    except RunsError as error:
        refusal = str(error)
    if is_fragment(request):
        context = {"health": _health_or_404(pk), "refusal": refusal}
        return render_page(request, "runs_app/source_detail.html", context, partial="source-health")
    if refusal:
        messages.warning(request, refusal)
    else:
        messages.success(request, f"{source.name} will be read as soon as a worker is free.")
    return redirect(source)


@require_POST
@require("manage_sources")
def source_enable(request: HttpRequest, pk: int) -> HttpResponse:
    """Switch reading on or off."""
    source = get_object_or_404(Source, pk=pk)
    is_enabled = request.POST.get("enabled") == "1"
    if enable_source(source=source, is_enabled=is_enabled, actor=_user(request)):
        words = "is read again" if is_enabled else "is not read any more; what was read stays"
        messages.success(request, f"{source.name} {words}.")
    return redirect(source)


@require_http_methods(["GET", "HEAD", "POST"])
@require("manage_sources")
def source_remove(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask before a source and its mirrored runs are taken out, then do it."""
    health = _health_or_404(pk)
    if request.method == "POST":
        try:
            num_runs = remove_source(
                source=health.source,
                actor=_user(request),
                reason=request.POST.get("reason", "").strip()[:1000],
            )
        except SyncBusy as error:
            context = {"health": health, "refusal": str(error), "section": "sources"}
            return render_page(request, "runs_app/source_remove.html", context, status=409)
        messages.success(request, f"{health.source.name} and its {num_runs:,} mirrored runs were removed.")
        return redirect("runs:source_list")
    return render_page(request, "runs_app/source_remove.html", {"health": health, "section": "sources"})


def _detail_context(request: HttpRequest, pk: int) -> dict[str, Any]:
    health = _health_or_404(pk)
    is_closed = request.GET.get("problems") == "closed"
    problems = problems_for_source(source=health.source, is_closed=is_closed)
    page = Paginator(problems, PROBLEMS_PER_PAGE).get_page(request.GET.get("page"))
    return {
        "section": "sources",
        "health": health,
        "is_closed": is_closed,
        "page": page,
        "problems": problem_rows(list(page.object_list)),
        "pager_url": "?problems=closed&page=" if is_closed else "?page=",
    }


def _health_or_404(pk: int) -> Any:
    health = source_health(source_id=pk)
    if health is None:
        raise Http404("There is no such source; it may have been removed.")
    return health


def _user(request: HttpRequest) -> User:
    user = request.user
    assert isinstance(user, User)
    return user


def _go(request: HttpRequest, url: str) -> HttpResponse:
    return HttpResponseClientRedirect(url) if is_fragment(request) else redirect(url)
