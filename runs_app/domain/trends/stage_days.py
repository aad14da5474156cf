"""How many days each stage of the funnel takes, and why the others are not there, generation by generation."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import pairwise

from runs_app.domain.trends.change import FEW, Change, change_of_times
from runs_app.domain.trends.totals import STAGES

_DAY = 86_400


@dataclass(frozen=True, slots=True)
class Course:
    """When one generation came to each stage, as far as it came, and in a word why it came no further.

    ``reached`` holds the moment of each stage in the order of ``STAGES``, None where nobody noted one.
    """

    reached: tuple[datetime | None, ...]
    why_no_further: str = ""

    @property
    def last_stage(self) -> str:
        """The last stage that it came to."""
        return STAGES[len(self.reached) - 1]


@dataclass(frozen=True, slots=True)
class StageDays:
    """Generations that came to a stage, the median of the days since the stage before, and why others did not come.

    ``num`` counts those with both moments; ``lost`` are reasons with their number, the most frequent first. ``change`` judges
    the median against that of the period before; None where that was not looked at.
    """

    num: int = 0
    days: float | None = None
    lost: tuple[tuple[str, int], ...] = ()
    change: Change | None = None

    @property
    def is_few(self) -> bool:
        """Whether too few stand behind the median."""
        return self.num < FEW


@dataclass(frozen=True, slots=True)
class Courses:
    """The generations that were looked at: all of a period, or its newest when ``is_cut``."""

    courses: tuple[Course, ...] = ()
    is_cut: bool = False
    stages: Mapping[str, StageDays] = field(default_factory=dict)


NO_DAYS = StageDays()
NO_COURSES = Courses()


def courses_of(courses: Iterable[Course], *, is_cut: bool, before: Iterable[Course] = ()) -> Courses:
    """Return the days and reasons of every stage but the first, the days against those of the courses ``before``."""
    listed, listed_before = tuple(courses), tuple(before)
    stages = {}
    for number, (earlier, name) in enumerate(pairwise(STAGES), start=1):
        waits = _waits(listed, number)
        change = change_of_times(waits, _waits(listed_before, number))
        stages[name] = StageDays(len(waits), change.now, _lost(listed, earlier), change)
    return Courses(listed, is_cut, stages)


def _waits(courses: Sequence[Course], number: int) -> list[float]:
    """Return the days that each course took from the stage before to the stage of this number, where both moments are known."""
    waits = []
    for course in courses:
        if len(course.reached) > number:
            came, before = course.reached[number], course.reached[number - 1]
            if came is not None and before is not None:
                # A verdict may be older than the last judgement; then the stage took no time of its own.
                waits.append(max((came - before).total_seconds(), 0.0) / _DAY)
    return waits


def _lost(courses: Sequence[Course], stage: str) -> tuple[tuple[str, int], ...]:
    reasons = Counter(one.why_no_further for one in courses if one.last_stage == stage and one.why_no_further)
    return tuple(sorted(reasons.items(), key=lambda pair: (-pair[1], pair[0])))
