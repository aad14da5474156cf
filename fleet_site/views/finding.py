"""The search for everything, the documents, health, and the first page."""

from itertools import groupby
from typing import cast

from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.models import User
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from fleet_site.access import may, require
from fleet_site.docs import SECTIONS, all_docs, doc_at
from fleet_site.health import check_health
from fleet_site.http import render_page
from fleet_site.needs_me import needs_of
from fleet_site.search import search_everything
from skills_app.services.render_document import render_document

ON_PAGE = 20
IN_BOX = 4


@require_GET
@require("read")
def home(request: HttpRequest) -> HttpResponse:
    """Begin with what needs this person now, with its age."""
    user = cast(User, request.user)
    needs = needs_of(user, now=timezone.now(), today=timezone.localdate())
    return render_page(request, "site/home.html", {"needs": needs})


@require_GET
@require("read")
def search(request: HttpRequest) -> HttpResponse:
    """Show all that matches, on a page of its own."""
    text = request.GET.get("q", "").strip()
    groups = search_everything(text, limit=ON_PAGE)
    return render(request, "site/search.html", {"text": text, "groups": groups})


@require_GET
@require("read")
def search_results(request: HttpRequest) -> HttpResponse:
    """Answer the search box while one types; an empty box gets an empty answer, which closes the list."""
    text = request.GET.get("q", "").strip()
    if not text:
        return HttpResponse()
    return render(
        request, "site/_search_results.html", {"text": text, "groups": search_everything(text, limit=IN_BOX)}
    )


@require_GET
@require("read")
def docs_home(request: HttpRequest) -> HttpResponse:
    """List the documents by section."""
    return render(request, "site/docs_home.html", {"sections": _sections()})


@require_GET
@require("read")
def docs(request: HttpRequest, path: str) -> HttpResponse:
    """Show one document with the list of all beside it."""
    doc = doc_at(path)
    if doc is None:
        raise Http404("There is no such document. The list of all is at /docs/.")
    rendered = render_document(text=doc.text)
    context = {"doc": doc, "rendered": rendered, "sections": _sections()}
    return render(request, "site/docs.html", context)


@login_not_required
@never_cache
@require_GET
def health(request: HttpRequest) -> HttpResponse:
    """Say whether the site works: 200 or 503; only who is signed in learns the parts."""
    report = check_health(timezone.now())
    status = 200 if report["status"] == "ok" else 503
    # Who asks is in the database too: without it everybody is a stranger.
    is_known = report["database"]["is_ok"] and may(request.user, "read")
    shown = report if is_known else {"status": report["status"]}
    return JsonResponse(shown, status=status)


def _sections() -> list[tuple[str, list[object]]]:
    return [(SECTIONS[key], list(rows)) for key, rows in groupby(all_docs(), key=lambda doc: doc.section)]
