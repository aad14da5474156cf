"""Find what an address means: the canonical path, then an alias, then an old path on disk."""

from dataclasses import dataclass
from enum import StrEnum

from skills_app.domain.paths import clean_path, disk_path
from skills_app.models import Category, PathAlias, Skill


class Match(StrEnum):
    """By what an address was found."""

    CANONICAL = "canonical"
    ALIAS = "alias"
    DISK = "disk"


@dataclass(frozen=True, slots=True)
class Resolution:
    """What an address means: a skill or a category, by what it was found, and the path that it has now."""

    match: Match
    path: str
    skill: Skill | None = None
    category: Category | None = None


def resolve_path(address: str) -> Resolution | None:
    """Return what ``address`` means, or None.

    Tried in this order, so that an alias never shadows a canonical path: a skill's path or id, a category's path, an
    alias, and then the same three for the address as a path on disk (``skills/…/SKILL.md``, ``….json``) and in its
    clean form. At most nine short queries, three for a canonical path.
    """
    address = address.strip()
    tried: list[str] = []
    for index, candidate in enumerate(
        (address.strip("/"), disk_path(address), clean_path(disk_path(address)))
    ):
        if not candidate or len(candidate) > 512 or "\x00" in candidate or candidate in tried:
            continue
        tried.append(candidate)
        found = _resolve_exactly(candidate)
        if found is not None:
            return found if index == 0 else Resolution(Match.DISK, found.path, found.skill, found.category)
    return None


def _resolve_exactly(path: str) -> Resolution | None:
    skill = (
        Skill.objects.filter(path=path).first()
        or Skill.objects.filter(external_id=path).order_by("pk").first()
    )
    if skill is not None:
        return Resolution(Match.CANONICAL, skill.path, skill=skill)
    category = Category.objects.filter(path=path).first()
    if category is not None:
        return Resolution(Match.CANONICAL, category.path, category=category)
    alias = PathAlias.objects.filter(path=path).select_related("skill", "category").first()
    if alias is None:
        return None
    target = alias.skill or alias.category
    return Resolution(Match.ALIAS, target.path if target else path, alias.skill, alias.category)
