"""Findings: what a rule saw, where it saw it, and what would mend it."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import StrEnum

from skills_app.domain.errors import DocumentEditError

MAIN_FILE = "SKILL.md"


class Severity(StrEnum):
    """How bad a finding is."""

    CRITICAL = "critical"
    WARNING = "warning"
    INFO = "info"

    @property
    def rank(self) -> int:
        """0 for the worst, so that findings sort worst first."""
        return _RANKS[self]


_RANKS = {Severity.CRITICAL: 0, Severity.WARNING: 1, Severity.INFO: 2}


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """A span of a file: lines and columns count from 1, columns in code points; the end column is exclusive."""

    line: int
    column: int
    end_line: int
    end_column: int


@dataclass(frozen=True, slots=True)
class Edit:
    """A fix: put ``replacement`` where ``text[start:end]`` stands (offsets in code points of the whole file)."""

    title: str
    start: int
    end: int
    replacement: str


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that a rule found.

    ``place`` is None when the finding concerns the file as a whole or something absent; ``path`` is relative to the
    skill's folder. The rule's sentence and source are found by ``rule_id`` in ``skills_app.domain.profiles``.
    """

    rule_id: str
    severity: Severity
    message: str
    place: Place | None = None
    is_required: bool = False
    fix_hint: str = ""
    edit: Edit | None = None
    path: str = MAIN_FILE

    def judged(self, *, rule_id: str, severity: Severity, is_required: bool) -> "Finding":
        """Return this finding as another rule counts it: same message, place and fix."""
        return replace(self, rule_id=rule_id, severity=severity, is_required=is_required)


def sort_findings(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Return findings worst first, then by file and place (those without a place first), then by rule."""
    return tuple(sorted(findings, key=_order))


def _order(finding: Finding) -> tuple[int, str, int, int, str]:
    place = finding.place
    line, column = (place.line, place.column) if place else (0, 0)
    return (finding.severity.rank, finding.path, line, column, finding.rule_id)


def apply_edits(text: str, edits: Iterable[Edit]) -> str:
    """Return ``text`` with all ``edits`` applied at once; each refers to the text as it was before any of them.

    Raises DocumentEditError when an edit lies outside the text or two of them overlap. Insertions at one place keep
    their order.
    """
    pieces: list[str] = []
    position = 0
    for edit in sorted(edits, key=lambda e: (e.start, e.end)):
        if not 0 <= edit.start <= edit.end <= len(text):
            raise DocumentEditError(f"The edit “{edit.title}” lies outside the document.")
        if edit.start < position:
            raise DocumentEditError(f"The edit “{edit.title}” overlaps another one; apply them one by one.")
        pieces += [text[position : edit.start], edit.replacement]
        position = edit.end
    pieces.append(text[position:])
    return "".join(pieces)
