"""The library's tables."""

from skills_app.models.access import AuditEntry, RoleGrant
from skills_app.models.gates import Gate, GateRevision, Waiver
from skills_app.models.reports import Finding, QualityAssessment, ValidationReport
from skills_app.models.search import SkillText
from skills_app.models.skills import (
    RenderedDocument,
    Skill,
    SkillDependency,
    SkillFacet,
    SkillFile,
    SkillVersion,
)
from skills_app.models.taxonomy import Category, PathAlias

__all__ = [
    "AuditEntry",
    "Category",
    "Finding",
    "Gate",
    "GateRevision",
    "PathAlias",
    "QualityAssessment",
    "RenderedDocument",
    "RoleGrant",
    "Skill",
    "SkillDependency",
    "SkillFacet",
    "SkillFile",
    "SkillText",
    "SkillVersion",
    "ValidationReport",
    "Waiver",
]
