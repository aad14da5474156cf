"""When the digest is due, in the site's time zone."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from runs_app.domain.trends.digest_time import digest_due

ZONE = ZoneInfo("Europe/Berlin")
MONDAY = datetime(2026, 11, 16, 7, tzinfo=ZONE)


@pytest.mark.parametrize(
    ("now", "is_due"),
    [
        (MONDAY, True),
        (MONDAY.replace(hour=6, minute=59), False),
        (MONDAY.replace(hour=23), True),
        (MONDAY.replace(day=17, hour=6), True),
        (MONDAY.replace(day=17), False),
        (MONDAY.replace(day=15, hour=12), False),
    ],
)
def test_it_is_due_for_a_day(now: datetime, is_due: bool) -> None:
    assert digest_due(now, day="mon", hour=7) == (MONDAY if is_due else None)


def test_never_is_never() -> None:
    assert digest_due(MONDAY, day="never", hour=7) is None
