"""Skills as the JSON API tells them: one as a whole, and the rows of a page of the list."""

from collections.abc import Callable, Sequence
from datetime import date
from typing import Any

from django.db.models import prefetch_related_objects
from django.urls import reverse

from skills_app.domain.budget import HOSTS, Entry, Fate, budget_of
from skills_app.domain.documents import parse_document
from skills_app.domain.enums import DependencyKind
from skills_app.domain.findings import MAIN_FILE
from skills_app.domain.paths import lineage
from skills_app.domain.tokens import TokenCounter
from skills_app.models import RoleGrant, Skill, SkillVersion
from skills_app.queries.gate_of_version import gate_for_version
from skills_app.queries.reviewers import reviewing_grants
from skills_app.queries.skill_scores import assessment_in_force

# Makes an address of a site an absolute one.
Link = Callable[[str], str]


def skill_url(path: str) -> str:
    """Return the address of a skill in the API."""
    return reverse("api:skill", args=[f"{path}/"])


def category_url(path: str) -> str:
    """Return the address of a category in the API."""
    return reverse("api:category", args=[f"{path}/"])


def skill_for_api(skill: Skill, *, today: date, count: TokenCounter, link: Link) -> dict[str, Any]:
    """Return all that the API tells of a skill and its current version; ``gate`` is None until our rules judged it.

    ``skill`` has its current version and its category at hand. About fifteen queries.
    """
    version = skill.current_version
    if version is not None:
        version.skill = skill
    needs = [
        {
            "kind": row.kind,
            "written": row.target_path,
            "path": row.target.path if row.target else None,
            "reason": row.reason,
        }
        for row in skill.dependencies.select_related("target").order_by("kind", "target_path")
    ]
    see_also = DependencyKind.SEE_ALSO.value
    branch = skill.category.path if skill.category else ""
    return {
        **_identity(skill),
        "weight": skill.weight,
        "load_priority": skill.load_priority,
        "style": skill.skill_style,
        "keywords": skill.keywords,
        "tags": skill.tags,
        "capabilities": skill.capabilities,
        "aliases": list(skill.aliases.values_list("path", flat=True)),
        "report_status": skill.report_status or None,
        "version": _version(version),
        "published": _published(skill),
        "gate": _gate(version, today),
        "tokens": _tokens(skill, version, count),
        "budget": _budget(skill, count),
        "quality": _quality(version),
        "facets": _facets(skill.facets.all()),
        "dependencies": [row for row in needs if row["kind"] != see_also],
        "see_also": [
            {name: value for name, value in row.items() if name != "kind"}
            for row in needs
            if row["kind"] == see_also
        ],
        "owners": owners_of(branch),
        "reviewers": reviewers_of(branch),
        "files": _files(skill, version),
        "links": _links(skill, version, link),
    }


def rows_for_api(skills: Sequence[Skill], *, link: Link) -> list[dict[str, Any]]:
    """Return what the API tells of each skill of a page of the list, in its order; one query for all facets."""
    prefetch_related_objects(skills, "facets")
    return [
        {
            **_identity(skill),
            "report_status": skill.report_status or None,
            "version": _short_version(skill.current_version),
            "quality": {"score": skill.quality_score, "calibrated_score": skill.calibrated_score},
            "facets": _facets(skill.facets.all()),
            "links": {
                "self": link(skill_url(skill.path)),
                "page": link(skill.get_absolute_url()),
            },
        }
        for skill in skills
    ]


def owners_of(path: str) -> list[dict[str, str]]:
    """Return who curates the branch at ``path`` or one above it: name, and the branch that they were given."""
    grants = RoleGrant.objects.filter(role="curator", category__path__in=lineage(path), user__is_active=True)
    rows = grants.order_by("user__username", "category__path")
    return [
        {"name": name, "branch": branch}
        for name, branch in rows.values_list("user__username", "category__path")
    ]


def reviewers_of(path: str) -> list[dict[str, str | None]]:
    """Return who owns the branch at ``path`` for reviews, each once, in the order of branches in which they are asked.

    These are its reviewers, then those of each branch above it, then those for the whole library, whose branch is None.
    """
    found = reviewing_grants(path).values_list("user__username", "category__path")
    rows = sorted(found, key=lambda row: (-len(row[1] or ""), row[0]))
    nearest: dict[str, str | None] = {}
    for name, branch in rows:
        nearest.setdefault(name, branch)
    return [{"name": name, "branch": branch} for name, branch in nearest.items()]


def _identity(skill: Skill) -> dict[str, Any]:
    return {
        "path": skill.path,
        "key": skill.key,
        "name": skill.name,
        "description": skill.description,
        "status": skill.status,
        "type": skill.skill_type,
        "category": skill.category.path if skill.category else None,
    }


def _short_version(version: SkillVersion | None) -> dict[str, Any] | None:
    return {"number": version.number, "digest": version.digest} if version else None


def _version(version: SkillVersion | None) -> dict[str, Any] | None:
    if version is None:
        return None
    return {
        "number": version.number,
        "digest": version.digest,
        "content_digest": version.content_digest,
        "origin": version.origin,
        "author": version.author_name,
        "message": version.message,
        "made_at": version.made_at.isoformat(),
    }


def _published(skill: Skill) -> dict[str, Any] | None:
    row = skill.promotions.standing().select_related("version").only(*_PUBLISHED).first()
    if row is None:
        return None
    return {
        "number": row.version.number,
        "semantic_version": row.semantic_version,
        "path": row.path,
        "digest": row.digest,
    }


_PUBLISHED = ("skill", "semantic_version", "path", "digest", "version__number")


def _gate(version: SkillVersion | None, today: date) -> dict[str, Any] | None:
    found = gate_for_version(version, today=today) if version is not None else None
    if found is None:
        return None
    return {
        "name": found.in_force.gate.name,
        "revision": found.in_force.revision,
        "verdict": found.outcome.verdict.value,
        "summary": found.outcome.summary,
        "conditions": [
            {
                "key": one.condition.key,
                "demand": one.condition.sentence,
                "status": one.status.value,
                "is_blocking": one.is_blocking,
                "value": one.value,
                "limit": one.limit,
                "sentence": one.sentence,
            }
            for one in found.outcome.conditions
        ],
    }


def _tokens(skill: Skill, version: SkillVersion | None, count: TokenCounter) -> dict[str, Any]:
    catalog = count(_entry(skill).text)
    body = None
    if version is not None and version.content_kind == "markdown":
        body = parse_document(version.content).count_tokens(count).num_tokens
    return {"catalog": catalog.num_tokens, "body": body, "method": catalog.method}


def _budget(skill: Skill, count: TokenCounter) -> list[dict[str, Any]]:
    """Return what each host makes of the skill's own line in its catalog."""
    budgets = [budget_of([_entry(skill)], host, count=count) for host in HOSTS.values()]
    return [
        {
            "host": one.host.name,
            "used": one.total,
            "limit": one.limit,
            "unit": one.host.unit,
            "is_whole": one.entries[0].fate is Fate.WHOLE,
        }
        for one in budgets
    ]


def _entry(skill: Skill) -> Entry:
    return Entry(skill.key, skill.name, skill.description)


def _quality(version: SkillVersion | None) -> dict[str, Any] | None:
    row = assessment_in_force(version) if version is not None else None
    if row is None:
        return None
    return {
        "score": row.quality_score,
        "calibrated_score": row.calibrated_score,
        "scorer": row.scorer,
        "scorer_version": row.scorer_version,
        "made_at": row.made_at.isoformat() if row.made_at else None,
    }


def _facets(rows: Any) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for row in rows:
        found.setdefault(row.name, []).append(row.value)
    return found


def _files(skill: Skill, version: SkillVersion | None) -> list[dict[str, Any]]:
    """Return the document and the files beside it, each with the SHA-256 of its bytes."""
    if version is None:
        return []
    document = {
        "path": MAIN_FILE if version.content_kind == "markdown" else f"{skill.slug}.json",
        "size_bytes": len(version.content.encode()),
        "sha256": version.content_digest,
        "is_executable": False,
    }
    rows = version.files.order_by("path").values_list("path", "size_bytes", "digest", "is_executable")
    return [document] + [
        {"path": path, "size_bytes": size, "sha256": digest or None, "is_executable": is_executable}
        for path, size, digest, is_executable in rows
    ]


def _links(skill: Skill, version: SkillVersion | None, link: Link) -> dict[str, str | None]:
    names = [skill.key, version.number] if version is not None else []
    return {
        "self": link(skill_url(skill.path)),
        "page": link(skill.get_absolute_url()),
        "category": link(category_url(skill.category.path)) if skill.category else None,
        "version_page": link(reverse("skills:version", args=names)) if names else None,
        "document": link(reverse("skills:raw", args=names)) if names else None,
        "zip": link(reverse("skills:zip", args=names)) if names else None,
    }
