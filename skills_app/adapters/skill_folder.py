"""Skill folders on disk, read as they are to be judged; nothing is followed, executed or changed."""

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from skills_app.domain.bundle import BundleFile
from skills_app.domain.errors import LibraryUnreadable
from skills_app.domain.findings import MAIN_FILE

# A file that is larger is known by its size alone.
READ_BYTES = 2 * 1024 * 1024
_LEFT_OUT = frozenset({".git", ".hg", ".svn", ".skill-fleet", "__pycache__", "node_modules", ".DS_Store"})


@dataclass(frozen=True, slots=True)
class SkillOnDisk:
    """A skill as it lies on disk. ``document`` is its bytes; ``files`` is None when a file was named and not its folder.

    ``path`` is the document's path as a person would write it.
    """

    path: Path
    document: bytes
    folder_name: str | None
    files: tuple[BundleFile, ...] | None
    empty_folders: tuple[str, ...] = ()


def skills_on_disk(target: Path) -> Iterator[SkillOnDisk]:
    """Yield the skill that ``target`` names (a document or its folder), or every skill in the folders below it.

    Raises:
        LibraryUnreadable: there is nothing at ``target``, no skill below it, or it may not be read.
    """
    try:
        if target.is_file():
            yield SkillOnDisk(target, target.read_bytes(), target.absolute().parent.name, None)
            return
        if not target.is_dir():
            raise LibraryUnreadable(
                f"There is nothing at {target}. Name a skill's folder or its {MAIN_FILE}."
            )
        folders = [Path(place) for place, _, names in _walk(target) if MAIN_FILE in names]
        if not folders:
            raise LibraryUnreadable(f"No folder at or below {target} holds a {MAIN_FILE}.")
        for folder in folders:
            yield _read(folder)
    except OSError as error:
        raise LibraryUnreadable(f"{error.filename or target} could not be read: {error.strerror}.") from error


def _walk(folder: Path) -> Iterator[tuple[str, list[str], list[str]]]:
    def fail(error: OSError) -> None:
        raise error

    for place, folders, names in os.walk(folder, onerror=fail):
        folders[:] = sorted(name for name in folders if name not in _LEFT_OUT)
        yield place, folders, sorted(name for name in names if name not in _LEFT_OUT)


def _read(folder: Path) -> SkillOnDisk:
    files, empty = [], []
    for place, folders, names in _walk(folder):
        inside = Path(place).relative_to(folder)
        if not folders and not names and Path(place) != folder:
            empty.append(inside.as_posix())
        linked = [name for name in folders if (Path(place) / name).is_symlink()]
        for name in [*linked, *names]:
            path = (inside / name).as_posix()
            if path != MAIN_FILE:
                files.append(_file(Path(place) / name, path))
    main = folder / MAIN_FILE
    return SkillOnDisk(main, main.read_bytes(), folder.absolute().name, tuple(files), tuple(empty))


def _file(where: Path, path: str) -> BundleFile:
    found = where.lstat()
    if stat.S_ISLNK(found.st_mode):
        return BundleFile(path, 0, is_symlink=True)
    text = None
    if stat.S_ISREG(found.st_mode) and found.st_size <= READ_BYTES:
        data = where.read_bytes()
        try:
            text = None if b"\x00" in data else data.decode("utf-8")
        except UnicodeDecodeError:
            text = None
    return BundleFile(path, found.st_size, text, bool(found.st_mode & 0o111))
