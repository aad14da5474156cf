"""Importing libraries: the real one, a small one, and broken ones."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
from django.conf import settings as django_settings
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from skills_app.adapters import library_files
from skills_app.domain.library_problems import LibraryReason
from skills_app.models import (
    AuditEntry,
    Category,
    PathAlias,
    Skill,
    SkillDependency,
    SkillFacet,
    SkillFile,
    SkillVersion,
)
from skills_app.queries.resolve_path import resolve_path
from skills_app.services.import_library import import_library
from skills_app.services.place_skill import place_skill
from tests.shared_data import shared_data
from tests.skills_app.adapters.small_library import FILES, write_library
from tests.skills_app.adapters.test_library_folder import MUTATIONS, mutated

pytestmark = pytest.mark.django_db

ROOTS = {"api", "architecture", "devops", "domain", "memory", "practices", "python", "testing", "web"}
UNINDEXED_ROOTS = {"_core", "mcp_capabilities", "memory_blocks", "miscellaneous"}
DECLARED_IDS = {
    "technical_skills/devops/containerization/docker-best-practices": "devops/docker",
    "technical/programming/web-frameworks/python/fastapi": "python/fastapi-production",
    "technical_skills/testing/python/pytest-foundations": "python/pytest",
    "technical_skills/web_development/frontend/react/vite-tailwind-setup": "web/vite",
}


def state() -> dict[str, object]:
    """Return every row that an import writes, with its times."""
    tables = (Category, Skill, SkillVersion, SkillFile, SkillFacet, SkillDependency, PathAlias, AuditEntry)
    return {table.__name__: list(table.objects.order_by("pk").values()) for table in tables}


def test_the_real_library_comes_out_right() -> None:
    root, index = shared_data("library", "skills"), shared_data("library", "taxonomy_index.2026-02.json")
    entries = json.loads(index.read_text())["skills"]
    result = import_library(root=root, index=index)
    assert result.problems == ()
    assert (len(result.created), result.updated, result.unchanged, result.stated_total) == (27, (), (), 22)
    kinds = dict(SkillVersion.objects.values_list("skill__path", "content_kind"))
    assert sorted(kinds.values()) == ["json"] * 8 + ["markdown"] * 19
    assert set(Category.objects.filter(parent=None).values_list("path", flat=True)) == ROOTS | UNINDEXED_ROOTS
    assert Category.objects.count() == 13
    assert Category.objects.get(path="devops").description == "Devops Category"
    for index_id, entry in entries.items():
        skill = Skill.objects.get(path=entry["canonical_path"])
        assert (skill.external_id, skill.status, skill.num_versions) == (index_id, "active", 1)
        assert skill.category is not None
        assert skill.category.path == entry["canonical_path"].split("/")[0]
        assert dict(skill.facets.values_list("name", "value")) == entry["facets"]
        for address in (*entry["aliases"], index_id, entry["canonical_path"]):
            found = resolve_path(address)
            assert found is not None
            assert found.skill == skill
    aliases = dict(PathAlias.objects.values_list("path", "skill__path"))
    indexed = {alias: entry["canonical_path"] for entry in entries.values() for alias in entry["aliases"]}
    assert len(indexed) == 18
    assert aliases == {**indexed, **DECLARED_IDS}
    assert SkillFacet.objects.count() == sum(len(entry["facets"]) for entry in entries.values())


def test_the_real_library_keeps_documents_files_metadata_and_dependencies() -> None:
    root = shared_data("library", "skills")
    import_library(root=root, index=shared_data("library", "taxonomy_index.2026-02.json"))
    docker = Skill.objects.get(path="devops/docker")
    folder = root / "technical_skills/devops/containerization/docker"
    assert docker.current_version is not None
    assert docker.current_version.content.encode() == (folder / "SKILL.md").read_bytes()
    kept = {file.path: file for file in docker.current_version.files.all()}
    on_disk = {
        p.relative_to(folder).as_posix(): p for p in folder.rglob("*") if p.is_file() and p.name != "SKILL.md"
    }
    assert kept.keys() == on_disk.keys()
    assert all((kept[path].text or "").encode() == file.read_bytes() for path, file in on_disk.items())
    assert (docker.name, docker.skill_type, docker.weight) == ("docker-best-practices", "technical", "medium")
    assert "dockerfile" in docker.keywords
    needs = [(d.kind, d.target_path, d.target) for d in docker.dependencies.order_by("pk")]
    assert needs == [
        ("required", "technical_skills/linux_administration", None),
        ("required", "technical_skills/shell_scripting", None),
        ("see_also", "technical_skills/devops/kubernetes", None),
        ("see_also", "technical_skills/security/cloud-security", None),
    ]
    state_skill = Skill.objects.get(path="mcp_capabilities/state_management")
    assert state_skill.dependencies.get().target == Skill.objects.get(path="_core/state_management")
    assert (state_skill.name, state_skill.load_priority) == ("state-management", "always")
    assert state_skill.capabilities == ["session_state", "workflow_state", "knowledge_state"]


def test_a_second_import_of_the_real_library_changes_nothing() -> None:
    root, index = shared_data("library", "skills"), shared_data("library", "taxonomy_index.2026-02.json")
    import_library(root=root, index=index)
    before = state()
    result = import_library(root=root, index=index)
    assert (result.created, result.updated, len(result.unchanged)) == ((), (), 27)
    assert (result.num_new_categories, state()) == (0, before)


def test_a_dry_run_says_the_same_and_writes_nothing(tmp_path: Path) -> None:
    write_library(tmp_path)
    before = state()
    planned = import_library(root=tmp_path, is_dry_run=True)
    assert state() == before
    done = import_library(root=tmp_path)
    assert (planned.created, planned.num_new_categories) == (done.created, done.num_new_categories)
    assert planned.created == ("_core/reasoning", "loose", "devops/docker", "python/async")


def test_the_small_library_uses_every_part_of_its_index(tmp_path: Path) -> None:
    assert import_library(root=write_library(tmp_path)).problems == ()
    docker = Skill.objects.get(path="devops/docker")
    assert (docker.status, docker.external_id) == ("deprecated", "docker-core")
    assert set(docker.aliases.values_list("path", flat=True)) == {
        "old/place/docker",
        "old/place/docker-best",
        "containers/docker",
    }
    assert set(docker.facets.values_list("name", "value")) == {
        ("tool", "docker"),
        ("topic", "containers"),
        ("topic", "ops"),
    }
    assert dict(docker.dependencies.values_list("target_path", "target__path")) == {
        "_core/reasoning": "_core/reasoning",
        "nowhere/at-all": None,
        "python/async": "python/async",
    }
    loose = Skill.objects.get(path="loose")
    assert (loose.category, loose.status) == (None, "active")
    assert not Skill.objects.filter(path__contains="draft").exists()


def test_a_category_of_the_index_where_no_skill_lies_is_a_problem_and_stops_nothing(tmp_path: Path) -> None:
    index = json.loads((write_library(tmp_path) / "taxonomy_index.json").read_text())
    index["taxonomy_tree"]["_drafts"] = {"description": "Not yet"}
    (tmp_path / "taxonomy_index.json").write_text(json.dumps(index))
    result = import_library(root=tmp_path)
    assert [one.path for one in result.problems] == ["index#taxonomy_tree/_drafts"]
    assert "_core/reasoning" in result.created
    assert not Category.objects.filter(path="_drafts").exists()


def test_a_changed_file_makes_the_next_version_and_nothing_else(tmp_path: Path) -> None:
    import_library(root=write_library(tmp_path))
    (tmp_path / "old/place/docker/references/guide.md").write_text("# Better guide\n")
    result = import_library(root=tmp_path)
    assert (result.created, result.updated) == ((), ("devops/docker",))
    one, two = SkillVersion.objects.filter(skill__path="devops/docker").order_by("number")
    assert (two.number, two.parent, two.content_digest) == (2, one, one.content_digest)
    assert Skill.objects.get(path="devops/docker").current_version == two


def test_an_index_that_comes_later_moves_the_skill_and_keeps_its_key(tmp_path: Path) -> None:
    without = {path: text for path, text in FILES.items() if path != "taxonomy_index.json"}
    import_library(root=write_library(tmp_path, without))
    key = Skill.objects.get(path="old/place/docker").key
    result = import_library(root=write_library(tmp_path))
    assert "devops/docker" in result.updated
    docker = Skill.objects.get(path="devops/docker")
    assert docker.key == key
    found = resolve_path("old/place/docker")
    assert found is not None
    assert found.skill == docker


def test_facets_stay_where_the_index_says_nothing_of_them_and_go_where_it_says_none(tmp_path: Path) -> None:
    import_library(root=write_library(tmp_path))
    docker = Skill.objects.get(path="devops/docker")
    path = tmp_path / "taxonomy_index.json"
    index = json.loads(path.read_text())
    entry = index["skills"]["docker-core"]
    del entry["facets"]
    path.write_text(json.dumps(index))
    before = docker.facets.count()
    import_library(root=tmp_path)
    assert docker.facets.count() == before > 0
    entry["facets"] = {}
    path.write_text(json.dumps(index))
    import_library(root=tmp_path)
    assert not docker.facets.exists()


def test_a_skill_that_was_moved_here_is_not_moved_back(tmp_path: Path) -> None:
    import_library(root=write_library(tmp_path))
    place_skill(skill=Skill.objects.get(path="devops/docker"), path="tools/docker")
    result = import_library(root=tmp_path)
    assert (result.created, result.problems) == ((), ())
    assert Skill.objects.filter(path="tools/docker").exists()
    assert Skill.objects.count() == 4


def test_a_file_that_the_disk_withholds_is_a_problem_and_no_change(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import_library(root=write_library(tmp_path))
    real_open = library_files._open

    def refusing(path: Path) -> object:
        if path.name == "guide.md":
            raise PermissionError(13, "Permission denied")
        return real_open(path)

    monkeypatch.setattr(library_files, "_open", refusing)
    result = import_library(root=tmp_path)
    (problem,) = result.problems
    assert (problem.path, problem.reason) == (
        "old/place/docker/references/guide.md",
        LibraryReason.PERMISSION,
    )
    assert (len(result.unchanged), SkillVersion.objects.filter(skill__path="devops/docker").count()) == (4, 1)
    Skill.objects.all().delete()
    import_library(root=tmp_path)
    version = SkillVersion.objects.get(skill__path="devops/docker")
    assert [file.path for file in version.files.all()] == ["metadata.json"]


CONFLICTS = [
    ({"a/SKILL.md": "# 1", "A/SKILL.md": "# 2"}, {"a": "are both the skill a"}),
    (
        {**FILES, "devops/docker/SKILL.md": "# other"},
        {"old/place/docker": "are both 'docker-core' in the index", "devops/docker": "must not shadow"},
    ),
    ({**FILES, "loose/metadata.json": '{"skill_id": "python/async"}'}, {"loose": "must not shadow"}),
]


@pytest.mark.parametrize(("files", "expected"), CONFLICTS)
def test_two_that_claim_one_address_are_a_problem(
    tmp_path: Path, files: dict[str, str], expected: dict[str, str]
) -> None:
    result = import_library(root=write_library(tmp_path, files))
    problems = {problem.path: problem for problem in result.problems}
    assert problems.keys() == expected.keys()
    for path, words in expected.items():
        assert problems[path].reason is LibraryReason.CONFLICT
        assert words in problems[path].message
    again = import_library(root=tmp_path)
    assert (again.created, again.updated, again.problems) == ((), (), result.problems)


def test_a_place_that_cannot_be_an_address_is_a_problem(tmp_path: Path) -> None:
    result = import_library(
        root=write_library(tmp_path, {"日本/SKILL.md": "# x", "My Skills/Ünder_Score/SKILL.md": "# y"})
    )
    assert result.created == ("my-skills/nder_score",)
    (problem,) = result.problems
    assert (problem.path, problem.reason) == ("日本", LibraryReason.WRONG_SHAPE)


def test_an_entry_without_a_skill_is_a_problem(tmp_path: Path) -> None:
    files = {path: text for path, text in FILES.items() if not path.startswith("python/")}
    (problem,) = import_library(root=write_library(tmp_path, files)).problems
    assert (problem.path, problem.reason) == ("index#skills/python-async", LibraryReason.MISSING_FILE)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sampled_from(sorted(FILES)), MUTATIONS)
def test_no_broken_file_stops_an_import_or_is_imported_twice(
    path: str, mutation: tuple[str, int, bytes]
) -> None:
    with transaction.atomic(), tempfile.TemporaryDirectory() as name:
        root = write_library(Path(name), {**FILES, path: mutated(path, *mutation)})
        first = import_library(root=root)
        again = import_library(root=root)
        assert (
            first.num_skills + sum("imported" in p.message or "both" in p.message for p in first.problems)
            >= 4
        )
        assert (again.created, again.updated, again.problems) == ((), (), first.problems)
        transaction.set_rollback(True)


@pytest.mark.slow
def test_two_imports_at_once_make_nothing_twice(tmp_path: Path) -> None:
    library = write_library(tmp_path / "library")
    for number in range(20):
        write_library(library, {f"many/skill-{number}/SKILL.md": f"# {number}\n"})
    environment = {
        **{key: value for key, value in os.environ.items() if not key.startswith("FLEET_")},
        "FLEET_DATA_DIR": str(tmp_path / "data"),
    }
    (tmp_path / "data").mkdir()

    def manage(*words: str) -> "subprocess.Popen[str]":
        return subprocess.Popen(
            [sys.executable, "manage.py", *words],
            cwd=django_settings.BASE_DIR,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    assert manage("migrate", "-v0").wait() == 0
    both = [manage("import_library", str(library)) for _ in range(2)]
    outputs = [process.communicate(timeout=120) for process in both]
    assert [process.returncode for process in both] == [0, 0], outputs
    assert all("0 problems" in out for out, _ in outputs), outputs
    out, err = manage("import_library", str(library)).communicate(timeout=120)
    assert "Imported 24 skills: 0 created, 0 updated, 24 unchanged" in out, err
    shutil.rmtree(library)
