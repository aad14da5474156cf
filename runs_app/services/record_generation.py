"""Tell MLflow of generations. What it cannot be told now stays due, and is told later, in order."""

import asyncio
import contextlib
import functools
import json
import logging
import time
from collections.abc import Collection, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import DatabaseError, close_old_connections, connection
from django.utils import timezone

from runs_app.adapters.folder_lock import hold_file
from runs_app.adapters.language_models import ConfiguredModels
from runs_app.adapters.mlflow_recorder import MlflowRecorder
from runs_app.adapters.mlflow_trace_delivery import deliver_traces, num_staged
from runs_app.adapters.model_settings import model_config, model_environment
from runs_app.domain.enums import Phase
from runs_app.domain.errors import ModelError, SourceError, SourceRefused
from runs_app.domain.generation import STEP_TASKS, GenerationStatus, PromptState, RecordState
from runs_app.domain.outcomes import DOCUMENT
from runs_app.domain.run_record import (
    END_STATUS,
    PHASE_RUN_NAMES,
    RecordedStep,
    milliseconds,
    result_metrics,
    steps_of,
    usage_metrics,
)
from runs_app.domain.spending import Usage
from runs_app.models import Generation, GenerationEvent, HumanPrompt, StepResult
from runs_app.services.finish_generation import json_text
from runs_app.services.mirror_recorded import mirror_recorded
from runs_app.services.sweep_generations import RECORD_AGAIN_SECONDS, records_due
from runs_app.services.wake_workers import wake_recorder

logger = logging.getLogger(__name__)
EXPERIMENT = "skill-fleet"
# While a generation runs MLflow hears of it at most this often; its end is told at once.
RUNNING_EVERY_SECONDS = 10.0
# How long those that end are gathered before another process is asked to record them, and until this one does it itself.
PAUSE_SECONDS = 1.0
PATIENCE_SECONDS = 8.0
# When nothing else is to do, how long another process that records is waited for.
WAIT_SECONDS = 20.0
MOST_A_PASS = 50
# The program of a generation that takes the pipeline's own instructions; its version is the pipeline's.
BUILT_IN = "built-in"
# Model text that streamed in stands in the results; the run's list of events does without.
_NOT_LISTED = ("tokens", "reasoning")


class Recorder:
    """Sees to it that what is due is recorded beside the generations that go on; a dead MLflow holds nobody up.

    While any goes on, a free process of the workers is asked, because what MLflow takes of this one the models' streams
    would wait for. When none did it soon, and when nothing goes on any more, a thread of this process does it.
    """

    def __init__(self) -> None:
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="recorder")
        self._pass: asyncio.Future[int] | None = None
        self._is_asked = True
        self._is_hurried = False
        self._last = time.monotonic()
        self._handed_at: float | None = None

    def add(self, _generation_id: int) -> None:
        """Take that there is something new to record; what goes on is told now and then."""
        self._is_asked = True

    def hurry(self) -> None:
        """Take that a generation ended or waits for a person, which is told at once."""
        self._is_asked = self._is_hurried = True

    @property
    def is_idle(self) -> bool:
        """Whether nothing is being recorded and nothing new was heard of since the last pass."""
        return self._pass is None and not self._is_asked and self._handed_at is None

    def start(self, *, is_busy: bool) -> None:
        """Have what is due recorded, if anything may be; ``is_busy`` says that generations go on here. Never waits."""
        self._look_at_pass()
        if self._pass is not None:
            return
        now = time.monotonic()
        if not is_busy:
            if self._is_asked or self._handed_at is not None:
                self._begin(wait_seconds=WAIT_SECONDS)
        elif self._handed_at is not None and now - self._handed_at > PATIENCE_SECONDS:
            self._begin(wait_seconds=0.0)
        elif self._is_asked and now - self._last > self._pause:
            self._last, self._is_asked, self._is_hurried = now, False, False
            self._handed_at = self._handed_at or now
            wake_recorder()

    @property
    def _pause(self) -> float:
        return PAUSE_SECONDS if self._is_hurried else RUNNING_EVERY_SECONDS

    async def close(self) -> None:
        """Wait for the pass that is going on, for a while, and let the thread go."""
        if self._pass is not None:
            with contextlib.suppress(Exception):
                await asyncio.wait_for(asyncio.shield(self._pass), timeout=20)
        await asyncio.get_running_loop().run_in_executor(self._thread, _close_connection)
        self._thread.shutdown(wait=False)

    def _begin(self, *, wait_seconds: float) -> None:
        self._is_asked = self._is_hurried = False
        self._last, self._handed_at = time.monotonic(), None
        self._pass = asyncio.get_running_loop().run_in_executor(self._thread, record_in_turn, wait_seconds)

    def _look_at_pass(self) -> None:
        if self._pass is not None and self._pass.done():
            error = self._pass.exception()
            if error is not None:
                logger.warning("recording broke off: %s", error)
            self._pass = None


def _close_connection() -> None:
    """Close the connection of the thread that this runs on."""
    connection.close()


def record_in_turn(wait_seconds: float = 0.0) -> int:
    """Record all that is due as ``record_due_generations`` does, one process of this machine at a time.

    Another one that is at it is waited for; what it left is then recorded. After ``wait_seconds`` it is left to it.
    """
    until = time.monotonic() + wait_seconds
    while True:
        with hold_file(settings.DATA_DIR / "recording.lock") as is_ours:
            if is_ours:
                return record_due_generations()
        if time.monotonic() > until:
            return 0
        time.sleep(0.1)


def record_due_generations() -> int:
    """Record all that is due, oldest first, and stop where MLflow takes none; return how many were told.

    One that MLflow answers to and refuses is passed over, and tried again with every pass; the second of a row is no
    fault of that generation, so that all wait.
    """
    close_old_connections()
    if _is_older_one_waiting():
        return 0
    recorder = _recorder(settings.FLEET_MLFLOW_URI, _secrets())
    recorder.look_anew()
    told: list[str] = []
    num_refused = 0
    later = set(Generation.objects.filter(status=GenerationStatus.RUNNING).values_list("key", flat=True))
    for generation in list(records_due()[:MOST_A_PASS]):
        if _was_told_just_now(generation):
            continue
        try:
            told += record_generation(generation=generation, recorder=recorder)
            later.discard(generation.key)
            num_refused = 0
        except SourceRefused as error:
            note_late(generation=generation, message=f"{error} {error.remedy}".strip())
            num_refused += 1
            if num_refused > 1:
                break
        except SourceError as error:
            note_late(generation=generation, message=f"{error} {error.remedy}".strip())
            break
        except (OSError, DatabaseError) as error:
            note_late(generation=generation, message=f"It could not be recorded: {error}")
            break
    if told or num_staged(settings.DATA_DIR / "traces"):
        _deliver_traces(recorder, but_of=later)
    if told:
        mirror_recorded(run_ids=told)
    return len(told)


@functools.lru_cache(maxsize=1)
def _recorder(uri: str, secrets: tuple[str, ...]) -> MlflowRecorder:
    """Return this process's recorder, which keeps the store open: to open it takes longer than to record a generation."""
    return MlflowRecorder(uri, EXPERIMENT, secrets=secrets)


def _is_older_one_waiting() -> bool:
    """Say whether MLflow did not take a generation a moment ago: the others wait, so that all come in their order."""
    lately = timezone.now() - timedelta(seconds=RECORD_AGAIN_SECONDS)
    return Generation.objects.filter(record_state=RecordState.LATE, record_tried_at__gt=lately).exists()


def _secrets() -> tuple[str, ...]:
    try:
        return tuple(sorted(ConfiguredModels(model_config(), environment=model_environment()).secrets()))
    except ModelError:
        return ()


def _deliver_traces(recorder: MlflowRecorder, *, but_of: Collection[str]) -> None:
    try:
        deliver_traces(settings.DATA_DIR / "traces", recorder, but_of=but_of)
    except SourceError as error:
        logger.warning("traces are delivered later: %s", error)


def record_generation(*, generation: Generation, recorder: MlflowRecorder) -> list[str]:
    """Bring MLflow up to date with a generation and return the ids of its runs; the parent's is the first.

    Raises:
        SourceError: MLflow did not take it; whatever was told stays, and telling it again changes nothing.
    """
    seen = generation.num_events
    steps = _steps(generation)
    recorder.look_up(generation.key)
    parent = recorder.ensure_run(
        key=generation.key,
        name=generation.title,
        started_ms=milliseconds(generation.started_at or generation.created_at),
        params=_params(generation),
        tags=_tags(generation),
    )
    ids = [parent, *_record_phases(generation, recorder, parent, steps)]
    at = max((one.finished_at for one in steps), default=generation.created_at)
    # The row's sums, for they count what failed steps used, too.
    recorder.log_metrics(parent, usage_metrics(steps, used=_usage(generation)), at_ms=milliseconds(at))
    status = END_STATUS.get(GenerationStatus(generation.status))
    if status is None:
        recorder.reopen_run(parent)
    else:
        _record_end(generation, recorder, parent)
        ended = generation.finished_at or timezone.now()
        recorder.end_run(parent, status=status, ended_ms=milliseconds(ended))  # type: ignore[arg-type]
    now = timezone.now()
    rows = Generation.objects.filter(pk=generation.pk)
    rows.update(run_id=parent, record_tried_at=now, record_message="")
    # What happened meanwhile is still due.
    rows.filter(num_events=seen).update(record_state=RecordState.DONE, recorded_events=seen)
    return ids


def note_late(*, generation: Generation, message: str) -> None:
    """Write down that MLflow did not take it; everything is kept and told later."""
    logger.warning("generation %s is not in MLflow yet: %s", generation.key, message)
    with contextlib.suppress(DatabaseError):
        Generation.objects.filter(pk=generation.pk).update(
            record_state=RecordState.LATE, record_message=message, record_tried_at=timezone.now()
        )


def _was_told_just_now(generation: Generation) -> bool:
    """Say whether a running generation was told, or has begun, a moment ago: most end before they are told of twice."""
    last = generation.record_tried_at or generation.started_at
    if generation.status != GenerationStatus.RUNNING or last is None:
        return False
    return (timezone.now() - last).total_seconds() < RUNNING_EVERY_SECONDS


def _steps(generation: Generation) -> list[RecordedStep]:
    return [
        RecordedStep(
            Phase(row.phase),
            Usage(row.num_calls, row.prompt_tokens, row.completion_tokens, row.cost_usd),
            row.started_at,
            row.finished_at,
        )
        for row in StepResult.objects.filter(generation=generation).defer("result")
    ]


def _usage(generation: Generation) -> Usage:
    cost = None if generation.has_unknown_cost else generation.cost_usd
    return Usage(generation.num_calls, generation.prompt_tokens, generation.completion_tokens, cost)


def _record_phases(
    generation: Generation, recorder: MlflowRecorder, parent: str, steps: list[RecordedStep]
) -> list[str]:
    """Make or complete a child run for each phase that has a finished step; return their ids."""
    ids = []
    at = max((one.finished_at for one in steps), default=generation.started_at or generation.created_at)
    # The phase that is under way has a run too, for the traces of its calls, whether a step of it was finished or not.
    present = [phase for phase in Phase if steps_of(phase, steps) or phase == generation.phase]
    for phase in present:
        own = steps_of(phase, steps)
        run_id = recorder.ensure_run(
            key=f"{generation.key}/{phase}",
            name=PHASE_RUN_NAMES[phase],
            parent_run_id=parent,
            started_ms=milliseconds(min((one.started_at for one in own), default=at)),
            params={},
            tags={
                "skill_fleet.generation": generation.key,
                "skill_fleet.phase": phase.value,
                "skill_fleet.kind": "phase",
                "mlflow.user": generation.requested_by_name,
            },
        )
        ids.append(run_id)
        last = own[-1].finished_at if own else at
        recorder.log_metrics(run_id, usage_metrics(own), at_ms=milliseconds(last))
        status = END_STATUS.get(GenerationStatus(generation.status))
        is_last = phase is present[-1]
        if not is_last or status is not None:
            ended = "FINISHED" if not is_last else status
            recorder.end_run(run_id, status=ended, ended_ms=milliseconds(last))  # type: ignore[arg-type]
        else:
            recorder.reopen_run(run_id)
    return ids


def _params(generation: Generation) -> dict[str, str]:
    from importlib.metadata import version

    from runs_app.pipeline.run import PIPELINE_VERSION

    options, request = generation.options, generation.request
    params = {
        "task": generation.task,
        "model": generation.model,
        "program": generation.program or BUILT_IN,
        "program_version": str(options.get("program_version") or PIPELINE_VERSION),
        "pipeline_version": PIPELINE_VERSION,
        "dspy_version": version("dspy"),
        "skill_style": str(request.get("style", "")),
        "scorer": str(options.get("scorer", "")),
        "num_candidates": str(options.get("num_candidates", 1)),
        "is_auto_approved": str(bool(options.get("is_auto_approved"))).lower(),
    }
    # MLflow's params cannot change, and until the end another model may answer for a task: also after a failure, by a retry.
    if GenerationStatus(generation.status) not in END_STATUS or generation.status == GenerationStatus.FAILED:
        return params
    return params | _models_used(generation)


def _models_used(generation: Generation) -> dict[str, str]:
    """Return the models that answered, by ``model.`` and the task; several are joined by commas."""
    used: dict[str, dict[str, None]] = {}
    rows = StepResult.objects.filter(generation=generation, num_calls__gt=0)
    for step, models in rows.values_list("step", "models_used"):
        task = next((task for known, (task, _) in STEP_TASKS.items() if known == step), step)
        used.setdefault(f"model.{task}", {}).update(dict.fromkeys(models))
    return {name: ", ".join(models) for name, models in used.items()}


def _tags(generation: Generation) -> dict[str, str]:
    tags = {
        "skill_fleet.generation": generation.key,
        "skill_fleet.kind": "generation",
        "mlflow.note.content": generation.task[:500],
        "mlflow.user": generation.requested_by_name,
        "skill_fleet.status": generation.status,
    }
    if generation.is_rehearsal:
        tags["skill_fleet.rehearsal"] = "true"
    # Tags can change, so that a failure has them too, and a retry brings others.
    if GenerationStatus(generation.status) in END_STATUS:
        tags |= {f"skill_fleet.{name}": models for name, models in _models_used(generation).items()}
    if generation.version is not None:
        tags["skill_fleet.skill"] = generation.version.skill.path
        tags["skill_fleet.version"] = str(generation.version.number)
    return tags


def _record_end(generation: Generation, recorder: MlflowRecorder, run_id: str) -> None:
    """Write the files of a generation that ended, and the scores of what it made."""
    events = GenerationEvent.objects.filter(generation=generation).exclude(kind__in=_NOT_LISTED)
    lines = [
        json.dumps(
            {
                "number": one.number,
                "kind": one.kind,
                "key": one.key,
                "message": one.message,
                "at": one.at.isoformat(),
            },
            ensure_ascii=False,
        )
        for one in events
    ]
    recorder.write_text(run_id, "events.jsonl", "".join(f"{line}\n" for line in lines))
    recorder.write_json(run_id, "human_answers.json", _answers(generation))
    result: Mapping[str, Any] = generation.result
    if generation.version is None or not result:
        return
    recorder.write_text(run_id, DOCUMENT, generation.version.content)
    recorder.write_json(run_id, "plan.json", result["plan"])
    for name, key in _REPORTS.items():
        recorder.write_text(run_id, name, json_text(result[key]))
    at = generation.finished_at or timezone.now()
    recorder.log_metrics(run_id, result_metrics(result), at_ms=milliseconds(at))


_REPORTS = {
    "skill_metadata.json": "metadata",
    "validation_report.json": "validation_report",
    "quality_assessment.json": "quality_assessment",
}


def _answers(generation: Generation) -> list[dict[str, Any]]:
    rows = HumanPrompt.objects.filter(generation=generation, state=PromptState.ANSWERED)
    return [
        {
            "prompt": row.key,
            "title": row.prompt.get("title", ""),
            "answered_by": row.answered_by_name,
            "asked_at": row.asked_at.isoformat(),
            "answered_at": row.answered_at.isoformat() if row.answered_at else None,
            **row.answer,
        }
        for row in rows
    ]
