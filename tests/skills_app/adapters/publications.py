"""Publications for tests, and a plain look at what a library folder holds."""

import os
from pathlib import Path

from skills_app.adapters.published_library import FolderChange, Publication, PublishedLibrary
from skills_app.domain.index_writing import IndexChange, IndexEntry
from skills_app.domain.published_files import PublishedFile, digest_of_files

Tree = dict[str, tuple[bytes, bool]]

ONE = (
    PublishedFile("SKILL.md", b"---\nname: async\n---\n# One\n"),
    PublishedFile("scripts/run.sh", b"echo one\n", True),
    PublishedFile("references/only-in-one.md", b"# One\n"),
)
TWO = (
    PublishedFile("SKILL.md", b"---\nname: async\n---\n# Two, longer than one\n"),
    PublishedFile("scripts/run.sh", b"echo two\n", True),
    PublishedFile("assets/deep/only-in-two.bin", bytes(range(256))),
)


def publication(
    files: tuple[PublishedFile, ...] | None,
    *,
    path: str = "python/async",
    replaces: tuple[PublishedFile, ...] | None = None,
    leaves: str = "",
    left: tuple[PublishedFile, ...] = (),
) -> Publication:
    """Publish ``files`` (None: withdraw them) at ``path``; with ``leaves`` the folder there, holding ``left``, goes."""
    allowed = frozenset({digest_of_files(replaces) if replaces else ""})
    changes = [FolderChange(path, files, allowed)]
    if leaves:
        changes.append(FolderChange(leaves, None, frozenset({digest_of_files(left)})))
    entry = None
    if files is not None:
        entry = IndexEntry(path, "active", "1.0.0", digest_of_files(files)).as_data()
    index = IndexChange("python-async", entry, (("python", "Python"),), "2026-11-20T10:00:00Z")
    return Publication("p1", tuple(changes), index, "Publish python/async 1.0.0\n")


def publish(root: Path, wanted: Publication) -> object:
    """Publish in the library at ``root`` and return the outcome."""
    library = PublishedLibrary(root)
    with library.held():
        return library.publish(wanted)


def tree(root: Path) -> Tree:
    """Return every file below ``root`` with content and mode, but for our own folder and git's."""
    found: Tree = {}
    for place, folders, names in os.walk(root):
        folders[:] = [name for name in folders if name not in {".skill-fleet", ".git"}]
        for name in names:
            path = Path(place) / name
            mode = bool(path.stat().st_mode & 0o100)
            found[path.relative_to(root).as_posix()] = (path.read_bytes(), mode)
    return found


def folder(root: Path, path: str = "python/async") -> Tree:
    """Return the files of one folder."""
    return {name: value for name, value in tree(root).items() if name.startswith(f"{path}/")}


def tree_of(files: tuple[PublishedFile, ...], path: str = "python/async") -> Tree:
    """Return what ``folder`` returns when it holds ``files``."""
    return {f"{path}/{file.path}": (file.data, file.is_executable) for file in files}


def leftovers(root: Path) -> set[str]:
    """Return what lies in our own folder besides lock and ignore file."""
    return set(os.listdir(root / ".skill-fleet")) - {"lock", ".gitignore"}
