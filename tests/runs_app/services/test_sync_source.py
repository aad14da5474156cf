"""A sync brings new runs, late edits and deletions, once each, whatever interrupts it."""

from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from runs_app.adapters import mlflow_store
from runs_app.domain.enums import SyncState
from runs_app.domain.errors import LeaseLost, SourceDisabled, SourceUnreachable, SyncBusy
from runs_app.domain.records import RunPage
from runs_app.models import (
    ImportProblem,
    MetricPoint,
    Run,
    RunArtifact,
    RunCount,
    RunMetric,
    RunParam,
    RunTag,
    Source,
)
from runs_app.services import read_runs
from runs_app.services.claim_source import claim_source, hold_source
from runs_app.services.count_runs import COMBINATION, rebuild_run_counts
from runs_app.services.sync_source import sync_source
from tests.runs_app.adapters.test_mlflow_store import add_trace
from tests.runs_app.stores import MlflowDatabase
from tests.runs_app.trees import make_run
from tests.shared_data import shared_data

pytestmark = pytest.mark.django_db


def folder_source(path: Path) -> Source:
    return Source.objects.create(name="folder", kind="mlruns_folder", address=str(path))


def run_named(name: str) -> Run:
    return Run.objects.get(name=name)


def open_problems(source: Source) -> set[tuple[str, str]]:
    rows = ImportProblem.objects.filter(source=source, closed_at__isnull=True)
    return set(rows.values_list("path", "reason"))


def assert_counts_are_exact() -> None:
    counted = {
        tuple(row[:-1]): row[-1]
        for row in RunCount.objects.filter(num_runs__gt=0).values_list(*COMBINATION, "num_runs")
    }
    assert counted == dict(Counter(tuple(row) for row in Run.objects.values_list(*COMBINATION)))


def test_the_seed_comes_out_right() -> None:
    source = folder_source(shared_data("seed_mlruns"))

    report = sync_source(source=source, who="test")

    source.refresh_from_db()
    assert (report.num_new, source.state) == (7, SyncState.CURRENT)
    assert RunArtifact.objects.count() == 7
    assert all(artifact.text for artifact in RunArtifact.objects.all())
    assert open_problems(source) == {
        ("330001648406427495/2ebd630de0414022a714c7d015ef856d/meta.yaml", "missing_file")
    }
    lost = Run.objects.get(run_id="2ebd630de0414022a714c7d015ef856d")
    assert (lost.status, lost.has_problems, lost.kind) == ("unknown", True, "generation")
    whole = Run.objects.get(run_id="2c825fc5620542d9a680d343181c1237")
    assert (whole.has_document, whole.quality_score, whole.validation_score) == (True, 0.94, 0.88)
    assert whole.skill_name == "design-system-guidelines"
    assert_counts_are_exact()


def test_syncing_again_changes_nothing() -> None:
    source = folder_source(shared_data("seed_mlruns"))
    sync_source(source=source, who="test")
    before = list(Run.objects.order_by("pk").values()), list(RunArtifact.objects.order_by("pk").values())
    revision = Source.objects.get().revision

    for is_full in (False, True):
        report = sync_source(source=source, who="test", is_full=is_full)
        assert not report.has_changes

    after = list(Run.objects.order_by("pk").values()), list(RunArtifact.objects.order_by("pk").values())
    for rows in (before[0], after[0]):
        for row in rows:
            row.pop("synced_at")
    assert after == before
    assert Source.objects.get().revision == revision


def test_new_runs_come_with_the_next_look(sql_source: Source, mlflow_db: MlflowDatabase) -> None:
    mlflow_db.log("first")
    sync_source(source=sql_source, who="test")
    mlflow_db.log("second", params={"model": "m"}, tags={"t": "1"}, metrics={"quality_score": 0.7})

    report = sync_source(source=sql_source, who="test")

    assert (report.num_new, report.is_sweep) == (1, False)
    second = run_named("second")
    assert (second.model, second.quality_score) == ("m", 0.7)
    assert_counts_are_exact()


def test_a_running_run_is_read_until_it_ends(sql_source: Source, mlflow_db: MlflowDatabase) -> None:
    run_id = mlflow_db.log("slow", start_ms=1_000, status="RUNNING")
    mlflow_db.log("later")
    sync_source(source=sql_source, who="test")
    assert run_named("slow").status == "running"
    mlflow_db.client.log_metric(run_id, "loss", 1.0, step=3)
    mlflow_db.client.log_text(run_id, "# done", "notes.md")
    mlflow_db.client.set_terminated(run_id, end_time=2_000)

    report = sync_source(source=sql_source, who="test")

    assert not report.is_sweep
    slow = run_named("slow")
    assert (slow.status, slow.duration_seconds) == ("finished", 1.0)
    assert slow.artifacts.get().text == "# done"
    assert list(slow.metric_points.values_list("step", "value")) == [(3, 1.0)]


def test_a_late_edit_is_seen_by_the_sweep_only(sql_source: Source, mlflow_db: MlflowDatabase) -> None:
    run_id = mlflow_db.log("old", tags={"team": "red"}, start_ms=1_000)
    mlflow_db.client.set_terminated(run_id, end_time=2_000)
    mlflow_db.log("new")
    sync_source(source=sql_source, who="test")
    mlflow_db.client.set_tag(run_id, "team", "blue")

    quick = sync_source(source=sql_source, who="test")
    assert (quick.num_changed, run_named("old").tags.get(key="team").value) == (0, "red")
    sweep = sync_source(source=sql_source, who="test", is_full=True)

    assert (sweep.num_changed, run_named("old").tags.get(key="team").value) == (1, "blue")


def test_a_run_that_somebody_opened_is_read_again(sql_source: Source, mlflow_db: MlflowDatabase) -> None:
    run_id = mlflow_db.log("old", start_ms=1_000)
    mlflow_db.client.set_terminated(run_id, end_time=2_000)
    mlflow_db.log("new")
    sync_source(source=sql_source, who="test")
    mlflow_db.client.set_tag(run_id, "team", "blue")
    Run.objects.filter(run_id=run_id).update(last_opened_at=timezone.now())

    report = sync_source(source=sql_source, who="test")

    assert (report.num_changed, report.is_sweep) == (1, False)


def test_the_sweep_comes_by_itself_when_it_is_due(
    sql_source: Source, mlflow_db: MlflowDatabase, settings: Any
) -> None:
    mlflow_db.log("run")
    sync_source(source=sql_source, who="test")
    assert not sync_source(source=sql_source, who="test").is_sweep
    Source.objects.update(last_swept_at=timezone.now() - timedelta(seconds=settings.FLEET_SWEEP_SECONDS + 1))

    assert sync_source(source=sql_source, who="test").is_sweep


def test_a_deleted_run_is_kept_marked_and_comes_back(sql_source: Source, mlflow_db: MlflowDatabase) -> None:
    run_id = mlflow_db.log("doomed", params={"p": "1"})
    mlflow_db.log("other")
    sync_source(source=sql_source, who="test")
    mlflow_db.client.delete_run(run_id)

    report = sync_source(source=sql_source, who="test")

    doomed = run_named("doomed")
    assert report.num_deleted == 1
    assert doomed.deleted_at_source is not None
    assert (doomed.lifecycle_stage, doomed.has_problems, doomed.params.count()) == ("deleted", True, 1)
    assert open_problems(sql_source) == {(f"{mlflow_db.experiment_id}/{run_id}", "deleted_at_source")}
    assert_counts_are_exact()

    mlflow_db.client.restore_run(run_id)
    sync_source(source=sql_source, who="test", is_full=True)

    doomed.refresh_from_db()
    assert (doomed.deleted_at_source, doomed.lifecycle_stage, doomed.has_problems) == (None, "active", False)
    assert open_problems(sql_source) == set()
    assert Run.objects.count() == 2
    assert_counts_are_exact()


def test_a_run_that_vanished_is_found_by_the_sweep(tmp_path: Path) -> None:
    import shutil

    folder = make_run(tmp_path, "a" * 32, name="gone")
    make_run(tmp_path, "b" * 32, name="here")
    source = folder_source(tmp_path)
    sync_source(source=source, who="test")
    shutil.rmtree(folder)

    sync_source(source=source, who="test", is_full=True)

    assert run_named("gone").deleted_at_source is not None
    assert run_named("here").deleted_at_source is None


def test_a_deleted_run_that_was_never_here_is_not_brought(
    sql_source: Source, mlflow_db: MlflowDatabase
) -> None:
    mlflow_db.client.delete_run(mlflow_db.log("deleted before"))

    sync_source(source=sql_source, who="test")

    assert not Run.objects.exists()


@pytest.mark.parametrize("page_size", [1, 2, 500])
def test_children_find_their_parent_whichever_comes_first(
    sql_source: Source, mlflow_db: MlflowDatabase, page_size: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(read_runs, "PAGE_SIZE", page_size)
    parent = mlflow_db.log("task", start_ms=5_000)
    mlflow_db.log("phase1_task_analysis", parent=parent, start_ms=1_000, metrics={"cost_usd": 0.5})
    mlflow_db.log(
        "phase2_content_generation",
        parent=parent,
        start_ms=9_000,
        metrics={"cost_usd": 0.25},
        status="FAILED",
    )

    sync_source(source=sql_source, who="test")

    task = run_named("task")
    assert (task.num_children, task.rolled_status, task.rolled_cost_usd) == (2, "failed", 0.75)
    assert (task.kind, task.is_top) == ("generation", True)
    assert set(Run.objects.filter(parent=task, is_top=False).values_list("name", flat=True)) == {
        "phase1_task_analysis",
        "phase2_content_generation",
    }
    assert_counts_are_exact()


def test_runs_in_a_ring_stay_in_sight(tmp_path: Path) -> None:
    make_run(tmp_path, "a" * 32, tags={"mlflow.parentRunId": "b" * 32})
    make_run(tmp_path, "b" * 32, tags={"mlflow.parentRunId": "a" * 32})
    make_run(tmp_path, "c" * 32, tags={"mlflow.parentRunId": "c" * 32})

    sync_source(source=folder_source(tmp_path), who="test")

    assert Run.objects.filter(is_top=True).count() >= 2
    assert Run.objects.get(run_id="c" * 32).is_top


def test_history_is_mirrored_where_there_is_one(sql_source: Source, mlflow_db: MlflowDatabase) -> None:
    run_id = mlflow_db.log("trained", metrics={"once": 1.0})
    for step in range(5):
        mlflow_db.client.log_metric(run_id, "loss", 5.0 - step, step=step, timestamp=step)

    sync_source(source=sql_source, who="test")

    points = MetricPoint.objects.order_by("step").values_list("key", "step", "value")
    assert list(points) == [("loss", step, 5.0 - step) for step in range(5)]
    assert run_named("trained").is_history_current


def test_traces_fill_what_the_run_does_not_say(sql_source: Source, mlflow_db: MlflowDatabase) -> None:
    silent, talking = mlflow_db.log("silent"), mlflow_db.log("talking", metrics={"total_tokens": 7})
    for number, run_id in enumerate((silent, talking)):
        add_trace(mlflow_db, f"tr-{number}", run_id, tokens=15, cost=0.25, at_ms=1_000)

    sync_source(source=sql_source, who="test")
    sync_source(source=sql_source, who="test", is_full=True)

    assert (
        run_named("silent").total_tokens,
        run_named("silent").cost_usd,
        run_named("silent").num_traces,
    ) == (15, 0.25, 1)
    assert run_named("silent").rolled_tokens == 15
    assert (run_named("talking").total_tokens, run_named("talking").num_traces) == (7, 1)


def test_text_is_kept_up_to_the_limit_and_the_rest_is_listed(tmp_path: Path, settings: Any) -> None:
    settings.FLEET_STORED_ARTIFACT_BYTES = 100
    make_run(
        tmp_path,
        "a" * 32,
        artifacts={
            "small.md": "x" * 100,
            "big.md": "x" * 101,
            "image.png": b"\x89PNG",
            "unknown": b"\xff\x00",
            "plain": "text",
        },
    )

    sync_source(source=folder_source(tmp_path), who="test")

    kept = dict(RunArtifact.objects.values_list("path", "text"))
    assert kept == {
        "small.md": "x" * 100,
        "big.md": None,
        "image.png": None,
        "unknown": None,
        "plain": "text",
    }


def test_a_problem_closes_when_its_cause_is_gone_and_opens_again(tmp_path: Path) -> None:
    folder = make_run(tmp_path, "a" * 32, artifacts={"plan.json": "{broken"})
    source = folder_source(tmp_path)
    path = f"7/{'a' * 32}/artifacts/plan.json"
    sync_source(source=source, who="test")
    assert open_problems(source) == {(path, "unreadable_json")}
    first = ImportProblem.objects.get()
    assert RunArtifact.objects.get().text == "{broken"

    folder.joinpath("artifacts/plan.json").write_text("{}")
    sync_source(source=source, who="test", is_full=True)
    assert open_problems(source) == set()
    assert not Run.objects.get().has_problems

    folder.joinpath("artifacts/plan.json").write_text("{broken")
    sync_source(source=source, who="test", is_full=True)
    again = ImportProblem.objects.get()
    assert (again.pk, again.closed_at, again.first_seen_at) == (first.pk, None, first.first_seen_at)
    assert_counts_are_exact()


def breaks_off_after(num_pages: int, error: BaseException) -> Any:
    """Return a walk of a store that raises after some pages, as a server that dies does."""
    whole = mlflow_store.MlflowStore.all_runs

    def all_runs(self: Any, *, started_from_ms: int, page_size: int) -> Iterator[RunPage]:
        for number, page in enumerate(whole(self, started_from_ms=started_from_ms, page_size=page_size)):
            if number == num_pages:
                raise error
            yield page

    return all_runs


@pytest.mark.parametrize(
    ("error", "state"),
    [
        (SourceUnreachable("http://host does not answer.", remedy="Start it."), SyncState.STALE),
        (KeyboardInterrupt(), SyncState.STALE),
    ],
)
def test_what_was_read_is_kept_and_the_next_sync_goes_on(
    sql_source: Source,
    mlflow_db: MlflowDatabase,
    error: BaseException,
    state: SyncState,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for number in range(6):
        mlflow_db.log(f"run {number}", start_ms=1000 * (number + 1))
    monkeypatch.setattr(read_runs, "PAGE_SIZE", 2)
    with monkeypatch.context() as patch:
        patch.setattr(mlflow_store.MlflowStore, "all_runs", breaks_off_after(2, error))
        with pytest.raises(type(error)):
            sync_source(source=sql_source, who="test")

    sql_source.refresh_from_db()
    assert Run.objects.count() == 4
    assert (sql_source.state, sql_source.lease_owner, sql_source.has_walked) == (state, "", False)
    assert sql_source.state_message

    seen: list[str] = []
    whole = mlflow_store.MlflowStore.all_runs

    def noting(self: Any, **kwargs: Any) -> Iterator[RunPage]:
        for page in whole(self, **kwargs):
            seen.extend(run.name for run in page.runs)
            yield page

    monkeypatch.setattr(mlflow_store.MlflowStore, "all_runs", noting)
    sync_source(source=sql_source, who="test")

    assert seen == ["run 3", "run 4", "run 5"], "what was stored is not read again"
    assert Run.objects.count() == 6
    sql_source.refresh_from_db()
    assert (sql_source.state, sql_source.has_walked) == (SyncState.CURRENT, True)
    assert_counts_are_exact()


def test_a_source_that_fails_says_so_and_waits_longer_each_time(tmp_path: Path, settings: Any) -> None:
    source = folder_source(tmp_path / "gone")
    waits = []
    for _ in range(3):
        with pytest.raises(SourceUnreachable):
            sync_source(source=source, who="test")
        source.refresh_from_db()
        assert source.next_try_at is not None
        waits.append(round((source.next_try_at - timezone.now()).total_seconds()))

    assert waits == [20, 40, 80]
    assert (source.state, source.num_failures) == (SyncState.FAILED, 3)
    assert "cannot be read" in source.state_message
    assert open_problems(source) == {(str(tmp_path / "gone"), "unreachable")}

    make_run(tmp_path / "gone", "a" * 32)
    sync_source(source=source, who="test")
    source.refresh_from_db()
    assert (source.state, source.num_failures, source.state_message) == (SyncState.CURRENT, 0, "")
    assert open_problems(source) == set()


def test_the_second_of_two_syncs_says_who_is_at_it(tmp_path: Path) -> None:
    source = folder_source(tmp_path)
    claim_source(source=source, who="the first")

    with pytest.raises(SyncBusy, match="the first on"):
        sync_source(source=source, who="the second")


def test_a_lease_that_ran_out_is_taken_over_and_fences_the_old_holder(tmp_path: Path) -> None:
    source = folder_source(tmp_path)
    old = claim_source(source=source, who="old")
    Source.objects.update(lease_until=timezone.now() - timedelta(seconds=1))

    claim_source(source=source, who="new")

    with pytest.raises(LeaseLost):
        hold_source(lease=old)


def test_a_source_that_is_switched_off_is_not_read(tmp_path: Path) -> None:
    source = folder_source(tmp_path)
    source.is_enabled = False
    source.save()

    with pytest.raises(SourceDisabled):
        sync_source(source=source, who="test")


def test_one_run_with_a_wrong_clock_does_not_hide_later_ones(
    sql_source: Source, mlflow_db: MlflowDatabase
) -> None:
    mlflow_db.log("from the future", start_ms=4_000_000_000_000)
    sync_source(source=sql_source, who="test")
    mlflow_db.log("from today")

    sync_source(source=sql_source, who="test")

    assert run_named("from today")


def test_rebuilt_counts_equal_the_kept_ones(sql_source: Source, mlflow_db: MlflowDatabase) -> None:
    for number in range(5):
        mlflow_db.log(f"run {number}", params={"model": f"m{number % 2}"})
    sync_source(source=sql_source, who="test")
    kept = set(RunCount.objects.filter(num_runs__gt=0).values_list(*COMBINATION, "num_runs"))

    rebuild_run_counts()

    assert set(RunCount.objects.values_list(*COMBINATION, "num_runs")) == kept
    Run.objects.filter(name="run 0").update(model="other")
    from runs_app.services.count_runs import recount_runs

    recount_runs(run_pks=Run.objects.values_list("pk", flat=True))
    assert_counts_are_exact()


def test_nothing_of_a_run_is_doubled(sql_source: Source, mlflow_db: MlflowDatabase) -> None:
    run_id = mlflow_db.log(
        "run", params={"p": "1"}, tags={"t": "1"}, metrics={"m": 1.0}, artifacts={"a.md": "x"}
    )
    for edit in range(3):
        mlflow_db.client.set_tag(run_id, "t", str(edit))
        sync_source(source=sql_source, who="test", is_full=True)

    run = Run.objects.get()
    assert (RunParam.objects.count(), RunMetric.objects.count(), RunArtifact.objects.count()) == (1, 1, 1)
    assert RunTag.objects.get(run=run, key="t").value == "2"
