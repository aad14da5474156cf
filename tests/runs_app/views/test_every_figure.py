"""Every figure of the overview and of the trends, recomputed from the raw rows by plain SQL and numpy."""

import random
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client

from runs_app.services.update_rollups import update_rollups
from tests.runs_app import plain_gates
from tests.runs_app.page_figures import (
    Pages,
    check_agreement,
    check_changes,
    check_funnel,
    check_headline,
    check_key_figures,
    check_points,
    check_rulers,
    check_rules,
    check_waits,
)
from tests.runs_app.trend_rows import LAST, add_moments, add_people, fill

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.skipif(connection.vendor != "sqlite", reason="the plain queries are written for SQLite"),
]
DAYS = 28
UNTIL = LAST.date()
SINCE = UNTIL - timedelta(days=DAYS - 1)


@pytest.fixture
def pages(request: Any, settings: Any) -> Pages:
    """Fill with random rows, and with people who judge and answer; return the pages of a reader.

    People judge at random, so with a least agreement one version of the scorer may only advise; without, both keep gates shut.
    """
    seed, settings.FLEET_LEAST_AGREEMENT = request.param
    fill(num_runs=90, num_skills=40, seed=seed)
    rng = random.Random(seed)
    add_people(rng, last=LAST)
    add_moments(rng, last=LAST)
    update_rollups(now=LAST)
    gates = plain_gates.gates_by_score()
    assert set(gates.values()) == {"passed", "blocked", ""}
    plain_gates.keep(gates)
    client = Client()
    client.force_login(User.objects.create_user("dan"))
    return Pages(client, SINCE, UNTIL)


# One test: to fill the tables takes many times as long as to look at a page.
@pytest.mark.parametrize("pages", [(3, 0.7), (8, 0.0)], indirect=True)
def test_every_figure_is_what_plain_sql_and_numpy_find(pages: Pages) -> None:
    charts = check_points(pages)
    assert len(charts) == 13
    assert min(charts.values()) > 5
    check_changes(pages)
    assert min(check_headline(pages).values()) > 0
    assert check_key_figures(pages)["active"] > 0
    check_rules(pages)
    assert min(check_funnel(pages).values()) > 0
    assert check_agreement(pages) > 20
    assert check_rulers(pages) == 1
    found = check_waits(pages)
    assert found["kinds"] == 3
    assert min(found.values()) > 2
