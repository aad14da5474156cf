"""The runs pages in a real browser: keys, columns, zoom, without JavaScript, and axe in both themes and widths."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from runs_app.domain.enums import SourceKind, SyncState
from runs_app.models import (
    Experiment,
    ImportProblem,
    MetricPoint,
    Run,
    RunArtifact,
    RunMetric,
    RunParam,
    RunTag,
    Source,
)
from runs_app.services.count_runs import rebuild_run_counts
from tests.browser.pages import Open, assert_sound
from tests.browser.waiting import expect, wait_until

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
ARTIFACTS = {
    "notes.md": "# Notes\n\nA line with a [link](other.md).\n\n```python\nprint(1)\n```\n",
    "plan.json": '{"steps": ["one", {"two": [1, 2, null]}], "empty": {}}',
    "table.csv": "name,score\nalpha,0.5\nbeta,0.7\n",
    "log.txt": "\n".join(f"line {n}" for n in range(300)),
    "huge.txt": "word " * 60_000,
}


@pytest.fixture
def runs() -> list[Run]:
    """Sixty runs; the newest has two phases, a history, and a file of each kind."""
    now = timezone.now()
    source = Source.objects.create(
        name="made",
        kind=SourceKind.MLRUNS_FOLDER,
        address="/nowhere",
        state=SyncState.STALE,
        state_message="The folder is not there.",
        last_synced_at=now - timedelta(hours=2),
    )
    experiment = Experiment.objects.create(source=source, experiment_id="1", name="made up")
    runs = Run.objects.bulk_create(
        Run(
            source=source,
            experiment=experiment,
            run_id=f"{n:032x}",
            name=f"run number {n}",
            status=("finished", "failed", "running")[n % 3],
            kind="generation",
            model="maker/model-of-some-size",
            skill_name="engineering/databases/a-rather-long-name-of-a-skill",
            quality_score=n / 60,
            rolled_cost_usd=n / 100,
            rolled_tokens=n * 1000,
            started_at=now - timedelta(minutes=n),
            num_children=2 if n == 0 else 0,
            synced_at=now,
        )
        for n in range(60)
    )
    top = runs[0]
    for n, phase in enumerate(("understand", "generate")):
        Run.objects.create(
            source=source,
            experiment=experiment,
            run_id=f"child{n}",
            name=f"phase {n}",
            parent=top,
            is_top=False,
            phase=phase,
            kind="phase",
            status="finished",
            started_at=now,
            ended_at=now,
            duration_seconds=1.0,
            synced_at=now,
        )
    RunMetric.objects.create(run=top, key="loss", value=0.5, step=39)
    MetricPoint.objects.bulk_create(
        MetricPoint(run=top, key="loss", step=n, timestamp_ms=n, value=1 / (n + 1)) for n in range(40)
    )
    RunParam.objects.create(run=top, key="task", value="Write " + "words " * 200)
    RunTag.objects.create(run=top, key="team", value="red")
    RunArtifact.objects.bulk_create(
        RunArtifact(run=top, path=path, text=text, size_bytes=len(text)) for path, text in ARTIFACTS.items()
    )
    RunArtifact.objects.create(run=top, path="weights.bin", size_bytes=5_000_000)
    ImportProblem.objects.create(
        source=source,
        stage="runs",
        path="x/meta.yaml",
        reason="unreadable_yaml",
        message="It is no YAML.",
        remedy="Mend it.",
        first_seen_at=now,
        last_seen_at=now,
    )
    rebuild_run_counts()
    return runs


def pages_of(run: Run) -> list[str]:
    """Addresses of each kind of page about runs."""
    here = f"/runs/{run.pk}/"
    return [
        "/runs/",
        "/runs/?q=quality_score+%3E%3E+1",
        "/runs/columns/",
        f"{here}?from=&at=0",
        f"{here}metrics/loss/",
        *(f"{here}artifacts/{path}" for path in (*ARTIFACTS, "weights.bin")),
        "/sources/",
        f"/sources/{run.source_id}/",
    ]


@pytest.mark.parametrize(("theme", "width"), [("light", 1400), ("dark", 400)])
def test_no_page_of_runs_has_a_violation_or_scrolls_sideways(
    open_page: Open, runs: list[Run], theme: str, width: int
) -> None:
    assert_sound(open_page, pages_of(runs[0]), theme=theme, width=width)


def test_keys_lead_through_the_list_into_a_run_on_to_the_next_and_back(
    open_page: Open, runs: list[Run]
) -> None:
    page = open_page("/runs/?sort=name")

    page.keyboard.press("n")
    page.wait_for_url(re.compile("page=2"))
    wait_until(page, "document.body.innerText.includes('51 to 60')")
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(r"/runs/\d+/"))
    first = page.locator("h1").inner_text()
    page.keyboard.press("n")
    wait_until(page, f"document.querySelector('h1').innerText !== {first!r}")
    page.keyboard.press("p")
    wait_until(page, f"document.querySelector('h1').innerText === {first!r}")
    page.keyboard.press("u")

    page.wait_for_url(re.compile(r"/runs/\?sort=name&page=2"))


def test_columns_are_chosen_in_place_and_stay_in_the_address(open_page: Open, runs: list[Run]) -> None:
    page = open_page("/runs/?status=finished")

    page.get_by_role("link", name="Columns").click()
    page.get_by_role("checkbox", name="Kind").uncheck()
    page.get_by_role("checkbox", name="loss").check()
    page.get_by_role("button", name="Show these columns").click()

    page.wait_for_url(re.compile("col=metrics.loss"))
    page.reload()
    heads = page.locator("#run-results thead th").all_inner_texts()
    assert "loss" in heads
    assert "Kind" not in heads
    expect(page.locator("#run-results tbody tr")).to_have_count(20)


def picture_other_than(page: Any, known: bytes) -> bytes:
    for _ in range(100):
        drawn: bytes = page.locator("#history-chart canvas").screenshot()
        if drawn != known:
            return drawn
        page.wait_for_timeout(100)
    raise AssertionError("the chart was not drawn again")


def test_dragging_over_a_history_zooms_and_a_double_click_shows_all(open_page: Open, runs: list[Run]) -> None:
    page = open_page(f"/runs/{runs[0].pk}/metrics/loss/")
    over = page.locator(".u-over")
    box = over.bounding_box()
    assert box
    shown = "(() => { const t = document.querySelector('#history-chart'); return t.dataset.drawn === ''; })()"
    wait_until(page, shown)
    expect(page.locator("figure > svg.chart")).to_be_hidden()

    before = page.locator("#history-chart canvas").screenshot()
    y = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + box["width"] * 0.2, y)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.5, y, steps=5)
    page.mouse.up()
    page.mouse.move(5, 5)
    zoomed = picture_other_than(page, before)
    page.mouse.dblclick(box["x"] + 20, y)
    page.mouse.move(5, 5)

    picture_other_than(page, zoomed)


def test_without_javascript_everything_is_reached(open_page: Open, runs: list[Run]) -> None:
    page = open_page("/runs/", java_script_enabled=False)

    page.locator("#run-facets").get_by_role("link", name=re.compile("failed")).click()
    expect(page).to_have_url(re.compile(re.escape("status=failed")))
    page.get_by_role("link", name="Columns").click()
    page.get_by_role("checkbox", name="Kind").uncheck()
    page.get_by_role("button", name="Show these columns").click()
    page.wait_for_url(re.compile("col="))
    assert "Kind" not in page.locator("#run-results thead th").all_inner_texts()
    page.goto("/runs/")
    page.get_by_role("link", name=re.compile("2 below")).click()
    expect(page.get_by_role("link", name="phase 1", exact=True)).to_be_visible()
    page.get_by_role("link", name="run number 0", exact=True).click()
    page.get_by_role("link", name="loss").click()
    expect(page.locator("figure > svg.chart")).to_be_visible()
    expect(page.locator("#history-points tbody tr")).to_have_count(40)
