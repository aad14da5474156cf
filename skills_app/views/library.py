"""The library folder: what was published there, what people changed, and the list that agents read."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_GET, require_POST

from fleet_site.access import branches_where, may_somewhere, require
from fleet_site.http import render_page
from skills_app.domain.errors import LibraryUnreadable, PublishingError
from skills_app.queries.published import library_root
from skills_app.queries.publishing_page import standing_promotions
from skills_app.queries.resolve_path import category_at
from skills_app.services.import_library import LibraryImport
from skills_app.services.list_available import available_skills_block
from skills_app.services.scan_library import compare_with_folder, scan_library

PAGE = 50
MOST_NAMED = 3


@require_GET
@require("read")
def library_folder(request: HttpRequest) -> HttpResponse:
    """Show what is published and whether the folder still holds it, fifty skills a page."""
    page = Paginator(standing_promotions(), PAGE).get_page(request.GET.get("page"))
    can_take_in = may_somewhere(request.user, "take_in_folder")
    context = {
        "root": library_root(),
        "page": page,
        "rows": (),
        "error": "",
        "can_take_in": can_take_in,
        "within": branches_where(request.user, "take_in_folder") if can_take_in else None,
    }
    try:
        context["rows"] = compare_with_folder(list(page.object_list))
    except PublishingError as error:
        context["error"] = str(error)
    return render_page(request, "skills_app/library_folder.html", context, partial="library-folder")


@require_POST
@require("take_in_folder")
def library_scan(request: HttpRequest) -> HttpResponse:
    """Take in what people changed in the folder, as new skills and draft versions: in the branches that the reader curates."""
    try:
        result = scan_library(within=branches_where(request.user, "take_in_folder"))
    except (LibraryUnreadable, PublishingError) as error:
        messages.error(request, str(error))
        return redirect("skills:library")
    messages.success(request, _said_of(result))
    for problem in result.problems[:5]:
        messages.warning(request, problem.message)
    num_more = len(result.problems) - 5
    if num_more > 0:
        messages.warning(request, f"And {num_more} more problem{'s' if num_more > 1 else ''}.")
    return redirect("skills:library")


@require_GET
@require("read")
def available_xml(request: HttpRequest) -> HttpResponse:
    """Return the ``<available_skills>`` block of the library, or of ``?branch=`` (an old address will do); ``?root=`` is where agents find it."""
    path = request.GET.get("branch", "").strip("/")
    branch = category_at(path) if path else None
    if path and branch is None:
        raise Http404(f"There is no branch '{path[:200]}'. The list of skills shows all branches.")
    block = available_skills_block(branch=branch, root=request.GET.get("root"))
    response = HttpResponse(block, content_type="application/xml; charset=utf-8")
    response["Cache-Control"] = "private, no-cache"
    return response


def _said_of(result: LibraryImport) -> str:
    """Say what a scan took in, and by address the first of what changed."""
    read = f"{result.num_skills} skill was" if result.num_skills == 1 else f"{result.num_skills} skills were"
    num_new, num_changed = len(result.created), len(result.updated)
    said = f"{read} read: {num_new} new, {num_changed} changed, as drafts where one is published."
    if not result.updated:
        return said
    more = f" and {num_changed - MOST_NAMED} more" if num_changed > MOST_NAMED else ""
    return f"{said} Changed: {', '.join(result.updated[:MOST_NAMED])}{more}."
