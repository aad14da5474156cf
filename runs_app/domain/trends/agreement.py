"""Scores against reviewers: agreement of every score and each of its sides, calibration, and one score against another."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from runs_app.domain.trends.change import Change, change_of_shares
from skills_app.domain.agreement import (
    LEAST_JUDGED,
    Agreement,
    ReviewedVersion,
    ScoreKey,
    Trust,
    agreements_of,
    says_good,
)
from skills_app.domain.intervals import Interval, wilson

BIN_EDGES = (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)
# What gates call the score of a model, and the reference score as the records have it.
MODEL, REFERENCES = "quality_score", ("calibrated_score", "reference")
_NOBODY = Agreement(0, 0)


@dataclass(frozen=True, slots=True)
class ScoreRow:
    """One score with its agreement; ``is_doubted``: below the share that is asked for, so a gate does not block on it.

    ``change`` holds the agreement against that of the period before.
    """

    key: ScoreKey
    agreement: Agreement
    is_doubted: bool
    change: Change


@dataclass(frozen=True, slots=True)
class CalibrationBin:
    """Versions whose score lies from ``low`` up to ``high``: how many, how many were approved, the interval, the mean score."""

    low: float
    high: float
    num: int
    num_approved: int
    mean: float | None

    @property
    def share(self) -> float | None:
        """Share that was approved, or None when there is none."""
        return self.num_approved / self.num if self.num else None

    @property
    def interval(self) -> Interval:
        """Wilson's 95 % interval of the share."""
        return wilson(self.num_approved, self.num)


@dataclass(frozen=True, slots=True)
class Calibration:
    """How often versions with such a score were approved. A calibrated score of 0.8 is approved eight times in ten."""

    key: ScoreKey
    bins: tuple[CalibrationBin, ...]

    @property
    def num(self) -> int:
        """How many versions have the score and a verdict."""
        return sum(one.num for one in self.bins)

    @property
    def error(self) -> float | None:
        """Mean distance between score and share approved, each bin weighed by its versions; None without any.

        The expected calibration error: Naeini, Cooper and Hauskrecht, AAAI 29 (2015), 2901-2907, with five bins.
        """
        gaps = [one.num * abs((one.share or 0.0) - (one.mean or 0.0)) for one in self.bins]
        return sum(gaps) / self.num if self.num else None


@dataclass(frozen=True, slots=True)
class ScoredTwice:
    """A version with two scores, and whether reviewers approved it."""

    version_id: int
    across: float
    up: float
    is_approved: bool


@dataclass(frozen=True, slots=True)
class ScorePair:
    """Two scores of the same versions; ``agreement`` is how often both say good enough, or both do not."""

    across: ScoreKey
    up: ScoreKey
    versions: tuple[ScoredTwice, ...]
    agreement: Agreement


def score_rows(
    reviewed: Sequence[ReviewedVersion], before: Sequence[ReviewedVersion] = (), *, least: float
) -> tuple[ScoreRow, ...]:
    """Return every score and each of its dimensions below it, scorers with most versions first; ``before``: a period earlier.

    Both agree when the score is at least 0.6 and the version was approved, or below and it was not. ``least`` is the share
    below which a score may only advise.
    """
    found, found_before = agreements_of(reviewed), agreements_of(before)
    trust = Trust(least, found)
    most: dict[tuple[str, str], int] = {}
    for key, one in found.items():
        most[key.scorer, key.version] = max(most.get((key.scorer, key.version), 0), one.num)
    keys = sorted(found, key=lambda key: (-most[key.scorer, key.version], key))
    return tuple(
        ScoreRow(
            key,
            found[key],
            trust.doubt(key.scorer, key.dimension, key.version) is not None,
            agreement_change(found[key], found_before.get(key, _NOBODY)),
        )
        for key in keys
    )


def agreement_change(now: Agreement, before: Agreement) -> Change:
    """Return the change of an agreement; with fewer than ten versions on either side it decides nothing."""
    return change_of_shares((now.num_agree, now.num), (before.num_agree, before.num), few=LEAST_JUDGED)


def calibration_of(reviewed: Sequence[ReviewedVersion], key: ScoreKey) -> Calibration:
    """Return how often versions were approved, by fifths of the scale of one score; a score of 1 is in the last."""
    pairs = [(one.scores[key], one.is_approved) for one in reviewed if key in one.scores]
    bins = []
    for fifth, (low, high) in enumerate(pairwise(BIN_EDGES), start=1):
        inside = [one for one in pairs if is_in_fifth(one[0], fifth)]
        mean = sum(score for score, _ in inside) / len(inside) if inside else None
        bins.append(CalibrationBin(low, high, len(inside), sum(ok for _, ok in inside), mean))
    return Calibration(key, tuple(bins))


def is_in_fifth(score: float, fifth: int) -> bool:
    """Return whether a score lies in this part, 1 to 5, of its scale; a score of 1 is in the last."""
    low, high = BIN_EDGES[fifth - 1 : fifth + 1]
    return low <= score < high or (high == BIN_EDGES[-1] and score >= high)


def calibration_changes(now: Calibration, before: Calibration) -> tuple[tuple[CalibrationBin, Change], ...]:
    """Return each fifth of the scale with the change of the share approved in it, which is neither better nor worse."""
    return tuple(
        (
            one,
            change_of_shares(
                (one.num_approved, one.num), (other.num_approved, other.num), is_more_better=None
            ),
        )
        for one, other in zip(now.bins, before.bins, strict=True)
    )


def pair_of(reviewed: Sequence[ReviewedVersion], across: ScoreKey, up: ScoreKey) -> ScorePair:
    """Return the versions that have both scores."""
    both = tuple(
        ScoredTwice(one.version_id, one.scores[across], one.scores[up], one.is_approved)
        for one in reviewed
        if across in one.scores and up in one.scores
    )
    same = sum(says_good(one.across) is says_good(one.up) for one in both)
    return ScorePair(across, up, both, Agreement(len(both), same))


def default_pair(rows: Sequence[ScoreRow]) -> tuple[ScoreKey, ScoreKey] | None:
    """Return the score of a model and the reference score; where one is missing, the next whole score with most versions."""
    whole = [row.key for row in rows if not row.key.dimension]
    across = next((key for key in whole if key.scorer == MODEL), None)
    up = next((key for name in REFERENCES for key in whole if key.scorer == name), None)
    left = [key for key in whole if key not in (across, up)]
    across = across or (left.pop(0) if left else None)
    up = up or (left.pop(0) if left else across)
    return (across, up) if across and up else None
