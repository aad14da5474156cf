"""The library's tables."""

from skills_app.models.access import AccessToken, AuditEntry, RoleGrant
from skills_app.models.changes import PlacementChange, PlacementChangeTarget
from skills_app.models.gates import Gate, GateRevision, Waiver
from skills_app.models.notices import Notice
from skills_app.models.promotions import Promotion
from skills_app.models.reports import Finding, QualityAssessment, ValidationReport
from skills_app.models.reviews import Comment, Review, ReviewRequest, SectionViewed, Verdict
from skills_app.models.search import SkillAddresses, SkillText
from skills_app.models.skills import (
    RenderedDocument,
    Skill,
    SkillDependency,
    SkillFacet,
    SkillFile,
    SkillVersion,
)
from skills_app.models.taxonomy import Category, PathAlias, PlacementSurvey

__all__ = [
    "AccessToken",
    "AuditEntry",
    "Category",
    "Comment",
    "Finding",
    "Gate",
    "GateRevision",
    "Notice",
    "PathAlias",
    "PlacementChange",
    "PlacementChangeTarget",
    "PlacementSurvey",
    "Promotion",
    "QualityAssessment",
    "RenderedDocument",
    "Review",
    "ReviewRequest",
    "RoleGrant",
    "SectionViewed",
    "Skill",
    "SkillAddresses",
    "SkillDependency",
    "SkillFacet",
    "SkillFile",
    "SkillText",
    "SkillVersion",
    "ValidationReport",
    "Verdict",
    "Waiver",
]
