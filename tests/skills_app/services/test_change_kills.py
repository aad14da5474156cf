"""A process that applies a change-set, killed at many moments: tables, folder and index agree after the next look."""

import pytest

from tests.skills_app.services.kill_drill import outcomes_of

BEFORE, AFTER = ["a/n/q", "a/n/r", "a/y", "b/x"], ["b/n/q", "b/n/r", "b/x", "b/y"]


@pytest.mark.slow
def test_all_or_nothing_of_a_change_set_is_there_whenever_the_process_was_killed() -> None:
    outcomes = outcomes_of("tests.skills_app.services.change_drill")

    assert outcomes[-1]["is_over"]
    for one in outcomes:
        assert one["paths"] == (AFTER if one["status"] == "applied" else BEFORE), one
    # Both sides of the commit were hit while the folders were on their way.
    hit = {(one["status"], one["was_moved"]) for one in outcomes if one["is_unfinished"]}
    assert {("draft", True), ("applied", True)} <= hit, outcomes
