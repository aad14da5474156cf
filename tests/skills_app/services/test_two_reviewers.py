"""Two reviewers decide at once, each in a process of its own, on a SQLite file: both are counted, or told what ended it."""

import pytest

from tests.skills_app.services.kill_drill import outcomes_of


@pytest.mark.slow
def test_two_reviewers_in_two_processes_are_both_counted_or_told() -> None:
    approved, changes, rejected = outcomes_of("tests.skills_app.services.two_reviewers_drill")

    for one in (approved, changes, rejected):
        # The second one began while the first one's verdict was written and not yet to be seen.
        assert (one["vendor"], one["stored_before"]) == ("sqlite", 0)
    assert [approved["first"], approved["second"]] == [{"num_approvals": 1}, {"num_approvals": 2}]
    assert approved["verdicts"] == [["ada", "approve"], ["bea", "approve"]]
    assert [changes["first"], changes["second"]] == [{"num_approvals": 0}, {"num_approvals": 1}]
    assert changes["verdicts"] == [["ada", "request_changes"], ["bea", "approve"]]
    assert rejected["first"] == {"num_approvals": 0}
    assert rejected["second"]["refused"] == "ReviewEnded"
    assert rejected["verdicts"] == [["ada", "reject"]]
    assert [one["status"] for one in (approved, changes, rejected)] == [
        "approved",
        "changes requested",
        "rejected",
    ]
