"""What the library holds of all skills at once, for a look at a folder to compare with what lies there."""

from dataclasses import dataclass

from django.db.models import TextField
from django.db.models.functions import Cast

from skills_app.domain.change_sets.operations import Retire, operations_from
from skills_app.domain.change_sets.states import ChangeStatus
from skills_app.models import Category, PathAlias, PlacementChange, Skill, SkillDependency, SkillFacet


@dataclass(frozen=True, slots=True)
class HeldSkill:
    """A skill as the library holds it; ``digest`` is that of the version that the folder held last, empty if none is known."""

    pk: int
    path: str
    external_id: str
    status: str
    num_versions: int
    digest: str


@dataclass(frozen=True, slots=True)
class HeldAddresses:
    """Every path that something lives at, and the primary key of the skill that each old address leads to (None: a category)."""

    paths: frozenset[str]
    aliases: dict[str, int | None]

    def leads(self, address: str, skill: int) -> bool:
        """Return whether ``address`` is an old address of the skill and nothing lives there."""
        return self.aliases.get(address) == skill and address not in self.paths


def held_skills() -> list[HeldSkill]:
    """Return every skill; one query."""
    columns = ("pk", "path", "external_id", "status", "num_versions", "disk_version__digest")
    rows = Skill.objects.order_by().values_list(*columns).iterator(chunk_size=5_000)
    return [
        HeldSkill(pk, path, id_, status, num, digest or "") for pk, path, id_, status, num, digest in rows
    ]


def held_facets() -> dict[int, frozenset[tuple[str, str]]]:
    """Return the facets of each skill that has some; one query."""
    found: dict[int, set[tuple[str, str]]] = {}
    rows = SkillFacet.objects.order_by().values_list("skill_id", "name", "value")
    for skill, name, value in rows.iterator(chunk_size=5_000):
        found.setdefault(skill, set()).add((name, value))
    return {skill: frozenset(facets) for skill, facets in found.items()}


def held_addresses(skills: list[HeldSkill]) -> HeldAddresses:
    """Return where ``skills`` (all of them) and categories live, and where old addresses lead; two queries."""
    places = Category.objects.order_by().values_list("path", flat=True)
    aliases = PathAlias.objects.order_by().values_list("path", "skill_id")
    paths = frozenset([*(skill.path for skill in skills), *places])
    return HeldAddresses(paths, dict(aliases.iterator(chunk_size=5_000)))


def held_dependencies() -> dict[int, dict[tuple[str, str], str]]:
    """Return the reason of each dependency by its kind and target, for each skill that has some; one query."""
    found: dict[int, dict[tuple[str, str], str]] = {}
    rows = SkillDependency.objects.order_by().values_list("skill_id", "kind", "target_path", "reason")
    for skill, kind, target, reason in rows.iterator(chunk_size=5_000):
        found.setdefault(skill, {})[kind, target] = reason
    return found


def ended_addresses() -> frozenset[str]:
    """Return the old addresses that change-sets have ended which still hold; one query."""
    # Without those that end none: the steps of a change may name thousands of skills.
    rows = PlacementChange.objects.annotate(steps=Cast("operations", TextField()))
    rows = rows.filter(status=ChangeStatus.APPLIED, steps__contains='"retire"').order_by()
    made = (operations_from(steps) for steps in rows.values_list("operations", flat=True))
    return frozenset(path for steps in made for one in steps if isinstance(one, Retire) for path in one.paths)
