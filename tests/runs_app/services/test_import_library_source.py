"""A library as a source: its state, its problems, and the command."""

from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from runs_app.models import ImportProblem, Source
from runs_app.services.import_library_source import import_library_source
from skills_app.domain.errors import LibraryUnreadable
from skills_app.models import Skill
from tests.skills_app.adapters.small_library import DOCUMENT, FILES, write_library

pytestmark = pytest.mark.django_db


def command(*words: str) -> tuple[str, str]:
    """Run the command and return what it printed, output and errors."""
    out, err = StringIO(), StringIO()
    call_command("import_library", *words, stdout=out, stderr=err)
    return out.getvalue(), err.getvalue()


def test_an_import_keeps_a_source_with_its_state(tmp_path: Path) -> None:
    import_library_source(folder=write_library(tmp_path))
    source = Source.objects.get()
    assert (source.kind, source.state, source.address) == (
        "library_folder",
        "current",
        str(tmp_path.resolve()),
    )
    assert (source.progress_done, source.revision, source.num_failures) == (4, 1, 0)
    assert source.last_synced_at is not None
    import_library_source(folder=tmp_path)
    assert Source.objects.get().revision == 1


def test_a_problem_opens_and_closes_with_its_cause(tmp_path: Path) -> None:
    write_library(tmp_path, {**FILES, "old/place/docker/metadata.json": "{"})
    import_library_source(folder=tmp_path)
    problem = ImportProblem.objects.get()
    assert (problem.path, problem.reason) == ("old/place/docker/metadata.json", "unreadable_json")
    assert (problem.closed_at, problem.stage, problem.run_id) == (None, "library", "")
    import_library_source(folder=tmp_path)
    again = ImportProblem.objects.get()
    assert (again.first_seen_at, again.closed_at) == (problem.first_seen_at, None)
    assert again.last_seen_at > problem.last_seen_at
    import_library_source(folder=write_library(tmp_path))
    assert ImportProblem.objects.get().closed_at is not None


def test_an_index_outside_is_remembered(tmp_path: Path) -> None:
    library = write_library(
        tmp_path / "skills", {p: t for p, t in FILES.items() if p != "taxonomy_index.json"}
    )
    index = tmp_path / "index.json"
    index.write_text(FILES["taxonomy_index.json"])
    import_library_source(folder=library, index=index)
    assert Skill.objects.filter(path="devops/docker").exists()
    result = import_library_source(folder=library)
    assert (result.created, result.updated, len(result.unchanged)) == ((), (), 4)


def test_a_folder_that_went_away_leaves_a_stale_source(tmp_path: Path) -> None:
    library = write_library(tmp_path / "skills")
    import_library_source(folder=library)
    library.rename(tmp_path / "elsewhere")
    with pytest.raises(LibraryUnreadable):
        import_library_source(folder=library)
    source = Source.objects.get()
    assert (source.state, source.num_failures) == ("stale", 1)
    assert "cannot be read" in source.state_message
    assert Skill.objects.count() == 4


def test_the_command_counts_one_as_one(tmp_path: Path) -> None:
    write_library(tmp_path, {"one/SKILL.md": DOCUMENT.format(name="one"), "README.md": "x"})
    out, _ = command(str(tmp_path))
    assert "Imported 1 skill: 1 created, 0 updated, 0 unchanged; " in out
    assert "1 file lies in no skill and was left out." in out


def test_the_command_sums_up_what_it_did(tmp_path: Path) -> None:
    write_library(tmp_path, {**FILES, "half/metadata.json": "{}", "README.md": "x"})
    out, err = command(str(tmp_path), "-v2")
    assert "Imported 4 skills: 4 created, 0 updated, 0 unchanged; 4 new categories; 1 problem." in out
    assert "2 files lie in no skill and were left out." in out
    assert "  created devops/docker" in out
    assert "half: half has metadata.json but no SKILL.md" in err
    out, _ = command(str(tmp_path))
    assert "0 created, 0 updated, 4 unchanged; 0 new categories" in out


def test_the_commands_dry_run_writes_nothing(tmp_path: Path) -> None:
    out, _ = command(str(write_library(tmp_path)), "--dry-run")
    assert "Would import 4 skills: 4 created" in out
    assert not Skill.objects.exists()
    assert not Source.objects.exists()


@pytest.mark.parametrize(
    ("words", "message"), [(["missing"], "cannot be read"), ([".", "--index", "none.json"], "no index file")]
)
def test_the_command_says_what_is_not_there(tmp_path: Path, words: list[str], message: str) -> None:
    with pytest.raises(CommandError, match=message):
        command(str(tmp_path / words[0]), *words[1:])
