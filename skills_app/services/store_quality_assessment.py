"""Keep a judgement of quality on the version that it judged."""

from datetime import datetime

from django.db import transaction

from skills_app.domain.digests import digest_of
from skills_app.domain.records import AssessmentRecord
from skills_app.models import QualityAssessment, Skill, SkillVersion
from skills_app.services.record_audit import record_audit
from skills_app.services.refresh_skill import refresh_skill


@transaction.atomic
def store_quality_assessment(
    *,
    assessment: AssessmentRecord,
    version: SkillVersion | None,
    made_at: datetime | None = None,
    actor_name: str = "",
) -> QualityAssessment:
    """Return the stored assessment; the same raw text on the same version (or on none) is stored once."""
    digest = digest_of(assessment.raw)
    row, is_new = QualityAssessment.objects.get_or_create(
        version=version,
        digest=digest,
        defaults={
            "scorer": assessment.scorer,
            "scorer_version": assessment.scorer_version,
            "quality_score": assessment.quality_score,
            "calibrated_score": assessment.calibrated_score,
            "deterministic_score": assessment.deterministic_score,
            "audience_alignment": assessment.audience_alignment,
            "measures": dict(assessment.measures),
            "strengths": list(assessment.strengths),
            "weaknesses": list(assessment.weaknesses),
            "recommendations": list(assessment.recommendations),
            "rationale": assessment.rationale,
            "raw": assessment.raw,
            "made_at": made_at,
        },
    )
    if is_new:
        record_audit(
            verb="stored_quality_assessment",
            target_kind="skill" if version else "quality_assessment",
            target_key=version.skill.key if version else digest,
            actor_name=actor_name,
            after={"quality_score": assessment.quality_score, "version": version.number if version else None},
        )
        if version is not None:
            refresh_skill(skill=Skill.objects.select_for_update().get(pk=version.skill_id))
    return row
