"""When a change is called better or worse: only when its interval leaves out "no change"."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from statistics import median

from runs_app.domain.trends.intervals import difference_of_medians, difference_of_shares
from runs_app.domain.trends.sketch import Scale, Sketch
from skills_app.domain.intervals import Interval

# Fewer than this many on either side are drawn grey and decide nothing.
FEW = 5


class Called(StrEnum):
    """The words for a change; ``MORE`` and ``LESS`` where neither is better, ``NO_INTERVAL`` where none is worked out."""

    BETTER = "better"
    WORSE = "worse"
    MORE = "more often"
    LESS = "less often"
    NO_EVIDENCE = "no evidence of change"
    TOO_FEW = "too few"
    NOTHING_BEFORE = "nothing to compare"
    NO_INTERVAL = "no interval"


@dataclass(frozen=True, slots=True)
class Change:
    """A measure now and before: its values, how many stand behind each, the interval of the difference, and its word."""

    now: float | None
    before: float | None
    num_now: int
    num_before: int
    interval: Interval | None
    called: Called

    @property
    def by(self) -> float | None:
        """How much more it is now."""
        return None if self.now is None or self.before is None else self.now - self.before


def change_of_shares(
    now: tuple[int, int], before: tuple[int, int], *, is_more_better: bool | None = True, few: int = FEW
) -> Change:
    """Return the change of a share, each side given as yes and all; ``is_more_better`` is None where neither way is."""
    share_now = now[0] / now[1] if now[1] else None
    share_before = before[0] / before[1] if before[1] else None
    interval = difference_of_shares(now, before) if now[1] and before[1] else None
    called = _called(interval, now[1], before[1], is_more_better, few)
    return Change(share_now, share_before, now[1], before[1], interval, called)


def change_of_medians(now: Sketch, before: Sketch, *, is_more_better: bool = True, few: int = FEW) -> Change:
    """Return the change of a median."""
    interval = difference_of_medians(now, before)
    called = _called(interval, now.num, before.num, is_more_better, few)
    return Change(now.median, before.median, now.num, before.num, interval, called)


def change_of_times(now: Sequence[float], before: Sequence[float]) -> Change:
    """Return the change of the median of times, shorter ones being better; both medians are exact.

    The interval is worked out in the bins of a sketch, so that it takes no longer for very many of them.
    """
    found = change_of_medians(
        Sketch.of(now, Scale.GROWING), Sketch.of(before, Scale.GROWING), is_more_better=False
    )
    return replace(found, now=median(now) if now else None, before=median(before) if before else None)


def _called(
    interval: Interval | None, now: int, before: int, is_more_better: bool | None, few: int
) -> Called:
    if interval is None:
        return Called.NOTHING_BEFORE
    if min(now, before) < few:
        return Called.TOO_FEW
    low, high = interval
    if low <= 0 <= high:
        return Called.NO_EVIDENCE
    if is_more_better is None:
        return Called.MORE if low > 0 else Called.LESS
    return Called.BETTER if (low > 0) is is_more_better else Called.WORSE
