"""Move a skill to another home; its old address goes on answering."""

from django.db import transaction

from skills_app.domain.errors import PathInvalid, PathTaken
from skills_app.domain.paths import is_path, parent_of
from skills_app.models import PathAlias, Skill
from skills_app.services.add_alias import add_alias
from skills_app.services.index_skill_text import index_skill_text
from skills_app.services.make_category import make_category
from skills_app.services.record_audit import record_audit


@transaction.atomic
def place_skill(*, skill: Skill, path: str, actor_name: str = "", reason: str = "") -> bool:
    """Give ``skill`` the home ``path``, its old path becoming an alias; return False when it lives there already.

    An alias of its own at the new path goes, so that no address leads back to itself. Identity (the key) stays.

    Raises:
        PathInvalid: ``path`` is not a clean address.
        PathTaken: another skill lives there, or the path is an alias of something else.
    """
    if not is_path(path):
        raise PathInvalid(f"'{path}' cannot be a skill's home: use lower-case letters, digits, - and _.")
    skill = Skill.objects.select_for_update().get(pk=skill.pk)
    if skill.path == path:
        return False
    if Skill.objects.filter(path=path).exists():
        raise PathTaken(f"Another skill lives at '{path}' already.")
    alias = PathAlias.objects.filter(path=path).select_related("skill", "category").first()
    if alias is not None and alias.skill_id != skill.pk:
        raise PathTaken(f"'{path}' is an alias of {alias.skill or alias.category}.")
    if alias is not None:
        alias.delete()
    old, above = skill.path, parent_of(path)
    skill.path, skill.slug = path, path.rpartition("/")[2]
    skill.category = make_category(path=above, actor_name=actor_name) if above else None
    skill.save(update_fields=["path", "slug", "category", "updated_at"])
    add_alias(path=old, skill=skill, actor_name=actor_name)
    index_skill_text(skill_ids=[skill.pk])
    record_audit(
        verb="placed_skill",
        target_kind="skill",
        target_key=skill.key,
        actor_name=actor_name,
        before={"path": old},
        after={"path": path},
        reason=reason,
    )
    return True
