"""The third phase: rules, a model's validation, mending with a limit, a person's word where asked for, and the assessment."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from runs_app.domain.enums import Phase
from runs_app.domain.generation import Step, step_key
from runs_app.domain.judging_models import MODEL_SCORER, judge_version
from runs_app.domain.pipeline_items import EventKind, GenerationResult
from runs_app.domain.prompts import Action, Prompt, PromptKind
from runs_app.pipeline.document import body_of, document_of, metadata_text, score_of
from runs_app.pipeline.flow import ASKED_AS, Flow
from runs_app.pipeline.generate import Draft
from runs_app.pipeline.results import TargetLevel
from runs_app.pipeline.signatures import (
    AssessQuality,
    FormatValidation,
    PlanRefinement,
    RefineSkill,
    ValidateSkill,
)
from runs_app.pipeline.understand import Plan
from skills_app.domain.documents import parse_document
from skills_app.domain.findings import Severity
from skills_app.domain.judging import JUDGE_VERSION, judge_skill
from skills_app.domain.scoring import REFERENCE_SCORER

VALIDATOR = "fleet pipeline"
VALIDATOR_VERSION = "1"
_JUDGED_BY = "judged_by"
_MOST_SAID = 40


@dataclass(frozen=True, slots=True)
class _Verdict:
    """What rules and model found in one text."""

    rules: Mapping[str, Any]
    said: Mapping[str, Any]

    @property
    def issues(self) -> tuple[str, ...]:
        """What must be mended: critical findings of the rules, then those of the model."""
        rules = [f"{one['rule']}: {one['message']}" for one in self.rules["critical"]]
        return (*rules, *(f"{one['rule']}: {one['message']}" for one in self.said["critical_issues"]))


async def validate(flow: Flow, plan: Plan, draft: Draft) -> GenerationResult:
    """Return the finished skill with its reports.

    Raises:
        StepFailed, Suspended, GenerationStopped: as ``Flow`` says.
    """
    flow.phase(EventKind.PHASE_STARTED, Phase.VALIDATE)
    body, verdict, rounds = await _mended(flow, plan, draft.body)
    body, verdict = await _confirmed(flow, plan, body, verdict, rounds)
    document = document_of(plan, body, is_rehearsal=flow.is_rehearsal)
    said = await flow.ask(
        Step.ASSESSMENT,
        AssessQuality,
        {
            "skill_content": document,
            "skill_metadata": metadata_text(plan),
            "target_level": TargetLevel(plan.target_level),
        },
        title="Assess the quality",
        signed_as=_JUDGED_BY,
    )
    flow.phase(EventKind.PHASE_ENDED, Phase.VALIDATE)
    return GenerationResult(
        document,
        plan.name,
        plan.description,
        plan.path,
        dict(plan.metadata) | {"skill_style": flow.request.style.value},
        plan.as_data(),
        _report(verdict),
        _assessment(document, said),
        tuple(dict(one) for one in draft.usage_examples),
        tuple(dict(one) for one in draft.test_cases),
        draft.best_practices,
        flow.is_rehearsal,
        dict(draft.feedback),
        tuple(dict(one) for one in draft.files),
    )


async def _mended(flow: Flow, plan: Plan, body: str) -> tuple[str, _Verdict, int]:
    """Return the body after mending what is critical, with its last verdict and the number of rounds judged."""
    verdict = await _judged(flow, plan, body, 1)
    round_number = 1
    while verdict.issues and round_number <= flow.options.max_refinements:
        body = await _refined(flow, body, verdict, "none", round_number)
        round_number += 1
        verdict = await _judged(flow, plan, body, round_number)
    return body, verdict, round_number


async def _judged(flow: Flow, plan: Plan, body: str, round_number: int) -> _Verdict:
    document = document_of(plan, body, is_rehearsal=flow.is_rehearsal)
    key = step_key(Step.RULES, round_number=round_number)
    rules = flow.known(key)
    if rules is None:
        rules = await flow.keep(Step.RULES, _rules(document, plan), key=key, title="Check the rules")
    said = await flow.ask(
        Step.MODEL_VALIDATION,
        ValidateSkill,
        {
            "skill_content": document,
            "skill_metadata": metadata_text(plan),
            "content_plan": "\n".join(plan.content_plan),
            "validation_rules": _lines(rules["critical"] + rules["warnings"]) or "The rules found nothing.",
        },
        round_number=round_number,
        title="Let a model validate it",
    )
    return _Verdict(rules, said)


def _rules(document: str, plan: Plan) -> dict[str, Any]:
    judgement = judge_skill(parse_document(document), folder_name=plan.name, skill_path=plan.path)
    found: dict[Severity, dict[str, dict[str, Any]]] = {Severity.CRITICAL: {}, Severity.WARNING: {}}
    for profile, finding in judgement.findings:
        if finding.severity in found:
            line = finding.place.line if finding.place else None
            entry = {
                "rule": finding.rule_id,
                "message": finding.message,
                "fix": finding.fix_hint,
                "line": line,
            }
            found[finding.severity].setdefault(f"{finding.rule_id} {line}", entry | {"profile": profile})
    return {
        "judge": JUDGE_VERSION,
        "is_accepted": judgement.is_accepted,
        "critical": list(found[Severity.CRITICAL].values()),
        "warnings": list(found[Severity.WARNING].values()),
    }


async def _refined(flow: Flow, body: str, verdict: _Verdict, feedback: str, round_number: int) -> str:
    issues = "\n".join(f"- {one}" for one in verdict.issues[:_MOST_SAID]) or "none"
    plan = await flow.ask(
        Step.REFINEMENT,
        PlanRefinement,
        {"validation_issues": issues, "user_feedback": feedback, "current_skill": body},
        round_number=round_number,
        part=1,
        title="Plan the mending",
    )
    said = await flow.ask(
        Step.REFINEMENT,
        RefineSkill,
        {
            "current_content": body,
            "validation_issues": issues,
            "user_feedback": feedback,
            "fix_strategies": "\n".join([plan["refinement_plan"], *plan["changes"]]),
            "iteration_number": round_number,
        },
        round_number=round_number,
        part=2,
        title=f"Mend what is critical, round {round_number}",
    )
    return body_of(said["refined_content"])


async def _confirmed(
    flow: Flow, plan: Plan, body: str, verdict: _Verdict, judged: int
) -> tuple[str, _Verdict]:
    """Return the body and the verdict that the person is content with; asked only where that was chosen."""
    for round_number in range(1, flow.options.max_rounds + 1):
        if not flow.is_asked(PromptKind.VALIDATE, plan.checkpoints):
            break
        report = _report(verdict)
        said = await flow.ask(
            Step.VALIDATION_REPORT,
            FormatValidation,
            {"validation_report": _worded(report), "skill_content": body},
            round_number=round_number,
            title="Word the validation",
        )
        prompt = Prompt(
            PromptKind.VALIDATE,
            "The checks are done",
            summary=said["formatted_report"],
            assumptions=tuple(
                [f"Must be mended: {one}" for one in said["critical_issues"]]
                + [f"Should be mended: {one}" for one in said["warnings"]]
            ),
            confidence=report["score"],
            round=round_number,
            content=body,
        )
        answer = flow.answer(Step.VALIDATION_REPORT, prompt)
        if answer.action is not Action.REFINE:
            break
        body = await _refined(flow, body, verdict, answer.feedback, judged + round_number - 1)
        verdict = await _judged(flow, plan, body, judged + round_number)
    return body, verdict


def _worded(report: Mapping[str, Any]) -> str:
    lines = [f"{one['severity']}: {one['id']}: {one['message']}" for one in report["checks"]]
    return "\n".join(lines) or "Nothing was found."


def _lines(found: list[Mapping[str, Any]]) -> str:
    return "\n".join(f"- {one['rule']}: {one['message']}" for one in found[:_MOST_SAID])


def _report(verdict: _Verdict) -> dict[str, Any]:
    """Return the report in the shape that runs keep it in; its status comes from what was found, not from a model's word."""
    rules, said = verdict.rules, verdict.said
    checks = [_check(one, severity, "rules") for severity, key in _KINDS for one in rules[key]] + [
        _check(one, severity, "model") for severity, key in _MODEL_KINDS for one in said[key]
    ]
    errors = [f"{one['id']}: {one['message']}" for one in checks if one["severity"] == "critical"]
    warnings = [f"{one['id']}: {one['message']}" for one in checks if one["severity"] == "warning"]
    return {
        "passed": not errors,
        "status": "failed" if errors else "warnings" if warnings else "passed",
        "score": said["overall_score"],
        "errors": errors,
        "warnings": warnings,
        "checks_performed": ["rules of every profile", "validation by a model"],
        "checks": checks,
        "feedback": said["validation_report"],
        "suggestions": list(said["suggestions"]),
        "validator": VALIDATOR,
        "validator_version": VALIDATOR_VERSION,
    }


_KINDS = (("critical", "critical"), ("warning", "warnings"))
_MODEL_KINDS = (("critical", "critical_issues"), ("warning", "warnings"))


def _check(found: Mapping[str, Any], severity: str, by: str) -> dict[str, Any]:
    return {
        "id": found["rule"] if by == "rules" else f"model.{found['rule']}",
        "check": found["rule"],
        "passed": False,
        "message": found["message"],
        "severity": severity,
        "required": severity == "critical",
        "line": found.get("line"),
        "fix": found.get("fix", ""),
    }


def _assessment(document: str, said: Mapping[str, Any]) -> dict[str, Any]:
    """Return the assessment in the shape that runs keep it in: calibrated is what the reference scorer says.

    A result that was stored before it named its judge gives an assessment without a version, and one that was stored before it
    said what the judge was asked with the version of that time, the model's name alone.
    """
    reference = score_of(document, REFERENCE_SCORER)
    return {
        "scorer": MODEL_SCORER,
        "scorer_version": judge_version(said.get(_JUDGED_BY, ""), said.get(ASKED_AS, "")),
        "quality_score": said["quality_score"],
        "audience_alignment": said["audience_alignment"],
        "strengths": list(said["strengths"]),
        "weaknesses": list(said["weaknesses"]),
        "recommendations": list(said["recommendations"]),
        "rationale": said.get("reasoning", ""),
        "calibrated_score": reference.value,
        "deterministic_score": reference.value,
        "deterministic_metrics": {
            **reference.measures,
            "overall_score": reference.value,
            "issues": list(reference.issues),
            "strengths": list(reference.strengths),
        },
    }
