"""The reports that a sample run carries: rules and reference score as our code finds them, a model's part as sample."""

from collections.abc import Iterable
from typing import Any
from urllib.parse import unquote

from runs_app.domain.sample.shapes import SampleSkill, SampleVersion
from skills_app.domain.documents import SkillDocument, parse_document
from skills_app.domain.findings import Finding, Place, Severity
from skills_app.domain.profiles import Rule, Subject, find_rule, judge
from skills_app.domain.profiles.skill_fleet import SKILL_FLEET
from skills_app.domain.scoring import score_reference

JUDGE = "sample-judge"
JUDGE_VERSION = "1"
SAYING = (
    "Sample value: no model has judged this document. Quality and audience are made up for the sample; "
    "the deterministic score and its measures are what the reference scorer finds."
)
_WEIGHTS = {Severity.CRITICAL: 3, Severity.WARNING: 2, Severity.INFO: 1}
_BROKEN_LINK = "bundle.link.broken"


def validation_report(skill: SampleSkill, version: SampleVersion) -> dict[str, Any]:
    """Return the report of the profile ``skill-fleet``, and of links into the skill's folder, as a run logs it.

    ``score`` is the share of the rules that hold, where critical ones count 3, warnings 2 and hints 1.
    """
    document = parse_document(version.document)
    subject = Subject(document=document, folder_name=skill.name, skill_path=skill.path)
    judged = judge(subject, SKILL_FLEET)
    findings = [*judged.findings, *_broken_links(document, (file.path for file in version.files))]
    breached = {finding.rule_id for finding in findings}
    link_rule = find_rule(_BROKEN_LINK)
    rules = [rule for rule in (*SKILL_FLEET.rules, link_rule) if rule is not None]
    total = sum(_WEIGHTS[rule.severity] for rule in rules)
    held = sum(_WEIGHTS[rule.severity] for rule in rules if rule.id not in breached)
    errors = [f.message for f in findings if f.severity is Severity.CRITICAL]
    warnings = [f.message for f in findings if f.severity is Severity.WARNING]
    return {
        "passed": not errors,
        "status": "failed" if errors else "warnings" if warnings else "passed",
        "score": round(held / total, 4),
        "errors": errors,
        "warnings": warnings,
        "checks_performed": [rule.id for rule in rules],
        "checks": [
            *(_breach(finding) for finding in findings),
            *(_held(rule) for rule in rules if rule.is_required and rule.id not in breached),
        ],
        "feedback": _feedback(len(rules), len(breached), len(errors)),
        "validator": SKILL_FLEET.name,
        "validator_version": SKILL_FLEET.version,
    }


def quality_assessment(
    skill: SampleSkill, version: SampleVersion, *, quality: float, audience: float
) -> dict[str, Any]:
    """Return an assessment as a run logs it: the reference score is computed, what a model would say is sample."""
    score = score_reference(version.document)
    is_newest = version is skill.versions[-1]
    return {
        "quality_score": quality,
        "audience_alignment": audience,
        "strengths": list(skill.strengths if is_newest else skill.strengths[:1]),
        "weaknesses": list(skill.weaknesses) if is_newest else [*skill.weaknesses, *score.issues[:2]],
        "recommendations": list(skill.recommendations),
        "rationale": SAYING,
        "scorer": JUDGE,
        "scorer_version": JUDGE_VERSION,
        "is_sample": True,
        "deterministic_metrics": {
            "deterministic_score": score.value,
            "scorer": score.scorer,
            "scorer_version": score.version,
            **score.measures,
            "deterministic_issues": list(score.issues),
            "deterministic_strengths": list(score.strengths),
        },
        "calibrated_score": score.value,
    }


def _broken_links(document: SkillDocument, paths: Iterable[str]) -> list[Finding]:
    rule, known = find_rule(_BROKEN_LINK), set(paths)
    if rule is None:
        return []
    return [
        Finding(
            rule.id,
            rule.severity,
            f"The link leads to {link.target}, which is not a file of the skill.",
            link.target_place,
            rule.is_required,
            "Add the file, or take the link out.",
        )
        for link in document.links
        if not link.is_external
        and not link.is_anchor
        and unquote(link.target.partition("#")[0]) not in known | {"…"}
    ]


def _breach(finding: Finding) -> dict[str, Any]:
    rule = find_rule(finding.rule_id)
    place: Place | None = finding.place
    return {
        "id": finding.rule_id,
        "check": rule.sentence if rule else finding.rule_id,
        "passed": False,
        "message": finding.message,
        "severity": finding.severity.value,
        "required": finding.is_required,
        "line": place.line if place else None,
        "column": place.column if place else None,
        "fix": finding.fix_hint,
    }


def _held(rule: Rule) -> dict[str, Any]:
    return {
        "id": rule.id,
        "check": rule.sentence,
        "passed": True,
        "message": "Holds.",
        "severity": "info",
        "required": True,
        "line": None,
        "column": None,
        "fix": "",
    }


def _feedback(num_rules: int, num_breached: int, num_errors: int) -> str:
    if not num_breached:
        return f"All {num_rules} rules hold."
    must = f"; {num_errors} must be mended before it is used" if num_errors else ""
    return f"{num_rules - num_breached} of {num_rules} rules hold{must}."
