"""Validation reports and quality assessments from plain values, in every shape that was ever stored."""

import math
from collections.abc import Mapping
from typing import Any

from skills_app.domain.enums import ReportStatus
from skills_app.domain.records import AssessmentRecord, CheckRecord, ReportRecord
from skills_app.domain.storable import storable_json, storable_text

SEVERITIES = frozenset({"critical", "warning", "info"})
_SEVERITY_WORDS = {
    "error": "critical",
    "fatal": "critical",
    "high": "critical",
    "warn": "warning",
    "medium": "warning",
}
_STATUS_WORDS = {
    "passed": ReportStatus.PASSED,
    "pass": ReportStatus.PASSED,
    "ok": ReportStatus.PASSED,
    "warnings": ReportStatus.WARNINGS,
    "warning": ReportStatus.WARNINGS,
    "warn": ReportStatus.WARNINGS,
    "failed": ReportStatus.FAILED,
    "fail": ReportStatus.FAILED,
    "error": ReportStatus.FAILED,
}
_REPORT_FIELDS = frozenset(
    [
        "passed",
        "status",
        "score",
        "errors",
        "warnings",
        "checks_performed",
        "checks",
        "feedback",
        "validator",
        "profile",
        "validator_version",
    ]
)
_REPORT_MARKS = frozenset({"passed", "status", "checks", "errors", "warnings", "score", "compliance_score"})
_ASSESSMENT_FIELDS = frozenset(
    [
        "quality_score",
        "overall_score",
        "score",
        "calibrated_score",
        "deterministic_score",
        "audience_alignment",
        "strengths",
        "weaknesses",
        "recommendations",
        "rationale",
        "feedback",
        "deterministic_metrics",
        "measures",
        "scorer",
        "scorer_version",
    ]
)
_ASSESSMENT_MARKS = _ASSESSMENT_FIELDS - {"scorer", "scorer_version", "feedback", "score"}
_ISSUE_LISTS = {"name_errors": "name", "description_errors": "description", "security_issues": "security"}


class Complaints:
    """What was not of the expected kind, as clauses for one sentence."""

    def __init__(self) -> None:
        self.clauses: list[str] = []

    def add(self, clause: str) -> None:
        """Note a clause once."""
        if clause not in self.clauses:
            self.clauses.append(clause)


def read_report(value: Any, *, raw: str, complaints: Complaints) -> ReportRecord | None:
    """Return the report that ``value`` is, or None when nothing of a report is in it.

    Known shapes: the January 2026 model (checks with id, check, passed, message, severity, required), the later dict
    without checks but with issue lists, and the checker's ``{name, status, messages}``. A report without checks gets
    one for each error, issue and warning that it lists.
    """
    if not isinstance(value, Mapping) or not _REPORT_MARKS & value.keys():
        complaints.add("it is not a validation report")
        return None
    errors = _texts(value.get("errors"), "errors", complaints)
    warnings = _texts(value.get("warnings"), "warnings", complaints)
    checks = _checks(value.get("checks"), complaints) or _checks_of_lists(value, errors, warnings, complaints)
    status = _STATUS_WORDS.get(str(value.get("status", "")).strip().lower())
    passed = value.get("passed")
    if passed is not None and not isinstance(passed, bool):
        complaints.add("passed is neither true nor false")
        passed = None
    if passed is None:
        passed = not errors if status is None else status is not ReportStatus.FAILED
    if status is None:
        status = _status_of(passed, warnings, checks)
    score = _number(value, ("score", "compliance_score"), complaints)
    return ReportRecord(
        raw=storable_text(raw),
        is_passed=passed,
        status=status,
        validator=_text(value.get("validator") or value.get("profile"))[:64] or "model",
        validator_version=_text(value.get("validator_version"))[:32],
        score=score,
        feedback=_text(value.get("feedback") or value.get("validation_summary")),
        errors=errors,
        warnings=warnings,
        checks_performed=_texts(value.get("checks_performed"), "checks_performed", complaints),
        checks=checks,
        details=storable_json({k: v for k, v in value.items() if k not in _REPORT_FIELDS}),
    )


def read_assessment(value: Any, *, raw: str, complaints: Complaints) -> AssessmentRecord | None:
    """Return the assessment that ``value`` is, or None when nothing of one is in it.

    Known shapes: the January 2026 dict with ``deterministic_metrics`` and ``calibrated_score``, and the later typed
    output with ``overall_score`` and single measures.
    """
    if not isinstance(value, Mapping) or not _ASSESSMENT_MARKS & value.keys():
        complaints.add("it is not a quality assessment")
        return None
    metrics = value.get("deterministic_metrics")
    if metrics is None:
        metrics = value.get("measures")
    if metrics is not None and not isinstance(metrics, Mapping):
        complaints.add("deterministic_metrics is not an object")
    measures = dict(metrics) if isinstance(metrics, Mapping) else {}
    others = {k: v for k, v in value.items() if k not in _ASSESSMENT_FIELDS and k not in measures}
    return AssessmentRecord(
        raw=storable_text(raw),
        scorer=_text(value.get("scorer"))[:64] or "model",
        scorer_version=_text(value.get("scorer_version"))[:32],
        quality_score=_number(value, ("quality_score", "overall_score", "score"), complaints),
        calibrated_score=_number(value, ("calibrated_score",), complaints),
        deterministic_score=_number({**value, **measures}, ("deterministic_score",), complaints),
        audience_alignment=_number(value, ("audience_alignment",), complaints),
        measures=storable_json({**others, **measures}),
        strengths=_texts(value.get("strengths"), "strengths", complaints),
        weaknesses=_texts(value.get("weaknesses"), "weaknesses", complaints),
        recommendations=_texts(value.get("recommendations"), "recommendations", complaints),
        rationale=_text(value.get("rationale") or value.get("feedback")),
    )


def _status_of(passed: bool, warnings: tuple[str, ...], checks: tuple[CheckRecord, ...]) -> ReportStatus:
    if not passed:
        return ReportStatus.FAILED
    warned = any(not check.is_passed and check.severity != "info" for check in checks)
    return ReportStatus.WARNINGS if warnings or warned else ReportStatus.PASSED


def _checks(value: Any, complaints: Complaints) -> tuple[CheckRecord, ...]:
    if value is None:
        return ()
    if not isinstance(value, list):
        complaints.add("checks is not a list")
        return ()
    return tuple(_check(item, number, complaints) for number, item in enumerate(value, start=1))


def _check(item: Any, number: int, complaints: Complaints) -> CheckRecord:
    if not isinstance(item, Mapping):
        complaints.add("checks holds an entry that is not an object")
        return CheckRecord(f"check-{number}", message=_text(item) or str(item)[:2000], is_passed=True)
    title = _text(item.get("check") or item.get("title") or item.get("name"))
    status = _STATUS_WORDS.get(str(item.get("status", "")).lower())
    passed = item.get("passed")
    if not isinstance(passed, bool):
        passed = status is not ReportStatus.FAILED and status is not ReportStatus.WARNINGS
    messages = item.get("messages")
    message = _text(item.get("message"))
    if not message and isinstance(messages, list):
        message = " ".join(_text(part) for part in messages)
    severity = str(item.get("severity", "")).strip().lower()
    severity = _SEVERITY_WORDS.get(severity, severity)
    if severity not in SEVERITIES:
        severity = "info" if passed else ("critical" if status is ReportStatus.FAILED else "warning")
    required = item.get("required")
    return CheckRecord(
        rule_id=(_text(item.get("id") or item.get("rule_id")) or title or f"check-{number}")[:128],
        title=title[:256],
        is_passed=passed,
        message=message or title,
        severity=severity,
        is_required=required if isinstance(required, bool) else True,
        line=_position(item.get("line")),
        column=_position(item.get("column")),
        fix=_text(item.get("fix") or item.get("suggestion")),
    )


def _checks_of_lists(
    value: Mapping[str, Any], errors: tuple[str, ...], warnings: tuple[str, ...], complaints: Complaints
) -> tuple[CheckRecord, ...]:
    named = {
        message: rule
        for key, rule in _ISSUE_LISTS.items()
        for message in _texts(value.get(key), key, complaints)
    }
    critical = list(dict.fromkeys([*errors, *named]))
    found = [
        CheckRecord(named.get(m, "error"), message=m, severity="critical", is_required=True) for m in critical
    ]
    return tuple(
        found + [CheckRecord("warning", message=m, severity="warning") for m in dict.fromkeys(warnings)]
    )


def _number(value: Mapping[str, Any], keys: tuple[str, ...], complaints: Complaints) -> float | None:
    key = next((key for key in keys if value.get(key) is not None), None)
    if key is None:
        return None
    found = value[key]
    try:
        number = None if isinstance(found, bool) else float(found)
    except (TypeError, ValueError, OverflowError):
        number = None
    if number is None or not math.isfinite(number):
        complaints.add(f"{key} is not a number")
        return None
    return number


def _texts(value: Any, key: str, complaints: Complaints) -> tuple[str, ...]:
    if value is None:
        return ()
    if isinstance(value, str):
        return (storable_text(value),) if value.strip() else ()
    if not isinstance(value, list):
        complaints.add(f"{key} is not a list")
        return ()
    if not all(isinstance(item, str) for item in value):
        complaints.add(f"{key} holds an entry that is not text")
    return tuple(storable_text(item if isinstance(item, str) else str(item)) for item in value)


def _text(value: Any) -> str:
    return storable_text(value) if isinstance(value, str) else ""


def _position(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 < value < 2**31 else None
