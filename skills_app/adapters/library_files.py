"""Files of a library on disk: no link is followed, no special file opened, and every refusal is a problem."""

import hashlib
import json
import os
import stat
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, BinaryIO

from skills_app.domain.library_problems import LibraryProblem, LibraryReason, library_problem
from skills_app.domain.records import FileRecord
from skills_app.domain.storable import storable_text

LEFT_OUT = frozenset({".git", ".hg", ".svn", ".skill-fleet", "__pycache__", ".DS_Store"})
PIECE_BYTES = 1024 * 1024


class LibraryFiles:
    """The files below ``root``; paths are relative with ``/``. No more than ``limit_bytes`` of a file are ever held.

    Each method notes in ``problems`` what it could not read and goes on; none raises.
    """

    def __init__(self, root: Path, *, limit_bytes: int) -> None:
        self.root = root
        self.limit_bytes = limit_bytes

    def entries(self, prefix: str, problems: list[LibraryProblem]) -> list["os.DirEntry[str]"]:
        """Return the files and folders at ``prefix`` by name; each link, odd file and bad name is a problem instead."""
        try:
            with os.scandir(self.root / prefix) as scanner:
                entries = sorted(scanner, key=lambda entry: entry.name)
        except OSError as error:
            problems.append(unreadable(prefix or ".", error))
            return []
        kept = []
        for entry in entries:
            path = f"{prefix}/{entry.name}" if prefix else entry.name
            if entry.name in LEFT_OUT:
                continue
            if storable_text(entry.name) != entry.name:
                shown = storable_text(path)
                message = f"The name of {shown} is not UTF-8, so it was not read."
                problems.append(
                    library_problem(shown, LibraryReason.UNREADABLE_TEXT, message, "Rename the file.")
                )
            elif entry.is_symlink():
                message = f"{path} is a symbolic link; it is not followed."
                problems.append(library_problem(path, LibraryReason.LEAVES_SOURCE, message))
            elif is_kind(entry, stat.S_ISREG) or is_kind(entry, stat.S_ISDIR):
                kept.append(entry)
            else:
                message = f"{path} is neither a file nor a folder."
                problems.append(library_problem(path, LibraryReason.WRONG_SHAPE, message, "Remove it."))
        return kept

    def read_json(self, path: Path, label: str, problems: list[LibraryProblem]) -> Any:
        """Return the parsed JSON of a file, or None after noting why not; ``label`` is its path as shown to people."""
        data = self.read_bytes(path, label, problems)
        return None if data is None else json_value(data, label, problems)

    def read_file(
        self, prefix: str, name: str, path: str, limit: int, problems: list[LibraryProblem]
    ) -> FileRecord | None:
        """Return the file ``name`` in ``prefix`` as a skill's file ``path``, or None after noting why not.

        Its digest is of all its bytes; over ``limit`` bytes it is noted and kept without them.
        """
        label = f"{prefix}/{name}"
        if len(path) > 512:
            message = f"The path of {label[:80]}… is too long to be kept."
            problems.append(
                library_problem(label[:900], LibraryReason.TOO_LARGE, message, "Rename the file.")
            )
            return None
        digest, size, kept = hashlib.sha256(), 0, bytearray()
        try:
            with _open(self.root / label) as stream:
                mode = os.fstat(stream.fileno()).st_mode
                while piece := stream.read(PIECE_BYTES):
                    digest.update(piece)
                    size += len(piece)
                    if size <= limit:
                        kept += piece
        except (OSError, ValueError) as error:
            problems.append(unreadable(label, error))
            return None
        if size > limit:
            message = f"{label} has {size:,} bytes, over the limit of {limit:,}; only its digest is kept."
            problems.append(library_problem(label, LibraryReason.TOO_LARGE, message))
        data = bytes(kept) if size <= limit else None
        return FileRecord(path, size, digest.hexdigest(), data, bool(mode & stat.S_IXUSR))

    def read_bytes(self, path: Path, label: str, problems: list[LibraryProblem]) -> bytes | None:
        """Return the bytes of a file within the limit, or None after noting why not."""
        try:
            with _open(path) as stream:
                data = stream.read(self.limit_bytes + 1)
        except (OSError, ValueError) as error:
            problems.append(unreadable(label, error))
            return None
        if len(data) > self.limit_bytes:
            message = f"{label} is larger than the limit of {self.limit_bytes:,} bytes, so it was not read."
            problems.append(library_problem(label, LibraryReason.TOO_LARGE, message))
            return None
        return data

    def modified_at(self, path: str) -> datetime:
        """Return when a file was last changed, in UTC; the start of 1970 when the disk does not say."""
        try:
            seconds = os.stat(self.root / path, follow_symlinks=False).st_mtime
            return datetime.fromtimestamp(max(seconds, 0), tz=UTC)
        except (OSError, OverflowError, ValueError):
            return datetime.fromtimestamp(0, tz=UTC)


def _open(path: Path) -> BinaryIO:
    """Open a regular file for reading, refusing a link put in its place since it was listed."""
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    return os.fdopen(descriptor, "rb")


def is_kind(entry: "os.DirEntry[str]", test: Callable[[int], bool]) -> bool:
    """Say whether an entry is of a kind (``stat.S_ISREG``, ``stat.S_ISDIR``), links not followed."""
    try:
        return test(entry.stat(follow_symlinks=False).st_mode)
    except OSError:
        return False


def json_value(data: bytes, label: str, problems: list[LibraryProblem]) -> Any:
    """Return parsed JSON; None (also for a bare null) after noting what is wrong."""
    try:
        value = json.loads(data.decode("utf-8-sig"))
    except UnicodeDecodeError:
        problems.append(library_problem(label, LibraryReason.UNREADABLE_TEXT, f"{label} is not UTF-8."))
        return None
    except (ValueError, RecursionError) as error:
        message = f"{label} is not readable JSON: {why(error)}."
        problems.append(library_problem(label, LibraryReason.UNREADABLE_JSON, message))
        return None
    if value is None:
        problems.append(library_problem(label, LibraryReason.WRONG_SHAPE, f"{label} holds nothing but null."))
    return value


def unreadable(path: str, error: Exception) -> LibraryProblem:
    """Return the problem of a file that the disk refuses to give."""
    is_refused = isinstance(error, PermissionError)
    reason = LibraryReason.PERMISSION if is_refused else LibraryReason.MISSING_FILE
    return library_problem(path, reason, f"{path} cannot be read: {why(error)}.")


def why(error: Exception) -> str:
    """Return the cause of an error as a clause, without a full stop."""
    if isinstance(error, json.JSONDecodeError):
        return f"{error.msg} (line {error.lineno}, column {error.colno})"
    if isinstance(error, RecursionError):
        return "it nests too deep"
    text = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return storable_text(text).rstrip(".")
