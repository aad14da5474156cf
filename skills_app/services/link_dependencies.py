"""Link dependencies to skills that have appeared since they were written down."""

from django.db import transaction

from skills_app.models import SkillDependency
from skills_app.queries.resolve_path import skill_keys_by_address


@transaction.atomic
def link_dependencies() -> int:
    """Link every dependency without a target whose path leads to a skill by now; return how many were linked."""
    open_rows = SkillDependency.objects.filter(target__isnull=True)
    paths = open_rows.order_by("target_path").values_list("target_path", flat=True).distinct()
    num_linked = 0
    for path, key in skill_keys_by_address(paths).items():
        num_linked += open_rows.filter(target_path=path).exclude(skill_id=key).update(target_id=key)
    return num_linked
