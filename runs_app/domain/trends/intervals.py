"""Intervals: how far a share, a median or a change may be from what was counted. All are for 95 percent.

The statistics are scipy's. It and numpy are imported where they are used, so that a process that shows no trends stays small.
"""

import math
from typing import TYPE_CHECKING

from runs_app.domain.trends.sketch import Sketch
from skills_app.domain.intervals import CONFIDENCE, Interval, wilson

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    # Values and, in the same order, their chances.
    Weighed = tuple[NDArray[np.float64], NDArray[np.float64]]

_TAIL = (1 - CONFIDENCE) / 2
# A resampled median that is less likely than this is left out: all of them together are below one in a hundred thousand.
_NEVER = 1e-9

METHODS = {
    "share": (
        "Wilson's score interval (1927, scipy.stats.binomtest); for the difference of two shares Newcombe's method 10 (1998), "
        "which puts two of these together, 95 %"
    ),
    "median": (
        "bootstrap of the median with its exact distribution (Efron 1979, scipy.special.betainc) in place of draws, "
        "percentile interval, 95 %"
    ),
}


def difference_of_shares(now: tuple[int, int], before: tuple[int, int]) -> Interval:
    """Return the interval of share now less share before, each given as yes and all.

    Newcombe's hybrid score interval: Statistics in Medicine 17 (1998), 873-890, method 10.
    """
    if not now[1] or not before[1]:
        return (-1.0, 1.0)
    p1, p2 = now[0] / now[1], before[0] / before[1]
    low1, high1 = wilson(*now)
    low2, high2 = wilson(*before)
    gap = p1 - p2
    low = gap - math.hypot(p1 - low1, high2 - p2)
    high = gap + math.hypot(high1 - p1, p2 - low2)
    return (low, high)


def median_interval(sketch: Sketch) -> Interval | None:
    """Return the bootstrap interval of the median; None when there is no value."""
    return _percentiles(*_medians(sketch)) if sketch.num else None


def difference_of_medians(now: Sketch, before: Sketch) -> Interval | None:
    """Return the bootstrap interval of the median now less the median before; None when either is empty."""
    if not now.num or not before.num:
        return None
    import numpy as np

    values, chances = _medians(now)
    others, their_chances = _medians(before)
    gaps = np.subtract.outer(values, others).ravel()
    return _percentiles(gaps, np.multiply.outer(chances, their_chances).ravel())


def _medians(sketch: Sketch) -> "Weighed":
    """Return the medians that resamples of these values have, each with its chance: what endless draws would come to.

    The k-th smallest of n draws with replacement is at most v when at least k of the draws are, so its distribution is
    that of a Beta(k, n+1-k) variable, put into the share of what was seen up to v (Efron, Annals of Statistics 7 (1979),
    1-26, for the median).
    """
    import numpy as np
    from scipy.special import betainc

    keys = sorted(sketch.counts)
    upto = np.cumsum([sketch.counts[key] for key in keys])
    total = int(upto[-1])
    rank = math.ceil(total / 2)
    chances = np.diff(betainc(rank, total + 1 - rank, upto / total), prepend=0.0)
    (kept,) = np.nonzero(chances > _NEVER)
    return np.array([sketch.value_of(keys[place]) for place in kept]), chances[kept]


def _percentiles(values: "NDArray[np.float64]", chances: "NDArray[np.float64]") -> Interval:
    """Return the values below and above which ``_TAIL`` of the chance lies."""
    import numpy as np

    order = np.argsort(values, kind="stable")
    upto = np.cumsum(chances[order])
    low, high = order[np.searchsorted(upto, [_TAIL, upto[-1] - _TAIL])]
    return (float(values[low]), float(values[high]))
