"""Recording a generation: real stores, read back with MLflow's plain client."""

import json
import os
import shutil
import socket
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from runs_app.adapters.mlflow_recorder import CUT, MlflowRecorder
from runs_app.domain.errors import PathLeavesSource, SourceRefused, SourceUnreachable
from tests.runs_app.adapters.test_mlflow_postgres import database_uri
from tests.runs_app.adapters.test_mlflow_server import Server

__all__ = ["database_uri"]  # a fixture

START = 1_760_000_000_000
SECRET = "hunter2-of-the-owner"
LOOKS_LIKE_A_KEY = "sk-abcdefghijklmnop"


@pytest.fixture
def uri(empty_mlflow_file, tmp_path):
    shutil.copy(empty_mlflow_file, tmp_path / "mlflow.db")
    return f"sqlite:///{tmp_path / 'mlflow.db'}"


@pytest.fixture
def recorder(uri):
    return MlflowRecorder(uri, "generations", secrets=[SECRET])


def client_of(recorder):
    from mlflow import MlflowClient

    return MlflowClient(tracking_uri=recorder.tracking_uri)


def runs_of(recorder):
    client = client_of(recorder)
    experiment = client.get_experiment_by_name(recorder.experiment)
    return client.search_runs([experiment.experiment_id])


def artifact(recorder, run_id, path, tmp_path):
    folder = tmp_path / "downloaded"
    folder.mkdir(exist_ok=True)
    return Path(client_of(recorder).download_artifacts(run_id, path, str(folder))).read_text("utf-8")


def record_everything(recorder):
    """What a service does, again and again: a parent, a phase below it, and all that they hold."""
    parent = recorder.ensure_run(
        key="generation-7",
        name="Write about pytest",
        started_ms=START,
        params={"task": "pytest", "model.content": "openai/demo"},
        tags={"skill_fleet.generation": "7"},
    )
    child = recorder.ensure_run(
        key="generation-7/understand",
        name="phase1_task_analysis",
        parent_run_id=parent,
        started_ms=START + 1,
        params={},
        tags={"skill_fleet.phase": "understand"},
    )
    recorder.log_metrics(child, {"prompt_tokens": 120, "cost_usd": 0.25}, at_ms=START + 2)
    recorder.end_run(child, status="FINISHED", ended_ms=START + 3)
    recorder.write_text(parent, "skill_content.md", "# Grüße\n")
    recorder.write_json(parent, "deep/plan.json", {"steps": ["a", 1, None]})
    recorder.log_metrics(parent, {"quality_score": 0.5}, at_ms=START + 4)
    recorder.set_tags(parent, {"skill_fleet.skill": "testing/pytest"})
    recorder.end_run(parent, status="FINISHED", ended_ms=START + 5)
    return parent, child


def assert_everything_is_there_once(recorder, parent, child, tmp_path):
    client = client_of(recorder)
    assert {run.info.run_id for run in runs_of(recorder)} == {parent, child}
    top, below = client.get_run(parent), client.get_run(child)
    assert (top.info.run_name, below.info.run_name) == ("Write about pytest", "phase1_task_analysis")
    assert (top.info.status, top.info.start_time, top.info.end_time) == ("FINISHED", START, START + 5)
    assert top.data.params == {"task": "pytest", "model.content": "openai/demo"}
    assert top.data.tags["skill_fleet.key"] == "generation-7"
    assert top.data.tags["skill_fleet.generation"] == "7"
    assert top.data.tags["skill_fleet.skill"] == "testing/pytest"
    assert top.data.metrics == {"quality_score": 0.5}
    assert below.data.tags["mlflow.parentRunId"] == parent
    assert below.data.metrics == {"prompt_tokens": 120, "cost_usd": 0.25}
    points = client.get_metric_history(child, "cost_usd")
    assert [(point.value, point.timestamp) for point in points] == [(0.25, START + 2)]
    assert sorted(file.path for file in client.list_artifacts(parent)) == ["deep", "skill_content.md"]
    assert artifact(recorder, parent, "skill_content.md", tmp_path) == "# Grüße\n"
    assert json.loads(artifact(recorder, parent, "deep/plan.json", tmp_path)) == {"steps": ["a", 1, None]}


def test_the_same_calls_twice_and_by_another_process_make_one_run(recorder, uri, tmp_path):
    first = record_everything(recorder)
    assert record_everything(recorder) == first
    assert record_everything(MlflowRecorder(uri, "generations")) == first
    assert_everything_is_there_once(recorder, *first, tmp_path)
    assert client_of(recorder).get_run(first[0]).info.artifact_uri.startswith(tmp_path.as_uri())


def test_a_run_that_was_made_before_the_crash_is_completed(recorder):
    run_id = recorder.ensure_run(key="k", name="n", started_ms=START, params={}, tags={})
    again = recorder.ensure_run(
        key="k", name="n", started_ms=START, params={"late": "1"}, tags={"late.tag": "2"}
    )
    assert again == run_id
    data = client_of(recorder).get_run(run_id).data
    assert (data.params, data.tags["late.tag"]) == ({"late": "1"}, "2")


def test_a_param_that_changed_stays_and_a_tag_that_changed_is_set(recorder):
    for value in ("old", "new"):
        run_id = recorder.ensure_run(
            key="k", name="n", started_ms=START, params={"p": value}, tags={"t": value}
        )
    data = client_of(recorder).get_run(run_id).data
    assert (data.params["p"], data.tags["t"]) == ("old", "new")


def test_another_key_is_another_run_and_is_found_by_its_key(recorder):
    made = [
        recorder.ensure_run(key=key, name="n", started_ms=START, params={}, tags={}) for key in ("a", "b")
    ]
    assert made[0] != made[1]
    assert [recorder.find_run(key) for key in ("a", "b", "c")] == [*made, ""]


@pytest.mark.parametrize("key", ["", "a'b", 'a"b', "a b", "x" * 201])
def test_a_key_that_could_break_the_search_is_refused(recorder, key):
    with pytest.raises(ValueError, match="cannot be the key"):
        recorder.ensure_run(key=key, name="n", started_ms=START, params={}, tags={})


def test_what_is_too_long_is_cut_with_a_mark(recorder):
    run_id = recorder.ensure_run(
        key="k",
        name="n" * 500,
        started_ms=START,
        params={"long": "x" * 7000, "fits": "y" * 6000} | {f"p{number}": "1" for number in range(150)},
        tags={"long": "z" * 9000} | {f"t{number}": "1" for number in range(150)},
    )
    run = client_of(recorder).get_run(run_id)
    assert run.data.params["long"] == "x" * (6000 - len(CUT)) + CUT
    assert run.data.params["fits"] == "y" * 6000
    assert run.data.tags["long"] == "z" * (8000 - len(CUT)) + CUT
    assert (run.data.params["p149"], run.data.tags["t149"], run.info.run_name) == ("1", "1", "n" * 100)


def test_no_secret_reaches_the_store(recorder, tmp_path):
    secrets = (SECRET, LOOKS_LIKE_A_KEY)
    text = f"keys: {' '.join(secrets)} and http://ada:pass-word@example.test"
    run_id = recorder.ensure_run(
        key="k", name=text, started_ms=START, params={"task": text}, tags={"note": text}
    )
    recorder.set_tags(run_id, {"error": text})
    recorder.write_text(run_id, "answer.md", text)
    recorder.write_json(run_id, "plan.json", {text: [text, {"in": text}]})
    everything = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    for word in (*secrets, "pass-word"):
        assert word.encode() not in everything
    plan = json.loads(artifact(recorder, run_id, "plan.json", tmp_path))
    assert list(plan.values())[0][1]["in"].startswith("keys: ••• •••")


def test_text_that_no_database_takes_and_numbers_that_json_lacks_are_recorded_all_the_same(
    recorder, tmp_path
):
    run_id = recorder.ensure_run(key="k", name="n", started_ms=START, params={"p": "a\x00\ud800"}, tags={})
    recorder.write_text(run_id, "a.txt", "lone \ud800 half\r\n")
    recorder.write_json(run_id, "a.json", {"score": float("nan"), "text": "\ud800"})
    recorder.log_metrics(run_id, {"odd": float("inf")}, at_ms=START)
    assert client_of(recorder).get_run(run_id).data.params["p"] == "a\ufffd\ufffd"
    assert artifact(recorder, run_id, "a.txt", tmp_path) == "lone \ufffd half\n"
    assert json.loads(artifact(recorder, run_id, "a.json", tmp_path)) == {"score": None, "text": "\ufffd"}


def test_a_file_is_overwritten(recorder, tmp_path):
    run_id = recorder.ensure_run(key="k", name="n", started_ms=START, params={}, tags={})
    for text in ("a long first text", "short"):
        recorder.write_text(run_id, "deep/er/a.txt", text)
    assert artifact(recorder, run_id, "deep/er/a.txt", tmp_path) == "short"


@pytest.mark.parametrize("path", ["../outside.txt", "/etc/outside.txt", "a/../../outside.txt", ""])
def test_a_file_cannot_be_written_outside_the_run(recorder, path):
    run_id = recorder.ensure_run(key="k", name="n", started_ms=START, params={}, tags={})
    with pytest.raises(PathLeavesSource):
        recorder.write_text(run_id, path, "text")


def test_a_run_that_failed_goes_on_again_and_ends_anew(recorder):
    run_id = recorder.ensure_run(key="k", name="n", started_ms=START, params={}, tags={})
    recorder.end_run(run_id, status="FAILED", ended_ms=START + 1)
    for _ in range(2):
        recorder.reopen_run(run_id)
        info = client_of(recorder).get_run(run_id).info
        assert (info.status, info.end_time or None) == ("RUNNING", None)
    recorder.end_run(run_id, status="FINISHED", ended_ms=START + 9)
    info = client_of(recorder).get_run(run_id).info
    assert (info.status, info.end_time) == ("FINISHED", START + 9)


def test_a_run_that_was_deleted_is_refused_and_then_made_anew(recorder):
    run_id = recorder.ensure_run(key="k", name="n", started_ms=START, params={}, tags={})
    client_of(recorder).delete_run(run_id)
    with pytest.raises(SourceRefused):
        recorder.log_metrics(run_id, {"a": 1}, at_ms=START)
    with pytest.raises(SourceRefused):
        recorder.end_run("0" * 32, status="KILLED", ended_ms=START)
    assert recorder.ensure_run(key="k", name="n", started_ms=START, params={}, tags={}) != run_id


def test_an_experiment_that_was_deleted_is_refused_with_what_to_do(recorder):
    client_of(recorder).delete_experiment(recorder.experiment_id())
    other = MlflowRecorder(recorder.tracking_uri, recorder.experiment)
    with pytest.raises(SourceRefused) as caught:
        other.experiment_id()
    assert "Restore it" in caught.value.remedy


def test_a_database_without_a_place_for_files_is_refused_and_nothing_is_made(recorder):
    recorder.artifact_folder = None
    with pytest.raises(SourceRefused, match="no folder is set"):
        recorder.experiment_id()


def test_a_file_is_not_put_into_a_folder_of_this_machine_for_a_server_of_another(recorder):
    far = MlflowRecorder("http://tracking.example.test:5000", "generations")
    far._infos["r"] = SimpleNamespace(artifact_uri="/srv/mlflow/0/r/artifacts")
    with pytest.raises(SourceRefused, match="a folder of its own machine"):
        far.write_text("r", "a.txt", "text")


def test_a_dead_server_costs_little_time_and_gives_a_clear_sentence(monkeypatch):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_TIMEOUT", "77")
    monkeypatch.delenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", raising=False)
    recorder = MlflowRecorder(f"http://127.0.0.1:{port}", "generations")
    with pytest.raises(SourceUnreachable, match="nothing listens there") as caught:
        record_everything(recorder)
    assert caught.value.remedy
    assert os.environ["MLFLOW_HTTP_REQUEST_TIMEOUT"] == "77"
    assert "MLFLOW_HTTP_REQUEST_MAX_RETRIES" not in os.environ


def test_a_database_server_that_is_not_there_is_not_tried_for_minutes(monkeypatch):
    from mlflow.store.db import utils

    tried = []
    monkeypatch.setattr(utils, "create_sqlalchemy_engine_with_retry", tried.append)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        uri = f"postgresql+psycopg://ada:pass-word@127.0.0.1:{probe.getsockname()[1]}/mlflow"
    with pytest.raises(SourceUnreachable, match="nothing listens there") as caught:
        record_everything(MlflowRecorder(uri, "generations"))
    assert "pass-word" not in str(caught.value)
    assert tried == []


@pytest.mark.postgres
@pytest.mark.slow
def test_a_postgresql_store_takes_it_all_twice(database_uri, tmp_path):
    recorder = MlflowRecorder(database_uri, "generations", artifact_folder=tmp_path / "files")
    first = record_everything(recorder)
    assert record_everything(MlflowRecorder(database_uri, "generations")) == first
    assert_everything_is_there_once(recorder, *first, tmp_path)


def test_a_silent_server_is_given_up_after_one_short_try():
    with socket.create_server(("127.0.0.1", 0)) as silent:
        silent.settimeout(0.2)
        recorder = MlflowRecorder(
            f"http://127.0.0.1:{silent.getsockname()[1]}", "generations", timeout_seconds=1
        )
        with pytest.raises(SourceUnreachable, match="no answer came in time"):
            record_everything(recorder)
        silent.accept()[0].close()
        with pytest.raises(TimeoutError):
            silent.accept()


def test_what_failed_while_the_store_was_away_is_written_when_it_is_back(recorder, tmp_path):
    away = tmp_path / "mlflow.db"
    away.rename(tmp_path / "away.db")
    away.mkdir()
    with pytest.raises(SourceUnreachable, match="unable to open database file"):
        record_everything(recorder)
    away.rmdir()
    (tmp_path / "away.db").rename(away)
    assert_everything_is_there_once(recorder, *record_everything(recorder), tmp_path)


_IN_A_PROCESS = """
import sys
from runs_app.adapters.mlflow_recorder import MlflowRecorder
recorder = MlflowRecorder(sys.argv[1], "generations")
print(recorder.ensure_run(key=sys.argv[2], name="n", started_ms=1, params={"p": "1"}, tags={}))
"""


@pytest.mark.slow
def test_processes_that_open_a_new_database_at_once_all_record(tmp_path):
    uri = f"sqlite:///{tmp_path / 'new folder' / 'mlflow.db'}"
    workers = [
        subprocess.Popen(
            [sys.executable, "-c", _IN_A_PROCESS, uri, f"key-{number}"],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for number in range(3)
    ]
    ends = [(*worker.communicate(timeout=120), worker.returncode) for worker in workers]
    assert [code for _, _, code in ends] == [0, 0, 0], ends
    made = {run.info.run_id for run in runs_of(MlflowRecorder(uri, "generations"))}
    assert made == {said.split()[-1] for said, _, _ in ends}
    assert len(made) == 3


@pytest.mark.slow
@pytest.mark.mlflow_server
def test_a_tracking_server_takes_it_all_and_what_it_missed_while_it_was_down(uri, tmp_path):
    server = Server(tmp_path)
    try:
        server.wait()
        recorder = MlflowRecorder(server.uri, "generations")
        first = record_everything(recorder)
        recorder.reopen_run(first[0])
        assert not client_of(recorder).get_run(first[0]).info.end_time
    finally:
        server.stop()
    with pytest.raises(SourceUnreachable):
        record_everything(recorder)
    server = Server(tmp_path)
    try:
        server.wait()
        recorder = MlflowRecorder(server.uri, "generations")
        assert record_everything(recorder) == record_everything(recorder) == first
        assert_everything_is_there_once(recorder, *first, tmp_path)
    finally:
        server.stop()


def test_one_search_finds_a_generation_and_its_phases(recorder, monkeypatch):
    from mlflow import MlflowClient

    def all_three():
        return [
            recorder.ensure_run(key=key, name="n", started_ms=START, params={"p": "1"}, tags={})
            for key in ("g_1", "g_1/understand", "gx1")
        ]

    made = all_three()
    searched = []

    def note(self, *args, search=MlflowClient.search_runs, **options):
        searched.append(options["filter_string"])
        return search(self, *args, **options)

    monkeypatch.setattr(MlflowClient, "search_runs", note)
    recorder.look_anew()
    recorder.look_up("g_1")
    assert all_three() == made
    # ``_`` stands for any letter in LIKE, but a key is not taken for another.
    assert [one.partition(" ")[2] for one in searched] == ["LIKE 'g_1%'", "= 'gx1'"]
    assert all_three() == made
    assert len(searched) == 5
