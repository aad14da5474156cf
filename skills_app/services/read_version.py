"""Read a version: its document, front matter, and what was said about it, tied together by lines."""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

from skills_app.adapters.markdown import Heading, Mark, Rendered, anchored_lines, mark_places, render_source
from skills_app.adapters.tokenizer import count_tokens
from skills_app.domain.document_card import (
    Field,
    Meter,
    ValueRow,
    front_matter_fields,
    missing_fields,
    size_meters,
    value_rows,
)
from skills_app.domain.documents import SkillDocument, parse_document
from skills_app.models import Finding, QualityAssessment, SkillVersion, ValidationReport
from skills_app.services.render_document import DOCUMENT_PREFIX, render_document

WHOLE = ""


@dataclass(frozen=True, slots=True)
class FindingView:
    """A finding and the id of its place in the text; without a place it concerns the document as a whole."""

    finding: Finding
    number: int
    place: str
    where: str

    @property
    def anchor(self) -> str:
        """The finding's own id on the page."""
        return f"finding-{self.finding.pk}"


@dataclass(frozen=True, slots=True)
class FieldView:
    """A key of the front matter, with the findings that stand in it."""

    field: Field
    findings: tuple[FindingView, ...]


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
class ReportView:
    """The validation reports of a version, the one chosen, and its findings: open ones first, passed checks after."""

    reports: tuple[ValidationReport, ...]
    chosen: ValidationReport | None
    open_findings: tuple[FindingView, ...]
    passed_findings: tuple[FindingView, ...]


@dataclass(frozen=True, slots=True)
class AssessmentView:
    """The quality assessments of a version and the one chosen, with its measures as rows."""

    assessments: tuple[QualityAssessment, ...]
    chosen: QualityAssessment | None
    measures: tuple[ValueRow, ...]


@dataclass(frozen=True, slots=True)
class Reading:
    """Everything of the two panes."""

    document: DocumentView
    report: ReportView
    assessment: AssessmentView


def read_version(
    *,
    version: SkillVersion,
    report_id: int | None = None,
    assessment_id: int | None = None,
    is_source: bool = False,
) -> Reading:
    """Return document, report and assessment of ``version``; the latest ones when no id, or one of another version, is given.

    Every finding with a line is tied to the nearest place at or above that line that the page shows. With ``is_source``
    the document is shown as numbered lines. Three queries, and one more for the rendered document.
    """
    document = parse_document(version.content)
    rendered, head = _texts(version, document, is_source=is_source)
    fields = () if is_source else front_matter_fields(document)
    shown = _Places(
        anchored_lines(rendered.html + (head.html if head else "")),
        [(field.line, field.end_line) for field in fields],
    )
    report = _report_view(version, report_id, shown)
    marks = [
        Mark(shown.line_of(view.finding.line), str(view.number), view.anchor, view.finding.severity)
        for view in report.open_findings
        if view.place
    ]
    views = tuple(FieldView(field, _standing_in(field, report.open_findings)) for field in fields)
    return Reading(
        DocumentView(
            rendered=mark_places(rendered, marks, id_prefix=DOCUMENT_PREFIX),
            outline=rendered.outline,
            fields=views,
            missing=missing_fields(document) if version.content_kind == "markdown" else (),
            meters=size_meters(document, count_tokens) if version.content_kind == "markdown" else (),
            head_source=mark_places(head, marks, id_prefix=DOCUMENT_PREFIX) if head else None,
            is_source=is_source or version.content_kind == "json",
            problems=tuple(problem.message for problem in document.problems)
            if version.content_kind == "markdown"
            else (),
        ),
        report,
        _assessment_view(version, assessment_id),
    )


class _Places:
    """The lines that the page can show: places in the text, and the spans of front matter fields."""

    def __init__(self, lines: Sequence[int], spans: Sequence[tuple[int, int]]) -> None:
        self._spans = spans
        self._lines = sorted({*lines, *(start for start, _ in spans)})

    def line_of(self, line: int | None) -> int:
        """Return the shown line at or above ``line``, or the first one; 0 when nothing is shown or no line is given."""
        if line is None or not self._lines:
            return 0
        inside = next((start for start, end in self._spans if start <= line <= end), None)
        if inside is not None:
            return inside
        return self._lines[max(0, bisect_right(self._lines, line) - 1)]


def _texts(
    version: SkillVersion, document: SkillDocument, *, is_source: bool
) -> tuple[Rendered, Rendered | None]:
    """Return the document's text, and the source of front matter that cannot be shown as fields."""
    if version.content_kind == "json":
        return render_source(version.content, id_prefix=DOCUMENT_PREFIX, language="json"), None
    if is_source:
        return render_source(version.content, id_prefix=DOCUMENT_PREFIX, language="markdown"), None
    rendered = render_document(text=version.content, content_digest=version.content_digest)
    front = document.front_matter
    if front is None or front.is_mapping or rendered.plain_reason:
        return rendered, None
    head = render_source(
        front.text, id_prefix=DOCUMENT_PREFIX, language="yaml", first_line=front.place.line + 1
    )
    return rendered, head


def _report_view(version: SkillVersion, report_id: int | None, shown: _Places) -> ReportView:
    reports = tuple(version.validation_reports.defer("raw").order_by("-made_at", "-pk"))
    chosen = next((r for r in reports if r.pk == report_id), reports[0] if reports else None)
    findings = list(chosen.findings.order_by("position")) if chosen else []
    ordered = sorted(findings, key=lambda f: (f.is_passed, _RANK.get(f.severity, 3), f.position))
    views = [_finding_view(finding, number, shown) for number, finding in enumerate(ordered, start=1)]
    return ReportView(
        reports=reports,
        chosen=chosen,
        open_findings=tuple(view for view in views if not view.finding.is_passed),
        passed_findings=tuple(view for view in views if view.finding.is_passed),
    )


_RANK = {"critical": 0, "error": 0, "warning": 1, "info": 2}


def _finding_view(finding: Finding, number: int, shown: _Places) -> FindingView:
    line = shown.line_of(finding.line)
    if not line:
        return FindingView(finding, number, WHOLE, "the document as a whole")
    end = finding.end_line
    where = f"lines {finding.line} to {end}" if end and end != finding.line else f"line {finding.line}"
    return FindingView(finding, number, f"{DOCUMENT_PREFIX}L{line}", where)


def _standing_in(field: Field, findings: Sequence[FindingView]) -> tuple[FindingView, ...]:
    return tuple(f for f in findings if f.finding.line and field.line <= f.finding.line <= field.end_line)


def _assessment_view(version: SkillVersion, assessment_id: int | None) -> AssessmentView:
    assessments = tuple(version.quality_assessments.defer("raw").order_by("-made_at", "-pk"))
    chosen = next((a for a in assessments if a.pk == assessment_id), assessments[0] if assessments else None)
    measures = value_rows(chosen.measures) if chosen and isinstance(chosen.measures, dict) else ()
    return AssessmentView(assessments, chosen, measures)
