"""Two versions side by side: what changed, in words, in text, and in what was said of them."""

from collections.abc import Sequence
from typing import Any, cast

from django.contrib.auth.models import User
from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_GET

from fleet_site.access import require
from fleet_site.http import render_page
from skills_app.models import Skill, SkillVersion
from skills_app.queries.compare_bases import APPROVED, LOOKED_AT, PARENT, BaseChoice, base_choices
from skills_app.queries.skill_page import crumbs_of_skill
from skills_app.queries.version_compare import version_choices, version_named
from skills_app.services.compare_comments import compare_comments
from skills_app.services.compare_versions import VIEWS, compare_versions
from skills_app.services.judge_version import judge_version
from skills_app.views.skills import skill_or_404

_NONE_YET = {
    LOOKED_AT: "There is no earlier version that you decided on, commented on or saw every section of.",
    APPROVED: "No earlier version was approved or published.",
}


@require_GET
@require("read")
def version_compare(request: HttpRequest, key: str) -> HttpResponse:
    """Show what turns ``base`` into ``head``; the address holds all of its state.

    ``head`` is the current version unless given, ``base`` the parent of ``head`` or else the version before it. Both may be
    versions of other skills, as ``KEY:NUMBER`` or ``path:NUMBER``; ``base`` may be ``looked-at`` or ``approved``.
    """
    skill = skill_or_404(key)
    head = _version(skill, request.GET.get("head", ""), default="current")
    bases = base_choices(head, cast(User, request.user))
    base = _base(skill, head, bases, request.GET.get("base", ""))
    view = request.GET.get("view", "")
    context: dict[str, Any] = {
        "skill": skill,
        "crumbs": crumbs_of_skill(skill),
        "base": base,
        "head": head,
        "base_name": _name(base, skill),
        "head_name": _name(head, skill),
        "view": view if view in VIEWS else "side",
        "views": tuple(VIEWS.items()),
        "choices": version_choices(skill),
        "bases": bases if head.skill_id == skill.pk else (),
        "files_url": f"{head.get_absolute_url()}files/",
    }
    if base is not None:
        for version in (base, head):
            judge_version(version=version)
        context["comments"] = compare_comments(base=base, head=head)
        context["comparison"] = compare_versions(
            base=base,
            head=head,
            today=timezone.localdate(),
            view=context["view"],
            part=_part(request),
            opened=request.GET.get("open", ""),
        )
    return render_page(request, "skills_app/version_compare.html", context, partial="compare-body")


def _version(skill: Skill, name: str, *, default: str) -> SkillVersion:
    """Return the version that the address names, or end in a 404 that says how to name one."""
    # No name holds a NUL, and a database would refuse to look for one.
    found = version_named(name.strip()[:600] or default, skill) if "\x00" not in name else None
    if found is None:
        raise Http404(
            f"There is no version “{name[:100] or default}”. Name it by its number, or another skill's as path:number."
        )
    return found


def _base(skill: Skill, head: SkillVersion, bases: Sequence[BaseChoice], name: str) -> SkillVersion | None:
    """Return what to compare with: the version named, or what a name such as ``parent`` stands for; None for a first one."""
    wanted = name.strip() or PARENT
    if wanted not in (PARENT, LOOKED_AT, APPROVED):
        return _version(skill, wanted, default="")
    number = next((one.number for one in bases if one.name == wanted), None)
    if number is None and wanted != PARENT:
        raise Http404(_NONE_YET[wanted])
    return version_named(str(number), head.skill) if number is not None else None


def _name(version: SkillVersion | None, skill: Skill) -> str:
    """Return how the address names a version."""
    if version is None:
        return ""
    is_own = version.skill_id == skill.pk
    return str(version.number) if is_own else f"{version.skill.path}:{version.number}"


def _part(request: HttpRequest) -> int:
    raw = request.GET.get("part", "")
    return int(raw) if raw.isascii() and raw.isdigit() and len(raw) < 7 else 1
