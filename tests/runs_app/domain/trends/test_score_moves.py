"""Scores that moved, and the first of a JSON text without JSON."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runs_app.domain.trends.score_moves import first_score, is_move, score_move

NAMES = st.text(max_size=6) | st.sampled_from(
    ["fleet-1", 'a", 0.5', "x]", 'x", 0.5]y', "\\", "", ", ", '[["']
)
SCORES = st.lists(
    st.tuples(NAMES, NAMES, st.floats(0, 1) | st.sampled_from([0.0, 1.0])),
    max_size=3,
    unique_by=lambda s: s[:2],
)


@given(scores=SCORES)
def test_the_first_score_is_the_one_that_json_reads_or_left_to_it(
    scores: list[tuple[str, str, float]],
) -> None:
    found = first_score(json.dumps(scores))

    if found is not None:
        ruler, value = found
        assert (json.loads(f"{ruler}]]"), value) == ([[*scores[0][:2]]], scores[0][2])


@given(old=SCORES, new=SCORES)
def test_the_first_of_both_decides_as_all_do(
    old: list[tuple[str, str, float]], new: list[tuple[str, str, float]]
) -> None:
    before, now = first_score(json.dumps(old)), first_score(json.dumps(new))

    if before and now and before[0] == now[0] and is_move(before[1], now[1]):
        move = score_move(old, new)
        assert move is not None
        assert (move.before, move.now) == (before[1], now[1])


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
    assert first_score('[["fleet-1", "1.0", 0.25], ["model", "", 0.5]]') == ('[["fleet-1", "1.0"', 0.25)
    assert first_score("[]") is None
