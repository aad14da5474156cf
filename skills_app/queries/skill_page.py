"""A skill's page around its document: heading, files, versions, runs, relations."""

from dataclasses import dataclass
from typing import Any

from django.db.models import Count, QuerySet

from skills_app.domain.paths import lineage
from skills_app.models import PathAlias, Skill, SkillDependency, SkillFacet, SkillFile, SkillVersion

_HEAVY = ("content", "metadata", "front_matter")


@dataclass(frozen=True, slots=True)
class FileRow:
    """A line of the file tree: a folder (then ``file`` is None) or a file, ``depth`` folders deep.

    ``is_linked`` says whether the document leads to this very file.
    """

    name: str
    path: str
    depth: int
    file: SkillFile | None
    num_files: int
    size_bytes: int
    is_linked: bool = False


@dataclass(frozen=True, slots=True)
class Crumb:
    """A step on the way to the skill: the words and the branch that it leads to."""

    label: str
    branch: str


@dataclass(frozen=True, slots=True)
class Relations:
    """What a skill is tied to."""

    aliases: tuple[PathAlias, ...]
    facets: tuple[SkillFacet, ...]
    dependencies: tuple[SkillDependency, ...]
    dependents: tuple[SkillDependency, ...]


def skill_by_key(key: str) -> Skill | None:
    """Return the skill with its current version and place, or None."""
    return Skill.objects.select_related("current_version__author", "category").filter(key=key).first()


def version_of_skill(skill: Skill, number: int) -> SkillVersion | None:
    """Return one version of ``skill`` with its author and parent, or None."""
    return (
        skill.versions.select_related("author", "parent")
        .defer(*(f"parent__{name}" for name in _HEAVY))
        .filter(number=number)
        .first()
    )


def versions_of_skill(skill: Skill) -> QuerySet[SkillVersion]:
    """Return the versions, newest first, each with author, parent, runs and number of files, without their texts."""
    return (
        skill.versions.select_related("author", "parent")
        .defer(*_HEAVY, *(f"parent__{name}" for name in _HEAVY))
        .annotate(num_files=Count("files"))
        .prefetch_related("run_outcomes__run")
        .order_by("-number")
    )


def runs_of_skill(skill: Skill) -> list[tuple[SkillVersion, Any]]:
    """Return every run that made a version of ``skill``, as pairs of version and run, newest version first."""
    versions = (
        skill.versions.filter(run_outcomes__isnull=False)
        .defer(*_HEAVY)
        .distinct()
        .prefetch_related("run_outcomes__run__experiment")
        .order_by("-number")
    )
    return [(version, outcome.run) for version in versions for outcome in _outcomes(version)]


def run_that_made(judged: Any) -> Any:
    """Return the run behind a version, report or assessment, or None; runs belong to the other app, so by its accessor."""
    outcome = judged.run_outcomes.select_related("run").first() if judged is not None else None
    return outcome.run if outcome else None


def file_tree(version: SkillVersion, linked: frozenset[str] = frozenset()) -> tuple[FileRow, ...]:
    """Return folders and files in reading order, folders with the number and size of all files below them.

    ``linked`` are the paths that the document leads to.
    """
    files = list(version.files.defer("text", "data").order_by("path"))
    rows: list[FileRow] = []
    opened: list[str] = []
    for file in sorted(files, key=_tree_order):
        *folders, name = file.path.split("/")
        shared = 0
        while shared < min(len(opened), len(folders)) and opened[shared] == folders[shared]:
            shared += 1
        for depth in range(shared, len(folders)):
            path = "/".join(folders[: depth + 1])
            below = [f for f in files if f.path.startswith(f"{path}/")]
            size = sum(f.size_bytes for f in below)
            rows.append(FileRow(folders[depth], path, depth, None, len(below), size))
        opened = folders
        rows.append(
            FileRow(name, file.path, len(folders), file, 1, file.size_bytes, is_linked=file.path in linked)
        )
    return tuple(rows)


def file_of_version(version: SkillVersion, path: str) -> SkillFile | None:
    """Return one file with its content, or None."""
    return version.files.filter(path=path).first()


def relations_of_skill(skill: Skill) -> Relations:
    """Return aliases, facets, what the skill needs, and what needs it."""
    return Relations(
        aliases=tuple(skill.aliases.all()),
        facets=tuple(skill.facets.all()),
        dependencies=tuple(skill.dependencies.select_related("target").order_by("kind", "target_path")),
        dependents=tuple(skill.dependents.select_related("skill").order_by("kind", "skill__path")),
    )


def crumbs_of_skill(skill: Skill) -> tuple[Crumb, ...]:
    """Return the branches from the root to the skill's home."""
    paths = lineage(skill.category.path if skill.category else "")
    return tuple(Crumb(path.rpartition("/")[2], path) for path in paths)


def _tree_order(file: SkillFile) -> list[tuple[int, str]]:
    *folders, name = file.path.split("/")
    return [*((1, folder) for folder in folders), (0, name)]


def _outcomes(version: SkillVersion) -> Any:
    accessor: Any = getattr(version, "run_outcomes")  # noqa: B009
    return accessor.all()
