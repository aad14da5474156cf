"""Pages of runs: the list, one run, the history of a metric, and what a run left behind."""

from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from fleet_site.access import require
from fleet_site.http import is_fragment, render_page
from runs_app.domain.errors import QueueDown
from runs_app.domain.query_ast import FieldKind
from runs_app.domain.query_tokens import QueryError
from runs_app.domain.run_attributes import ATTRIBUTES
from runs_app.domain.run_columns import Column, column_named
from runs_app.domain.run_filters import RunFilter, parse_run_filter
from runs_app.domain.run_query import parse_run_query
from runs_app.models import Run, Source
from runs_app.queries.run_neighbours import neighbours_of
from runs_app.queries.run_page import (
    history_of,
    metrics_of,
    outcome_of,
    phases_of,
    points_of,
    problems_of,
    seconds_so_far,
    sparks_of,
)
from runs_app.queries.runs_for_list import RunList, known_keys, matching_runs, runs_for_list
from runs_app.services.request_sync import request_refresh
from runs_app.views.downloads import csv_answer, svg_answer

_MOST_KEYS = 60


@require_GET
@require("read")
def run_list(request: HttpRequest) -> HttpResponse:
    """Show one page of runs as the address asks; a query that cannot be read is shown with its place."""
    chosen = parse_run_filter(dict(request.GET.lists()))
    error: QueryError | None = None
    node = None
    try:
        node = parse_run_query(chosen.text)
    except QueryError:
        error = _explained(chosen.text)
    listed = None if error else runs_for_list(chosen, node)
    newest = Run.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
    context = {
        "chosen": chosen,
        "error": error,
        "listed": listed,
        "newest": newest,
        "headers": _headers(chosen),
        "hidden": [(name, value) for name, value in chosen.asking("").on_page(1).pairs()],
        "facet_links": _facet_links(chosen, listed.facets) if listed else [],
        "rows": _rows(chosen, listed) if listed else [],
        "fold_query": chosen.folded(not chosen.is_folded).query(),
        "previous_query": chosen.on_page(listed.page - 1).query() if listed and listed.page > 1 else None,
        "next_query": chosen.on_page(listed.page + 1).query()
        if listed and listed.page < listed.num_pages
        else None,
        "list_query": chosen.query(),
        "has_source": Source.objects.exists(),
        "oldest_sync": Source.objects.filter(is_enabled=True).order_by("last_synced_at").first(),
        "num_columns": len(chosen.shown_columns),
    }
    status = 422 if error and is_fragment(request) else 200
    return render_page(request, "runs_app/run_list.html", context, partial="run-results", status=status)


def _rows(chosen: RunFilter, listed: RunList) -> list[tuple[Any, str, str]]:
    """Return each row with the query that unfolds it and the one that its page is opened with."""
    here = chosen.on_page(listed.page).query()
    rows = []
    for position, row in enumerate(listed.rows, start=listed.first - 1):
        opened = chosen.toggled_open(row.run.pk).query()
        rows.append((row, opened, urlencode({"from": here, "at": position})))
    return rows


@require_GET
@require("read")
def run_columns(request: HttpRequest) -> HttpResponse:
    """Show the form that chooses the columns of a list; the list itself reads what it sends."""
    chosen = parse_run_filter(dict(request.GET.lists()))
    shown = {column.name for column in chosen.shown_columns}
    groups = [("Attributes", [Column(FieldKind.ATTRIBUTE, name) for name in ATTRIBUTES if name != "name"])]
    for title, kind in (("Metrics", FieldKind.METRIC), ("Params", FieldKind.PARAM), ("Tags", FieldKind.TAG)):
        found = [column_named(name) for name in known_keys(kind, _MOST_KEYS)]
        groups.append((title, [column for column in found if column is not None]))
    known = {column.name for _, columns in groups for column in columns}
    groups.append(
        ("Others that are shown", [column for column in chosen.columns if column.name not in known])
    )
    bare = chosen.with_columns(())
    context = {
        "groups": [
            (title, [(column, column.name in shown) for column in columns])
            for title, columns in groups
            if columns
        ],
        "hidden": bare.on_page(1).pairs(),
        "list_query": chosen.query(),
        "default_query": bare.query(),
    }
    return render_page(request, "runs_app/run_columns.html", context, partial="run-columns")


def _explained(text: str) -> QueryError | None:
    """Return what is wrong with a query, with the names of our metrics that may have been meant."""
    try:
        parse_run_query(text, known_keys=known_keys())
    except QueryError as error:
        return error
    return None


def _headers(chosen: RunFilter) -> list[dict[str, Any]]:
    return [
        {
            "column": column,
            "query": chosen.sorted_by(column).query(),
            "sort": ("descending" if chosen.sort.is_down else "ascending")
            if chosen.sort.column == column
            else "",
        }
        for column in chosen.shown_columns
    ]


def _facet_links(chosen: RunFilter, facets: Any) -> list[tuple[Any, list[tuple[Any, str]]]]:
    return [
        (facet, [(value, chosen.toggled(facet.name, value.value).query()) for value in facet.values])
        for facet in facets
    ]


@require_GET
@require("read")
def new_runs(request: HttpRequest) -> HttpResponse:
    """Say how many runs of this list have arrived since it was made: the reader decides when to see them."""
    chosen = parse_run_filter(dict(request.GET.lists()))
    since = request.GET.get("since", "")
    number = 0
    try:
        node = parse_run_query(chosen.text)
        if since.isascii() and since.isdigit() and len(since) < 18:
            number = matching_runs(chosen, node, now=timezone.now()).filter(pk__gt=int(since)).count()
    except QueryError:
        number = 0
    context = {"num_new": number, "list_query": chosen.query(), "newest": since}
    return render_page(request, "runs_app/run_list.html", context | {"is_banner": True}, partial="new-runs")


@require_GET
@require("read")
def run_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """Show one run: times, phases, metrics, params, tags, artifacts, and what it made."""
    run = get_object_or_404(Run.objects.select_related("source", "experiment", "parent"), pk=pk)
    outcome = outcome_of(run)
    now = timezone.now()
    sparks = sparks_of(run)
    context = {
        "run": run,
        "neighbours": neighbours_of(
            run,
            from_query=request.GET.get("from", ""),
            position=_position(request.GET.get("at", "")),
            now=now,
        ),
        "bars": phases_of(run, now=now),
        "seconds": seconds_so_far(run, now=now),
        "metrics": [(metric, sparks.get(metric.key)) for metric in metrics_of(run)],
        "params": run.params.order_by("key"),
        "tags": run.tags.order_by("key"),
        "artifacts": run.artifacts.all(),
        "problems": problems_of(run),
        "outcome": outcome,
        "findings": outcome.validation_report.findings.all() if outcome and outcome.validation_report else [],
    }
    return render_page(request, "runs_app/run_detail.html", context)


def _position(raw: str) -> int | None:
    return int(raw) if raw.isascii() and raw.isdigit() and len(raw) < 10 else None


@require_GET
@require("read")
def run_metric(request: HttpRequest, pk: int, key: str) -> HttpResponse:
    """Show the history of one metric as a chart and as a table."""
    return render_page(request, "runs_app/run_metric.html", _metric(pk, key))


@require_GET
@require("read")
def run_metric_csv(request: HttpRequest, pk: int) -> HttpResponse:
    """Answer every point of the metric that ``key`` names as a table, also those beyond what the page shows."""
    context = _metric(pk, request.GET.get("key", ""))
    return csv_answer(f"run-{pk}-{context['key']}", _metric_lines(context["run"], context["key"]))


def _metric_lines(run: Run, key: str) -> Iterator[list[Any]]:
    yield ["step", "timestamp_ms", "value"]
    for step, timestamp_ms, value, special in points_of(run, key):
        yield [step, timestamp_ms, special or value]


@require_GET
@require("read")
def run_metric_svg(request: HttpRequest, pk: int) -> HttpResponse:
    """Answer the history of the metric that ``key`` names as a picture that stands alone."""
    context = _metric(pk, request.GET.get("key", ""))
    if not context["is_drawn"]:
        raise Http404("This metric has too few points for a picture.")
    return svg_answer(request, f"run-{pk}-{context['key']}", "runs_app/run_metric.svg", context)


def _metric(pk: int, key: str) -> dict[str, Any]:
    """Return what the page of a metric and its picture show."""
    run = get_object_or_404(Run.objects.select_related("source", "experiment"), pk=pk)
    history = history_of(run, key) if key and "\x00" not in key else None
    if history is None:
        raise Http404(f"This run has no metric named {key}.")
    return {
        "run": run,
        "history": history,
        "latest": run.metrics.filter(key=key).first(),
        "key": key,
        "is_drawn": len(history.points) > 1 and bool(history.line),
        "key_query": urlencode({"key": key}),
    }


@require_POST
@require("read")
def run_refresh(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask a worker to read this run again from its source."""
    run = get_object_or_404(Run.objects.select_related("source"), pk=pk)
    try:
        is_asked = request_refresh(run=run)
    except QueueDown as error:
        messages.error(request, str(error))
    else:
        said = (
            "The run is being read again; reload in a moment."
            if is_asked
            else "The run was read a moment ago."
        )
        messages.info(request, said)
    return redirect(reverse("runs:detail", args=[run.pk]))
