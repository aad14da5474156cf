"""Skills and what they need, as far as one version can reach."""

from collections.abc import Iterable

from skills_app.domain.dependency_check import DependencyProblem, Need, SkillNode, check_dependencies
from skills_app.domain.enums import DependencyKind, SkillStatus
from skills_app.models import Skill, SkillDependency, SkillVersion
from skills_app.queries.published import stated_metadata
from skills_app.queries.resolve_path import skill_keys_by_address

_CHUNK = 400


def dependency_problems(version: SkillVersion) -> tuple[DependencyProblem, ...]:
    """Return what is wrong with the dependencies that a version states, or that its skill has when it states none."""
    skill = version.skill
    needs = _stated_needs(version) or _needs_of([skill]).get(skill.pk, ())
    graph = {skill.key: SkillNode(skill.key, skill.path, SkillStatus(skill.status), needs)}
    wanted = {need.target_key for need in needs}
    while wanted := {key for key in wanted if key is not None and key not in graph}:
        rows = _skills(wanted)
        found = _needs_of(rows)
        for row in rows:
            graph[row.key] = SkillNode(row.key, row.path, SkillStatus(row.status), found.get(row.pk, ()))
        wanted = {need.target_key for row in rows for need in found.get(row.pk, ())}
    return check_dependencies(skill.key, graph)


def active_dependents(skill: Skill) -> list[Skill]:
    """Return the active skills that require ``skill``, by path."""
    rows = Skill.objects.filter(
        dependencies__target=skill,
        dependencies__kind=DependencyKind.REQUIRED,
        status=SkillStatus.ACTIVE,
    )
    return list(rows.exclude(pk=skill.pk).distinct().order_by("path"))


def _skills(keys: Iterable[str]) -> list[Skill]:
    every = sorted(keys)
    rows: list[Skill] = []
    for start in range(0, len(every), _CHUNK):
        rows += Skill.objects.filter(key__in=every[start : start + _CHUNK]).only("key", "path", "status")
    return rows


def _stated_needs(version: SkillVersion) -> tuple[Need, ...]:
    records = stated_metadata(version).dependencies
    targets = skill_keys_by_address(record.target_path for record in records)
    keys = dict(Skill.objects.filter(pk__in=targets.values()).values_list("pk", "key"))
    return tuple(
        Need(record.kind, record.target_path, keys.get(targets.get(record.target_path, 0)))
        for record in records
    )


def _needs_of(skills: list[Skill]) -> dict[int, tuple[Need, ...]]:
    found: dict[int, tuple[Need, ...]] = {}
    ids = [skill.pk for skill in skills]
    for start in range(0, len(ids), _CHUNK):
        rows = SkillDependency.objects.filter(skill_id__in=ids[start : start + _CHUNK])
        for skill_id, kind, path, key in rows.order_by("pk").values_list(
            "skill_id", "kind", "target_path", "target__key"
        ):
            found[skill_id] = (*found.get(skill_id, ()), Need(DependencyKind(kind), path, key))
    return found
