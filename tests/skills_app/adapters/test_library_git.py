"""A commit of what was published, and of nothing else."""

import subprocess
from pathlib import Path

import pytest

from skills_app.adapters.library_git import commit_paths
from tests.skills_app.adapters.publications import ONE, TWO, publication, publish


def git(root: Path, *arguments: str) -> str:
    done = subprocess.run(
        ["git", "-c", "user.name=ada", "-c", "user.email=ada@localhost", *arguments],
        cwd=root,
        check=True,
        capture_output=True,
        text=True,
    )
    return done.stdout.strip()


@pytest.fixture
def work_tree(tmp_path: Path) -> Path:
    """A repository with one commit, a change that ada has staged, and one that she has not."""
    git(tmp_path, "init", "--quiet")
    for name in ("staged.md", "unstaged.md"):
        (tmp_path / name).write_text("before\n")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "--quiet", "-m", "start")
    (tmp_path / "staged.md").write_text("after\n")
    git(tmp_path, "add", "staged.md")
    (tmp_path / "unstaged.md").write_text("after\n")
    (tmp_path / "new.md").write_text("new\n")
    return tmp_path


def test_a_publication_is_one_commit_and_leaves_what_people_staged(work_tree: Path) -> None:
    outcome = publish(work_tree, publication(ONE))

    assert outcome.commit == git(work_tree, "rev-parse", "HEAD")
    assert outcome.problem == ""
    assert git(work_tree, "show", "--name-only", "--format=%an <%ae> %s", "HEAD").split("\n") == [
        "Skill Fleet <skill-fleet@localhost> Publish python/async 1.0.0",
        "",
        "python/async/SKILL.md",
        "python/async/references/only-in-one.md",
        "python/async/scripts/run.sh",
        "taxonomy_index.json",
    ]
    assert git(work_tree, "status", "--porcelain").split("\n") == [
        "M  staged.md",
        " M unstaged.md",
        "?? new.md",
    ]


def test_files_that_went_and_modes_are_committed_too(work_tree: Path) -> None:
    publish(work_tree, publication(ONE))
    publish(work_tree, publication(TWO, replaces=ONE))

    listed = git(work_tree, "ls-tree", "-r", "HEAD", "--", "python")
    assert "only-in-one" not in listed
    assert "100755" in next(line for line in listed.split("\n") if line.endswith("run.sh"))
    publish(work_tree, publication(None, replaces=TWO))
    assert git(work_tree, "ls-tree", "-r", "HEAD", "--", "python") == ""
    assert "M  staged.md" in git(work_tree, "status", "--porcelain")


def test_a_skill_inside_the_folder_is_not_committed(work_tree: Path) -> None:
    publish(work_tree, publication(ONE))
    inner = work_tree / "python/async/inner"
    inner.mkdir()
    (inner / "SKILL.md").write_text("theirs, not yet committed\n")

    outcome = publish(work_tree, publication(TWO, replaces=ONE))

    assert outcome.problem == ""
    assert "?? python/async/inner/" in git(work_tree, "status", "--porcelain")


def test_a_library_below_the_top_of_the_work_tree_is_committed(work_tree: Path) -> None:
    outcome = publish(work_tree / "skills", publication(ONE))

    assert "skills/python/async/SKILL.md" in git(work_tree, "show", "--name-only", outcome.commit)


def test_the_first_commit_of_a_repository_is_made(tmp_path: Path) -> None:
    git(tmp_path, "init", "--quiet")

    outcome = publish(tmp_path, publication(ONE))

    assert outcome.commit == git(tmp_path, "rev-parse", "HEAD")


def test_a_folder_that_is_ignored_or_no_work_tree_is_left_alone(work_tree: Path, tmp_path: Path) -> None:
    (work_tree / ".gitignore").write_text("/data/\n")
    head = git(work_tree, "rev-parse", "HEAD")

    ignored = publish(work_tree / "data" / "library", publication(ONE))

    assert (ignored.commit, ignored.problem) == ("", "")
    assert git(work_tree, "rev-parse", "HEAD") == head


def test_nothing_new_gives_the_commit_that_is_there(work_tree: Path) -> None:
    first = publish(work_tree, publication(ONE))

    again = commit_paths(work_tree, ["python/async", "taxonomy_index.json"], "again\n")

    assert again == type(again)(first.commit)


def test_hooks_do_not_run(work_tree: Path) -> None:
    hook = work_tree / ".git/hooks/pre-commit"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text("#!/bin/sh\ntouch ran\nexit 1\n")
    hook.chmod(0o755)

    outcome = publish(work_tree, publication(ONE))

    assert outcome.commit
    assert not (work_tree / "ran").exists()


def test_what_git_refuses_is_said_and_the_publication_stands(work_tree: Path) -> None:
    (work_tree / ".git/index.lock").write_text("")

    outcome = publish(work_tree, publication(ONE))

    assert outcome.is_done
    assert outcome.commit == ""
    assert "index.lock" in outcome.problem
    assert (work_tree / "python/async/SKILL.md").exists()


def test_in_the_middle_of_a_merge_nothing_stays_staged(work_tree: Path) -> None:
    git(work_tree, "stash", "--include-untracked")
    git(work_tree, "checkout", "--quiet", "-b", "other")
    (work_tree / "other.md").write_text("other\n")
    git(work_tree, "add", ".")
    git(work_tree, "commit", "--quiet", "-m", "other")
    git(work_tree, "checkout", "--quiet", "-")
    git(work_tree, "merge", "--no-ff", "--no-commit", "other")

    outcome = publish(work_tree, publication(ONE))

    assert "merge" in outcome.problem
    assert git(work_tree, "status", "--porcelain").split("\n") == [
        "A  other.md",
        "?? python/",
        "?? taxonomy_index.json",
    ]


def test_without_git_there_is_no_commit(work_tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")

    assert publish(work_tree, publication(ONE)).commit == ""
