"""When a rule comes true: a measure below or above a limit, or called worse than in the period before."""

from collections.abc import Mapping
from enum import StrEnum

from runs_app.domain.trends.change import FEW, Called
from runs_app.domain.trends.chart import Chart, Measure


class AlertTest(StrEnum):
    """What a rule asks of its measure."""

    BELOW = "below"
    ABOVE = "above"
    WORSE = "worse"


TEST_LABELS: dict[AlertTest, str] = {
    AlertTest.WORSE: "got worse, beyond its interval",
    AlertTest.BELOW: "is below",
    AlertTest.ABOVE: "is above",
}
# The measure that needs the phases of generations.
PHASES = "latency"
SPENT, CHANGED = "spent", "changed"
# Measures whose change is never called worse, and what to choose instead.
NEVER_WORSE: dict[str, str] = {
    SPENT: "What was spent for each has no interval; choose below or above.",
    CHANGED: "More answers that change the way are neither better nor worse; choose below or above.",
}
MEASURE_LABELS: dict[str, str] = {
    "gate": "Versions that pass their gate (share, 0 to 1)",
    "ended": "Generations that finish (share, 0 to 1)",
    "cost": "Cost of a generation (median, US dollars)",
    "tokens": "Tokens of a generation (median)",
    PHASES: "Time of any phase (median, seconds)",
    SPENT: "All that was spent, for each document, each that passes, each approved (US dollars)",
    "rules": "Versions that break any of the five rules broken most (share, 0 to 1)",
    "decided": "Time to a first verdict (median, days)",
    "queue": "Age of the open reviews (median, days)",
    CHANGED: "Answers that changed the way (share, 0 to 1)",
}
QUALITY = "quality-"


def check_rule(
    charts: Mapping[str, Chart], *, measure: str, test: AlertTest, limit: float | None
) -> str | None:
    """Return a sentence when the rule is true now, else None; fewer than five values decide nothing.

    A measure with several lines (versions of a scorer, phases) is true when any of them is.
    """
    chart = charts.get(measure)
    if chart is None:
        return None
    for series in chart.series:
        change = series.change
        if change is None or change.now is None or change.num_now < FEW:
            continue
        name = chart.title if len(chart.series) == 1 else f"{chart.title}, {series.name}"
        now = f"{name}: {chart.measure.text(change.now)} (n = {change.num_now:,})"
        if test is AlertTest.WORSE:
            if change.called is Called.WORSE:
                before = f"{chart.measure.text(change.before)} (n = {change.num_before:,})"
                return f"{now}, worse than {before} in the period before."
        elif limit is not None and (change.now < limit if test is AlertTest.BELOW else change.now > limit):
            return f"{now}, {test} {limit_text(chart.measure, limit)}."
    return None


def limit_text(measure: Measure, limit: float) -> str:
    """Return a limit as its measure is written."""
    return measure.text(limit)
