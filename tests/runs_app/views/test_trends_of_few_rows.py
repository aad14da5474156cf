"""The overview, the trends and the rows behind them where there is nothing yet, where there is more, and where there is nothing to find."""

from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from runs_app.services.update_rollups import update_rollups
from tests.runs_app.trend_rows import LAST, fill

UNTIL = LAST.date()


def get(client: Client, page: str, **parameters: str) -> Any:
    return client.get(reverse(page), {"until": UNTIL.isoformat(), **parameters})


def test_a_chart_that_does_not_exist_is_not_found(dan: Client) -> None:
    assert dan.get(reverse("trends:chart_csv", args=["nothing"])).status_code == 404


@pytest.mark.parametrize("page", ["trends:overview", "trends:list", "trends:people", "trends:rows"])
def test_the_number_of_queries_does_not_grow_with_the_rows(dan: Client, page: str) -> None:
    def count() -> int:
        update_rollups(now=LAST)
        with CaptureQueriesContext(connection) as queries:
            assert get(dan, page, days="91").status_code == 200
        return len(queries)

    fill(num_runs=10, num_skills=6)
    few = count()
    fill(num_runs=80, num_skills=40, seed=8)

    assert count() == few


def test_an_empty_site_says_what_to_do_and_a_choice_of_nothing_leads_back(dan: Client) -> None:
    assert b"Nothing to look back on yet" in get(dan, "trends:overview").content
    assert b"Show everything" in get(dan, "trends:overview", model="none-such").content


def test_what_is_wrong_in_an_address_is_said(dan: Client) -> None:
    assert b"is not a period" in get(dan, "trends:overview", days="3").content
