"""Keep a validation report with its findings, each at its place in the document."""

from datetime import datetime

from django.db import transaction

from skills_app.domain.anchoring import find_place
from skills_app.domain.digests import digest_of
from skills_app.domain.documents import SkillDocument, parse_document
from skills_app.domain.records import CheckRecord, ReportRecord
from skills_app.models import Finding, Skill, SkillVersion, ValidationReport
from skills_app.services.record_audit import record_audit
from skills_app.services.refresh_skill import refresh_skill


@transaction.atomic
def store_validation_report(
    *,
    report: ReportRecord,
    version: SkillVersion | None,
    made_at: datetime | None = None,
    actor_name: str = "",
) -> ValidationReport:
    """Return the stored report; the same raw text on the same version (or on none) is stored once.

    Each check becomes a finding in its order, with the place in the version's document that it speaks of.
    """
    digest = digest_of(report.raw)
    row, is_new = ValidationReport.objects.get_or_create(
        version=version,
        digest=digest,
        defaults={
            "validator": report.validator,
            "validator_version": report.validator_version,
            "status": report.status,
            "is_passed": report.is_passed,
            "score": report.score,
            "feedback": report.feedback,
            "checks_performed": list(report.checks_performed),
            "errors": list(report.errors),
            "warnings": list(report.warnings),
            "details": dict(report.details),
            "num_errors": report.num_errors,
            "num_warnings": report.num_warnings,
            "raw": report.raw,
            "made_at": made_at,
        },
    )
    if not is_new:
        return row
    is_document = version is not None and version.content_kind == "markdown"
    document = parse_document(version.content) if version is not None and is_document else None
    Finding.objects.bulk_create(
        [_finding(row, position, check, document) for position, check in enumerate(report.checks, start=1)],
        batch_size=100,
    )
    record_audit(
        verb="stored_validation_report",
        target_kind="skill" if version else "validation_report",
        target_key=version.skill.key if version else digest,
        actor_name=actor_name,
        after={"status": report.status.value, "version": version.number if version else None},
    )
    if version is not None:
        refresh_skill(skill=Skill.objects.select_for_update().get(pk=version.skill_id))
    return row


def _finding(
    report: ValidationReport, position: int, check: CheckRecord, document: SkillDocument | None
) -> Finding:
    place = find_place(document, check) if document else None
    return Finding(
        report=report,
        position=position,
        rule_id=check.rule_id,
        title=check.title,
        severity=check.severity,
        is_passed=check.is_passed,
        is_required=check.is_required,
        message=check.message,
        line=place.line if place else check.line,
        column=place.column if place else check.column,
        end_line=place.end_line if place else None,
        end_column=place.end_column if place else None,
        fix=check.fix,
    )
