"""What the page of two versions shows, ready to render."""

from dataclasses import dataclass

from skills_app.adapters.diff_html import MarkedLine
from skills_app.adapters.markdown import Rendered
from skills_app.domain.diffing import RowKind
from skills_app.models import Finding, QualityAssessment, SkillVersion, ValidationReport
from skills_app.queries.gate_of_version import GateView


@dataclass(frozen=True, slots=True)
class RowView:
    """One row: ``old`` and ``new`` side by side, or ``lines`` one below the other; line numbers are 0 for none."""

    kind: RowKind
    is_code: bool
    old_line: int
    new_line: int
    old: Rendered | None = None
    new: Rendered | None = None
    lines: tuple[MarkedLine, ...] = ()


@dataclass(frozen=True, slots=True)
class ChunkView:
    """Rows that are shown, or a fold of unchanged ones (``fold`` is its id): in the page, or behind a link when not.

    ``html`` takes the place of rows where the document is rendered. ``num_left_out`` rows of a fold are never shown here.
    """

    rows: tuple[RowView, ...] = ()
    html: Rendered | None = None
    fold: str = ""
    label: str = ""
    is_in_page: bool = True
    is_open: bool = False
    num_left_out: int = 0


@dataclass(frozen=True, slots=True)
class SectionView:
    """One unit of the document, or a file: ``title`` is empty for a fold of units that did not change, ``path`` names the file,
    ``old_path`` what it was called before.
    """

    anchor: str
    title: str
    kind: str
    states: tuple[str, ...]
    note: str
    chunks: tuple[ChunkView, ...]
    path: str = ""
    old_path: str = ""

    @property
    def is_rendered(self) -> bool:
        """Whether its text shows the heading itself."""
        return self.kind == "section" and any(one.html is not None for one in self.chunks)


@dataclass(frozen=True, slots=True)
class SummaryLine:
    """One sentence of the summary, the id that it leads to (empty: none), and the part of the difference with that id."""

    text: str
    anchor: str
    part: int


@dataclass(frozen=True, slots=True)
class DiffView:
    """The difference: in words, then by section; ``part`` of ``num_parts`` is shown, each of at most ``most_rows``."""

    summary: tuple[SummaryLine, ...]
    num_layout: int
    sections: tuple[SectionView, ...]
    part: int
    num_parts: int
    most_rows: int
    limits: tuple[str, ...]

    @property
    def parts(self) -> range:
        """The numbers of the parts."""
        return range(1, self.num_parts + 1)


@dataclass(frozen=True, slots=True)
class ReportChange:
    """One judge on both versions: the reports, and which findings are fixed, new and still there."""

    title: str
    old: ValidationReport | None
    new: ValidationReport | None
    fixed: tuple[Finding, ...]
    came: tuple[Finding, ...]
    still: tuple[Finding, ...]

    @property
    def is_known(self) -> bool:
        """Whether both versions were judged, so that something can be called fixed or new."""
        return self.old is not None and self.new is not None


@dataclass(frozen=True, slots=True)
class DimensionChange:
    """One dimension in both versions: values 0 to 1 or None, their difference, and both reasons."""

    title: str
    old: float | None
    new: float | None
    delta: float | None
    old_reason: str
    new_reason: str


@dataclass(frozen=True, slots=True)
class ScoreChange:
    """One scorer on both versions; ``delta`` is None when one of them is missing or was made by another version of it."""

    scorer: str
    old: QualityAssessment | None
    new: QualityAssessment | None
    old_value: float | None
    new_value: float | None
    delta: float | None
    is_other_version: bool
    dimensions: tuple[DimensionChange, ...]

    @property
    def has_details(self) -> bool:
        """Whether there is more to say than the two numbers."""
        return bool(self.dimensions or any(one is not None and one.rationale for one in (self.old, self.new)))


@dataclass(frozen=True, slots=True)
class JudgementView:
    """What was said of both versions."""

    reports: tuple[ReportChange, ...]
    scores: tuple[ScoreChange, ...]
    old_gate: GateView | None
    new_gate: GateView | None

    @property
    def num_fixed(self) -> int:
        """How many findings are fixed, by the judge that has most."""
        return max((len(one.fixed) for one in self.reports), default=0)

    @property
    def num_came(self) -> int:
        """How many findings are new, by the judge that has most."""
        return max((len(one.came) for one in self.reports), default=0)


@dataclass(frozen=True, slots=True)
class Comparison:
    """Everything of the page."""

    base: SkillVersion
    head: SkillVersion
    diff: DiffView
    judgement: JudgementView
