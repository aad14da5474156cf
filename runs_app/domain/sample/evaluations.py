"""Sample runs of an optimiser over a program."""

import random
from collections.abc import Mapping
from datetime import datetime

from runs_app.domain.enums import RunKind, RunStatus
from runs_app.domain.records import MetricRecord
from runs_app.domain.run_log import TAG_KIND, TAG_SAMPLE, LoggedRun, json_text
from runs_app.domain.sample.shapes import ACTOR, PlannedRun


def evaluation_run(
    planned: PlannedRun, *, models: Mapping[str, str], began_at: datetime, rng: random.Random
) -> LoggedRun:
    """Return one optimisation: a score a trial, the best so far, and what was gained; all of them sample values."""
    at = began_ms = round(began_at.timestamp() * 1000)
    metrics: list[MetricRecord] = []
    best = planned.baseline
    lucky = rng.randint(planned.trials // 2, planned.trials - 1)
    for trial in range(planned.trials):
        at += rng.randint(40_000, 140_000)
        score = planned.optimised if trial == lucky else planned.optimised - rng.uniform(0.01, 0.11)
        best = max(best, score)
        metrics.append(MetricRecord("trial_score", round(score, 4), trial, at))
        metrics.append(MetricRecord("best_score", round(best, 4), trial, at))
    gained = planned.optimised - planned.baseline
    result = {
        "baseline_score": planned.baseline,
        "optimised_score": planned.optimised,
        "improvement": round(gained, 4),
        "cost_usd": round(planned.trials * rng.uniform(0.11, 0.19), 4),
    }
    metrics += [MetricRecord(key, value, 0, at) for key, value in result.items()]
    return LoggedRun(
        name=f"Optimise skill_creator with {planned.optimizer}",
        status=RunStatus.FINISHED,
        started_at_ms=began_ms,
        ended_at_ms=at + 500,
        user=ACTOR,
        params={
            "program": "skill_creator",
            "optimizer": planned.optimizer,
            "model": models["writer"],
            "judge": models["judge"],
            "trials": str(planned.trials),
            "trainset_size": str(planned.train),
            "testset_size": str(planned.test),
        },
        tags={
            TAG_KIND: RunKind.EVALUATION.value,
            TAG_SAMPLE: "true",
            "mlflow.note.content": "Sample run: no program was optimised, all its numbers are made up.",
        },
        metrics=tuple(metrics),
        artifacts={
            "evaluation.json": json_text(
                {"optimizer": planned.optimizer, **result, "num_trials": planned.trials, "is_sample": True}
            )
        },
    )
