"""Days of each stage and reasons for going no further, against plain SQL and numpy over random rows."""

import random
from collections import Counter
from datetime import timedelta
from typing import Any

import numpy as np
import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.urls import reverse

from runs_app.domain.trends.funnel import funnel_of
from runs_app.domain.trends.totals import RunTotals
from runs_app.domain.trends.trend_filter import TrendFilter, parse_trend_filter
from runs_app.models import Run
from runs_app.queries import stage_days
from runs_app.queries.stage_days import courses_in
from runs_app.queries.trends import trend_of
from runs_app.services.update_rollups import update_rollups
from skills_app.models import SkillVersion, Verdict
from tests.runs_app import plain_figures as plain
from tests.runs_app import plain_gates
from tests.runs_app.trend_rows import LAST, add_moments, fill, review_of

pytestmark = pytest.mark.django_db


@pytest.fixture(params=[3])
def chosen(request: Any, settings: Any) -> TrendFilter:
    """Fill, with verdicts and publications at random times, and return the filter that holds everything."""
    # The verdicts are random, so no score would agree with them and no gate would block.
    settings.FLEET_LEAST_AGREEMENT = 0.0
    fill(seed=request.param, num_runs=120, num_skills=40)
    rng = random.Random(request.param)
    add_moments(rng, last=LAST)
    for one in SkillVersion.objects.order_by("pk"):
        for _ in range(rng.randint(0, 2)):
            Verdict.objects.create(
                review=review_of(one),
                version=one,
                decision=rng.choice(("approve", "approve", "reject", "request_changes")),
                given_at=LAST + timedelta(days=rng.uniform(-5, 20)),
                undone_at=rng.choice((None, None, LAST)),
                binding={},
            )
    update_rollups(now=LAST)
    plain_gates.keep(plain_gates.gates_by_score())
    return parse_trend_filter({"until": LAST.date().isoformat(), "days": "91"}, today=LAST.date())


# One test: to fill the tables takes many times as long as to look at them.
@pytest.mark.skipif(connection.vendor != "sqlite", reason="the plain query is written for SQLite")
def test_days_and_reasons_of_every_stage(chosen: TrendFilter, monkeypatch: Any) -> None:
    check_days(chosen)
    check_reasons(chosen)
    check_page(chosen)
    monkeypatch.setattr(stage_days, "MOST", 10)
    check_many(chosen)


def check_days(chosen: TrendFilter) -> None:
    """The days of every stage are what plain SQL and numpy find."""
    found = courses_in(chosen).stages

    wanted = plain.stage_days(chosen.period.first, chosen.period.last)
    for name, days in wanted.items():
        assert found[name].num == len(days) > 0, name
        assert found[name].days == pytest.approx(np.median(days), abs=2e-4), name


def check_reasons(chosen: TrendFilter) -> None:
    """The reasons account for everybody who is not at the next stage."""
    stages = funnel_of(trend_of(chosen).runs, RunTotals(), courses_in(chosen))

    for before, after in zip(stages, stages[1:], strict=False):
        assert sum(num for _, num in after.lost) == before.num - after.num
    by_status = Counter(Run.objects.filter(kind="generation").values_list("status", flat=True))
    generated = dict(stages[1].lost)
    assert (generated["failed"], generated["stopped"]) == (by_status["failed"], by_status["killed"])
    assert "blocked by its gate" in dict(stages[2].lost)
    assert {"rejected", "changes requested", "no verdict yet"} & set(dict(stages[3].lost))


def check_many(chosen: TrendFilter) -> None:
    """Of very many only the newest are looked at."""
    courses = courses_in(chosen)
    stages = funnel_of(trend_of(chosen).runs, RunTotals(), courses)

    assert (len(courses.courses), courses.is_cut) == (10, True)
    assert dict(stages[2].lost).keys() <= {"its gate is shut, or it was not judged"}


def check_page(chosen: TrendFilter) -> None:
    """The page and its table show the days."""
    client = Client()
    client.force_login(User.objects.create_user("dan"))

    page = client.get(f"{reverse('trends:funnel')}?{chosen.query()}").content.decode()
    table = client.get(f"{reverse('trends:funnel_csv')}?{chosen.query()}").content.decode()

    days = courses_in(chosen).stages["generated"]
    assert f"n = {days.num}" in page
    assert f",{days.days},{days.num}," in table
