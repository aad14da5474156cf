"""Periods, the one before, and the buckets that a chart is drawn in."""

import calendar
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

LONGEST_DAYS = 1_100
_DAYS_AS_DAYS = 14
_DAYS_AS_WEEKS = 200


class Unit(StrEnum):
    """How long a bucket is."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"


@dataclass(frozen=True, slots=True)
class Bucket:
    """A stretch of days, first and last counted in."""

    first: date
    last: date

    @property
    def num_days(self) -> int:
        """How many days it holds."""
        return (self.last - self.first).days + 1

    @property
    def whole_months(self) -> "Bucket | None":
        """The calendar months that lie within, from the first day of the first to the last of the last; None without any."""
        first = self.first if self.first.day == 1 else _end_of(self.first, Unit.MONTH) + timedelta(days=1)
        after = self.last + timedelta(days=1)
        last = after.replace(day=1) - timedelta(days=1)
        return Bucket(first, last) if first <= last else None

    def has(self, day: date) -> bool:
        """Whether ``day`` lies within."""
        return self.first <= day <= self.last


@dataclass(frozen=True, slots=True)
class Period(Bucket):
    """The days that a page is about."""

    @classmethod
    def ending(cls, last: date, num_days: int) -> "Period":
        """Return the ``num_days`` days up to ``last``."""
        return cls(last - timedelta(days=num_days - 1), last)

    @property
    def before(self) -> "Period":
        """The same number of days right before."""
        return Period(self.first - timedelta(days=self.num_days), self.first - timedelta(days=1))

    @property
    def unit(self) -> Unit:
        """How finely a chart of it is drawn."""
        if self.num_days <= _DAYS_AS_DAYS:
            return Unit.DAY
        return Unit.WEEK if self.num_days <= _DAYS_AS_WEEKS else Unit.MONTH

    def buckets(self) -> tuple[Bucket, ...]:
        """Return its days, weeks (from Monday) or months; the first and the last may be cut off by the period."""
        found = []
        first = self.first
        while first <= self.last:
            last = min(_end_of(first, self.unit), self.last)
            found.append(Bucket(first, last))
            first = last + timedelta(days=1)
        return tuple(found)


def month_of(day: date) -> Bucket:
    """Return the calendar month that ``day`` lies in."""
    return Bucket(day.replace(day=1), _end_of(day, Unit.MONTH))


def _end_of(day: date, unit: Unit) -> date:
    if unit is Unit.DAY:
        return day
    if unit is Unit.WEEK:
        return day + timedelta(days=6 - day.weekday())
    return day.replace(day=calendar.monthrange(day.year, day.month)[1])
