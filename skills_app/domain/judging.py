"""Everything that a machine can say of a skill without a language model, in one call."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from skills_app.domain.bundle import (
    BUNDLE,
    BUNDLE_VERSION,
    BundleFile,
    BundleReport,
    SecretFinder,
    judge_bundle,
    no_secrets,
)
from skills_app.domain.digests import digest_of
from skills_app.domain.documents import SkillDocument
from skills_app.domain.findings import MAIN_FILE, Finding, Severity
from skills_app.domain.gate_facts import document_facts
from skills_app.domain.gate_outcome import Judged, JudgedFinding, ScoreValue
from skills_app.domain.profiles import PROFILES, judge_all
from skills_app.domain.rules import Matrix, Outcome, ProfileReport, Rule, Subject
from skills_app.domain.scoring import SCORER_VERSIONS, SCORERS
from skills_app.domain.scoring.score import Score
from skills_app.domain.tokens import TokenCounter, estimate_tokens

# A part of each judgement that is kept: what other versions of the rules or scorers judged is judged again.
JUDGE_VERSION = "+".join(
    [
        *(f"{p.name}-{p.version}" for p in PROFILES.values()),
        f"{BUNDLE}-{BUNDLE_VERSION}",
        *(f"{name}-{version}" for name, version in SCORER_VERSIONS.items()),
    ]
)


# Findings of one profile that are kept; a document of five megabytes may have more, and nobody reads them.
MOST_FINDINGS = 500


def judgement_key(digest: str, path: str, rules: str = JUDGE_VERSION) -> str:
    """Return what tells a judgement by ``rules`` of the version with this digest at this address (hexadecimal)."""
    return digest_of(f"{rules} {digest} {path}")


def findings_again(
    known: Iterable[JudgedFinding], rules: Sequence[Rule], subject: Subject
) -> list[JudgedFinding]:
    """Return the findings of a profile with those of ``rules``, some of its own, as they are on ``subject``; the others as known."""
    ids = {rule.id for rule in rules}
    stay = [one for one in known if one.rule_id not in ids]
    return [*stay, *(found for rule in rules for found, _ in rule.findings(subject))]


@dataclass(frozen=True, slots=True)
class SkillJudgement:
    """All profiles, the files (None when they are not known), both scores, and the facts that gates limit."""

    matrix: Matrix
    bundle: BundleReport | None
    scores: tuple[Score, ...] = ()
    facts: dict[str, float] = field(default_factory=dict)

    @property
    def reports(self) -> tuple[ProfileReport, ...]:
        """The matrix with the files as its last line."""
        if self.bundle is None:
            return self.matrix.reports
        files = ProfileReport(BUNDLE, BUNDLE_VERSION, self.bundle.outcome, self.bundle.findings)
        return (*self.matrix.reports, files)

    @property
    def is_accepted(self) -> bool:
        """Whether no profile asked for, and no rule about files, rejects the skill."""
        return all(report.outcome is not Outcome.REJECTED for report in self.reports)

    @property
    def findings(self) -> tuple[tuple[str, Finding], ...]:
        """Every finding with the name of its profile, in the order of the matrix."""
        return tuple((report.profile, finding) for report in self.reports for finding in report.findings)

    def count(self, severity: Severity) -> int:
        """Return the number of findings of one severity over all profiles."""
        return sum(finding.severity is severity for _, finding in self.findings)

    def as_judged(self) -> Judged:
        """Return what a gate reads."""
        return Judged(
            findings={report.profile: report.findings for report in self.reports},
            scores={score.scorer: ScoreValue.of(score) for score in self.scores},
            facts=self.facts,
        )


def judge_skill(
    document: SkillDocument,
    *,
    files: Sequence[BundleFile] | None = None,
    empty_folders: Sequence[str] = (),
    folder_name: str | None = None,
    file_name: str = MAIN_FILE,
    skill_path: str | None = None,
    aliases: frozenset[str] = frozenset(),
    profiles: Sequence[str] | None = None,
    count_tokens: TokenCounter = estimate_tokens,
    find_secrets: SecretFinder = no_secrets,
) -> SkillJudgement:
    """Judge a document by ``profiles`` (all by default), its ``files`` when they are known, and every scorer.

    Raises:
        UnknownProfileError: a profile does not exist.
    """
    subject = Subject(document, folder_name, file_name, skill_path, aliases, count_tokens)
    matrix = judge_all(subject, profiles)
    bundle = None
    facts = document_facts(document, count_tokens)
    if files is not None:
        bundle = judge_bundle(document, files, empty_folders=empty_folders, find_secrets=find_secrets)
        facts["num_files"] = len(files) + 1
        facts["num_broken_links"] = sum(f.rule_id == "bundle.link.broken" for f in bundle.findings)
    return SkillJudgement(matrix, bundle, tuple(scorer(document) for scorer in SCORERS.values()), facts)
