"""What a scorer says about a document: a number, what it rests on, and who said it."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

Measure = bool | int | float | str


@dataclass(frozen=True, slots=True)
class Evidence:
    """A passage that a dimension rests on: 1-based lines of the whole file, the text quoted, what it shows."""

    line: int
    end_line: int
    quote: str
    shows: str


@dataclass(frozen=True, slots=True)
class Dimension:
    """One side of a document, valued 0 to 1, with its share of the whole and the passages that it rests on."""

    name: str
    title: str
    value: float
    weight: float
    reason: str
    advice: str = ""
    evidence: tuple[Evidence, ...] = ()


@dataclass(frozen=True, slots=True)
class Score:
    """The judgement of one scorer in one version; two scorers are never drawn as one line.

    ``value`` lies within 0 and 1. ``measures`` are the raw counts and flags in the order of the scorer;
    ``issues`` and ``strengths`` are sentences in the order in which they were found.
    """

    scorer: str
    version: str
    value: float
    measures: Mapping[str, Measure]
    issues: tuple[str, ...] = ()
    strengths: tuple[str, ...] = ()
    dimensions: tuple[Dimension, ...] = field(default=())

    @property
    def label(self) -> str:
        """Return scorer and version as they stand beside every number."""
        return f"{self.scorer} (version {self.version})"

    def as_dict(self) -> dict[str, Any]:
        """Return the score as plain data, ready for JSON."""
        return {
            "scorer": self.scorer,
            "version": self.version,
            "value": self.value,
            "measures": dict(self.measures),
            "issues": list(self.issues),
            "strengths": list(self.strengths),
            "dimensions": [asdict(dimension) for dimension in self.dimensions],
        }
