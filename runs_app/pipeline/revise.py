"""A skill that there is, changed as people asked: its plan is the document itself, and the text is not written anew."""

import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from typing import Any

from runs_app.domain.early_checks import mended_description
from runs_app.domain.enums import Phase
from runs_app.domain.generation import Step
from runs_app.domain.pipeline_items import EventKind
from runs_app.domain.prompts import Action, PromptKind
from runs_app.domain.revision import Revision, names_comment
from runs_app.pipeline.document import body_of, file_text_of, head_of, metadata_text, revised_head
from runs_app.pipeline.flow import Flow
from runs_app.pipeline.generate import Draft, previewed, scored
from runs_app.pipeline.signatures import (
    AnalyzeFeedback,
    GatherRequirements,
    IncorporateFeedback,
)
from runs_app.pipeline.understand import Plan, clarified_task, confirmation, strategy_of
from skills_app.domain.documents import SkillDocument, parse_document

_MOST_POINTS = 40
_FIRST_FILE_PART = 3
_SHORT_LINES, _LONG_LINES = 500, 1_500


async def revise(flow: Flow, revision: Revision) -> tuple[Plan, Draft]:
    """Return the plan and the draft of ``revision``: what no feedback is about, file or passage, stays as it is.

    Name and place are those of the skill, so none of them is looked for; what the feedback leaves unclear is asked.

    Raises:
        StepFailed, Suspended, GenerationStopped: as ``Flow`` says.
    """
    flow.phase(EventKind.PHASE_STARTED, Phase.UNDERSTAND)
    chosen = await strategy_of(flow)
    task = await clarified_task(flow, chosen)
    needs = await flow.ask(
        Step.REQUIREMENTS, GatherRequirements, {"task_description": task}, title="Gather requirements"
    )
    document = parse_document(revision.document)
    plan = _plan(document, revision, task, needs, chosen)
    task = await _confirmed(flow, plan, task)
    flow.phase(EventKind.PHASE_ENDED, Phase.UNDERSTAND)
    flow.phase(EventKind.PHASE_STARTED, Phase.GENERATE)
    body, feedback = body_of(document.body.replace("\r\n", "\n")), _nothing_said()
    if revision.feedback.strip():
        plan, body, feedback = await _changed(flow, plan, document, task, revision)
    files = await _changed_files(flow, plan, task, revision, feedback)
    if feedback["unaddressed"]:
        flow.note(Step.CONTENT, f"Not met, says the model: {'; '.join(feedback['unaddressed'])}.")
    body = await previewed(flow, plan, body)
    flow.phase(EventKind.PHASE_ENDED, Phase.GENERATE)
    return plan, Draft(body, scored(flow, plan, body), (), (), (), feedback, files)


def _plan(
    document: SkillDocument,
    revision: Revision,
    task: str,
    needs: Mapping[str, Any],
    chosen: frozenset[PromptKind],
) -> Plan:
    """Return the plan that the document is: its headings in order, under its own name and place."""
    values = document.front_matter.values if document.front_matter else {}
    given = values.get("metadata")
    metadata = json.loads(json.dumps(given, default=str)) if isinstance(given, Mapping) else {}
    description = mended_description(str(values.get("description") or ""), topic=revision.name)
    metadata.update(name=revision.name, description=description, skill_id=revision.path)
    num_lines = len(document.lines)
    length = "short" if num_lines < _SHORT_LINES else "long" if num_lines > _LONG_LINES else "medium"
    return Plan(
        revision.name,
        description,
        revision.path,
        metadata,
        tuple(heading.text for heading in document.outline[:_MOST_POINTS]),
        task,
        (),
        length,
        needs["target_level"],
        {
            "requirements": dict(needs),
            "revised_version": revision.version_number,
            "dependencies": {"dependency_analysis": {}},
        },
        chosen,
        head_of(document),
    )


async def _confirmed(flow: Flow, plan: Plan, task: str) -> str:
    """Return the task with what the person says to the plan; asked only where that was chosen."""
    for round_number in range(1, flow.options.max_rounds + 1):
        if not flow.is_asked(PromptKind.CONFIRM, plan.checkpoints):
            return task
        answer = await confirmation(
            flow,
            "Is this what shall change?",
            {
                "user_clarifications": task,
                "intent_analysis": "The skill is there already; it is changed as people asked, and nothing else of it.",
                "taxonomy_path": plan.path,
                "dependencies": "They stay as they are.",
            },
            round_number=round_number,
        )
        if answer.action is not Action.REVISE:
            return task
        task = f"{task}\n\nThe person says of the plan: {answer.feedback}"
    return task


def _nothing_said() -> dict[str, list[str]]:
    return {"changes_made": [], "unaddressed": []}


async def _changed(
    flow: Flow, plan: Plan, document: SkillDocument, task: str, revision: Revision
) -> tuple[Plan, str, dict[str, list[str]]]:
    """Return the plan with the changed front matter, the changed body, and what the model says it did."""
    if revision.files:
        task = f"{task}\n\nThis is SKILL.md. The comments on other files are met elsewhere; leave them out."
    changes = await flow.ask(
        Step.CONTENT,
        AnalyzeFeedback,
        {"user_feedback": task, "current_content": document.text},
        part=1,
        title="Read the comments",
    )
    said = await flow.ask(
        Step.CONTENT,
        IncorporateFeedback,
        {
            "current_content": document.text,
            "user_feedback": task,
            "change_requests": json.dumps(changes["change_requests"], ensure_ascii=False),
            "skill_metadata": metadata_text(plan),
        },
        part=2,
        title="Change it as asked",
    )
    elsewhere = {number for one in revision.files for number in one.comment_numbers}
    feedback = {
        "changes_made": _without(said["changes_made"], elsewhere),
        "unaddressed": _without(said["unaddressed_feedback"], elsewhere),
    }
    text = said["refined_content"]
    edited = revised_head(document, text, is_rehearsal=flow.is_rehearsal)
    described = mended_description(edited.description, topic=plan.name)
    metadata = dict(plan.metadata) | {"description": described}
    plan = replace(plan, head=head_of(edited), description=described, metadata=metadata)
    return plan, body_of(text), feedback


async def _changed_files(
    flow: Flow, plan: Plan, task: str, revision: Revision, feedback: dict[str, list[str]]
) -> tuple[dict[str, str], ...]:
    """Return the files that came back changed, one call each, and add to ``feedback`` what the model says it did."""
    found = []
    for part, file in enumerate(revision.files, start=_FIRST_FILE_PART):
        said = await flow.ask(
            Step.CONTENT,
            IncorporateFeedback,
            {
                "current_content": file.text,
                "user_feedback": f"{task}\n\nThis is the file {file.path} of the skill, and not SKILL.md. Return the whole file. "
                f"Change it as the comments on it ask; all others are met elsewhere.\n\n{file.feedback}",
                "change_requests": "[]",
                "skill_metadata": json.dumps({"name": plan.name, "file": file.path}, ensure_ascii=False),
            },
            part=part,
            title=f"Change {file.path} as asked",
        )
        own = set(file.comment_numbers)
        others = set(revision.comment_numbers) - own
        feedback["changes_made"] += _without(said["changes_made"], others)
        feedback["unaddressed"] += _without(said["unaddressed_feedback"], others)
        text = file_text_of(said["refined_content"], file.text)
        if text != file.text:
            found.append({"path": file.path, "text": text})
            continue
        numbers = ", ".join(f"[C{number}]" for number in file.comment_numbers)
        if not any(names_comment(one, own) for one in feedback["unaddressed"]):
            feedback["unaddressed"].append(f"{numbers} {file.path} came back as it was.")
    return tuple(found)


def _without(sentences: Iterable[str], numbers: Collection[int]) -> list[str]:
    """Return the sentences that do not speak of the comments ``numbers``, which are met elsewhere."""
    return [one for one in sentences if not names_comment(one, numbers)]
