"""Signs of life of workers."""

from datetime import UTC, datetime, timedelta

import pytest

from runs_app.models import WorkerBeat
from runs_app.services.beat import beat

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


def test_a_worker_has_one_row_with_its_last_sign() -> None:
    beat(name="fleet@a", started_at=NOW, now=NOW)
    beat(name="fleet@a", started_at=NOW, now=NOW + timedelta(seconds=10))

    assert list(WorkerBeat.objects.values_list("name", "beat_at")) == [
        ("fleet@a", NOW + timedelta(seconds=10))
    ]


def test_a_worker_that_is_silent_for_a_day_is_forgotten() -> None:
    beat(name="old", started_at=NOW, now=NOW - timedelta(days=1, seconds=1))
    beat(name="silent", started_at=NOW, now=NOW - timedelta(hours=23))
    beat(name="new", started_at=NOW, now=NOW)

    assert set(WorkerBeat.objects.values_list("name", flat=True)) == {"silent", "new"}
