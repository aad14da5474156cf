"""What the two panes of a version show: document, reports, findings, fixes and assessments, ready to render."""

from dataclasses import dataclass

from skills_app.adapters.markdown import Heading, Mark, Rendered
from skills_app.domain.document_card import Field, Meter, ValueRow
from skills_app.models import Finding, QualityAssessment, ValidationReport

_RANKS = {"critical": 0, "error": 0, "warning": 1, "info": 2}


def severity_rank(word: str) -> int:
    """Return 0 for the worst severity and more for milder ones; reports say critical or error for the worst."""
    return _RANKS.get(word, 3)


@dataclass(frozen=True, slots=True)
class FixView:
    """A fix to accept: what it does, the text as it is and as it would be, with a little around both."""

    title: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class FindingView:
    """A finding and the id of its place in the text; without a place it concerns the document as a whole."""

    finding: Finding
    number: int
    place: str
    where: str
    fix: FixView | None = None

    @property
    def anchor(self) -> str:
        """The finding's own id on the page."""
        return f"finding-{self.finding.pk}"

    @property
    def severity(self) -> str:
        """One of critical, warning and info, whatever word the report used."""
        return {0: "critical", 1: "warning"}.get(severity_rank(self.finding.severity), "info")


@dataclass(frozen=True, slots=True)
class FieldView:
    """A key of the front matter, findings and comments that stand in it, and whether the chosen finding does."""

    field: Field
    findings: tuple[FindingView, ...]
    is_lit: bool = False
    comments: tuple[Mark, ...] = ()


@dataclass(frozen=True, slots=True)
class DocumentView:
    """The document to read. ``fields`` is empty when the front matter could not be read; ``head_source`` then has it."""

    rendered: Rendered
    outline: tuple[Heading, ...]
    fields: tuple[FieldView, ...]
    missing: tuple[str, ...]
    meters: tuple[Meter, ...]
    head_source: Rendered | None
    is_source: bool
    problems: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class MatrixRow:
    """One profile of our own judgement: its report, the outcome's word, and the sentence."""

    report: ValidationReport
    title: str
    outcome: str
    sentence: str
    num_notes: int


@dataclass(frozen=True, slots=True)
class SeverityCount:
    """How many open findings of the chosen report have a severity, and whether only these are shown."""

    name: str
    num: int
    is_chosen: bool


@dataclass(frozen=True, slots=True)
class ReportView:
    """The reports that were given to a version, our own as a matrix, the one chosen, and its findings.

    Open findings come first, passed checks after. ``num_fixes`` counts the open ones that a person can accept a fix for.
    ``severities`` counts all open findings, also those that a chosen severity hides.
    """

    reports: tuple[ValidationReport, ...]
    matrix: tuple[MatrixRow, ...]
    num_fixes: int
    chosen: ValidationReport | None
    open_findings: tuple[FindingView, ...]
    passed_findings: tuple[FindingView, ...]
    severities: tuple[SeverityCount, ...]
    chosen_finding_id: int | None

    @property
    def is_filtered(self) -> bool:
        """Whether findings of other severities are hidden."""
        return any(one.is_chosen for one in self.severities)

    @property
    def is_passed_chosen(self) -> bool:
        """Whether the chosen finding is among the passed checks, which are folded away otherwise."""
        return any(view.finding.pk == self.chosen_finding_id for view in self.passed_findings)


@dataclass(frozen=True, slots=True)
class EvidenceView:
    """A passage that a dimension rests on, and the id of its place in the text."""

    line: int
    quote: str
    shows: str
    place: str


@dataclass(frozen=True, slots=True)
class DimensionView:
    """One side of a document, valued 0 to 1, with its share of the whole, the reason, advice and evidence."""

    title: str
    value: float
    share: float
    reason: str
    advice: str
    evidence: tuple[EvidenceView, ...]

    @property
    def percent(self) -> int:
        """The value in hundredths, for a bar."""
        return round(self.value * 100)


@dataclass(frozen=True, slots=True)
class AssessmentView:
    """The quality assessments of a version and the one chosen, with its measures as rows and its dimensions."""

    assessments: tuple[QualityAssessment, ...]
    chosen: QualityAssessment | None
    measures: tuple[ValueRow, ...]
    dimensions: tuple[DimensionView, ...] = ()


@dataclass(frozen=True, slots=True)
class Reading:
    """Everything of the two panes."""

    document: DocumentView
    report: ReportView
    assessment: AssessmentView
