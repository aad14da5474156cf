"""Semantic versions of what is published: MAJOR.MINOR.PATCH, as semver.org orders them."""

import re
from dataclasses import dataclass
from enum import StrEnum

FIRST = "1.0.0"
LONGEST = 32
_PATTERN = re.compile(r"(0|[1-9]\d{0,8})\.(0|[1-9]\d{0,8})\.(0|[1-9]\d{0,8})")


class Bump(StrEnum):
    """Which number rises; the worst of all reasons counts."""

    MAJOR = "major"
    MINOR = "minor"
    PATCH = "patch"
    NONE = "none"


@dataclass(frozen=True, slots=True, order=True)
class SemanticVersion:
    """Three numbers, compared in this order."""

    major: int
    minor: int
    patch: int

    def __str__(self) -> str:
        return f"{self.major}.{self.minor}.{self.patch}"

    def raised(self, bump: Bump) -> "SemanticVersion":
        """Return the next version. Before 1.0.0 nothing is promised, so there a major change raises the middle number."""
        if bump is Bump.MAJOR and self.major:
            return SemanticVersion(self.major + 1, 0, 0)
        if bump in (Bump.MAJOR, Bump.MINOR):
            return SemanticVersion(self.major, self.minor + 1, 0)
        return SemanticVersion(self.major, self.minor, self.patch + (bump is Bump.PATCH))


def parse_semantic_version(text: str) -> SemanticVersion | None:
    """Return the version that ``text`` is, or None; a leading ``v`` and pre-release parts are not taken."""
    match = _PATTERN.fullmatch(text.strip())
    return SemanticVersion(*map(int, match.groups())) if match else None
