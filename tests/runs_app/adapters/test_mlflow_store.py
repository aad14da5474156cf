"""MLflow's own stores, written by MLflow's client and read back."""

import math
import shutil
import sqlite3
from pathlib import Path

import pytest

from runs_app.adapters.mlflow_store import MlflowStore, open_store
from runs_app.domain.enums import RunStatus, SourceKind
from runs_app.domain.errors import ArtifactMissing, PathLeavesSource, SourceUnreachable, SourceUnsuitable
from runs_app.domain.records import RunAddress
from tests.runs_app.stores import MlflowDatabase


def open_database(uri: str) -> MlflowStore:
    return open_store(kind=SourceKind.MLFLOW_SQL, uri=uri, timeout_seconds=5)


def address(run_id: str, store: MlflowStore) -> RunAddress:
    record = store.runs_by_id([run_id]).runs[0]
    return RunAddress(run_id, record.experiment_id, record.artifact_uri)


def test_a_run_comes_back_as_it_was_logged(mlflow_db: MlflowDatabase) -> None:
    parent = mlflow_db.log("task")
    run_id = mlflow_db.log(
        "phase1_task_analysis",
        params={"model": "m"},
        tags={"skill_fleet.phase": "understand"},
        metrics={"quality_score": 0.5, "odd": math.nan},
        parent=parent,
        status="FAILED",
    )
    store = open_database(mlflow_db.uri)

    run = store.runs_by_id([run_id]).runs[0]

    assert (run.name, run.status, run.parent_run_id) == ("phase1_task_analysis", RunStatus.FAILED, parent)
    assert run.params == {"model": "m"}
    assert run.tags["skill_fleet.phase"] == "understand"
    points = {point.key: point for point in run.metrics}
    assert points["quality_score"].value == 0.5
    assert math.isnan(points["odd"].value)
    assert run.started_at_ms is not None
    assert run.ended_at_ms is not None
    assert {experiment.name for experiment in store.experiments().experiments} == {"Default", "skills"}
    assert store.count_runs() == 2


def test_pages_go_from_the_oldest_start_on_and_show_deleted_runs(mlflow_db: MlflowDatabase) -> None:
    ids = [mlflow_db.log(start_ms=1000 * number) for number in (3, 1, 2)]
    mlflow_db.client.delete_run(ids[0])
    store = open_database(mlflow_db.uri)

    pages = list(store.all_runs(started_from_ms=0, page_size=2))
    later = list(store.all_runs(started_from_ms=2000, page_size=2))

    assert [run.run_id for page in pages for run in page.runs] == [ids[1], ids[2], ids[0]]
    assert [len(page.runs) for page in pages] == [2, 1]
    assert pages[1].runs[0].lifecycle_stage == "deleted"
    assert [run.run_id for page in later for run in page.runs] == [ids[2], ids[0]]


def test_history_has_every_point_in_order(mlflow_db: MlflowDatabase) -> None:
    run_id = mlflow_db.log()
    for step in (2, 0, 1):
        mlflow_db.client.log_metric(run_id, "loss", 10.0 - step, timestamp=step, step=step)
    store = open_database(mlflow_db.uri)

    points = store.metric_history(address(run_id, store), "loss")

    assert [(point.step, point.value) for point in points] == [(0, 10), (1, 9), (2, 8)]
    assert store.metric_history(address(run_id, store), "none") == ()


def test_artifacts_are_read_from_the_runs_own_address(mlflow_db: MlflowDatabase) -> None:
    run_id = mlflow_db.log(artifacts={"skill_content.md": "# Skill", "deep/plan.json": "{}"})
    store = open_database(mlflow_db.uri)
    where = address(run_id, store)

    listing = store.list_artifacts(where)

    assert [(file.path, file.size_bytes) for file in listing.artifacts] == [
        ("deep/plan.json", 2),
        ("skill_content.md", 7),
    ]
    assert store.has_local_artifacts(where)
    assert store.read_artifact(where, "skill_content.md", limit_bytes=100) == b"# Skill"
    assert b"".join(store.stream_artifact(where, "deep/plan.json")) == b"{}"
    with pytest.raises(ArtifactMissing):
        store.read_artifact(where, "none.md", limit_bytes=100)
    with pytest.raises(PathLeavesSource):
        store.read_artifact(where, "../../mlflow.db", limit_bytes=100)


@pytest.mark.parametrize(
    ("uri", "reason"),
    [
        ("file:///etc", "leaves_source"),
        ("/etc", "leaves_source"),
        ("runs:/abc/x", "wrong_shape"),
        ("models:/m/1", "wrong_shape"),
    ],
)
def test_a_remote_server_cannot_have_our_own_files_read(uri: str, reason: str) -> None:
    store = open_store(kind=SourceKind.MLFLOW_HTTP, uri="http://mlflow.example:5000", timeout_seconds=1)
    where = RunAddress("a" * 32, "1", uri)

    listing = store.list_artifacts(where)

    assert listing.artifacts == ()
    assert [problem.reason.value for problem in listing.problems] == [reason]
    with pytest.raises(ArtifactMissing):
        store.read_artifact(where, "hostname", limit_bytes=100)


def test_artifacts_behind_a_server_are_not_found_through_its_database(mlflow_db: MlflowDatabase) -> None:
    store = open_database(mlflow_db.uri)

    listing = store.list_artifacts(RunAddress("a" * 32, "1", "mlflow-artifacts:/1/a/artifacts"))

    assert "Add the tracking server" in listing.problems[0].remedy


def test_opening_a_database_never_makes_or_migrates_one(mlflow_db: MlflowDatabase, tmp_path: Path) -> None:
    missing, other, old = tmp_path / "missing.db", tmp_path / "other.db", tmp_path / "old.db"
    sqlite3.connect(other).executescript("CREATE TABLE mine (x); INSERT INTO mine VALUES (1);")
    shutil.copy(tmp_path / "mlflow.db", old)
    with sqlite3.connect(old) as database:
        database.execute("UPDATE alembic_version SET version_num = 'an older one'")
    before = old.read_bytes(), other.read_bytes()

    with pytest.raises(SourceUnreachable, match="no file"):
        open_database(f"sqlite:///{missing}")
    with pytest.raises(SourceUnsuitable, match="no MLflow tables"):
        open_database(f"sqlite:///{other}")
    with pytest.raises(SourceUnsuitable, match="an older one") as raised:
        open_database(f"sqlite:///{old}")

    assert "mlflow db upgrade" in raised.value.remedy
    assert not missing.exists()
    assert (old.read_bytes(), other.read_bytes()) == before


def test_a_file_that_is_no_database_is_said_so(tmp_path: Path) -> None:
    path = tmp_path / "notes.db"
    path.write_text("not a database, but long enough to be looked at as one" * 100)

    with pytest.raises(SourceUnsuitable, match="not a SQLite database"):
        open_database(f"sqlite:///{path}")


def test_tokens_and_cost_come_from_traces(mlflow_db: MlflowDatabase) -> None:
    run_id = mlflow_db.log()
    add_trace(mlflow_db, "tr-1", run_id, tokens=15, cost=0.25, at_ms=1_000)
    add_trace(mlflow_db, "tr-2", run_id, tokens=5, cost=None, at_ms=2_000)
    store = open_database(mlflow_db.uri)

    everything = store.trace_totals(since_ms=0)
    later = store.trace_totals(since_ms=1_500)

    assert everything.newest_ms == 2_000
    total = everything.totals[run_id]
    assert (total.num_traces, total.total_tokens, total.cost_usd) == (2, 20, 0.25)
    assert later.totals[run_id] == total, "a run with a new trace is added up as a whole"


def add_trace(
    store: MlflowDatabase, trace_id: str, run_id: str, *, tokens: int, cost: float | None, at_ms: int
) -> None:
    """Put a finished trace into the database, as autologging leaves one."""
    import json

    from mlflow.entities import TraceInfo, TraceLocation, TraceState

    metadata = {
        "mlflow.sourceRun": run_id,
        "mlflow.trace.tokenUsage": json.dumps(
            {"input_tokens": tokens - 1, "output_tokens": 1, "total_tokens": tokens}
        ),
    }
    if cost is not None:
        metadata["mlflow.trace.cost"] = json.dumps({"total_cost": cost})
    store.client._tracing_client.start_trace(
        TraceInfo(
            trace_id=trace_id,
            trace_location=TraceLocation.from_experiment_id(store.experiment_id),
            request_time=at_ms,
            state=TraceState.OK,
            trace_metadata=metadata,
        )
    )


def test_local_files_of_a_store_are_read_without_loading_mlflow(mlflow_db: MlflowDatabase) -> None:
    import subprocess
    import sys

    run_id = mlflow_db.log(artifacts={"notes.md": "# Notes"})
    where = address(run_id, open_database(mlflow_db.uri))
    code = f"""
import os, sys
os.environ["DJANGO_SETTINGS_MODULE"] = "fleet_site.settings"
import django
django.setup()
from runs_app.adapters.sources import open_address
from runs_app.domain.enums import SourceKind
from runs_app.domain.records import RunAddress
from runs_app.views import sources
reader = open_address(kind=SourceKind.MLFLOW_SQL, address={mlflow_db.uri!r})
where = RunAddress({where.run_id!r}, {where.experiment_id!r}, {where.artifact_uri!r})
assert b"".join(reader.stream_artifact(where, "notes.md")) == b"# Notes"
print(sorted({{"mlflow", "sqlalchemy", "litellm", "dspy"}} & set(sys.modules)))
"""
    root = Path(__file__).resolve().parents[3]
    done = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=False)

    assert done.stdout.strip() == "[]", done.stderr
