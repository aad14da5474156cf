"""Which versions of its skill a version came from, step by step."""

from collections.abc import Collection
from dataclasses import dataclass

from skills_app.domain.enums import VersionOrigin
from skills_app.models import SkillVersion


@dataclass(frozen=True, slots=True)
class _Origins:
    """The parent of each version of a skill, and of a restored one the first that says the same."""

    parents: dict[int, int | None]
    repeated: dict[int, int]


def line_of(version: SkillVersion) -> list[int]:
    """Return the keys of a version and of all of its skill that it came from, the nearest first; one query.

    What a restored version says again, and where that came from, belongs to it as well.
    """
    origins = _origins(version)
    steps = {
        pk: [one for one in (parent, origins.repeated.get(pk)) if one]
        for pk, parent in origins.parents.items()
    }
    return _walk(version.pk, steps)


def text_line_of(version: SkillVersion, until: Collection[int]) -> list[int]:
    """Return the keys of a version and of those whose text it goes on with, back to but without those in ``until``.

    A restored version goes on with what it says again, not with what it takes the place of. One query.
    """
    origins = _origins(version)
    steps = {
        pk: [one for one in (origins.repeated.get(pk, parent),) if one and one not in until]
        for pk, parent in origins.parents.items()
    }
    return _walk(version.pk, steps)


def _origins(version: SkillVersion) -> _Origins:
    rows = SkillVersion.objects.filter(skill_id=version.skill_id).order_by("number")
    parents: dict[int, int | None] = {}
    repeated: dict[int, int] = {}
    first: dict[str, int] = {}
    for pk, parent, digest, origin in rows.values_list("pk", "parent_id", "digest", "origin"):
        parents[pk] = parent
        if origin == VersionOrigin.RESTORE and digest in first:
            repeated[pk] = first[digest]
        first.setdefault(digest, pk)
    return _Origins(parents, repeated)


def _walk(start: int, steps: dict[int, list[int]]) -> list[int]:
    """Return all that is reached from ``start`` by steps between versions of the skill, the nearest first."""
    found: dict[int, None] = {}
    waiting = [start]
    while waiting:
        at = waiting.pop(0)
        if at not in found and at in steps:
            found[at] = None
            waiting += steps[at]
    return list(found)
