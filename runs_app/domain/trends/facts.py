"""What trends know of one run or one version: plain values, read once from the rows that hold them."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from itertools import combinations

from runs_app.domain.enums import Phase

DIMENSION_LABELS: dict[str, str] = {
    "branch": "Branch",
    "type": "Type",
    "model": "Model",
    "program": "Program",
    "author": "Author",
}
DIMENSIONS = tuple(DIMENSION_LABELS)


@dataclass(frozen=True, slots=True)
class Dims:
    """What a fact can be narrowed by; empty where nobody said. ``branch`` is a path of the taxonomy."""

    branch: str = ""
    type: str = ""
    model: str = ""
    program: str = ""
    author: str = ""

    def values(self) -> tuple[str, ...]:
        """Return the values in the order of ``DIMENSIONS``."""
        return tuple(getattr(self, each.name) for each in fields(self))


class Grain:
    """Which dimensions a row of a rollup is narrowed by: none, one (named by it), two, or all of them."""

    ALL = "all"
    PAIR = "pair"
    CELL = "cell"


SUBJECTS = ("run", "version")
# Versions are a tenth as many as runs: two choices are read from their cells.
SUBJECTS_WITH_PAIRS = frozenset({"run"})


def cells_of(dims: Dims, *, subject: str) -> list[tuple[str, Dims]]:
    """Return every row that a fact of a run or a version counts in: grain and dimensions.

    It counts once in the whole, once for each dimension that it has a value of (in a branch and in each one above it),
    once in the cell of all its dimensions together, and a run also for each two of its values. So a page reads one row a
    day without a choice or with one, of runs also with two.
    """
    parts = dims.branch.split("/") if dims.branch else []
    values = [("branch", "/".join(parts[:n])) for n in range(1, len(parts) + 1)]
    values += [(name, getattr(dims, name)) for name in DIMENSIONS[1:] if getattr(dims, name)]
    found = [(Grain.ALL, Dims()), *((name, Dims(**{name: value})) for name, value in values)]
    if subject in SUBJECTS_WITH_PAIRS:
        pairs = [dict(pair) for pair in combinations(values, 2)]
        found += [(Grain.PAIR, Dims(**pair)) for pair in pairs if len(pair) == 2]
    return [*found, (Grain.CELL, dims)]


@dataclass(frozen=True, slots=True)
class PhaseFact:
    """A phase of a generation: seconds, tokens and US dollars, where they were logged."""

    phase: Phase
    seconds: float | None = None
    tokens: int | None = None
    cost_usd: float | None = None


@dataclass(frozen=True, slots=True)
class RunFact:
    """A generation: how it ended, what it took, and how far what it made has come."""

    dims: Dims
    status: str
    cost_usd: float | None = None
    tokens: int | None = None
    seconds: float | None = None
    is_generated: bool = False
    is_passed: bool = False
    is_approved: bool = False
    is_active: bool = False
    phases: tuple[PhaseFact, ...] = ()


@dataclass(frozen=True, slots=True)
class VersionFact:
    """A version: what its gate says (``passed``, ``blocked``, empty while not judged), its scores and its findings.

    ``scores`` are by scorer and scorer version, ``rules`` are the number of findings by rule.
    """

    dims: Dims
    gate: str = ""
    scores: Mapping[tuple[str, str], float] = field(default_factory=dict)
    rules: Mapping[str, int] = field(default_factory=dict)
