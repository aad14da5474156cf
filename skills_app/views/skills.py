"""The list of skills, and a skill or one of its versions."""

from collections.abc import Sequence
from typing import Any, cast

from django.contrib import messages
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from fleet_site.access import may, refusal, require
from fleet_site.http import render_page
from skills_app.domain.document_card import linked_files, value_rows
from skills_app.domain.documents import parse_document
from skills_app.domain.errors import DocumentEditError, DocumentWriteError
from skills_app.domain.skill_filter import SORT_LABELS, SkillSort, parse_skill_filter, skill_filter_from_query
from skills_app.domain.skill_timeline import KINDS
from skills_app.models import Skill, SkillVersion
from skills_app.queries.gate_of_version import gate_for_version
from skills_app.queries.proposed_homes import proposed_homes
from skills_app.queries.publishing_page import publishing_of_skill
from skills_app.queries.resolve_path import resolve_path
from skills_app.queries.reviews_of_versions import VersionReview, reviews_of_versions
from skills_app.queries.skill_facets import facets_for_list
from skills_app.queries.skill_page import (
    crumbs_of_skill,
    file_tree,
    relations_of_skill,
    run_that_made,
    runs_of_skill,
    skill_by_key,
    version_of_skill,
    versions_of_skill,
)
from skills_app.queries.skill_relations import graph_of_skill, problems_of_skill
from skills_app.queries.skill_timeline import timeline_of_skill
from skills_app.queries.skills_for_list import neighbours_in_list, skills_for_list
from skills_app.services.apply_fixes import apply_fixes
from skills_app.services.judge_version import judge_version
from skills_app.services.read_version import read_version
from skills_app.services.write_from_json import write_from_json

TABS = {
    "document": "Document and reports",
    "source": "Source",
    "files": "Files",
    "versions": "Versions",
    "publishing": "Publishing",
    "runs": "Runs",
    "about": "About",
    "history": "History",
}


@require_GET
@require("read")
def skill_list(request: HttpRequest) -> HttpResponse:
    """Show one page of the list with its facets; the address holds all of its state."""
    chosen = parse_skill_filter(dict(request.GET.lists()))
    page = skills_for_list(chosen)
    context = {
        "page": page,
        "chosen": page.filter,
        "facets": facets_for_list(
            chosen, rest_of=request.GET.get("rest_of", ""), page=request.GET.get("rest")
        ),
        "sorts": [
            (sort, label, chosen.sorted_by(sort).query())
            for sort, label in SORT_LABELS.items()
            if chosen.text or sort is not SkillSort.RELEVANCE
        ],
        "list_query": page.filter.query(),
        "clear_text_query": parse_skill_filter({}).query(),
        "previous_query": page.filter.on_page(page.number - 1).query() if page.number > 1 else None,
        "next_query": page.filter.on_page(page.number + 1).query() if page.number < page.num_pages else None,
    }
    return render_page(request, "skills_app/skill_list.html", context, partial="skill-results")


@require_GET
@require("read")
def skill_detail(request: HttpRequest, key: str) -> HttpResponse:
    """Show a skill as its current version is."""
    skill = skill_or_404(key)
    return _version_page(request, skill, skill.current_version)


@require_GET
@require("read")
def version_detail(request: HttpRequest, key: str, number: int) -> HttpResponse:
    """Show a skill as one of its versions was."""
    skill = skill_or_404(key)
    return _version_page(request, skill, version_or_404(skill, number))


@require_GET
@require("read")
def skill_at(request: HttpRequest, path: str) -> HttpResponse:
    """Lead from a path, an alias or an old path to where the skill or the branch is now."""
    found = resolve_path(path)
    if found is not None and found.skill is not None:
        return redirect(found.skill)
    if found is not None and found.category is not None:
        return redirect(found.category)
    raise Http404(f"No skill and no branch answers to '{path[:200]}'. Search for its name instead.")


def version_or_404(skill: Skill, number: int) -> SkillVersion:
    """Return the version, or end in a 404 that says which ones there are."""
    version = version_of_skill(skill, number)
    if version is None:
        raise Http404(f"{skill.name} has no version {number}; it has {skill.num_versions}.")
    return version


def skill_or_404(key: str) -> Skill:
    """Return the skill, or end in a 404 that says what to do."""
    skill = skill_by_key(key)
    if skill is None:
        raise Http404("There is no skill with this key. It may have been removed; search for its name.")
    return skill


@require_http_methods(["GET", "POST"])
@require("edit_skill")
def version_fix(request: HttpRequest, key: str, number: int) -> HttpResponse:
    """Make a draft version of the fixes that were accepted, and lead there; what cannot be applied is said here.

    That page has this address, and its links and a reload lead on to the version's own.
    """
    skill = skill_or_404(key)
    if request.method == "GET":
        query = f"?{request.GET.urlencode()}" if request.GET else ""
        return redirect(f"{version_or_404(skill, number).get_absolute_url()}{query}")
    branch = skill.category.path if skill.category else None
    if not may(request.user, "edit_skill", branch=branch):
        raise PermissionDenied(refusal("edit_skill", branch=branch))
    version = version_or_404(skill, number)
    picked = [int(raw) for raw in request.POST.getlist("finding") if raw.isascii() and raw.isdigit()]
    try:
        added = apply_fixes(version=version, finding_ids=picked, actor=cast(User, request.user))
    except DocumentEditError as error:
        return _version_page(request, skill, version, fix_error=str(error), picked=picked)
    if not added.is_new:
        messages.info(request, f"Version {added.version.number} has these fixes already.")
    return redirect(added.version)


@require_POST
@require("edit_skill")
def version_write(request: HttpRequest, key: str, number: int) -> HttpResponse:
    """Make a draft with a SKILL.md of a one-file JSON skill, and lead there."""
    skill = skill_or_404(key)
    branch = skill.category.path if skill.category else None
    if not may(request.user, "edit_skill", branch=branch):
        raise PermissionDenied(refusal("edit_skill", branch=branch))
    version = version_or_404(skill, number)
    version.skill = skill
    try:
        added = write_from_json(version=version, actor=cast(User, request.user), now=timezone.now())
    except DocumentWriteError as error:
        messages.error(request, f"No SKILL.md was written. {error}")
        return redirect(version)
    messages.success(
        request,
        f"Version {added.version.number} says what the JSON says. What an agent is to do is still to be written: by suggested "
        "edits in its review, or by a generation.",
    )
    return redirect(added.version)


def _version_page(
    request: HttpRequest,
    skill: Skill,
    version: SkillVersion | None,
    *,
    fix_error: str = "",
    picked: Sequence[int] = (),
) -> HttpResponse:
    came_from = request.GET.get("from", "")
    tab = request.GET.get("tab", "")
    tab = tab if tab in TABS else "document"
    chosen = skill_filter_from_query(came_from)
    context: dict[str, Any] = {
        "skill": skill,
        "version": version,
        "is_current": version is not None and version.pk == skill.current_version_id,
        "crumbs": crumbs_of_skill(skill),
        "tab": tab,
        "tabs": tuple(TABS.items()),
        "came_from": chosen.query(),
        "neighbours": neighbours_in_list(chosen, skill),
        "raw_url": reverse("skills:raw", args=[skill.key, version.number]) if version else "",
        "files_url": f"{version.get_absolute_url()}files/" if version else "",
        **_tab_context(request, skill, version, tab, fix_error, picked),
    }
    status = 422 if fix_error else 200
    return render_page(request, "skills_app/skill_detail.html", context, partial="skill-body", status=status)


def _tab_context(
    request: HttpRequest,
    skill: Skill,
    version: SkillVersion | None,
    tab: str,
    fix_error: str,
    picked: Sequence[int],
) -> dict[str, Any]:
    """Return what the open tab shows and nothing of the others."""
    if tab == "versions":
        return {"versions": _versions(request, skill)}
    if tab == "publishing":
        branch = skill.category.path if skill.category else None
        return {
            "publishing": publishing_of_skill(skill, version),
            "can_promote": may(request.user, "promote", branch=branch),
            "can_restore_here": may(request.user, "edit_skill", branch=branch),
        }
    if tab == "runs":
        return {"made_by": runs_of_skill(skill)}
    if tab == "about":
        metadata = value_rows(version.metadata) if version and isinstance(version.metadata, dict) else ()
        return {
            "relations": relations_of_skill(skill),
            "metadata": metadata,
            "graph": graph_of_skill(skill),
            "problems": problems_of_skill(skill),
            "proposal": proposed_homes([skill]).get(skill.key),
        }
    if tab == "history":
        chosen = request.GET.get("what", "")
        kind = chosen if chosen in KINDS else ""
        happenings = timeline_of_skill(skill, kind=kind, page=request.GET.get("page"))
        return {
            "happenings": happenings,
            "happenings_url": f"?tab=history&{f'what={kind}&' if kind else ''}page=",
            "happening_kinds": KINDS,
            "happening_kind": kind,
        }
    if version is None:
        return {}
    if tab == "files":
        return {"files": file_tree(version, linked_files(parse_document(version.content)))}
    judge_version(version=version)
    if version.parent is not None:
        version.parent.skill = skill
        judge_version(version=version.parent)
    branch = skill.category.path if skill.category else None
    reading = read_version(
        version=version,
        report_id=_number(request, "report"),
        assessment_id=_number(request, "assessment"),
        finding_id=_number(request, "finding"),
        severity=request.GET.get("severity", ""),
        is_source=tab == "source",
    )
    return {
        "reading": reading,
        "gate": gate_for_version(version, today=timezone.localdate()),
        "can_fix": may(request.user, "edit_skill", branch=branch),
        "can_waive": may(request.user, "waive", branch=branch),
        "fix_error": fix_error,
        "picked": picked,
        "version_run": run_that_made(version),
        "report_run": run_that_made(reading.report.chosen),
        "assessment_run": run_that_made(reading.assessment.chosen),
    }


def _versions(request: HttpRequest, skill: Skill) -> list[tuple[SkillVersion, VersionReview | None]]:
    """Return each version, newest first, with where its review stands."""
    versions = list(versions_of_skill(skill))
    found = reviews_of_versions(versions, cast(User, request.user), today=timezone.localdate())
    return [(version, found.get(version.pk)) for version in versions]


def _number(request: HttpRequest, name: str) -> int | None:
    raw = request.GET.get(name, "")
    return int(raw) if raw.isascii() and raw.isdigit() and len(raw) < 18 else None
