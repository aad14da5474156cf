"""Files of a version: shown, raw, downloaded. Nothing of them is ever run or trusted."""

from pathlib import PurePosixPath
from typing import Any
from urllib.parse import quote

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_GET

from fleet_site.access import require
from fleet_site.http import render_page
from skills_app.adapters.markdown import Rendered, render_source
from skills_app.models import SkillFile, SkillVersion
from skills_app.queries.skill_page import crumbs_of_skill, file_of_version, file_tree
from skills_app.services.render_document import render_document
from skills_app.views.skills import skill_or_404, version_or_404

# Only what a browser shows as a picture and nothing else; SVG can hold scripts and is offered as a download.
PICTURES = {
    ".png": "image/png",
    ".jpg": "image/jpeg",
    ".jpeg": "image/jpeg",
    ".gif": "image/gif",
    ".webp": "image/webp",
}
FILE_PREFIX = "file-"
MAIN_FILE = "SKILL.md"


@require_GET
@require("read")
def document_raw(request: HttpRequest, key: str, number: int) -> HttpResponse:
    """Return a version's document as plain text, or as a download with ``?download=1``."""
    version = version_or_404(skill_or_404(key), number)
    name = MAIN_FILE if version.content_kind == "markdown" else f"{version.skill.slug or 'skill'}.json"
    return _raw(name, version.content.encode("utf-8", "replace"), "text/plain; charset=utf-8", request)


@require_GET
@require("read")
def file_detail(request: HttpRequest, key: str, number: int, path: str) -> HttpResponse:
    """Show a file of a version; its bytes with ``?raw=1``, as a download with ``?download=1``."""
    skill = skill_or_404(key)
    version = version_or_404(skill, number)
    if path == MAIN_FILE:
        return redirect(version)
    file = file_of_version(version, path)
    if file is None:
        raise Http404(f"Version {number} of {skill.name} has no file '{path[:200]}'.")
    if "raw" in request.GET or "download" in request.GET:
        return _raw_file(file, request)
    context: dict[str, Any] = {
        "skill": skill,
        "version": version,
        "file": file,
        "files": file_tree(version),
        "crumbs": crumbs_of_skill(skill),
        "is_source": "source" in request.GET,
        "is_markdown": _suffix(file) in {".md", ".markdown"},
        "is_picture": _suffix(file) in PICTURES and file.data is not None,
        "has_content": file.text is not None or file.data is not None,
        "rendered": _rendered(file, is_source="source" in request.GET),
        "files_url": _files_url(version),
    }
    return render_page(request, "skills_app/skill_file.html", context, partial="file-body")


def _files_url(version: SkillVersion) -> str:
    return f"{version.get_absolute_url()}files/"


def _suffix(file: SkillFile) -> str:
    return PurePosixPath(file.path).suffix.lower()


def _rendered(file: SkillFile, *, is_source: bool) -> Rendered | None:
    if file.text is None:
        return None
    if _suffix(file) in {".md", ".markdown"} and not is_source:
        folder = file.path.rpartition("/")[0]
        return render_document(text=file.text, id_prefix=FILE_PREFIX, folder=folder)
    return render_source(file.text, id_prefix=FILE_PREFIX, language=_suffix(file).removeprefix("."))


def _raw_file(file: SkillFile, request: HttpRequest) -> HttpResponse:
    if file.text is not None:
        return _raw(file.path, file.text.encode("utf-8", "replace"), "text/plain; charset=utf-8", request)
    if file.data is None:
        raise Http404(
            f"'{file.path}' is larger than what is stored ({file.size_bytes:,} bytes); read it at its source."
        )
    kind = PICTURES.get(_suffix(file), "")
    return _raw(file.path, bytes(file.data), kind or "application/octet-stream", request, is_shown=bool(kind))


def _raw(
    path: str, content: bytes, content_type: str, request: HttpRequest, *, is_shown: bool = True
) -> HttpResponse:
    """Return bytes that no browser runs: sandboxed, without scripts, and a download unless text or a picture.

    That no browser guesses another type is the security middleware's part.
    """
    response = HttpResponse(content, content_type=content_type)
    way = "inline" if is_shown and "download" not in request.GET else "attachment"
    response["Content-Disposition"] = f"{way}; filename*=UTF-8''{quote(path.rpartition('/')[2])}"
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    response["Cache-Control"] = "private, no-cache"
    return response
