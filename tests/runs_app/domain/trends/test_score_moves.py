"""Scores that moved far enough, by the same ruler."""

import pytest

from runs_app.domain.trends.score_moves import score_move


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
