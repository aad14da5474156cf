"""What became of the files beside a skill's document."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from skills_app.domain.diffing.renames import FileState, renamed_pairs
from skills_app.domain.diffing.texts import TextDiff, diff_documents, diff_lines
from skills_app.domain.documents import parse_document

MARKDOWN = (".md", ".markdown")


class FileChange(StrEnum):
    """What happened to a file."""

    SAME = "same"
    ADDED = "added"
    REMOVED = "removed"
    CHANGED = "changed"
    RENAMED = "renamed"


@dataclass(frozen=True, slots=True)
class FileDiff:
    """A file in both versions; ``old`` is None when it was added, ``new`` when it was removed."""

    change: FileChange
    old: FileState | None
    new: FileState | None

    @property
    def path(self) -> str:
        """Where it is now, or where it was when it was removed."""
        state = self.new or self.old
        return state.path if state else ""

    @property
    def is_binary(self) -> bool:
        """Whether either side cannot be compared as text."""
        return any(state is not None and state.text is None for state in (self.old, self.new))

    @property
    def has_new_content(self) -> bool:
        """Whether the file stayed, be it under another path, and its content did not."""
        if self.old is None or self.new is None:
            return False
        if self.old.digest and self.new.digest:
            return self.old.digest != self.new.digest
        return self.old.text != self.new.text

    @property
    def has_new_mode(self) -> bool:
        """Whether it became executable or ceased to be."""
        return bool(self.old and self.new and self.old.is_executable != self.new.is_executable)


def diff_files(old: Sequence[FileState], new: Sequence[FileState]) -> tuple[FileDiff, ...]:
    """Return what became of each file, in the order of paths.

    A file is renamed when its path went and its content came back under another one; where texts are given, also when most of its
    lines did (see ``renamed_pairs``).
    """
    before = {file.path: file for file in old}
    after = {file.path: file for file in new}
    gone = [file for file in old if file.path not in after]
    came = [file for file in new if file.path not in before]
    renamed = renamed_pairs(gone, came)
    left = {file.path for file, _ in renamed}
    arrived = {file.path for _, file in renamed}
    found = [FileDiff(FileChange.RENAMED, file, other) for file, other in renamed]
    found += [FileDiff(FileChange.REMOVED, file, None) for file in gone if file.path not in left]
    found += [FileDiff(FileChange.ADDED, None, file) for file in came if file.path not in arrived]
    found += [_kept(before[path], after[path]) for path in before.keys() & after.keys()]
    return tuple(sorted(found, key=lambda one: one.path))


def diff_file_texts(diff: FileDiff) -> TextDiff | None:
    """Return the difference of a file's texts, Markdown as a document and anything else by line; None for a binary file."""
    if diff.is_binary:
        return None
    old = diff.old.text or "" if diff.old else ""
    new = diff.new.text or "" if diff.new else ""
    if diff.path.lower().endswith(MARKDOWN):
        return diff_documents(parse_document(old), parse_document(new))
    return diff_lines(old, new)


def _kept(old: FileState, new: FileState) -> FileDiff:
    is_same = (old.digest, old.size_bytes, old.is_executable) == (
        new.digest,
        new.size_bytes,
        new.is_executable,
    ) and (bool(old.digest) or old.text == new.text)
    return FileDiff(FileChange.SAME if is_same else FileChange.CHANGED, old, new)
