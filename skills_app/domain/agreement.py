"""How far a score and the reviewers agree, and whether that is enough for the score to keep a gate shut."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from skills_app.domain.intervals import Interval, wilson

# The minimum of the thresholds 0.6, 0.8 and 0.9: from here on a score says "good enough".
GOOD_ENOUGH = 0.6
# With fewer versions that people judged nobody can say how far a score is to be trusted.
LEAST_JUDGED = 10


class ScoreKey(NamedTuple):
    """What agreement is counted of: a scorer in one version, the whole score or (with ``dimension``) one side of it."""

    scorer: str
    version: str
    dimension: str = ""


@dataclass(frozen=True, slots=True)
class Agreement:
    """On how many of ``num`` versions a score and the reviewers said the same."""

    num: int
    num_agree: int

    @property
    def num_differ(self) -> int:
        """On how many one called good what the other did not."""
        return self.num - self.num_agree

    @property
    def share(self) -> float | None:
        """Share of the versions on which both said the same; None when there is none."""
        return self.num_agree / self.num if self.num else None

    @property
    def interval(self) -> Interval:
        """Wilson's 95 % interval of the share."""
        return wilson(self.num_agree, self.num)

    @property
    def is_few(self) -> bool:
        """Whether too few were judged by both to say anything."""
        return self.num < LEAST_JUDGED

    @property
    def words(self) -> str:
        """The figures in words, such as ``12 of 30 versions (40 %, 95 % interval 25 to 58 %)``."""
        if self.share is None:
            return "no version that has both"
        low, high = self.interval
        shares = f"{self.share * 100:.0f} %, 95 % interval {low * 100:.0f} to {high * 100:.0f} %"
        return f"{self.num_agree:,} of {self.num:,} versions ({shares})"


def says_good(score: float) -> bool:
    """Return whether a score within 0 and 1 calls a document good enough."""
    return score >= GOOD_ENOUGH


def agreement_of(pairs: Iterable[tuple[float, bool]]) -> Agreement:
    """Return the agreement over pairs of a score and whether reviewers approved: good enough is what they approve."""
    listed = list(pairs)
    return Agreement(len(listed), sum(says_good(score) is approved for score, approved in listed))


@dataclass(frozen=True, slots=True)
class ReviewedVersion:
    """A version that people judged: its scores, and whether they approved it."""

    version_id: int
    scores: Mapping[ScoreKey, float]
    is_approved: bool


def agreements_of(reviewed: Sequence[ReviewedVersion]) -> dict[ScoreKey, Agreement]:
    """Return the agreement of each score that any of the versions has, in a fixed order."""
    keys = sorted({key for one in reviewed for key in one.scores})
    return {
        key: agreement_of((one.scores[key], one.is_approved) for one in reviewed if key in one.scores)
        for key in keys
    }


@dataclass(frozen=True, slots=True)
class Trust:
    """What each score's agreement is, and the least share with which it may keep a gate shut (0: any will do)."""

    least: float = 0.0
    agreements: Mapping[ScoreKey, Agreement] = field(default_factory=dict)

    def of(self, scorer: str, dimension: str = "", version: str | None = None) -> Agreement | None:
        """Return the agreement of a score; without a version, of the one that people judged most. None: not judged."""
        if version is not None:
            return self.agreements.get(ScoreKey(scorer, version, dimension))
        key = self.most_judged(scorer, dimension)
        return self.agreements[key] if key else None

    def most_judged(self, scorer: str, dimension: str = "") -> ScoreKey | None:
        """Return the score of that scorer, with its version, that people judged most."""
        keys = [key for key in self.agreements if (key.scorer, key.dimension) == (scorer, dimension)]
        return max(sorted(keys), key=lambda key: self.agreements[key].num, default=None)

    def doubt(self, scorer: str, dimension: str = "", version: str | None = None) -> Agreement | None:
        """Return the agreement of a score that may only advise: below ``least``, with enough versions to say so."""
        found = self.of(scorer, dimension, version)
        if found is None or found.share is None or found.is_few:
            return None
        return found if found.share < self.least else None

    def words(self, doubt: Agreement) -> str:
        """Return why a score may only advise, without a full stop."""
        return (
            f"it agrees with the reviewers on {doubt.words}, less than the {self.least * 100:.0f} % asked for"
        )

    @property
    def doubted(self) -> tuple[ScoreKey, ...]:
        """The scores that may only advise, in a fixed order."""
        keys = (key for key in self.agreements if self.doubt(key.scorer, key.dimension, key.version))
        return tuple(sorted(keys))


# Every score may block: nobody has judged, or nothing is asked for.
NO_DOUBT = Trust()
