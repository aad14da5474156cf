"""Bring a skill's own row up to date with its current version, for lists to sort and filter by."""

from typing import Any

from skills_app.domain.metadata import merge_front_matter, read_metadata
from skills_app.domain.storable import storable_text
from skills_app.models import Skill, SkillVersion
from skills_app.queries.skill_scores import assessment_in_force


def refresh_skill(*, skill: Skill) -> bool:
    """Write the columns of ``skill`` that its current version decides; return whether any of them changed.

    Without a current version the highest number becomes it. Scores and report status are the latest ones of that very
    version, never of an older one.
    """
    version = skill.current_version or skill.versions.order_by("-number").first()
    values: dict[str, Any] = {"num_versions": skill.versions.count(), **_judged(version)}
    if version is not None:
        values.update(_stated(version))
    changed = [name for name, value in values.items() if getattr(skill, name) != value]
    for name in changed:
        setattr(skill, name, values[name])
    if version is not None and skill.current_version_id != version.pk:
        skill.current_version = version
        changed.append("current_version")
    if changed:
        skill.save(update_fields=[*changed, "updated_at"])
    return bool(changed)


def _stated(version: SkillVersion) -> dict[str, Any]:
    """Return what the version says of itself; an empty name or description leaves the skill's own."""
    told = merge_front_matter(read_metadata(version.metadata)[0], version.front_matter)
    values: dict[str, Any] = {
        "skill_type": told.skill_type[:32],
        "weight": told.weight[:16],
        "load_priority": told.load_priority[:16],
        "skill_style": told.skill_style[:16],
        "keywords": list(told.keywords),
        "tags": list(told.tags),
        "capabilities": list(told.capabilities),
    }
    if told.name:
        values["name"] = storable_text(told.name, longest=128)
    if told.description:
        values["description"] = told.description
    return values


def _judged(version: SkillVersion | None) -> dict[str, Any]:
    """Return scores and status as somebody gave them; where nobody did, as our own rules and the reference scorer see it."""
    if version is None:
        return {"quality_score": None, "calibrated_score": None, "report_status": ""}
    reports = version.validation_reports.order_by("-made_at", "-pk")
    report = reports.filter(is_own=False).first() or reports.filter(validator="skill-fleet").first()
    quality = assessment_in_force(version)
    return {
        "quality_score": quality.quality_score if quality else None,
        "calibrated_score": quality.calibrated_score if quality else None,
        "report_status": report.status if report else "",
    }
