"""Folders that move together: all or none, whenever the process ends and whatever the disk refuses."""

import errno
import itertools
import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from skills_app.adapters import library_moves
from skills_app.adapters.library_moves import FolderMove, LibraryMove
from skills_app.adapters.published_library import PublicationOutcome, PublishedLibrary
from skills_app.domain.errors import PublishingConflict, PublishingError
from skills_app.domain.index_moving import EntryMove, IndexMoves
from tests.skills_app.adapters.dying_process import run_and_die
from tests.skills_app.adapters.publications import Tree, tree

# Two branches change places, a skill leaves one of them, and the skill inside another one stays.
MOVES = (
    FolderMove("a", "b"),
    FolderMove("b", "a"),
    FolderMove("b/y", "c/d/y"),
    FolderMove("e", "f"),
    FolderMove("e/in", "e/in"),
)
ENTRIES = (EntryMove("a/x", "b/x", {}), EntryMove("b/y", "c/d/y", {}), EntryMove("e", "f", {}))
MOVE = LibraryMove("change:1:applied", MOVES, IndexMoves(ENTRIES, (), "now"), "Move\n")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = tmp_path / "library"
    for path in ("a/x", "a/z", "b/y", "b/w", "e", "e/in"):
        (root / path).mkdir(parents=True, exist_ok=True)
        (root / path / "SKILL.md").write_text(path)
    (root / "a/README.md").write_text("of a")
    paths = {"x": "a/x", "y": "b/y", "e": "e"}
    entries = {key: {"canonical_path": path, "taxonomy_location": ""} for key, path in paths.items()}
    (root / "taxonomy_index.json").write_text(json.dumps({"skills": entries}))
    return root


def move(root: Path, wanted: LibraryMove = MOVE, *, is_kept: bool = True) -> PublicationOutcome | None:
    library = PublishedLibrary(root)
    with library.held():
        journal = library.begin_move(wanted)
        if is_kept:
            return library.end_move(journal)
        library.take_back(journal)
        return None


def settle(root: Path, *, is_kept: bool) -> list[PublicationOutcome]:
    with PublishedLibrary(root).held(
        is_kept=lambda reference: is_kept and reference == MOVE.reference
    ) as done:
        return done


def places(root: Path) -> dict[str, str]:
    return {path: data.decode() for path, (data, _) in tree(root).items() if not path.endswith(".json")}


AFTER = {
    "b/x/SKILL.md": "a/x",
    "b/z/SKILL.md": "a/z",
    "b/README.md": "of a",
    "a/w/SKILL.md": "b/w",
    "c/d/y/SKILL.md": "b/y",
    "f/SKILL.md": "e",
    "e/in/SKILL.md": "e/in",
}


def check_clean(root: Path) -> None:
    assert set(os.listdir(root / ".skill-fleet")) <= {"lock", ".gitignore"}


def test_all_folders_move_at_once_with_the_index(root: Path) -> None:
    move(root)
    assert places(root) == AFTER
    skills = json.loads((root / "taxonomy_index.json").read_text())["skills"]
    assert {key: one["canonical_path"] for key, one in skills.items()} == {"x": "b/x", "y": "c/d/y", "e": "f"}
    check_clean(root)


def test_a_move_that_is_taken_back_leaves_everything_as_it_was(root: Path) -> None:
    before = tree(root)
    move(root, is_kept=False)
    assert tree(root) == before
    assert sorted(os.listdir(root)) == [".skill-fleet", "a", "b", "e", "taxonomy_index.json"]
    check_clean(root)


@pytest.mark.parametrize("is_kept", [True, False])
def test_a_process_killed_at_any_moment_leaves_what_the_next_look_ends(
    root: Path, tmp_path: Path, is_kept: bool
) -> None:
    before = tree(root)
    shutil.copytree(root, tmp_path / "moved")
    move(tmp_path / "moved")
    after, seen = tree(tmp_path / "moved"), set[bool]()
    for call in itertools.count(1, 3):
        once = tmp_path / f"at-{call}"
        shutil.copytree(root, once)
        is_over = run_and_die(lambda once=once: move(once), before_call=call)
        is_written = PublishedLibrary(once).is_unfinished or tree(once) == after
        # The look that ends it may be killed, too.
        if not is_over:
            run_and_die(lambda once=once: settle(once, is_kept=is_kept), before_call=1 + call % 23)
        settle(once, is_kept=is_kept)
        if not is_over:
            check_ended(once, before, after, is_written=is_written, is_kept=is_kept)
        seen.add(is_written)
        shutil.rmtree(once)
        if is_over:
            break
    assert seen == {True, False}


def check_ended(root: Path, before: Tree, after: Tree, *, is_written: bool, is_kept: bool) -> None:
    now = tree(root)
    assert now in (before, after)
    if is_written and now == before:
        assert not is_kept
    assert not PublishedLibrary(root).is_unfinished
    check_clean(root)


def test_something_in_the_way_is_named_and_nothing_moves(root: Path) -> None:
    (root / "f").mkdir()
    (root / "f/notes.txt").write_text("mine")
    before = tree(root)
    with pytest.raises(PublishingConflict, match=r"/f lies something already"):
        move(root)
    assert tree(root) == before
    check_clean(root)


def test_a_link_is_not_followed(root: Path, tmp_path: Path) -> None:
    (tmp_path / "elsewhere/k").mkdir(parents=True)
    (root / "l").symlink_to(tmp_path / "elsewhere")
    for source in ("l", "l/k"):
        with pytest.raises(PublishingConflict, match="is a link"):
            move(root, LibraryMove("change:1:applied", (FolderMove(source, "m"),), IndexMoves(), ""))
    assert (tmp_path / "elsewhere/k").is_dir()
    check_clean(root)


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (errno.ENOSPC, "no room on the disk"),
        (errno.EROFS, "may not be written"),
        (errno.EACCES, "may not be"),
    ],
)
@pytest.mark.parametrize("at", [1, 3, 7, 10])
def test_a_disk_that_refuses_in_the_middle_leaves_the_old_state_and_says_so(
    root: Path, monkeypatch: pytest.MonkeyPatch, number: int, words: str, at: int
) -> None:
    before, rename, made = tree(root), os.rename, itertools.count(1)

    def refusing(source: Path, target: Path) -> None:
        if next(made) == at:
            raise OSError(number, os.strerror(number))
        rename(source, target)

    monkeypatch.setattr(library_moves.os, "rename", refusing)
    with pytest.raises(PublishingError, match=words):
        move(root)
    assert tree(root) == before
    check_clean(root)


def test_git_sees_the_moves_as_renames_and_nothing_else(root: Path) -> None:
    def git(*words: str) -> str:
        names = ("-c", "user.name=n", "-c", "user.email=e@localhost")
        return subprocess.run(
            ["git", *names, *words], cwd=root, check=True, capture_output=True, text=True
        ).stdout

    git("init", "--quiet")
    git("add", "--all")
    git("commit", "--quiet", "--message=start")
    (root / "elsewhere.txt").write_text("not ours")
    outcome = move(root)
    assert outcome is not None
    assert outcome.commit == git("rev-parse", "HEAD").strip()
    told = git("show", "--name-status", "--find-renames", "--format=%s", "HEAD").split("\n")
    assert told[0] == "Move"
    renames = {tuple(line.split("\t")[1:]) for line in told if line.startswith("R")}
    assert {("a/x/SKILL.md", "b/x/SKILL.md"), ("b/y/SKILL.md", "c/d/y/SKILL.md")} <= renames
    assert not [line for line in told if line.startswith(("A", "D"))]
    assert git("status", "--porcelain").split() == ["??", "elsewhere.txt"]


def test_moving_without_the_lock_is_a_fault_of_the_caller(root: Path) -> None:
    with pytest.raises(RuntimeError, match="inside held"):
        PublishedLibrary(root).begin_move(MOVE)
