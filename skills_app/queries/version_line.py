"""Which versions of its skill a version came from, step by step."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field

from skills_app.domain.enums import VersionOrigin
from skills_app.models import SkillVersion


@dataclass(frozen=True, slots=True)
class _Step:
    """A version of a skill, its parent, and whether it was restored."""

    pk: int
    number: int
    parent: int | None
    digest: str
    is_restored: bool


@dataclass(frozen=True, slots=True)
class _History:
    """The versions of some skills by their key, and those of a skill that say the very same, the first of them first."""

    steps: dict[int, _Step] = field(default_factory=dict)
    alike: dict[tuple[int, str], list[_Step]] = field(default_factory=dict)
    skills: dict[int, int] = field(default_factory=dict)

    @classmethod
    def of(cls, skill_ids: Iterable[int]) -> "_History":
        """Read it; one query."""
        found = cls()
        rows = SkillVersion.objects.filter(skill_id__in=set(skill_ids)).order_by("number")
        for skill_id, pk, number, parent, digest, origin in rows.values_list(
            "skill_id", "pk", "number", "parent_id", "digest", "origin"
        ):
            step = _Step(pk, number, parent, digest, origin == VersionOrigin.RESTORE)
            found.steps[pk] = step
            found.skills[pk] = skill_id
            found.alike.setdefault((skill_id, digest), []).append(step)
        return found

    def same_as(self, pk: int) -> list[_Step]:
        """Return the versions that say the very same as one, and itself, the first of them first."""
        return self.alike[self.skills[pk], self.steps[pk].digest]

    def came_from(self, pk: int) -> list[int]:
        """Return the parent of a version, and of a restored one also the first that says the same."""
        step = self.steps[pk]
        first = self.same_as(pk)[0].pk
        return [one for one in (step.parent, first if step.is_restored else None) if one and one != pk]

    def line(self, start: int) -> list[int]:
        """Return all that a version came from, the nearest first, with what said the same as that when it was made."""
        found: dict[int, None] = {}
        walked: set[int] = set()
        waiting = [start]
        while waiting:
            at = waiting.pop(0)
            if at in walked or at not in self.steps:
                continue
            walked.add(at)
            found[at] = None
            number, nearest = self.steps[at].number, self.came_from(at)
            for one in nearest:
                if one in self.steps:
                    found[one] = None
                    # Who began from a text began from every version that said it by then; what those replaced is not part of it.
                    found |= dict.fromkeys(same.pk for same in self.same_as(one) if same.number < number)
            waiting += nearest
        return list(found)


def line_of(version: SkillVersion) -> list[int]:
    """Return the keys of a version and of all of its skill that it came from, the nearest first; one query.

    What a restored version says again, and where that came from, belongs to it as well. So does what was restored before the
    version was made and says the same as one that it came from.
    """
    return _History.of([version.skill_id]).line(version.pk)


def lines_that_stop(versions: Sequence[SkillVersion]) -> dict[int, list[int]]:
    """Return, by the key of each version, the versions whose open blocks stop it; one query for all.

    They are its line, and whatever says the very same as the version itself, also when it was made later.
    """
    history = _History.of(version.skill_id for version in versions)
    return {
        version.pk: list(
            dict.fromkeys([*history.line(version.pk), *(one.pk for one in history.same_as(version.pk))])
        )
        for version in versions
    }


def text_line_of(version: SkillVersion, until: Collection[int]) -> list[int]:
    """Return the keys of a version and of those whose text it goes on with, back to but without those in ``until``.

    A restored version goes on with what it says again, not with what it takes the place of. One query.
    """
    history = _History.of([version.skill_id])
    found: dict[int, None] = {}
    at: int | None = version.pk
    while at in history.steps and at not in found and (at == version.pk or at not in until):
        found[at] = None
        # The last is what it says again, or else its parent.
        at = next(reversed(history.came_from(at)), None)
    return list(found)
