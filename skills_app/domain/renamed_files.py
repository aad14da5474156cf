"""Which file of a newer version is one of an older version under another path: the same content, or most of its lines."""

from collections import Counter
from collections.abc import Sequence

from skills_app.domain.diffing import FileChange, FileState, diff_files

ALIKE = 0.6
MOST_COMPARED = 400
MOST_LINES = 20_000


def renamed_files(old: Sequence[FileState], new: Sequence[FileState]) -> dict[str, str]:
    """Return old paths with new ones: of the same content, as a difference shows it, else of texts that share most lines.

    Of the texts, each pair is the most alike one that is left, at least by ``ALIKE`` of their lines; of two that are equally
    alike neither is taken.
    """
    changes = diff_files(old, new)
    found = {
        one.old.path: one.new.path
        for one in changes
        if one.change is FileChange.RENAMED and one.old is not None and one.new is not None
    }
    gone = [one.old for one in changes if one.change is FileChange.REMOVED and one.old and one.old.text]
    came = [one.new for one in changes if one.change is FileChange.ADDED and one.new and one.new.text]
    if len(gone) * len(came) > MOST_COMPARED:
        return found
    left = {file.path: _lines(file) for file in gone}
    right = {file.path: _lines(file) for file in came}
    pairs = [(_likeness(left[a], right[b]), a, b) for a in left for b in right]
    good = sorted((pair for pair in pairs if pair[0] >= ALIKE), reverse=True)
    for value, path, other in good:
        rivals = [pair for pair in good if pair[0] == value and (pair[1] == path) != (pair[2] == other)]
        if path not in found and other not in found.values() and not rivals:
            found[path] = other
    return found


def _lines(file: FileState) -> Counter[str]:
    lines = (line.strip() for line in (file.text or "").splitlines()[:MOST_LINES])
    return Counter(line for line in lines if line)


def _likeness(left: Counter[str], right: Counter[str]) -> float:
    num = left.total() + right.total()
    return 2 * (left & right).total() / num if num else 0.0
