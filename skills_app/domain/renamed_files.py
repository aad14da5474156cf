"""Which file of a newer version is one of an older version under another path, as a difference of both shows it."""

from collections.abc import Sequence

from skills_app.domain.diffing import FileChange, FileState, diff_files


def renamed_files(old: Sequence[FileState], new: Sequence[FileState]) -> dict[str, str]:
    """Return old paths with new ones: of the same content, else of texts that share most lines."""
    return {
        one.old.path: one.new.path
        for one in diff_files(old, new)
        if one.change is FileChange.RENAMED and one.old is not None and one.new is not None
    }
