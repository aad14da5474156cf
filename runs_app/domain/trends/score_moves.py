"""Which score of a version moved against those of an earlier one, by the same scorer in the same version."""

from collections.abc import Sequence
from typing import NamedTuple

# A computed score that moved by less than this is not worth a line.
LEAST_MOVE = 0.05

# Scorer, its version, and the value, 0 to 1, as a standing keeps them.
StoredScore = tuple[str, str, float]


class ScoreMove(NamedTuple):
    """A score that moved: whose it is, and its value before and now."""

    scorer: str
    version: str
    before: float
    now: float

    @property
    def is_worse(self) -> bool:
        """Whether it fell."""
        return self.now < self.before


def is_move(before: float, now: float) -> bool:
    """Say whether a score moved far enough to be told."""
    return abs(now - before) >= LEAST_MOVE


def score_move(old: Sequence[StoredScore], new: Sequence[StoredScore]) -> ScoreMove | None:
    """Return the first of the new scores that moved far enough against the old one of the same ruler, or None."""
    before = {(scorer, version): value for scorer, version, value in old}
    for scorer, version, value in new:
        was = before.get((scorer, version))
        if was is not None and is_move(was, value):
            return ScoreMove(scorer, version, was, value)
    return None
