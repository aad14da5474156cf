"""Commit what was published, when the library folder is a git work tree, and touch nothing else in it."""

import os
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

SECONDS = 60
NAME, EMAIL = "Skill Fleet", "skill-fleet@localhost"
_SETTINGS = (
    "commit.gpgsign=false",
    "core.hooksPath=/dev/null",
    "core.fsmonitor=false",
    "core.quotePath=false",
    f"user.name={NAME}",
    f"user.email={EMAIL}",
)


@dataclass(frozen=True, slots=True)
class CommitOutcome:
    """The commit's id, empty when there is none, and why there is none where one was to be expected."""

    commit: str = ""
    problem: str = ""


def commit_paths(
    root: Path, paths: Sequence[str], message: str, *, left_out: Sequence[str] = ()
) -> CommitOutcome:
    """Commit ``paths`` below ``root`` alone, but for ``left_out`` inside them; what people have staged elsewhere stays staged. Never raises.

    Nothing happens in a folder that is no work tree, or that the work tree around it ignores. Hooks do not run. Where
    nothing differs, the last commit of these paths is returned.
    """
    try:
        if not _is_work_tree(root):
            return CommitOutcome()
        wanted = [f":(literal){path}" for path in _known(root, paths)]
        unwanted = [f":(exclude,literal){path}" for path in left_out]
        return _commit(root, [*wanted, *unwanted] if wanted else [], message)
    except FileNotFoundError:
        return CommitOutcome()
    except subprocess.TimeoutExpired:
        return CommitOutcome(problem=f"git did not answer within {SECONDS} seconds; commit the change there.")
    except OSError as error:
        return CommitOutcome(problem=f"git could not be started: {error.strerror}.")


def _commit(root: Path, paths: list[str], message: str) -> CommitOutcome:
    if not paths:
        return CommitOutcome()
    added = _git(root, "add", "--all", "--", *paths)
    if added.returncode:
        return CommitOutcome(problem=_words(added))
    if not _git(root, "status", "--porcelain", "--", *paths).stdout.strip():
        return CommitOutcome(_git(root, "log", "-1", "--format=%H", "--", *paths).stdout.strip())
    done = _git(root, "commit", "--quiet", "--only", "--file=-", "--", *paths, text=message)
    if done.returncode:
        _git(root, "reset", "--quiet", "--", *paths)
        return CommitOutcome(problem=_words(done))
    return CommitOutcome(_git(root, "rev-parse", "HEAD").stdout.strip())


def _is_work_tree(root: Path) -> bool:
    found = _git(root, "rev-parse", "--is-inside-work-tree")
    return found.stdout.strip() == "true" and _git(root, "check-ignore", "--quiet", "--", ".").returncode == 1


def _known(root: Path, paths: Sequence[str]) -> list[str]:
    """Return those of ``paths`` that lie there or did so in the last commit, and are not ignored; git refuses others."""
    gone = [path for path in paths if not os.path.lexists(root / path)]
    listed = _git(root, "ls-files", "-z", "--", *(f":(literal){path}" for path in gone)) if gone else None
    tracked: set[str] = set()
    for name in listed.stdout.split("\0") if listed else ():
        while name and name not in tracked:
            tracked.add(name)
            name = name.rpartition("/")[0]
    ignored = set(_git(root, "check-ignore", "-z", "--stdin", text="\0".join(paths)).stdout.split("\0"))
    missing = {path for path in gone if path not in tracked}
    return [path for path in paths if path not in missing and path not in ignored]


def _git(root: Path, *arguments: str, text: str = "") -> "subprocess.CompletedProcess[str]":
    environment = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    environment |= {"GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C"}
    settings = [part for setting in _SETTINGS for part in ("-c", setting)]
    return subprocess.run(
        ["git", *settings, *arguments],
        cwd=root,
        env=environment,
        input=text,
        capture_output=True,
        encoding="utf-8",
        errors="replace",
        timeout=SECONDS,
        check=False,
    )


def _words(done: "subprocess.CompletedProcess[str]") -> str:
    said = (done.stderr or done.stdout).strip().splitlines()
    return f"git says: {said[0][:300] if said else 'nothing'}. Commit the change there."
