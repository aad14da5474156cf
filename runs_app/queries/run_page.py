"""Everything that the page of one run shows."""

import math
from dataclasses import dataclass

from runs_app.models import ImportProblem, MetricPoint, Run, RunArtifact, RunMetric, RunOutcome

CHART_WIDTH = 640
CHART_HEIGHT = 180
CHART_POINTS = 5000
CHART_DRAWN = 600


@dataclass(frozen=True, slots=True)
class PhaseBar:
    """A child run with its place on the parent's time line: ``start`` and ``width`` in thousandths."""

    run: Run
    start: int
    width: int


@dataclass(frozen=True, slots=True)
class History:
    """A metric's points in order, and the line through the finite ones as SVG coordinates."""

    key: str
    points: tuple[MetricPoint, ...]
    line: str
    lowest: float | None
    highest: float | None
    is_cut: bool


def children_of(run: Run) -> tuple[PhaseBar, ...]:
    """Return the runs below ``run``, oldest first, each with its share of the parent's duration."""
    children = list(run.children.order_by("started_at", "pk")[:500])
    starts = [one.started_at for one in [run, *children] if one.started_at]
    ends = [one.ended_at or one.started_at for one in [run, *children] if one.started_at]
    if not starts:
        return tuple(PhaseBar(child, 0, 0) for child in children)
    begin = min(starts)
    whole = max((max(end for end in ends if end) - begin).total_seconds(), 0.001)
    bars = []
    for child in children:
        offset = (child.started_at - begin).total_seconds() if child.started_at else 0.0
        width = max(8, round(1000 * (child.duration_seconds or 0.0) / whole))
        start = min(992, round(1000 * offset / whole))
        bars.append(PhaseBar(child, start, min(width, 1000 - start)))
    return tuple(bars)


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


def artifact_of(run: Run, path: str) -> RunArtifact | None:
    """Return one artifact of a run by its path, or None."""
    return run.artifacts.filter(path=path).first()
