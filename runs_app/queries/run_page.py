"""Everything that the page of one run shows."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from runs_app.domain.enums import Phase, RunKind, RunStatus
from runs_app.models import ImportProblem, MetricPoint, Run, RunArtifact, RunMetric, RunOutcome

CHART_WIDTH = 640
CHART_HEIGHT = 180
CHART_POINTS = 5000
CHART_DRAWN = 600
SPARK_POINTS = 20_000
MOST_BELOW = 500
DEEPEST = 5


@dataclass(frozen=True, slots=True)
class PhaseBar:
    """A run below, ``depth`` levels down (from 0), with its place on the time line: ``start`` and ``width`` in thousandths.

    ``run`` is None for a phase that has not begun; then ``phase`` says which, and ``is_expected`` whether it still may.
    """

    run: Run | None
    start: int = 0
    width: int = 0
    depth: int = 0
    phase: str = ""
    is_expected: bool = False
    seconds: float | None = None

    @property
    def indent(self) -> str:
        """Blanks before a run that is further down."""
        return "  " * (self.depth - 1)


@dataclass(frozen=True, slots=True)
class Spark:
    """A small picture of a metric's history: the line as SVG coordinates in 100 by 20, and how many points it has."""

    line: str
    num_points: int


@dataclass(frozen=True, slots=True)
class History:
    """A metric's points in order, and the line through the finite ones as SVG coordinates."""

    key: str
    points: tuple[MetricPoint, ...]
    line: str
    lowest: float | None
    highest: float | None
    is_cut: bool


def phases_of(run: Run, *, now: datetime) -> tuple[PhaseBar, ...]:
    """Return the runs below ``run`` as a tree in reading order, oldest first, each with its share of the time so far.

    A generation that has not ended well also names the phases that never began.
    """
    found = _below(run)
    everyone = [run, *(child for child, _ in found)]
    starts = [one.started_at for one in everyone if one.started_at]
    begin = min(starts, default=now)
    ends = [_end_of(one, now) for one in everyone if one.started_at]
    whole = max((max(ends, default=now) - begin).total_seconds(), 0.001)
    bars = [_bar(child, depth, begin, whole, now) for child, depth in found]
    seen = {child.phase for child, _ in found}
    is_over = run.status not in {RunStatus.RUNNING, RunStatus.SCHEDULED}
    if run.kind == RunKind.GENERATION and seen - {""} and run.status != RunStatus.FINISHED:
        bars += [PhaseBar(None, phase=phase, is_expected=not is_over) for phase in Phase if phase not in seen]
    return tuple(bars)


def _below(run: Run) -> list[tuple[Run, int]]:
    """Return the runs below in reading order, each with its depth; at most ``MOST_BELOW`` and ``DEEPEST`` levels."""
    children: dict[int, list[Run]] = {}
    level = [run.pk]
    num = 0
    for _ in range(DEEPEST):
        rows = Run.objects.filter(parent_id__in=level).order_by("started_at", "pk")[: MOST_BELOW - num]
        level = []
        for row in rows:
            children.setdefault(row.parent_id or 0, []).append(row)
            level.append(row.pk)
        num += len(level)
        if not any(row.num_children for row in rows):
            break
    ordered: list[tuple[Run, int]] = []
    waiting = [(child, 0) for child in reversed(children.get(run.pk, []))]
    while waiting:
        one, depth = waiting.pop()
        ordered.append((one, depth))
        waiting += [(child, depth + 1) for child in reversed(children.get(one.pk, []))]
    return ordered


def _bar(child: Run, depth: int, begin: datetime, whole: float, now: datetime) -> PhaseBar:
    if child.started_at is None:
        return PhaseBar(child, depth=depth, seconds=child.duration_seconds)
    start = min(992, round(1000 * (child.started_at - begin).total_seconds() / whole))
    width = max(8, round(1000 * (_end_of(child, now) - child.started_at).total_seconds() / whole))
    return PhaseBar(child, start, min(width, 1000 - start), depth, seconds=seconds_so_far(child, now=now))


def _end_of(run: Run, now: datetime) -> datetime:
    if run.ended_at:
        return run.ended_at
    return now if run.status == RunStatus.RUNNING else run.started_at or now


def seconds_so_far(run: Run, *, now: datetime) -> float | None:
    """Return how long a run took, or has taken until now while it is running; None when nobody knows."""
    if run.duration_seconds is not None or run.started_at is None or run.status != RunStatus.RUNNING:
        return run.duration_seconds
    return (now - run.started_at).total_seconds()


def sparks_of(run: Run) -> dict[str, Spark]:
    """Return a small picture for each metric of ``run`` that changed over time, by its key."""
    series: dict[str, list[float]] = {}
    points = run.metric_points.filter(value__isnull=False).order_by("key", "step", "timestamp_ms")
    for key, value in points.values_list("key", "value")[:SPARK_POINTS]:
        if value is not None and math.isfinite(value):
            series.setdefault(key, []).append(value)
    return {key: Spark(_spark_line(values), len(values)) for key, values in series.items() if len(values) > 1}


def _spark_line(values: list[float]) -> str:
    low, spread = min(values), (max(values) - min(values)) or 1.0
    every = max(1, len(values) // 100)
    last = len(values) - 1
    return " ".join(
        f"{100 * index / last:.1f},{19 - 18 * (values[index] - low) / spread:.1f}"
        for index in [*range(0, last, every), last]
    )


def outcome_of(run: Run) -> RunOutcome | None:
    """Return what the run made, with its version and reports, or None."""
    rows = RunOutcome.objects.select_related("version__skill", "validation_report", "quality_assessment")
    return rows.filter(run=run).first()


def metrics_of(run: Run) -> list[RunMetric]:
    """Return the latest value of each metric, by name."""
    return list(run.metrics.order_by("key"))


def problems_of(run: Run) -> list[ImportProblem]:
    """Return what could not be read of this run and is still open."""
    return list(ImportProblem.objects.filter(source=run.source, run_id=run.run_id, closed_at=None))


def history_of(run: Run, key: str) -> History | None:
    """Return the history of one metric, the first 5,000 points; None when the run has no such metric."""
    points = list(
        run.metric_points.filter(key=key).order_by("step", "timestamp_ms", "pk")[: CHART_POINTS + 1]
    )
    if not points and not run.metrics.filter(key=key).exists():
        return None
    kept = points[:CHART_POINTS]
    finite = [
        (index, p.value) for index, p in enumerate(kept) if p.value is not None and math.isfinite(p.value)
    ]
    if not finite:
        return History(key, tuple(kept), "", None, None, len(points) > CHART_POINTS)
    low, high = min(v for _, v in finite), max(v for _, v in finite)
    every = max(1, len(finite) // CHART_DRAWN)
    spread = (high - low) or 1.0
    last = max(1, len(kept) - 1)
    line = " ".join(
        f"{index / last * CHART_WIDTH:.1f},{CHART_HEIGHT - (value - low) / spread * CHART_HEIGHT:.1f}"
        for index, value in finite[::every]
    )
    return History(key, tuple(kept), line, low, high, len(points) > CHART_POINTS)


def points_of(run: Run, key: str) -> Iterator[tuple[int, int, float | None, str]]:
    """Yield every point of a metric: step, milliseconds since 1970, value, and the word for one that is no number."""
    points = run.metric_points.filter(key=key).order_by("step", "timestamp_ms", "pk")
    yield from points.values_list("step", "timestamp_ms", "value", "special").iterator(chunk_size=2_000)


def artifact_of(run: Run, path: str) -> RunArtifact | None:
    """Return one artifact of a run by its path, or None."""
    return run.artifacts.filter(path=path).first()
