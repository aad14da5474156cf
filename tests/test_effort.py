"""The stop for work that never ends."""

import re

import pytest

from tests.effort import NeverEnds, within_reason


def test_a_pattern_that_backtracks_for_ever_is_stopped() -> None:
    with pytest.raises(NeverEnds), within_reason(0.2):
        re.match(r"(a+)+$", "a" * 40 + "b")


def test_work_that_ends_goes_on_undisturbed() -> None:
    with within_reason(5):
        assert sum(range(1000)) == 499_500
