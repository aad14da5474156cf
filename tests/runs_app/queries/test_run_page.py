"""What the page of one run shows beyond its own record: the tree below, small charts, the runs beside it."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from runs_app.domain.enums import SourceKind
from runs_app.models import Experiment, MetricPoint, Run, Source
from runs_app.queries.run_neighbours import neighbours_of
from runs_app.queries.run_page import phases_of, seconds_so_far, sparks_of
from runs_app.services.count_runs import rebuild_run_counts

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


@pytest.fixture
def experiment(db: Any) -> Experiment:
    source = Source.objects.create(name="made", kind=SourceKind.MLRUNS_FOLDER, address="/nowhere")
    return Experiment.objects.create(source=source, experiment_id="1", name="made up")


def make_run(experiment: Experiment, name: str, *, minute: int, **fields: Any) -> Run:
    started = NOW - timedelta(hours=1) + timedelta(minutes=minute)
    fields.setdefault("status", "finished")
    if fields["status"] != "running":
        fields.setdefault("ended_at", started + timedelta(minutes=10))
        fields.setdefault("duration_seconds", 600.0)
    parent = fields.get("parent")
    return Run.objects.create(
        source=experiment.source,
        experiment=experiment,
        run_id=name,
        name=name,
        started_at=started,
        synced_at=NOW,
        is_top=parent is None,
        **fields,
    )


def test_the_tree_below_is_in_reading_order_with_its_times(experiment: Experiment) -> None:
    top = make_run(experiment, "top", minute=0, duration_seconds=3000.0, num_children=2)
    later = make_run(experiment, "later", minute=30, parent=top)
    first = make_run(experiment, "first", minute=0, parent=top, num_children=1)
    inner = make_run(experiment, "inner", minute=5, parent=first)

    bars = phases_of(top, now=NOW)

    assert [(bar.run, bar.depth) for bar in bars] == [(first, 0), (inner, 1), (later, 0)]
    assert (bars[0].start, bars[0].width) == (0, 250)
    assert (bars[2].start, bars[2].width) == (750, 250)


def test_a_running_generation_names_the_phases_to_come_and_counts_until_now(experiment: Experiment) -> None:
    top = make_run(experiment, "top", minute=0, status="running", kind="generation", num_children=1)
    make_run(experiment, "one", minute=0, status="running", phase="understand", parent=top)

    bars = phases_of(top, now=NOW)

    assert [(bar.phase, bar.is_expected) for bar in bars if bar.run is None] == [
        ("generate", True),
        ("validate", True),
    ]
    assert bars[0].width == 1000
    assert bars[0].seconds == seconds_so_far(top, now=NOW) == 3600.0


def test_a_failed_generation_says_which_phases_never_began(experiment: Experiment) -> None:
    top = make_run(experiment, "top", minute=0, status="failed", kind="generation", num_children=1)
    make_run(experiment, "one", minute=0, status="failed", phase="understand", parent=top)

    lacking = [bar for bar in phases_of(top, now=NOW) if bar.run is None]

    assert [(bar.phase, bar.is_expected) for bar in lacking] == [("generate", False), ("validate", False)]


def test_a_finished_generation_lacks_nothing(experiment: Experiment) -> None:
    top = make_run(experiment, "top", minute=0, kind="generation", num_children=1)
    make_run(experiment, "one", minute=0, phase="understand", parent=top)

    assert all(bar.run for bar in phases_of(top, now=NOW))


def test_only_a_metric_that_changed_has_a_small_chart(experiment: Experiment) -> None:
    run = make_run(experiment, "run", minute=0)
    MetricPoint.objects.bulk_create(
        [MetricPoint(run=run, key="loss", step=n, timestamp_ms=n, value=float(n)) for n in range(3)]
        + [MetricPoint(run=run, key="once", step=0, timestamp_ms=0, value=1.0)]
        + [
            MetricPoint(run=run, key="lost", step=n, timestamp_ms=n, value=None, special="nan")
            for n in range(3)
        ]
    )

    sparks = sparks_of(run)

    assert set(sparks) == {"loss"}
    assert sparks["loss"].line == "0.0,19.0 50.0,10.0 100.0,1.0"
    assert sparks["loss"].num_points == 3


@pytest.fixture
def listed(experiment: Experiment) -> list[Run]:
    """120 runs in the order of the plain list: the newest first."""
    runs = [make_run(experiment, f"r{n:03d}", minute=-n, model="m" if n % 2 else "n") for n in range(120)]
    rebuild_run_counts()
    return runs


def test_the_runs_beside_one_are_those_of_its_list(listed: list[Run]) -> None:
    found = neighbours_of(listed[50], from_query="", position=50, now=NOW)

    assert (found.previous, found.following, found.position) == (listed[49], listed[51], 51)
    assert found.back_query == "page=2"
    assert found.previous_query == "from=&at=49"
    assert found.following_query == "from=page%3D2&at=51"


def test_choices_of_the_list_hold_for_the_runs_beside(listed: list[Run]) -> None:
    found = neighbours_of(listed[51], from_query="model=m&q=status+%3D+finished", position=25, now=NOW)

    assert (found.previous, found.following) == (listed[49], listed[53])


@pytest.mark.parametrize("position", [None, 0, 40])
def test_a_list_that_has_moved_on_is_searched_nearby(listed: list[Run], position: int | None) -> None:
    found = neighbours_of(listed[20], from_query="", position=position, now=NOW)

    assert (found.previous, found.following, found.position) == (listed[19], listed[21], 21)


@pytest.mark.parametrize("query", ["model=other", "q=(((", "q=model+%3D+other"])
def test_a_run_that_left_its_list_has_nobody_beside_it(listed: list[Run], query: str) -> None:
    found = neighbours_of(listed[20], from_query=query, position=20, now=NOW)

    assert (found.previous, found.following, found.position) == (None, None, None)


def test_the_first_and_the_last_have_one_neighbour(listed: list[Run]) -> None:
    first = neighbours_of(listed[0], from_query="", position=0, now=NOW)
    last = neighbours_of(listed[-1], from_query="", position=119, now=NOW)

    assert (first.previous, first.following) == (None, listed[1])
    assert (last.previous, last.following) == (listed[-2], None)
