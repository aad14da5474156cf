"""Intervals, which scipy works out, agree with published tables, with plain formulas and with plain resampling."""

import subprocess
import sys
from itertools import product

import numpy as np
import pytest

from runs_app.domain.trends.change import Called, change_of_medians, change_of_shares
from runs_app.domain.trends.intervals import difference_of_medians, difference_of_shares, median_interval
from runs_app.domain.trends.sketch import Sketch
from skills_app.domain.intervals import wilson
from tests.runs_app import plain_figures as plain


@pytest.mark.parametrize(
    ("yes", "num", "published"),
    [
        (81, 263, (0.2553, 0.3662)),
        (15, 148, (0.0624, 0.1605)),
        (0, 20, (0.0000, 0.1611)),
        (1, 29, (0.0061, 0.1718)),
    ],
)
def test_the_interval_of_a_share_is_that_of_the_published_table(
    yes: int, num: int, published: tuple[float, float]
) -> None:
    # Newcombe, Statistics in Medicine 17 (1998), 857-872, table I, method 3: Wilson's score without correction.
    assert wilson(yes, num) == pytest.approx(published, abs=0.00005)


@pytest.mark.parametrize(
    ("yes", "num"), [(0, 1), (1, 1), (0, 12), (3, 8), (41, 52), (980, 1000), (1, 3_000_000), (49, 49)]
)
def test_the_interval_of_a_share_solves_wilsons_equation(yes: int, num: int) -> None:
    low, high = wilson(yes, num)

    assert (low, high) == pytest.approx(plain.wilson(yes, num), abs=1e-9)
    assert 0 <= low <= yes / num <= high <= 1


def test_nothing_counted_leaves_every_share_possible() -> None:
    assert wilson(0, 0) == (0.0, 1.0)
    assert difference_of_shares((0, 0), (3, 4)) == (-1.0, 1.0)


def test_the_difference_of_shares_is_newcombes_published_example() -> None:
    # Newcombe 1998, table II, (a) 56/70 and 48/80, method 10.
    low, high = difference_of_shares((56, 70), (48, 80))

    assert (round(low, 4), round(high, 4)) == (0.0524, 0.3339)


@pytest.mark.parametrize("num", [7, 61, 400])
def test_the_interval_of_a_median_holds_what_a_plain_bootstrap_draws(num: int) -> None:
    rng = np.random.default_rng(5)
    values = np.round(rng.beta(5, 2, num), 3)
    drawn = np.quantile(rng.choice(values, (8_000, num)), 0.5, axis=1, method="inverted_cdf")

    found = median_interval(Sketch.of(values.tolist()))

    assert found is not None
    low, high = found
    assert np.mean(drawn < low) < 0.031 > np.mean(drawn > high)
    assert np.mean(drawn <= low) > 0.019 < np.mean(drawn >= high)


def test_the_interval_of_a_median_is_that_of_all_resamples_there_are() -> None:
    values = [0.1, 0.2, 0.2, 0.5, 0.9, 0.95]
    medians = np.quantile(list(product(values, repeat=6)), 0.5, axis=1, method="inverted_cdf")

    found = median_interval(Sketch.of(values))

    assert len(medians) == 6**6
    assert found == pytest.approx(np.quantile(medians, (0.025, 0.975), method="inverted_cdf"), abs=1e-9)


def test_the_difference_of_medians_is_that_of_all_pairs_of_resamples() -> None:
    now, before = [0.3, 0.6, 0.7, 0.71, 0.9], [0.1, 0.2, 0.25, 0.6]
    here, there = (
        np.quantile(list(product(values, repeat=len(values))), 0.5, axis=1, method="inverted_cdf")
        for values in (now, before)
    )
    gaps = np.subtract.outer(here, there).ravel().round(9)

    found = difference_of_medians(Sketch.of(now), Sketch.of(before))

    assert len(gaps) == 5**5 * 4**4
    assert found == pytest.approx(np.quantile(gaps, (0.025, 0.975), method="inverted_cdf"), abs=1e-9)


def test_a_million_values_leave_a_narrow_interval() -> None:
    sketch = Sketch(counts=dict.fromkeys(range(1001), 1000))

    low, high = median_interval(sketch) or (0.0, 1.0)

    # The share below the median of n draws is off by half a root of n in the middle: 0.0005 here, so 0.001 either way.
    assert (low, high) == pytest.approx((0.499, 0.501), abs=0.00051)


def test_who_shows_no_interval_loads_no_scipy() -> None:
    asked = "import sys; import runs_app.domain.trends.charts; print({'numpy', 'scipy'} & set(sys.modules))"

    told = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True)

    assert told.stdout.strip() == "set()"


def test_the_difference_of_medians_is_that_of_a_plain_bootstrap() -> None:
    rng = np.random.default_rng(6)
    now, before = np.round(rng.beta(6, 2, 81), 3), np.round(rng.beta(4, 3, 55), 3)
    drawn = np.median(rng.choice(now, (4000, 81)), axis=1) - np.median(rng.choice(before, (4000, 55)), axis=1)
    expected = np.quantile(drawn, [0.025, 0.975])

    found = difference_of_medians(Sketch.of(now.tolist()), Sketch.of(before.tolist()))

    assert found == pytest.approx(tuple(expected), abs=0.02)


def test_equal_populations_are_called_changed_about_one_time_in_twenty() -> None:
    rng = np.random.default_rng(7)
    calls = [
        change_of_medians(
            Sketch.of(np.clip(rng.normal(0.7, 0.1, 40), 0, 1).tolist()),
            Sketch.of(np.clip(rng.normal(0.7, 0.1, 40), 0, 1).tolist()),
        ).called
        for _ in range(200)
    ]

    assert sum(called in (Called.BETTER, Called.WORSE) for called in calls) <= 20


def test_a_share_that_fell_clearly_is_worse_and_rises_are_worse_where_less_is_better() -> None:
    assert change_of_shares((10, 50), (40, 50)).called is Called.WORSE
    assert change_of_shares((40, 50), (10, 50), is_more_better=False).called is Called.WORSE
    assert change_of_shares((40, 50), (38, 50)).called is Called.NO_EVIDENCE


def test_few_values_decide_nothing_however_far_apart() -> None:
    assert change_of_shares((0, 4), (400, 400)).called is Called.TOO_FEW
    assert change_of_medians(Sketch.of([0.1] * 4), Sketch.of([0.9] * 100)).called is Called.TOO_FEW


def test_nothing_before_is_said_to_be_nothing_to_compare() -> None:
    change = change_of_medians(Sketch.of([0.5] * 9), Sketch())

    assert (change.called, change.now, change.before, change.by) == (Called.NOTHING_BEFORE, 0.5, None, None)
