"""Make a skill's identity at a path."""

from django.db import transaction

from skills_app.domain.enums import SkillStatus
from skills_app.domain.errors import PathInvalid, PathTaken
from skills_app.domain.paths import is_path, name_of, parent_of
from skills_app.domain.storable import storable_text
from skills_app.models import PathAlias, Skill
from skills_app.services.index_skill_text import index_skill_text
from skills_app.services.make_category import make_category
from skills_app.services.record_audit import record_audit


@transaction.atomic
def make_skill(
    *,
    path: str,
    name: str = "",
    external_id: str = "",
    status: SkillStatus = SkillStatus.DRAFT,
    is_sample: bool = False,
    actor_name: str = "",
) -> tuple[Skill, bool]:
    """Return the skill whose home is ``path`` and whether it was made now; its category is made if it is missing.

    Two makers at once get the same skill.

    Raises:
        PathInvalid: ``path`` is not a clean address.
        PathTaken: ``path`` is an alias of something else; resolve the address first.
    """
    if not is_path(path):
        raise PathInvalid(
            f"'{path}' cannot be a skill: use lower-case letters, digits, - and _ between slashes."
        )
    alias = PathAlias.objects.filter(path=path).select_related("skill", "category").first()
    if alias is not None:
        raise PathTaken(
            f"'{path}' is an alias of {alias.skill or alias.category}, so no other skill can live there."
        )
    above = parent_of(path)
    slug = path.rpartition("/")[2]
    skill, is_new = Skill.objects.get_or_create(
        path=path,
        defaults={
            "name": storable_text(name or name_of(slug), longest=128),
            "slug": slug,
            "external_id": storable_text(external_id, longest=512),
            "category": make_category(path=above, actor_name=actor_name) if above else None,
            "status": status,
            "is_sample": is_sample,
        },
    )
    if is_new:
        index_skill_text(skill_ids=[skill.pk])
        record_audit(
            verb="made_skill",
            target_kind="skill",
            target_key=skill.key,
            actor_name=actor_name,
            after={"path": path, "status": status.value},
        )
    return skill, is_new
