"""What a rule and a profile are, and what comes out when a profile judges a document."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, TypeVar

from skills_app.domain.documents import SkillDocument
from skills_app.domain.enums import ReportStatus
from skills_app.domain.findings import MAIN_FILE, Edit, Finding, Place, Severity, sort_findings
from skills_app.domain.tokens import TokenCounter, estimate_tokens


class Outcome(StrEnum):
    """What a host does with a document, from best to worst."""

    LOADS = "loads"
    WARNS = "warns"
    CUT = "cut"
    REJECTED = "rejected"


@dataclass(frozen=True)
class Subject:
    """What is judged. ``folder_name`` and ``skill_path`` are None when nobody knows them; their rules then rest.

    ``file_name`` is the document's own name, ``skill_path`` its place in the taxonomy with ``/``, ``aliases`` the old
    paths that lead to other skills. ``cache`` keeps what several rules of one profile read once.
    """

    document: SkillDocument
    folder_name: str | None = None
    file_name: str = MAIN_FILE
    skill_path: str | None = None
    aliases: frozenset[str] = frozenset()
    count_tokens: TokenCounter = estimate_tokens
    cache: dict[str, Any] = field(default_factory=dict, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Hit:
    """One breach of a rule; ``cut_at`` is the number of characters that a host keeps."""

    message: str
    place: Place | None = None
    fix_hint: str = ""
    edit: Edit | None = None
    cut_at: int | None = None


# What a subject says of the address of a skill.
FOLDER_NAME, SKILL_PATH = ADDRESS = ("folder_name", "skill_path")

Check = Callable[[Subject], Iterable[Hit]]
C = TypeVar("C", bound=Check)


def reading(*parts: str) -> Callable[[C], C]:
    """Mark a check as one that looks at these parts of the address, so that it is asked again where one of them changes."""

    def mark(check: C) -> C:
        check.reads = frozenset(parts)  # type: ignore[attr-defined]
        return check

    return mark


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule: the sentence that it enforces, where that stands, and the check.

    Critical rules reject, warnings let load, rules with ``cuts`` shorten what the host shows. ``check`` is None for a
    rule that is applied to files rather than to the document.
    """

    id: str
    severity: Severity
    sentence: str
    source: str
    check: Check | None = None
    cuts: bool = False

    @property
    def is_required(self) -> bool:
        """Whether a breach means that the host refuses the skill."""
        return self.severity is Severity.CRITICAL

    @property
    def reads(self) -> frozenset[str]:
        """The parts of the address, of ``ADDRESS``, that it looks at: where they are the same, it finds the same in a document."""
        return getattr(self.check, "reads", frozenset())

    def findings(self, subject: Subject) -> list[tuple[Finding, int | None]]:
        """Apply the rule; each finding comes with the characters kept, for rules that cut."""
        if self.check is None:
            return []
        return [
            (
                Finding(
                    self.id, self.severity, hit.message, hit.place, self.is_required, hit.fix_hint, hit.edit
                ),
                hit.cut_at,
            )
            for hit in self.check(subject)
        ]


@dataclass(frozen=True)
class Profile:
    """A named, versioned list of rules: how one host or validator judges."""

    name: str
    version: str
    title: str
    source: str
    rules: tuple[Rule, ...]


@dataclass(frozen=True, slots=True)
class ProfileReport:
    """How a document fares under one profile; findings worst first. ``cut_at`` counts characters when it is cut."""

    profile: str
    version: str
    outcome: Outcome
    findings: tuple[Finding, ...] = ()
    cut_at: int | None = None

    @property
    def status(self) -> ReportStatus:
        """Passed, warnings or failed, as validation reports are kept."""
        if self.outcome is Outcome.REJECTED:
            return ReportStatus.FAILED
        return ReportStatus.PASSED if self.outcome is Outcome.LOADS else ReportStatus.WARNINGS

    @property
    def is_accepted(self) -> bool:
        """Whether the host takes the skill at all."""
        return self.outcome is not Outcome.REJECTED

    @property
    def sentence(self) -> str:
        """The outcome in words."""
        num = len([f for f in self.findings if f.severity is Severity.CRITICAL])
        warnings = len([f for f in self.findings if f.severity is Severity.WARNING])
        if self.outcome is Outcome.REJECTED:
            return f"Rejected: {num} {'thing has' if num == 1 else 'things have'} to be mended."
        if self.outcome is Outcome.CUT:
            return f"Loads, but its catalog entry is cut at {self.cut_at:,} characters."
        if self.outcome is Outcome.WARNS:
            return f"Loads with {warnings} warning{'' if warnings == 1 else 's'}."
        return "Loads."


@dataclass(frozen=True)
class Matrix:
    """The reports of several profiles on one document, in the order asked for."""

    reports: tuple[ProfileReport, ...] = field(default=())

    def __getitem__(self, profile: str) -> ProfileReport:
        return next(report for report in self.reports if report.profile == profile)

    @property
    def outcomes(self) -> dict[str, Outcome]:
        """Profile name to outcome."""
        return {report.profile: report.outcome for report in self.reports}


def judge(subject: Subject, profile: Profile) -> ProfileReport:
    """Apply every rule of ``profile`` and return all findings at once with the outcome; never raises."""
    found = [pair for rule in profile.rules for pair in rule.findings(subject)]
    findings = [finding for finding, _ in found]
    cuts = [cut_at for _, cut_at in found if cut_at is not None]
    return ProfileReport(
        profile.name,
        profile.version,
        outcome_of(findings, cuts),
        sort_findings(findings),
        min(cuts, default=None),
    )


def outcome_of(findings: Sequence[Finding], cuts: Sequence[int] = ()) -> Outcome:
    """Return what the findings amount to: rejected by a required one, cut, warned about, or loaded."""
    if any(f.is_required and f.severity is Severity.CRITICAL for f in findings):
        return Outcome.REJECTED
    if cuts:
        return Outcome.CUT
    return Outcome.WARNS if any(f.severity is not Severity.INFO for f in findings) else Outcome.LOADS
