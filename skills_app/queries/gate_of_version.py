"""Which gate holds for a skill, and what it says of a version."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import Any, NamedTuple

from django.db.models import Q

from skills_app.domain.gate_outcome import ConditionOutcome, GateOutcome, Judged, JudgedFinding
from skills_app.domain.gates import DEFAULT_GATES, Gate, gate_from_data
from skills_app.domain.gates import Waiver as GateWaiver
from skills_app.domain.judging import JUDGE_VERSION
from skills_app.domain.paths import lineage
from skills_app.models import Gate as GateRow
from skills_app.models import QualityAssessment, Skill, SkillVersion, ValidationReport, Waiver
from skills_app.queries.reviewer_agreement import AssessmentScores, Trusts, gate_scores

BUILT_IN = 0


@dataclass(frozen=True, slots=True)
class GateInForce:
    """The gate of a skill: its conditions, the number of the revision (0: the built-in one), and its row if it has one."""

    gate: Gate
    revision: int
    row: GateRow | None

    @property
    def label(self) -> str:
        """Name and revision, as a verdict is bound to them."""
        return f"{self.gate.name} r{self.revision}"


@dataclass(frozen=True, slots=True)
class GateView:
    """What the gate in force says of a version."""

    in_force: GateInForce
    outcome: GateOutcome

    @property
    def blocking(self) -> tuple[ConditionOutcome, ...]:
        """The conditions that keep it shut."""
        return tuple(one for one in self.outcome.conditions if one.is_blocking)


class OwnReport(NamedTuple):
    """What gates read of a report by our rules: who judged, what it says beside its findings, and these."""

    validator: str
    details: Mapping[str, Any]
    findings: Sequence[JudgedFinding]


@cache
def built_in_gate() -> Gate:
    """Return the gate that holds until somebody writes one."""
    return gate_from_data(DEFAULT_GATES[0])


def gate_in_force(category_path: str | None) -> GateInForce:
    """Return the gate of the nearest branch at or above ``category_path``, else that of the library, else the built-in one."""
    paths = lineage(category_path or "")
    rows = GateRow.objects.filter(Q(category=None) | Q(category__path__in=paths)).select_related("category")
    nearest = max(rows, key=lambda row: len(row.category.path) if row.category else -1, default=None)
    revision = nearest.revisions.first() if nearest else None
    if nearest is None or revision is None:
        return GateInForce(built_in_gate(), BUILT_IN, None)
    return GateInForce(gate_from_data(revision.data), revision.number, nearest)


def gate_for_version(version: SkillVersion, *, today: date) -> GateView | None:
    """Return the outcome of the gate in force for a version, or None while our rules have not judged it.

    Conditions on the change are not known, and block, while the parent has not been judged.
    """
    judged = judged_version(version)
    if judged is None:
        return None
    parent = _judged_parent(version)
    skill = version.skill
    in_force = gate_in_force(skill.category.path if skill.category else None)
    waivers = [gate_waiver(row) for row in waivers_of_skill(skill)]
    outcome = Trusts().judge(in_force.gate, judged, today=today, parent=parent, waivers=waivers)
    return GateView(in_force, outcome)


def _judged_parent(version: SkillVersion) -> Judged | None:
    """Return what is known of the parent, which may be nothing yet; None when there is no document to compare with."""
    parent = version.parent
    if parent is None or parent.content_kind != "markdown":
        return None
    return judged_version(parent) or Judged()


def waivers_of_skill(skill: Skill) -> list[Waiver]:
    """Return the waivers of a skill and of the branches above it that were not withdrawn, newest first."""
    paths = lineage(skill.category.path if skill.category else "")
    rows = Waiver.objects.filter(Q(skill=skill) | Q(category__path__in=paths), withdrawn_at=None)
    return list(rows.select_related("owner", "category", "skill"))


def gate_waiver(row: Waiver) -> GateWaiver:
    """Return a stored waiver as the domain reads it."""
    return GateWaiver(row.condition_key, row.reason, row.owner_name, row.until, row.rule_id)


def judged_version(version: SkillVersion) -> Judged | None:
    """Return findings, scores and facts of a version as gates read them, or None when our rules have not judged it.

    The calibrated score is the one that somebody gave the version, else the reference score, which it is in the records.
    """
    reports = ValidationReport.objects.filter(version=version, is_own=True)
    assessments = QualityAssessment.objects.filter(version=version)
    return judged_from(list(reports.prefetch_related("findings")), list(assessments))


def judged_from(reports: list[ValidationReport], assessments: list[QualityAssessment]) -> Judged | None:
    """Return what gates read of one version, from all its reports (with their findings) and assessments."""
    own = [
        OwnReport(row.validator, row.details, list(row.findings.all()))
        for row in reports
        if row.is_own and is_present(row.details)
    ]
    in_order: list[QualityAssessment] = sorted(assessments, key=lambda row: row.pk)
    return judged_of(own, in_order)


def is_present(details: Mapping[str, Any]) -> bool:
    """Say whether a report with these details is by the rules of today."""
    return details.get("judge") == JUDGE_VERSION


def judged_of(
    own: Sequence[OwnReport], assessments: Iterable[AssessmentScores], *, has_dimensions: bool = True
) -> Judged | None:
    """Return what gates read of one version, from what our present rules reported, newest first, and all assessments, oldest first."""
    if not own:
        return None
    first = own[0].details
    return Judged(
        findings={report.validator: report.findings for report in own},
        scores=gate_scores(assessments, has_dimensions=has_dimensions),
        facts=first.get("facts", {}),
        key=str(first.get("key", "")),
    )
