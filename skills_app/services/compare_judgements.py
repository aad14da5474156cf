"""Set what was said of two versions side by side: findings, scores with their dimensions, and gates."""

from collections.abc import Iterator
from datetime import date
from typing import Any

from skills_app.domain.bundle import BUNDLE
from skills_app.domain.judgement_changes import compare_findings
from skills_app.domain.profiles import PROFILES
from skills_app.models import QualityAssessment, SkillVersion
from skills_app.queries.gate_of_version import gate_for_version
from skills_app.queries.version_compare import Judgements, judgements_of
from skills_app.services.compare_views import DimensionChange, JudgementView, ReportChange, ScoreChange

_ORDER = [*PROFILES, BUNDLE]


def compare_judgements(*, base: SkillVersion, head: SkillVersion, today: date) -> JudgementView:
    """Return the reports, scores and gates of two versions beside each other; what was not judged yet is None.

    Findings are compared judge by judge; scores only within one scorer in one version of it.
    """
    old, new = judgements_of(base), judgements_of(head)
    return JudgementView(
        reports=tuple(_reports(old, new)),
        scores=tuple(_scores(old, new)),
        old_gate=gate_for_version(base, today=today),
        new_gate=gate_for_version(head, today=today),
    )


def _reports(old: Judgements, new: Judgements) -> Iterator[ReportChange]:
    names = {**new.reports, **old.reports}
    for name in sorted(names, key=lambda n: (n in _ORDER, _ORDER.index(n) if n in _ORDER else 0, n)):
        changes = compare_findings(old.findings.get(name, []), new.findings.get(name, []))
        profile = PROFILES.get(name)
        title = profile.title if profile else "Files" if name == BUNDLE else name
        left, right = old.reports.get(name), new.reports.get(name)
        if left is None or right is None:
            yield ReportChange(title, left, right, (), (), changes.new if right else changes.fixed)
        else:
            yield ReportChange(title, left, right, changes.fixed, changes.new, changes.still)


def _scores(old: Judgements, new: Judgements) -> Iterator[ScoreChange]:
    for scorer in sorted({*old.assessments, *new.assessments}):
        left, right = old.assessments.get(scorer), new.assessments.get(scorer)
        before, after = _value(left), _value(right)
        is_other = bool(left and right and left.scorer_version != right.scorer_version)
        dimensions = () if is_other else tuple(_dimensions(_by_name(left), _by_name(right)))
        delta = None if is_other else _delta(before, after)
        yield ScoreChange(scorer, left, right, before, after, delta, is_other, dimensions)


def _dimensions(old: dict[str, Any], new: dict[str, Any]) -> Iterator[DimensionChange]:
    for name in {**new, **old}:
        left, right = old.get(name, {}), new.get(name, {})
        before, after = left.get("value"), right.get("value")
        yield DimensionChange(
            title=str((right or left).get("title", name)),
            old=before,
            new=after,
            delta=_delta(before, after),
            old_reason=str(left.get("reason", "")),
            new_reason=str(right.get("reason", "")),
        )


def _by_name(assessment: QualityAssessment | None) -> dict[str, Any]:
    details = assessment.details if assessment is not None else {}
    rows = details.get("dimensions", []) if isinstance(details, dict) else []
    return {str(row.get("name", "")): row for row in rows}


def _value(assessment: QualityAssessment | None) -> float | None:
    if assessment is None:
        return None
    if assessment.quality_score is not None:
        return assessment.quality_score
    if assessment.calibrated_score is not None:
        return assessment.calibrated_score
    return assessment.deterministic_score


def _delta(old: float | None, new: float | None) -> float | None:
    return None if old is None or new is None else round(new - old, 6)
