"""Keep what our own rules and scorers say of a version: a report a profile, one about the files, an assessment a scorer."""

from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.utils import timezone

from skills_app.adapters.secrets import find_secrets
from skills_app.domain.bundle import BundleFile
from skills_app.domain.digests import digest_of
from skills_app.domain.documents import parse_document
from skills_app.domain.enums import VersionOrigin
from skills_app.domain.findings import MAIN_FILE
from skills_app.domain.findings import Finding as RuleFinding
from skills_app.domain.judging import JUDGE_VERSION, MOST_FINDINGS, SkillJudgement, judge_skill, judgement_key
from skills_app.domain.profiles import find_rule
from skills_app.domain.rules import ProfileReport
from skills_app.domain.scoring import REFERENCE_SCORER, Score
from skills_app.domain.storable import storable_json, storable_text
from skills_app.models import Finding, QualityAssessment, Skill, SkillVersion, ValidationReport
from skills_app.services.refresh_skill import refresh_skill


def versions_to_judge() -> QuerySet[SkillVersion]:
    """Return the versions that the present rules have not judged, newest first; one-file skills have no document."""
    judged = ValidationReport.objects.filter(
        version=OuterRef("pk"), is_own=True, details__judge=JUDGE_VERSION
    )
    versions = SkillVersion.objects.filter(content_kind="markdown").exclude(Exists(judged))
    return versions.select_related("skill").order_by("-pk")


def judge_versions(*, limit: int = 500) -> int:
    """Judge up to ``limit`` versions that are due; return how many were judged."""
    versions = list(versions_to_judge()[:limit])
    return sum(judge_version(version=version) for version in versions)


def judge_version(*, version: SkillVersion) -> bool:
    """Judge a version and keep the result; return whether it was due: not judged yet by these rules at this path.

    An older judgement by the same rules at another path is replaced; those by older rules stay, for comparison.
    """
    if version.content_kind != "markdown":
        return False
    key = judgement_key(version.digest, version.skill.path, JUDGE_VERSION)
    known = ValidationReport.objects.filter(version=version, is_own=True, details__key=key)
    if known.exists():
        return False
    judgement = _judgement(version)
    with transaction.atomic():
        skill = Skill.objects.select_for_update().get(pk=version.skill_id)
        if known.all().exists():
            return False  # Somebody judged it meanwhile; their findings may be on a page already.
        ValidationReport.objects.filter(version=version, is_own=True, details__judge=JUDGE_VERSION).delete()
        now = timezone.now()
        for report in judgement.reports:
            _store_report(version, report, judgement, key, now)
        for score in judgement.scores:
            _store_score(version, score, now)
        refresh_skill(skill=skill)
    return True


def _judgement(version: SkillVersion) -> SkillJudgement:
    rows = list(version.files.defer("data"))
    files = [BundleFile(row.path, row.size_bytes, row.text, row.is_executable) for row in rows]
    is_known = bool(rows) or version.origin == VersionOrigin.LIBRARY
    return judge_skill(
        parse_document(version.content),
        files=files if is_known else None,
        folder_name=version.skill.slug,
        skill_path=version.skill.path,
        find_secrets=find_secrets,
    )


def _store_report(
    version: SkillVersion, report: ProfileReport, judgement: SkillJudgement, key: str, now: datetime
) -> None:
    counts = [str(finding.severity) for finding in report.findings]
    row = ValidationReport.objects.create(
        version=version,
        digest=digest_of(f"{report.profile} {report.version} {key}"),
        validator=report.profile,
        validator_version=report.version,
        status=report.status,
        is_passed=report.is_accepted,
        feedback=report.sentence,
        details={
            "judge": JUDGE_VERSION,
            "key": key,
            "outcome": report.outcome.value,
            "cut_at": report.cut_at,
            "facts": judgement.facts,
            "num_left_out": max(len(report.findings) - MOST_FINDINGS, 0),
        },
        num_errors=counts.count("critical"),
        num_warnings=counts.count("warning"),
        made_at=now,
        is_own=True,
    )
    Finding.objects.bulk_create(
        [
            _row(row, position, found)
            for position, found in enumerate(report.findings[:MOST_FINDINGS], start=1)
        ]
    )


def _row(report: ValidationReport, position: int, found: RuleFinding) -> Finding:
    rule = find_rule(found.rule_id)
    place = found.place if found.path == MAIN_FILE else None
    edit: dict[str, Any] | None = None
    if found.edit is not None and found.path == MAIN_FILE:
        edit = storable_json(
            {
                "title": found.edit.title,
                "start": found.edit.start,
                "end": found.edit.end,
                "replacement": found.edit.replacement,
            }
        )
    return Finding(
        report=report,
        position=position,
        rule_id=found.rule_id,
        title=storable_text(rule.sentence if rule else "", longest=256),
        severity=found.severity,
        is_required=found.is_required,
        message=storable_text(found.message),
        line=place.line if place else None,
        column=place.column if place else None,
        end_line=place.end_line if place else None,
        end_column=place.end_column if place else None,
        fix=storable_text(found.fix_hint),
        path="" if found.path == MAIN_FILE else storable_text(found.path, longest=512),
        edit=edit,
    )


def _store_score(version: SkillVersion, score: Score, now: datetime) -> None:
    data = score.as_dict()
    is_reference = score.scorer == REFERENCE_SCORER
    QualityAssessment.objects.update_or_create(
        version=version,
        digest=digest_of(f"{score.scorer} {score.version} {version.digest}"),
        defaults={
            "scorer": score.scorer,
            "scorer_version": score.version,
            "quality_score": None if is_reference else score.value,
            "calibrated_score": score.value if is_reference else None,
            "deterministic_score": score.value,
            "measures": storable_json(data["measures"]),
            "strengths": storable_json(data["strengths"]),
            "weaknesses": storable_json(data["issues"]),
            "details": storable_json({"dimensions": data["dimensions"]}),
            "made_at": now,
            "is_own": True,
        },
    )
