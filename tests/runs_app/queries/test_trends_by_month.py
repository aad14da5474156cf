"""A long period is read from months and days, and says what the rows say."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from runs_app.domain.trends.row_choice import VersionChoice
from runs_app.domain.trends.totals import RunTotals, VersionTotals
from runs_app.domain.trends.trend_filter import TrendFilter, parse_trend_filter
from runs_app.models import MonthlyRollup, TouchedDay
from runs_app.queries.trend_facts import fact_of, run_facts_of
from runs_app.queries.trend_rows import version_rows
from runs_app.queries.trend_run_rows import run_rows
from runs_app.queries.trends import Detail, trend_of
from runs_app.services.update_rollups import check_rollups, update_rollups
from tests.runs_app.trend_rows import LAST, fill

pytestmark = pytest.mark.django_db

UNTIL = LAST.date()


def runs_of(chosen: TrendFilter) -> RunTotals:
    totals = RunTotals()
    for fact in run_facts_of(run_rows(chosen)):
        totals.add(fact)
    return totals


def versions_of(chosen: TrendFilter) -> VersionTotals:
    totals = VersionTotals()
    for standing in version_rows(chosen, VersionChoice()):
        totals.add(fact_of(standing))
    return totals


def test_whole_months_and_the_days_around_them_say_what_the_rows_say() -> None:
    fill(num_runs=40, num_days=100)
    update_rollups(now=LAST)
    for narrow in ({}, {"model": "large"}, {"branch": "web"}, {"model": "large", "author": "ben"}):
        chosen = parse_trend_filter({"until": UNTIL.isoformat(), "days": "365", **narrow}, today=UNTIL)
        late = chosen.between(UNTIL - timedelta(days=45), UNTIL)
        before = chosen.between(late.period.before.first, late.period.before.last)
        with CaptureQueriesContext(connection) as queries:
            year, short = trend_of(chosen), trend_of(late)

        assert any("monthlyrollup" in query["sql"] for query in queries) == (len(narrow) < 2)
        assert year.runs.as_data() == runs_of(chosen).as_data()
        assert year.versions.as_data() == versions_of(chosen).as_data()
        assert short.runs_before.as_data() == runs_of(before).as_data()
        assert short.versions_before.as_data() == versions_of(before).as_data()
        assert year.runs.num > short.runs.num > 0 < short.runs_before.num


def test_with_less_detail_the_rest_is_the_same() -> None:
    fill(num_runs=40, num_days=100)
    update_rollups(now=LAST)
    for narrow in ({}, {"model": "large"}, {"model": "large", "author": "ben"}):
        chosen = parse_trend_filter({"until": UNTIL.isoformat(), "days": "365", **narrow}, today=UNTIL)
        whole = trend_of(chosen)
        some, costs = (trend_of(chosen, detail=detail) for detail in (Detail.NO_PHASES, Detail.COSTS))

        wanted = whole.runs.as_data()
        assert wanted["phase"]
        assert some.runs.as_data() == wanted | {"phase": {}}
        unread = {"tok": 0, "ms": 0, "toks": {}, "secs": {}}
        assert costs.runs.as_data() == wanted | {"phase": {}, "effort": wanted["effort"] | unread}
        assert some.versions == costs.versions == whole.versions


def test_a_month_that_was_tampered_with_is_found_and_mended() -> None:
    fill(num_runs=10, num_skills=2)
    update_rollups(now=LAST)
    month = MonthlyRollup.objects.filter(subject="run").order_by("day")[0].day
    MonthlyRollup.objects.filter(subject="run", day=month).delete()

    assert check_rollups(now=LAST) == [f"The rollup of runs in {month:%Y-%m} differs from its days."]

    TouchedDay.objects.create(subject="run", day=month.replace(day=28))
    update_rollups(now=LAST)
    assert check_rollups(now=LAST) == []
    assert not TouchedDay.objects.exists()
