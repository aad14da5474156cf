"""A promoting process killed at any moment: folder, index and database agree after the next look."""

import pytest

from tests.skills_app.services.kill_drill import outcomes_of


@pytest.mark.slow
def test_folder_index_and_database_agree_whenever_the_process_was_killed() -> None:
    outcomes = outcomes_of("tests.skills_app.services.promotion_drill")

    assert len(outcomes) > 40
    assert outcomes[-1]["is_over"]
    for one in outcomes:
        is_new = one["folder"] == "second"
        assert one["unsettled"] in ("first", one["folder"])
        assert one["standing"] == one["index"] == ("1.0.1" if is_new else "1.0.0"), one
        assert (one["status"], one["current"]) == ("active", 2 if is_new else 1), one
        assert not set(one["states"]) & {"writing", "withdrawing"}, one
        assert one["left"] == [], one
    assert {one["folder"] for one in outcomes} == {"first", "second"}
    assert any(one["unsettled"] != one["folder"] for one in outcomes) or any(
        "failed" in one["states"] for one in outcomes
    )
