"""Pages that compare: two to six runs or versions in columns, or many runs in a picture."""

from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET

from fleet_site.access import require
from fleet_site.http import render_page
from runs_app.domain.comparison import FEWEST, MOST, MOST_MANY, compare
from runs_app.domain.many import HEIGHT, WIDTH, axis_of, parallel, scatter
from runs_app.domain.query_tokens import QueryError
from runs_app.domain.run_filters import parse_run_filter
from runs_app.domain.run_query import parse_run_query
from runs_app.queries.comparisons import (
    NUMBERS,
    ManyRuns,
    many_runs,
    runs_to_compare,
    suggested_runs,
    suggested_versions,
    versions_to_compare,
)
from runs_app.views.downloads import csv_answer, csv_text, svg_answer

MOST_COLOURS = 5
_AXES = ("quality score", "deterministic score", "validation score", "errors", "cost", "tokens", "duration")


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
    pinned = next((pk for pk in _numbers(request, "baseline") if pk in keys), keys[0] if keys else 0)
    baseline = keys.index(pinned) if keys else 0
    rows = compare(things, baseline=baseline) if len(things) >= FEWEST else ()
    is_all = request.GET.get("all") == "1"
    shown = [row for row in rows if is_all or row.is_different]
    context = {
        "kind": kind,
        "columns": [_column(kind, one, found, baseline, is_all) for one in found],
        "baseline": found[baseline] if found else None,
        "groups": _grouped(shown),
        "num_equal": sum(not row.is_different for row in rows),
        "is_all": is_all,
        "toggle": _query(kind, keys, pinned, not is_all),
        "more": [(one, _query(kind, [*keys, one.pk], pinned, is_all)) for one in more],
        "most": MOST,
        "is_many": len(found) >= FEWEST,
    }
    return render_page(request, "runs_app/compare.html", context)


def _column(kind: str, one: Any, found: list[Any], baseline: int, is_all: bool) -> dict[str, Any]:
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
        "without": _query(kind, [pk for pk in keys if pk != one.pk], keys[baseline], is_all),
        "diff": diff,
    }


def _version_of(run: Any) -> Any:
    return run.outcome.version if hasattr(run, "outcome") else None


def _grouped(rows: list[Any]) -> list[tuple[str, list[Any]]]:
    names = list(dict.fromkeys(row.group for row in rows))
    return [(name, [row for row in rows if row.group == name]) for name in names]


def _query(kind: str, keys: list[int], baseline: int, is_all: bool) -> str:
    pairs = [(kind, str(pk)) for pk in keys]
    pairs += [("baseline", str(baseline))] if keys and baseline != keys[0] and baseline in keys else []
    return "?" + urlencode([*pairs, *([("all", "1")] if is_all else [])])


def _numbers(request: HttpRequest, name: str) -> list[int]:
    return [
        int(raw) for raw in request.GET.getlist(name) if raw.isascii() and raw.isdigit() and len(raw) < 18
    ]


@require_GET
@require("read")
def compare_many(request: HttpRequest) -> HttpResponse:
    """Draw up to 500 runs of a list: a scatter of two numbers, and a line a run across parallel axes."""
    return render_page(request, "runs_app/compare_many.html", _many(request), partial="many-body")


@require_GET
@require("read")
def compare_many_csv(request: HttpRequest) -> HttpResponse:
    """Answer every number of the runs of the pictures as a table, a run a line."""
    return csv_answer("runs", _many_lines(_many(request)["found"]))


def _many_lines(found: ManyRuns) -> Iterator[list[Any]]:
    yield ["run", "name", "model", "started_at", *(name.replace(" ", "_") for name in NUMBERS)]
    for run, values in zip(found.runs, found.values, strict=True):
        begun = run.started_at.isoformat() if run.started_at else ""
        named = [run.run_id, csv_text(run.name), csv_text(run.model), begun]
        yield [*named, *(values[name] for name in NUMBERS)]


@require_GET
@require("read")
def compare_many_svg(request: HttpRequest, name: str) -> HttpResponse:
    """Answer the scatter or the parallel axes as a picture that stands alone."""
    context = _many(request) | {"name": name}
    if not context.get({"scatter": "dots", "parallel": "lines"}.get(name, "")):
        raise Http404("There is no such picture of these runs.")
    return svg_answer(request, f"runs-{name}", "runs_app/compare_many.svg", context)


def _many(request: HttpRequest) -> dict[str, Any]:
    """Return what the page, its pictures and its table show."""
    chosen = parse_run_filter(dict(request.GET.lists()))
    problems = list(chosen.problems)
    found = ManyRuns((), (), False)
    try:
        found = many_runs(chosen, parse_run_query(chosen.text), now=timezone.now())
    except QueryError as error:
        problems.append(f"{error.message} {error.hint}".strip())
    across = _axis_name(request, "x", "cost")
    up = _axis_name(request, "y", "quality score")
    hidden = [pair for pair in chosen.pairs() if pair[0] not in {"page", "open"}]
    return {
        "chosen": chosen,
        "problems": problems,
        "found": found,
        "most": MOST_MANY,
        "hidden": hidden,
        "query": urlencode([*hidden, ("x", across), ("y", up)]),
        "names": NUMBERS,
        "x_name": across,
        "y_name": up,
        "width": WIDTH,
        "height": HEIGHT,
        **_pictures(found, across, up),
    }


def _axis_name(request: HttpRequest, name: str, default: str) -> str:
    asked = request.GET.get(name, default)
    return asked if asked in NUMBERS else default


def _pictures(found: ManyRuns, across: str, up: str) -> dict[str, Any]:
    keys = [run.pk for run in found.runs]
    models = [run.model for run in found.runs]
    ranked = sorted(set(models), key=lambda name: (-models.count(name), name))
    groups = [min(ranked.index(name) + 1, MOST_COLOURS) for name in models]
    x, y = axis_of(across, found.values), axis_of(up, found.values)
    dots = scatter(keys, found.values, groups, across=x, up=y) if x and y else ()
    axes, lines = parallel(keys, found.values, groups, _AXES)
    legend = [(number, name or "no model") for number, name in enumerate(ranked[: MOST_COLOURS - 1], start=1)]
    if len(ranked) >= MOST_COLOURS:
        rest = ranked[MOST_COLOURS - 1 :]
        legend.append((MOST_COLOURS, rest[0] or "no model" if len(rest) == 1 else f"{len(rest)} more models"))
    columns = list(dict.fromkeys((across, up, *(axis.name for axis in axes))))
    return {
        "columns": columns,
        "x_axis": x,
        "y_axis": y,
        "dots": dots,
        "axes": axes,
        "lines": lines if len(axes) > 1 else (),
        "legend": legend,
        "rows": [
            (run, [(name, row.get(name)) for name in columns])
            for run, row in zip(found.runs, found.values, strict=True)
        ],
    }
