"""Read a version: its document, front matter, and what was said about it, tied together by lines."""

from bisect import bisect_right
from collections.abc import Sequence
from typing import Any

from skills_app.adapters.markdown import Mark, Rendered, anchored_lines, mark_places, render_source
from skills_app.adapters.tokenizer import count_tokens
from skills_app.domain.bundle import BUNDLE
from skills_app.domain.document_card import (
    Field,
    front_matter_fields,
    missing_fields,
    size_meters,
    value_rows,
)
from skills_app.domain.documents import SkillDocument, parse_document
from skills_app.domain.judging import JUDGE_VERSION
from skills_app.domain.profiles import PROFILES
from skills_app.models import Finding, SkillVersion, ValidationReport
from skills_app.services.render_document import DOCUMENT_PREFIX, render_document
from skills_app.services.version_views import (
    AssessmentView,
    DimensionView,
    DocumentView,
    EvidenceView,
    FieldView,
    FindingView,
    FixView,
    MatrixRow,
    Reading,
    ReportView,
    SeverityCount,
    severity_rank,
)

WHOLE = ""


def read_version(
    *,
    version: SkillVersion,
    report_id: int | None = None,
    assessment_id: int | None = None,
    finding_id: int | None = None,
    severity: str = "",
    is_source: bool = False,
) -> Reading:
    """Return document, report and assessment of ``version``; the latest ones when no id, or one of another version, is given.

    Every finding with a line is tied to the nearest place at or above that line that the page shows. ``finding_id``
    chooses its report and marks all its lines in the text; ``severity`` (critical, warning, info) hides the others. With
    ``is_source`` the document is shown as numbered lines. Three queries, and one more for the rendered document.
    """
    document = parse_document(version.content)
    rendered, head = document_texts(version, document, is_source=is_source)
    fields = () if is_source else front_matter_fields(document)
    shown = ShownPlaces(
        anchored_lines(rendered.html + (head.html if head else "")),
        [(field.line, field.end_line) for field in fields],
    )
    report = _report_view(version, (report_id, finding_id, severity), shown, document.text)
    marks = [
        Mark(shown.line_of(view.finding.line), str(view.number), view.anchor, view.finding.severity)
        for view in report.open_findings
        if view.place
    ]
    lit = _lit_lines(report, shown)
    views = tuple(
        FieldView(
            field,
            _standing_in(field, report.open_findings),
            any(line in lit for line in range(field.line, field.end_line + 1)),
        )
        for field in fields
    )
    return Reading(
        DocumentView(
            rendered=mark_places(rendered, marks, id_prefix=DOCUMENT_PREFIX, lit=lit),
            outline=rendered.outline,
            fields=views,
            missing=missing_fields(document) if version.content_kind == "markdown" else (),
            meters=size_meters(document, count_tokens) if version.content_kind == "markdown" else (),
            head_source=mark_places(head, marks, id_prefix=DOCUMENT_PREFIX, lit=lit) if head else None,
            is_source=is_source or version.content_kind == "json",
            problems=tuple(problem.message for problem in document.problems)
            if version.content_kind == "markdown"
            else (),
        ),
        report,
        _assessment_view(version, assessment_id, shown),
    )


class ShownPlaces:
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


def document_texts(
    version: SkillVersion, document: SkillDocument, *, is_source: bool = False
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


def _lit_lines(report: ReportView, shown: ShownPlaces) -> range:
    """Return the lines that the chosen finding is about, from the place that the page shows; empty without one."""
    views = (*report.open_findings, *report.passed_findings)
    chosen = next((view for view in views if view.finding.pk == report.chosen_finding_id), None)
    if chosen is None or not chosen.place or chosen.finding.line is None:
        return range(0)
    end = max(chosen.finding.end_line or 0, chosen.finding.line)
    return range(shown.line_of(chosen.finding.line), end + 1)


Choice = tuple[int | None, int | None, str]


def _report_view(version: SkillVersion, choice: Choice, shown: ShownPlaces, text: str) -> ReportView:
    report_id, finding_id, severity = choice
    every = tuple(version.validation_reports.defer("raw").order_by("-made_at", "-pk"))
    given = tuple(report for report in every if not report.is_own)
    own = [report for report in every if report.is_own and report.details.get("judge") == JUDGE_VERSION]
    matrix = tuple(_matrix_row(report) for report in sorted(own, key=_matrix_order))
    usual = given[0] if given else max((row.report for row in matrix), key=_how_bad, default=None)
    wanted = Finding.objects.filter(pk=finding_id, report__version=version).first() if finding_id else None
    chosen = next((r for r in every if r.pk == (wanted.report_id if wanted else report_id)), usual)
    findings = list(chosen.findings.order_by("position")) if chosen else []
    ordered = sorted(findings, key=lambda f: (f.is_passed, severity_rank(f.severity), f.position))
    every_view = [_finding_view(row, number, shown, text) for number, row in enumerate(ordered, start=1)]
    counts = _severity_counts(every_view, severity)
    only = next((count.name for count in counts if count.is_chosen), "")
    views = [view for view in every_view if not only or view.finding.is_passed or view.severity == only]
    return ReportView(
        reports=given,
        matrix=matrix,
        num_fixes=sum(view.fix is not None for view in views),
        chosen=chosen,
        open_findings=tuple(view for view in views if not view.finding.is_passed),
        passed_findings=tuple(view for view in views if view.finding.is_passed),
        severities=counts,
        chosen_finding_id=wanted.pk if wanted else None,
    )


def _severity_counts(views: Sequence[FindingView], chosen: str) -> tuple[SeverityCount, ...]:
    found = [view.severity for view in views if not view.finding.is_passed]
    return tuple(
        SeverityCount(name, found.count(name), name == chosen)
        for name in ("critical", "warning", "info")
        if name in found or name == chosen
    )


_ORDER = [*PROFILES, BUNDLE]


def _matrix_order(report: ValidationReport) -> int:
    return _ORDER.index(report.validator) if report.validator in _ORDER else len(_ORDER)


def _how_bad(report: ValidationReport) -> tuple[int, int, int]:
    return report.num_errors, report.num_warnings, -_matrix_order(report)


def _matrix_row(report: ValidationReport) -> MatrixRow:
    profile = PROFILES.get(report.validator)
    title = profile.title if profile else "Files"
    outcome = str(report.details.get("outcome", ""))
    return MatrixRow(report, title, outcome, report.feedback, report.num_errors + report.num_warnings)


def _finding_view(finding: Finding, number: int, shown: ShownPlaces, text: str) -> FindingView:
    fix = _fix_view(finding, text)
    if finding.path:
        return FindingView(finding, number, WHOLE, finding.path, fix)
    line = shown.line_of(finding.line)
    if not line:
        return FindingView(finding, number, WHOLE, "the document as a whole", fix)
    end = finding.end_line
    where = f"lines {finding.line} to {end}" if end and end != finding.line else f"line {finding.line}"
    return FindingView(finding, number, f"{DOCUMENT_PREFIX}L{line}", where, fix)


_AROUND = 40


def _fix_view(finding: Finding, text: str) -> FixView | None:
    """Return a stored fix with its lines before and after, shortened where they are long."""
    edit = finding.edit
    if not isinstance(edit, dict) or not 0 <= edit["start"] <= edit["end"] <= len(text):
        return None
    start, end, new = edit["start"], edit["end"], edit["replacement"]
    first = max(text.rfind("\n", 0, start) + 1, start - _AROUND)
    last = text.find("\n", end)
    last = min(len(text) if last < 0 else last, end + _AROUND)
    head, tail = text[first:start], text[end:last]
    return FixView(edit["title"], _short(head + text[start:end] + tail), _short(head + new + tail))


def _short(text: str, limit: int = 600) -> str:
    return text if len(text) <= limit else f"{text[: limit // 2]} … {text[-limit // 2 :]}"


def _standing_in(field: Field, findings: Sequence[FindingView]) -> tuple[FindingView, ...]:
    return tuple(f for f in findings if f.finding.line and field.line <= f.finding.line <= field.end_line)


def _assessment_view(version: SkillVersion, assessment_id: int | None, shown: ShownPlaces) -> AssessmentView:
    every = version.quality_assessments.defer("raw").order_by("is_own", "-made_at", "-pk")
    assessments = tuple(every)
    usual = next((one for one in assessments if not one.is_own or one.details.get("dimensions")), None)
    chosen = next((a for a in assessments if a.pk == assessment_id), usual)
    measures = value_rows(chosen.measures) if chosen and isinstance(chosen.measures, dict) else ()
    dimensions = chosen.details.get("dimensions", []) if chosen and isinstance(chosen.details, dict) else []
    return AssessmentView(assessments, chosen, measures, tuple(_dimension(one, shown) for one in dimensions))


def _dimension(data: dict[str, Any], shown: ShownPlaces) -> DimensionView:
    evidence = tuple(
        EvidenceView(
            found["line"],
            found["quote"],
            found["shows"],
            f"{DOCUMENT_PREFIX}L{line}" if (line := shown.line_of(found["line"])) else "",
        )
        for found in data["evidence"]
    )
    return DimensionView(
        data["title"], data["value"], data["weight"], data["reason"], data["advice"], evidence
    )
