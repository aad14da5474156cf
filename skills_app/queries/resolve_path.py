"""Find what an address means: the canonical path, then an alias, then an old path on disk."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from skills_app.domain.paths import clean_path, disk_path
from skills_app.models import Category, PathAlias, Skill

_CHUNK = 200


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

    Tried in this order, so that an alias never shadows a canonical path: a skill's path, a category's path, the id that
    an index gives a skill, an alias, and then the same three for the address as a path on disk (``skills/…/SKILL.md``, ``….json``) and in its
    clean form. At most twelve short queries, one for a skill's own path.
    """
    literal = address.strip().strip("/")
    for form in _forms(address):
        found = _resolve_exactly(form)
        if found is not None:
            is_literal = form == literal
            return found if is_literal else Resolution(Match.DISK, found.path, found.skill, found.category)
    return None


def category_at(address: str) -> Category | None:
    """Return the category that lives at ``address``, or else the one that did; None for neither. At most two queries."""
    path = address.strip().strip("/")
    if not path or "\x00" in path:
        return None
    found = Category.objects.filter(path=path).first()
    if found is not None:
        return found
    alias = PathAlias.objects.filter(path=path, category__isnull=False).select_related("category").first()
    return alias.category if alias else None


def branch_paths(addresses: Iterable[str]) -> list[str]:
    """Return each address of a branch as it is now; one that no category has or had stays as it stands. One query or two."""
    wanted = list(addresses)
    rows = PathAlias.objects.filter(path__in=wanted, category__isnull=False)
    old = dict(rows.values_list("path", "category__path"))
    living = set(Category.objects.filter(path__in=old).values_list("path", flat=True)) if old else set()
    return [path if path in living else old.get(path) or path for path in wanted]


def skill_keys_by_address(addresses: Iterable[str]) -> dict[str, int]:
    """Return the primary key of the skill that each address means, as ``resolve_path`` finds it; others are left out.

    Four queries for every 200 addresses.
    """
    found: dict[str, int] = {}
    wanted = sorted(set(addresses))
    for start in range(0, len(wanted), _CHUNK):
        forms = {address: _forms(address) for address in wanted[start : start + _CHUNK]}
        every = {form for each in forms.values() for form in each}
        by_path = dict(Skill.objects.filter(path__in=every).values_list("path", "pk"))
        categories = set(Category.objects.filter(path__in=every).values_list("path", flat=True))
        by_id = dict(
            Skill.objects.filter(external_id__in=every).order_by("-pk").values_list("external_id", "pk")
        )
        aliases = dict(PathAlias.objects.filter(path__in=every).values_list("path", "skill_id"))
        for address, each in forms.items():
            form = next(
                (f for f in each if f in by_path or f in categories or f in by_id or f in aliases), None
            )
            if form is None or (form in categories and form not in by_path):
                continue
            key = by_path.get(form) or by_id.get(form) or aliases.get(form)
            if key is not None:
                found[address] = key
    return found


def _forms(address: str) -> list[str]:
    """Return the address as it stands, as a path on disk, and clean; without repeats and what no column could hold."""
    forms = (address.strip().strip("/"), disk_path(address), clean_path(disk_path(address)))
    return [form for form in dict.fromkeys(forms) if form and len(form) <= 512 and "\x00" not in form]


def _resolve_exactly(path: str) -> Resolution | None:
    skill = Skill.objects.filter(path=path).first()
    category = None if skill else Category.objects.filter(path=path).first()
    if skill is None and category is None:
        skill = Skill.objects.filter(external_id=path).order_by("pk").first()
    if skill is not None:
        return Resolution(Match.CANONICAL, skill.path, skill=skill)
    if category is not None:
        return Resolution(Match.CANONICAL, category.path, category=category)
    alias = PathAlias.objects.filter(path=path).select_related("skill", "category").first()
    if alias is None:
        return None
    target = alias.skill or alias.category
    return Resolution(Match.ALIAS, target.path if target else path, alias.skill, alias.category)
