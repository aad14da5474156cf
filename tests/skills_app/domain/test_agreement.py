"""Agreement of scores with reviewers, and what a gate does with a score that agrees too little."""

from datetime import date
from typing import Any

import pytest

from skills_app.domain.agreement import Agreement, ReviewedVersion, ScoreKey, Trust, agreements_of
from skills_app.domain.gate_outcome import (
    ConditionOutcome,
    GateOutcome,
    Judged,
    ScoreValue,
    Status,
    judge_gate,
)
from skills_app.domain.gates import Waiver, gate_from_data
from skills_app.domain.reviewing.verdicts import binding_of, stale_reason

TODAY = date(2026, 11, 20)
FLEET = ScoreKey("fleet-1", "1")
EXAMPLES = ScoreKey("fleet-1", "1", "examples")


def outcome_of_gate(trust: Trust, judged: Judged, **more: Any) -> GateOutcome:
    condition = {"kind": "score", "scorer": "fleet-1", "dimension": "examples", "at_least": 0.6, **more}
    gate = gate_from_data({"name": "publish", "title": "Publish", "conditions": [condition]})
    return judge_gate(gate, judged, today=TODAY, trust=trust)


def outcome(trust: Trust, *, judged: Judged | None = None, **more: Any) -> ConditionOutcome:
    known = judged or Judged(scores={"fleet-1": ScoreValue(0.9, "1", 0, {"examples": 0.2})})
    return outcome_of_gate(trust, known, **more).conditions[0]


def trust(num: int, num_agree: int, *, least: float = 0.7, key: ScoreKey = EXAMPLES) -> Trust:
    return Trust(least, {key: Agreement(num, num_agree)})


def test_each_score_and_each_dimension_is_counted_for_itself() -> None:
    reviewed = [
        ReviewedVersion(1, {FLEET: 0.6, EXAMPLES: 0.1}, True),
        ReviewedVersion(2, {FLEET: 0.59}, False),
        ReviewedVersion(3, {FLEET: 0.9, EXAMPLES: 0.9}, False),
    ]

    assert agreements_of(reviewed) == {FLEET: Agreement(3, 2), EXAMPLES: Agreement(2, 0)}


def test_a_dimension_below_the_share_advises_and_says_why_with_its_figures() -> None:
    one = outcome(trust(30, 12))

    assert (one.status, one.is_blocking) == (Status.ADVISED, False)
    assert (
        "it agrees with the reviewers on 12 of 30 versions (40 %, 95 % interval 25 to 58 %)" in one.sentence
    )
    assert "less than the 70 % asked for" in one.sentence


@pytest.mark.parametrize(
    "held",
    [
        Trust(0.7, {}),
        trust(30, 21),
        trust(9, 0),
        trust(30, 0, least=0.0),
        trust(30, 0, key=FLEET),
        trust(30, 0, key=ScoreKey("fleet-1", "2", "examples")),
    ],
    ids=["nobody judged", "enough", "too few", "switched off", "another score", "another version"],
)
def test_otherwise_it_blocks(held: Trust) -> None:
    assert outcome(held).is_blocking


def test_a_missing_score_that_is_not_trusted_does_not_block_either() -> None:
    nothing = Judged(scores={"fleet-1": ScoreValue(0.9, "1")})

    assert outcome(Trust(), judged=nothing).status is Status.UNKNOWN
    assert outcome(trust(30, 0), judged=Judged()).status is Status.ADVISED


def test_a_score_that_holds_and_a_condition_that_only_advises_are_as_before() -> None:
    good = Judged(scores={"fleet-1": ScoreValue(0.9, "1", 0, {"examples": 0.8})})

    assert outcome(trust(30, 0), judged=good).status is Status.MET
    assert outcome(trust(30, 0), blocks=False).doubt is None


@pytest.mark.parametrize(
    ("condition", "known", "is_waived", "expected"),
    [
        ({}, {"examples": 0.2}, False, True),
        ({}, {"examples": 0.2}, True, True),
        ({}, {}, False, True),
        ({}, {"examples": 0.8}, False, False),
        ({"blocks": False}, {"examples": 0.2}, False, False),
    ],
    ids=["below", "waived", "not known", "holds", "only advises"],
)
def test_a_gate_tells_whether_a_score_keeps_it_shut(
    condition: dict[str, Any], known: dict[str, float], is_waived: bool, expected: bool
) -> None:
    asked = {"key": "it", "kind": "score", "scorer": "fleet-1", "dimension": "examples", "at_least": 0.6}
    facts = {"key": "long", "kind": "fact", "fact": "body_lines", "at_most": 1}
    data = {"name": "publish", "title": "Publish", "conditions": [{**asked, **condition}, facts]}
    judged = Judged(scores={"fleet-1": ScoreValue(0.9, "1", 0, known)}, facts={"body_lines": 9})
    waivers = [Waiver("it", "Until it is mended.", "carol", TODAY)] if is_waived else []

    outcome = judge_gate(gate_from_data(data), judged, today=TODAY, waivers=waivers)

    assert not outcome.is_passed
    assert outcome.is_shut_by_a_score is expected


def test_a_verdict_is_not_stale_because_the_score_lost_its_right_to_block() -> None:
    known = Judged(scores={"fleet-1": ScoreValue(0.9, "1", 0, {"examples": 0.2})})
    given, now = (
        binding_of("d", 1, "publish r1", outcome_of_gate(held, judged), judged)
        for held, judged in ((Trust(), known), (trust(30, 0), known))
    )

    assert given.conditions == {"score-fleet-1-examples": "not met"}
    assert stale_reason(given, now) is None
