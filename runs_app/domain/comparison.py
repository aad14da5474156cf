"""Two to six things side by side: only what differs, each number judged against the one that is pinned as baseline."""

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from runs_app.domain.cell_text import cost_text, duration_text, number_text, shortened

FEWEST, MOST = 2, 6
MOST_MANY = 500
GROUPS = ("Inputs", "Result", "Cost")
_MORE = ("score", "accuracy", "alignment", "passed", "reward", "precision", "recall", "f1", "auc")
# What a name ends with says what it measures, whatever it is the accuracy of.
_MORE_AT_THE_END = frozenset(
    {"accuracy", "alignment", "passed", "reward", "precision", "recall", "f1", "auc"}
)
_LESS = ("loss", "error", "warning", "cost", "token", "seconds", "duration", "latency", "finding", "critical")

# What a gate says, the better the higher.
_GATES = {"blocked": 0, "passed": 1}

Value = str | float | int | bool | None


class Verdict(StrEnum):
    """How a number stands to that of the baseline."""

    BETTER = "better"
    WORSE = "worse"
    SAME = "same"
    MORE = "more"
    LESS = "less"
    NONE = ""


@dataclass(frozen=True, slots=True)
class Cell:
    """A value as words; for a number, how much more it is than the baseline's and what that is called."""

    text: str
    by: str = ""
    verdict: Verdict = Verdict.NONE


@dataclass(frozen=True, slots=True)
class ComparedRow:
    """One name with a cell for each thing; ``is_different`` when not all say the same."""

    group: str
    name: str
    cells: tuple[Cell, ...]
    is_different: bool


def direction_of(name: str) -> int:
    """Return 1 where more of a measure is better, -1 where less is, 0 where nobody can say from its name."""
    low = name.lower()
    if re.split(r"[^a-z0-9]+", low.strip("_- "))[-1] in _MORE_AT_THE_END:
        return 1
    if any(word in low for word in _LESS):
        return -1
    return 1 if any(word in low for word in _MORE) else 0


def compare(
    things: Sequence[Mapping[tuple[str, str], Value]], *, baseline: int = 0
) -> tuple[ComparedRow, ...]:
    """Return a row for each name that any of ``things`` (by group and name) has, in the order of groups and first mention.

    ``baseline`` is the position of the thing that the others are judged against.
    """
    names = dict.fromkeys(key for thing in things for key in thing)
    ordered = sorted(names, key=lambda key: GROUPS.index(key[0]) if key[0] in GROUPS else len(GROUPS))
    return tuple(_row(key, [thing.get(key) for thing in things], baseline) for key in ordered)


def value_text(name: str, value: Value) -> str:
    """Return a value as people read it: costs and times by their names, a missing one as a dash."""
    if value is None or value == "":
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, str):
        return shortened(value, 200)
    low = name.lower()
    if "cost" in low:
        return cost_text(value) if value >= 0 else f"−{cost_text(-value)}"
    if "second" in low or "duration" in low:
        return duration_text(value) if value >= 0 else f"−{duration_text(-value)}"
    return number_text(value)


def _row(key: tuple[str, str], values: list[Value], baseline: int) -> ComparedRow:
    group, name = key
    base = values[baseline]
    cells = tuple(
        Cell(value_text(name, value)) if place == baseline else _cell(name, value, base)
        for place, value in enumerate(values)
    )
    return ComparedRow(group, name, cells, len({_identity(value) for value in values}) > 1)


def _identity(value: Value) -> tuple[str, Value]:
    return ("nothing", None) if value is None or value == "" else (type(value).__name__[:1], value)


def _cell(name: str, value: Value, base: Value) -> Cell:
    text = value_text(name, value)
    if name == "gate" and value in _GATES and base in _GATES:
        return _gate_cell(text, _GATES[str(value)] - _GATES[str(base)])
    if not _is_number(value) or not _is_number(base):
        return Cell(text)
    gap = float(value) - float(base)  # type: ignore[arg-type]
    if gap == 0:
        return Cell(text, "", Verdict.SAME)
    sign = "+" if gap > 0 else "−"
    by = f"{sign}{value_text(name, abs(gap))}"
    direction = direction_of(name)
    if not direction:
        return Cell(text, by, Verdict.MORE if gap > 0 else Verdict.LESS)
    return Cell(text, by, Verdict.BETTER if (gap > 0) == (direction > 0) else Verdict.WORSE)


def _gate_cell(text: str, gap: int) -> Cell:
    if not gap:
        return Cell(text, "", Verdict.SAME)
    return Cell(text, "▲", Verdict.BETTER) if gap > 0 else Cell(text, "▼", Verdict.WORSE)


def _is_number(value: Value) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
