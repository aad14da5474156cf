"""Traces of model calls: kept in a folder, and whose they are."""

import asyncio
import contextlib
import json
import logging

import pytest

from runs_app.adapters.mlflow_traces import recording_traces
from runs_app.domain.enums import Phase
from tests.runs_app.adapters.traced_calls import ask, failing, gather, kept, of_generation, ones_with, prompts

dspy = pytest.importorskip("dspy")

from runs_app.adapters.rehearsal_lm import rehearsal_lm  # noqa: E402
from runs_app.pipeline.asking import Manner, ask_model  # noqa: E402
from runs_app.pipeline.modules import fresh_pipeline  # noqa: E402
from runs_app.pipeline.signatures import AnalyzeIntent  # noqa: E402


def test_a_call_in_the_block_is_kept_with_whose_it_is(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "deep" / "traces"
    with recording_traces(folder, **of_generation(7, step="content")):
        asyncio.run(ask("one"))
    (trace,) = kept(folder)
    assert (
        trace["info"]["tags"].items()
        >= {"skill_fleet.generation": "7", "skill_fleet.step": "content"}.items()
    )
    assert trace["info"]["trace_metadata"]["skill_fleet.key"] == "generation-7"
    assert "skill_fleet.recording" not in trace["info"]["trace_metadata"]
    assert trace["info"]["state"] == "OK"
    usage = json.loads(trace["info"]["trace_metadata"]["mlflow.trace.tokenUsage"])
    assert usage["output_tokens"] > 0
    names = [span["name"] for span in trace["data"]["spans"]]
    assert names == ["Predict.forward", "ChatAdapter.format", "LM.__call__", "ChatAdapter.parse"]
    # No store was opened or made for it, neither there nor where the process stands.
    assert {path.name for path in tmp_path.iterdir()} == {"deep"}


def test_a_call_outside_the_block_is_not_kept(tmp_path):
    with recording_traces(tmp_path, **of_generation(1)):
        asyncio.run(ask("inside"))
    asyncio.run(ask("outside"))
    assert prompts(tmp_path) == ["inside"]


def test_a_block_in_a_block_takes_over_and_gives_back(tmp_path):
    with recording_traces(tmp_path, **of_generation(1)):
        with recording_traces(tmp_path, **of_generation(2)):
            asyncio.run(ask("inner"))
        asyncio.run(ask("outer"))
    assert [ones_with(tmp_path, key) for key in ("generation-1", "generation-2")] == [["outer"], ["inner"]]


def test_two_generations_in_one_process_never_mix(tmp_path):
    async def generate(number):
        with recording_traces(tmp_path / str(number), **of_generation(number)):
            for step in range(3):
                await asyncio.gather(*(ask(f"{number}.{step}.{part}") for part in range(3)))

    async def both():
        await asyncio.gather(generate(1), generate(2))

    asyncio.run(both())
    for number in (1, 2):
        asked = {f"{number}.{step}.{part}" for step in range(3) for part in range(3)}
        found = kept(tmp_path / str(number))
        assert set(prompts(tmp_path / str(number))) == asked
        assert len(found) == 9
        assert {trace["info"]["tags"]["skill_fleet.generation"] for trace in found} == {str(number)}
        assert {len(trace["data"]["spans"]) for trace in found} == {4}


def test_steps_side_by_side_in_one_block_say_which_they_are(tmp_path):
    async def step(name):
        with dspy.context(fleet_step=name):
            await asyncio.gather(ask(f"{name} 1"), ask(f"{name} 2"))

    async def generate():
        with recording_traces(tmp_path, **of_generation(1, step="")):
            await asyncio.gather(step("intent"), step("placement"))

    asyncio.run(generate())
    said = [trace["info"]["tags"]["skill_fleet.step"] for trace in kept(tmp_path)]
    assert [prompt.split()[0] for prompt in prompts(tmp_path)] == said
    assert sorted(said) == ["intent", "intent", "placement", "placement"]


def test_a_call_of_the_pipeline_is_one_trace_though_its_prompt_was_counted_before(tmp_path):
    manner = Manner(gate=lambda prompt: contextlib.nullcontext(lambda usage: None))
    call = fresh_pipeline().call_of(Phase.UNDERSTAND, AnalyzeIntent)
    inputs = dict.fromkeys(AnalyzeIntent.input_fields, "something")
    with recording_traces(tmp_path, **of_generation(1)):
        asyncio.run(ask_model(call, inputs, lm=rehearsal_lm(), manner=manner))
    (trace,) = kept(tmp_path)
    names = [span["name"] for span in trace["data"]["spans"]]
    assert names[:3] == ["Understand.forward", "ChainOfThought.forward", "Predict.forward"]
    inputs_of_root = json.loads(trace["data"]["spans"][0]["attributes"]["mlflow.spanInputs"])
    assert inputs_of_root == {"predictor": "analyze_intent", **inputs}


def test_threads_of_dspy_are_traced_too(tmp_path):
    with recording_traces(tmp_path, **of_generation(3)):
        gather(["a", "b", "c"])
    assert sorted(ones_with(tmp_path, "generation-3")) == ["a", "b", "c"]


def test_a_failed_call_is_kept_as_an_error_without_the_secrets_of_its_message(tmp_path):
    secret = "hunter2-of-the-owner"
    with (
        recording_traces(tmp_path, **of_generation(1), secrets=[secret]),
        pytest.raises(dspy.utils.exceptions.LMUnexpectedError, match="no such key"),
    ):
        asyncio.run(ask("x", lm=failing(f"no such key: {secret}")))
    (trace,) = kept(tmp_path)
    text = json.dumps(trace, ensure_ascii=False)
    assert trace["info"]["state"] == "ERROR"
    assert "no such key: •••" in text
    assert secret not in text


def test_no_secret_reaches_the_folder_and_what_is_kept_stays_readable(tmp_path):
    secret, key = "hunter2-of-the-owner", "sk-abcdefghijklmnop"
    # A secret at the cut of MLflow's preview, and text that would break JSON if JSON were masked as text.
    asked = f'{"x" * 230}{secret} {key} api_key="abcd" http://ada:pass-word@example.test'
    with recording_traces(tmp_path, **of_generation(1), secrets=[secret]):
        asyncio.run(ask(asked))
    (trace,) = kept(tmp_path)
    everything = "".join(path.read_text("utf-8") for path in tmp_path.iterdir())
    for word in (secret, secret[:8], key, "pass-word", "abcd"):
        assert word not in everything
    for span in trace["data"]["spans"]:
        for value in span["attributes"].values():
            json.loads(value)
    assert prompts(tmp_path)[0].startswith("x" * 230 + "••• •••")


def test_a_cancelled_call_leaves_a_trace_and_nothing_behind(tmp_path):
    async def cancelled():
        with recording_traces(tmp_path, **of_generation(1)):
            task = asyncio.create_task(ask("slow", lm=failing(None)))
            await asyncio.sleep(0.05)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            await ask("next")

    asyncio.run(cancelled())
    assert [trace["info"]["state"] for trace in kept(tmp_path)] == ["ERROR", "OK"]


def test_a_folder_that_cannot_be_written_costs_the_trace_and_not_the_call(tmp_path, caplog):
    blocked = tmp_path / "file"
    blocked.write_text("")
    with recording_traces(blocked, **of_generation(1)), caplog.at_level(logging.WARNING):
        assert asyncio.run(ask("one"))
    assert "A trace of generation-1 could not be kept" in caplog.text


def test_an_mlflow_that_is_built_otherwise_costs_the_traces_and_not_the_calls(tmp_path, caplog, monkeypatch):
    from mlflow.tracing import config

    monkeypatch.delattr(config, "get_config")
    with caplog.at_level(logging.WARNING), recording_traces(tmp_path, **of_generation(1)):
        assert asyncio.run(ask("one"))
    assert "without traces" in caplog.text


@pytest.mark.parametrize("change", ["reset", "disable"])
def test_tracing_that_somebody_changed_is_set_up_again(tmp_path, change):
    import mlflow

    with recording_traces(tmp_path, **of_generation(1)):
        asyncio.run(ask("before"))
    getattr(mlflow.tracing, change)()
    with recording_traces(tmp_path, **of_generation(1), secrets=["hunter2-of-the-owner"]):
        asyncio.run(ask("after hunter2-of-the-owner"))
    assert prompts(tmp_path) == ["before", "after •••"]
