"""What could not be read of a library, in words that a person can act on."""

from dataclasses import dataclass
from enum import StrEnum


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
