"""The promoted values of a run, under our names and older ones."""

import math

import pytest

from runs_app.domain.enums import RunStatus
from runs_app.domain.headline import headline_of, model_of
from runs_app.domain.records import MetricRecord, RunRecord


def record(**fields: object) -> RunRecord:
    values: dict[str, object] = {
        "run_id": "r",
        "experiment_id": "1",
        "name": "task",
        "status": RunStatus.FINISHED,
    }
    return RunRecord(**(values | fields))  # type: ignore[arg-type]


def metrics(**values: float) -> tuple[MetricRecord, ...]:
    return tuple(MetricRecord(key=key, value=value, step=0, timestamp_ms=1) for key, value in values.items())


def test_our_name_of_a_score_wins_over_the_older_one() -> None:
    found = headline_of(record(metrics=metrics(quality_quality_score=0.1, quality_score=0.9)))

    assert found.quality_score == 0.9


def test_older_names_of_scores_and_counts_are_known() -> None:
    found = headline_of(
        record(
            metrics=metrics(
                quality_quality_score=0.94,
                quality_calibrated_score=0.59,
                validation_score=0.88,
                validation_errors_count=2,
                validation_warnings_count=3,
            )
        )
    )

    assert (found.quality_score, found.calibrated_score, found.validation_score) == (0.94, 0.59, 0.88)
    assert (found.num_errors, found.num_warnings) == (2, 3)


def test_tokens_add_up_only_when_both_parts_are_known() -> None:
    both = headline_of(record(metrics=metrics(prompt_tokens=100, completion_tokens=20)))
    one = headline_of(record(metrics=metrics(prompt_tokens=100)))

    assert both.total_tokens == 120
    assert (one.prompt_tokens, one.total_tokens) == (100, None)


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_a_score_that_is_no_number_is_left_open(value: float) -> None:
    assert headline_of(record(metrics=metrics(quality_score=value))).quality_score is None


def test_a_count_beyond_the_column_is_left_open() -> None:
    assert headline_of(record(metrics=metrics(num_errors=1e30))).num_errors is None
    assert headline_of(record(metrics=metrics(total_tokens=1e30))).total_tokens is None


def test_duration_is_end_less_start_and_never_negative() -> None:
    assert headline_of(record(started_at_ms=1000, ended_at_ms=3500)).duration_seconds == 2.5
    assert headline_of(record(started_at_ms=3500, ended_at_ms=1000)).duration_seconds == 0
    assert headline_of(record(started_at_ms=1, metrics=metrics(duration_seconds=7))).duration_seconds == 7


def test_the_model_named_outright_wins_over_those_of_tasks() -> None:
    by_task = {"model.plan": "b", "model.write": "a", "model.judge": "a"}

    assert model_of(params=by_task, tags={}) == "a"
    assert model_of(params=by_task | {"model": "c"}, tags={}) == "c"
    assert model_of(params={}, tags={"skill_fleet.model": "d"}) == "d"
    assert model_of(params={}, tags={}) == ""
