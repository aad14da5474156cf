"""Addresses of the trends pages go in and come out as the same page; what is wrong is named."""

from datetime import date
from urllib.parse import parse_qsl

import pytest

from runs_app.domain.trends.trend_filter import parse_trend_filter

TODAY = date(2026, 11, 16)


@pytest.mark.parametrize(
    "query",
    [
        "",
        "branch=web%2Ffrontend&model=large&days=91",
        "author=ben&since=2026-09-01&until=2026-10-05",
        "type=tool&days=7&until=2026-11-01",
        "days=week",
        "days=week&until=2026-11-04",
    ],
)
def test_an_address_comes_out_as_it_went_in(query: str) -> None:
    chosen = parse_trend_filter(dict(parse_qsl(query)), today=TODAY)

    assert chosen.query() == query
    assert chosen.problems == ()


@pytest.mark.parametrize(
    ("until", "first"),
    [
        (date(2026, 11, 16), date(2026, 11, 9)),
        (date(2026, 11, 17), date(2026, 11, 16)),
        (date(2026, 11, 22), date(2026, 11, 16)),
    ],
)
def test_since_monday_is_this_week_and_on_a_monday_the_one_before(until: date, first: date) -> None:
    period = parse_trend_filter({"days": "week"}, today=until).period

    assert (period.first, period.last) == (first, until)
    assert period.first.strftime("%A") == "Monday"


def test_a_named_period_takes_the_place_of_days_of_ones_own() -> None:
    chosen = parse_trend_filter({"days": "7", "since": "2026-09-01"}, today=TODAY)

    assert (chosen.days, chosen.period.num_days) == ("7", 7)


@pytest.mark.parametrize(
    ("query", "word"),
    [
        ("days=5", "not a period"),
        ("since=yesterday", "not a day"),
        ("since=2026-12-01", "no period"),
        ("since=2001-01-01", "no period"),
        ("until=0001-01-01", "too far away"),
    ],
)
def test_what_cannot_be_used_is_named_and_the_page_is_shown_all_the_same(query: str, word: str) -> None:
    chosen = parse_trend_filter(dict(parse_qsl(query)), today=TODAY)

    assert word in " ".join(chosen.problems)
    assert (chosen.period.num_days, chosen.period.last) == (28, TODAY)


def test_a_choice_is_carried_to_the_days_behind_a_point() -> None:
    chosen = parse_trend_filter({"branch": "web"}, today=TODAY)

    query = chosen.between(date(2026, 11, 2), date(2026, 11, 8)).query()

    assert query == "branch=web&since=2026-11-02&until=2026-11-08"
