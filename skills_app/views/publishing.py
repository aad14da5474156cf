"""Promote a version, restore one, download one, and deprecate or withdraw a skill."""

from typing import Any, cast

from django.contrib import messages
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods

from fleet_site.access import may, refusal, require
from fleet_site.http import render_page
from skills_app.domain.errors import PromotionBlocked, PromotionInvalid, PublishingError
from skills_app.domain.published_files import publishing_faults, zip_files
from skills_app.models import Promotion, Skill, SkillVersion
from skills_app.queries.dependency_graph import active_dependents
from skills_app.queries.published import files_of_version
from skills_app.services.judge_version import judge_version
from skills_app.services.prepare_promotion import prepare_promotion
from skills_app.services.promote_version import promote_version
from skills_app.services.restore_version import restore_version
from skills_app.views.skills import skill_or_404, version_or_404

MOST_DEPENDENTS = 20


@require_http_methods(["GET", "POST"])
@require("promote")
def version_promote(request: HttpRequest, key: str, number: int) -> HttpResponse:
    """Show what promoting a version would mean, and promote it."""
    version = _version(request, key, number, "promote")
    errors: dict[str, str] = {}
    if request.method == "POST":
        promotion, errors = _promote(request, version)
        if promotion is not None:
            _say_published(request, promotion)
            return redirect(f"{version.get_absolute_url()}?tab=publishing")
    return _promotion_form(request, version, errors)


def _promote(request: HttpRequest, version: SkillVersion) -> tuple[Promotion | None, dict[str, str]]:
    try:
        promotion = promote_version(
            version=version,
            actor=cast(User, request.user),
            now=timezone.now(),
            semantic_version=request.POST.get("semantic_version", ""),
            summary=request.POST.get("summary"),
            may_override=may(request.user, "override_promotion", branch=_branch(version.skill)),
            reason=request.POST.get("reason", ""),
            agreement=request.POST.get("agreement", ""),
        )
    except PromotionInvalid as error:
        return None, {error.field: str(error)}
    except PromotionBlocked as error:
        return None, {"blocked": str(error)}
    except PublishingError as error:
        return None, {"folder": str(error)}
    return promotion, {}


def _say_published(request: HttpRequest, promotion: Promotion) -> None:
    where = f", commit {promotion.commit[:12]}" if promotion.commit else ""
    said = f"Version {promotion.version.number} is published as {promotion.semantic_version}{where}."
    messages.success(request, said)
    if promotion.problem:
        messages.warning(request, f"It was not committed. {promotion.problem}")


def _promotion_form(request: HttpRequest, version: SkillVersion, errors: dict[str, str]) -> HttpResponse:
    judge_version(version=version)
    if version.parent is not None:
        judge_version(version=version.parent)
    context: dict[str, Any] = {"skill": version.skill, "version": version, "errors": errors}
    try:
        prepared = prepare_promotion(version, today=timezone.localdate())
    except PublishingError as error:
        context["errors"] = {**errors, "folder": str(error)}
    else:
        posted = request.POST
        context |= {
            "prepared": prepared,
            "dependents": active_dependents(version.skill)[:MOST_DEPENDENTS],
            "may_override": may(request.user, "override_promotion", branch=_branch(version.skill)),
            "typed": {
                "semantic_version": posted.get("semantic_version", prepared.proposal.version),
                "summary": posted.get("summary", prepared.proposal.summary),
                "reason": posted.get("reason", ""),
                "agreement": posted.get("agreement", ""),
            },
        }
    status = 422 if errors else 200
    return render_page(
        request, "skills_app/promotion_form.html", context, partial="promotion-form", status=status
    )


@require_http_methods(["GET", "POST"])
@require("edit_skill")
def version_restore(request: HttpRequest, key: str, number: int) -> HttpResponse:
    """Ask why a version is brought back, and make the new draft."""
    version = _version(request, key, number, "edit_skill")
    error = ""
    if request.method == "POST":
        try:
            made = restore_version(
                version=version,
                actor=cast(User, request.user),
                reason=request.POST.get("reason", ""),
                now=timezone.now(),
            )
        except PromotionInvalid as refused:
            error = str(refused)
        else:
            messages.success(request, f"Version {made.number} says again what version {number} said.")
            return redirect(made)
    context = {
        "skill": version.skill,
        "back": version.get_absolute_url(),
        "title": f"Restore version {number}",
        "explanation": "A new draft version gets this document and these files. It is judged by today's rules and goes "
        "through review like any other; what is published stays.",
        "button": "Restore it",
        "errors": [error] if error else [],
        "reason": request.POST.get("reason", ""),
    }
    return render_page(
        request,
        "skills_app/publishing_confirm.html",
        context,
        partial="publishing-confirm",
        status=422 if error else 200,
    )


@require_GET
@require("read")
def version_zip(request: HttpRequest, key: str, number: int) -> HttpResponse:
    """Return a version's folder as a zip that is the same each time; its SHA-256 is the entity tag."""
    version = version_or_404(skill_or_404(key), number)
    held = files_of_version(version)
    if version.content_kind != "markdown" or held.missing or publishing_faults(held.files):
        raise Http404(
            f"Version {number} of {version.skill.name} cannot be a folder: a file of it was not kept, or has a path that "
            "does not fit every disk. Its files can be read one by one."
        )
    archive = zip_files(version.skill.slug, held.files)
    etag = f'"sha256-{archive.digest}"'
    if request.headers.get("If-None-Match") == etag:
        return HttpResponse(status=304, headers={"ETag": etag})
    response = HttpResponse(archive.data, content_type="application/zip")
    response["ETag"] = etag
    response["Content-Disposition"] = f'attachment; filename="{version.skill.slug}-v{number}.zip"'
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    response["Cache-Control"] = "private, no-cache"
    return response


def _version(request: HttpRequest, key: str, number: int, action: str) -> SkillVersion:
    """Return the version with its skill, for somebody who may do ``action`` in its branch."""
    skill = skill_or_404(key)
    branch = _branch(skill)
    if not may(request.user, action, branch=branch):
        raise PermissionDenied(refusal(action, branch=branch))
    version = version_or_404(skill, number)
    version.skill = skill
    if version.parent is not None:
        version.parent.skill = skill
    return version


def _branch(skill: Skill) -> str | None:
    return skill.category.path if skill.category else None
