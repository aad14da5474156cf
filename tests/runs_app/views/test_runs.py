"""The pages of runs, on the recorded runs and on rows of our own."""

import csv
import io
from datetime import timedelta
from typing import Any
from xml.etree import ElementTree

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from runs_app.domain.enums import SourceKind
from runs_app.models import Experiment, MetricPoint, Run, RunMetric, RunTag, Source
from runs_app.services.count_runs import rebuild_run_counts
from runs_app.services.sync_source import sync_source
from tests.shared_data import shared_data

HTMX = {"HX-Request": "true"}


def make_runs(number: int) -> list[Run]:
    """Fill one source with runs of two models, each a little better than the one before."""
    source = Source.objects.create(name="made", kind=SourceKind.MLRUNS_FOLDER, address="/nowhere")
    experiment = Experiment.objects.create(source=source, experiment_id="1", name="made up")
    start = timezone.now() - timedelta(days=1)
    runs = [
        Run(
            source=source,
            experiment=experiment,
            run_id=f"run{i}",
            name=f"run number {i}",
            status="finished" if i % 3 else "failed",
            model="small" if i % 2 else "large",
            quality_score=i / number,
            started_at=start + timedelta(minutes=i),
            synced_at=timezone.now(),
        )
        for i in range(number)
    ]
    made = Run.objects.bulk_create(runs)
    rebuild_run_counts(source=source)
    return made


@pytest.fixture
def seed(db: Any) -> Source:
    """The recorded runs, mirrored."""
    folder = shared_data("seed_mlruns")
    source = Source.objects.create(name="seed", kind=SourceKind.MLRUNS_FOLDER, address=str(folder))
    sync_source(source=source, who="test")
    return source


def test_an_anonymous_visitor_is_sent_to_sign_in(client: Client, db: Any) -> None:
    run = make_runs(1)[0]

    for address in (reverse("runs:list"), run.get_absolute_url()):
        assert client.get(address).status_code == 302


def test_the_recorded_runs_are_listed_with_an_exact_total(dan: Client, seed: Source) -> None:
    page = dan.get(reverse("runs:list"))

    assert page.context["listed"].total == 7
    assert b"I want a design system guideline skill" in page.content


def test_the_place_of_a_skill_may_be_broken_at_its_slashes(dan: Client, seed: Source) -> None:
    Run.objects.update(skill_name="data/<b>/clean")

    page = dan.get(reverse("runs:list")).content.decode()

    assert "data/<wbr>&lt;b&gt;/<wbr>clean" in page


def test_the_page_of_the_recorded_run_shows_both_reports_and_leads_to_the_skill(
    dan: Client, seed: Source
) -> None:
    run = Run.objects.get(run_id__startswith="2c825fc5")

    page = dan.get(run.get_absolute_url()).content.decode()

    assert "0.5968" in page
    assert "0.94" in page
    assert run.outcome.version.get_absolute_url() in page
    assert "Naming Convention" in page


def test_every_artifact_of_the_recorded_runs_has_a_page_and_a_download(dan: Client, seed: Source) -> None:
    seen = 0
    for run in Run.objects.all():
        for artifact in run.artifacts.all():
            assert dan.get(artifact.get_absolute_url()).status_code == 200
            raw = dan.get(reverse("runs:artifact_raw", args=[run.pk, artifact.path]))
            assert raw["Content-Disposition"].startswith("attachment")
            assert "sandbox" in raw["Content-Security-Policy"]
            seen += 1
    assert seen == 7


@pytest.mark.parametrize(
    ("query", "total"),
    [
        ("status=failed", 4),
        ("status=failed&status=finished", 10),
        ("model=small&status=failed", 2),
        ("q=quality_score+%3E+0.75", 2),
        ("q=model+%3D+%22small%22+and+not+status+%3D+failed", 3),
        ("q=name+like+%22run+number+_%22", 10),
        ("q=metrics.loss+is+null", 10),
        ("model=absent", 0),
    ],
)
def test_choices_and_queries_select(dan: Client, query: str, total: int) -> None:
    make_runs(10)

    page = dan.get(f"{reverse('runs:list')}?{query}")

    assert page.context["listed"].total == total
    assert len(page.context["listed"].rows) == total


def test_counts_beside_a_choice_leave_that_choice_out(dan: Client) -> None:
    make_runs(10)

    for query in ("model=small", "model=small&q=quality_score+%3E%3D+0"):
        facets = {
            facet.name: facet for facet in dan.get(f"{reverse('runs:list')}?{query}").context["listed"].facets
        }

        assert {value.value: value.num_runs for value in facets["model"].values} == {"small": 5, "large": 5}
        assert {value.value: value.num_runs for value in facets["status"].values} == {
            "finished": 3,
            "failed": 2,
        }


def test_sorting_puts_the_best_first_and_runs_without_a_value_last(dan: Client) -> None:
    runs = make_runs(4)
    Run.objects.filter(pk=runs[3].pk).update(quality_score=None)

    page = dan.get(f"{reverse('runs:list')}?sort=-quality_score")

    assert [row.run.run_id for row in page.context["listed"].rows] == ["run2", "run1", "run0", "run3"]


def test_a_query_that_cannot_be_read_points_at_the_place(dan: Client) -> None:
    make_runs(1)
    address = f"{reverse('runs:list')}?q=quality_score+%3E"

    assert dan.get(address).status_code == 200
    assert dan.get(address, headers=HTMX).status_code == 422
    assert b"^" in dan.get(address).content


def test_a_fragment_is_one_element_with_its_own_id(dan: Client) -> None:
    make_runs(3)

    page = dan.get(reverse("runs:list"), headers={"HX-Request": "true"}).content.decode().strip()

    assert page.startswith('<div id="run-results"')


def test_going_back_gives_the_whole_page(dan: Client) -> None:
    page = dan.get(reverse("runs:list"), headers=HTMX | {"HX-History-Restore-Request": "true"})

    assert b"<html" in page.content


def test_the_list_asks_as_many_questions_for_twenty_rows_as_for_two(
    dan: Client, django_assert_num_queries: Any
) -> None:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    make_runs(20)
    with CaptureQueriesContext(
        connection,
    ) as twenty:
        dan.get(reverse("runs:list"))
    Run.objects.exclude(run_id__in=["run1", "run2"]).delete()
    rebuild_run_counts()
    with CaptureQueriesContext(connection) as two:
        dan.get(reverse("runs:list"))

    assert len(two) == len(twenty)


def test_new_runs_are_announced_and_not_inserted(dan: Client) -> None:
    runs = make_runs(5)

    banner = dan.get(f"{reverse('runs:new_runs')}?since={runs[2].pk}", headers=HTMX).content.decode()

    assert "2 new runs" in banner


def test_a_run_unfolds_its_phases(dan: Client) -> None:
    parent, child, *_ = make_runs(3)
    Run.objects.filter(pk=child.pk).update(parent=parent, is_top=False, kind="phase", phase="generate")
    Run.objects.filter(pk=parent.pk).update(num_children=1)
    rebuild_run_counts(source=parent.source)

    folded = dan.get(reverse("runs:list"))
    opened = dan.get(f"{reverse('runs:list')}?open={parent.pk}")

    assert folded.context["listed"].total == 2
    assert child.get_absolute_url() not in folded.content.decode()
    assert child.get_absolute_url() in opened.content.decode()


def test_the_form_of_columns_offers_all_and_keeps_the_list(dan: Client) -> None:
    runs = make_runs(3)
    RunMetric.objects.create(run=runs[0], key="loss", value=0.5)
    RunTag.objects.create(run=runs[0], key="team", value="red")

    page = dan.get(reverse("runs:columns") + "?status=finished&cols=status,params.gone").content.decode()
    listed = dan.get(
        reverse("runs:list") + "?status=finished&col=status&col=metrics.loss&add=tags.team"
    ).content.decode()

    assert 'name="status" value="finished"' in page
    assert 'value="metrics.loss"' in page
    assert 'value="tags.team"' in page
    assert 'value="params.gone" checked' in page
    assert 'value="cost" checked' not in page
    assert [name for name in ("loss", "team", "Cost") if f'data-label="{name}"' in listed] == ["loss", "team"]


def test_the_form_of_columns_is_one_element_for_htmx(dan: Client) -> None:
    text = dan.get(reverse("runs:columns"), headers={"HX-Request": "true"}).content.decode().strip()

    assert text.startswith('<form id="run-columns"')
    assert text.endswith("</form>")


def test_a_run_opened_from_a_list_leads_to_the_next_and_back(dan: Client) -> None:
    runs = make_runs(5)
    listed = dan.get(reverse("runs:list") + "?model=small").content.decode()

    assert f"{reverse('runs:detail', args=[runs[3].pk])}?from=model%3Dsmall&amp;at=0" in listed

    page = dan.get(reverse("runs:detail", args=[runs[3].pk]) + "?from=model%3Dsmall&at=0").content.decode()

    assert f"{reverse('runs:list')}?model=small#run-{runs[3].pk}" in page
    assert f"{reverse('runs:detail', args=[runs[1].pk])}?from=model%3Dsmall&amp;at=1" in page
    assert 'rel="prev"' not in page


def test_the_page_of_a_run_asks_as_many_questions_for_twenty_below_as_for_two(
    dan: Client,
) -> None:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    runs = make_runs(22)
    Run.objects.filter(pk__in=[run.pk for run in runs[1:]]).update(parent=runs[0], is_top=False)
    for run in runs:
        RunMetric.objects.create(run=runs[0], key=f"m{run.pk}", value=1)
    rebuild_run_counts()
    with CaptureQueriesContext(connection) as many:
        dan.get(reverse("runs:detail", args=[runs[0].pk]))
    Run.objects.filter(pk__in=[run.pk for run in runs[3:]]).delete()
    RunMetric.objects.filter(key__gt=f"m{runs[1].pk}").delete()
    rebuild_run_counts()
    with CaptureQueriesContext(connection) as two:
        dan.get(reverse("runs:detail", args=[runs[0].pk]))

    assert len(many) == len(two)


@pytest.mark.parametrize("name", ["runs:columns", "runs:list"])
def test_every_list_page_needs_a_sign_in(client: Client, db: Any, name: str) -> None:
    assert client.get(reverse(name)).status_code == 302


def test_a_metric_is_kept_as_a_table_of_every_point_and_as_a_picture(
    dan: Client, db: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("runs_app.queries.run_page.CHART_POINTS", 4)
    run = make_runs(1)[0]
    key = 'loss/"train" & <b>'
    for step in range(6):
        special = "nan" if step == 1 else ""
        value = None if special else step / 2
        MetricPoint.objects.create(run=run, key=key, step=step, timestamp_ms=7, value=value, special=special)
    MetricPoint.objects.create(run=run, key="once", step=0, timestamp_ms=7, value=1.0)
    page = dan.get(reverse("runs:metric", args=[run.pk, key])).content.decode()
    table, picture = (reverse(f"runs:metric_{kind}", args=[run.pk]) for kind in ("csv", "svg"))
    query = "?key=loss%2F%22train%22+%26+%3Cb%3E"

    assert f'href="{table}{query}"' in page
    assert f'href="{picture}{query}"' in page
    lines = list(csv.DictReader(io.StringIO(dan.get(table + query).content.decode())))
    assert [line["value"] for line in lines] == ["0.0", "nan", "1.0", "1.5", "2.0", "2.5"]
    drawn = ElementTree.fromstring(dan.get(picture + query).content)
    (line,) = drawn.findall("{http://www.w3.org/2000/svg}polyline")
    assert len(line.attrib["points"].split()) == 3
    assert dan.get(picture + "?key=once").status_code == 404
    assert dan.get(table + "?key=none").status_code == dan.get(table).status_code == 404
    assert "Every point" not in page
