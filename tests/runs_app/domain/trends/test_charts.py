"""Charts keep rulers apart, say how many stand behind a value, and lie within their picture."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from runs_app.domain.trends.chart import HEIGHT, WIDTH, Chart, Event, Measure, Point, Series, draw, notes_of
from runs_app.domain.trends.charts import Trend, charts_of, empty_trend, rule_changes
from runs_app.domain.trends.facts import Dims, RunFact, VersionFact
from runs_app.domain.trends.funnel import cost_for_each, funnel_of
from runs_app.domain.trends.periods import Period
from runs_app.domain.trends.totals import RunTotals, VersionTotals

PERIOD = Period.ending(date(2026, 11, 15), 28)


def trend(buckets: list[list[VersionFact]], before: list[VersionFact] = ()) -> Trend:  # type: ignore[assignment]
    made = empty_trend(PERIOD)
    for totals, facts in zip(made.version_buckets, buckets, strict=False):
        for fact in facts:
            totals.add(fact)
            made.versions.add(fact)
    for fact in before:
        made.versions_before.add(fact)
    return made


def fact(value: float, *, version: str = "1", gate: str = "passed") -> VersionFact:
    return VersionFact(Dims(), gate, {("fleet", version): value}, {"rule.a": 2})


def test_a_new_version_of_a_scorer_begins_a_new_line() -> None:
    chart = charts_of(trend([[fact(0.5)], [fact(0.5)], [fact(0.9, version="2")], [fact(0.9, version="2")]]))[
        "quality-fleet"
    ]

    assert [series.name for series in chart.series] == ["fleet 2", "fleet 1"]
    old = draw(chart).series[1]
    assert len(old.points) == 2
    assert old.line.count("M") == 1


def test_version_10_of_a_scorer_comes_after_version_9() -> None:
    scores = {("fleet", version): value for version, value in (("10", 0.9), ("9", 0.5), ("2", 0.4))}
    both = VersionFact(Dims(), "passed", scores)

    made = trend([[both], [both]])

    assert made.versions.rulers.keys() == {("fleet", "2", "9"), ("fleet", "9", "10")}
    chart = charts_of(made, keys=["quality-fleet"])["quality-fleet"]
    assert [series.name for series in chart.series] == ["fleet 10", "fleet 9", "fleet 2"]


def test_only_the_charts_that_are_asked_for_are_made() -> None:
    made = trend([[fact(0.5)]])

    assert list(charts_of(made, keys=["cost", "gate", "none"])) == ["gate", "cost"]
    assert charts_of(made, keys=["cost"])["cost"] == charts_of(made)["cost"]


@pytest.mark.parametrize(
    ("num_days", "num_drawn", "words"),
    [(12, 12, []), (13, 12, ["1 earlier mark is not drawn."]), (20, 12, ["8 earlier marks are not drawn."])],
)
def test_the_newest_marks_are_drawn_and_how_many_are_not_is_said(
    num_days: int, num_drawn: int, words: list[str]
) -> None:
    days = [PERIOD.first + timedelta(days=number) for number in range(num_days)]
    # Two on the first day: a day has one mark.
    events = [Event(day, "gate", f"gate {day}") for day in [days[0], *days]]

    drawn = draw(charts_of(trend([[fact(0.5)]]), events)["gate"])

    assert [there[0].day for _, _, there in drawn.events] == days[-num_drawn:]
    assert [number for _, number, _ in drawn.events] == list(range(1, num_drawn + 1))
    assert drawn.num_earlier == num_days - num_drawn
    assert drawn.earlier_until == (days[-num_drawn - 1] if words else None)
    assert [note.words for note in notes_of(drawn) if "earlier" in note.words] == words


def test_a_line_breaks_where_nothing_was_made() -> None:
    chart = charts_of(trend([[fact(0.5)], [], [fact(0.6)], [fact(0.7)]]))["quality-fleet"]

    assert draw(chart).series[0].line.count("M") == 2


def test_few_values_are_marked() -> None:
    chart = charts_of(trend([[fact(0.5)] * 4, [fact(0.5)] * 5]))["quality-fleet"]

    assert [point.is_small for point in chart.series[0].points[:2]] == [True, False]


def test_the_sentence_says_the_value_the_number_and_the_verdict() -> None:
    before = [fact(0.5, gate="passed")] * 30
    chart = charts_of(trend([[fact(0.5, gate="blocked")] * 25 + [fact(0.5)] * 5], before))["gate"]

    assert (
        "17% pass their gate (n = 30), against 100% (n = 30) in the period before: worse." in chart.sentence
    )


def test_a_share_without_evidence_is_not_called_a_change() -> None:
    before = [fact(0.5)] * 9 + [fact(0.5, gate="blocked")]
    chart = charts_of(trend([[fact(0.5)] * 8 + [fact(0.5, gate="blocked")] * 2], before))["gate"]

    assert "no evidence of a change" in chart.sentence


@given(
    st.lists(st.one_of(st.none(), st.floats(-1e6, 1e9)), min_size=4, max_size=4),
    st.sampled_from([Measure.SCORE, Measure.COST, Measure.SECONDS, Measure.NUMBER]),
)
@example(values=[None, None, None, 3e-210], measure=Measure.SCORE)
def test_every_point_lies_within_the_picture(values: list[float | None], measure: Measure) -> None:
    points = tuple(
        Point(bucket, value, value, value, 9)
        for bucket, value in zip(PERIOD.buckets(), [*values, None], strict=False)
    )
    chart = Chart("k", "t", measure, PERIOD, (Series("s", points),), "", "", "", "runs")

    drawn = draw(chart)

    assert all(0 <= one.x <= WIDTH and 0 <= one.y <= HEIGHT for one in drawn.series[0].points)
    assert 2 <= len(drawn.y_ticks) <= 12
    assert len(drawn.x_ticks) <= 5


@pytest.mark.parametrize("days", [1, 7, 28, 91, 365, 730])
def test_any_period_has_few_labels_below(days: int) -> None:
    period = Period.ending(date(2026, 11, 15), days)
    chart = Chart("k", "t", Measure.SHARE, period, (), "", "", "", "runs")

    ticks = draw(chart).x_ticks
    assert 1 <= len(ticks) <= 5
    # A character is at most seven wide: no label is cut at an edge of the picture.
    starts = {"start": 0.0, "middle": -0.5, "end": -1.0}
    for at, words, anchor in ticks:
        left = at + starts[anchor] * 7 * len(words)
        assert left >= 0
        assert left + 7 * len(words) <= WIDTH


def test_the_funnel_says_how_many_came_and_why_others_did_not() -> None:
    totals = RunTotals()
    for number in range(10):
        totals.add(
            RunFact(
                Dims(),
                "failed" if number < 2 else "finished",
                cost_usd=0.5,
                is_generated=number >= 4,
                is_passed=number >= 7,
                is_approved=number >= 8,
                is_active=number >= 5,
            )
        )
    stages = funnel_of(totals, RunTotals())

    assert [stage.num for stage in stages] == [10, 6, 3, 2, 2]
    assert stages[1].lost == (("failed", 2), ("ended without a document", 2))
    assert cost_for_each(totals, "passed") == pytest.approx(5 / 3)
    assert cost_for_each(RunTotals(), "passed") is None


def test_of_rules_that_changed_the_sentence_tells_these_and_not_the_first() -> None:
    both, one = {"rules": {"a": 1, "b": 1}}, {"rules": {"a": 1}}
    made = trend([[replace(fact(0.5), **both)] * 60], [replace(fact(0.5), **one)] * 60)

    chart = charts_of(made, keys=["rules"])["rules"]

    assert [series.name for series in chart.series] == ["a", "b"]
    assert "break b" in chart.sentence
    assert "break a" not in chart.sentence


def test_what_judges_now_is_drawn_before_what_judged_once() -> None:
    old, middle, new = (fact(0.5, version=name) for name in ("gpt@9f", "gpt@1c", "gpt@c0"))
    made = trend([[old], [old, middle], [new]])

    chart = charts_of(made, keys=["quality-fleet"])["quality-fleet"]

    assert [series.name.partition("@")[2] for series in chart.series] == ["c0", "1c", "9f"]


def test_a_rule_that_more_versions_break_got_worse() -> None:
    now, before = VersionTotals(), VersionTotals()
    for _ in range(40):
        now.add(fact(0.5))
        before.add(VersionFact(Dims()))
    ((name, change, findings, findings_before),) = rule_changes(now, before)

    assert (name, change.called.value, findings, findings_before) == ("rule.a", "worse", 80, 0)


def test_periods_of_a_day_are_drawn() -> None:
    period = Period.ending(date(2026, 11, 15), 1)
    assert period.before.last == period.first - timedelta(days=1)
    assert not charts_of(empty_trend(period))["gate"].has_values


@pytest.mark.parametrize(
    ("measure", "value", "step", "expected"),
    [
        (Measure.COST, 0.05, 0.05, "$0.05"),
        (Measure.COST, 0.2, 0.1, "$0.20"),
        (Measure.COST, 0.0012, 0.0002, "$0.0012"),
        (Measure.COST, 1500.0, 500.0, "$1,500"),
        (Measure.SCORE, 0.7, 0.1, "0.7"),
        (Measure.SCORE, 0.625, 0.005, "0.625"),
        (Measure.SHARE, 0.5, 0.5, "50%"),
    ],
)
def test_a_tick_has_as_many_decimals_as_its_step(
    measure: Measure, value: float, step: float, expected: str
) -> None:
    assert measure.tick_text(value, step) == expected
