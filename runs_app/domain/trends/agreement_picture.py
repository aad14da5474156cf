"""Where the dots of two scores, and the bars of a calibration, stand in their pictures."""

from dataclasses import dataclass

from runs_app.domain.trends.agreement import Calibration, CalibrationBin, ScoredTwice, ScorePair

SIDE, LEFT, TOP = 300, 46, 26
WIDTH, HEIGHT = LEFT + SIDE + 14, TOP + SIDE + 46
TICKS = (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)


@dataclass(frozen=True, slots=True)
class Dot:
    """A version in the scatter: its place, and its values."""

    x: float
    y: float
    version: ScoredTwice


@dataclass(frozen=True, slots=True)
class Bar:
    """A fifth of the scale: the place of its mean score and share approved, and the ends of the interval."""

    x: float
    y: float
    low: float
    high: float
    bin: CalibrationBin


def place_across(value: float) -> float:
    """Return the place of a value within 0 and 1 from the left; one outside stands at the edge."""
    return round(LEFT + SIDE * min(max(value, 0.0), 1.0), 1)


def place_up(value: float) -> float:
    """Return the place of a value within 0 and 1 from the top; one outside stands at the edge."""
    return round(TOP + SIDE * (1 - min(max(value, 0.0), 1.0)), 1)


def dots_of(pair: ScorePair) -> tuple[Dot, ...]:
    """Return a dot for each version, those that were not approved last, so that they lie on top."""
    ordered = sorted(pair.versions, key=lambda one: (not one.is_approved, one.version_id))
    return tuple(Dot(place_across(one.across), place_up(one.up), one) for one in ordered)


def bars_of(calibration: Calibration) -> tuple[Bar, ...]:
    """Return a bar for each fifth of the scale that holds a version."""
    return tuple(
        Bar(
            place_across(one.mean),
            place_up(one.share),
            place_up(one.interval[0]),
            place_up(one.interval[1]),
            one,
        )
        for one in calibration.bins
        if one.mean is not None and one.share is not None
    )


def ticks() -> tuple[tuple[float, float, str], ...]:
    """Return each tick: its place from the left, its place from the top, its words."""
    return tuple((place_across(value), place_up(value), f"{value:.1f}") for value in TICKS)
