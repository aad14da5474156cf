"""Give a skill another address that answers with its own."""

from django.db import transaction

from skills_app.domain.errors import AliasLoops, PathInvalid, PathTaken
from skills_app.models import Category, PathAlias, Skill
from skills_app.services.index_skill_text import index_skill_text
from skills_app.services.record_audit import record_audit


@transaction.atomic
def add_alias(*, path: str, skill: Skill, actor_name: str = "") -> bool:
    """Let ``path`` lead to ``skill``; return False when it did already.

    Raises:
        PathInvalid: the path is empty, too long, or climbs.
        AliasLoops: it is the skill's own path.
        PathTaken: it is the path of another skill or of a category, or an alias of something else.
    """
    if not path or len(path) > 512 or ".." in path.split("/") or "\x00" in path or path.startswith("/"):
        raise PathInvalid(f"'{path[:80]}' cannot be an alias: it is empty, too long, absolute or climbs.")
    if path == skill.path:
        raise AliasLoops(f"'{path}' is the skill's own path, so as an alias it would lead back to itself.")
    taken = Skill.objects.filter(path=path).first() or Category.objects.filter(path=path).first()
    if taken is not None:
        raise PathTaken(f"'{path}' is the path of a {taken._meta.verbose_name}; an alias must not shadow it.")
    alias, is_new = PathAlias.objects.get_or_create(path=path, defaults={"skill": skill})
    if not is_new:
        if alias.skill_id == skill.pk:
            return False
        raise PathTaken(
            f"'{path}' already leads to {alias.skill or alias.category}; remove that alias first."
        )
    record_audit(
        verb="added_alias",
        target_kind="skill",
        target_key=skill.key,
        actor_name=actor_name,
        after={"alias": path},
    )
    index_skill_text(skill_ids=[skill.pk])
    return True
