"""Periods, what lies before them, and their buckets."""

from datetime import date, timedelta

import pytest

from runs_app.domain.trends.periods import Period, Unit

MONDAY = date(2026, 11, 16)


def test_the_period_before_is_as_long_and_ends_the_day_before() -> None:
    period = Period.ending(MONDAY, 28)

    assert period.num_days == period.before.num_days == 28
    assert period.before.last + timedelta(days=1) == period.first


@pytest.mark.parametrize(
    ("days", "unit"), [(7, Unit.DAY), (28, Unit.WEEK), (90, Unit.WEEK), (730, Unit.MONTH)]
)
def test_buckets_cover_each_day_of_the_period_once(days: int, unit: Unit) -> None:
    period = Period.ending(MONDAY, days)
    buckets = period.buckets()

    assert period.unit is unit
    assert buckets[0].first == period.first
    assert buckets[-1].last == period.last
    assert sum(bucket.num_days for bucket in buckets) == days
    assert all(a.last + timedelta(days=1) == b.first for a, b in zip(buckets, buckets[1:], strict=False))


def test_weeks_begin_on_monday() -> None:
    assert all(bucket.first.weekday() == 0 for bucket in Period.ending(MONDAY, 60).buckets()[1:])


@pytest.mark.parametrize(
    ("first", "last", "months"),
    [
        (date(2026, 1, 15), date(2026, 4, 10), (date(2026, 2, 1), date(2026, 3, 31))),
        (date(2026, 2, 1), date(2026, 2, 28), (date(2026, 2, 1), date(2026, 2, 28))),
        (date(2025, 12, 2), date(2026, 1, 30), None),
        (date(2025, 12, 1), date(2026, 1, 30), (date(2025, 12, 1), date(2025, 12, 31))),
        (date(2026, 3, 5), date(2026, 3, 9), None),
    ],
)
def test_the_whole_months_of_a_period(first: date, last: date, months: tuple[date, date] | None) -> None:
    found = Period(first, last).whole_months

    assert (None if found is None else (found.first, found.last)) == months
