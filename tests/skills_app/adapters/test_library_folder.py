"""Reading a folder of skills, whole and broken."""

import json
import os
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from skills_app.adapters.library_folder import FoundSkill, LibraryFolder
from skills_app.domain.errors import LibraryUnreadable
from skills_app.domain.library_problems import LibraryProblem, LibraryReason
from tests.skills_app.adapters.small_library import FILES, SKILLS, write_library

LIMIT = 100_000


def folder(root: Path, **options: object) -> LibraryFolder:
    return LibraryFolder(root, limit_bytes=LIMIT, **options)  # type: ignore[arg-type]


def test_finds_every_skill_in_the_order_of_paths(tmp_path: Path) -> None:
    scan = folder(write_library(tmp_path)).scan()
    assert [skill.path for skill in scan.skills] == SKILLS
    assert [skill.is_json for skill in scan.skills] == [True, False, False, False]
    assert (scan.problems, scan.has_index, scan.stated_total, scan.num_other_files) == ((), True, 4, 0)
    assert scan.index.categories == (("python", "Python"), ("devops", "Devops"), ("devops/containers", ""))
    docker = scan.index.skills[0]
    assert docker.aliases == ("old/place/docker", "containers/docker")
    assert docker.facets == (("tool", "docker"), ("topic", "containers"), ("topic", "ops"))


def test_reads_a_skill_with_its_files_and_both_kinds_of_metadata(tmp_path: Path) -> None:
    reading = folder(write_library(tmp_path)).read_skill(FoundSkill("old/place/docker"))
    skill = reading.skill
    assert skill is not None
    assert reading.problems == ()
    assert skill.content == FILES["old/place/docker/SKILL.md"].encode()
    assert [file.path for file in skill.files] == ["metadata.json", "references/guide.md"]
    assert skill.files[1].data == b"# Guide\n"
    assert (skill.metadata.description, skill.metadata.weight) == ("Use when docker is needed.", "medium")
    assert [(str(d.kind), d.target_path) for d in skill.metadata.dependencies] == [
        ("required", "_core/reasoning"),
        ("required", "nowhere/at-all"),
        ("see_also", "python/async"),
    ]


def test_a_skill_inside_a_skill_keeps_its_own_files(tmp_path: Path) -> None:
    write_library(tmp_path, {"a/SKILL.md": "# A", "a/x.md": "x", "a/b/SKILL.md": "# B", "a/b/y.md": "y"})
    library = folder(tmp_path)
    assert [skill.path for skill in library.scan().skills] == ["a", "a/b"]
    files = {path: library.read_skill(FoundSkill(path)).skill for path in ("a", "a/b")}
    assert {path: [f.path for f in skill.files] for path, skill in files.items() if skill} == {
        "a": ["x.md"],
        "a/b": ["y.md"],
    }


def only_problem(problems: tuple[LibraryProblem, ...]) -> tuple[str, LibraryReason]:
    (problem,) = problems
    assert problem.message.endswith(".")
    assert problem.remedy
    return problem.path, problem.reason


BROKEN: list[tuple[str, bytes, LibraryReason]] = [
    ("old/place/docker/metadata.json", b"{broken", LibraryReason.UNREADABLE_JSON),
    ("old/place/docker/metadata.json", b"[1]", LibraryReason.WRONG_SHAPE),
    ("old/place/docker/metadata.json", b'{"capabilities": 3}', LibraryReason.WRONG_SHAPE),
    ("old/place/docker/metadata.json", b"\xff{}", LibraryReason.UNREADABLE_TEXT),
    ("old/place/docker/metadata.json", b"[" * 50_000, LibraryReason.UNREADABLE_JSON),
    ("old/place/docker/SKILL.md", b"---\nname: [\n---\n# X\n", LibraryReason.UNREADABLE_YAML),
    ("old/place/docker/SKILL.md", b"---\nname: docker\n---\n\xff\xfe\n", LibraryReason.UNREADABLE_TEXT),
    ("old/place/docker/SKILL.md", b"x" * (LIMIT + 1), LibraryReason.TOO_LARGE),
    ("old/place/docker/references/guide.md", b"x" * (LIMIT + 1), LibraryReason.TOO_LARGE),
]


@pytest.mark.parametrize(("path", "data", "reason"), BROKEN)
def test_a_broken_file_of_a_skill_is_one_problem(
    tmp_path: Path, path: str, data: bytes, reason: LibraryReason
) -> None:
    write_library(tmp_path, {**FILES, path: data})
    reading = folder(tmp_path).read_skill(FoundSkill("old/place/docker"))
    assert only_problem(reading.problems) == (path, reason)
    is_lost = path.endswith("SKILL.md") and reason is LibraryReason.TOO_LARGE
    assert (reading.skill is None) is is_lost


def test_a_file_over_the_limit_keeps_its_digest(tmp_path: Path) -> None:
    write_library(tmp_path, {**FILES, "loose/big.bin": b"x" * (LIMIT + 1)})
    skill = folder(tmp_path).read_skill(FoundSkill("loose")).skill
    assert skill is not None
    (big,) = skill.files
    assert (big.size_bytes, big.data, len(big.digest)) == (LIMIT + 1, None, 64)


@pytest.mark.parametrize(
    ("path", "data", "reason"),
    [
        ("taxonomy_index.json", b"{", LibraryReason.UNREADABLE_JSON),
        ("taxonomy_index.json", b"[]", LibraryReason.WRONG_SHAPE),
        ("taxonomy_index.json", b"null", LibraryReason.WRONG_SHAPE),
        ("taxonomy_meta.json", b"nope", LibraryReason.UNREADABLE_JSON),
        ("taxonomy_meta.json", b'{"total_skills": "many"}', LibraryReason.WRONG_SHAPE),
    ],
)
def test_a_broken_index_or_statistics_is_one_problem(
    tmp_path: Path, path: str, data: bytes, reason: LibraryReason
) -> None:
    scan = folder(write_library(tmp_path, {**FILES, path: data})).scan()
    assert only_problem(scan.problems) == (path, reason)
    assert [skill.path for skill in scan.skills] == SKILLS


def test_links_and_odd_files_are_problems_and_nothing_outside_is_read(tmp_path: Path) -> None:
    outside = write_library(tmp_path / "outside", {"secret.md": "secret", "skill/SKILL.md": "# Secret"})
    root = write_library(tmp_path / "root")
    (root / "linked").symlink_to(outside / "skill")
    (root / "loose" / "secret.md").symlink_to(outside / "secret.md")
    (root / "hollow").mkdir()
    (root / "hollow" / "SKILL.md").symlink_to(outside / "skill" / "SKILL.md")
    os.mkfifo(root / "loose" / "pipe")
    scan = folder(root).scan()
    assert [skill.path for skill in scan.skills] == SKILLS
    assert {(problem.path, problem.reason) for problem in scan.problems} == {
        ("linked", LibraryReason.LEAVES_SOURCE),
        ("loose/secret.md", LibraryReason.LEAVES_SOURCE),
        ("hollow/SKILL.md", LibraryReason.LEAVES_SOURCE),
        ("loose/pipe", LibraryReason.WRONG_SHAPE),
    }
    skill = folder(root).read_skill(FoundSkill("loose")).skill
    assert skill is not None
    assert skill.files == ()


def test_metadata_without_a_document_is_a_problem(tmp_path: Path) -> None:
    write_library(tmp_path, {"half/metadata.json": "{}"})
    assert only_problem(folder(tmp_path).scan().problems) == ("half", LibraryReason.MISSING_FILE)


def test_a_name_that_is_not_utf8_is_a_problem(tmp_path: Path) -> None:
    os.mkdir(os.fsencode(tmp_path) + b"/bad\xff")
    path, reason = only_problem(folder(tmp_path).scan().problems)
    assert (path, reason) == ("bad\ufffd", LibraryReason.UNREADABLE_TEXT)


@pytest.mark.parametrize("name", ["missing", "a-file"])
def test_a_folder_that_cannot_be_listed_is_an_error(tmp_path: Path, name: str) -> None:
    (tmp_path / "a-file").write_text("x")
    with pytest.raises(LibraryUnreadable, match=name):
        folder(tmp_path / name).scan()


MUTATIONS = st.one_of(
    st.tuples(st.just("truncate"), st.integers(0, 2_000), st.just(b"")),
    st.tuples(st.just("splice"), st.integers(0, 2_000), st.binary(max_size=40)),
    st.tuples(st.just("replace"), st.just(0), st.binary(max_size=120)),
    st.tuples(st.just("swap"), st.integers(0, len(FILES) - 1), st.just(b"")),
)


def mutated(path: str, kind: str, number: int, data: bytes) -> bytes:
    """Return the bytes of a file of the small library after one mutation."""
    old = FILES[path].encode()
    if kind == "truncate":
        return old[:number]
    if kind == "splice":
        return old[:number] + data + old[number + len(data) :]
    return list(FILES.values())[number].encode() if kind == "swap" else data


@settings(max_examples=120, deadline=None)
@given(st.sampled_from(sorted(FILES)), MUTATIONS)
def test_no_content_of_any_file_raises_and_every_loss_is_listed(
    path: str, mutation: tuple[str, int, bytes]
) -> None:
    data = mutated(path, *mutation)
    with tempfile.TemporaryDirectory() as name:
        library = folder(write_library(Path(name), {**FILES, path: data}))
        scan = library.scan()
        readings = {found.path: library.read_skill(found) for found in scan.skills}
    problems = [*scan.problems, *(p for reading in readings.values() for p in reading.problems)]
    assert list(readings) == SKILLS
    assert all(reading.skill for reading in readings.values())
    if path.endswith(".json") and not path.startswith(("_drafts", "_templates")):
        try:
            is_lost = not isinstance(json.loads(data.decode("utf-8-sig")), dict)
        except (ValueError, RecursionError):
            is_lost = True
        assert is_lost <= any(problem.path.startswith(path) for problem in problems)
    for reading in readings.values():
        if reading.skill and f"{reading.skill.path}/SKILL.md" == path:
            assert reading.skill.content == data
