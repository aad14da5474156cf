"""Give a skill or a category another address that answers with its own."""

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
    is_new = _add(path, skill, actor_name)
    if is_new:
        index_skill_text(skill_ids=[skill.pk])
    return is_new


@transaction.atomic
def add_category_alias(*, path: str, category: Category, actor_name: str = "") -> bool:
    """Let ``path`` lead to ``category``; return False when it did already. Raises as ``add_alias`` does."""
    return _add(path, category, actor_name)


def _add(path: str, target: Skill | Category, actor_name: str) -> bool:
    kind = "skill" if isinstance(target, Skill) else "category"
    if not path or len(path) > 512 or ".." in path.split("/") or "\x00" in path or path.startswith("/"):
        raise PathInvalid(f"'{path[:80]}' cannot be an alias: it is empty, too long, absolute or climbs.")
    if path == target.path:
        raise AliasLoops(f"'{path}' is the {kind}'s own path, so as an alias it would lead back to itself.")
    taken = Skill.objects.filter(path=path).first() or Category.objects.filter(path=path).first()
    if taken is not None:
        raise PathTaken(f"'{path}' is the path of a {taken._meta.verbose_name}; an alias must not shadow it.")
    alias, is_new = PathAlias.objects.get_or_create(path=path, defaults={kind: target})
    if not is_new:
        if target in (alias.skill, alias.category):
            return False
        raise PathTaken(
            f"'{path}' already leads to {alias.skill or alias.category}; end that on the page Old addresses first."
        )
    record_audit(
        verb="added_alias",
        target_kind=kind,
        target_key=target.key,
        actor_name=actor_name,
        after={"alias": path},
    )
    return True
