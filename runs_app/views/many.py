"""Many runs or versions in pictures: a scatter of two numbers and a line each across parallel axes, as page, CSV and SVG."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET

from fleet_site.access import require
from fleet_site.http import render_page
from runs_app.domain.comparison import MOST_MANY
from runs_app.domain.many import HEIGHT, WIDTH, axis_of, parallel, scatter
from runs_app.domain.query_tokens import QueryError
from runs_app.domain.run_filters import parse_run_filter
from runs_app.domain.run_query import parse_run_query
from runs_app.domain.trends.row_choice import read_version_choice
from runs_app.queries.many import RUN_HEADINGS, VERSION_HEADINGS, Many, many_runs, many_versions
from runs_app.views.downloads import csv_answer, csv_text, svg_answer
from runs_app.views.trends import chosen_of

MOST_COLOURS = 5
_PICTURES = {"scatter": "dots", "parallel": "lines"}


@dataclass(frozen=True, slots=True)
class _Asked:
    """What a page is about: runs or versions, what was found of them, and what its addresses are made of."""

    kind: str
    found: Many
    hidden: list[tuple[str, str]]
    headings: tuple[str, ...]
    up_url: str
    problems: tuple[str, ...] = ()

    @property
    def page(self) -> str:
        """The name of the page; those of its table and its pictures begin like it."""
        return "trends:compare_many" if self.kind == "run" else "trends:compare_many_versions"


@require_GET
@require("read")
def compare_many(request: HttpRequest) -> HttpResponse:
    """Draw up to 500 runs of a list."""
    return _page(request, _runs(request))


@require_GET
@require("read")
def compare_many_csv(request: HttpRequest) -> HttpResponse:
    """Answer every number of the runs of the pictures as a table, a run a line."""
    return csv_answer("runs", _lines(_runs(request)))


@require_GET
@require("read")
def compare_many_svg(request: HttpRequest, name: str) -> HttpResponse:
    """Answer the scatter or the parallel axes of runs as a picture that stands alone."""
    return _picture(request, _runs(request), name)


@require_GET
@require("read")
def compare_many_versions(request: HttpRequest) -> HttpResponse:
    """Draw up to 500 versions behind a figure of the trends."""
    return _page(request, _versions(request))


@require_GET
@require("read")
def compare_many_versions_csv(request: HttpRequest) -> HttpResponse:
    """Answer every number of the versions of the pictures as a table, a version a line."""
    return csv_answer("versions", _lines(_versions(request)))


@require_GET
@require("read")
def compare_many_versions_svg(request: HttpRequest, name: str) -> HttpResponse:
    """Answer the scatter or the parallel axes of versions as a picture that stands alone."""
    return _picture(request, _versions(request), name)


def _runs(request: HttpRequest) -> _Asked:
    chosen = parse_run_filter(dict(request.GET.lists()))
    problems = list(chosen.problems)
    found = Many()
    try:
        found = many_runs(chosen, parse_run_query(chosen.text), now=timezone.now())
    except QueryError as error:
        problems.append(f"{error.message} {error.hint}".strip())
    hidden = [pair for pair in chosen.pairs() if pair[0] not in {"page", "open"}]
    up_url = f"{reverse('runs:list')}{'?' if chosen.query() else ''}{chosen.query()}"
    return _Asked("run", found, hidden, RUN_HEADINGS, up_url, tuple(problems))


def _versions(request: HttpRequest) -> _Asked:
    chosen = chosen_of(request)
    choice = read_version_choice(request.GET.dict())
    hidden = [*chosen.pairs(), *choice.pairs()]
    up_url = f"{reverse('trends:rows')}?{urlencode([('of', 'versions'), *hidden])}"
    return _Asked("version", many_versions(chosen, choice), hidden, VERSION_HEADINGS, up_url, chosen.problems)


def _page(request: HttpRequest, asked: _Asked) -> HttpResponse:
    return render_page(request, "runs_app/compare_many.html", _context(request, asked), partial="many-body")


def _lines(asked: _Asked) -> Iterator[list[Any]]:
    found = asked.found
    yield [*asked.headings, *(csv_text(name.replace(" ", "_")) for name in found.names)]
    for one, values in zip(found.things, found.values, strict=True):
        yield [*map(csv_text, one.told), *(values.get(name) for name in found.names)]


def _picture(request: HttpRequest, asked: _Asked, name: str) -> HttpResponse:
    context = _context(request, asked) | {"name": name}
    if not context.get(_PICTURES.get(name, "")):
        raise Http404("There is no such picture of these.")
    return svg_answer(request, f"{asked.kind}s-{name}", "runs_app/compare_many.svg", context)


def _context(request: HttpRequest, asked: _Asked) -> dict[str, Any]:
    """Return what the page and its pictures show."""
    found = asked.found
    across, up = (
        _axis_name(request, name, found, first) for name, first in zip("xy", found.first, strict=True)
    )
    query = urlencode([*asked.hidden, ("x", across), ("y", up)])
    address = {name: f"{reverse(f'{asked.page}_svg', args=[name])}?{query}" for name in _PICTURES}
    return {
        "kind": asked.kind,
        "page_key": asked.page.partition(":")[2],
        "query": query,
        "page_url": reverse(asked.page),
        "up_url": asked.up_url,
        "csv_url": f"{reverse(f'{asked.page}_csv')}?{query}",
        "svg_urls": address,
        "compare_url": reverse(f"trends:compare_{asked.kind}s"),
        "problems": asked.problems,
        "found": found,
        "most": MOST_MANY,
        "hidden": asked.hidden,
        "x_name": across,
        "y_name": up,
        "width": WIDTH,
        "height": HEIGHT,
        **_pictures(found, across, up),
    }


def _axis_name(request: HttpRequest, name: str, found: Many, first: str) -> str:
    asked = request.GET.get(name, first)
    return asked if asked in found.names else first


def _pictures(found: Many, across: str, up: str) -> dict[str, Any]:
    keys = [one.key for one in found.things]
    models = [one.model for one in found.things]
    ranked = sorted(set(models), key=lambda name: (-models.count(name), name))
    groups = [min(ranked.index(name) + 1, MOST_COLOURS) for name in models]
    x, y = axis_of(across, found.values), axis_of(up, found.values)
    dots = scatter(keys, found.values, groups, across=x, up=y) if x and y else ()
    axes, lines = parallel(keys, found.values, groups, found.axes)
    legend = [(number, name or "no model") for number, name in enumerate(ranked[: MOST_COLOURS - 1], start=1)]
    if len(ranked) >= MOST_COLOURS:
        rest = ranked[MOST_COLOURS - 1 :]
        legend.append((MOST_COLOURS, rest[0] or "no model" if len(rest) == 1 else f"{len(rest)} more models"))
    columns = [name for name in dict.fromkeys((across, up, *(axis.name for axis in axes))) if name]
    return {
        "columns": columns,
        "x_axis": x,
        "y_axis": y,
        "dots": dots,
        "axes": axes,
        "lines": lines if len(axes) > 1 else (),
        "legend": legend,
        "rows": [
            (one, [(name, row.get(name)) for name in columns])
            for one, row in zip(found.things, found.values, strict=True)
        ],
    }
