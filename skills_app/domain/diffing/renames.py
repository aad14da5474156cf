"""Which file of a newer state is one of an older state under another path: the same content, or most of its lines."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

ALIKE = 0.6
MOST_COMPARED = 400
MOST_LINES = 20_000


@dataclass(frozen=True, slots=True)
class FileState:
    """A file in one version: ``text`` is None for a binary file and for one whose content was not kept or not read."""

    path: str
    digest: str
    size_bytes: int
    text: str | None = None
    is_executable: bool = False


def renamed_pairs(gone: Sequence[FileState], came: Sequence[FileState]) -> list[tuple[FileState, FileState]]:
    """Return each file of ``gone`` with the one of ``came`` that it became.

    Equal content comes first, and there a file that keeps its name. Of the other texts, each pair is the most alike one that is
    left, at least by ``ALIKE`` of their lines; of two that are equally alike neither is taken. Nothing is said of the likeness of
    more than ``MOST_COMPARED`` pairs.
    """
    equal = list(_of_equal_content(gone, came))
    left, arrived = {file.path for file, _ in equal}, {file.path for _, file in equal}
    return equal + _of_like_lines(
        [file for file in gone if file.path not in left and file.text],
        [file for file in came if file.path not in arrived and file.text],
    )


def _of_equal_content(
    gone: Sequence[FileState], came: Sequence[FileState]
) -> Iterator[tuple[FileState, FileState]]:
    holders: dict[str, list[FileState]] = defaultdict(list)
    for file in gone:
        if file.digest and file.size_bytes:
            holders[file.digest].append(file)
    for file in came:
        found = holders.get(file.digest)
        if found:
            best = next((one for one in found if _name(one.path) == _name(file.path)), found[0])
            found.remove(best)
            yield best, file


def _of_like_lines(gone: Sequence[FileState], came: Sequence[FileState]) -> list[tuple[FileState, FileState]]:
    if len(gone) * len(came) > MOST_COMPARED:
        return []
    left = {file.path: file for file in gone}
    right = {file.path: file for file in came}
    before = {file.path: _lines(file) for file in gone}
    after = {file.path: _lines(file) for file in came}
    pairs = [(_likeness(before[a], after[b]), a, b) for a in before for b in after]
    good = sorted((pair for pair in pairs if pair[0] >= ALIKE), reverse=True)
    found: dict[str, str] = {}
    for value, path, other in good:
        rivals = [pair for pair in good if pair[0] == value and (pair[1] == path) != (pair[2] == other)]
        if path not in found and other not in found.values() and not rivals:
            found[path] = other
    return [(left[path], right[other]) for path, other in found.items()]


def _lines(file: FileState) -> Counter[str]:
    lines = (line.strip() for line in (file.text or "").splitlines()[:MOST_LINES])
    return Counter(line for line in lines if line)


def _likeness(left: Counter[str], right: Counter[str]) -> float:
    num = left.total() + right.total()
    return 2 * (left & right).total() / num if num else 0.0


def _name(path: str) -> str:
    return path.rpartition("/")[2]
