"""What a verdict is bound to, and the one reason for which it goes stale."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from skills_app.domain.reviewing.verdicts import (
    Binding,
    Decision,
    StaleKind,
    binding_from_data,
    can_undo,
    stale_reason,
    undo_seconds_left,
)

GIVEN = Binding("d1", 3, "publish r1", {"spec": "met", "score": "met"}, {"fleet-1": "1", "reference": "2"})
NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


def test_an_unchanged_version_leaves_a_verdict_fresh() -> None:
    assert stale_reason(GIVEN, GIVEN) is None
    assert stale_reason(binding_from_data(GIVEN.as_data()), GIVEN) is None


@pytest.mark.parametrize(
    ("now", "kind", "words"),
    [
        (
            replace(GIVEN, digest="d2", version_number=4),
            StaleKind.CONTENT,
            "Version 4 is under review; the verdict was on version 3.",
        ),
        (
            replace(GIVEN, gate="publish r2"),
            StaleKind.GATE,
            "The gate is publish r2; it was publish r1.",
        ),
        (
            replace(GIVEN, conditions={"spec": "met", "score": "not met"}),
            StaleKind.OUTCOME,
            "The gate condition score was met and is not met.",
        ),
        (
            replace(GIVEN, conditions={**GIVEN.conditions, "size": "met"}),
            StaleKind.OUTCOME,
            "The gate condition size was not there and is met.",
        ),
        (
            replace(GIVEN, scorers={"fleet-1": "2", "reference": "2"}),
            StaleKind.SCORER,
            "The scorer fleet-1 was version 1 and is version 2.",
        ),
        (
            replace(GIVEN, scorers={"reference": "2"}),
            StaleKind.SCORER,
            "The scorer fleet-1 was version 1 and no longer judges it.",
        ),
    ],
)
def test_each_change_is_told_as_the_reason(now: Binding, kind: StaleKind, words: str) -> None:
    stale = stale_reason(GIVEN, now)

    assert stale is not None
    assert (stale.kind, stale.sentence) == (kind, words)


def test_only_the_first_of_several_changes_is_told() -> None:
    stale = stale_reason(GIVEN, Binding("d2", 4, "other r1", {"spec": "not met"}, {}))

    assert stale is not None
    assert stale.kind is StaleKind.CONTENT


def test_the_same_content_under_another_number_keeps_the_verdict() -> None:
    assert stale_reason(GIVEN, replace(GIVEN, version_number=9)) is None


def test_a_new_scorer_takes_nothing_away() -> None:
    assert stale_reason(GIVEN, replace(GIVEN, scorers={**GIVEN.scorers, "new": "1"})) is None


@pytest.mark.parametrize(
    ("seconds", "expected", "left"),
    [
        (0, True, 30),
        (0.4, True, 29.6),
        (30, True, 0),
        (30.1, False, 0),
        (-1, True, 30),
        (-30, True, 30),
        (-31, False, 0),
    ],
)
def test_a_decision_is_taken_back_within_thirty_seconds_also_when_a_clock_went_back(
    seconds: float, expected: bool, left: float
) -> None:
    now = NOON + timedelta(seconds=seconds)

    assert can_undo(NOON, now) is expected
    assert undo_seconds_left(NOON, now) == pytest.approx(left)


def test_only_an_approval_needs_no_reason() -> None:
    assert [d for d in Decision if not d.needs_reason] == [Decision.APPROVE]
