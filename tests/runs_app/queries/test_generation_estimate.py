"""The estimate: the middle and the middle half of what like generations took, and nothing when there are none."""

import pytest

from runs_app.domain.generation import GenerationOptions, options_as_data
from runs_app.queries.generation_estimate import Spread, generation_estimate
from tests.runs_app.generation_makers import generation

pytestmark = pytest.mark.django_db


def finished(seconds: float, **fields: object) -> None:
    usual = {
        "status": "completed",
        "worked_seconds": seconds,
        "prompt_tokens": 100,
        "cost_usd": seconds / 100,
    }
    generation(**usual | fields)


def test_without_a_like_generation_nothing_is_estimated() -> None:
    finished(10, status="failed")
    finished(10, model="other/y")
    finished(10, options=options_as_data(GenerationOptions(num_candidates=3)))

    found = generation_estimate(model="openai/x", num_candidates=1)

    assert (found.num_runs, found.seconds, found.cost_usd) == (0, None, None)


def test_the_middle_and_the_middle_half_are_given() -> None:
    for seconds in (10, 20, 30, 40, 50):
        finished(seconds)

    found = generation_estimate(model="openai/x", num_candidates=1)

    assert found.num_runs == 5
    assert found.seconds == Spread(30, 20, 40)
    assert found.tokens == Spread(100, 100, 100)
    assert found.cost_usd == Spread(pytest.approx(0.3), pytest.approx(0.2), pytest.approx(0.4))


def test_one_run_has_no_spread_and_unknown_prices_are_no_cost() -> None:
    finished(12, has_unknown_cost=True)

    found = generation_estimate(model="openai/x", num_candidates=1)

    assert found.seconds == Spread(12, 12, 12)
    assert found.cost_usd is None
