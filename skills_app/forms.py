"""Forms of the library."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django.http import QueryDict

from skills_app.domain.gates import FACTS, PROFILES, SEVERITIES, Condition, Gate, Kind
from skills_app.domain.scoring import SCORERS

KIND_LABELS: dict[str, str] = {
    Kind.FINDINGS: "at most so many findings in a profile",
    Kind.SCORE: "a score of at least",
    Kind.FACT: "a size of at most",
    Kind.NEW_FINDINGS: "at most so many new findings against the parent",
    Kind.SCORE_DROP: "a score that drops by at most",
    Kind.FACT_GROWTH: "a size that grows by at most",
}
_SUBJECT_KEYS = {
    Kind.FINDINGS: "profile",
    Kind.NEW_FINDINGS: "profile",
    Kind.SCORE: "scorer",
    Kind.SCORE_DROP: "scorer",
    Kind.FACT: "fact",
    Kind.FACT_GROWTH: "fact",
}
SUBJECTS: tuple[tuple[str, tuple[tuple[str, str], ...]], ...] = (
    ("Profiles", tuple((name, name) for name in PROFILES)),
    ("Scores", tuple((name, name) for name in ("calibrated_score", "quality_score", *SCORERS))),
    ("Sizes", tuple(FACTS.items())),
)
NUM_BLANK = 2
_FIELDS = ("key", "kind", "subject", "severity", "dimension", "limit")


@dataclass
class ConditionRow:
    """One row of the form, as it was typed; ``errors`` say what is wrong with it."""

    key: str = ""
    kind: str = ""
    subject: str = ""
    severity: str = ""
    dimension: str = ""
    limit: str = ""
    blocks: bool = True
    errors: list[str] = field(default_factory=list)

    @property
    def is_blank(self) -> bool:
        """Whether nothing was typed."""
        return not (self.kind or self.subject or self.limit)

    def as_data(self) -> dict[str, Any]:
        """Return the condition as ``gate_from_data`` reads it; what cannot be a number stays as it was typed."""
        kind = Kind(self.kind) if self.kind in list(Kind) else None
        data: dict[str, Any] = {"kind": self.kind}
        if self.key:
            data["key"] = self.key
        if kind is not None:
            data[_SUBJECT_KEYS[kind]] = self.subject
            data["at_least" if kind is Kind.SCORE else "at_most"] = _number(self.limit)
            if kind in (Kind.FINDINGS, Kind.NEW_FINDINGS):
                data["severity"] = self.severity
            elif self.dimension and kind in (Kind.SCORE, Kind.SCORE_DROP):
                data["dimension"] = self.dimension
        if not self.blocks:
            data["blocks"] = False
        return data


@dataclass
class GateForm:
    """What a person typed about a gate: name, title, reason and a row a condition."""

    name: str
    title: str
    reason: str
    revision: int
    rows: list[ConditionRow]
    errors: list[str] = field(default_factory=list)

    @property
    def is_valid(self) -> bool:
        """Whether nothing is said against it so far."""
        return not self.errors and not any(row.errors for row in self.rows)

    def as_data(self) -> dict[str, Any]:
        """Return the gate as ``gate_from_data`` reads it, without the rows that are blank."""
        conditions = [row.as_data() for row in self.rows if not row.is_blank]
        return {"name": self.name, "title": self.title or self.name, "conditions": conditions}

    def explain(self, problems: tuple[tuple[str, str], ...]) -> None:
        """Put each problem (place in the data, sentence) beside what it is about."""
        filled = [row for row in self.rows if not row.is_blank]
        for place, message in problems:
            index = place.removeprefix("conditions[").partition("]")[0]
            if place.startswith("conditions[") and index.isdigit() and int(index) < len(filled):
                filled[int(index)].errors.append(message)
            else:
                self.errors.append(message)


def gate_form_of(gate: Gate, *, revision: int) -> GateForm:
    """Return the form that shows ``gate``, with blank rows to add conditions."""
    rows = [_row_of(condition) for condition in gate.conditions]
    rows += [ConditionRow() for _ in range(NUM_BLANK)]
    return GateForm(gate.name, gate.title, "", revision, rows)


def read_gate_form(posted: QueryDict) -> GateForm:
    """Return what was typed; rows marked for removal are left out, and blank rows stand at the end again."""
    columns: Mapping[str, list[str]] = {name: posted.getlist(name) for name in _FIELDS}
    number = min(max((len(values) for values in columns.values()), default=0), 200)
    advice, removed = set(posted.getlist("advice")), set(posted.getlist("remove"))
    rows = []
    for index in range(number):
        values = {
            name: (found[index] if index < len(found) else "").strip() for name, found in columns.items()
        }
        row = ConditionRow(
            values["key"],
            values["kind"],
            values["subject"],
            values["severity"],
            values["dimension"],
            values["limit"],
            str(index) not in advice,
        )
        if str(index) not in removed and not row.is_blank:
            rows.append(row)
    rows += [ConditionRow() for _ in range(NUM_BLANK)]
    raw = posted.get("revision", "0")
    return GateForm(
        posted.get("name", "").strip(),
        posted.get("title", "").strip(),
        posted.get("reason", "").strip(),
        int(raw) if raw.isascii() and raw.isdigit() else 0,
        rows,
    )


def severities() -> tuple[str, ...]:
    """Return the severities from the mildest to the worst."""
    return SEVERITIES


def _row_of(condition: Condition) -> ConditionRow:
    return ConditionRow(
        condition.key,
        condition.kind.value,
        condition.subject,
        condition.severity,
        condition.dimension,
        f"{condition.limit:g}",
        condition.blocks,
    )


def _number(raw: str) -> float | int | str:
    try:
        value = float(raw)
    except ValueError:
        return raw
    return int(value) if value == value and abs(value) < 1e15 and value == int(value) else value
