"""How values are distributed, as a small histogram that merges without loss.

Scores lie between 0 and 1, so bins of one thousandth hold them with an error of half a thousandth. Costs and times
span many powers of ten, so their bins grow by two percent and a quantile is at most one percent off (the bins of
DDSketch: Masson, Rim and Lee, VLDB 2019). Both hold whole counts only: merging is addition, in any order, and a day that
is added up anew is equal to the last digit. A t-digest would be smaller, but depends on the order of what came in.
"""

import math
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

_STEP = 0.001
_GROWTH = 1.02
_LOG = math.log(_GROWTH)
_SMALLEST = 1e-9
_ZERO = -100_000


class Scale(StrEnum):
    """How wide the bins are: all alike, or growing with the value."""

    EVEN = "even"
    GROWING = "growing"


@dataclass(slots=True)
class Sketch:
    """Counts by bin. ``scale`` says which value a bin stands for."""

    scale: Scale = Scale.EVEN
    counts: dict[int, int] = field(default_factory=dict)

    @classmethod
    def of(cls, values: Iterable[float], scale: Scale = Scale.EVEN) -> "Sketch":
        """Return the sketch of ``values``."""
        made = cls(scale)
        made.counts = dict(Counter(map(made._bin, values)))
        return made

    @classmethod
    def from_data(cls, data: Mapping[str, int], scale: Scale) -> "Sketch":
        """Return what ``as_data`` gave."""
        made = cls(scale)
        made.add_data(data)
        return made

    def add_data(self, data: Mapping[str, int]) -> None:
        """Add the counts that ``as_data`` gave of a sketch of the same scale."""
        counts = self.counts
        if not counts:
            self.counts = {int(key): count for key, count in data.items()}
            return
        for text, count in data.items():
            key = int(text)
            counts[key] = counts.get(key, 0) + count

    def as_data(self) -> dict[str, int]:
        """Return the counts as JSON holds them, in the order of the bins."""
        return {str(key): self.counts[key] for key in sorted(self.counts)}

    @property
    def num(self) -> int:
        """How many values it holds."""
        return sum(self.counts.values())

    def add(self, value: float, times: int = 1) -> None:
        """Count a finite value; on a growing scale what is nought or below counts as nought."""
        key = self._bin(value)
        self.counts[key] = self.counts.get(key, 0) + times

    def merge(self, other: "Sketch") -> None:
        """Add the counts of another sketch of the same scale."""
        if other.scale is not self.scale:
            raise ValueError("Sketches of two scales cannot be merged.")
        counts = self.counts
        if not counts:
            self.counts = dict(other.counts)
            return
        for key, count in other.counts.items():
            counts[key] = counts.get(key, 0) + count

    def quantile(self, share: float) -> float | None:
        """Return the value that ``share`` (0 to 1) of the values do not exceed: the nearest rank; None when empty."""
        total = self.num
        if not total:
            return None
        rank = min(max(math.ceil(total * share), 1), total)
        seen = 0
        for key in sorted(self.counts):
            seen += self.counts[key]
            if seen >= rank:
                return self.value_of(key)
        raise AssertionError("counts do not add up")

    @property
    def median(self) -> float | None:
        """The lower median."""
        return self.quantile(0.5)

    def value_of(self, key: int) -> float:
        """Return the value that a bin stands for."""
        if self.scale is Scale.EVEN:
            return round(key * _STEP, 6)
        return 0.0 if key == _ZERO else 2 * _GROWTH**key / (1 + _GROWTH)

    def _bin(self, value: float) -> int:
        if not math.isfinite(value):
            raise ValueError("Only finite values can be counted.")
        if self.scale is Scale.EVEN:
            return round(value / _STEP)
        return _ZERO if value <= _SMALLEST else math.ceil(math.log(value) / _LOG)
