"""A chart as values: series of points with bands, marks of events, a sentence, and its places in an SVG."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from runs_app.domain.cell_text import cost_text, days_text, duration_text, number_text
from runs_app.domain.trends.change import FEW, Change
from runs_app.domain.trends.periods import Bucket, Period, Unit

WIDTH, HEIGHT = 400, 210
LEFT, RIGHT, TOP, BOTTOM = 66, 10, 18, 24
MOST_SERIES = 5
# So many marks are drawn, the newest; the events of one day share a mark.
MOST_MARKS = 12
NOTE_HEIGHT = 14
_MOST_DECIMALS = 9


class Measure(StrEnum):
    """How a value is written."""

    SHARE = "share"
    SCORE = "score"
    COST = "cost"
    SECONDS = "seconds"
    DAYS = "days"
    NUMBER = "number"

    def text(self, value: float | None) -> str:
        """Return ``value`` as people read it."""
        if value is None:
            return "–"
        if self is Measure.SHARE:
            value = round(value, 4)
            return f"{value:.0%}" if value in (0, 1) or 0.1 <= value <= 0.995 else f"{value:.1%}"
        if self is Measure.SCORE:
            return f"{value:.3f}"
        if self is Measure.COST:
            return cost_text(value)
        if self is Measure.DAYS:
            return days_text(value)
        return duration_text(value) if self is Measure.SECONDS else number_text(round(value, 2))

    def tick_text(self, value: float, step: float) -> str:
        """Return ``value`` for an axis whose ticks are ``step`` apart: with as many decimals as the step has."""
        num_decimals = min(max(0, math.ceil(-math.log10(step) - 1e-9)), _MOST_DECIMALS)
        if self is Measure.SCORE:
            return f"{value:.{num_decimals}f}"
        if self is Measure.COST:
            return f"${value:,.{max(num_decimals, 2) if num_decimals else 0}f}"
        if self is Measure.DAYS:
            return f"{value:,.{num_decimals}f} d"
        return self.text(value)


@dataclass(frozen=True, slots=True)
class Point:
    """The value of one bucket, its band, and how many stand behind it; no value where there were none."""

    bucket: Bucket
    value: float | None
    low: float | None
    high: float | None
    num: int

    @property
    def is_small(self) -> bool:
        """Whether too few stand behind it to say anything."""
        return self.num < FEW


@dataclass(frozen=True, slots=True)
class Series:
    """One line. A scorer in another version is another series, so that no line joins two rulers.

    ``behind`` holds names and values that narrow the rows behind a point beyond the page and its days.
    """

    name: str
    points: tuple[Point, ...]
    change: Change | None = None
    behind: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened on a day and may explain a change; ``kind`` is one word."""

    day: date
    kind: str
    label: str
    url: str = ""


@dataclass(frozen=True, slots=True)
class Chart:
    """One chart. ``band`` says in words what the band is, ``method`` how a change is judged, ``subject`` which rows stand behind.

    Without a band or a judged change their words are empty; ``whole`` says what the changes of its lines are of.
    """

    key: str
    title: str
    measure: Measure
    period: Period
    series: tuple[Series, ...]
    sentence: str
    band: str
    method: str
    subject: str
    events: tuple[Event, ...] = ()
    whole: str = "Whole period"

    @property
    def has_values(self) -> bool:
        """Whether there is anything to draw."""
        return any(point.value is not None for series in self.series for point in series.points)


@dataclass(frozen=True, slots=True)
class DrawnPoint:
    """A point with its place, and its words."""

    x: float
    y: float
    point: Point
    text: str


@dataclass(frozen=True, slots=True)
class DrawnSeries:
    """A series as SVG paths: the line, broken where a bucket has no value, and the band behind it."""

    number: int
    name: str
    line: str
    band: str
    points: tuple[DrawnPoint, ...]


@dataclass(frozen=True, slots=True)
class Drawn:
    """A chart with every place worked out; the events of one day share a mark and its number.

    ``num_left_out`` counts the lines beyond ``MOST_SERIES``, which only the table has, and ``num_earlier`` the marks before the
    newest ``MOST_MARKS``, of which the last is of the day ``earlier_until``.
    """

    series: tuple[DrawnSeries, ...]
    y_ticks: tuple[tuple[float, str], ...]
    x_ticks: tuple[tuple[float, str, str], ...]
    events: tuple[tuple[float, int, tuple[Event, ...]], ...]
    num_left_out: int = 0
    num_earlier: int = 0
    earlier_until: date | None = None

    @property
    def num_lines(self) -> int:
        """How many lines there are, drawn or not."""
        return len(self.series) + self.num_left_out


@dataclass(frozen=True, slots=True)
class Note:
    """A line of text below a picture that stands alone: its place, its words, and the number of the series it names, or 0."""

    y: int
    words: str
    series: int = 0


def draw(chart: Chart) -> Drawn:
    """Return the places of everything in a picture of ``WIDTH`` by ``HEIGHT``."""
    low, high, step = _range(chart)
    across = _Across(chart.period)
    span = HEIGHT - TOP - BOTTOM
    earlier, days = newest_days(chart.events)

    def up(value: float) -> float:
        return round(TOP + span * (1 - (value - low) / (high - low)), 1)

    return Drawn(
        series=tuple(
            _series(number, series, chart.measure, across, up)
            for number, series in enumerate(chart.series[:MOST_SERIES], start=1)
        ),
        y_ticks=tuple((up(value), chart.measure.tick_text(value, step)) for value in _ticks(low, high, step)),
        x_ticks=_x_ticks(chart.period, across),
        events=tuple(
            (across.day(day), number, tuple(event for event in chart.events if event.day == day))
            for number, day in enumerate(days, start=1)
        ),
        num_left_out=max(len(chart.series) - MOST_SERIES, 0),
        num_earlier=len(earlier),
        earlier_until=max(earlier, default=None),
    )


def newest_days(events: Sequence[Event]) -> tuple[list[date], list[date]]:
    """Return the days of events in order, each once: the earlier ones, and the newest ``MOST_MARKS``."""
    days = sorted({event.day for event in events})
    return days[:-MOST_MARKS], days[-MOST_MARKS:]


def notes_of(drawn: Drawn) -> tuple[Note, ...]:
    """Return what stands below a picture that stands alone: which line is which, what is left out, what each mark means."""
    words: list[tuple[str, int]] = []
    if drawn.num_lines > 1:
        words += [(series.name, series.number) for series in drawn.series]
    if drawn.num_left_out:
        words.append((f"{len(drawn.series)} of {drawn.num_lines} lines are drawn; the table has all.", 0))
    if drawn.num_earlier:
        words.append((f"{earlier_words(drawn.num_earlier)} not drawn.", 0))
    for _, number, events in drawn.events:
        day = events[0].day
        words.append((f"{number}  {day.day} {day:%b %Y}: {', '.join(event.label for event in events)}", 0))
    return tuple(
        Note(HEIGHT + NOTE_HEIGHT * place, text, series)
        for place, (text, series) in enumerate(words, start=1)
    )


def earlier_words(num: int) -> str:
    """Return how many marks stand before those that are drawn, with the verb."""
    return "1 earlier mark is" if num == 1 else f"{num:,} earlier marks are"


class _Across:
    def __init__(self, period: Period) -> None:
        self.first = period.first
        self.step = (WIDTH - LEFT - RIGHT) / period.num_days

    def day(self, day: date) -> float:
        """Return the middle of a day."""
        return round(LEFT + ((day - self.first).days + 0.5) * self.step, 1)

    def middle(self, bucket: Bucket) -> float:
        """Return the middle of a bucket."""
        return round(LEFT + ((bucket.first - self.first).days + bucket.num_days / 2) * self.step, 1)


def _series(
    number: int, series: Series, measure: Measure, across: _Across, up: Callable[[float], float]
) -> DrawnSeries:
    pieces: list[list[DrawnPoint]] = [[]]
    for point in series.points:
        if point.value is None:
            pieces.append([])
            continue
        words = f"{bucket_text(point.bucket)}: {measure.text(point.value)}, n = {point.num:,}"
        pieces[-1].append(DrawnPoint(across.middle(point.bucket), up(point.value), point, words))
    kept = [piece for piece in pieces if piece]
    line = " ".join("M" + " L".join(f"{one.x},{one.y}" for one in piece) for piece in kept)
    has_band = any(one.point.high is not None for piece in kept for one in piece)
    band = " ".join(_band(piece, up) for piece in kept if len(piece) > 1) if has_band else ""
    return DrawnSeries(number, series.name, line, band, tuple(one for piece in kept for one in piece))


def _band(piece: Sequence[DrawnPoint], up: Callable[[float], float]) -> str:
    there = [f"{one.x},{one.y if one.point.high is None else up(one.point.high)}" for one in piece]
    back = [f"{one.x},{one.y if one.point.low is None else up(one.point.low)}" for one in reversed(piece)]
    return f"M{' L'.join([*there, *back])}Z"


def _range(chart: Chart) -> tuple[float, float, float]:
    """Return the ends of the axis and the step of its ticks; both ends are a tick."""
    whole = (0.0, 1.0, _step(0.0, 1.0))
    if chart.measure is Measure.SHARE:
        return whole
    values = [
        value
        for series in chart.series
        for point in series.points
        for value in (point.value, point.low, point.high)
        if value is not None
    ]
    if not values:
        return whole
    low, high = min(values), max(values)
    if chart.measure is not Measure.SCORE:
        low = min(low, 0.0)
    if high - low < max(abs(high), abs(low)) * 1e-6 + 1e-9:
        largest = max(abs(high), abs(low))
        margin = largest * 0.1 if largest > 1e-6 else 0.05
        low, high = low - margin, high + margin
    step = _step(low, high)
    return math.floor(low / step + 1e-9) * step, math.ceil(high / step - 1e-9) * step, step


def _step(low: float, high: float) -> float:
    rough = (high - low) / 4
    power = 10 ** math.floor(math.log10(rough))
    return next(power * times for times in (1, 2, 5, 10) if power * times >= rough)


def _ticks(low: float, high: float, step: float) -> list[float]:
    first = math.ceil(low / step - 1e-9)
    return [round(number * step, 9) for number in range(first, math.floor(high / step + 1e-9) + 1)]


def _x_ticks(period: Period, across: _Across) -> tuple[tuple[float, str, str], ...]:
    """Return at most four labels: place, words, and where the words are anchored; those at an end do not leave the picture."""
    buckets = period.buckets()
    chosen = buckets[:: max(1, -(-len(buckets) // 4))]
    long = period.unit is Unit.MONTH
    anchors = {buckets[-1]: "end", buckets[0]: "start"}
    ticks = []
    for bucket in chosen:
        words = f"{bucket.first:%b %Y}" if long else f"{bucket.first.day} {bucket.first:%b}"
        ticks.append((across.middle(bucket), words, anchors.get(bucket, "middle")))
    return tuple(ticks)


def bucket_text(bucket: Bucket) -> str:
    """Return the days of a bucket in words."""
    if bucket.first == bucket.last:
        return f"{bucket.first.day} {bucket.first:%b %Y}"
    if bucket.first.year == bucket.last.year:
        return f"{bucket.first.day} {bucket.first:%b} to {bucket.last.day} {bucket.last:%b %Y}"
    return f"{bucket.first.day} {bucket.first:%b %Y} to {bucket.last.day} {bucket.last:%b %Y}"
