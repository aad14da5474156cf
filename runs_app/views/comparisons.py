"""Pages that compare two to six runs or versions in columns."""

from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_GET

from fleet_site.access import require
from fleet_site.http import render_page
from runs_app.domain.comparison import FEWEST, MOST, compare
from runs_app.queries.comparisons import (
    runs_to_compare,
    suggested_runs,
    suggested_versions,
    usual_baseline,
    versions_to_compare,
)


@require_GET
@require("read")
def compare_runs(request: HttpRequest) -> HttpResponse:
    """Show two to six runs side by side; one alone is shown with what it may be compared with."""
    runs, things = runs_to_compare(_numbers(request, "run"))
    more = suggested_runs(runs[0]) if runs and len(runs) < MOST else []
    return _page(request, "run", runs, things, [one for one in more if one not in runs])


@require_GET
@require("read")
def compare_versions(request: HttpRequest) -> HttpResponse:
    """Show two to six versions side by side; one alone is shown with what it may be compared with."""
    versions, things = versions_to_compare(_numbers(request, "version"))
    more = suggested_versions(versions[0]) if versions and len(versions) < MOST else []
    return _page(request, "version", versions, things, [one for one in more if one not in versions])


def _page(
    request: HttpRequest, kind: str, found: list[Any], things: list[Any], more: list[Any]
) -> HttpResponse:
    keys = [one.pk for one in found]
    pinned = next((pk for pk in _numbers(request, "baseline") if pk in keys), 0)
    baseline, is_approved = usual_baseline(found) if len(found) >= FEWEST and not pinned else (0, False)
    baseline = keys.index(pinned) if pinned else baseline
    rows = compare(things, baseline=baseline) if len(things) >= FEWEST else ()
    is_all = request.GET.get("all") == "1"
    shown = [row for row in rows if is_all or row.is_different]
    context = {
        "kind": kind,
        "columns": [_column(kind, one, found, baseline, pinned, is_all) for one in found],
        "baseline": found[baseline] if found else None,
        "why_baseline": "pinned" if pinned else "approved" if is_approved else "oldest",
        "groups": _grouped(shown),
        "num_equal": sum(not row.is_different for row in rows),
        "is_all": is_all,
        "page_key": f"compare_{kind}s",
        "query": _query(kind, keys, pinned, is_all).removeprefix("?"),
        "toggle": _query(kind, keys, pinned, not is_all),
        "more": [(one, _query(kind, [*keys, one.pk], pinned, is_all)) for one in more],
        "most": MOST,
        "is_many": len(found) >= FEWEST,
    }
    return render_page(request, "runs_app/compare.html", context)


def _column(
    kind: str, one: Any, found: list[Any], baseline: int, pinned: int, is_all: bool
) -> dict[str, Any]:
    keys = [each.pk for each in found]
    version = one if kind == "version" else _version_of(one)
    base = found[baseline] if kind == "version" else _version_of(found[baseline])
    diff = ""
    if version is not None and base is not None and version.pk != base.pk:
        sides = {name: f"{v.skill.key}:{v.number}" for name, v in (("base", base), ("head", version))}
        diff = f"{reverse('skills:compare', args=[version.skill.key])}?{urlencode(sides)}"
    return {
        "one": one,
        "version": version,
        "is_baseline": one is found[baseline],
        "pin": _query(kind, keys, one.pk, is_all),
        "without": _query(kind, [pk for pk in keys if pk != one.pk], pinned, is_all),
        "diff": diff,
    }


def _version_of(run: Any) -> Any:
    return run.outcome.version if hasattr(run, "outcome") else None


def _grouped(rows: list[Any]) -> list[tuple[str, list[Any]]]:
    names = list(dict.fromkeys(row.group for row in rows))
    return [(name, [row for row in rows if row.group == name]) for name in names]


def _query(kind: str, keys: list[int], baseline: int, is_all: bool) -> str:
    pairs = [(kind, str(pk)) for pk in keys]
    pairs += [("baseline", str(baseline))] if baseline in keys else []
    return "?" + urlencode([*pairs, *([("all", "1")] if is_all else [])])


def _numbers(request: HttpRequest, name: str) -> list[int]:
    return [
        int(raw) for raw in request.GET.getlist(name) if raw.isascii() and raw.isdigit() and len(raw) < 18
    ]
