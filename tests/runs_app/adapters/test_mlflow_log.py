"""Writing runs into a real MLflow SQLite store."""

import math

import pytest

from runs_app.adapters.mlflow_log import open_log
from runs_app.adapters.mlflow_store import open_store
from runs_app.domain.enums import RunStatus, SourceKind
from runs_app.domain.errors import PathLeavesSource, RunMissing, SourceUnsuitable
from runs_app.domain.records import MetricRecord, RunAddress
from runs_app.domain.run_log import LoggedRun

START = 1_760_000_000_000


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    folder = tmp_path_factory.mktemp("new") / "not there yet"
    uri = f"sqlite:///{folder / 'mlflow.db'}"
    return open_log(uri, artifact_folder=folder / "files"), uri, folder


def read(uri, run_id):
    reader = open_store(kind=SourceKind.MLFLOW_SQL, uri=uri, timeout_seconds=5)
    (record,) = reader.runs_by_id([run_id]).runs
    return reader, record, RunAddress(record.run_id, record.experiment_id, record.artifact_uri)


def test_a_run_comes_back_as_it_was_written(store):
    log, uri, folder = store
    experiment_id = log.experiment("one", artifact_folder=folder / "one", tags={"kind": "test"})
    assert log.experiment("one", tags={}) == experiment_id
    points = tuple(MetricRecord("loss", 1 / (step + 1), step, START + step) for step in range(2500))
    child = LoggedRun("child", RunStatus.FAILED, START + 1, START + 2)
    run = LoggedRun(
        "a task",
        RunStatus.FINISHED,
        START,
        START + 5_000,
        user="ada",
        params={f"p{number}": "x" * number for number in range(130)},
        tags={"skill_fleet.skill": "a/b"},
        metrics=(*points, MetricRecord("odd", math.inf, 0, START)),
        artifacts={"plan.json": "{}\n", "deep/er/text.md": "Grüße\n"},
        children=(child,),
    )
    run_id = log.log_run(experiment_id, run)

    reader, record, address = read(uri, run_id)
    assert (record.name, record.status, record.user) == ("a task", RunStatus.FINISHED, "ada")
    assert (record.started_at_ms, record.ended_at_ms) == (START, START + 5_000)
    assert record.params == run.params
    assert record.tags["skill_fleet.skill"] == "a/b"
    assert reader.metric_history(address, "loss") == points
    assert [file.path for file in reader.list_artifacts(address).artifacts] == [
        "deep/er/text.md",
        "plan.json",
    ]
    assert reader.read_artifact(address, "deep/er/text.md", limit_bytes=100).decode() == "Grüße\n"
    assert record.artifact_uri.startswith((folder / "one").as_uri())
    (children,) = [page.runs for page in reader.all_runs(started_from_ms=START + 1, page_size=10)]
    assert [(found.name, found.status, found.parent_run_id) for found in children] == [
        ("child", RunStatus.FAILED, run_id)
    ]


def test_a_run_without_an_end_goes_on_and_can_be_ended_later(store):
    log, uri, folder = store
    experiment_id = log.experiment("two", artifact_folder=folder / "two", tags={})
    run_id = log.log_run(experiment_id, LoggedRun("slow", RunStatus.RUNNING, START, None))
    assert read(uri, run_id)[1].ended_at_ms is None
    log.set_tag(run_id, "skill_fleet.version", "1.0.0")
    log.end_run(run_id, status=RunStatus.KILLED, ended_at_ms=START + 9)
    record = read(uri, run_id)[1]
    assert (record.status, record.ended_at_ms) == (RunStatus.KILLED, START + 9)
    assert record.tags["skill_fleet.version"] == "1.0.0"


@pytest.mark.parametrize("path", ["../outside.txt", "/etc/outside.txt", "a/../../outside.txt"])
def test_an_artifact_cannot_be_written_outside_the_run(store, path):
    log, _, folder = store
    experiment_id = log.experiment("three", artifact_folder=folder / "three", tags={})
    run_id = log.log_run(experiment_id, LoggedRun("r", RunStatus.FINISHED, START, START))
    with pytest.raises(PathLeavesSource):
        log.log_artifacts(run_id, {path: "text"})


def test_purging_takes_one_run_with_its_files_and_leaves_the_rest(store):
    log, _, folder = store
    experiment_id = log.experiment("four", artifact_folder=folder / "four", tags={})
    gone, kept = (
        log.log_run(
            experiment_id,
            LoggedRun("r", RunStatus.FINISHED, START, START, tags={"mine": "1"}, artifacts={"a.txt": "a"}),
        )
        for _ in range(2)
    )
    log.purge_run(gone)
    mine, others = log.run_ids(tag="mine")
    assert mine == {kept}
    assert gone not in others
    assert [path.parent.parent.name for path in (folder / "four").rglob("a.txt")] == [kept]
    with pytest.raises(RunMissing):
        log.purge_run(gone)


def test_an_experiment_that_was_deleted_is_refused_with_what_to_do(store):
    log, _, folder = store
    experiment_id = log.experiment("five", artifact_folder=folder / "five", tags={})
    log.client.delete_experiment(experiment_id)
    with pytest.raises(SourceUnsuitable, match="restore it"):
        log.experiment("five", tags={})
