"""The fixed words of the library."""

from enum import StrEnum


class SkillStatus(StrEnum):
    """Where a skill stands in its life."""

    DRAFT = "draft"
    ACTIVE = "active"
    DEPRECATED = "deprecated"
    ARCHIVED = "archived"


class VersionOrigin(StrEnum):
    """What a version came from."""

    RUN = "run"
    LIBRARY = "library"
    EDIT = "edit"
    FIX = "fix"
    RESTORE = "restore"


class ReportStatus(StrEnum):
    """The outcome of a validation."""

    PASSED = "passed"
    WARNINGS = "warnings"
    FAILED = "failed"


class DependencyKind(StrEnum):
    """How one skill needs another."""

    REQUIRED = "required"
    RECOMMENDED = "recommended"
    CONFLICT = "conflict"
    SEE_ALSO = "see_also"


class Role(StrEnum):
    """What a person may do; each is granted for the whole library or for one branch."""

    READER = "reader"
    LAUNCHER = "launcher"
    REVIEWER = "reviewer"
    CURATOR = "curator"
    MANAGER = "manager"
    ADMIN = "admin"
