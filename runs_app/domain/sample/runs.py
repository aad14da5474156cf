"""Ten weeks of runs, from the manifest: the same seed and day give the same runs."""

import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from runs_app.domain.enums import Phase, RunKind, RunStatus
from runs_app.domain.outcomes import ASSESSMENT, DOCUMENT, METADATA, REPORT
from runs_app.domain.records import MetricRecord
from runs_app.domain.run_log import (
    ANSWERS,
    EVENTS,
    LONGEST_RUN_NAME,
    PHASE_RUN_NAMES,
    PLAN,
    TAG_ERROR,
    TAG_GENERATION,
    TAG_KIND,
    TAG_PHASE,
    TAG_SAMPLE,
    TAG_SKILL,
    TAG_VERSION,
    LoggedRun,
    json_lines,
    json_text,
)
from runs_app.domain.sample.evaluations import evaluation_run
from runs_app.domain.sample.reports import quality_assessment, validation_report
from runs_app.domain.sample.shapes import (
    ACTOR,
    EVALUATIONS,
    GENERATIONS,
    PlannedRun,
    PlannedVersion,
    Sample,
    SampleSkill,
    SampleVersion,
)
from runs_app.domain.sample.trail import Step, answers_of, events_of, plan_of, steps_of

SEED = 20_26
_ALL = (Phase.UNDERSTAND, Phase.GENERATE, Phase.VALIDATE)
_ENDS = {
    "failed": RunStatus.FAILED,
    "killed": RunStatus.KILLED,
    "running": RunStatus.RUNNING,
}
# Values of the steps that a parent adds up.
_TOTALS = ("prompt_tokens", "completion_tokens", "cost_usd")


@dataclass(frozen=True, slots=True)
class SampleRuns:
    """The top-level runs by experiment, the oldest first, and when each version of a skill was made."""

    runs: tuple[tuple[str, LoggedRun], ...]
    versions: tuple[PlannedVersion, ...]


@dataclass(frozen=True, slots=True)
class _Task:
    """One generation to be told: what it is about, when it began, and how it came out."""

    kind: str
    skill: SampleSkill
    version: SampleVersion
    began_at: datetime
    phases: tuple[Phase, ...] = _ALL
    error: str = ""

    @property
    def status(self) -> RunStatus:
        return _ENDS.get(self.kind, RunStatus.FINISHED)


def sample_runs(
    sample: Sample, *, now: datetime, seed: int = SEED, without: Iterable[str] = ()
) -> SampleRuns:
    """Return the runs of the ten weeks before ``now`` (aware), those of the skills ``without`` (paths) left out.

    The running run began minutes before ``now``; all others by the day, and none ends after ``now``.
    """
    left_out = frozenset(without)
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    runs: list[tuple[str, LoggedRun]] = []
    versions: list[PlannedVersion] = []
    for skill in sample.skills:
        for version in () if skill.path in left_out else skill.versions:
            rng = _rng(seed, skill.path, version.number)
            task = _Task("first", skill, version, _hour(midnight, version.days_ago, rng))
            run = _generation(task, sample, rng)
            runs.append((GENERATIONS, run))
            versions.append(PlannedVersion(skill, version, run.ended_at_ms or run.started_at_ms))
    for planned in sample.more_runs:
        rng = _rng(seed, planned.kind, planned.skill, planned.days_ago)
        began = _hour(midnight, planned.days_ago, rng)
        if planned.kind == RunKind.EVALUATION:
            runs.append((EVALUATIONS, evaluation_run(planned, models=sample.models, began_at=began, rng=rng)))
        elif planned.skill not in left_out:
            if planned.minutes_ago:
                began = now - timedelta(minutes=planned.minutes_ago)
            runs.append((GENERATIONS, _generation(_task_of(sample, planned, began), sample, rng)))
    runs.sort(key=lambda item: item[1].started_at_ms)
    return SampleRuns(tuple(runs), tuple(versions))


def _task_of(sample: Sample, planned: PlannedRun, began: datetime) -> _Task:
    skill = sample.skill_at(planned.skill)
    last = planned.phase or Phase.VALIDATE
    phases = (Phase.VALIDATE,) if planned.kind == "assess" else _ALL[: _ALL.index(last) + 1]
    return _Task(planned.kind, skill, skill.versions[planned.version - 1], began, phases, planned.error)


def _generation(task: _Task, sample: Sample, rng: random.Random) -> LoggedRun:
    """Return a parent run with a child a phase."""
    began_ms = round(task.began_at.timestamp() * 1000)
    steps = steps_of(task.phases, document=task.version.document, started_at_ms=began_ms, rng=rng)
    is_running, is_done = task.status is RunStatus.RUNNING, task.status is RunStatus.FINISHED
    if not is_done:
        # It came to a stop in the middle of its last phase.
        steps = steps[:-1] if len(task.phases) > 1 else steps[:3]
    name = task.skill.task
    if task.kind == "assess":
        name = f"Assess again: {task.skill.name} {task.version.number}"
    tags = {
        TAG_KIND: RunKind.GENERATION.value,
        TAG_GENERATION: f"sample-{rng.getrandbits(40):010x}",
        TAG_SKILL: task.skill.path,
        TAG_SAMPLE: "true",
        "mlflow.note.content": f"Sample run, made up for the sample library: {task.skill.task}",
    }
    if is_done:
        tags[TAG_VERSION] = task.version.number
    if task.error:
        tags[TAG_ERROR] = task.error
    judged = _judged(task, rng) if is_done else {}
    return LoggedRun(
        name=name[:LONGEST_RUN_NAME],
        status=task.status,
        started_at_ms=began_ms,
        ended_at_ms=None if is_running else steps[-1].ended_at_ms + 20,
        user=ACTOR,
        params=_params(task, sample),
        tags=tags,
        metrics=(
            *_totals(steps, has_points=True, is_ended=not is_running),
            *_scores(judged, task, steps, rng),
        ),
        artifacts=_artifacts(task, steps, judged),
        children=tuple(_child(task, phase, steps, rng) for phase in task.phases),
    )


def _child(task: _Task, phase: Phase, steps: Sequence[Step], rng: random.Random) -> LoggedRun:
    own = [step for step in steps if step.phase is phase]
    is_last = phase is task.phases[-1]
    status = task.status if is_last else RunStatus.FINISHED
    tags = {
        TAG_KIND: RunKind.PHASE.value,
        TAG_PHASE: phase.value,
        TAG_SKILL: task.skill.path,
        TAG_SAMPLE: "true",
    }
    if is_last and task.error:
        tags[TAG_ERROR] = task.error
    end = None if status is RunStatus.RUNNING else own[-1].ended_at_ms
    metrics = list(_totals(own, has_points=False, is_ended=end is not None))
    if phase is Phase.GENERATE and status is RunStatus.FINISHED:
        best = task.version.quality
        metrics += [
            MetricRecord(
                "candidate_score", round(best - rng.uniform(0.02, 0.2), 3), number, own[0].ended_at_ms
            )
            for number in range(3)
        ]
    return LoggedRun(
        name=PHASE_RUN_NAMES[phase],
        status=status,
        started_at_ms=own[0].started_at_ms,
        ended_at_ms=end,
        user=ACTOR,
        tags=tags,
        metrics=tuple(metrics),
    )


def _params(task: _Task, sample: Sample) -> dict[str, str]:
    writer = sample.models["small_writer"] if task.version.quality < 0.6 else sample.models["writer"]
    return {
        "task": task.skill.task,
        "model.understand": sample.models["small_writer"],
        "model.generate": writer,
        "model.refine": writer,
        "model.validate": sample.models["judge"],
        "program": "skill_creator",
        "program_version": "sample-2" if task.version.days_ago < 26 else "sample-1",
        "pipeline_version": "1",
        "dspy_version": "none: sample run",
        "skill_style": task.skill.style,
    }


def _totals(steps: Sequence[Step], *, has_points: bool, is_ended: bool) -> Iterable[MetricRecord]:
    """Yield tokens and cost: their growth step by step, or only where they end, and the duration of what has ended."""
    if not steps:
        return
    for key in _TOTALS:
        sums = 0.0
        points = []
        for number, step in enumerate(steps):
            sums += getattr(step, key)
            points.append(MetricRecord(key, round(sums, 6), number if has_points else 0, step.ended_at_ms))
        yield from points if has_points else points[-1:]
    if not is_ended:
        return
    seconds = (steps[-1].ended_at_ms - steps[0].started_at_ms) / 1000
    yield MetricRecord("duration_seconds", seconds, 0, steps[-1].ended_at_ms)


def _judged(task: _Task, rng: random.Random) -> dict[str, Any]:
    """Return report and assessment; a second judgement of the same document differs a little, as models do."""
    spread = 0.0 if task.kind == "first" else 0.03
    quality = round(min(task.version.quality + rng.uniform(-spread, spread), 0.99), 3)
    audience = round(min(task.version.audience + rng.uniform(-spread, spread), 0.99), 3)
    return {
        "report": validation_report(task.skill, task.version),
        "assessment": quality_assessment(task.skill, task.version, quality=quality, audience=audience),
    }


def _scores(
    judged: dict[str, Any], task: _Task, steps: Sequence[Step], rng: random.Random
) -> Iterable[MetricRecord]:
    if not judged:
        return
    report, assessment, at = judged["report"], judged["assessment"], steps[-1].ended_at_ms
    values = {
        "quality_score": assessment["quality_score"],
        "audience_alignment": assessment["audience_alignment"],
        "deterministic_score": assessment["deterministic_metrics"]["deterministic_score"],
        "calibrated_score": assessment["calibrated_score"],
        "validation_score": report["score"],
        "num_errors": len(report["errors"]),
        "num_warnings": len(report["warnings"]),
    }
    for key, value in values.items():
        yield MetricRecord(key, float(value), 0, at)
    if Phase.GENERATE in task.phases:
        rounds = rng.randint(2, 5)
        gap = rng.uniform(0.08, 0.22)
        for number in range(rounds):
            value = assessment["quality_score"] - gap * (1 - number / (rounds - 1)) ** 1.5
            yield MetricRecord("refinement_score", round(value, 4), number, at - (rounds - number) * 9_000)


def _artifacts(task: _Task, steps: tuple[Step, ...], judged: dict[str, Any]) -> dict[str, str]:
    is_running = task.status is RunStatus.RUNNING
    texts = {EVENTS: json_lines(events_of(steps, error=task.error, is_running=is_running))}
    if Phase.UNDERSTAND in task.phases:
        texts[ANSWERS] = json_text(answers_of(task.skill, asked_at_ms=steps[0].ended_at_ms))
    if len(task.phases) > 1:
        texts[PLAN] = json_text(plan_of(task.skill, task.version))
    if judged:
        texts[REPORT] = json_text(judged["report"])
        texts[ASSESSMENT] = json_text(judged["assessment"])
        texts[METADATA] = json_text(task.skill.metadata(task.version))
        if task.kind != "report_only":
            texts[DOCUMENT] = task.version.document
    return texts


def _rng(seed: int, *parts: object) -> random.Random:
    # Not for secrets: the same sample has to come out each time.
    return random.Random(":".join(str(part) for part in (seed, *parts)))  # noqa: S311


def _hour(midnight: datetime, days_ago: int, rng: random.Random) -> datetime:
    return midnight - timedelta(days=days_ago) + timedelta(seconds=rng.randint(7 * 3600, 17 * 3600))
