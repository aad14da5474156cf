"""The life of a promotion, and what keeps a version from being promoted."""

from dataclasses import dataclass
from enum import StrEnum

from skills_app.domain.semantic_version import SemanticVersion, parse_semantic_version


class PromotionState(StrEnum):
    """Where a promotion stands. ``writing`` and ``withdrawing`` last as long as the library folder is written."""

    WRITING = "writing"
    PUBLISHED = "published"
    SUPERSEDED = "superseded"
    WITHDRAWING = "withdrawing"
    WITHDRAWN = "withdrawn"
    FAILED = "failed"


ALLOWED: dict[PromotionState, frozenset[PromotionState]] = {
    PromotionState.WRITING: frozenset({PromotionState.PUBLISHED, PromotionState.FAILED}),
    PromotionState.PUBLISHED: frozenset({PromotionState.SUPERSEDED, PromotionState.WITHDRAWING}),
    PromotionState.WITHDRAWING: frozenset({PromotionState.WITHDRAWN, PromotionState.PUBLISHED}),
    PromotionState.SUPERSEDED: frozenset(),
    PromotionState.WITHDRAWN: frozenset(),
    PromotionState.FAILED: frozenset(),
}
# What lies in the library folder now, or is on its way out of it.
STANDING = (PromotionState.PUBLISHED, PromotionState.WITHDRAWING)
# What was published at some time.
ONCE_PUBLISHED = (*STANDING, PromotionState.SUPERSEDED, PromotionState.WITHDRAWN)
UNSETTLED = (PromotionState.WRITING, PromotionState.WITHDRAWING)


class BlockerKind(StrEnum):
    """What stands in the way of a promotion, beside gate and review."""

    ONE_FILE = "one-file skill"
    NOT_KEPT = "content not kept"
    FILES = "files"
    PLACE = "place"
    MERGED = "merged into another"
    PUBLISHED = "published already"
    REHEARSAL = "rehearsal"
    DEPENDENCY = "dependency"
    CYCLE = "cycle"
    REVIEW = "gate or review"


# Nobody goes on in spite of these: the folder could not hold the skill, or no agent could load it.
OVERRIDABLE = frozenset({BlockerKind.REHEARSAL, BlockerKind.DEPENDENCY, BlockerKind.REVIEW})


@dataclass(frozen=True, slots=True)
class Blocker:
    """One thing in the way: its kind, a short title, why in a sentence, and whether somebody may override it."""

    kind: BlockerKind
    title: str
    sentence: str
    can_override: bool


def blocker(kind: BlockerKind, sentence: str) -> Blocker:
    """Return a blocker that is named by its kind."""
    return Blocker(kind, kind.value, sentence, kind in OVERRIDABLE)


def number_fault(number: str, *, last: str, is_same_content: bool) -> str:
    """Say what is wrong with a semantic version, or return an empty string.

    It must be later than ``last``, the one published before (empty: none); the same content may come back under its own.
    """
    wanted, before = parse_semantic_version(number), parse_semantic_version(last)
    if wanted is None:
        return "Give the version as three numbers, such as 1.2.0."
    if before is None or wanted > before or (wanted == before and is_same_content):
        return ""
    after = SemanticVersion(before.major, before.minor, before.patch + 1)
    return f"{last} was published before; the next version is {after} or later."
