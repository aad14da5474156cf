"""Many runs in one picture: a scatter of two numbers, or a line a run across parallel axes."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

WIDTH, HEIGHT = 720, 320
LEFT, RIGHT, TOP, BOTTOM = 64, 48, 20, 40
MOST_AXES = 8


@dataclass(frozen=True, slots=True)
class Axis:
    """One number: its name, its least and greatest value, and where it stands in a picture of parallel axes."""

    name: str
    low: float
    high: float
    place: float = 0.0

    def share(self, value: float) -> float:
        """Return where ``value`` lies between the ends, 0 to 1."""
        return 0.5 if self.high == self.low else (value - self.low) / (self.high - self.low)


@dataclass(frozen=True, slots=True)
class Dot:
    """One run in a scatter."""

    key: int
    x: float
    y: float
    group: int


@dataclass(frozen=True, slots=True)
class Line:
    """One run across parallel axes, broken where it has no value."""

    key: int
    path: str
    group: int


def axis_of(name: str, values: Sequence[Mapping[str, float | None]]) -> Axis | None:
    """Return the axis of a number, or None when no run has it."""
    found = [value for row in values if (value := row.get(name)) is not None and math.isfinite(value)]
    return Axis(name, min(found), max(found)) if found else None


def scatter(
    keys: Sequence[int],
    values: Sequence[Mapping[str, float | None]],
    groups: Sequence[int],
    *,
    across: Axis,
    up: Axis,
) -> tuple[Dot, ...]:
    """Return a dot for each run that has both numbers."""
    dots = []
    for key, row, group in zip(keys, values, groups, strict=True):
        one, other = row.get(across.name), row.get(up.name)
        if one is None or other is None or not (math.isfinite(one) and math.isfinite(other)):
            continue
        x = LEFT + across.share(one) * (WIDTH - LEFT - RIGHT)
        y = TOP + (1 - up.share(other)) * (HEIGHT - TOP - BOTTOM)
        dots.append(Dot(key, round(x, 1), round(y, 1), group))
    return tuple(dots)


def parallel(
    keys: Sequence[int],
    values: Sequence[Mapping[str, float | None]],
    groups: Sequence[int],
    names: Sequence[str],
) -> tuple[tuple[Axis, ...], tuple[Line, ...]]:
    """Return the axes (those that some run has a value of, at most eight) and a line for each run that crosses any two."""
    known = [axis for name in names if (axis := axis_of(name, values)) is not None][:MOST_AXES]
    step = (WIDTH - LEFT - RIGHT) / max(len(known) - 1, 1)
    axes = tuple(
        Axis(axis.name, axis.low, axis.high, round(LEFT + number * step, 1))
        for number, axis in enumerate(known)
    )
    lines = [
        Line(key, path, group)
        for key, row, group in zip(keys, values, groups, strict=True)
        if (path := _path(row, axes))
    ]
    return axes, tuple(lines)


def _path(row: Mapping[str, float | None], axes: Sequence[Axis]) -> str:
    words: list[str] = []
    is_drawing = False
    for axis in axes:
        value = row.get(axis.name)
        if value is None or not math.isfinite(value):
            is_drawing = False
            continue
        y = round(TOP + (1 - axis.share(value)) * (HEIGHT - TOP - BOTTOM), 1)
        words.append(f"{'L' if is_drawing else 'M'}{axis.place},{y}")
        is_drawing = True
    return " ".join(words) if any(word.startswith("L") for word in words) else ""
