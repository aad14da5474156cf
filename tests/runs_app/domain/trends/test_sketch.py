"""Sketches hold what came in, merge in any order, and are off by no more than they say."""

import math
import random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from runs_app.domain.trends.sketch import Scale, Sketch

SCORES = st.lists(st.floats(0, 1), min_size=1, max_size=80)
COSTS = st.lists(st.floats(1e-6, 1e6), min_size=1, max_size=80)


@given(SCORES, st.sampled_from([0.1, 0.25, 0.5, 0.75, 0.9]))
def test_a_quantile_of_scores_is_within_half_a_thousandth_of_numpys(
    values: list[float], share: float
) -> None:
    expected = np.quantile(values, share, method="inverted_cdf")

    assert Sketch.of(values).quantile(share) == pytest.approx(expected, abs=0.000501)


@given(COSTS, st.sampled_from([0.1, 0.5, 0.9]))
def test_a_quantile_of_costs_is_within_one_percent_of_numpys(values: list[float], share: float) -> None:
    expected = np.quantile(values, share, method="inverted_cdf")

    assert Sketch.of(values, Scale.GROWING).quantile(share) == pytest.approx(expected, rel=0.0101)


@given(SCORES, st.randoms(use_true_random=False))
def test_merging_parts_in_any_order_gives_the_sketch_of_the_whole(
    values: list[float], rng: random.Random
) -> None:
    shuffled = values[:]
    rng.shuffle(shuffled)
    cut = len(values) // 3
    merged = Sketch.of(shuffled[:cut])
    merged.merge(Sketch.of(shuffled[cut:]))

    assert merged.as_data() == Sketch.of(values).as_data()
    assert Sketch.from_data(merged.as_data(), Scale.EVEN) == merged


def test_nothing_has_no_quantile_and_nought_costs_nought() -> None:
    assert Sketch().median is None
    assert Sketch.of([0, 0, 5], Scale.GROWING).median == 0.0


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_what_is_not_finite_is_refused(value: float) -> None:
    with pytest.raises(ValueError, match="finite"):
        Sketch().add(value)


def test_two_scales_are_not_merged() -> None:
    with pytest.raises(ValueError, match="two scales"):
        Sketch().merge(Sketch(Scale.GROWING))
