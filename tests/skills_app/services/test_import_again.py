"""A look at a folder that was taken in before: quick where all is as it was, and nothing that differs is passed over."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from skills_app.models import Category, PathAlias, Skill, SkillDependency, SkillFacet, SkillVersion
from skills_app.services.import_library import LibraryImport, import_library
from tests.skills_app.adapters.small_library import DOCUMENT, write_library

pytestmark = pytest.mark.django_db


def wide(root: Path, number: int) -> Path:
    """Write ``number`` skills, each with facets, three old addresses, two links and a category that has an old address."""
    branches = {f"c{n}": {"description": f"Branch {n}", "children": {}} for n in range(number)}
    skills = {
        f"id-{n}": {
            "canonical_path": f"c{n}/s{n}",
            "aliases": [f"was/s{n}", f"before/s{n}"],
            "facets": {"lang": "go", "topic": ["a", "b"]},
            "status": "active",
        }
        for n in range(number)
    }
    aliases = {f"old/c{n}": f"c{n}" for n in range(number)}
    index = {"version": "1.0.0", "taxonomy_tree": branches, "skills": skills, "aliases": aliases}
    files: dict[str, str | bytes] = {"taxonomy_index.json": json.dumps(index)}
    for n in range(number):
        files[f"was/s{n}/SKILL.md"] = DOCUMENT.format(name=f"s{n}")
        stated = {
            "skill_id": f"said/s{n}",
            "name": f"s{n}",
            "dependencies": ["c0/s0", "c1/s1"][: 1 + (n > 1)],
        }
        files[f"was/s{n}/metadata.json"] = json.dumps(stated)
    return write_library(root, files)


def looked(root: Path) -> tuple[LibraryImport, int]:
    """Return what an import did, and with how many queries."""
    with CaptureQueriesContext(connection) as asked:
        result = import_library(root=root)
    return result, len(asked)


def test_a_second_look_asks_as_much_for_many_skills_as_for_few(tmp_path: Path) -> None:
    numbers = {}
    for number in (3, 12):
        root = wide(tmp_path / str(number), number)
        first, _ = looked(root)
        assert first.problems == ()
        again, numbers[number] = looked(root)
        assert (again.created, again.updated, again.problems) == ((), (), ())
        assert len(again.unchanged) == number
    assert numbers[3] == numbers[12] <= 25
    assert PathAlias.objects.filter(category__isnull=False).count() == 12
    assert PathAlias.objects.filter(skill__isnull=False).count() == 3 * 12


def facts() -> list[list[tuple[object, ...]]]:
    """Return what an import brings in line, without the numbers of rows."""
    return [
        sorted(Skill.objects.values_list("path", "external_id", "status", "disk_version__digest")),
        sorted(Category.objects.values_list("path", "description")),
        sorted(SkillFacet.objects.values_list("skill__path", "name", "value")),
        sorted(SkillDependency.objects.values_list("skill__path", "kind", "target_path", "target__path")),
        sorted(SkillDependency.objects.values_list("skill__path", "target_path", "reason")),
        sorted(PathAlias.objects.values_list("path", "skill__path").filter(category=None)),
        sorted(PathAlias.objects.values_list("path", "category__path").filter(skill=None)),
        sorted(SkillVersion.objects.values_list("skill__path", "number", "digest")),
    ]


@pytest.mark.parametrize(
    ("change", "is_told"),
    [
        (lambda skill: skill.facets.filter(value="b").delete(), True),
        (lambda skill: skill.facets.create(name="lang", value="c"), True),
        (lambda skill: PathAlias.objects.filter(path="before/s2").delete(), True),
        (lambda skill: PathAlias.objects.filter(path="said/s2").delete(), True),
        (lambda skill: PathAlias.objects.filter(path="old/c2").delete(), False),
        (lambda skill: skill.dependencies.filter(target_path="c1/s1").delete(), True),
        (lambda skill: skill.dependencies.create(kind="see_also", target_path="x"), True),
        (lambda skill: skill.dependencies.filter(target_path="c1/s1").update(reason="once"), True),
        (lambda skill: skill.dependencies.update(target=None), False),
        (lambda skill: Skill.objects.filter(pk=skill.pk).update(status="deprecated"), True),
        (lambda skill: Skill.objects.filter(pk=skill.pk).update(external_id="other"), True),
        (lambda skill: Skill.objects.filter(pk=skill.pk).update(disk_version=None), False),
        (lambda skill: Category.objects.filter(path="c2").update(description=""), False),
        (lambda skill: skill.delete(), False),
    ],
)
def test_what_differs_is_brought_in_line(
    tmp_path: Path, change: Callable[[Skill], object], is_told: bool
) -> None:
    root = wide(tmp_path, 3)
    looked(root)
    before = facts()
    change(Skill.objects.get(path="c2/s2"))
    assert facts() != before
    result, _ = looked(root)
    assert facts() == before
    assert result.updated == (("c2/s2",) if is_told else ())


def test_a_changed_document_and_a_new_link_are_taken_in_among_many_that_are_as_they_were(
    tmp_path: Path,
) -> None:
    root = wide(tmp_path, 4)
    looked(root)
    (root / "was/s1/SKILL.md").write_text(DOCUMENT.format(name="s1") + "\nMore.\n")
    stated = {"skill_id": "said/s3", "name": "s3", "dependencies": ["c2/s2"]}
    (root / "was/s3/metadata.json").write_text(json.dumps(stated))
    result, _ = looked(root)
    assert (result.updated, len(result.unchanged)) == (("c1/s1", "c3/s3"), 2)
    assert Skill.objects.get(path="c1/s1").num_versions == 2
    assert [one.target_path for one in Skill.objects.get(path="c3/s3").dependencies.all()] == ["c2/s2"]


def test_an_old_address_that_a_new_skill_needs_as_a_place_is_told_of_at_once(tmp_path: Path) -> None:
    root = wide(tmp_path, 2)
    looked(root)
    (root / "before/s1/inner").mkdir(parents=True)
    (root / "before/s1/inner/SKILL.md").write_text(DOCUMENT.format(name="inner"))
    result, _ = looked(root)
    assert result.created == ("before/s1/inner",)
    assert [(one.path, "must not shadow" in one.message) for one in result.problems] == [("was/s1", True)]
    assert len(looked(root)[0].problems) == 1


def test_an_entry_whose_id_is_a_place_on_disk_is_that_of_the_skill_there(tmp_path: Path) -> None:
    index = {"version": "1.0.0", "skills": {"tools": {"canonical_path": "devops/tools", "aliases": []}}}
    files: dict[str, str | bytes] = {
        "taxonomy_index.json": json.dumps(index),
        "tools/SKILL.md": DOCUMENT.format(name="tools"),
    }
    root = write_library(tmp_path, files)
    result, _ = looked(root)
    assert (result.created, result.problems) == (("devops/tools",), ())
    assert Skill.objects.get().external_id == "tools"
    assert looked(root)[0].unchanged == ("devops/tools",)
