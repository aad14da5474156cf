"""What a skill's page says of publishing, and the list of what lies in the library folder."""

from dataclasses import dataclass

from django.db.models import QuerySet

from skills_app.domain.enums import SkillStatus
from skills_app.models import Category, Promotion, Skill, SkillVersion

MOST_PROMOTIONS = 50
_HEAVY = ("version__content", "version__metadata", "version__front_matter")


@dataclass(frozen=True, slots=True)
class PublishingView:
    """The promotion that stands, if one does, all of them newest first, and what may be done with the version shown."""

    standing: Promotion | None
    promotions: tuple[Promotion, ...]
    is_standing: bool
    can_restore: bool
    can_deprecate: bool
    can_reactivate: bool


def publishing_of_skill(skill: Skill, version: SkillVersion | None) -> PublishingView:
    """Return what is published of ``skill`` and what may come of ``version``, the one being read. Three queries."""
    rows = skill.promotions.select_related("version", "promoted_by").defer(*_HEAVY)
    standing = next(iter(rows.standing()), None)
    newest = skill.versions.order_by("-number").values_list("digest", flat=True).first()
    return PublishingView(
        standing=standing,
        promotions=tuple(rows[:MOST_PROMOTIONS]),
        is_standing=standing is not None
        and version is not None
        and (standing.version_id, standing.path) == (version.pk, skill.path),
        can_restore=version is not None and version.digest != newest,
        can_deprecate=skill.status == SkillStatus.ACTIVE,
        can_reactivate=skill.status == SkillStatus.DEPRECATED,
    )


def standing_promotions(branch: Category | None = None) -> QuerySet[Promotion]:
    """Return every promotion whose folder agents load, by path, in the whole library or one branch."""
    rows = Promotion.objects.standing().select_related("skill__category", "version").defer(*_HEAVY)
    if branch is not None:
        rows = rows.filter(skill__category__in=Category.objects.branch(branch.path))
    return rows.order_by("path")


def active_skills(branch: Category | None = None) -> QuerySet[Skill]:
    """Return the active skills, by path, in the whole library or one branch."""
    rows = Skill.objects.filter(status=SkillStatus.ACTIVE)
    if branch is not None:
        rows = rows.filter(category__in=Category.objects.branch(branch.path))
    return rows.order_by("path")
