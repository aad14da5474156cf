"""Traces that were kept in a folder, delivered to real stores and read with MLflow's plain client."""

import asyncio
import json
import os
import shutil
import socket
from pathlib import Path

import pytest

from runs_app.adapters.mlflow_recorder import MlflowRecorder
from runs_app.adapters.mlflow_trace_delivery import deliver_traces, num_staged
from runs_app.adapters.mlflow_traces import recording_traces
from runs_app.domain.errors import SourceRefused, SourceUnreachable
from tests.runs_app.adapters.test_mlflow_server import Server
from tests.runs_app.adapters.traced_calls import ask, of_generation

pytest.importorskip("dspy")
START = 1_760_000_000_000


@pytest.fixture
def recorder(empty_mlflow_file, tmp_path):
    shutil.copy(empty_mlflow_file, tmp_path / "mlflow.db")
    return MlflowRecorder(f"sqlite:///{tmp_path / 'mlflow.db'}", "generations")


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "traces"


def stage(folder, *tasks, number=7):
    for task in tasks:
        with recording_traces(folder, **of_generation(number)):
            asyncio.run(ask(task))


def make_run(recorder, number=7):
    key = of_generation(number)["run_key"]
    return recorder.ensure_run(key=key, name="n", started_ms=START, params={}, tags={})


def delivered(recorder):
    """Return (what was asked, the run, the number of spans) of each trace in the store, oldest first."""
    from mlflow import MlflowClient

    client = MlflowClient(tracking_uri=recorder.tracking_uri)
    infos = client.search_traces(locations=[recorder.experiment_id()], order_by=["timestamp_ms ASC"])
    found = [client.get_trace(trace.info.trace_id) for trace in infos]
    return [
        (
            trace.data.spans[0].inputs["task"],
            trace.info.trace_metadata["mlflow.sourceRun"],
            len(trace.data.spans),
        )
        for trace in found
    ]


def test_traces_reach_the_store_in_order_linked_to_their_run(recorder, folder):
    from mlflow import MlflowClient

    run_id = make_run(recorder)
    stage(folder, "one", "two", "three")
    assert num_staged(folder) == 3
    assert deliver_traces(folder, recorder) == 3
    assert delivered(recorder) == [("one", run_id, 4), ("two", run_id, 4), ("three", run_id, 4)]
    assert (num_staged(folder), deliver_traces(folder, recorder)) == (0, 0)

    client = MlflowClient(tracking_uri=recorder.tracking_uri)
    traces = client.search_traces(
        locations=[recorder.experiment_id()],
        run_id=run_id,
        filter_string="tags.`skill_fleet.step` = 'content' AND tags.`skill_fleet.generation` = '7'",
    )
    assert len(traces) == 3
    assert {trace.info.state.value for trace in traces} == {"OK"}
    assert all(trace.info.token_usage["total_tokens"] > 0 for trace in traces)
    assert [span.parent_id is None for span in traces[0].data.spans] == [True, False, False, False]


def test_traces_are_sent_in_the_order_of_the_calls_and_what_broke_off_goes_first_next_time(
    recorder, folder, monkeypatch
):
    from mlflow.tracing.client import TracingClient

    sent = []

    def note(self, info, start=TracingClient.start_trace):
        asked = json.loads(info.trace_metadata["mlflow.traceInputs"])["task"]
        sent.append(asked)
        if len(sent) == 3:
            raise ConnectionResetError("Connection reset")
        return start(self, info)

    make_run(recorder)
    tasks = [f"task {number}" for number in range(6)]
    stage(folder, *tasks)
    listed = Path.iterdir
    # A file system may list them in any order.
    monkeypatch.setattr(Path, "iterdir", lambda path: iter(sorted(listed(path), reverse=True)))
    monkeypatch.setattr(TracingClient, "start_trace", note)
    with pytest.raises(SourceUnreachable):
        deliver_traces(folder, recorder)
    assert deliver_traces(folder, recorder) == 4
    assert sent == tasks[:3] + tasks[2:]


def test_a_trace_that_was_sent_and_not_taken_away_is_there_once(recorder, folder, tmp_path):
    run_id = make_run(recorder)
    stage(folder, "one")
    shutil.copytree(folder, tmp_path / "again")
    assert deliver_traces(folder, recorder) == 1
    assert deliver_traces(tmp_path / "again", recorder) == 1
    assert delivered(recorder) == [("one", run_id, 4)]


def test_a_trace_that_was_half_sent_is_completed(recorder, folder, monkeypatch):
    from mlflow.tracing.client import TracingClient

    run_id = make_run(recorder)
    stage(folder, "one")
    with monkeypatch.context() as broken:
        broken.setattr(
            TracingClient, "log_spans", lambda *_: (_ for _ in ()).throw(OSError("Connection reset"))
        )
        with pytest.raises(SourceUnreachable, match="broke the connection off"):
            deliver_traces(folder, recorder)
    assert num_staged(folder) == 1
    assert deliver_traces(folder, recorder) == 1
    assert delivered(recorder) == [("one", run_id, 4)]


def test_nothing_is_lost_while_the_server_is_dead_and_the_calls_do_not_know(recorder, folder):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        dead = MlflowRecorder(f"http://127.0.0.1:{probe.getsockname()[1]}", "generations")
    stage(folder, "one")
    with pytest.raises(SourceUnreachable, match="nothing listens there"):
        deliver_traces(folder, dead)
    stage(folder, "two")
    run_id = make_run(recorder)
    assert deliver_traces(folder, recorder) == 2
    assert delivered(recorder) == [("one", run_id, 4), ("two", run_id, 4)]


def test_a_trace_waits_for_its_run_and_lets_others_pass(recorder, folder):
    stage(folder, "early", number=1)
    stage(folder, "ready", number=2)
    ready = make_run(recorder, 2)
    assert deliver_traces(folder, recorder) == 1
    assert delivered(recorder) == [("ready", ready, 4)]
    early = make_run(recorder, 1)
    assert deliver_traces(folder, recorder) == 1
    assert delivered(recorder) == [("early", early, 4), ("ready", ready, 4)]


@pytest.mark.parametrize("text", ["", "{", "[]", '{"info": {}, "data": {}}', '{"info": 1, "data": 2}'])
def test_a_file_that_holds_no_trace_is_set_aside_and_kept(recorder, folder, text):
    make_run(recorder)
    stage(folder, "one")
    (folder / "000000000000001-x.json").write_text(text)
    assert deliver_traces(folder, recorder) == 1
    assert [path.name for path in folder.iterdir()] == ["000000000000001-x.json.broken"]
    assert (folder / "000000000000001-x.json.broken").read_text() == text


def test_a_trace_that_is_refused_stays_and_the_others_go(recorder, folder, monkeypatch):
    from mlflow.exceptions import MlflowException
    from mlflow.protos.databricks_pb2 import INVALID_PARAMETER_VALUE
    from mlflow.tracing.client import TracingClient

    def refuse_the_first(self, info, start=TracingClient.start_trace):
        if "bad" in info.trace_metadata["mlflow.traceInputs"]:
            raise MlflowException("the trace is too large", error_code=INVALID_PARAMETER_VALUE)
        return start(self, info)

    run_id = make_run(recorder)
    stage(folder, "bad", "good")
    monkeypatch.setattr(TracingClient, "start_trace", refuse_the_first)
    with pytest.raises(SourceRefused, match="too large"):
        deliver_traces(folder, recorder)
    assert num_staged(folder) == 1
    assert delivered(recorder) == [("good", run_id, 4)]


def test_a_folder_that_is_not_there_holds_nothing(recorder, folder):
    assert (num_staged(folder), deliver_traces(folder, recorder)) == (0, 0)


def test_what_a_writer_left_half_written_is_no_trace_yet(recorder, folder):
    make_run(recorder)
    stage(folder, "one")
    (path,) = folder.iterdir()
    os.rename(path, folder / f".{path.name}.half")
    assert (num_staged(folder), deliver_traces(folder, recorder)) == (0, 0)
    assert len(list(folder.iterdir())) == 1


@pytest.mark.slow
@pytest.mark.mlflow_server
def test_a_tracking_server_takes_traces_and_shows_them_by_run(recorder, folder, tmp_path):
    server = Server(tmp_path)
    try:
        server.wait()
        over_http = MlflowRecorder(server.uri, "generations")
        stage(folder, "one", "two")
        run_id = make_run(over_http)
        shutil.copytree(folder, tmp_path / "again")
        assert deliver_traces(folder, over_http) == 2
        assert deliver_traces(tmp_path / "again", over_http) == 2
        assert delivered(over_http) == [("one", run_id, 4), ("two", run_id, 4)]
    finally:
        server.stop()


def test_traces_of_runs_that_are_told_later_are_not_even_read(recorder, folder, monkeypatch):
    make_run(recorder, number=1)
    run_id = make_run(recorder, number=2)
    stage(folder, "later", number=1)
    stage(folder, "now", number=2)
    later, _ = sorted(folder.iterdir())
    text = later.read_text("utf-8")
    later.write_text("not read", "utf-8")
    later_key = of_generation(1)["run_key"].partition("/")[0]
    assert deliver_traces(folder, recorder, but_of={later_key}) == 1
    assert delivered(recorder) == [("now", run_id, 4)]
    later.write_text(text, "utf-8")
    assert deliver_traces(folder, recorder) == 1
