"""The rollups of the whole sample: equal to the rows, to plain SQL, and gone when the sample is removed."""

import random
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.utils import timezone

from runs_app.domain.trends.trend_filter import parse_trend_filter
from runs_app.queries.overview import overview_of
from runs_app.queries.trends import trend_of
from runs_app.services.load_sample import load_sample
from runs_app.services.remove_sample import remove_sample
from runs_app.services.update_rollups import check_rollups, update_rollups
from skills_app.domain.scoring.fleet1 import SCORER
from skills_app.services.judge_version import judge_versions
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
from tests.runs_app.trend_rows import add_people

pytestmark = [pytest.mark.django_db, pytest.mark.slow]


def one(sql: str) -> Any:
    with connection.cursor() as cursor:
        cursor.execute(sql)
        return cursor.fetchone()[0]


def test_the_sample_is_added_up_as_plain_sql_does_and_leaves_nothing_when_removed(
    settings: Any, tmp_path: Path
) -> None:
    settings.DATA_DIR = tmp_path
    load_sample()
    judge_versions()
    update_rollups()

    chosen = parse_trend_filter({"days": "91"}, today=timezone.localdate())
    trend = trend_of(chosen)
    seen = overview_of(chosen)
    assert check_rollups() == []
    assert trend.runs.num == one("SELECT count(*) FROM runs_app_run WHERE kind = 'generation'") > 20
    spent = one("SELECT sum(rolled_cost_usd) FROM runs_app_run WHERE kind = 'generation'")
    assert trend.runs.effort.cost_usd == pytest.approx(spent, abs=1e-4)
    assert trend.versions.num == one("SELECT count(*) FROM skills_app_skillversion")
    assert seen.num_active == one("SELECT count(*) FROM skills_app_skill WHERE status = 'active'")

    # The plain queries of the pages' figures are written for SQLite.
    if connection.vendor == "sqlite":
        _check_pages()
        _check_pages_with_people()

    remove_sample(actor=User.objects.create_superuser("root"))
    update_rollups()
    assert check_rollups() == []
    assert trend_of(chosen).runs.num == trend_of(chosen).versions.num == 0


def _check_pages() -> None:
    """Every figure of the pages, of four weeks and of those before, is what plain SQL and numpy find in the rows."""
    pages = _pages("dan")
    charts = check_points(pages)
    assert len(charts) > 5
    assert charts["gate"] > 0 < charts["cost"]
    check_changes(pages)
    check_headline(pages)
    assert check_key_figures(pages)["passed"] > 0
    check_rules(pages)
    assert check_funnel(pages)["generated"] > 0
    # Nobody has judged or answered anything in the sample, and each scorer has one version.
    assert (check_agreement(pages), check_rulers(pages)) == (0, 0)
    assert set(check_waits(pages).values()) == {0}


def _check_pages_with_people() -> None:
    """So it is when people judge the sample's versions and answer questions, and a second version of the scorer judges them too."""
    add_people(random.Random(4), last=timezone.now(), scorer=SCORER)
    update_rollups()
    assert check_rollups() == []
    pages = _pages("eve")
    check_points(pages)
    check_changes(pages)
    check_headline(pages)
    check_key_figures(pages)
    check_rules(pages)
    assert check_funnel(pages)["generated"] > 0
    assert check_agreement(pages) > 5
    assert check_rulers(pages) == 1
    found = check_waits(pages)
    assert found["kinds"] == 3
    assert min(found.values()) > 0


def _pages(name: str) -> Pages:
    plain_gates.keep(plain_gates.built_in_gates())
    client = Client()
    client.force_login(User.objects.create_user(name))
    until = timezone.localdate()
    return Pages(client, until - timedelta(days=27), until)
