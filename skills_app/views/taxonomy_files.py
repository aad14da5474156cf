"""The taxonomy as files, to take out and to bring in, what is wrong with it, and its old addresses."""

import json
from typing import Any, cast
from urllib.parse import urlencode

from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods

from fleet_site.access import may, may_somewhere, refusal, require
from fleet_site.http import render_page
from skills_app.domain.errors import ChangeDataError
from skills_app.queries.old_addresses import old_addresses_for_page
from skills_app.queries.resolve_path import category_at
from skills_app.queries.taxonomy_files import index_file, taxonomy_faults
from skills_app.services.export_taxonomy import exported_meta
from skills_app.services.import_taxonomy import TaxonomyImport, as_lines, import_taxonomy

MOST_BYTES = 20 * 1024 * 1024
MOST_LINES = 500
FAULTS_PER_PAGE = 100


@require_http_methods(["GET", "POST"])
@require("read")
def files(request: HttpRequest) -> HttpResponse:
    """Offer both files, and take them in: tried first or at once, with a report of each thing."""
    if request.method == "GET":
        return _page(request, {})
    if not may(request.user, "curate"):
        raise PermissionDenied(refusal("curate"))
    is_dry_run = "take" not in request.POST
    try:
        report = _imported(request, is_dry_run=is_dry_run)
    except ChangeDataError as error:
        return _page(request, {"error": str(error)}, 422)
    lines = as_lines(report, is_dry_run=is_dry_run)
    context = {
        "lines": lines[:MOST_LINES],
        "num_more": max(len(lines) - MOST_LINES, 0),
        "is_dry_run": is_dry_run,
        "change": report.change,
        "is_empty": report.is_empty,
        "is_same": report.is_same,
    }
    return _page(request, context)


@require_GET
@require("read")
def index_json(request: HttpRequest) -> HttpResponse:
    """Return ``taxonomy_index.json`` of the library as it stands."""
    return _download(index_file(), "taxonomy_index.json")


@require_GET
@require("read")
def meta_json(request: HttpRequest) -> HttpResponse:
    """Return ``taxonomy_meta.json`` of the library as it stands."""
    return _download(exported_meta(), "taxonomy_meta.json")


@require_GET
@require("read")
def check(request: HttpRequest) -> HttpResponse:
    """Show a page (``?page=``) of what is wrong with the taxonomy, all or one kind of it (``?fault=``)."""
    faults = taxonomy_faults()
    kinds = sorted({fault.fault.value for fault in faults})
    chosen = request.GET.get("fault", "")
    shown = [fault for fault in faults if chosen not in kinds or fault.fault.value == chosen]
    context = {
        "faults": Paginator(shown, FAULTS_PER_PAGE).get_page(request.GET.get("page")),
        "faults_url": f"?{f'fault={chosen}&' if chosen in kinds else ''}page=",
        "num_errors": sum(fault.is_error for fault in faults),
        "num_hints": sum(not fault.is_error for fault in faults),
        "kinds": kinds,
        "chosen": chosen,
    }
    return render_page(request, "skills_app/taxonomy_check.html", context)


def _imported(request: HttpRequest, *, is_dry_run: bool) -> TaxonomyImport:
    index = _uploaded(request, "index")
    if index is None:
        raise ChangeDataError("Choose the file taxonomy_index.json.")
    user = cast(User, request.user)
    return import_taxonomy(index=index, meta=_uploaded(request, "meta"), actor=user, is_dry_run=is_dry_run)


def _uploaded(request: HttpRequest, name: str) -> Any:
    file = request.FILES.get(name)
    if file is None:
        return None
    if (file.size or 0) > MOST_BYTES:
        raise ChangeDataError(
            f"The file is larger than {MOST_BYTES // 2**20} MB. Use manage.py taxonomy import."
        )
    try:
        return json.loads(file.read().decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise ChangeDataError(f"The file for the {name} is not readable JSON.") from error


@require_GET
@require("read")
def old_addresses(request: HttpRequest) -> HttpResponse:
    """List the old addresses that still answer, of a branch (``?at=``), with a text (``?q=``), or only unused ones (``?unused=1``)."""
    at = request.GET.get("at", "").strip().strip("/")[:512]
    text, only_unused = request.GET.get("q", "").strip()[:200], bool(request.GET.get("unused"))
    place = category_at(at)
    rows = old_addresses_for_page(
        branch=place.path if place else at, text=text, only_unused=only_unused, page=request.GET.get("page")
    )
    chosen = {"at": at, "q": text, "unused": "1" if only_unused else ""}
    context = {
        "rows": rows,
        "at": at,
        "text": text,
        "only_unused": only_unused,
        "rows_url": f"?{urlencode({name: value for name, value in chosen.items() if value})}&page=",
        "can_curate": may_somewhere(request.user, "curate"),
        "as_of": timezone.now().isoformat(),
    }
    return render_page(request, "skills_app/taxonomy_old_addresses.html", context)


def _page(request: HttpRequest, context: dict[str, Any], status: int = 200) -> HttpResponse:
    can_curate = may(request.user, "curate")
    return render_page(
        request, "skills_app/taxonomy_files.html", {"can_curate": can_curate, **context}, status=status
    )


def _download(data: dict[str, Any], name: str) -> HttpResponse:
    response = JsonResponse(data, json_dumps_params={"ensure_ascii": False, "indent": 2})
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    response["Cache-Control"] = "private, no-cache"
    return response
