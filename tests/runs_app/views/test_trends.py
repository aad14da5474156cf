"""The overview, the trends and the rows behind them, against what plain SQL and numpy find."""

import csv
import io
from collections.abc import Iterator
from datetime import timedelta
from html import unescape
from os.path import commonprefix
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest
from django.core.paginator import Paginator
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils.html import escape, strip_tags

from runs_app.domain.trends.row_choice import VersionChoice
from runs_app.domain.trends.trend_filter import parse_trend_filter
from runs_app.models import DailyRollup, Run, RunParam, TouchedDay, VersionStanding
from runs_app.queries.trend_rows import VersionRows, version_rows
from runs_app.queries.trend_run_rows import RunRows, run_rows
from runs_app.queries.trends import trend_of
from runs_app.services.touch_days import touch_run_days
from runs_app.services.update_rollups import rebuild_rollups, update_rollups
from runs_app.templatetags.trends import chart_rows, interval_text, rows_url
from skills_app.models import GateRevision, QualityAssessment, Skill, SkillVersion
from tests.kept_rows import kept_for_a_module
from tests.runs_app import plain_gates
from tests.runs_app.trend_rows import LAST, fill, score

UNTIL = LAST.date()
HTMX = {"HX-Request": "true"}


@pytest.fixture(scope="module")
def filled(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    with kept_for_a_module(django_db_blocker):
        fill(num_runs=150, num_skills=30)
        update_rollups(now=LAST)
        plain_gates.keep(plain_gates.gates_by_score())
        yield


pytestmark = pytest.mark.django_db


def get(client: Client, page: str, **parameters: str) -> Any:
    return client.get(reverse(page), {"until": UNTIL.isoformat(), **parameters})


def rows(sql: str, *values: Any) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        return cursor.fetchall()


def test_the_sentence_counts_active_skills_by_their_current_version(dan: Client, filled: None) -> None:
    page = get(dan, "trends:overview")

    wanted = plain_gates.headline()
    seen = page.context["overview"]
    assert min(wanted["passed"], wanted["blocked"]) > 0
    assert {name: getattr(seen, f"num_{name}") for name in wanted} == wanted
    assert f"{wanted['passed']} of {wanted['active']}" in " ".join(strip_tags(page.content.decode()).split())
    # These days are past, and what is of now says so.
    said = "are of the skills as they are now"
    today = dan.get(reverse("trends:overview")).content.decode()
    assert (said in page.content.decode(), said in today) == (True, False)


def test_what_got_worse_is_what_a_walk_over_every_skill_finds(dan: Client, filled: None) -> None:
    page = get(dan, "trends:overview")
    since = UNTIL - timedelta(days=27)

    moves = plain_gates.moves(since)
    worse = {one.path for one in moves[True]}
    assert worse
    seen = page.context["overview"]
    assert {one.skill.path for one in seen.worse} == worse
    assert {one.skill.path for one in seen.better} == {one.path for one in moves[False]}
    shared = commonprefix([path.split("/")[:-1] for path in worse])
    assert seen.place == "/".join(shared)


@pytest.mark.parametrize(
    ("paths", "place"),
    [
        (("web/frontend", "web/backend"), "web"),
        (("web", "web/backend"), "web"),
        (("web/backend",), "web/backend"),
        (("web/backend", "data"), ""),
    ],
)
def test_the_place_is_the_lowest_branch_that_holds_all_that_got_worse(
    dan: Client, filled: None, paths: tuple[str, ...], place: str
) -> None:
    VersionStanding.objects.update(gate="passed", scores=[])
    for path in paths:
        skill = Skill.objects.filter(status="active", category__path=path, num_versions__gt=1).first()
        assert skill is not None
        first, now = skill.versions.order_by("number").first(), skill.current_version
        VersionStanding.objects.filter(version=first).update(day=UNTIL - timedelta(days=40))
        skill.versions.exclude(pk__in=(first.pk, now.pk)).delete()
        VersionStanding.objects.filter(version=now).update(gate="blocked", day=UNTIL)

    seen = get(dan, "trends:overview").context["overview"]

    assert (seen.num_worse, seen.place) == (len(paths), place)


def test_long_lists_of_what_moved_are_cut_and_counted(
    dan: Client, filled: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = get(dan, "trends:overview").context["overview"]
    monkeypatch.setattr("runs_app.queries.overview.MOST_SHOWN", 1)

    page = get(dan, "trends:overview")

    seen = page.context["overview"]
    assert (seen.num_worse, seen.num_better) == (len(whole.worse), len(whole.better))
    assert min(seen.num_worse, seen.num_better) > 1
    assert [one.skill.path for one in seen.worse] == [min(one.skill.path for one in whole.worse)]
    assert seen.place == whole.place
    assert f"{seen.num_worse - 1} more got worse" in page.content.decode()


@pytest.mark.parametrize(
    "narrow", [{}, {"model": "large"}, {"branch": "web"}, {"author": "ben", "model": "small"}]
)
def test_totals_are_those_of_the_raw_rows_for_any_choice(filled: None, narrow: dict[str, str]) -> None:
    chosen = parse_trend_filter({"until": UNTIL.isoformat(), **narrow}, today=UNTIL)

    trend = trend_of(chosen)

    raw = [run for run in Run.objects.filter(kind="generation") if chosen.period.has(run.started_at.date())]
    for name, column in (("model", "model"), ("author", "user")):
        if name in narrow:
            raw = [run for run in raw if getattr(run, column) == narrow[name]]
    if "branch" in narrow:
        raw = [
            run
            for run in raw
            if hasattr(run, "outcome") and run.outcome.version.skill.path.startswith(f"{narrow['branch']}/")
        ]
    costs = [run.rolled_cost_usd for run in raw if run.rolled_cost_usd is not None]
    assert trend.runs.num == len(raw) > 0
    assert trend.runs.effort.cost_usd == pytest.approx(sum(costs), abs=1e-6 * len(raw))
    if costs:
        wanted = np.quantile(costs, 0.5, method="inverted_cdf")
        assert trend.runs.effort.costs.median == pytest.approx(wanted, rel=0.0101)
    assert run_rows(chosen).count() == len(raw)
    assert version_rows(chosen, VersionChoice()).count() == trend.versions.num


def test_the_csv_of_a_chart_holds_the_share_that_plain_sql_finds(dan: Client, filled: None) -> None:
    answer = dan.get(reverse("trends:chart_csv", args=["gate"]), {"until": UNTIL.isoformat()})

    table = list(csv.DictReader(io.StringIO(answer.content.decode())))
    first, last = UNTIL - timedelta(days=27), UNTIL
    assert (table[0]["first_day"], table[-1]["last_day"]) == (first.isoformat(), last.isoformat())
    for line in table:
        ((num, passed),) = rows(
            "SELECT count(*), sum(CASE WHEN gate = 'passed' THEN 1 ELSE 0 END) FROM plain_gate n "
            "JOIN skills_app_skillversion v ON v.id = n.version_id "
            "WHERE date(v.made_at) BETWEEN %s AND %s AND gate <> ''",
            line["first_day"],
            line["last_day"],
        )
        assert int(line["n"]) == num
        if num:
            assert float(line["value"]) == pytest.approx(passed / num)


def test_every_chart_has_a_picture_that_stands_alone(dan: Client, filled: None) -> None:
    keys = [chart.key for chart in get(dan, "trends:list").context["charts"]]

    quality = {"gate", "quality-fleet", "quality-model", "rules"}
    assert quality | {"cost", "spent", "tokens", "latency", "ended"} == set(keys)
    for key in keys:
        answer = dan.get(reverse("trends:chart_svg", args=[key]), {"until": UNTIL.isoformat()})
        root = ElementTree.fromstring(answer.content)
        assert root.tag.endswith("svg")
        assert len(root.findall(".//{http://www.w3.org/2000/svg}circle")) > 1


def test_a_picture_names_its_lines_and_marks_and_says_which_are_left_out(dan: Client, filled: None) -> None:
    made = SkillVersion.objects.filter(made_at__date__lte=UNTIL, made_at__date__gt=UNTIL - timedelta(days=28))
    for number in range(2, 9):
        for one in made[:2]:
            score(one, number / 10, scorer_version=f"{number} <b>")
    GateRevision.objects.update(made_at=LAST - timedelta(days=2))
    rebuild_rollups(now=LAST)
    page = get(dan, "trends:list")
    (chart,) = [chart for chart in page.context["charts"] if chart.key == "quality-fleet"]
    text = page.content.decode()

    answer = dan.get(reverse("trends:chart_svg", args=["quality-fleet"]), {"until": UNTIL.isoformat()})
    root = ElementTree.fromstring(answer.content)

    assert len(chart.series) == 8
    words = [one.text for one in root.iter("{http://www.w3.org/2000/svg}text")]
    assert {series.name for series in chart.series[:5]} <= set(words)
    assert not {series.name for series in chart.series[5:]} & set(words)
    assert "5 of 8 lines are drawn; the table has all." in words
    gate = next(event for event in chart.events if event.kind == "gate")
    assert any(word and word.endswith(gate.label) for word in words)
    lowest = max(float(one.get("y", 0)) for one in root.iter("{http://www.w3.org/2000/svg}text"))
    assert lowest < float(root.attrib["viewBox"].split()[3]) - 20
    assert text.count("data-left-out") == 1
    assert 'href="#rows-quality-fleet"' in text
    assert text.count('id="rows-quality-fleet"') == 1
    told = text.partition('id="rows-quality-fleet"')[2].partition("</table>")[0]
    assert all(escape(series.name) in told for series in chart.series)


def test_earlier_marks_are_counted_and_stand_in_the_days_until_then(dan: Client, filled: None) -> None:
    gate = GateRevision.objects.get().gate
    for number in range(2, 17):
        GateRevision.objects.create(gate=gate, number=number, data={})
        at = LAST - timedelta(days=number)
        GateRevision.objects.filter(gate=gate, number=number).update(made_at=at)
    GateRevision.objects.filter(number=1).update(made_at=LAST - timedelta(days=200))

    page = get(dan, "trends:overview", branch="web").content.decode()

    assert page.count("3 earlier marks are not drawn") == page.count("data-earlier") > 1
    assert "gate plain, revision 13<" in page
    assert "gate plain, revision 14<" not in page
    (address, _, _) = page.partition("data-earlier>")[2].partition('href="')[2].partition('"')
    told = dan.get(unescape(address)).content.decode()
    assert f"until={UNTIL - timedelta(days=14)}" in address
    assert "branch=web" in address
    assert all(f"gate plain, revision {number}<" in told for number in (14, 15, 16))
    assert "earlier mark" not in told


def test_a_choice_is_carried_from_the_page_to_the_rows_behind_a_point(dan: Client, filled: None) -> None:
    page = get(dan, "trends:list", model="large").content.decode()

    assert "of=versions&amp;model=large&amp;since=" in page
    listed = get(
        dan, "trends:rows", of="versions", model="large", since=(UNTIL - timedelta(days=27)).isoformat()
    )
    assert all(row.model == "large" for row in listed.context["page"])
    assert listed.context["page"].paginator.count > 0


def test_each_row_of_a_chart_leads_to_the_rows_of_its_own_days(dan: Client, filled: None) -> None:
    page = get(dan, "trends:list", model="large", author="ben & eve/&since=")
    chosen = page.context["chosen"]

    for choice in (chosen, chosen.choosing(author="")):
        for chart in page.context["charts"]:
            pairs = [(point, dict(one.behind)) for one in chart.series for point in one.points if point.num]
            points = [point for point, _ in pairs]
            told = chart_rows(chart, choice)
            assert [row[1] for row in told] == [
                rows_url(choice.between(point.bucket.first, point.bucket.last), chart.subject, **behind)
                for point, behind in pairs
            ]
            assert [row[3:7] for row in told] == [
                (*(chart.measure.text(value) for value in (point.value, point.low, point.high)), point.num)
                for point in points
            ]


def test_the_versions_behind_each_point_are_as_many_as_its_n(dan: Client, filled: None) -> None:
    versions = SkillVersion.objects.order_by("pk")
    for one in versions[::3]:
        score(one, 0.5, scorer_version="2 & b")
    for one in versions[::4]:
        QualityAssessment.objects.create(
            version=one, digest="judge", scorer="model", scorer_version="other/judge", quality_score=0.7
        )
    rebuild_rollups(now=LAST)
    page = get(dan, "trends:list", days="91", author="ben")
    charts = [chart for chart in page.context["charts"] if chart.subject == "versions"]

    lines = [row for chart in charts for row in chart_rows(chart, page.context["chosen"])]

    rules = {"rule.a", "rule.b", "rule.c"}
    names = {"passed", "fleet 1", "fleet 2 & b", "model", "model other/judge"}
    assert names | rules == {row[0] for row in lines}
    assert version_rows(page.context["chosen"], VersionChoice(gate="none")).exists()
    for name, url, *_, num, _ in lines:
        listed = dan.get(url).context
        assert listed["page"].paginator.count == num > 0, url
        assert name in ("passed", listed["choice"].scorer, *rules)


@pytest.mark.parametrize("narrow", [{}, {"author": "ben"}, {"branch": "web", "model": "small"}])
def test_the_generations_behind_each_point_are_as_many_as_its_n(
    dan: Client, filled: None, narrow: dict[str, str]
) -> None:
    Run.objects.filter(pk__in=Run.objects.order_by("pk").values("pk")[:30]).update(rolled_tokens=None)
    Run.objects.filter(phase="generate", pk__lte=200).update(duration_seconds=None)
    rebuild_rollups(now=LAST)
    page = get(dan, "trends:list", days="91", **narrow)
    charts = [chart for chart in page.context["charts"] if chart.subject == "runs"]

    lines = [(chart.key, row) for chart in charts for row in chart_rows(chart, page.context["chosen"])]

    assert {key for key, _ in lines} == {"ended", "cost", "spent", "tokens", "latency"}
    for key, (name, url, *_, num, _) in lines:
        paginator = dan.get(url).context["page"].paginator
        listed = [run for number in paginator.page_range for run in paginator.page(number)]
        assert len(listed) == paginator.count == num > 0, url
        assert key != "latency" or {run.phase for run in listed} == {name}


@pytest.mark.parametrize(
    "narrow", [{}, {"model": "large"}, {"branch": "web", "author": "ben", "model": "small"}]
)
@pytest.mark.parametrize("page", ["trends:list", "trends:funnel"])
def test_each_stage_of_the_funnel_leads_to_the_generations_that_it_counts(
    dan: Client, filled: None, page: str, narrow: dict[str, str]
) -> None:
    late = Run.objects.filter(kind="generation", status="failed").order_by("pk")[:5]
    Run.objects.filter(pk__in=late.values("pk")).update(has_document=True)
    rebuild_rollups(now=LAST)
    shown = get(dan, page, days="91", **narrow)
    chosen, text = shown.context["chosen"], shown.content.decode()

    for stage in shown.context["funnel"]:
        for days, num in ((chosen, stage.num), (chosen.before, stage.num_before)):
            assert count_of(dan, text, rows_url(days, "runs", came=stage.name)) == num
        assert count_of(dan, text, rows_url(chosen, "runs", lost=stage.name)) == stage.num_lost
    assert sum(stage.num_lost for stage in shown.context["funnel"]) > 0


@pytest.mark.parametrize("narrow", [{}, {"author": "ben"}, {"branch": "web"}, {"type": "tool"}])
def test_each_count_of_the_headline_leads_to_the_skills_that_it_counts(
    dan: Client, filled: None, narrow: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("runs_app.queries.overview.MOST_SHOWN", 0)
    monkeypatch.setattr("runs_app.queries.overview.MOST_BETTER", 0)
    Skill.objects.create(path="data/new", name="new", status="active", skill_type="tool")
    page = get(dan, "trends:overview", **narrow)
    seen, chosen, text = page.context["overview"], page.context["chosen"], page.content.decode()

    counts = {
        "passed": seen.num_passed,
        "blocked": seen.num_blocked,
        "none": seen.num_unjudged,
        "": seen.num_active,
    }
    for gate, num in counts.items():
        assert count_of(dan, text if gate != "blocked" else "", rows_url(chosen, "skills", gate=gate)) == num
    assert seen.num_active > seen.num_passed > 0
    for side, num in (("worse", seen.num_worse), ("better", seen.num_better)):
        assert count_of(dan, "", rows_url(chosen, "skills", moved=side)) == num


def count_of(client: Client, page: str, url: str) -> int:
    """Return how many rows an address lists, or nought where the page does not lead to it; every row is drawn."""
    if page and url.replace("&", "&amp;") + '"' not in page:
        return 0
    paginator = client.get(url).context["page"].paginator
    listed = [row for number in paginator.page_range for row in paginator.page(number)]
    assert len(listed) == paginator.count
    return len(listed)


@pytest.mark.parametrize(
    "asked",
    [
        {"of": "skills"},
        {"of": "skills", "moved": "worse", "days": "28"},
        {"of": "runs", "came": "generated"},
        {"of": "runs", "phase": "generate"},
        {"of": "versions"},
    ],
)
def test_a_list_of_many_rows_takes_as_many_queries_as_one_of_two(
    dan: Client, filled: None, monkeypatch: pytest.MonkeyPatch, asked: dict[str, str]
) -> None:
    counts = []
    for size in (2, 20):
        monkeypatch.setattr("runs_app.views.trend_rows.ROWS_PER_PAGE", size)
        with CaptureQueriesContext(connection) as queries:
            page = get(dan, "trends:rows", **{"days": "91", **asked})
        counts.append((len(queries), len(page.context["page"].object_list)))

    assert counts[0][0] == counts[1][0]
    assert counts[1][1] > counts[0][1] == 2


def test_rows_are_narrowed_by_gate_and_by_rule(dan: Client, filled: None) -> None:
    since = (UNTIL - timedelta(days=59)).isoformat()
    blocked = get(dan, "trends:rows", of="versions", gate="blocked", since=since).context["page"].paginator
    broken = get(dan, "trends:rows", of="versions", rule="rule.b", since=since).context["page"].paginator

    ((expected,),) = rows(
        "SELECT count(*) FROM runs_app_versionstanding WHERE gate = 'blocked' AND day >= %s", since
    )
    assert blocked.count == expected > 0
    assert all("rule.b" in row.rules for row in broken.object_list)


def test_rules_of_few_versions_are_grey_and_each_has_its_n_and_interval(dan: Client, filled: None) -> None:
    day = VersionStanding.objects.exclude(rules={}).order_by("day").values_list("day", flat=True)[0]
    pages = [
        get(dan, "trends:list", since=day.isoformat(), until=day.isoformat()),
        get(dan, "trends:list"),
    ]

    for page, is_few in zip(pages, (True, False), strict=True):
        context = page.context
        assert len(context["rules"]) > 0
        assert (0 < context["num_versions"] < 5) is is_few
        table = page.content.decode().partition('id="rules-title"')[2].partition("<tbody>")[2]
        drawn = table.partition("</tbody>")[0].split("<tr")[1:]
        for row, (name, change, _, _) in zip(drawn, context["rules"], strict=True):
            assert row.startswith(" data-small>") is is_few, name
            assert f"n = {context['num_versions']}<" in row
            assert f"n = {context['num_versions_before']}<" in row
            assert interval_text(change, "share") in row
    assert " to " in interval_text(pages[1].context["rules"][0][1], "share")


@pytest.mark.parametrize(
    ("page", "part"), [("trends:overview", "overview-body"), ("trends:list", "trends-body")]
)
def test_htmx_gets_the_part_alone_and_back_gets_the_page(
    dan: Client, filled: None, page: str, part: str
) -> None:
    fragment = dan.get(reverse(page), headers=HTMX).content.decode().strip()
    back = dan.get(reverse(page), headers={**HTMX, "HX-History-Restore-Request": "true"}).content.decode()

    assert fragment.startswith(f'<div id="{part}"')
    assert "<html" in back


@pytest.mark.parametrize(
    "narrow", [{}, {"model": "large"}, {"program": "creator"}, {"author": "ben", "branch": "web"}]
)
def test_pages_of_generations_are_cut_from_the_whole_list(filled: None, narrow: dict[str, str]) -> None:
    chosen = parse_trend_filter({"until": UNTIL.isoformat(), "days": "91", **narrow}, today=UNTIL)
    generations = Run.objects.filter(kind="generation").order_by("pk")
    Run.objects.filter(pk=generations[0].pk).update(started_at=None, first_seen_at=LAST)
    RunParam.objects.filter(run__in=generations[:40], key="program").update(value="creator 1")
    rebuild_rollups(now=LAST)
    newest = run_rows(chosen)[0]
    touch_run_days(run_pks=[newest.pk])
    newest.delete()

    whole = [run.pk for run in run_rows(chosen)]
    pages = Paginator(RunRows(chosen), 7)

    assert len(whole) > 2
    assert pages.count == len(whole)
    assert [run.pk for page in pages for run in page] == whole


@pytest.mark.parametrize("size", [1, 4, 7])
@pytest.mark.parametrize("narrow", [{}, {"author": "ben"}])
@pytest.mark.parametrize("scorer", ["", "fleet 1"])
def test_pages_of_versions_read_from_either_end_are_the_whole_list(
    filled: None, scorer: str, narrow: dict[str, str], size: int
) -> None:
    chosen = parse_trend_filter({"until": UNTIL.isoformat(), "days": "91", **narrow}, today=UNTIL)
    choice = VersionChoice(scorer=scorer)
    if scorer:
        # A day that was not added up again since it lost its newest version is counted from its rows.
        newest = version_rows(chosen, choice)[0]
        TouchedDay.objects.create(subject="version", day=newest.day)
        newest.delete()

    whole = list(version_rows(chosen, choice))
    pages = Paginator(VersionRows(chosen, choice), size)

    assert len(whole) > 2 * size
    assert pages.count == len(whole)
    assert [row for page in pages for row in page] == whole


def test_a_figure_of_a_version_of_a_program_leads_to_the_runs_of_that_version(filled: None) -> None:
    named = RunParam.objects.filter(key="program").order_by("pk")
    for place, param in enumerate(named):
        RunParam.objects.create(run_id=param.run_id, key="program_version", value=f"{1 + place % 2}")
    rebuild_rollups(now=LAST)
    chosen = parse_trend_filter(
        {"until": UNTIL.isoformat(), "days": "91", "program": "creator 2"}, today=UNTIL
    )

    found = {run.pk for run in run_rows(chosen)}

    assert found == {param.run_id for place, param in enumerate(named) if place % 2}
    assert trend_of(chosen).runs.num == len(found) == RunRows(chosen).count() > 1


def test_no_page_reads_runs_when_rollups_are_there(dan: Client, filled: None) -> None:
    from django.test.utils import CaptureQueriesContext

    for page in ("trends:overview", "trends:list"):
        with CaptureQueriesContext(connection) as queries:
            get(dan, page)
        assert not [
            q["sql"] for q in queries if '"runs_app_run"' in q["sql"] or "skills_app_finding" in q["sql"]
        ]


def test_names_of_models_are_escaped(dan: Client, filled: None) -> None:
    Run.objects.filter(model="large").update(model="<script>alert(1)</script>")
    DailyRollup.objects.filter(model="large", grain="model").update(model="<script>alert(1)</script>")
    page = get(dan, "trends:list").content

    assert b"<script>alert" not in page
