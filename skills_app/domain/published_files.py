"""The files of a skill as they are published: their digest, what no folder could hold, and a zip that never varies."""

import io
import unicodedata
import zipfile
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from skills_app.domain.digests import digest_of
from skills_app.domain.findings import MAIN_FILE
from skills_app.domain.paths import lineage, parent_of

EPOCH = (1980, 1, 1, 0, 0, 0)
LONGEST_NAME_BYTES = 255
# What a library's reader leaves out would be lost on the way back.
NEVER_READ = frozenset({".git", ".hg", ".svn", "__pycache__", ".DS_Store", ".skill-fleet"})


@dataclass(frozen=True, slots=True)
class PublishedFile:
    """One file: its path with ``/`` below the skill's folder, its bytes, and whether it may be run."""

    path: str
    data: bytes
    is_executable: bool = False


@dataclass(frozen=True, slots=True)
class Archive:
    """A zip file and its SHA-256 in hex."""

    data: bytes
    digest: str


def folder_digest(files: Iterable[tuple[str, str, bool]]) -> str:
    """Return the SHA-256 over sorted paths, digests and modes: what says that nobody changed a folder."""
    lines = [f"{path}\x00{digest}\x00{'x' if is_run else '-'}\n" for path, digest, is_run in files]
    return digest_of("".join(sorted(lines)))


def digest_of_files(files: Iterable[PublishedFile]) -> str:
    """Return the folder digest of files that are held in memory."""
    return folder_digest((file.path, digest_of(file.data), file.is_executable) for file in files)


def publishing_faults(files: Sequence[PublishedFile]) -> tuple[str, ...]:
    """Return a sentence for each thing that keeps ``files`` from being a skill's folder on every disk."""
    return tuple(dict.fromkeys(_faults(files)))


def _faults(files: Sequence[PublishedFile]) -> Iterator[str]:
    paths = [file.path for file in files]
    if MAIN_FILE not in paths:
        yield f"There is no {MAIN_FILE}."
    folders = {folder for path in paths for folder in lineage(parent_of(path))}
    for path in paths:
        if not _is_safe(path):
            yield f"The file {path[:200]!r} has a path that cannot be written everywhere. Rename it."
        elif path != MAIN_FILE and path.endswith(f"/{MAIN_FILE}"):
            yield f"{path} would be a skill of its own in the library. Rename it."
        elif path in folders:
            yield f"{path} is a file and a folder at once. Rename one of them."
    alike: dict[str, list[str]] = defaultdict(list)
    for path in [*paths, *sorted(folders)]:
        alike[unicodedata.normalize("NFC", path).casefold()].append(path)
    for group in alike.values():
        if len(set(group)) > 1:
            yield f"{' and '.join(sorted(set(group))[:3])} are one file on some disks. Rename one of them."


def _is_safe(path: str) -> bool:
    parts = path.split("/")
    return not (
        any(part in {"", ".", ".."} or part in NEVER_READ for part in parts)
        or any(len(part.encode("utf-8", "replace")) > LONGEST_NAME_BYTES for part in parts)
        or any(part.endswith((" ", ".")) for part in parts)
        or any(unicodedata.category(char) in {"Cc", "Cs"} or char in '\\:*?"<>|' for char in path)
    )


def zip_files(folder: str, files: Iterable[PublishedFile]) -> Archive:
    """Return the files under ``folder`` as a zip whose bytes depend on nothing but names, contents and modes.

    Paths are sorted, times are the start of 1980, and nothing is compressed, because compressors differ between
    machines.
    """
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_STORED) as archive:
        for file in sorted(files, key=lambda file: file.path):
            info = zipfile.ZipInfo(f"{folder}/{file.path}", EPOCH)
            info.create_system = 3
            info.external_attr = (0o100755 if file.is_executable else 0o100644) << 16
            archive.writestr(info, file.data)
    data = stream.getvalue()
    return Archive(data, digest_of(data))
