"""Which versions of its skill a version came from, step by step."""

from skills_app.domain.enums import VersionOrigin
from skills_app.models import SkillVersion


def line_of(version: SkillVersion) -> list[int]:
    """Return the keys of a version and of all of its skill that it came from, the nearest first; one query.

    What a restored version says again, and where that came from, belongs to it as well.
    """
    rows = list(
        SkillVersion.objects.filter(skill_id=version.skill_id)
        .order_by("number")
        .values_list("pk", "parent_id", "digest", "origin")
    )
    parents = {pk: parent for pk, parent, _, _ in rows}
    first: dict[str, int] = {}
    restored: dict[int, int] = {}
    for pk, _, digest, origin in rows:
        if origin == VersionOrigin.RESTORE and digest in first:
            restored[pk] = first[digest]
        first.setdefault(digest, pk)
    found: dict[int, None] = {}
    waiting: list[int] = [version.pk]
    while waiting:
        at = waiting.pop(0)
        if at in found or at not in parents:
            continue
        found[at] = None
        waiting += [pk for pk in (parents[at], restored.get(at)) if pk is not None]
    return list(found)
