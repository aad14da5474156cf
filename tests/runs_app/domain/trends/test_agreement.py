"""Scores against reviewers, against plain counts, numpy and scipy's interval."""

import random

import numpy as np
import pytest
from scipy.stats import binomtest

from runs_app.domain.trends.agreement import calibration_of, default_pair, pair_of, score_rows
from runs_app.domain.trends.agreement_picture import bars_of, dots_of
from skills_app.domain.agreement import ReviewedVersion, ScoreKey

FLEET, MODEL = ScoreKey("fleet-1", "1"), ScoreKey("quality_score", "")
CLEAR = ScoreKey("fleet-1", "1", "clear")


def random_versions(seed: int) -> list[ReviewedVersion]:
    rng = random.Random(seed)
    return [
        ReviewedVersion(
            number,
            {
                FLEET: rng.random(),
                CLEAR: rng.random(),
                **({MODEL: rng.random()} if rng.random() < 0.6 else {}),
            },
            rng.random() < 0.5,
        )
        for number in range(80)
    ]


@pytest.mark.parametrize("seed", [4, 5])
def test_each_row_is_the_plain_count_with_scipys_interval(seed: int) -> None:
    reviewed = random_versions(seed)

    rows = score_rows(reviewed, least=0.7)

    assert [row.key for row in rows] == [FLEET, CLEAR, MODEL]
    for row in rows:
        pairs = [(one.scores[row.key], one.is_approved) for one in reviewed if row.key in one.scores]
        agree = sum((score >= 0.6) is approved for score, approved in pairs)
        expected = binomtest(agree, len(pairs)).proportion_ci(method="wilson")
        assert (row.agreement.num, row.agreement.num_agree) == (len(pairs), agree)
        assert row.agreement.interval == pytest.approx((expected.low, expected.high), abs=1e-9)
        assert row.is_doubted is (agree / len(pairs) < 0.7)


@pytest.mark.parametrize("seed", [4, 5])
def test_the_calibration_is_what_numpy_finds(seed: int) -> None:
    reviewed = random_versions(seed)
    scores = np.array([one.scores[FLEET] for one in reviewed])
    approved = np.array([one.is_approved for one in reviewed])

    found = calibration_of(reviewed, FLEET)

    places = np.minimum((scores * 5).astype(int), 4)
    error = 0.0
    for number, one in enumerate(found.bins):
        inside = places == number
        assert (one.num, one.num_approved) == (inside.sum(), approved[inside].sum())
        assert one.mean == pytest.approx(scores[inside].mean())
        error += inside.mean() * abs(approved[inside].mean() - scores[inside].mean())
    assert found.error == pytest.approx(error)
    assert len(bars_of(found)) == 5


def test_a_score_of_one_is_in_the_last_bin_and_an_empty_bin_has_no_bar() -> None:
    found = calibration_of([ReviewedVersion(1, {FLEET: 1.0}, True)], FLEET)

    assert [one.num for one in found.bins] == [0, 0, 0, 0, 1]
    assert len(bars_of(found)) == 1
    assert calibration_of([], FLEET).error is None


def test_the_scatter_has_the_versions_with_both_scores_and_says_how_often_they_agree() -> None:
    reviewed = random_versions(6)

    pair = pair_of(reviewed, MODEL, FLEET)

    both = [one for one in reviewed if MODEL in one.scores]
    assert [(one.across, one.up) for one in pair.versions] == [
        (v.scores[MODEL], v.scores[FLEET]) for v in both
    ]
    same = sum((v.scores[MODEL] >= 0.6) is (v.scores[FLEET] >= 0.6) for v in both)
    assert (pair.agreement.num, pair.agreement.num_agree) == (len(both), same)
    for dot in dots_of(pair):
        assert 46 <= dot.x <= 346
        assert 26 <= dot.y <= 326


def test_the_model_stands_against_the_reference_score_where_both_are_there() -> None:
    reference = ScoreKey("reference", "1")
    both = score_rows([ReviewedVersion(1, {FLEET: 1, reference: 1, MODEL: 1}, True)], least=0)
    none = score_rows([ReviewedVersion(1, {FLEET: 1, CLEAR: 1}, True)], least=0)

    assert default_pair(both) == (MODEL, reference)
    assert default_pair(none) == (FLEET, FLEET)
    assert default_pair(()) is None
