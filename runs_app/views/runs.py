"""Pages of runs: the list, one run, the history of a metric, and what a run left behind."""

import csv
import io
import json
from typing import Any, cast
from urllib.parse import quote

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from fleet_site.access import require
from fleet_site.http import is_fragment, render_page
from runs_app.adapters.sources import open_source
from runs_app.domain.errors import QueueDown, SourceError
from runs_app.domain.query_tokens import QueryError
from runs_app.domain.run_filters import RunFilter, parse_run_filter
from runs_app.domain.run_query import parse_run_query
from runs_app.models import Run, RunArtifact, Source
from runs_app.queries.run_page import (
    artifact_of,
    children_of,
    history_of,
    metrics_of,
    outcome_of,
    problems_of,
)
from runs_app.queries.runs_for_list import known_keys, matching_runs, runs_for_list
from runs_app.services.mirror_artifacts import address_of
from runs_app.services.request_sync import request_refresh
from skills_app.adapters.markdown import render_markdown, render_source

HEAD_CHARS = 200_000
JSON_CHARS = 400_000
TABLE_ROWS = 200
IMAGE_TYPES = {
    "png": "image/png",
    "jpg": "image/jpeg",
    "jpeg": "image/jpeg",
    "gif": "image/gif",
    "webp": "image/webp",
}


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
        "rows": [(row, chosen.toggled_open(row.run.pk).query()) for row in listed.rows] if listed else [],
        "fold_query": chosen.folded(not chosen.is_folded).query(),
        "previous_query": chosen.on_page(listed.page - 1).query() if listed and listed.page > 1 else None,
        "next_query": chosen.on_page(listed.page + 1).query()
        if listed and listed.page < listed.num_pages
        else None,
        "list_query": chosen.query(),
        "has_source": Source.objects.exists(),
        "oldest_sync": Source.objects.filter(is_enabled=True).order_by("last_synced_at").first(),
    }
    status = 422 if error and is_fragment(request) else 200
    return render_page(request, "runs_app/run_list.html", context, partial="run-results", status=status)


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
    context = {
        "run": run,
        "bars": children_of(run),
        "metrics": metrics_of(run),
        "params": run.params.order_by("key"),
        "tags": run.tags.order_by("key"),
        "artifacts": run.artifacts.all(),
        "problems": problems_of(run),
        "outcome": outcome,
        "findings": outcome.validation_report.findings.all() if outcome and outcome.validation_report else [],
        "back_query": request.GET.get("from", ""),
    }
    return render_page(request, "runs_app/run_detail.html", context)


@require_GET
@require("read")
def run_metric(request: HttpRequest, pk: int, key: str) -> HttpResponse:
    """Show the history of one metric as a chart and as a table."""
    run = get_object_or_404(Run.objects.select_related("source", "experiment"), pk=pk)
    history = history_of(run, key)
    if history is None:
        raise Http404(f"This run has no metric named {key}.")
    latest = run.metrics.filter(key=key).first()
    return render_page(
        request, "runs_app/run_metric.html", {"run": run, "history": history, "latest": latest, "key": key}
    )


@require_GET
@require("read")
def run_artifact(request: HttpRequest, pk: int, path: str) -> HttpResponse:
    """Show one file of a run in the way that fits its kind; what is not kept here is offered for download."""
    run, artifact = _artifact(pk, path)
    context = {"run": run, "artifact": artifact, **_view_of(artifact)}
    return render_page(request, "runs_app/run_artifact.html", context)


@require_GET
@require("read")
def run_artifact_raw(request: HttpRequest, pk: int, path: str) -> HttpResponse:
    """Send a file of a run as it is: sandboxed, and a download unless it is a picture."""
    run, artifact = _artifact(pk, path)
    suffix = path.rpartition(".")[2].lower()
    is_image = suffix in IMAGE_TYPES and "download" not in request.GET
    response: Any
    if artifact.text is not None:
        response = HttpResponse(artifact.text.encode(), content_type="application/octet-stream")
    else:
        try:
            pieces = _stream(run, path)
        except SourceError as error:
            return render_page(
                request,
                "runs_app/run_artifact.html",
                {"run": run, "artifact": artifact, "lost": error},
                status=502,
            )
        kind = IMAGE_TYPES[suffix] if is_image else "application/octet-stream"
        response = StreamingHttpResponse(pieces, content_type=kind)
    way = "inline" if is_image and artifact.text is None else "attachment"
    response["Content-Disposition"] = f"{way}; filename*=UTF-8''{quote(path.rpartition('/')[2])}"
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    response["Cache-Control"] = "private, no-cache"
    return cast(HttpResponse, response)


def _stream(run: Run, path: str) -> Any:
    pieces = iter(
        open_source(run.source, timeout_seconds=settings.FLEET_MLFLOW_TIMEOUT_SECONDS).stream_artifact(
            address_of(run), path
        )
    )
    first = next(pieces, b"")

    def whole() -> Any:
        yield first
        yield from pieces

    return whole()


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


def _artifact(pk: int, path: str) -> tuple[Run, RunArtifact]:
    run = get_object_or_404(Run.objects.select_related("source", "experiment"), pk=pk)
    artifact = artifact_of(run, path)
    if artifact is None:
        raise Http404(f"This run has no file named {path}.")
    return run, artifact


def _view_of(artifact: RunArtifact) -> dict[str, Any]:
    suffix = artifact.path.rpartition(".")[2].lower()
    text = artifact.text
    if text is None:
        return {"view": "image" if suffix in IMAGE_TYPES else "none"}
    is_cut = len(text) > HEAD_CHARS
    if suffix in {"md", "markdown"} and not is_cut:
        return {"view": "document", "rendered": render_markdown(text, id_prefix="artifact-")}
    if suffix == "json" and len(text) <= JSON_CHARS and (tree := _json_tree(text)) is not None:
        return {"view": "json", "tree": tree}
    if suffix in {"csv", "tsv"}:
        rows = csv.reader(io.StringIO(text[:HEAD_CHARS]), delimiter="\t" if suffix == "tsv" else ",")
        try:
            table = [row for row, _ in zip(rows, range(TABLE_ROWS + 1), strict=False)]
        except csv.Error:
            table = []
        if table:
            return {
                "view": "table",
                "header": table[0],
                "rows": table[1:],
                "is_cut": is_cut or len(table) > TABLE_ROWS,
            }
    rendered = render_source(text[:HEAD_CHARS], id_prefix="artifact-", language=suffix)
    return {"view": "source", "rendered": rendered, "is_cut": is_cut}


def _json_tree(text: str) -> list[dict[str, Any]] | None:
    """Return the nodes of a JSON text in reading order with their depth, or None when it cannot be shown as a tree."""
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return None
    nodes: list[dict[str, Any]] = []

    def walk(name: str, item: Any, depth: int) -> None:
        if isinstance(item, dict | list) and item and depth < 12:
            pairs = (
                list(item.items()) if isinstance(item, dict) else [(str(i), v) for i, v in enumerate(item)]
            )
            words = f"{len(item)} {'keys' if isinstance(item, dict) else 'items'}"
            nodes.append({"opens": True, "name": name, "value": words, "is_open": depth < 2})
            for key, below in pairs:
                walk(str(key), below, depth + 1)
            nodes.append({"closes": True})
        else:
            shown = item if isinstance(item, str) else json.dumps(item, ensure_ascii=False)
            nodes.append({"name": name, "value": shown})

    walk("", value, 0)
    return nodes if len(nodes) <= 20_000 else None
