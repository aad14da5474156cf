"""A folder of skills on disk, read without following a link, running anything or failing as a whole."""

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from skills_app.adapters.library_files import LibraryFiles, is_kind, json_value, why
from skills_app.adapters.library_lock import undisturbed
from skills_app.domain.documents import parse_document
from skills_app.domain.errors import LibraryUnreadable
from skills_app.domain.findings import MAIN_FILE
from skills_app.domain.library_problems import LibraryProblem, LibraryReason, library_problem
from skills_app.domain.metadata import merge_front_matter, read_metadata
from skills_app.domain.one_file_skills import ONE_FILE_FOLDERS
from skills_app.domain.paths import NOT_CATEGORIES
from skills_app.domain.reading_faults import reading_faults
from skills_app.domain.records import FileRecord, SkillMetadata
from skills_app.domain.taxonomy_index import TaxonomyIndex, read_index

INDEX_FILE = "taxonomy_index.json"
META_FILE = "taxonomy_meta.json"
METADATA_FILE = "metadata.json"
MOST_FILES = 2_000
MOST_FOLDERS = 100_000
DEEPEST = 32
MOST_BYTES_OF_ONE_SKILL = 64 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class FoundSkill:
    """Where a skill lies: ``path`` below the library, without ``.json`` for a one-file skill."""

    path: str
    is_json: bool = False


@dataclass(frozen=True, slots=True)
class LibrarySkill:
    """A skill as it was read. ``content`` are the exact bytes of its document; ``metadata`` is merged with its front matter.

    ``is_complete`` is False when the disk refused to give one of its files.
    """

    path: str
    content: bytes
    content_kind: str
    metadata: SkillMetadata
    stated_metadata: dict[str, Any]
    files: tuple[FileRecord, ...]
    made_at: datetime
    is_complete: bool = True


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
        self.files = LibraryFiles(root, limit_bytes=limit_bytes)
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
            raise LibraryUnreadable(f"{self.root} cannot be read: {why(error)}.") from error
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
        """Return a skill with its files, and what could not be read of it; never raises.

        A publication that is under way is waited for, so that no skill is read half old and half new.
        """
        problems: list[LibraryProblem] = []
        with undisturbed(self.root):
            skill = self._read_json_skill(found, problems) if found.is_json else self._read(found, problems)
        return SkillReading(skill, tuple(problems))

    # The walk

    def _walk(self, prefix: str, found: _Found, *, inside_skill: bool) -> None:
        """Look through the folder at ``prefix`` (empty at the top) in the order of names."""
        entries = self.files.entries(prefix, found.problems)
        names = {entry.name for entry in entries if is_kind(entry, stat.S_ISREG)}
        found.num_folders += 1
        if prefix and MAIN_FILE in names:
            found.skills.append(FoundSkill(prefix))
            inside_skill = True
        elif METADATA_FILE in names and prefix and not inside_skill:
            message = f"{prefix} has {METADATA_FILE} but no {MAIN_FILE}, so it is not a skill."
            found.problems.append(library_problem(prefix, LibraryReason.MISSING_FILE, message))
        for entry in entries:
            path = f"{prefix}/{entry.name}" if prefix else entry.name
            if is_kind(entry, stat.S_ISDIR):
                self._walk_into(path, found, inside_skill)
            elif not inside_skill:
                self._take_file(entry, path, prefix, found)

    def _walk_into(self, path: str, found: _Found, inside_skill: bool) -> None:
        if path in NOT_CATEGORIES:
            return
        if path.count("/") + 1 >= DEEPEST or found.num_folders >= MOST_FOLDERS:
            message = f"{path} lies deeper than {DEEPEST} folders, or after {MOST_FOLDERS:,} others; it was not read."
            found.problems.append(library_problem(path, LibraryReason.TOO_LARGE, message))
            return
        self._walk(path, found, inside_skill=inside_skill)

    def _take_file(self, entry: "os.DirEntry[str]", path: str, prefix: str, found: _Found) -> None:
        if not is_kind(entry, stat.S_ISREG):
            return
        if prefix in ONE_FILE_FOLDERS and entry.name.endswith(".json"):
            found.skills.append(FoundSkill(path.removesuffix(".json"), is_json=True))
        elif path not in {INDEX_FILE, META_FILE}:
            found.num_other_files += 1

    # The index

    def _read_index(self, found: _Found) -> tuple[TaxonomyIndex, bool]:
        if self.index is not None:
            label, path = self.index.name, self.index
        else:
            label, path = INDEX_FILE, self.root / INDEX_FILE
            if os.path.islink(path) or not os.path.lexists(path):
                return TaxonomyIndex(), False
        value = self.files.read_json(path, label, found.problems)
        if value is None:
            return TaxonomyIndex(), False
        index, problems = read_index(value, path=label)
        found.problems += problems
        return index, True

    def _stated_total(self, found: _Found) -> int | None:
        path = self.root / META_FILE
        if os.path.islink(path) or not os.path.lexists(path):
            return None
        value = self.files.read_json(path, META_FILE, found.problems)
        if value is None:
            return None
        total = value.get("total_skills") if isinstance(value, dict) else None
        if not isinstance(total, int) or isinstance(total, bool):
            message = f"{META_FILE} is not an object that states total_skills."
            found.problems.append(library_problem(META_FILE, LibraryReason.WRONG_SHAPE, message))
            return None
        return total

    # One skill

    def _read(self, skill: FoundSkill, problems: list[LibraryProblem]) -> LibrarySkill | None:
        path = f"{skill.path}/{MAIN_FILE}"
        content = self.files.read_bytes(self.root / path, path, problems)
        if content is None:
            return None
        document = parse_document(content)
        for reason, message in reading_faults(document):
            problems.append(library_problem(path, reason, f"{path} cannot be read throughout. {message}"))
        stated = self._stated_metadata(skill.path, problems)
        front_matter = document.front_matter.values if document.front_matter else {}
        own = read_metadata(stated)[0] if stated else None
        before = len(problems)
        files = tuple(self._files(skill.path, problems))
        refused = {LibraryReason.PERMISSION, LibraryReason.MISSING_FILE}
        return LibrarySkill(
            path=skill.path,
            content=content,
            content_kind="markdown",
            metadata=merge_front_matter(own, front_matter),
            stated_metadata=stated,
            files=files,
            made_at=self.files.modified_at(path),
            is_complete=all(problem.reason not in refused for problem in problems[before:]),
        )

    def _stated_metadata(self, folder: str, problems: list[LibraryProblem]) -> dict[str, Any]:
        label = f"{folder}/{METADATA_FILE}"
        path = self.root / label
        if os.path.islink(path) or not os.path.isfile(path):
            return {}
        value = self.files.read_json(path, label, problems)
        return self._checked_metadata(value, label, problems) if value is not None else {}

    def _checked_metadata(self, value: Any, label: str, problems: list[LibraryProblem]) -> dict[str, Any]:
        if not isinstance(value, dict):
            message = f"{label} is not an object with the skill's metadata."
            problems.append(library_problem(label, LibraryReason.WRONG_SHAPE, message))
            return {}
        metadata, complaints = read_metadata(value)
        if complaints:
            problems.append(
                library_problem(label, LibraryReason.WRONG_SHAPE, f"{label}: {' '.join(complaints)}")
            )
        return dict(metadata.values)

    def _read_json_skill(self, skill: FoundSkill, problems: list[LibraryProblem]) -> LibrarySkill | None:
        label = f"{skill.path}.json"
        content = self.files.read_bytes(self.root / label, label, problems)
        if content is None:
            return None
        value = json_value(content, label, problems)
        stated = self._checked_metadata(value, label, problems) if value is not None else {}
        return LibrarySkill(
            path=skill.path,
            content=content,
            content_kind="json",
            metadata=read_metadata(stated)[0],
            stated_metadata=stated,
            files=(),
            made_at=self.files.modified_at(label),
        )

    def _files(self, folder: str, problems: list[LibraryProblem]) -> Iterator[FileRecord]:
        """Yield the files of a skill but its document; a folder in it that is a skill of its own keeps its files."""
        waiting, num_files, room = [""], 0, MOST_BYTES_OF_ONE_SKILL
        while waiting:
            inner = waiting.pop(0)
            prefix = f"{folder}/{inner}" if inner else folder
            # The walk has reported what stands in the way of listing; here it is only passed over.
            entries = self.files.entries(prefix, [])
            if inner and any(entry.name == MAIN_FILE and is_kind(entry, stat.S_ISREG) for entry in entries):
                continue
            for entry in entries:
                path = f"{inner}/{entry.name}" if inner else entry.name
                if is_kind(entry, stat.S_ISDIR):
                    if path.count("/") < DEEPEST:
                        waiting.append(path)
                elif path != MAIN_FILE:
                    num_files += 1
                    if num_files > MOST_FILES:
                        message = f"{folder} has more than {MOST_FILES:,} files; the rest was not read."
                        problems.append(library_problem(folder, LibraryReason.TOO_LARGE, message))
                        return
                    record = self.files.read_file(
                        prefix, entry.name, path, min(room, self.files.limit_bytes), problems
                    )
                    if record is not None:
                        room -= len(record.data or b"")
                        yield record
