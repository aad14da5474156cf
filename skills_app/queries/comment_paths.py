"""Where the files that comments are about lie in a later version, followed from version to version."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import pairwise

from skills_app.domain.diffing import FileState
from skills_app.domain.renamed_files import renamed_files
from skills_app.models import Comment, SkillFile, SkillVersion

MOST_STEPS = 100


def paths_in(version: SkillVersion, comments: Iterable[Comment]) -> dict[int, str]:
    """Return the path in ``version`` of the file of each comment on a file, by the comment's key.

    A file that ``version`` has not under its path is followed through the versions between, by renames; one that is gone keeps
    its path. Four queries for any number of comments.
    """
    rows = [row for row in comments if row.path]
    found = {row.pk: row.path for row in rows}
    earlier = [row for row in rows if row.version_id != version.pk]
    if not earlier:
        return found
    there = set(version.files.values_list("path", flat=True))
    moved = [row for row in earlier if row.path not in there]
    if not moved:
        return found
    chains = _chains(version, {row.version_id for row in moved})
    files = _files({pk for chain in chains.values() for pk in chain})
    steps: dict[tuple[int, int], dict[str, str]] = {}
    for row in moved:
        path = row.path
        for step in pairwise(chains[row.version_id]):
            if step not in steps:
                steps[step] = renamed_files(files[step[0]], files[step[1]])
            path = steps[step].get(path, path)
        if path in there:
            found[row.pk] = path
    return found


def _chains(version: SkillVersion, starts: set[int]) -> dict[int, Sequence[int]]:
    """Return the versions from each start to ``version``, by parents; just the two where none leads there."""
    parents = dict(SkillVersion.objects.filter(skill=version.skill_id).values_list("pk", "parent_id"))
    line: list[int] = [version.pk]
    while len(line) < MOST_STEPS and (parent := parents.get(line[-1])) and parent not in line:
        line.append(parent)
    return {
        start: line[line.index(start) :: -1] if start in line else (start, version.pk) for start in starts
    }


def _files(versions: set[int]) -> dict[int, list[FileState]]:
    """Return the files of versions, with the texts of those whose path is not in all of them."""
    rows = SkillFile.objects.filter(version__in=versions)
    found = defaultdict[int, list[FileState]](list)
    num_holders = defaultdict[str, int](int)
    for pk, path, digest, size in rows.values_list("version_id", "path", "digest", "size_bytes"):
        found[pk].append(FileState(path, digest, size))
        num_holders[path] += 1
    moved = [path for path, num in num_holders.items() if num < len(versions)]
    texts = {
        (pk, path): text
        for pk, path, text in rows.filter(path__in=moved).values_list("version_id", "path", "text")
    }
    return defaultdict(
        list,
        {pk: [replace(one, text=texts.get((pk, one.path))) for one in files] for pk, files in found.items()},
    )
