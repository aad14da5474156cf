"""Things side by side: what differs, and better or worse by the direction of the measure."""

import pytest

from runs_app.domain.comparison import Value, Verdict, compare, direction_of


def one(**values: Value) -> dict[tuple[str, str], Value]:
    return {("Result", name): value for name, value in values.items()}


@pytest.mark.parametrize(
    ("name", "base", "value", "by", "verdict"),
    [
        ("quality score", 0.5, 0.75, "+0.2500", Verdict.BETTER),
        ("quality score", 0.75, 0.5, "−0.2500", Verdict.WORSE),
        ("cost", 1.0, 3.0, "+$2.00", Verdict.WORSE),
        ("duration", 120.0, 60.0, "−1 min", Verdict.BETTER),
        ("trials", 3, 5, "+2", Verdict.MORE),
        ("errors", 2, 2, "", Verdict.SAME),
        ("errors", None, 2, "", Verdict.NONE),
        ("model", "a", "b", "", Verdict.NONE),
    ],
)
def test_a_number_is_judged_against_the_baseline(
    name: str, base: Value, value: Value, by: str, verdict: Verdict
) -> None:
    (row,) = compare([one(**{name: base}), one(**{name: value})])

    assert (row.cells[0].verdict, row.cells[1].by, row.cells[1].verdict) == (Verdict.NONE, by, verdict)


def test_another_baseline_turns_the_verdict_round() -> None:
    things = [one(score=0.2), one(score=0.8)]

    assert compare(things)[0].cells[1].verdict is Verdict.BETTER
    assert compare(things, baseline=1)[0].cells[0].verdict is Verdict.WORSE


def test_equal_rows_are_told_from_those_that_differ_and_a_missing_value_differs() -> None:
    rows = compare([one(a="x", b="", c=1), one(a="x", b=None), one(a="x", c=1)])

    assert {row.name: row.is_different for row in rows} == {"a": False, "b": False, "c": True}


def test_rows_stand_in_the_order_of_their_groups() -> None:
    rows = compare([{("Cost", "cost"): 1.0, ("Inputs", "model"): "a"}, {("Result", "score"): 1.0}])

    assert [row.group for row in rows] == ["Inputs", "Result", "Cost"]


@pytest.mark.parametrize(
    ("name", "direction"),
    [
        ("quality_score", 1),
        ("num_errors", -1),
        ("error_score", -1),
        ("temperature", 0),
        ("token_accuracy", 1),
        ("eval/token-accuracy", 1),
        ("warnings.recall", 1),
        ("accuracy_loss", -1),
        ("tests_passed_seconds", -1),
        ("checks passed", 1),
        ("", 0),
    ],
)
def test_the_direction_of_a_measure_is_read_from_its_name(name: str, direction: int) -> None:
    assert direction_of(name) == direction


def test_a_gate_that_opens_is_better_and_one_that_shuts_is_worse() -> None:
    things = [one(gate="blocked"), one(gate="passed"), one(gate="blocked"), one(gate="not judged")]

    def cells(baseline: int) -> list[tuple[str, Verdict]]:
        (row,) = compare(things, baseline=baseline)
        return [(cell.by, cell.verdict) for cell in row.cells]

    nothing = ("", Verdict.NONE)
    assert cells(0) == [nothing, ("▲", Verdict.BETTER), ("", Verdict.SAME), nothing]
    assert cells(1) == [("▼", Verdict.WORSE), nothing, ("▼", Verdict.WORSE), nothing]
