"""What is said about a skill, read from a file or a run and not yet stored. All text is storable, all lists are in order."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from skills_app.domain.enums import DependencyKind, ReportStatus


@dataclass(frozen=True, slots=True)
class DependencyRecord:
    """A skill named by another: how it is needed, its path as written, and why."""

    kind: DependencyKind
    target_path: str
    reason: str = ""


@dataclass(frozen=True, slots=True)
class SkillMetadata:
    """The metadata of a skill. Words are as written, an empty one was not given; ``values`` is all that was read."""

    skill_id: str = ""
    name: str = ""
    description: str = ""
    version: str = ""
    skill_type: str = ""
    weight: str = ""
    load_priority: str = ""
    category: str = ""
    scope: str = ""
    taxonomy_path: str = ""
    skill_style: str = ""
    capabilities: tuple[str, ...] = ()
    keywords: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    dependencies: tuple[DependencyRecord, ...] = ()
    values: Mapping[str, Any] = field(default_factory=dict)

    @property
    def path(self) -> str:
        """Where the skill says that it lives: its taxonomy path, else its id; empty when it says neither."""
        return self.taxonomy_path or self.skill_id


@dataclass(frozen=True, slots=True)
class CheckRecord:
    """One check of a report. ``severity`` is critical, warning or info; ``line`` counts from 1 when it was given."""

    rule_id: str
    title: str = ""
    is_passed: bool = False
    message: str = ""
    severity: str = "info"
    is_required: bool = False
    line: int | None = None
    column: int | None = None
    fix: str = ""


@dataclass(frozen=True, slots=True)
class ReportRecord:
    """A validation report. ``score`` runs from 0 to 1; ``details`` holds what has no field of its own; ``raw`` is the text found."""

    raw: str
    is_passed: bool
    status: ReportStatus
    validator: str = "model"
    validator_version: str = ""
    score: float | None = None
    feedback: str = ""
    errors: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    checks_performed: tuple[str, ...] = ()
    checks: tuple[CheckRecord, ...] = ()
    details: Mapping[str, Any] = field(default_factory=dict)

    @property
    def num_errors(self) -> int:
        """The errors listed, or the critical checks that failed if those are more."""
        return max(len(self.errors), self._num_failed("critical"))

    @property
    def num_warnings(self) -> int:
        """The warnings listed, or the checks that failed with a warning if those are more."""
        return max(len(self.warnings), self._num_failed("warning"))

    def _num_failed(self, severity: str) -> int:
        return sum(not check.is_passed and check.severity == severity for check in self.checks)


@dataclass(frozen=True, slots=True)
class AssessmentRecord:
    """A judgement of quality. Scores run from 0 to 1; ``measures`` are the scorer's own numbers; ``raw`` is the text found."""

    raw: str
    scorer: str = "model"
    scorer_version: str = ""
    quality_score: float | None = None
    calibrated_score: float | None = None
    deterministic_score: float | None = None
    audience_alignment: float | None = None
    measures: Mapping[str, Any] = field(default_factory=dict)
    strengths: tuple[str, ...] = ()
    weaknesses: tuple[str, ...] = ()
    recommendations: tuple[str, ...] = ()
    rationale: str = ""


@dataclass(frozen=True, slots=True)
class FileRecord:
    """A file of a skill: path with ``/`` below its folder, size in bytes, SHA-256 (hex); ``data`` is None over the limit."""

    path: str
    size_bytes: int
    digest: str
    data: bytes | None = None
    is_executable: bool = False
