"""The taxonomy in the tables, as values that two moments can be compared by."""

from typing import Any

from django.core import serializers

from skills_app.models import Category, Gate, PathAlias, RoleGrant, Skill, SkillDependency, SkillFacet, Waiver
from skills_app.queries.resolve_path import resolve_path


def state() -> dict[str, Any]:
    """Return all that a change-set may touch, without aliases and times."""
    return {
        "categories": sorted(
            Category.objects.values_list("pk", "key", "parent", "slug", "path", "title", "description")
        ),
        "skills": sorted(
            Skill.objects.values_list("pk", "key", "slug", "path", "category", "status", "external_id"),
            key=str,
        ),
        "facets": sorted(SkillFacet.objects.values_list("skill", "name", "value")),
        "links": sorted(SkillDependency.objects.values_list("pk", "skill", "target"), key=str),
        "hanging": [
            serializers.serialize("json", model.objects.order_by("pk")) for model in (Gate, RoleGrant, Waiver)
        ],
    }


def aliases() -> dict[str, tuple[int | None, int | None]]:
    """Return what each alias leads to: the keys of a skill and of a category, one of them None."""
    return {path: (s, c) for path, s, c in PathAlias.objects.values_list("path", "skill", "category")}


def check_rows() -> None:
    """Fail unless every path agrees with its parent, no alias shadows, and every address resolves to its row."""
    for path, slug, above in Category.objects.values_list("path", "slug", "parent__path"):
        assert path == (f"{above}/{slug}" if above else slug)
    for path, slug, above in Skill.objects.values_list("path", "slug", "category__path"):
        assert path == (f"{above}/{slug}" if above else slug)
    paths = {*Skill.objects.values_list("path", flat=True), *Category.objects.values_list("path", flat=True)}
    assert not paths & aliases().keys()


def leads() -> dict[str, tuple[str, str]]:
    """Return kind and key of what each address leads to that something has, had, or is known by; as ``lead`` finds it."""
    rows = PathAlias.objects.values_list("path", "skill__key", "category__key")
    found = {path: ("skill", skill) if skill else ("category", category) for path, skill, category in rows}
    known = Skill.objects.exclude(external_id="").order_by("-pk").values_list("external_id", "key")
    found |= {index_id: ("skill", key) for index_id, key in known}
    found |= {path: ("category", key) for path, key in Category.objects.values_list("path", "key")}
    return found | {path: ("skill", key) for path, key in Skill.objects.values_list("path", "key")}


def lead(address: str) -> tuple[str, str] | None:
    """Return kind and key of what an address leads to."""
    found = resolve_path(address)
    if found is None:
        return None
    return ("skill", found.skill.key) if found.skill else ("category", found.category.key)  # type: ignore[union-attr]
