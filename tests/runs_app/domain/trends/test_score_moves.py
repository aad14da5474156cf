"""Scores that moved, and the first of two JSON texts without JSON."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runs_app.domain.trends.score_moves import falls, score_move

NAMES = st.text(max_size=6) | st.sampled_from(
    ["fleet-1", 'a", 0.5', "x]", 'x", 0.5]y', "\\", "", ", ", '[["']
)
SCORES = st.lists(
    st.tuples(NAMES, NAMES, st.floats(0, 1) | st.sampled_from([0.0, 1.0])),
    max_size=3,
    unique_by=lambda s: s[:2],
)


@given(old=SCORES, new=SCORES)
def test_the_first_of_both_decides_as_all_do_or_leaves_it_to_json(
    old: list[tuple[str, str, float]], new: list[tuple[str, str, float]]
) -> None:
    fell = falls(json.dumps(old), json.dumps(new))

    if fell is not None:
        move = score_move(old, new)
        assert move is not None
        assert (move.scorer, move.version, move.is_worse) == (*new[0][:2], fell)


@pytest.mark.parametrize(
    ("old", "new", "moved"),
    [
        ([("f", "1", 0.5)], [("f", "1", 0.44)], ("f", "1", 0.5, 0.44)),
        ([("f", "1", 0.5)], [("f", "1", 0.46)], None),
        ([("f", "1", 0.5)], [("f", "2", 0.1)], None),
        ([("f", "1", 0.5), ("m", "", 0.2)], [("f", "1", 0.5), ("m", "", 0.9)], ("m", "", 0.2, 0.9)),
        ([], [("f", "1", 0.5)], None),
    ],
)
def test_a_score_moves_by_the_same_ruler_and_far_enough(
    old: list[tuple[str, str, float]], new: list[tuple[str, str, float]], moved: object
) -> None:
    assert score_move(old, new) == moved


def test_a_usual_text_needs_no_json() -> None:
    old = '[["fleet-1", "1.0", 0.25], ["model", "", 0.5]]'

    assert falls(old, '[["fleet-1", "1.0", 0.125]]') is True
    assert falls(old, '[["fleet-1", "1.0", 0.5], ["other", "", 0.5]]') is False
    for unclear in ('[["fleet-1", "1.0", 0.26]]', '[["fleet-1", "1", 0.9]]', "[]"):
        assert falls(old, unclear) is falls(unclear, old) is None
