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


def first_score(text: str) -> tuple[str, float] | None:
    """Return the first score of a JSON text of stored scores: its ruler, as it is written there, and its value.

    None where there is none, and where it takes JSON to tell. A page reads ten thousand of these, and this is five times as
    quick as JSON; the text is as both databases give it, with a blank after each comma.
    """
    ruler, _, value = text[: text.find("]")].rpartition(", ")
    if not ruler.endswith('"') or "\\" in ruler:
        return None
    try:
        return ruler, float(value)
    except ValueError:
        return None
