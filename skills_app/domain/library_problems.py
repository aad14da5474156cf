"""What could not be read of a library, in words that a person can act on."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import StrEnum

from skills_app.domain.storable import storable_text


class LibraryReason(StrEnum):
    """Why something in a library could not be read as it should."""

    UNREADABLE_YAML = "unreadable_yaml"
    UNREADABLE_JSON = "unreadable_json"
    UNREADABLE_TEXT = "unreadable_text"
    WRONG_SHAPE = "wrong_shape"
    MISSING_FILE = "missing_file"
    LEAVES_SOURCE = "leaves_source"
    TOO_LARGE = "too_large"
    CONFLICT = "conflict"
    PERMISSION = "permission"


@dataclass(frozen=True, slots=True)
class LibraryProblem:
    """Something at ``path`` (below the library's folder) that could not be read: why, and what mends it."""

    path: str
    reason: LibraryReason
    message: str
    remedy: str = ""


REMEDIES = {
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


def library_problem(path: str, reason: LibraryReason, message: str, remedy: str = "") -> LibraryProblem:
    """Return a problem with storable words; the remedy is the usual one for its reason if none is given."""
    return LibraryProblem(
        storable_text(path, longest=1024), reason, storable_text(message), remedy or REMEDIES[reason]
    )


def conflict_at(path: str, message: str) -> LibraryProblem:
    """Return that an import met two things of which only one can be, with the words for it."""
    remedy = "Remove or rename one of the two, then import again."
    return LibraryProblem(path[:1024], LibraryReason.CONFLICT, message, remedy)


def merged_problems(problems: Iterable[LibraryProblem]) -> tuple[LibraryProblem, ...]:
    """Return one problem for each path and reason, with every sentence that was said of it."""
    merged: dict[tuple[str, str], LibraryProblem] = {}
    for item in problems:
        known = merged.get((item.path, item.reason))
        if known is None:
            merged[item.path, item.reason] = item
        elif item.message not in known.message:
            merged[item.path, item.reason] = replace(known, message=f"{known.message} {item.message}")
    return tuple(merged.values())
