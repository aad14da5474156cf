"""One-file skills: a JSON file each, which is a skill only directly inside one of three folders of a library."""

from collections.abc import Iterator, Set

from skills_app.domain.change_sets.effect import Effect
from skills_app.domain.change_sets.rows import Kind, Target
from skills_app.domain.paths import parent_of

ONE_FILE_FOLDERS = ("_core", "mcp_capabilities", "memory_blocks")
_NAMES = f"{', '.join(ONE_FILE_FOLDERS[:-1])} and {ONE_FILE_FOLDERS[-1]}"
SKILLS_STAY = f"One-file skills stay in {_NAMES}: nowhere else is a file of the library a skill."
FOLDERS_STAY = f"The categories {_NAMES} stay where they are: one-file skills are found by these names."


def one_file_paths(path: str) -> tuple[str, str]:
    """Return folder and file of a one-file skill at ``path``, or two empty texts where none can be."""
    above = parent_of(path)
    return (above, f"{path}.json") if above in ONE_FILE_FOLDERS else ("", "")


def led_astray(effect: Effect, one_files: Set[str]) -> Iterator[tuple[Target, str]]:
    """Yield what ``effect`` takes from where one-file skills are found, with why that cannot be.

    These are the folders that hold a skill with a key of ``one_files``, and each such skill that leaves them by itself.
    """
    if not one_files:
        return
    gone, held = set(), set()
    for target, (before, _) in effect.addresses.items():
        if target.kind is Kind.SKILL and target.key in one_files:
            held.add(parent_of(before))
    for target, (before, after) in sorted(effect.addresses.items()):
        if target.kind is Kind.CATEGORY and before in held and before in ONE_FILE_FOLDERS and after != before:
            gone.add(before)
            yield target, FOLDERS_STAY
    for target, (before, after) in sorted(effect.addresses.items()):
        if target.kind is Kind.SKILL and target.key in one_files and parent_of(after) not in ONE_FILE_FOLDERS:
            above = parent_of(before)
            if above in ONE_FILE_FOLDERS and above not in gone:
                yield target, SKILLS_STAY
