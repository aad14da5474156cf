"""The second phase: write the skill, keep the best of several, mend it up to a threshold, and show it before it is judged."""

import asyncio
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from runs_app.domain.enums import Phase
from runs_app.domain.generation import Step
from runs_app.domain.pipeline_items import EventKind
from runs_app.domain.prompts import Action, Prompt, PromptKind
from runs_app.pipeline.document import body_of, document_of, metadata_text, score_of
from runs_app.pipeline.flow import Flow, all_answered
from runs_app.pipeline.signatures import (
    AnalyzeFeedback,
    GenerateContent,
    GeneratePreview,
    IncorporateFeedback,
    RefineSkill,
)
from runs_app.pipeline.understand import Plan

# Candidates after the first are asked for with more freedom, or they would be the same text again.
FREER_BY = 0.15
_MOST_PARENTS = 2
_LONGEST_PARENT = 6_000


@dataclass(frozen=True, slots=True)
class Draft:
    """What was written: the body, and the lists that came with it. ``num_candidates`` were compared by ``score``.

    ``feedback`` is what a model says it did about what people said, and ``files`` are those that it changed beside the
    document, both as ``GenerationResult`` has them.
    """

    body: str
    score: float
    usage_examples: tuple[Mapping[str, Any], ...]
    best_practices: tuple[str, ...]
    test_cases: tuple[Mapping[str, Any], ...]
    feedback: Mapping[str, Any] = field(default_factory=dict)
    files: tuple[Mapping[str, str], ...] = ()


async def generate(flow: Flow, plan: Plan) -> Draft:
    """Return the draft of the skill that ``plan`` describes.

    Raises:
        StepFailed, Suspended, GenerationStopped: as ``Flow`` says.
    """
    flow.phase(EventKind.PHASE_STARTED, Phase.GENERATE)
    candidates = await _candidates(flow, plan)
    drafts = [_draft(flow, plan, one) for one in candidates]
    best = max(drafts, key=lambda one: one.score)
    if len(drafts) > 1:
        scores = ", ".join(f"{one.score:.2f}" for one in drafts)
        message = f"The best of {len(drafts)} texts is kept: {best.score:.2f} by {flow.options.scorer} (of {scores})."
        flow.note(Step.CONTENT, message)
    body, score = await _refined(flow, plan, best)
    body = await previewed(flow, plan, body)
    flow.phase(EventKind.PHASE_ENDED, Phase.GENERATE)
    return Draft(body, score, best.usage_examples, best.best_practices, best.test_cases)


async def _candidates(flow: Flow, plan: Plan) -> Sequence[Mapping[str, Any]]:
    by_path = {skill.path: skill for skill in flow.library.skills}
    named = [one["path"] for one in plan.analyses["dependencies"]["dependency_analysis"]["required"]]
    parents = [skill for skill in flow.library.skills if skill.content][:_MOST_PARENTS]
    summaries = [f"{path}: {by_path[path].description}" for path in named if path in by_path]
    inputs = {
        "skill_metadata": metadata_text(plan),
        "skill_style": flow.request.style,
        "content_plan": json.dumps(list(plan.content_plan), ensure_ascii=False),
        "generation_instructions": plan.instructions,
        "parent_skills_content": "\n\n".join(one.content[:_LONGEST_PARENT] for one in parents) or "none",
        "dependency_summaries": "\n".join(summaries) or "none",
    }
    count = max(1, flow.options.num_candidates)
    if count == 1:
        return [await flow.ask(Step.CONTENT, GenerateContent, inputs, title="Write the skill")]
    found = await asyncio.gather(
        *(
            flow.ask(
                Step.CONTENT,
                GenerateContent,
                inputs,
                part=part,
                temperature=None if part == 1 else min(1.0, 0.7 + FREER_BY * (part - 1)),
                title=f"Write the skill, text {part} of {count}",
            )
            for part in range(1, count + 1)
        ),
        return_exceptions=True,
    )
    return all_answered(found)


def _draft(flow: Flow, plan: Plan, said: Mapping[str, Any]) -> Draft:
    body = body_of(said["skill_content"])
    return Draft(
        body,
        scored(flow, plan, body),
        tuple(said["usage_examples"]),
        tuple(said["best_practices"]),
        tuple(said["test_cases"]),
    )


def scored(flow: Flow, plan: Plan, body: str) -> float:
    document = document_of(plan, body, is_rehearsal=flow.is_rehearsal)
    return score_of(document, flow.options.scorer).value


async def _refined(flow: Flow, plan: Plan, draft: Draft) -> tuple[str, float]:
    """Return the body after as many rounds as it takes to reach the threshold; a round that makes it worse is dropped."""
    body, score = draft.body, draft.score
    for round_number in range(1, flow.options.max_refinements + 1):
        if score >= flow.options.refine_from:
            break
        judged = score_of(document_of(plan, body, is_rehearsal=flow.is_rehearsal), flow.options.scorer)
        advice = [one.advice for one in judged.dimensions if one.advice]
        said = await flow.ask(
            Step.CONTENT_REFINEMENT,
            RefineSkill,
            {
                "current_content": body,
                "validation_issues": "\n".join(f"- {one}" for one in judged.issues) or "none",
                "user_feedback": "none",
                "fix_strategies": "\n".join(f"- {one}" for one in advice) or "none",
                "iteration_number": round_number,
            },
            round_number=round_number,
            title=f"Mend it up to {flow.options.refine_from:.2f}, round {round_number}",
        )
        mended = body_of(said["refined_content"])
        better = scored(flow, plan, mended)
        kept = "kept" if better >= score else "dropped"
        message = f"Round {round_number}: {score:.2f} → {better:.2f} by {flow.options.scorer}; {kept}."
        flow.note(Step.CONTENT_REFINEMENT, message)
        if better < score:
            break
        body, score = mended, better
    return body, score


async def previewed(flow: Flow, plan: Plan, body: str) -> str:
    """Return the body that the person is content with; asked only where that was chosen."""
    for round_number in range(1, flow.options.max_rounds + 1):
        if not flow.is_asked(PromptKind.PREVIEW, plan.checkpoints):
            return body
        said = await flow.ask(
            Step.PREVIEW,
            GeneratePreview,
            {"skill_content": body, "metadata": metadata_text(plan)},
            round_number=round_number,
            title="Prepare the preview",
        )
        prompt = Prompt(
            PromptKind.PREVIEW,
            "This is what was written",
            summary=said["preview"],
            assumptions=tuple(
                [f"Good: {one}" for one in said["highlights"]]
                + [f"Look at: {one}" for one in said["potential_issues"]]
            ),
            round=round_number,
            content=body,
        )
        answer = flow.answer(Step.PREVIEW, prompt)
        if answer.action is not Action.REFINE:
            return body
        body = await incorporate(flow, plan, body, answer.feedback, round_number=round_number)
    return body


async def incorporate(flow: Flow, plan: Plan, body: str, feedback: str, *, round_number: int) -> str:
    """Return the body changed as ``feedback`` asks: first the single changes, then the text."""
    changes = await flow.ask(
        Step.FEEDBACK,
        AnalyzeFeedback,
        {"user_feedback": feedback, "current_content": body},
        round_number=round_number,
        part=1,
        title="Read the feedback",
    )
    said = await flow.ask(
        Step.FEEDBACK,
        IncorporateFeedback,
        {
            "current_content": body,
            "user_feedback": feedback,
            "change_requests": json.dumps(changes["change_requests"], ensure_ascii=False),
            "skill_metadata": metadata_text(plan),
        },
        round_number=round_number,
        part=2,
        title="Change it as asked",
    )
    if said["unaddressed_feedback"]:
        left = "; ".join(said["unaddressed_feedback"])
        flow.note(Step.FEEDBACK, f"Not met of the feedback: {left}.")
    return body_of(said["refined_content"])
