"""Which assessment of a version is the one that counts."""

from skills_app.models import QualityAssessment, SkillVersion


def assessment_in_force(version: SkillVersion) -> QualityAssessment | None:
    """Return the latest assessment that somebody gave a version; where nobody did, that of the reference scorer, or None."""
    rows = version.quality_assessments.order_by("-made_at", "-pk")
    given = rows.filter(is_own=False).first()
    return given or rows.filter(is_own=True, calibrated_score__isnull=False).first()
