"""Each count of waiting people and of documents that two rulers judged leads to exactly the rows it counts."""

import random
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from runs_app.models import HumanPrompt, Run, RunParam, TrendEvent
from runs_app.services.update_rollups import update_rollups
from runs_app.templatetags.trends import chart_rows, count_link, rows_url
from skills_app.models import SkillVersion
from tests.kept_rows import kept_for_a_module
from tests.runs_app.trend_rows import LAST, add_people, fill, score
from tests.runs_app.views.test_trends import UNTIL, count_of, get

pytestmark = pytest.mark.django_db
NARROW: list[dict[str, str]] = [{}, {"branch": "web"}, {"type": "tool"}, {"author": "ben"}, {"days": "7"}]


@pytest.fixture(scope="module")
def filled(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    with kept_for_a_module(django_db_blocker):
        fill(num_runs=20, num_skills=40)
        add_people(random.Random(5), last=LAST)
        for number, version in enumerate(SkillVersion.objects.order_by("pk")):
            if number % 3 == 0:
                # Between the first version of the scorer and its ninety-ninth, so that these two are no neighbours.
                score(version, 0.4, scorer_version="7")
        update_rollups(now=LAST)
        yield


def leads(dan: Client, page: Any, num: int, *of: Any, **more: str) -> int:
    """Check that the page leads from a count to a list of so many rows; return how many."""
    found = count_of(dan, page.content.decode() if num else "", rows_url(*of, **more))
    assert found == num, more
    return num


@pytest.mark.parametrize("narrow", NARROW)
def test_each_count_of_reviews_leads_to_the_reviews_it_counts(
    dan: Client, filled: None, narrow: dict[str, str]
) -> None:
    page = get(dan, "trends:people", **narrow)
    chosen, waits = page.context["chosen"], page.context["waits"]

    nums = [
        leads(dan, page, waits.decided.num_now, chosen, "reviews", wait="decided"),
        leads(dan, page, waits.decided.num_before, chosen.before, "reviews", wait="decided"),
        leads(dan, page, waits.queue.num_now, chosen, "reviews", wait="open"),
        leads(dan, page, waits.queue.num_before, chosen, "reviews", wait="began"),
    ]

    assert min(nums) > 0


@pytest.mark.parametrize("narrow", NARROW)
def test_each_point_of_the_waits_leads_to_the_rows_it_counts_and_has_its_picture(
    dan: Client, filled: None, narrow: dict[str, str]
) -> None:
    page = get(dan, "trends:people", **narrow)

    keys = set()
    for chart in page.context["wait_charts"]:
        for _, url, *_, num, _ in chart_rows(chart, page.context["chosen"]):
            assert url.replace("&", "&amp;") in page.content.decode()
            assert dan.get(url).context["page"].paginator.count == num > 0, url
            keys.add(chart.key)
        address = reverse("trends:chart_svg", args=[chart.key])
        picture = dan.get(address, {"until": UNTIL.isoformat(), **narrow})
        assert picture.content.count(b"<circle") == sum(
            one.value is not None for line in chart.series for one in line.points
        )

    assert keys >= {"decided", "queue"}
    assert {"asked", "changed"} <= keys or narrow.keys() & {"branch", "type", "author"}


def test_an_agreement_of_the_newest_versions_alone_says_so_and_leads_to_all_reviews(
    dan: Client, filled: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = get(dan, "trends:list")
    for module in ("queries.agreement.MOST", "views.trends.MOST_REVIEWED", "views.agreement.MOST"):
        monkeypatch.setattr(f"runs_app.{module}", 3)

    cut = get(dan, "trends:list")

    assert b"data-cut" not in whole.content
    text = cut.content.decode()
    told = text.partition("data-cut")[2].partition("</p>")[0]
    address = rows_url(cut.context["chosen"], "reviews", wait="decided").replace("&", "&amp;")
    assert "the newest 3 versions" in told
    assert address in told
    assert address in get(dan, "trends:agreement").content.decode()
    assert max(row.agreement.num for row in cut.context["agreements"]) <= 3


def test_rows_that_rest_on_few_are_grey_in_every_table(dan: Client, filled: None) -> None:
    def grey(page: Any, name: str) -> list[bool]:
        table = page.content.decode().partition(f'aria-label="{name}"')[2].partition("</table>")[0]
        return [
            "data-small" in row.partition(">")[0] for row in table.partition("<tbody>")[2].split("<tr")[1:]
        ]

    seen = set()
    for days in ("7", "91"):
        page = get(dan, "trends:list", days=days)
        come = [stage.num for stage in page.context["funnel"]]
        few = [num < 5 for num in [come[0], *come[:-1]]]
        assert grey(page, "Stages") == grey(get(dan, "trends:funnel", days=days), "Stages") == few
        rulers = [one.num < 5 for one in page.context["rulers"]]
        assert grey(page, "Table of rulers") == rulers
        text = get(dan, "trends:overview", days=days).content.decode()
        assert text.count("<dd data-small>") == sum(num < 5 for num in come[1:4])
        seen |= {*few, *rulers}
    assert seen == {True, False}


@pytest.mark.parametrize("narrow", [{}, {"days": "7"}, {"model": "small"}, {"program": "creator"}])
def test_each_count_of_questions_leads_to_the_questions_it_counts(
    dan: Client, filled: None, narrow: dict[str, str]
) -> None:
    run = Run.objects.filter(kind="generation").first()
    assert run is not None
    RunParam.objects.get_or_create(run=run, key="program", defaults={"value": "creator"})
    generation = HumanPrompt.objects.select_related("generation")[0].generation
    type(generation).objects.filter(pk=generation.pk).update(run_id=run.run_id)
    page = get(dan, "trends:people", **narrow)
    chosen, questions = page.context["chosen"], page.context["waits"].questions

    total = 0
    for one in questions:
        now: dict[str, int] = {
            "": one.num_asked,
            "answered": one.num_answered,
            "changed": one.num_changed,
            "known": one.changed.num_now,
        }
        before: dict[str, int] = {
            "": one.num_asked_before,
            "answered": one.num_answered_before,
            "changed": one.num_changed_before,
            "known": one.changed.num_before,
        }
        for days, nums in ((chosen, now), (chosen.before, before)):
            total += sum(
                leads(dan, page, num, days, "questions", kind=one.name, answer=answer)
                for answer, num in nums.items()
            )

    assert len(questions) == 3
    assert total > 30


@pytest.mark.parametrize("narrow", [*NARROW, {"days": "730"}])
def test_the_documents_of_a_ruler_lead_to_the_versions_that_both_judged(
    dan: Client, filled: None, narrow: dict[str, str]
) -> None:
    page = get(dan, "trends:list", **narrow)
    chosen, rulers = page.context["chosen"], page.context["rulers"]

    nums = {
        (one.old, one.new): leads(
            dan, page, one.num, chosen, "versions", ruler=one.scorer, old=one.old, new=one.new
        )
        for one in rulers
    }

    assert {("1", "7"), ("7", "99"), ("1", "99")} <= nums.keys()
    for one in rulers:
        for days, num in ((chosen, one.skills.num_now), (chosen.before, one.skills.num_before)):
            leads(dan, page, num, days, "versions", scorer=one.line)


def test_a_ruler_is_found_the_other_way_round_and_says_of_which_days_it_is(dan: Client, filled: None) -> None:
    assert TrendEvent.objects.filter(name="fleet 7").exists()
    one = get(dan, "trends:rows", of="versions", ruler="fleet", old="1", new="7")
    other = get(dan, "trends:rows", of="versions", ruler="fleet", old="7", new="1")

    assert one.context["page"].paginator.count == other.context["page"].paginator.count > 0
    text = one.content.decode()
    assert "judged by fleet 1 and 7" in text
    first = one.context["chosen"].before.period.first
    assert f"{first.day} {first:%b %Y} to " in text
    days = [row.day for row in one.context["page"].object_list]
    assert min(days) < one.context["chosen"].period.first


def test_a_list_says_how_long_each_review_waited(dan: Client, filled: None) -> None:
    page = get(dan, "trends:rows", of="reviews", wait="open")
    found = page.context["page"].object_list

    assert [row.since for row in found] == sorted(row.since for row in found)
    assert {row.review.status for row in found} == {"open"}
    assert found[0].review.get_absolute_url() in page.content.decode()
    assert get(dan, "trends:rows", of="reviews", wait="nonsense").context["choice"].wait == "open"
    empty = get(dan, "trends:rows", of="reviews", wait="open", branch="nowhere")
    assert "No row of these days" in empty.content.decode()


@pytest.mark.parametrize("asked", [{"of": "reviews", "wait": "decided"}, {"of": "questions"}])
def test_a_list_of_many_rows_takes_as_many_queries_as_one_of_two(
    dan: Client, filled: None, monkeypatch: pytest.MonkeyPatch, asked: dict[str, str]
) -> None:
    counts = []
    for size in (2, 20):
        monkeypatch.setattr("runs_app.views.trend_rows.ROWS_PER_PAGE", size)
        with CaptureQueriesContext(connection) as queries:
            page = get(dan, "trends:rows", days="91", **asked)
        counts.append((len(queries), len(page.context["page"].object_list)))

    assert counts[0][0] == counts[1][0]
    assert counts[1][1] > counts[0][1] == 2


def test_nothing_counted_is_no_link() -> None:
    assert count_link(0, "reviews", None, "reviews") == "0"  # type: ignore[arg-type]
