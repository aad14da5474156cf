"""The charts of the trends pages, made from totals by bucket and the totals of the period before."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import partial

from runs_app.domain.trends.change import FEW, Called, Change, change_of_medians, change_of_shares
from runs_app.domain.trends.chart import MOST_SERIES, Chart, Event, Measure, Point, Series
from runs_app.domain.trends.funnel import cost_for_each
from runs_app.domain.trends.intervals import METHODS, median_interval
from runs_app.domain.trends.periods import Bucket, Period
from runs_app.domain.trends.sketch import Sketch
from runs_app.domain.trends.totals import Effort, RunTotals, VersionTotals, version_order
from skills_app.domain.intervals import Interval, wilson

QUARTILES = "the middle half of the values"
WILSON_BAND = "the 95 % interval of the share"
# As the funnel counts them, in the words of lines.
_SPENT_WORDS = {"generated": "left a document", "passed": "passes its gate", "approved": "was approved"}
_CALLED = frozenset({Called.BETTER, Called.WORSE})
_PHASE_WORDS = {"understand": "understand", "generate": "generate", "validate": "validate"}


@dataclass(frozen=True, slots=True)
class Trend:
    """Totals of one period by bucket, whole, and of the period before."""

    period: Period
    run_buckets: Sequence[RunTotals]
    runs: RunTotals
    runs_before: RunTotals
    version_buckets: Sequence[VersionTotals]
    versions: VersionTotals
    versions_before: VersionTotals


def charts_of(
    trend: Trend, events: Sequence[Event] = (), *, keys: Collection[str] | None = None
) -> dict[str, Chart]:
    """Return the charts by key: the gate, one a scorer, rules, endings, cost, what was spent, tokens, and the time of each phase.

    Of ``keys`` only those are made that there are: the change of each costs some time to judge.
    """
    makers: dict[str, Callable[[Trend], Chart]] = {"gate": gate_chart}
    makers |= {f"quality-{scorer}": partial(score_chart, scorer=scorer) for scorer in scorers_of(trend)}
    makers |= {"rules": rules_chart, "ended": ended_chart, "cost": cost_chart, "spent": spent_chart}
    makers |= {"tokens": tokens_chart, "latency": phase_chart}
    return {
        key: replace(make(trend), events=tuple(events))
        for key, make in makers.items()
        if keys is None or key in keys
    }


def scorers_of(trend: Trend) -> list[str]:
    """Return the scorers with a score in the period or before, the one with most scores first."""
    counts: dict[str, int] = {}
    for totals in (trend.versions, trend.versions_before):
        for (scorer, _), sketch in totals.scores.items():
            counts[scorer] = counts.get(scorer, 0) + sketch.num
    return sorted(counts, key=lambda name: (-counts[name], name))


def gate_chart(trend: Trend) -> Chart:
    """Share of the versions made in each bucket that pass the gate in force today."""
    shares = [totals.gate_share for totals in trend.version_buckets]
    change = change_of_shares(trend.versions.gate_share, trend.versions_before.gate_share)
    series = Series("passed", share_points(trend.period, shares), change, (("gate", "judged"),))
    sentence = told_change(
        "Of the versions made in this time that could be judged, {now} pass their gate", change, Measure.SHARE
    )
    return Chart(
        "gate",
        "Versions that pass their gate",
        Measure.SHARE,
        trend.period,
        (series,),
        sentence,
        WILSON_BAND,
        METHODS["share"],
        "versions",
    )


def _first_bucket(trend: Trend, key: tuple[str, str]) -> int:
    """Return the number of the first bucket with scores of a scorer's version: what judges now is drawn before what judged once."""
    numbers = (number for number, totals in enumerate(trend.version_buckets) if key in totals.scores)
    return next(numbers, -1)


def score_chart(trend: Trend, scorer: str) -> Chart:
    """Median score by one scorer; each of its versions is a line of its own."""
    pairs = {key for totals in (trend.versions, trend.versions_before) for key in totals.scores}
    versions = sorted(
        {one for name, one in pairs if name == scorer},
        key=lambda one: (_first_bucket(trend, (scorer, one)), version_order(one)),
        reverse=True,
    )
    lines = []
    for version in versions:
        key = (scorer, version)
        sketches = [totals.scores.get(key, Sketch()) for totals in trend.version_buckets]
        now, before = (
            trend.versions.scores.get(key, Sketch()),
            trend.versions_before.scores.get(key, Sketch()),
        )
        name = f"{scorer} {version}".strip()
        change = change_of_medians(now, before)
        lines.append(Series(name, _medians(trend.period, sketches), change, (("scorer", name),)))
    told = [
        told_change(f"By {line.name} the median score is {{now}}", line.change, Measure.SCORE)
        for line in lines
    ]
    return Chart(
        f"quality-{scorer}",
        f"Quality by {scorer}",
        Measure.SCORE,
        trend.period,
        tuple(lines),
        " ".join(told),
        QUARTILES,
        METHODS["median"],
        "versions",
    )


def ended_chart(trend: Trend) -> Chart:
    """Share of the generations that have ended that ended well."""

    def share(totals: RunTotals) -> tuple[int, int]:
        return totals.num_over - totals.num_failed, totals.num_over

    change = change_of_shares(share(trend.runs), share(trend.runs_before))
    points = share_points(trend.period, [share(one) for one in trend.run_buckets])
    series = Series("finished", points, change, (("known", "end"),))
    sentence = told_change("Of the generations that have ended, {now} finished", change, Measure.SHARE)
    title = "Generations that finish"
    return Chart(
        "ended",
        title,
        Measure.SHARE,
        trend.period,
        (series,),
        sentence,
        WILSON_BAND,
        METHODS["share"],
        "runs",
    )


def cost_chart(trend: Trend) -> Chart:
    """Median cost of a generation that states one."""
    return _effort_chart(
        trend,
        "cost",
        "Cost of a generation",
        Measure.COST,
        "A generation costs {now} in the middle",
        lambda e: e.costs,
    )


def rules_chart(trend: Trend) -> Chart:
    """Share of the versions made in each bucket that break a rule, of the rules that are broken most."""
    lines = []
    for name, change, *_ in rule_changes(trend.versions, trend.versions_before)[:MOST_SERIES]:
        shares = [(totals.breakers[name], totals.num) for totals in trend.version_buckets]
        lines.append(Series(name, share_points(trend.period, shares), change))
    told = [
        told_change(f"{{now}} of the versions break {one.name}", one.change, Measure.SHARE) for one in lines
    ]
    # Whoever reads that something changed is told what, and not the rule that happens to be the first.
    called = [
        text for text, one in zip(told, lines, strict=True) if one.change and one.change.called in _CALLED
    ]
    return Chart(
        "rules",
        "Findings by rule",
        Measure.SHARE,
        trend.period,
        tuple(lines),
        " ".join(called or told[:1]) or "No version of this period breaks a rule.",
        WILSON_BAND,
        METHODS["share"],
        "versions",
    )


def spent_chart(trend: Trend) -> Chart:
    """All that was spent in each bucket, on failures too, for each generation that came to a stage."""
    lines = []
    told = []
    for stage, words in _SPENT_WORDS.items():
        points = tuple(
            Point(bucket, cost_for_each(totals, stage), None, None, totals.stages[stage])
            for bucket, totals in zip(trend.period.buckets(), trend.run_buckets, strict=True)
        )
        now, before = (cost_for_each(totals, stage) for totals in (trend.runs, trend.runs_before))
        num, num_before = trend.runs.stages[stage], trend.runs_before.stages[stage]
        change = Change(now, before, num, num_before, None, Called.NO_INTERVAL)
        lines.append(Series(words, points, change, (("came", stage),)))
        if now is not None:
            was = (
                ""
                if before is None
                else f", {Measure.COST.text(before)} (n = {num_before:,}) in the period before"
            )
            told.append(f"{Measure.COST.text(now)} for each that {words} (n = {num:,}){was}")
    return Chart(
        "spent",
        "All that was spent, for each that",
        Measure.COST,
        trend.period,
        tuple(lines),
        f"All that was spent, on failures too, is {'; '.join(told)}."
        if told
        else "No document was made in this period.",
        "",
        "",
        "runs",
    )


def tokens_chart(trend: Trend) -> Chart:
    """Median number of tokens of a generation that states them."""
    words = "A generation takes {now} tokens in the middle"
    return _effort_chart(
        trend, "tokens", "Tokens of a generation", Measure.NUMBER, words, lambda e: e.token_counts
    )


def phase_chart(trend: Trend) -> Chart:
    """Median time of each phase."""
    lines = []
    for phase in _PHASE_WORDS:
        sketches = [_phase(one, phase).seconds for one in trend.run_buckets]
        change = change_of_medians(
            _phase(trend.runs, phase).seconds, _phase(trend.runs_before, phase).seconds, is_more_better=False
        )
        if change.num_now or change.num_before:
            points = _medians(trend.period, sketches)
            lines.append(Series(_PHASE_WORDS[phase], points, change, (("phase", phase),)))
    told = [
        told_change(f"The phase {line.name} takes {{now}} in the middle", line.change, Measure.SECONDS)
        for line in lines
    ]
    return Chart(
        "latency",
        "Time by phase",
        Measure.SECONDS,
        trend.period,
        tuple(lines),
        " ".join(told) or "No phase was timed in this period.",
        QUARTILES,
        METHODS["median"],
        "runs",
    )


@dataclass(frozen=True, slots=True)
class RulerChange:
    """A scorer that went from one version to another: what the ruler did, and what the skills did by the new ruler alone.

    ``by`` is the median of new less old score of the ``num`` documents that both judged, with its bootstrap interval;
    ``skills`` is the change of the median by the new version, this period against the one before.
    """

    scorer: str
    old: str
    new: str
    num: int
    by: float
    interval: Interval
    skills: Change

    @property
    def line(self) -> str:
        """The new version as the lines of charts are named."""
        return f"{self.scorer} {self.new}".strip()

    @property
    def is_few(self) -> bool:
        """Whether too few documents were judged by both to say anything."""
        return self.num < FEW

    @property
    def said(self) -> str:
        """Whether the ruler gives more or less, as far as the interval tells."""
        if self.is_few:
            return "too few"
        low, high = self.interval
        return "gives more" if low > 0 else "gives less" if high < 0 else "no evidence of change"


def ruler_changes(trend: Trend, first_days: Mapping[str, date] | None = None) -> list[RulerChange]:
    """Return each pair of versions of a scorer that judged the same documents, made in the period or the one before.

    Of two the newer is the one that judged later first, where ``first_days`` tells it by scorer and version: judging models
    have no numbers.
    """
    days = first_days or {}
    whole = VersionTotals()
    for totals in (trend.versions, trend.versions_before):
        whole.merge(totals)
    found = []
    for (scorer, old, new), sketch in sorted(whole.rulers.items()):
        interval, by = median_interval(sketch), sketch.median
        if interval is None or by is None:
            continue
        old_day, new_day = (days.get(f"{scorer} {version}".strip()) for version in (old, new))
        if old_day is not None and new_day is not None and new_day < old_day:
            old, new, by, interval = new, old, -by, (-interval[1], -interval[0])
        now, before = (
            totals.scores.get((scorer, new), Sketch()) for totals in (trend.versions, trend.versions_before)
        )
        found.append(RulerChange(scorer, old, new, sketch.num, by, interval, change_of_medians(now, before)))
    return found


def rule_changes(now: VersionTotals, before: VersionTotals) -> list[tuple[str, Change, int, int]]:
    """Return each rule, the change of the share of versions that break it, its findings now and before; most broken first."""
    names = sorted(now.breakers.keys() | before.breakers.keys(), key=lambda name: (-now.breakers[name], name))
    return [
        (
            name,
            change_of_shares(
                (now.breakers[name], now.num), (before.breakers[name], before.num), is_more_better=False
            ),
            now.findings[name],
            before.findings[name],
        )
        for name in names
    ]


def _effort_chart(
    trend: Trend, key: str, title: str, measure: Measure, words: str, pick: Callable[[Effort], Sketch]
) -> Chart:
    change = change_of_medians(pick(trend.runs.effort), pick(trend.runs_before.effort), is_more_better=False)
    sketches = [pick(one.effort) for one in trend.run_buckets]
    series = Series("median", _medians(trend.period, sketches), change, (("known", key),))
    sentence = told_change(words, change, measure)
    return Chart(key, title, measure, trend.period, (series,), sentence, QUARTILES, METHODS["median"], "runs")


def _phase(totals: RunTotals, phase: str) -> Effort:
    return totals.phases.get(phase) or Effort()


def share_points(period: Period, shares: Sequence[tuple[int, int]]) -> tuple[Point, ...]:
    points = []
    for bucket, (yes, num) in zip(period.buckets(), shares, strict=True):
        low, high = wilson(yes, num)
        points.append(Point(bucket, yes / num, low, high, num) if num else empty_point(bucket))
    return tuple(points)


def _medians(period: Period, sketches: Sequence[Sketch]) -> tuple[Point, ...]:
    return tuple(
        Point(bucket, one.median, one.quantile(0.25), one.quantile(0.75), one.num)
        if one.num
        else empty_point(bucket)
        for bucket, one in zip(period.buckets(), sketches, strict=True)
    )


def empty_point(bucket: Bucket) -> Point:
    return Point(bucket, None, None, None, 0)


def told_change(words: str, change: Change | None, measure: Measure) -> str:
    """Return one sentence by ``words``, which hold ``{now}``: the value, how many stand behind it, and what may be said of the change."""
    if change is None or change.now is None:
        return "Nothing was measured in this period."
    said = f"{words.format(now=measure.text(change.now))} (n = {change.num_now:,})"
    if change.called is Called.NOTHING_BEFORE:
        return f"{said}; there is nothing in the period before to compare with."
    before = f"{measure.text(change.before)} (n = {change.num_before:,}) in the period before"
    if change.called is Called.TOO_FEW:
        return f"{said}, against {before}: fewer than {FEW} on one side, too few to call it a change."
    if change.called is Called.NO_EVIDENCE:
        return f"{said}, against {before}: no evidence of a change."
    return f"{said}, against {before}: {change.called}."


def empty_trend(period: Period) -> Trend:
    """Return a trend without anything in it."""
    num = len(period.buckets())
    return Trend(
        period,
        [RunTotals() for _ in range(num)],
        RunTotals(),
        RunTotals(),
        [VersionTotals() for _ in range(num)],
        VersionTotals(),
        VersionTotals(),
    )
