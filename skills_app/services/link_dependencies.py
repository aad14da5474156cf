"""Link dependencies to skills that have appeared since they were written down."""

from skills_app.models import SkillDependency
from skills_app.queries.resolve_path import resolve_path


def link_dependencies() -> int:
    """Link every dependency without a target whose path leads to a skill by now; return how many were linked."""
    num_linked = 0
    open_rows = SkillDependency.objects.filter(target__isnull=True)
    for path in list(open_rows.order_by("target_path").values_list("target_path", flat=True).distinct()):
        found = resolve_path(path)
        if found is not None and found.skill is not None:
            rows = open_rows.filter(target_path=path).exclude(skill=found.skill)
            num_linked += rows.update(target=found.skill)
    return num_linked
