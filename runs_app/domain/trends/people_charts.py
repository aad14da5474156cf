"""Charts of how long people let others wait, and of what the questions to them changed."""

import math
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Protocol

from runs_app.domain.prompts import PromptKind
from runs_app.domain.trends.change import Change
from runs_app.domain.trends.chart import Chart, Event, Measure, Point, Series
from runs_app.domain.trends.charts import QUARTILES, WILSON_BAND, empty_point, share_points, told_change
from runs_app.domain.trends.intervals import METHODS
from runs_app.domain.trends.periods import Bucket, Period


@dataclass(frozen=True, slots=True)
class WaitSeries:
    """What people did in each bucket of a period.

    ``decided`` holds the days until each first verdict, ``queue`` the days that each review had waited that was open when the
    bucket was over, or now (as far as buckets have begun), ``asked`` the number of questions by kind, and ``changed`` how many
    answers changed the way, of how many of which that is known.
    """

    decided: Sequence[Sequence[float]]
    queue: Sequence[Sequence[float]]
    asked: Sequence[Mapping[str, int]]
    changed: Sequence[tuple[int, int]]


class WaitChanges(Protocol):
    """The changes of a whole period: days until a verdict, days in the queue, and the share of answers that changed the way."""

    @property
    def decided(self) -> Change: ...
    @property
    def queue(self) -> Change: ...
    @property
    def changed(self) -> Change: ...


def people_charts_of(
    period: Period,
    series: WaitSeries,
    changes: WaitChanges,
    events: Sequence[Event] = (),
    *,
    keys: Collection[str] | None = None,
) -> dict[str, Chart]:
    """Return the charts by key, or those of ``keys``: time to a decision, age of the queue, questions, and what they changed."""
    makers: dict[str, Callable[[], Chart]] = {
        "decided": partial(decided_chart, period, series.decided, changes.decided),
        "queue": partial(queue_chart, period, series.queue, changes.queue),
        "asked": partial(asked_chart, period, series.asked),
        "changed": partial(changed_chart, period, series.changed, changes.changed),
    }
    return {
        key: replace(make(), events=tuple(events))
        for key, make in makers.items()
        if keys is None or key in keys
    }


PEOPLE_CHARTS = frozenset({"decided", "queue", "asked", "changed"})


def decided_chart(period: Period, days: Sequence[Sequence[float]], change: Change) -> Chart:
    """Median days from the opening of a review to its first verdict, by when that was given."""
    points = _quantiles(period.buckets(), days)
    words = "A review has its first verdict after {now} in the middle"
    return Chart(
        "decided",
        "Time to a decision",
        Measure.DAYS,
        period,
        (Series("median", points, change, (("wait", "decided"),)),),
        told_change(words, change, Measure.DAYS),
        QUARTILES,
        METHODS["median"],
        "reviews",
    )


def queue_chart(period: Period, days: Sequence[Sequence[float]], change: Change) -> Chart:
    """Median days that open reviews had waited at the end of each bucket."""
    points = _quantiles(period.buckets(), days)
    return Chart(
        "queue",
        "Age of the queue",
        Measure.DAYS,
        period,
        (Series("median", points, change, (("wait", "ended"),)),),
        _told_queue(change),
        f"{QUARTILES} at the end of the days",
        METHODS["median"],
        "reviews",
        whole="Now, against when the period began",
    )


def asked_chart(period: Period, asked: Sequence[Mapping[str, int]]) -> Chart:
    """Number of questions that were asked in each bucket, a line for each kind."""
    kinds = [kind for kind in PromptKind if any(kind in bucket for bucket in asked)]
    lines = []
    for kind in kinds:
        nums = [bucket.get(kind, 0) for bucket in asked]
        points = tuple(
            Point(bucket, float(num), None, None, num)
            for bucket, num in zip(period.buckets(), nums, strict=True)
        )
        lines.append(Series(kind.replace("_", " "), points, None, (("kind", kind.value),)))
    nums_by_kind = [
        f"{sum(bucket.get(kind, 0) for bucket in asked):,} to {kind.replace('_', ' ')}" for kind in kinds
    ]
    total = sum(sum(bucket.values()) for bucket in asked)
    sentence = f"{total:,} question{'' if total == 1 else 's'} asked: {', '.join(nums_by_kind)}."
    return Chart(
        "asked",
        "Questions that were asked",
        Measure.NUMBER,
        period,
        tuple(lines),
        sentence if total else "Nothing was asked in this period.",
        "",
        "",
        "questions",
    )


def changed_chart(period: Period, changed: Sequence[tuple[int, int]], change: Change) -> Chart:
    """Share of the answers that changed the way, of those of which it is known, by when the question was asked."""
    words = "Of the answers of which it is known, {now} changed the way"
    line = Series("changed", share_points(period, changed), change, (("answer", "known"),))
    return Chart(
        "changed",
        "Answers that changed the way",
        Measure.SHARE,
        period,
        (line,),
        told_change(words, change, Measure.SHARE),
        WILSON_BAND,
        METHODS["share"],
        "questions",
    )


def _told_queue(change: Change) -> str:
    """Return one sentence: how long open reviews have waited now, and when the period began."""
    text = Measure.DAYS.text
    now = f"Open reviews have waited {text(change.now)} in the middle (n = {change.num_now:,})"
    if change.now is None:
        now = "No review is open now"
    if change.before is None:
        return f"{now}; none was open when the period began."
    return f"{now}, against {text(change.before)} (n = {change.num_before:,}) when the period began: {change.called}."


def _quantiles(buckets: Sequence[Bucket], days: Sequence[Sequence[float]]) -> tuple[Point, ...]:
    """Return median and quartiles of each bucket by the nearest rank; buckets beyond the values are empty."""
    points = []
    for number, bucket in enumerate(buckets):
        values = sorted(days[number]) if number < len(days) else []
        if not values:
            points.append(empty_point(bucket))
            continue
        middle, low, high = (values[math.ceil(len(values) * share) - 1] for share in (0.5, 0.25, 0.75))
        points.append(Point(bucket, middle, low, high, len(values)))
    return tuple(points)
