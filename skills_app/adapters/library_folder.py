"""A folder of skills on disk, read without following a link, running anything or failing as a whole."""

import hashlib
import json
import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from skills_app.domain.documents import parse_document
from skills_app.domain.findings import MAIN_FILE
from skills_app.domain.library_problems import LibraryProblem, LibraryReason
from skills_app.domain.metadata import merge_front_matter, read_metadata
from skills_app.domain.records import FileRecord, SkillMetadata
from skills_app.domain.storable import storable_text
from skills_app.domain.taxonomy_index import TaxonomyIndex, read_index

INDEX_FILE = "taxonomy_index.json"
META_FILE = "taxonomy_meta.json"
METADATA_FILE = "metadata.json"
JSON_FOLDERS = ("_core", "mcp_capabilities", "memory_blocks")
NOT_CATEGORIES = frozenset({"_drafts", "_templates", "_analytics"})
LEFT_OUT = frozenset({".git", ".hg", ".svn", "__pycache__", ".DS_Store"})
MOST_FILES = 2_000
MOST_FOLDERS = 100_000
DEEPEST = 32
MOST_BYTES_OF_ONE_SKILL = 64 * 1024 * 1024
PIECE_BYTES = 1024 * 1024

_REMEDIES = {
    LibraryReason.UNREADABLE_YAML: "Mend the front matter; the document is kept as it is meanwhile.",
    LibraryReason.UNREADABLE_JSON: "Mend the JSON, or restore the file from a copy.",
    LibraryReason.UNREADABLE_TEXT: "Save the file as UTF-8; what cannot be read is shown as � meanwhile.",
    LibraryReason.WRONG_SHAPE: "Compare the file with one of a good skill; what could be read of it is kept.",
    LibraryReason.MISSING_FILE: "Restore the file, or remove what refers to it.",
    LibraryReason.LEAVES_SOURCE: "Replace the link with the file or folder itself.",
    LibraryReason.TOO_LARGE: "Make it smaller, or keep it outside the library.",
    LibraryReason.CONFLICT: "Remove or rename one of the two.",
    LibraryReason.PERMISSION: "Give the account that runs this site the right to read it.",
}


@dataclass(frozen=True, slots=True)
class FoundSkill:
    """Where a skill lies: ``path`` below the library, without ``.json`` for a one-file skill."""

    path: str
    is_json: bool = False


@dataclass(frozen=True, slots=True)
class LibrarySkill:
    """A skill as it was read. ``content`` are the exact bytes of its document; ``metadata`` is merged with its front matter."""

    path: str
    content: bytes
    content_kind: str
    metadata: SkillMetadata
    stated_metadata: dict[str, Any]
    files: tuple[FileRecord, ...]
    made_at: datetime


@dataclass(frozen=True, slots=True)
class SkillReading:
    """A skill, or None when its document could not be read at all, and everything that could not be read of it."""

    skill: LibrarySkill | None
    problems: tuple[LibraryProblem, ...]


@dataclass(frozen=True, slots=True)
class LibraryScan:
    """What lies in a library: skills in the order of their paths, the index if there is one, and what is wrong so far."""

    skills: tuple[FoundSkill, ...]
    index: TaxonomyIndex
    has_index: bool
    stated_total: int | None
    num_other_files: int
    problems: tuple[LibraryProblem, ...]


class LibraryUnreadable(Exception):
    """The folder is not there, is no folder, or may not be read; the message says which."""


@dataclass(slots=True)
class _Found:
    skills: list[FoundSkill] = field(default_factory=list)
    problems: list[LibraryProblem] = field(default_factory=list)
    num_other_files: int = 0
    num_folders: int = 0


class LibraryFolder:
    """A library at ``root``. ``scan`` walks it once; ``read_skill`` reads one skill of it. Files over ``limit_bytes`` are not kept."""

    def __init__(self, root: Path, *, limit_bytes: int, index: Path | None = None) -> None:
        self.root = root
        self.limit_bytes = limit_bytes
        self.index = None if index is None else Path(os.path.realpath(index))

    def scan(self) -> LibraryScan:
        """Return the skills that lie here, without their contents.

        Links are not followed, version control folders are left out, and what cannot be listed is a problem.

        Raises:
            LibraryUnreadable: the folder itself cannot be listed.
        """
        try:
            if not stat.S_ISDIR(os.stat(self.root).st_mode):
                raise LibraryUnreadable(
                    f"{self.root} is not a folder; give the folder that holds the skills."
                )
            os.listdir(self.root)
        except (OSError, ValueError) as error:
            raise LibraryUnreadable(f"{self.root} cannot be read: {_why(error)}.") from error
        found = _Found()
        self._walk("", found, inside_skill=False)
        index, has_index = self._read_index(found)
        found.skills.sort(key=lambda skill: (skill.path, skill.is_json))
        return LibraryScan(
            tuple(found.skills),
            index,
            has_index,
            self._stated_total(found),
            found.num_other_files,
            tuple(found.problems),
        )

    def read_skill(self, found: FoundSkill) -> SkillReading:
        """Return a skill with its files, and what could not be read of it; never raises."""
        problems: list[LibraryProblem] = []
        skill = self._read_json_skill(found, problems) if found.is_json else self._read(found, problems)
        return SkillReading(skill, tuple(problems))

    # The walk

    def _walk(self, prefix: str, found: _Found, *, inside_skill: bool) -> None:
        """Look through the folder at ``prefix`` (empty at the top) in the order of names."""
        entries = self._entries(prefix, found.problems)
        names = {entry.name for entry in entries if _is_kind(entry, stat.S_ISREG)}
        found.num_folders += 1
        if prefix and MAIN_FILE in names:
            found.skills.append(FoundSkill(prefix))
            inside_skill = True
        elif METADATA_FILE in names and prefix and not inside_skill:
            message = f"{prefix} has {METADATA_FILE} but no {MAIN_FILE}, so it is not a skill."
            found.problems.append(_problem(prefix, LibraryReason.MISSING_FILE, message))
        for entry in entries:
            path = f"{prefix}/{entry.name}" if prefix else entry.name
            if _is_kind(entry, stat.S_ISDIR):
                self._walk_into(path, found, inside_skill)
            elif not inside_skill:
                self._take_file(entry, path, prefix, found)

    def _walk_into(self, path: str, found: _Found, inside_skill: bool) -> None:
        if path in NOT_CATEGORIES:
            return
        if path.count("/") + 1 >= DEEPEST or found.num_folders >= MOST_FOLDERS:
            message = f"{path} lies deeper than {DEEPEST} folders, or after {MOST_FOLDERS:,} others; it was not read."
            found.problems.append(_problem(path, LibraryReason.TOO_LARGE, message))
            return
        self._walk(path, found, inside_skill=inside_skill)

    def _take_file(self, entry: "os.DirEntry[str]", path: str, prefix: str, found: _Found) -> None:
        if not _is_kind(entry, stat.S_ISREG):
            return
        if prefix in JSON_FOLDERS and entry.name.endswith(".json"):
            found.skills.append(FoundSkill(path.removesuffix(".json"), is_json=True))
        elif path not in {INDEX_FILE, META_FILE}:
            found.num_other_files += 1

    def _entries(self, prefix: str, problems: list[LibraryProblem]) -> list["os.DirEntry[str]"]:
        """Return the files and folders at ``prefix`` by name; each link, odd file and bad name is a problem instead."""
        try:
            with os.scandir(self.root / prefix) as scanner:
                entries = sorted(scanner, key=lambda entry: entry.name)
        except OSError as error:
            problems.append(_unreadable(prefix or ".", error))
            return []
        kept = []
        for entry in entries:
            path = f"{prefix}/{entry.name}" if prefix else entry.name
            if entry.name in LEFT_OUT:
                continue
            if storable_text(entry.name) != entry.name:
                shown = storable_text(path)
                message = f"The name of {shown} is not UTF-8, so it was not read."
                problems.append(_problem(shown, LibraryReason.UNREADABLE_TEXT, message, "Rename the file."))
            elif entry.is_symlink():
                message = f"{path} is a symbolic link; it is not followed."
                problems.append(_problem(path, LibraryReason.LEAVES_SOURCE, message))
            elif _is_kind(entry, stat.S_ISREG) or _is_kind(entry, stat.S_ISDIR):
                kept.append(entry)
            else:
                message = f"{path} is neither a file nor a folder."
                problems.append(_problem(path, LibraryReason.WRONG_SHAPE, message, "Remove it."))
        return kept

    # The index

    def _read_index(self, found: _Found) -> tuple[TaxonomyIndex, bool]:
        if self.index is not None:
            label, path = self.index.name, self.index
        else:
            label, path = INDEX_FILE, self.root / INDEX_FILE
            if path.is_symlink() or not os.path.lexists(path):
                return TaxonomyIndex(), False
        value = self._json_file(path, label, found.problems)
        if value is None:
            return TaxonomyIndex(), False
        index, problems = read_index(value, path=label)
        found.problems += problems
        return index, True

    def _stated_total(self, found: _Found) -> int | None:
        path = self.root / META_FILE
        if path.is_symlink() or not os.path.lexists(path):
            return None
        value = self._json_file(path, META_FILE, found.problems)
        if value is None:
            return None
        total = value.get("total_skills") if isinstance(value, dict) else None
        if not isinstance(total, int) or isinstance(total, bool):
            message = f"{META_FILE} is not an object that states total_skills."
            found.problems.append(_problem(META_FILE, LibraryReason.WRONG_SHAPE, message))
            return None
        return total

    def _json_file(self, path: Path, label: str, problems: list[LibraryProblem]) -> Any:
        data = self._bytes(path, label, problems)
        return None if data is None else _json_value(data, label, problems)

    # One skill

    def _read(self, skill: FoundSkill, problems: list[LibraryProblem]) -> LibrarySkill | None:
        path = f"{skill.path}/{MAIN_FILE}"
        content = self._bytes(self.root / path, path, problems)
        if content is None:
            return None
        document = parse_document(content)
        for finding in document.problems:
            if finding.severity != "critical" or finding.rule_id == "front-matter.missing":
                continue  # a document without front matter was read; that it lacks one is for the rules to say
            is_text = finding.rule_id in {"document.not-utf8", "document.nul"}
            reason = LibraryReason.UNREADABLE_TEXT if is_text else LibraryReason.UNREADABLE_YAML
            if all(problem.reason != reason for problem in problems):
                line = f" (line {finding.place.line})" if finding.place else ""
                problems.append(_problem(path, reason, f"{path}{line}: {finding.message}"))
        stated = self._stated_metadata(skill.path, problems)
        front_matter = document.front_matter.values if document.front_matter else {}
        own = read_metadata(stated)[0] if stated else None
        files = tuple(self._files(skill.path, problems))
        return LibrarySkill(
            path=skill.path,
            content=content,
            content_kind="markdown",
            metadata=merge_front_matter(own, front_matter),
            stated_metadata=stated,
            files=files,
            made_at=self._modified_at(path),
        )

    def _stated_metadata(self, folder: str, problems: list[LibraryProblem]) -> dict[str, Any]:
        label = f"{folder}/{METADATA_FILE}"
        path = self.root / label
        if path.is_symlink() or not path.is_file():
            return {}
        value = self._json_file(path, label, problems)
        return self._checked_metadata(value, label, problems) if value is not None else {}

    def _checked_metadata(self, value: Any, label: str, problems: list[LibraryProblem]) -> dict[str, Any]:
        if not isinstance(value, dict):
            message = f"{label} is not an object with the skill's metadata."
            problems.append(_problem(label, LibraryReason.WRONG_SHAPE, message))
            return {}
        metadata, complaints = read_metadata(value)
        if complaints:
            problems.append(_problem(label, LibraryReason.WRONG_SHAPE, f"{label}: {' '.join(complaints)}"))
        return dict(metadata.values)

    def _read_json_skill(self, skill: FoundSkill, problems: list[LibraryProblem]) -> LibrarySkill | None:
        label = f"{skill.path}.json"
        content = self._bytes(self.root / label, label, problems)
        if content is None:
            return None
        value = _json_value(content, label, problems)
        stated = self._checked_metadata(value, label, problems) if value is not None else {}
        return LibrarySkill(
            path=skill.path,
            content=content,
            content_kind="json",
            metadata=read_metadata(stated)[0],
            stated_metadata=stated,
            files=(),
            made_at=self._modified_at(label),
        )

    def _files(self, folder: str, problems: list[LibraryProblem]) -> Iterator[FileRecord]:
        """Yield the files of a skill but its document; a folder in it that is a skill of its own keeps its files."""
        waiting, num_files, room = [""], 0, MOST_BYTES_OF_ONE_SKILL
        while waiting:
            inner = waiting.pop(0)
            prefix = f"{folder}/{inner}" if inner else folder
            # The walk has reported what stands in the way of listing; here it is only passed over.
            entries = self._entries(prefix, [])
            if inner and any(entry.name == MAIN_FILE for entry in entries):
                continue
            for entry in entries:
                path = f"{inner}/{entry.name}" if inner else entry.name
                if _is_kind(entry, stat.S_ISDIR):
                    if path.count("/") < DEEPEST:
                        waiting.append(path)
                elif path != MAIN_FILE:
                    num_files += 1
                    if num_files > MOST_FILES:
                        message = f"{folder} has more than {MOST_FILES:,} files; the rest was not read."
                        problems.append(_problem(folder, LibraryReason.TOO_LARGE, message))
                        return
                    record = self._file(prefix, entry.name, path, min(room, self.limit_bytes), problems)
                    if record is not None:
                        room -= len(record.data or b"")
                        yield record

    def _file(
        self, prefix: str, name: str, path: str, limit: int, problems: list[LibraryProblem]
    ) -> FileRecord | None:
        label = f"{prefix}/{name}"
        if len(path) > 512:
            message = f"The path of {label[:80]}… is too long to be kept."
            problems.append(_problem(label[:900], LibraryReason.TOO_LARGE, message, "Rename the file."))
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
            problems.append(_unreadable(label, error))
            return None
        if size > limit:
            message = f"{label} has {size:,} bytes, over the limit of {limit:,}; only its digest is kept."
            problems.append(_problem(label, LibraryReason.TOO_LARGE, message))
        data = bytes(kept) if size <= limit else None
        return FileRecord(path, size, digest.hexdigest(), data, bool(mode & stat.S_IXUSR))

    def _bytes(self, path: Path, label: str, problems: list[LibraryProblem]) -> bytes | None:
        """Return the bytes of a file within the limit, or None after noting why not."""
        try:
            with _open(path) as stream:
                data = stream.read(self.limit_bytes + 1)
        except (OSError, ValueError) as error:
            problems.append(_unreadable(label, error))
            return None
        if len(data) > self.limit_bytes:
            message = f"{label} is larger than the limit of {self.limit_bytes:,} bytes, so it was not read."
            problems.append(_problem(label, LibraryReason.TOO_LARGE, message))
            return None
        return data

    def _modified_at(self, path: str) -> datetime:
        try:
            seconds = os.stat(self.root / path, follow_symlinks=False).st_mtime
            return datetime.fromtimestamp(max(seconds, 0), tz=UTC)
        except (OSError, OverflowError, ValueError):
            return datetime.fromtimestamp(0, tz=UTC)


def _open(path: Path) -> Any:
    """Open a regular file for reading, refusing a link put in its place since it was listed."""
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    return os.fdopen(descriptor, "rb")


def _is_kind(entry: "os.DirEntry[str]", test: Any) -> bool:
    try:
        return bool(test(entry.stat(follow_symlinks=False).st_mode))
    except OSError:
        return False


def _json_value(data: bytes, label: str, problems: list[LibraryProblem]) -> Any:
    """Return parsed JSON; None (also for a bare null) after noting what is wrong."""
    try:
        value = json.loads(data.decode("utf-8-sig"))
    except UnicodeDecodeError:
        problems.append(_problem(label, LibraryReason.UNREADABLE_TEXT, f"{label} is not UTF-8."))
        return None
    except (ValueError, RecursionError) as error:
        message = f"{label} is not readable JSON: {_why(error)}."
        problems.append(_problem(label, LibraryReason.UNREADABLE_JSON, message))
        return None
    if value is None:
        problems.append(_problem(label, LibraryReason.WRONG_SHAPE, f"{label} holds nothing but null."))
    return value


def _unreadable(path: str, error: Exception) -> LibraryProblem:
    is_refused = isinstance(error, PermissionError)
    reason = LibraryReason.PERMISSION if is_refused else LibraryReason.MISSING_FILE
    return _problem(path, reason, f"{path} cannot be read: {_why(error)}.")


def _why(error: Exception) -> str:
    if isinstance(error, json.JSONDecodeError):
        return f"{error.msg} (line {error.lineno}, column {error.colno})"
    if isinstance(error, RecursionError):
        return "it nests too deep"
    text = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return storable_text(text).rstrip(".")


def _problem(path: str, reason: LibraryReason, message: str, remedy: str = "") -> LibraryProblem:
    return LibraryProblem(
        storable_text(path, longest=1024), reason, storable_text(message), remedy or _REMEDIES[reason]
    )
