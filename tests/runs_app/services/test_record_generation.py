"""What MLflow is told: runs, params, metrics, tags and files, by plain MLflow; nothing lost while it is dead; mirrored at once."""

import asyncio
import json
import shutil
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from runs_app.adapters.folder_lock import hold_file
from runs_app.domain.enums import RunKind
from runs_app.domain.errors import SourceRefused
from runs_app.domain.generation import GenerationOptions, GenerationRequest, RecordState
from runs_app.models import Generation, Run, RunOutcome, Source
from runs_app.services import advance_generation, record_generation, wake_workers
from runs_app.services.advance_generations import run_due_generations
from runs_app.services.record_generation import Recorder, record_due_generations, record_in_turn
from runs_app.services.request_generation import request_generation
from skills_app.models import SkillVersion, ValidationReport
from tests.runs_app.generation_makers import step
from tests.runs_app.pipeline.scripted_models import ScriptedModels

pytestmark = pytest.mark.django_db(transaction=True)
TASK = "Create a skill for cleaning CSV files with pandas"
AUTO = GenerationOptions(is_auto_approved=True, refine_from=0.0)


@pytest.fixture(autouse=True)
def models(
    monkeypatch: pytest.MonkeyPatch, settings: Any, tmp_path: Path, empty_mlflow_file: Path
) -> ScriptedModels:
    monkeypatch.setattr(wake_workers, "_send", lambda: None)
    settings.DATA_DIR = tmp_path
    shutil.copy(empty_mlflow_file, tmp_path / "mlflow.db")
    settings.FLEET_MLFLOW_URI = f"sqlite:///{tmp_path / 'mlflow.db'}"
    made = ScriptedModels()
    monkeypatch.setattr(advance_generation, "ConfiguredModels", lambda *_, **__: made)
    return made


def generated(**fields: Any) -> Generation:
    generation = request_generation(request=GenerationRequest(TASK), options=AUTO, user_name="ada", **fields)
    run_due_generations()
    generation.refresh_from_db()
    return generation


def client(settings: Any) -> Any:
    from mlflow import MlflowClient

    return MlflowClient(tracking_uri=settings.FLEET_MLFLOW_URI)


def runs_of(settings: Any) -> list[Any]:
    mlflow = client(settings)
    experiment = mlflow.get_experiment_by_name("skill-fleet")
    return list(mlflow.search_runs([experiment.experiment_id]))


def test_plain_mlflow_shows_a_parent_with_its_three_phases(settings: Any) -> None:
    generation = generated()

    assert (generation.record_state, generation.record_message) == (RecordState.DONE, "")
    runs = {run.info.run_name: run for run in runs_of(settings)}
    parent = runs.pop(generation.title)
    assert set(runs) == {"phase1_task_analysis", "phase2_content_generation", "phase3_quality_assurance"}
    assert {run.data.tags["mlflow.parentRunId"] for run in runs.values()} == {parent.info.run_id}
    assert {run.info.status for run in [parent, *runs.values()]} == {"FINISHED"}
    assert parent.data.params["task"] == TASK
    assert parent.data.params["model.skill_edit"] == "scripted/1"
    assert parent.data.tags["skill_fleet.generation"] == generation.key
    assert parent.data.tags["skill_fleet.skill"] == generation.version.skill.path  # type: ignore[union-attr]
    assert parent.data.metrics["prompt_tokens"] == generation.prompt_tokens
    assert parent.data.metrics["prompt_tokens"] == sum(
        run.data.metrics["prompt_tokens"] for run in runs.values()
    )
    assert {"quality_score", "deterministic_score", "calibrated_score", "validation_score"} <= set(
        parent.data.metrics
    )


def test_the_files_are_true_json_and_the_document_is_that_of_the_version(
    settings: Any, tmp_path: Path
) -> None:
    generation = generated()

    mlflow = client(settings)
    names = {entry.path for entry in mlflow.list_artifacts(generation.run_id)}
    assert names == {
        "skill_content.md",
        "skill_metadata.json",
        "validation_report.json",
        "quality_assessment.json",
        "plan.json",
        "events.jsonl",
        "human_answers.json",
    }
    folder = Path(mlflow.download_artifacts(generation.run_id, "", str(tmp_path)))
    assert (folder / "skill_content.md").read_text() == generation.version.content  # type: ignore[union-attr]
    for name in names - {"skill_content.md", "events.jsonl"}:
        assert isinstance(json.loads((folder / name).read_text()), dict | list), name
    lines = [json.loads(line) for line in (folder / "events.jsonl").read_text().splitlines()]
    assert lines[-1]["kind"] == "completed"


def test_it_is_mirrored_at_once_and_leads_to_the_same_version() -> None:
    generation = generated()

    run = Run.objects.get(run_id=generation.run_id)
    assert (run.kind, run.num_children) == (RunKind.GENERATION, 3)
    outcome = RunOutcome.objects.get(run=run)
    assert outcome.version_id == generation.version_id
    assert SkillVersion.objects.count() == 1
    assert ValidationReport.objects.filter(validator="fleet pipeline").count() == 1


def test_telling_it_again_changes_nothing(settings: Any) -> None:
    generation = generated()
    before = sorted(run.info.run_id for run in runs_of(settings))

    Generation.objects.update(record_state=RecordState.DUE)
    record_due_generations()

    assert sorted(run.info.run_id for run in runs_of(settings)) == before
    assert Run.objects.filter(source=Source.objects.get()).count() == 4
    generation.refresh_from_db()
    assert generation.record_state == RecordState.DONE


def test_a_dead_mlflow_loses_nothing_and_is_told_later_in_order(settings: Any) -> None:
    alive = settings.FLEET_MLFLOW_URI
    settings.FLEET_MLFLOW_URI = "http://127.0.0.1:9"
    first, second = generated(), generated()

    first.refresh_from_db()
    assert first.status == second.status == "completed"
    assert first.record_state == RecordState.LATE
    assert "127.0.0.1:9" in first.record_message
    settings.FLEET_MLFLOW_URI = alive
    Generation.objects.update(record_tried_at=timezone.now() - timedelta(minutes=1))
    record_due_generations()

    for generation in (first, second):
        generation.refresh_from_db()
        assert (generation.record_state, generation.record_message) == (RecordState.DONE, "")
    starts = [run.info.start_time for run in sorted(runs_of(settings), key=lambda run: run.info.start_time)]
    assert len(starts) == 8


@pytest.mark.parametrize("num_refused", [1, 2])
def test_one_that_mlflow_refuses_holds_no_other_up_but_a_server_that_refuses_all_does(
    monkeypatch: pytest.MonkeyPatch, num_refused: int
) -> None:
    record = record_generation.record_generation
    monkeypatch.setattr(record_generation, "record_generation", lambda **_: [])
    rows = [generated() for _ in range(3)]
    Generation.objects.update(record_state=RecordState.DUE, record_tried_at=None)
    refused = {row.pk for row in rows[:num_refused]}

    def pick(*, generation: Generation, recorder: Any) -> list[str]:
        if generation.pk in refused:
            raise SourceRefused("a parameter is too long for this server")
        return record(generation=generation, recorder=recorder)

    monkeypatch.setattr(record_generation, "record_generation", pick)
    record_due_generations()

    states = list(Generation.objects.order_by("pk").values_list("record_state", flat=True))
    late, due, done = RecordState.LATE, RecordState.DUE, RecordState.DONE
    assert states == ([late, done, done] if num_refused == 1 else [late, late, due])


def test_a_failure_is_told_too_and_a_retry_goes_on_in_the_same_run(
    settings: Any, models: ScriptedModels
) -> None:
    from runs_app.services.steer_generation import retry_generation

    models.engine.fields["quality_score"] = ["superb"]
    generation = generated()
    failed = client(settings).get_run(generation.run_id)
    assert failed.info.status == "FAILED"
    spent = sum(generation.steps.values_list("num_calls", flat=True))
    assert failed.data.metrics["num_calls"] == generation.num_calls > spent
    assert failed.data.metrics["total_tokens"] == generation.total_tokens
    models.engine.fields["quality_score"] = [0.7]
    retry_generation(generation=generation)
    run_due_generations()

    run = client(settings).get_run(generation.run_id)
    assert run.info.status == "FINISHED"
    assert run.data.metrics["quality_score"] == 0.7
    assert len(runs_of(settings)) == 4


def test_the_models_of_the_tasks_are_told_at_the_end_with_all_that_answered(settings: Any) -> None:
    generation = generated()
    Generation.objects.update(status="running", record_state=RecordState.DUE, record_tried_at=None, run_id="")
    Generation.objects.update(key="another", started_at=timezone.now() - timedelta(minutes=5))
    record_due_generations()
    generation.refresh_from_db()
    running = client(settings).get_run(generation.run_id)
    step(generation, "content.2", models_used=["scripted/2"], num_calls=1)
    Generation.objects.update(status="completed", record_state=RecordState.DUE)
    record_due_generations()

    ended = client(settings).get_run(generation.run_id)
    assert running.data.params["task"] == TASK
    assert not [name for name in running.data.params if name.startswith("model.")]
    assert ended.data.params["model.skill_edit"] == "scripted/1, scripted/2"


def test_a_retry_with_another_model_is_not_told_by_the_names_of_the_failed_end(
    settings: Any, models: ScriptedModels
) -> None:
    from runs_app.services.steer_generation import retry_generation

    models.engine.fields["quality_score"] = ["superb"]
    generation = generated()
    failed = client(settings).get_run(generation.run_id)
    assert failed.data.tags["skill_fleet.model.skill_edit"] == "scripted/1"
    assert not [name for name in failed.data.params if name.startswith("model.")]
    generation.steps.filter(step="content").update(models_used=["scripted/2"])
    models.engine.fields["quality_score"] = [0.7]
    retry_generation(generation=generation)
    run_due_generations()

    ended = client(settings).get_run(generation.run_id).data
    assert ended.params["model.skill_edit"] == ended.tags["skill_fleet.model.skill_edit"] != "scripted/1"
    assert "scripted/2" in ended.params["model.skill_edit"]


def test_each_model_call_is_a_trace_of_its_phase_and_step(settings: Any) -> None:
    generation = generated()

    mlflow = client(settings)
    experiment = mlflow.get_experiment_by_name("skill-fleet").experiment_id
    traces = mlflow.search_traces(locations=[experiment], max_results=100)
    assert {trace.info.tags["skill_fleet.generation"] for trace in traces} == {generation.key}
    steps = [trace.info.tags["skill_fleet.step"] for trace in traces]
    stored = generation.steps.filter(num_calls__gt=0).values_list("key", flat=True)
    assert sorted(steps) == sorted(stored)
    phases = {run.info.run_id: run.info.run_name for run in runs_of(settings)}
    intent = next(trace for trace in traces if trace.info.tags["skill_fleet.step"] == "intent")
    assert phases[intent.info.trace_metadata["mlflow.sourceRun"]] == "phase1_task_analysis"


def test_a_free_process_is_asked_while_others_go_on_and_what_it_leaves_is_done_here(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: list[str] = []
    passes: list[str] = []

    def record() -> int:
        passes.append("pass")
        return 0

    monkeypatch.setattr(record_generation, "wake_recorder", lambda: asked.append("asked"))
    monkeypatch.setattr(record_generation, "record_due_generations", record)
    monkeypatch.setattr(record_generation, "PAUSE_SECONDS", -1.0)

    async def settle(recorder: Recorder) -> None:
        while recorder._pass is not None:
            await asyncio.sleep(0.01)
            recorder.start(is_busy=True)

    async def work() -> None:
        recorder = Recorder()
        recorder.start(is_busy=True)
        assert (asked, passes) == ([], [])  # what only goes on can wait
        recorder.hurry()
        recorder.start(is_busy=True)
        recorder.start(is_busy=True)
        assert (len(asked), len(passes), recorder.is_idle) == (1, 0, False)
        monkeypatch.setattr(record_generation, "PATIENCE_SECONDS", -1.0)
        recorder.start(is_busy=True)
        await settle(recorder)
        assert (len(asked), len(passes)) == (1, 1)
        recorder.hurry()
        recorder.start(is_busy=False)
        await settle(recorder)
        assert (len(asked), len(passes), recorder.is_idle) == (1, 2, True)
        await recorder.close()

    asyncio.run(work())


def test_one_process_of_a_machine_records_at_a_time(monkeypatch: pytest.MonkeyPatch, settings: Any) -> None:
    monkeypatch.setattr(record_generation, "record_due_generations", lambda: 3)
    with hold_file(settings.DATA_DIR / "recording.lock"):
        assert record_in_turn() == 0
    assert record_in_turn() == 3


def test_a_generation_that_just_began_is_told_at_its_end_and_a_long_one_on_its_way() -> None:
    generation = generated()
    running = {"status": "running", "record_state": RecordState.DUE, "record_tried_at": None}
    Generation.objects.update(**running, started_at=timezone.now())
    assert record_due_generations() == 0
    Generation.objects.update(**running, started_at=timezone.now() - timedelta(minutes=1))
    assert record_due_generations() == 4
    generation.refresh_from_db()
    assert generation.record_state == RecordState.DONE
