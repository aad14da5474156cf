"""The taxonomy as it stands, as the files of a library and as what is wrong with it."""

from typing import Any

from django.utils import timezone

from skills_app.domain.enums import VersionOrigin
from skills_app.domain.taxonomy_check import Link, TaxonomyFacts, TaxonomyFault, check_taxonomy
from skills_app.domain.taxonomy_files import ListedCategory, ListedSkill, index_data, meta_data
from skills_app.models import Category, PathAlias, Skill, SkillDependency, SkillFacet, SkillVersion
from skills_app.queries.taxonomy_rows import read_taxonomy


def taxonomy_facts() -> TaxonomyFacts:
    """Return the whole tree with the links and names of its skills; five queries, 20,000 skills take half a second."""
    links = SkillDependency.objects.order_by("pk").values_list(
        "skill__key", "kind", "target_path", "target__key"
    )
    names = Skill.objects.order_by().values_list("key", "name")
    return TaxonomyFacts(
        read_taxonomy().tree,
        [Link(skill, kind, path, target or "") for skill, kind, path, target in links],
        dict(names),
    )


def taxonomy_faults() -> tuple[TaxonomyFault, ...]:
    """Return all that is wrong with the taxonomy as it stands."""
    return check_taxonomy(taxonomy_facts())


def index_file() -> dict[str, Any]:
    """Return ``taxonomy_index.json`` of the library as it stands; archived skills are in it with their status."""
    return index_data(listed_categories(), listed_skills(), changed_at=_now())


def meta_file() -> dict[str, Any]:
    """Return ``taxonomy_meta.json`` of the library as it stands."""
    return meta_data(listed_skills(), changed_at=_now())


def listed_categories() -> list[ListedCategory]:
    """Return every category by path, as the files tell of it; two queries."""
    aliases = _grouped(
        PathAlias.objects.filter(category__isnull=False).order_by("path").values_list("category_id", "path")
    )
    rows = Category.objects.order_by("path").values_list("pk", "path", "description", "title")
    return [
        ListedCategory(path, description, title, tuple(alias for (alias,) in aliases.get(pk, ())))
        for pk, path, description, title in rows
    ]


def listed_skills() -> list[ListedSkill]:
    """Return every skill by path, as the files tell of it; four queries."""
    facets = _grouped(SkillFacet.objects.order_by("name", "value").values_list("skill_id", "name", "value"))
    aliases = _grouped(
        PathAlias.objects.filter(skill__isnull=False).order_by("path").values_list("skill_id", "path")
    )
    made = SkillVersion.objects.filter(origin=VersionOrigin.RUN).order_by()
    generated = set(made.values_list("skill_id", flat=True).distinct())
    columns = ("pk", "external_id", "key", "path", "status", "skill_type", "weight", "load_priority")
    return [
        ListedSkill(
            external_id or key,
            path,
            status,
            kind,
            weight,
            priority,
            tuple(alias for (alias,) in aliases.get(pk, ())),
            tuple((name, value) for name, value in facets.get(pk, ())),
            pk in generated,
        )
        for pk, external_id, key, path, status, kind, weight, priority in Skill.objects.order_by(
            "path"
        ).values_list(*columns)
    ]


def _grouped(rows: Any) -> dict[int, list[tuple[str, ...]]]:
    found: dict[int, list[tuple[str, ...]]] = {}
    for pk, *values in rows:
        found.setdefault(pk, []).append(tuple(values))
    return found


def _now() -> str:
    return timezone.now().isoformat(timespec="seconds").replace("+00:00", "Z")
