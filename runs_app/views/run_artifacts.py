"""Pages of the files that a run left behind."""

import csv
import io
import json
from typing import Any, cast
from urllib.parse import quote

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_GET

from fleet_site.access import require
from fleet_site.http import render_page
from runs_app.adapters.sources import open_source
from runs_app.domain.errors import SourceError
from runs_app.models import Run, RunArtifact
from runs_app.queries.run_page import artifact_of
from runs_app.services.mirror_artifacts import address_of
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
