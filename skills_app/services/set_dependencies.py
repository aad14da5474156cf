"""Write down which skills a skill needs, recommends, excludes or points to."""

from collections.abc import Iterable

from django.db import transaction

from skills_app.domain.records import DependencyRecord
from skills_app.models import Skill, SkillDependency
from skills_app.queries.resolve_path import skill_keys_by_address
from skills_app.services.record_audit import record_audit


@transaction.atomic
def set_dependencies(*, skill: Skill, dependencies: Iterable[DependencyRecord], actor_name: str = "") -> bool:
    """Make ``dependencies`` those of the skill; return whether anything changed.

    A target is kept as written and linked when it leads to a skill; one that leads to the skill itself is left out.
    """
    wanted = dependencies_once(dependencies)
    held = {(row.kind, row.target_path): row for row in skill.dependencies.all()}
    new = [key for key in wanted if key not in held]
    gone = [key for key in held if key not in wanted]
    changed = False
    targets = skill_keys_by_address(target_path for _, target_path in new) if new else {}
    for kind, target_path in new:
        if targets.get(target_path) == skill.pk:
            continue
        reason = wanted[kind, target_path].reason
        SkillDependency.objects.get_or_create(
            skill=skill,
            kind=kind,
            target_path=target_path,
            defaults={"target_id": targets.get(target_path), "reason": reason},
        )
        changed = True
    for key in held.keys() & wanted.keys():
        if held[key].reason != wanted[key].reason:
            SkillDependency.objects.filter(pk=held[key].pk).update(reason=wanted[key].reason)
            changed = True
    if gone:
        SkillDependency.objects.filter(pk__in=[held[key].pk for key in gone]).delete()
    if changed or gone:
        record_audit(
            verb="set_dependencies",
            target_kind="skill",
            target_key=skill.key,
            actor_name=actor_name,
            before={"dependencies": sorted(held)},
            after={"dependencies": sorted(wanted)},
        )
    return changed or bool(gone)


def dependencies_once(dependencies: Iterable[DependencyRecord]) -> dict[tuple[str, str], DependencyRecord]:
    """Return the first of ``dependencies`` for each kind and target, by both as they are kept."""
    wanted: dict[tuple[str, str], DependencyRecord] = {}
    for record in dependencies:
        wanted.setdefault((record.kind.value, record.target_path[:512]), record)
    return wanted
