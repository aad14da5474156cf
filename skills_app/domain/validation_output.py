"""Judgements as text for people, as JSON, as SARIF 2.1.0 and as GitHub workflow commands."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from skills_app.domain.findings import MAIN_FILE, Finding, Severity
from skills_app.domain.judging import SkillJudgement
from skills_app.domain.profiles import find_rule
from skills_app.domain.rules import Outcome

FORMATS = ("text", "json", "sarif", "github")
_LEVELS = {Severity.CRITICAL: "error", Severity.WARNING: "warning", Severity.INFO: "note"}
_COMMANDS = {Severity.CRITICAL: "error", Severity.WARNING: "warning", Severity.INFO: "notice"}
_MARKS = {Severity.CRITICAL: "✖", Severity.WARNING: "▲", Severity.INFO: "·"}


@dataclass(frozen=True, slots=True)
class Validated:
    """One skill that was judged: ``path`` leads to its document, with ``/``."""

    path: str
    judgement: SkillJudgement

    def file_of(self, finding: Finding) -> str:
        """Return the path of the file that a finding is about."""
        folder = self.path.rpartition("/")[0]
        if finding.path == MAIN_FILE:
            return self.path
        return f"{folder}/{finding.path}" if folder else finding.path


def write_output(validated: Sequence[Validated], output: str) -> str:
    """Return what was found in one of ``FORMATS``, with a line end where there is something to say."""
    writers = {"text": _text, "json": _json, "sarif": _sarif, "github": _github}
    return writers[output](validated)


def _text(validated: Sequence[Validated]) -> str:
    lines: list[str] = []
    for one in validated:
        lines.append(one.path)
        for report in one.judgement.reports:
            lines.append(f"  {report.profile:<12} {report.sentence}")
            lines += [f"    {_line(one, finding)}" for finding in report.findings]
        scores = ", ".join(f"{score.label} {score.value:.4f}" for score in one.judgement.scores)
        lines += [f"  scores       {scores}", ""]
    num_rejected = sum(not one.judgement.is_accepted for one in validated)
    lines.append(
        f"{len(validated)} skill{'' if len(validated) == 1 else 's'} judged, {num_rejected} rejected."
        if num_rejected
        else f"{len(validated)} skill{'' if len(validated) == 1 else 's'} judged, none rejected."
    )
    return "\n".join(lines) + "\n"


def _line(one: Validated, finding: Finding) -> str:
    place = f":{finding.place.line}:{finding.place.column}" if finding.place else ""
    hint = f" {finding.fix_hint}" if finding.fix_hint else ""
    mark = _MARKS[finding.severity]
    return f"{mark} {one.file_of(finding)}{place} {finding.message}{hint} [{finding.rule_id}]"


def _json(validated: Sequence[Validated]) -> str:
    data = {
        "skills": [
            {
                "path": one.path,
                "is_accepted": one.judgement.is_accepted,
                "profiles": [
                    {
                        "profile": report.profile,
                        "version": report.version,
                        "outcome": report.outcome.value,
                        "cut_at": report.cut_at,
                        "findings": [_finding_data(one, finding) for finding in report.findings],
                    }
                    for report in one.judgement.reports
                ],
                "scores": [score.as_dict() for score in one.judgement.scores],
                "facts": one.judgement.facts,
            }
            for one in validated
        ]
    }
    return json.dumps(data, indent=2, ensure_ascii=False) + "\n"


def _finding_data(one: Validated, finding: Finding) -> dict[str, Any]:
    place = finding.place
    return {
        "rule": finding.rule_id,
        "severity": finding.severity.value,
        "message": finding.message,
        "file": one.file_of(finding),
        "line": place.line if place else None,
        "column": place.column if place else None,
        "end_line": place.end_line if place else None,
        "end_column": place.end_column if place else None,
        "fix": finding.fix_hint,
    }


def _sarif(validated: Sequence[Validated]) -> str:
    found = [(one, finding) for one in validated for _, finding in one.judgement.findings]
    ids = list(dict.fromkeys(finding.rule_id for _, finding in found))
    driver = {
        "name": "skill-fleet",
        "informationUri": "https://agentskills.io",
        "rules": [_sarif_rule(rule_id) for rule_id in ids],
    }
    results = [_sarif_result(one, finding, ids.index(finding.rule_id)) for one, finding in found]
    schema = "https://json.schemastore.org/sarif-2.1.0.json"
    run = {"tool": {"driver": driver}, "columnKind": "unicodeCodePoints", "results": results}
    return (
        json.dumps({"$schema": schema, "version": "2.1.0", "runs": [run]}, indent=2, ensure_ascii=False)
        + "\n"
    )


def _sarif_rule(rule_id: str) -> dict[str, Any]:
    rule = find_rule(rule_id)
    words = rule.sentence if rule else rule_id
    data: dict[str, Any] = {"id": rule_id, "shortDescription": {"text": words}}
    if rule:
        data["help"] = {"text": f"{rule.sentence} Source: {rule.source}."}
        data["defaultConfiguration"] = {"level": _LEVELS[rule.severity]}
    return data


def _sarif_result(one: Validated, finding: Finding, index: int) -> dict[str, Any]:
    location: dict[str, Any] = {"artifactLocation": {"uri": one.file_of(finding)}}
    if finding.place:
        place = finding.place
        location["region"] = {
            "startLine": place.line,
            "startColumn": place.column,
            "endLine": place.end_line,
            "endColumn": place.end_column,
        }
    return {
        "ruleId": finding.rule_id,
        "ruleIndex": index,
        "level": _LEVELS[finding.severity],
        "message": {"text": f"{finding.message} {finding.fix_hint}".strip()},
        "locations": [{"physicalLocation": location}],
    }


def _github(validated: Sequence[Validated]) -> str:
    lines = []
    for one in validated:
        for _, finding in one.judgement.findings:
            place = finding.place
            where = f"file={_property(one.file_of(finding))}"
            if place:
                where += f",line={place.line},col={place.column},endLine={place.end_line}"
            title = _property(finding.rule_id)
            message = _data(f"{finding.message} {finding.fix_hint}".strip())
            lines.append(f"::{_COMMANDS[finding.severity]} {where},title={title}::{message}")
    return "".join(f"{line}\n" for line in lines)


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")


def exit_code(validated: Sequence[Validated]) -> int:
    """Return 0 when every skill is accepted by every profile asked for, else 1."""
    return int(
        any(report.outcome is Outcome.REJECTED for one in validated for report in one.judgement.reports)
    )
