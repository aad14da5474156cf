import json
from dataclasses import dataclass
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from skills_app.domain.errors import GateDataError
from skills_app.domain.gate_outcome import (
    ConditionOutcome,
    Judged,
    ScoreValue,
    Status,
    Verdict,
    judge_gate,
    new_findings,
)
from skills_app.domain.gates import (
    DEFAULT_GATES,
    FACTS,
    PROFILES,
    Gate,
    Scope,
    Waiver,
    gate_from_data,
    gate_from_json,
)
from skills_app.domain.scoring import score_fleet1

TODAY = date(2026, 11, 20)


@dataclass(frozen=True)
class FakeFinding:
    rule_id: str
    severity: str
    message: str = "Something is wrong."
    line: int = 1


CRITICAL = FakeFinding("name-required", "critical")
WARNING = FakeFinding("body-long", "warning", "The body has 512 lines.")
INFO = FakeFinding("license", "info")


def gate_of(*conditions: dict) -> Gate:
    return gate_from_data({"name": "publish", "title": "Publish", "conditions": list(conditions)})


def findings(severity: str = "critical", at_most: int = 0, profile: str = "spec", **more: object) -> dict:
    return {"kind": "findings", "profile": profile, "severity": severity, "at_most": at_most, **more}


def score(at_least: float = 0.6, scorer: str = "calibrated_score", **more: object) -> dict:
    return {"kind": "score", "scorer": scorer, "at_least": at_least, **more}


def new(severity: str = "warning", at_most: int = 0) -> dict:
    return {"kind": "new_findings", "profile": "spec", "severity": severity, "at_most": at_most}


LINES = {"kind": "fact", "fact": "body_lines", "at_most": 500}
GROWTH = {"kind": "fact_growth", "fact": "body_lines", "at_most": 50}
DROP = {"kind": "score_drop", "scorer": "fleet-1", "at_most": 0.05}


def only(gate: Gate, judged: Judged, **more: object) -> ConditionOutcome:
    return judge_gate(gate, judged, today=TODAY, **more).conditions[0]


@pytest.mark.parametrize(
    ("condition", "judged", "status", "value"),
    [
        (findings(), Judged(findings={"spec": []}), Status.MET, 0),
        (findings(), Judged(findings={"spec": [WARNING, INFO]}), Status.MET, 0),
        (findings(), Judged(findings={"spec": [CRITICAL, WARNING]}), Status.NOT_MET, 1),
        (findings("warning"), Judged(findings={"spec": [CRITICAL, WARNING, INFO]}), Status.NOT_MET, 2),
        (findings("info", 3), Judged(findings={"spec": [CRITICAL, WARNING, INFO]}), Status.MET, 3),
        (findings(), Judged(findings={"spec": [FakeFinding("x", "fatal")]}), Status.NOT_MET, 1),
        (findings(), Judged(findings={"claude": []}), Status.UNKNOWN, None),
        (score(), Judged(scores={"calibrated_score": ScoreValue(0.6)}), Status.MET, 0.6),
        (score(), Judged(scores={"calibrated_score": ScoreValue(0.5999)}), Status.NOT_MET, 0.5999),
        (score(), Judged(), Status.UNKNOWN, None),
        (score(dimension="size"), Judged(scores={"calibrated_score": ScoreValue(1)}), Status.UNKNOWN, None),
        (
            score(dimension="size"),
            Judged(scores={"calibrated_score": ScoreValue(0.1, dimensions={"size": 0.9})}),
            Status.MET,
            0.9,
        ),
        (LINES, Judged(facts={"body_lines": 500}), Status.MET, 500),
        (LINES, Judged(facts={"body_lines": 501}), Status.NOT_MET, 501),
        (LINES, Judged(), Status.UNKNOWN, None),
    ],
)
def test_a_condition_on_the_whole(condition: dict, judged: Judged, status: Status, value: float) -> None:
    outcome = only(gate_of(condition), judged)
    assert (outcome.status, outcome.value) == (status, value)
    assert outcome.condition.scope is Scope.WHOLE
    assert outcome.limit == condition.get("at_most", condition.get("at_least"))
    assert outcome.is_blocking is (status in (Status.NOT_MET, Status.UNKNOWN))


@pytest.mark.parametrize(
    ("condition", "now", "parent", "status", "value"),
    [
        (new(), Judged(findings={"spec": [WARNING]}), None, Status.NOTHING_TO_COMPARE, None),
        (new(), Judged(findings={"spec": [WARNING]}), Judged(findings={"spec": []}), Status.NOT_MET, 1),
        (new(), Judged(findings={"spec": [WARNING]}), Judged(findings={"spec": [WARNING]}), Status.MET, 0),
        (new(), Judged(findings={"spec": [INFO]}), Judged(findings={"spec": []}), Status.MET, 0),
        (new(), Judged(findings={"spec": []}), Judged(), Status.UNKNOWN, None),
        (new(), Judged(), Judged(findings={"spec": []}), Status.UNKNOWN, None),
        (GROWTH, Judged(facts={"body_lines": 550}), Judged(facts={"body_lines": 500}), Status.MET, 50),
        (GROWTH, Judged(facts={"body_lines": 551}), Judged(facts={"body_lines": 500}), Status.NOT_MET, 51),
        (GROWTH, Judged(facts={"body_lines": 9}), Judged(facts={"body_lines": 500}), Status.MET, 0),
        (GROWTH, Judged(facts={"body_lines": 9}), Judged(), Status.UNKNOWN, None),
        (
            DROP,
            Judged(scores={"fleet-1": ScoreValue(0.6)}),
            Judged(scores={"fleet-1": ScoreValue(0.65)}),
            Status.MET,
            0.05,
        ),
        (
            DROP,
            Judged(scores={"fleet-1": ScoreValue(0.5)}),
            Judged(scores={"fleet-1": ScoreValue(0.65)}),
            Status.NOT_MET,
            0.15,
        ),
        (
            DROP,
            Judged(scores={"fleet-1": ScoreValue(0.9)}),
            Judged(scores={"fleet-1": ScoreValue(0.65)}),
            Status.MET,
            0,
        ),
        (DROP, Judged(scores={"fleet-1": ScoreValue(0.9)}), Judged(), Status.UNKNOWN, None),
        (
            DROP,
            Judged(scores={"fleet-1": ScoreValue(0.9, "2")}),
            Judged(scores={"fleet-1": ScoreValue(0.65, "1")}),
            Status.UNKNOWN,
            None,
        ),
    ],
)
def test_a_condition_on_the_change(
    condition: dict, now: Judged, parent: Judged | None, status: Status, value: float
) -> None:
    outcome = only(gate_of(condition), now, parent=parent)
    assert outcome.status is status
    assert outcome.value == (value if value is None else pytest.approx(value))
    assert outcome.condition.scope is Scope.CHANGE


def test_a_score_of_ours_is_read_with_its_version_and_dimensions() -> None:
    value = ScoreValue.of(score_fleet1("Run `git log` now."))
    assert (value.version, value.num_judge_runs) == ("1.0", 0)
    judged = Judged(scores={"fleet-1": value})
    assert only(gate_of(score(0.01, "fleet-1", dimension="guidance")), judged).status is Status.MET
    assert only(gate_of(score(0.9, "fleet-1", dimension="contrast")), judged).status is Status.NOT_MET


def test_old_debt_does_not_block_the_change_though_it_blocks_the_whole() -> None:
    gate = gate_of(findings("warning"), new())
    old, now = Judged(findings={"spec": [WARNING]}), Judged(findings={"spec": [WARNING]})
    outcome = judge_gate(gate, now, today=TODAY, parent=old)
    assert [o.status for o in outcome.of_scope(Scope.WHOLE)] == [Status.NOT_MET]
    assert [o.status for o in outcome.of_scope(Scope.CHANGE)] == [Status.MET]


@pytest.mark.parametrize(
    ("now", "before", "fresh"),
    [
        ([FakeFinding("a", "warning", "12 lines", 3)], [FakeFinding("a", "warning", "11 lines", 9)], 0),
        ([FakeFinding("a", "critical", "x")], [FakeFinding("a", "warning", "x")], 1),
        ([FakeFinding("a", "warning", "x")], [FakeFinding("b", "warning", "x")], 1),
        ([FakeFinding("a", "warning", "x")] * 3, [FakeFinding("a", "warning", "x")], 2),
        ([], [FakeFinding("a", "warning", "x")], 0),
    ],
)
def test_a_finding_is_new_when_rule_severity_or_words_differ(now: list, before: list, fresh: int) -> None:
    assert len(new_findings(now, before)) == fresh


def test_one_run_of_a_model_judge_never_blocks_alone() -> None:
    one = Judged(scores={"calibrated_score": ScoreValue(0.1, num_judge_runs=1)})
    two = Judged(scores={"calibrated_score": ScoreValue(0.1, num_judge_runs=2)})
    outcome = judge_gate(gate_of(score()), one, today=TODAY)
    assert (outcome.verdict, outcome.conditions[0].status) == (Verdict.PASSED, Status.ADVISED)
    assert "never blocks alone" in outcome.conditions[0].sentence
    assert "advice only: calibrated score at least 0.6 (it is 0.1)" in outcome.summary
    assert not judge_gate(gate_of(score()), two, today=TODAY).is_passed


def test_the_small_sample_rule_holds_for_a_drop_whose_parent_was_judged_once() -> None:
    now = Judged(scores={"fleet-1": ScoreValue(0.1, num_judge_runs=3)})
    parent = Judged(scores={"fleet-1": ScoreValue(0.9, num_judge_runs=1)})
    assert only(gate_of(DROP), now, parent=parent).status is Status.ADVISED


def test_a_condition_that_only_advises_does_not_block() -> None:
    outcome = judge_gate(gate_of(score(blocks=False)), Judged(), today=TODAY)
    assert outcome.is_passed
    assert "advice only" in outcome.summary


@pytest.mark.parametrize(
    ("until", "status"),
    [(date(2026, 11, 20), Status.WAIVED), (date(2026, 11, 19), Status.NOT_MET)],
)
def test_a_waiver_counts_through_its_last_day(until: date, status: Status) -> None:
    waiver = Waiver("size", "Split is planned.", "carol", until)
    gate = gate_of({**LINES, "key": "size"})
    outcome = judge_gate(gate, Judged(facts={"body_lines": 900}), today=TODAY, waivers=[waiver])
    assert outcome.conditions[0].status is status
    assert outcome.is_passed is (status is Status.WAIVED)


def test_a_waiver_that_counts_is_said_with_owner_reason_and_end() -> None:
    waiver = Waiver("size", "Split is planned.", "carol", date(2026, 12, 1))
    gate = gate_of({**LINES, "key": "size"})
    outcome = judge_gate(gate, Judged(facts={"body_lines": 900}), today=TODAY, waivers=[waiver])
    assert outcome.conditions[0].sentence == (
        "At most 500 lines in the body: it is 900; waived: by carol until 2026-12-01 because “Split is planned”."
    )
    assert outcome.summary == "“Publish” passes: 0 of 1 conditions hold; waived by carol until 2026-12-01."


def test_an_expired_waiver_does_not_count_and_is_said() -> None:
    waiver = Waiver("size", "Split is planned.", "carol", date(2026, 11, 1))
    gate = gate_of({**LINES, "key": "size"})
    outcome = judge_gate(gate, Judged(facts={"body_lines": 900}), today=TODAY, waivers=[waiver])
    said = "The waiver by carol ended on 2026-11-01 and no longer counts."
    assert outcome.conditions[0].sentence.endswith(said)
    assert outcome.conditions[0].expired_waivers == (waiver,)
    assert "the waiver by carol ended on 2026-11-01" in outcome.summary


def test_a_waiver_of_one_rule_excuses_its_findings_only() -> None:
    gate = gate_of(findings("warning", key="spec"))
    waiver = Waiver("spec", "Known.", "carol", date(2026, 12, 1), rule_id="body-long")
    both = Judged(findings={"spec": [WARNING, CRITICAL]})
    assert only(gate, Judged(findings={"spec": [WARNING]}), waivers=[waiver]).status is Status.WAIVED
    assert only(gate, both, waivers=[waiver]).status is Status.NOT_MET


def test_a_waiver_of_another_condition_changes_nothing() -> None:
    waiver = Waiver("other", "Known.", "carol", date(2026, 12, 1))
    assert only(gate_of(LINES), Judged(facts={"body_lines": 900}), waivers=[waiver]).status is Status.NOT_MET


@pytest.mark.parametrize("blank", ["condition_key", "reason", "owner"])
def test_a_waiver_nobody_could_answer_for_is_refused(blank: str) -> None:
    fields = {"condition_key": "size", "reason": "Known.", "owner": "carol", "until": TODAY, blank: " "}
    with pytest.raises(GateDataError, match=f"At {blank}: A waiver must name"):
        Waiver(**fields)


@pytest.mark.parametrize(
    ("condition", "judged", "sentence"),
    [
        (
            findings(),
            Judged(findings={"spec": [CRITICAL, CRITICAL]}),
            "No critical finding in profile spec: it is 2 (name-required ×2), which does not hold.",
        ),
        (
            findings("warning", 3),
            Judged(findings={"spec": [WARNING]}),
            "At most 3 warning or worse findings in profile spec: it is 1 (body-long), which holds.",
        ),
        (
            score(),
            Judged(scores={"calibrated_score": ScoreValue(0.59999)}),
            "Calibrated score at least 0.6: it is 0.59999, which does not hold.",
        ),
        (
            score(),
            Judged(),
            "Calibrated score at least 0.6: not known, because this version has no calibrated score.",
        ),
        (
            GROWTH,
            Judged(facts={"body_lines": 3}),
            "At most 50 more lines in the body than the parent version: "
            "this is a first version, so there is nothing to compare.",
        ),
    ],
)
def test_a_condition_explains_itself(condition: dict, judged: Judged, sentence: str) -> None:
    assert only(gate_of(condition), judged).sentence == sentence


def test_the_summary_is_one_sentence_that_names_what_blocks() -> None:
    gate = gate_of(findings(), score(), LINES)
    judged = Judged({"spec": [CRITICAL]}, {"calibrated_score": ScoreValue(0.7)}, {"body_lines": 620})
    assert judge_gate(gate, judged, today=TODAY).summary == (
        "“Publish” blocks, because 2 of 3 conditions do not hold: no critical finding in profile spec (it is 1); "
        "at most 500 lines in the body (it is 620)."
    )


def test_the_summary_of_a_gate_that_holds() -> None:
    judged = Judged({"spec": []}, {"calibrated_score": ScoreValue(0.7)})
    assert judge_gate(gate_of(findings(), score()), judged, today=TODAY).summary == (
        "“Publish” passes: all 2 conditions hold."
    )


@pytest.mark.parametrize("data", DEFAULT_GATES)
def test_the_gates_we_ship_are_gates(data: dict) -> None:
    assert gate_from_data(data).as_data() == data


@pytest.mark.parametrize(
    ("data", "place"),
    [
        ([], "the gate"),
        ({"conditions": [LINES]}, "name"),
        ({"name": "Bad Name", "conditions": [LINES]}, "name"),
        ({"name": "a", "title": "", "conditions": [LINES]}, "title"),
        ({"name": "a", "colour": 1, "conditions": [LINES]}, "colour"),
        ({"name": "a"}, "conditions"),
        ({"name": "a", "conditions": []}, "conditions"),
        ({"name": "a", "conditions": [LINES] * 101}, "conditions"),
        ({"name": "a", "conditions": [LINES, 3]}, "conditions[1]"),
        ({"name": "a", "conditions": [{}]}, "conditions[0].kind"),
        ({"name": "a", "conditions": [{"kind": []}]}, "conditions[0].kind"),
        ({"name": "a", "conditions": [findings(profile="nobody")]}, "conditions[0].profile"),
        ({"name": "a", "conditions": [findings("fatal")]}, "conditions[0].severity"),
        ({"name": "a", "conditions": [findings(at_most=0.5)]}, "conditions[0].at_most"),
        ({"name": "a", "conditions": [findings(at_most=True)]}, "conditions[0].at_most"),
        ({"name": "a", "conditions": [findings(at_most=-1)]}, "conditions[0].at_most"),
        ({"name": "a", "conditions": [findings(at_least=1)]}, "conditions[0].at_least"),
        ({"name": "a", "conditions": [findings(blocks=1)]}, "conditions[0].blocks"),
        ({"name": "a", "conditions": [findings(key="No")]}, "conditions[0].key"),
        ({"name": "a", "conditions": [score(1.5)]}, "conditions[0].at_least"),
        ({"name": "a", "conditions": [score(float("nan"))]}, "conditions[0].at_least"),
        ({"name": "a", "conditions": [score(scorer="a b")]}, "conditions[0].scorer"),
        ({"name": "a", "conditions": [score(scorer="")]}, "conditions[0].scorer"),
        ({"name": "a", "conditions": [score(dimension=3)]}, "conditions[0].dimension"),
        ({"name": "a", "conditions": [{**LINES, "fact": "mood"}]}, "conditions[0].fact"),
        ({"name": "a", "conditions": [{"kind": "fact", "fact": "body_lines"}]}, "conditions[0].at_most"),
        ({"name": "a", "conditions": [LINES, LINES]}, "conditions[1].key"),
    ],
)
def test_a_fault_in_the_data_is_named_by_its_place(data: object, place: str) -> None:
    with pytest.raises(GateDataError) as caught:
        gate_from_data(data)
    assert place in [problem[0] for problem in caught.value.problems]
    assert f"At {place}: " in str(caught.value)


def test_all_faults_are_listed_at_once() -> None:
    with pytest.raises(GateDataError) as caught:
        gate_from_data({"name": "A", "conditions": [findings("fatal", -1), score(9)]})
    assert [place for place, _ in caught.value.problems] == [
        "name",
        "conditions[0].severity",
        "conditions[0].at_most",
        "conditions[1].at_least",
    ]


@pytest.mark.parametrize(
    ("text", "place"), [('{"name": \n ]', "line 2, column 2"), ("[" * 200_000, "the text")]
)
def test_text_that_is_no_json_is_refused_with_its_place(text: str, place: str) -> None:
    with pytest.raises(GateDataError, match=f"At {place}"):
        gate_from_json(text)


_SCORERS = st.from_regex(r"[a-z][a-z0-9_-]{0,20}", fullmatch=True)
_COUNTS, _SHARES = st.integers(0, 500), st.floats(0, 1)
_CONDITIONS = st.one_of(
    st.fixed_dictionaries(
        {
            "kind": st.sampled_from(["findings", "new_findings"]),
            "profile": st.sampled_from(PROFILES),
            "severity": st.sampled_from(["info", "warning", "critical"]),
            "at_most": _COUNTS,
        },
        optional={"blocks": st.booleans()},
    ),
    st.fixed_dictionaries({"kind": st.just("score"), "scorer": _SCORERS, "at_least": _SHARES}),
    st.fixed_dictionaries(
        {"kind": st.just("score_drop"), "scorer": _SCORERS, "at_most": _SHARES},
        optional={"dimension": _SCORERS},
    ),
    st.fixed_dictionaries(
        {
            "kind": st.sampled_from(["fact", "fact_growth"]),
            "fact": st.sampled_from(list(FACTS)),
            "at_most": _COUNTS,
        }
    ),
)


@given(st.lists(_CONDITIONS, min_size=1, max_size=8))
def test_a_gate_survives_the_way_through_json(conditions: list[dict]) -> None:
    numbered = [{**condition, "key": f"c{index}"} for index, condition in enumerate(conditions)]
    gate = gate_of(*numbered)
    assert gate_from_json(gate.as_json()) == gate
    assert gate_from_data(json.loads(json.dumps(gate.as_data()))) == gate
    for condition in gate.conditions:
        assert condition.sentence


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["name", "title", "conditions", "kind", "at_most", "x"]), inner, max_size=4
        )
    ),
    max_leaves=12,
)


@given(_JSON)
def test_any_data_is_a_gate_or_a_clear_refusal(data: object) -> None:
    try:
        found: tuple = gate_from_data(data).conditions
    except GateDataError as refusal:
        found = refusal.problems
    assert found
