"""Pages that compare runs and versions."""

import csv
import io
from typing import Any
from xml.etree import ElementTree

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from runs_app.models import Run, RunMetric, RunOutcome, RunParam, VersionStanding
from runs_app.services.update_rollups import update_rollups
from skills_app.models import Skill, SkillVersion, Verdict
from tests.runs_app.trend_rows import LAST, fill, review_of

HTMX = {"HX-Request": "true"}


@pytest.fixture
def runs(db: Any) -> list[Run]:
    fill(num_runs=12, num_skills=8)
    update_rollups(now=LAST)
    found = list(Run.objects.filter(kind="generation").order_by("pk"))
    for number, run in enumerate(found):
        Run.objects.filter(pk=run.pk).update(quality_score=number / 20, model="same")
        RunMetric.objects.create(run=run, key="loss", value=number)
        RunParam.objects.create(run=run, key="temperature", value="0.7")
    return found


def compare(client: Client, *runs: Run, **more: str) -> Any:
    return client.get(reverse("trends:compare_runs"), {"run": [run.pk for run in runs], **more})


def cells(page: Any) -> dict[str, Any]:
    return {row.name: row.cells for _, rows in page.context["groups"] for row in rows}


def test_only_what_differs_is_shown_unless_all_is_asked_for(dan: Client, runs: list[Run]) -> None:
    page = compare(dan, *runs[:3])

    assert {"quality score", "loss"} <= set(cells(page))
    assert not {"temperature", "model"} & set(cells(page))
    assert {"temperature", "model"} <= set(cells(compare(dan, *runs[:3], all="1")))


def test_the_pinned_baseline_decides_what_is_better_by_sign_word_and_colour(
    dan: Client, runs: list[Run]
) -> None:
    page = compare(dan, runs[0], runs[4], baseline=str(runs[4].pk))

    assert cells(page)["quality score"][0].verdict == "worse"
    assert cells(page)["loss"][0].verdict == "better"
    text = " ".join(page.content.decode().split())
    assert 'data-called="worse">−0.2000 worse' in text


def approve(version: SkillVersion) -> Verdict:
    return Verdict.objects.create(
        review=review_of(version), version=version, decision="approve", given_at=LAST, binding={}
    )


def baseline(page: Any) -> tuple[int, str]:
    """Return the key of the baseline and why it is that one."""
    return page.context["baseline"].pk, page.context["why_baseline"]


def test_versions_are_judged_against_the_newest_approved_one_else_the_oldest_unless_one_is_pinned(
    dan: Client, runs: list[Run]
) -> None:
    skill = Skill.objects.filter(num_versions__gte=4).first()
    assert skill is not None
    first, second, third, fourth = skill.versions.order_by("number")
    keys = [fourth.pk, second.pk, first.pk, third.pk]

    def ask(**more: Any) -> Any:
        return dan.get(reverse("trends:compare_versions"), {"version": keys, **more})

    page = ask()
    assert baseline(page) == (first.pk, "oldest")
    assert "the oldest of these; none was approved" in page.content.decode()
    assert "Each value is measured once and carries no interval" in page.content.decode()
    approve(second)
    last = approve(third)
    page = ask()
    assert baseline(page) == (third.pk, "approved")
    assert "the newest that was approved" in page.content.decode()
    assert [column["is_baseline"] for column in page.context["columns"]] == [False, False, False, True]
    Verdict.objects.filter(pk=last.pk).update(undone_at=LAST)
    assert baseline(ask()) == (second.pk, "approved")
    # The first of the address can be pinned, and stays so with every row shown.
    pinned = dan.get(reverse("trends:compare_versions") + page.context["columns"][0]["pin"])
    assert baseline(pinned) == (fourth.pk, "pinned")
    again = dan.get(reverse("trends:compare_versions") + pinned.context["toggle"])
    assert baseline(again) == (fourth.pk, "pinned")
    # Without the pinned one the usual one is the baseline.
    without = dan.get(reverse("trends:compare_versions") + pinned.context["columns"][0]["without"])
    assert baseline(without) == (second.pk, "approved")


def test_runs_are_judged_against_the_newest_of_an_approved_version_else_the_oldest(
    dan: Client, runs: list[Run]
) -> None:
    RunOutcome.objects.all().delete()
    oldest, *_, newest = ordered = sorted(runs, key=lambda one: one.started_at)
    assert baseline(compare(dan, newest, ordered[1], oldest)) == (oldest.pk, "oldest")
    version = SkillVersion.objects.first()
    assert version is not None
    approve(version)
    RunOutcome.objects.create(run=ordered[1], version=version)
    assert baseline(compare(dan, newest, ordered[1], oldest)) == (ordered[1].pk, "approved")


def test_at_most_six_are_compared_and_unknown_ones_are_left_out(dan: Client, runs: list[Run]) -> None:
    assert len(compare(dan, *runs[:9]).context["columns"]) == 6
    page = dan.get(reverse("trends:compare_runs"), {"run": [runs[0].pk, 10**9, "x"]})
    assert len(page.context["columns"]) == 1
    assert b"Add one" in page.content


def test_nothing_chosen_leads_to_the_newest_runs(dan: Client) -> None:
    assert b"Nothing to compare" in compare(dan).content


def test_versions_are_compared_by_gate_scores_and_findings_and_lead_to_their_documents(
    dan: Client, runs: list[Run]
) -> None:
    skill = Skill.objects.filter(num_versions__gte=2).first()
    assert skill is not None
    first, second = SkillVersion.objects.filter(skill=skill).order_by("number")[:2]

    page = dan.get(reverse("trends:compare_versions"), {"version": [first.pk, second.pk], "all": "1"})

    assert "gate" in cells(page)
    scores = {row[0]: row[2] for row in second.standing.scores}
    if "fleet" in scores:
        assert cells(page)["score by fleet 1"][1].text
    assert page.context["columns"][1]["diff"] == (
        f"/skills/{skill.key}/compare/?base={skill.key}%3A{first.number}&head={skill.key}%3A{second.number}"
    )


def test_a_rule_that_only_the_newer_version_breaks_is_worse_and_one_not_judged_says_nothing(
    dan: Client, runs: list[Run]
) -> None:
    skill = Skill.objects.filter(num_versions__gte=2).first()
    assert skill is not None
    first, second = SkillVersion.objects.filter(skill=skill).order_by("number")[:2]
    type(first.standing).objects.update(rules={}, gate="passed")
    type(first.standing).objects.filter(version=second).update(rules={"spec.name": 3})

    def found() -> list[tuple[str, str]]:
        page = dan.get(reverse("trends:compare_versions"), {"version": [first.pk, second.pk]})
        return [(cell.text, cell.verdict) for cell in cells(page)["findings of spec.name"]]

    assert found() == [("0", ""), ("3", "worse")]
    type(first.standing).objects.filter(version=first).update(gate="")
    assert found() == [("–", ""), ("3", "")]


def test_many_runs_are_a_dot_each_and_keep_the_choices_of_the_list(dan: Client, runs: list[Run]) -> None:
    page = dan.get(
        reverse("trends:compare_many"), {"kind": "generation", "x": "tokens", "y": "quality score"}
    )

    assert len(page.context["dots"]) == 12
    assert page.content.decode().count("<circle") == 12
    assert '<input type="hidden" name="kind" value="generation">' in page.content.decode()
    assert len(page.context["lines"]) == 12


def test_a_query_that_cannot_be_read_is_explained(dan: Client, runs: list[Run]) -> None:
    page = dan.get(reverse("trends:compare_many"), {"q": "quality_score >"})

    assert page.status_code == 200
    assert page.context["problems"]


def test_the_picture_is_swapped_alone(dan: Client, runs: list[Run]) -> None:
    fragment = dan.get(reverse("trends:compare_many"), headers=HTMX).content.decode().strip()

    assert fragment.startswith('<div id="many-body"')


def test_six_runs_take_as_many_queries_as_two(dan: Client, runs: list[Run]) -> None:
    counts = []
    for number in (2, 5):
        with CaptureQueriesContext(connection) as queries:
            compare(dan, *runs[:number])
        counts.append(len(queries))

    assert counts[0] == counts[1]


def test_pictures_of_many_runs_stand_alone_and_their_numbers_are_a_table(
    dan: Client, runs: list[Run]
) -> None:
    Run.objects.filter(pk=runs[0].pk).update(name="=1+1", rolled_tokens=700)
    chosen = {"kind": "generation", "x": "tokens", "y": "quality score"}
    page = dan.get(reverse("trends:compare_many"), chosen)
    text = page.content.decode()

    for name, element, num in (("scatter", "circle", 12), ("parallel", "path", len(page.context["lines"]))):
        address = reverse("trends:compare_many_svg", args=[name])
        assert f'href="{address}?kind=generation&amp;x=tokens&amp;y=quality+score"' in text
        picture = ElementTree.fromstring(dan.get(address, chosen).content)
        assert len(picture.findall(f"{{http://www.w3.org/2000/svg}}{element}[@data-series]")) == num > 1
    assert dan.get(reverse("trends:compare_many_svg", args=["other"]), chosen).status_code == 404
    assert (
        dan.get(reverse("trends:compare_many_svg", args=["scatter"]), {"q": "quality_score > 9"}).status_code
        == 404
    )

    table = list(
        csv.DictReader(io.StringIO(dan.get(reverse("trends:compare_many_csv"), chosen).content.decode()))
    )
    assert {line["run"] for line in table} == {one.told[0] for one in page.context["found"].things}
    (line,) = [line for line in table if line["run"] == runs[0].run_id]
    assert (line["name"], line["tokens"]) == ("'=1+1", "700")
    for column in page.context["columns"]:
        assert f'<th scope="col" class="num">{column.capitalize()}</th>' in text


def test_many_versions_are_drawn_listed_and_kept_with_the_choices_of_the_rows(
    dan: Client, runs: list[Run]
) -> None:
    chosen = {"until": LAST.date().isoformat(), "days": "91", "author": "ben"}
    rows = dan.get(reverse("trends:rows"), {"of": "versions", **chosen})
    address = rows.context["many_url"]
    assert address.replace("&", "&amp;") in rows.content.decode()

    page = dan.get(address)

    found = page.context["found"]
    wanted = VersionStanding.objects.filter(author="ben").order_by("-day", "-version_id")
    assert [one.key for one in found.things] == [row.version_id for row in wanted]
    scored = [row for row in wanted if {"fleet", "model"} <= {name for name, *_ in row.scores}]
    both = dan.get(address, {**page.wsgi_request.GET.dict(), "x": "score by fleet 1", "y": "score by model"})
    assert {dot.key for dot in both.context["dots"]} == {row.version_id for row in scored}
    assert len(scored) > 0
    assert both.content.decode().count("<circle") == len(scored)
    assert "/trends/rows/?of=versions&amp;author=ben" in page.content.decode()
    for name in ("scatter", "parallel"):
        picture = ElementTree.fromstring(dan.get(both.context["svg_urls"][name]).content)
        assert picture.find("{http://www.w3.org/2000/svg}title") is not None
    table = list(csv.DictReader(io.StringIO(dan.get(both.context["csv_url"]).content.decode())))
    assert [(line["skill"], int(line["version"])) for line in table] == [
        (row.version.skill.path, row.number) for row in wanted.select_related("version__skill")
    ]
    for line, row in zip(table, wanted, strict=True):
        scores = {
            f"score_by_{name} {number}".strip().replace(" ", "_"): value for name, number, value in row.scores
        }
        assert {name: float(line[name]) for name in scores} == scores
        assert line["findings"] == (str(sum(row.rules.values())) if row.gate else "")


def test_a_version_of_a_picture_leads_to_the_comparison_of_two(dan: Client, runs: list[Run]) -> None:
    page = dan.get(reverse("trends:compare_many_versions"), {"until": LAST.date().isoformat(), "days": "91"})
    keys = [one.key for one in page.context["found"].things[:2]]

    assert all(f'name="version" value="{key}"' in page.content.decode() for key in keys)
    compared = dan.get(page.context["compare_url"], {"version": keys})
    assert len(compared.context["columns"]) == 2


def test_of_more_than_500_versions_the_newest_are_drawn_and_the_page_says_so(
    dan: Client, runs: list[Run], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("runs_app.queries.many.MOST_MANY", 3)
    page = dan.get(reverse("trends:compare_many_versions"), {"until": LAST.date().isoformat(), "days": "91"})

    assert len(page.context["found"].things) == 3
    assert "Narrow the list" in page.content.decode()
    nothing = dan.get(reverse("trends:compare_many_versions"), {"model": "none such"})
    assert b"No version matches" in nothing.content
