"""What lies in one skill's folder of a library, read so strictly that nothing of other people's is overlooked."""

import hashlib
import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from skills_app.domain.digests import version_digest
from skills_app.domain.findings import MAIN_FILE
from skills_app.domain.published_files import folder_digest

NOTHING = ""
_PIECE = 1024 * 1024
_CACHES = frozenset({"__pycache__", ".DS_Store"})
_REPOSITORIES = frozenset({".git", ".hg", ".svn"})


@dataclass(slots=True)
class FolderState:
    """The digest of a folder's own files (empty: none), skills that lie inside it, and what no digest can speak for.

    ``version_digest`` is the one that a version with these files has; unlike ``digest`` it knows no modes.
    """

    digest: str = NOTHING
    version_digest: str = NOTHING
    exists: bool = False
    nested: list[str] = field(default_factory=list)
    obstacles: list[str] = field(default_factory=list)


def folder_state(folder: Path) -> FolderState:
    """Return the state of ``folder``; one that is absent is empty.

    Caches of editors and interpreters do not count. A folder inside that has a SKILL.md is a skill of its own.

    Raises:
        OSError: the disk refuses to read it.
    """
    state = FolderState()
    try:
        mode = os.lstat(folder).st_mode
    except (FileNotFoundError, NotADirectoryError):
        return state
    state.exists = True
    if not stat.S_ISDIR(mode):
        state.obstacles.append(f"{folder.name} is a file or a link")
        return state
    found: list[tuple[str, str, bool]] = []
    _walk(folder, "", state, found)
    if found:
        state.digest = folder_digest(found)
        files = {path: digest for path, digest, _ in found}
        state.version_digest = version_digest(files.pop(MAIN_FILE, ""), files.items())
    return state


def nested_skills(folder: Path, prefix: str = "") -> Iterator[str]:
    """Yield the skills that lie inside ``folder``, by their paths from it; what lies inside those is not looked at.

    Raises:
        OSError: the disk refuses to read it.
    """
    try:
        with os.scandir(folder) as scanner:
            entries = sorted(scanner, key=lambda entry: entry.name)
    except (FileNotFoundError, NotADirectoryError):
        return
    if prefix and any(entry.name == MAIN_FILE and entry.is_file(follow_symlinks=False) for entry in entries):
        yield prefix
        return
    for entry in entries:
        if entry.name not in _CACHES | _REPOSITORIES and entry.is_dir(follow_symlinks=False):
            yield from nested_skills(folder / entry.name, f"{prefix}/{entry.name}" if prefix else entry.name)


def _walk(folder: Path, prefix: str, state: FolderState, found: list[tuple[str, str, bool]]) -> None:
    with os.scandir(folder) as scanner:
        entries = sorted(scanner, key=lambda entry: entry.name)
    if prefix and any(entry.name == MAIN_FILE and entry.is_file(follow_symlinks=False) for entry in entries):
        state.nested.append(prefix)
        return
    for entry in entries:
        path = f"{prefix}/{entry.name}" if prefix else entry.name
        mode = entry.stat(follow_symlinks=False).st_mode
        if entry.name in _CACHES:
            continue
        if entry.name in _REPOSITORIES:
            state.obstacles.append(f"{path} is a repository")
        elif stat.S_ISDIR(mode):
            _walk(folder / entry.name, path, state, found)
        elif stat.S_ISREG(mode):
            found.append((_text(path), _digest(folder / entry.name), bool(mode & stat.S_IXUSR)))
        else:
            state.obstacles.append(f"{_text(path)} is a link or no file")


def _digest(path: Path) -> str:
    digest = hashlib.sha256()
    with os.fdopen(os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK), "rb") as stream:
        while piece := stream.read(_PIECE):
            digest.update(piece)
    return digest.hexdigest()


def _text(path: str) -> str:
    return os.fsencode(path).decode("utf-8", "backslashreplace")
