"""The page of scores against reviewers, its tables and pictures, against plain SQL over the raw rows."""

import csv
import io
import random
from typing import Any
from xml.etree import ElementTree

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse

from runs_app.services.update_rollups import update_rollups
from runs_app.templatetags.trends import judged_url
from skills_app.models import SkillVersion, Verdict
from tests.runs_app.plain_figures import LAST_VERDICTS, wilson
from tests.runs_app.trend_rows import LAST, fill, review_of

CHOSEN = {"until": LAST.date().isoformat(), "days": "91"}


@pytest.fixture
def reviewed(db: Any) -> None:
    fill(num_runs=10, num_skills=24)
    rng = random.Random(5)
    for one in SkillVersion.objects.order_by("pk"):
        for _ in range(rng.randint(0, 3)):
            review = review_of(one)
            Verdict.objects.create(
                review=review,
                version=one,
                decision=rng.choice(("approve", "reject", "request_changes")),
                given_at=LAST,
                undone_at=rng.choice((None, None, LAST)),
                binding={},
            )
    update_rollups(now=LAST)


def table(client: Client, name: str, **more: str) -> list[dict[str, str]]:
    answer = client.get(reverse("trends:agreement_csv", args=[name]), {**CHOSEN, **more})
    return list(csv.DictReader(io.StringIO(answer.content.decode())))


def plain(sql: str) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql)
        return cursor.fetchall()


@pytest.mark.parametrize(
    ("scorer", "column", "named"),
    [("fleet", "deterministic_score", "fleet"), ("model", "quality_score", "quality_score")],
)
def test_agreement_and_calibration_are_what_plain_sql_counts(
    dan: Client, reviewed: None, scorer: str, column: str, named: str
) -> None:
    pairs = plain(
        f"SELECT a.{column}, j.ok FROM skills_app_qualityassessment a JOIN {LAST_VERDICTS} j "
        f"ON j.version_id = a.version_id WHERE a.scorer = '{scorer}'"
    )
    agree = sum((score >= 0.6) is bool(ok) for score, ok in pairs)

    (row,) = [line for line in table(dan, "scores") if line["scorer"] == named]
    assert (int(row["n"]), int(row["agree"])) == (len(pairs), agree)
    assert [float(row["low"]), float(row["high"])] == pytest.approx(wilson(agree, len(pairs)), abs=1e-9)
    version = "1" if scorer == "fleet" else ""
    for line in table(dan, "calibration", score=f"{named}/{version}/"):
        low, high = float(line["from"]), float(line["to"])
        inside = [bool(ok) for score, ok in pairs if low <= score < high or score == high == 1]
        assert (int(line["n"]), int(line["approved"])) == (len(inside), sum(inside))


def test_the_scatter_holds_every_version_with_both_scores(dan: Client, reviewed: None) -> None:
    wanted = plain(
        "SELECT s.path, v.number, m.quality_score, f.deterministic_score, j.ok FROM skills_app_skillversion v "
        "JOIN skills_app_skill s ON s.id = v.skill_id "
        "JOIN skills_app_qualityassessment m ON m.version_id = v.id AND m.scorer = 'model' "
        "JOIN skills_app_qualityassessment f ON f.version_id = v.id AND f.scorer = 'fleet' "
        f"JOIN {LAST_VERDICTS} j ON j.version_id = v.id"
    )

    lines = table(dan, "scatter", x="quality_score//", y="fleet/1/")

    found = {tuple(line.values()) for line in lines}
    assert found == {(path, str(n), str(x), str(y), str(bool(ok))) for path, n, x, y, ok in wanted}
    assert len(found) > 5
    svg = dan.get(reverse("trends:agreement_svg", args=["scatter"]), {**CHOSEN, "y": "fleet/1/"})
    root = ElementTree.fromstring(svg.content)
    space = "{http://www.w3.org/2000/svg}"
    assert len(root.findall(f"{space}circle")) == sum(bool(ok) for *_, ok in wanted)


def test_the_page_shows_the_table_and_both_pictures_and_says_what_is_asked_for(
    dan: Client, reviewed: None
) -> None:
    page = dan.get(reverse("trends:agreement"), CHOSEN)
    text = " ".join(page.content.decode().split())

    assert len(page.context["rows"]) == 2
    assert "less than <strong>70 %</strong> advises and does not block" in text
    assert text.count('<svg class="chart') == 2
    fragment = dan.get(reverse("trends:agreement"), CHOSEN, headers={"HX-Request": "true"}).content.decode()
    assert fragment.strip().startswith('<div id="agreement-body"')


def test_without_a_verdict_it_says_what_to_do(dan: Client) -> None:
    assert "Nobody to compare with yet" in dan.get(reverse("trends:agreement")).content.decode()
    assert dan.get(reverse("trends:agreement_svg", args=["scatter"])).status_code == 404
    assert dan.get(reverse("trends:agreement_csv", args=["nothing"])).status_code == 404
    assert table(dan, "scatter") == table(dan, "calibration") == []


def test_who_is_not_signed_in_is_sent_to_sign_in(client: Client, db: Any) -> None:
    assert client.get(reverse("trends:agreement")).status_code == 302


def test_the_agreement_page_asks_as_many_queries_for_many_versions(
    dan: Client, reviewed: None, django_assert_max_num_queries: Any
) -> None:
    with django_assert_max_num_queries(40):
        dan.get(reverse("trends:agreement"), CHOSEN)


def test_each_figure_of_agreement_leads_to_the_versions_that_it_counts(dan: Client, reviewed: None) -> None:
    page = dan.get(reverse("trends:agreement"), CHOSEN)
    text, chosen = page.content.decode(), page.context["chosen"]

    def count_of(url: str) -> int:
        assert url.replace("&", "&amp;") + '"' in text
        paginator = dan.get(url).context["page"].paginator
        return len([row for number in paginator.page_range for row in paginator.page(number)])

    for row in page.context["rows"]:
        assert count_of(judged_url(chosen, row.key)) == row.agreement.num
        assert count_of(judged_url(chosen, row.key, agrees="no")) == row.agreement.num_differ > 0
    fifths = [one.num for one, _ in page.context["calibration_rows"]]
    key = page.context["calibration"].key
    told = [count_of(judged_url(chosen, key, fifth=n)) for n, num in enumerate(fifths, start=1) if num]
    assert told == [num for num in fifths if num]
    assert len(told) > 2
