"""The first phase: what is asked for, whether enough is known, where the skill belongs, and one plan of it all."""

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from runs_app.domain.early_checks import check_early, check_task, mended_description, mended_name, placed
from runs_app.domain.enums import Phase
from runs_app.domain.generation import Step, step_key
from runs_app.domain.pipeline_items import EventKind
from runs_app.domain.prompts import (
    USUAL_CHANGES,
    USUAL_WHY,
    Action,
    Answer,
    Prompt,
    PromptKind,
    Question,
    QuestionKind,
)
from runs_app.pipeline.flow import Flow, all_answered
from runs_app.pipeline.signatures import (
    AnalyzeDependencies,
    AnalyzeIntent,
    AssessReadiness,
    DetermineStrategy,
    FindTaxonomyPath,
    GatherRequirements,
    SummarizeUnderstanding,
    SynthesizePlan,
)

# Below this a person decides where the skill belongs.
SURE_OF_PLACE = 0.6
MOST_QUESTIONS = 3
MOST_LISTED = 60
_BY_STRATEGY: dict[str, frozenset[PromptKind]] = {
    "minimal": frozenset({PromptKind.CLARIFY, PromptKind.STRUCTURE_FIX}),
    "standard": frozenset({PromptKind.CLARIFY, PromptKind.STRUCTURE_FIX, PromptKind.CONFIRM}),
    "thorough": frozenset(PromptKind),
}
_NEEDED = "the goal of the skill, its audience, what it covers and leaves out, and constraints that change the result"


@dataclass(frozen=True, slots=True)
class Plan:
    """What the first phase ends in: plain data, and where a person will be asked later.

    ``head`` is the front matter of a skill that is revised, as it stands before the body; empty: it is written from the plan.
    """

    name: str
    description: str
    path: str
    metadata: Mapping[str, Any]
    content_plan: tuple[str, ...]
    instructions: str
    success_criteria: tuple[str, ...]
    estimated_length: str
    target_level: str
    analyses: Mapping[str, Any]
    checkpoints: frozenset[PromptKind]
    head: str = ""

    def as_data(self) -> dict[str, Any]:
        """Return it as a run keeps it in ``plan.json``."""
        return {
            "name": self.name,
            "description": self.description,
            "path": self.path,
            "skill_metadata": dict(self.metadata),
            "content_plan": list(self.content_plan),
            "generation_instructions": self.instructions,
            "success_criteria": list(self.success_criteria),
            "estimated_length": self.estimated_length,
            "target_level": self.target_level,
            **self.analyses,
        }


class _Structure(NamedTuple):
    """Name and description before the plan; ``is_said``: by a person, so that no plan changes them."""

    name: str
    description: str
    is_said: bool


class _Place(NamedTuple):
    """Where a skill is to lie; ``is_typed``: as the branch that a person named, and not as a model's path."""

    path: str
    is_typed: bool


async def understand(flow: Flow) -> Plan:
    """Return the plan of the skill; asks people where that was chosen.

    Raises:
        StepFailed, Suspended, GenerationStopped: as ``Flow`` says.
    """
    flow.phase(EventKind.PHASE_STARTED, Phase.UNDERSTAND)
    chosen = await strategy_of(flow)
    task = await clarified_task(flow, chosen)
    needs = await flow.ask(
        Step.REQUIREMENTS, GatherRequirements, {"task_description": task}, title="Gather requirements"
    )
    structure = await _structure(flow, needs, chosen)
    intent, place, depends = await _analyses(flow, task)
    plan = await _plan(flow, task, chosen, structure, needs, intent, place, depends)
    flow.phase(EventKind.PHASE_ENDED, Phase.UNDERSTAND)
    return plan


async def strategy_of(flow: Flow) -> frozenset[PromptKind]:
    """Return where a person is asked: what was set, or what fits the task."""
    if flow.options.is_auto_approved:
        return frozenset()
    if flow.options.checkpoints is not None:
        return frozenset(flow.options.checkpoints)
    task = flow.request.task
    complexity = f"{len(task.split())} words, {len(flow.request.examples)} examples" + (
        ", with constraints" if flow.request.constraints else ""
    )
    inputs = {"task_description": task, "task_complexity": complexity, "user_preferences": "none were given"}
    said = await flow.ask(Step.STRATEGY, DetermineStrategy, inputs, title="Choose where to ask")
    kinds = {PromptKind(one) for one in said.get("checkpoints", ()) if one in list(PromptKind)}
    return _BY_STRATEGY[said["strategy"]] | kinds


async def clarified_task(flow: Flow, chosen: frozenset[PromptKind]) -> str:
    """Return the task with all that the person said to the questions about it."""
    task = _task_text(flow)
    for round_number in range(1, flow.options.max_rounds + 1):
        said = await flow.ask(
            Step.READINESS,
            AssessReadiness,
            {"phase": Phase.UNDERSTAND, "collected_info": task, "min_requirements": _NEEDED},
            round_number=round_number,
            title="Check whether enough is known",
        )
        questions = _questions(said)
        if said["ready"] or not questions or not flow.is_asked(PromptKind.CLARIFY, chosen):
            return task
        missing = "; ".join(said.get("missing_info", ()))
        prompt = Prompt(
            PromptKind.CLARIFY,
            "Before the analysis, a few questions",
            summary=f"What is missing: {missing}." if missing else "",
            questions=questions,
            confidence=said["readiness_score"],
            round=round_number,
        )
        answer = flow.answer(Step.CLARIFY, prompt)
        lines = [
            f"- {question.text} {_worded(answer.values[question.key])}"
            for question in questions
            if question.key in answer.values
        ]
        task = "\n".join([task, *(["", "Answers of the person:"] if round_number == 1 else []), *lines])
    return task


def _task_text(flow: Flow) -> str:
    request = flow.request
    parts = [request.task]
    if request.examples:
        parts += ["", "Examples:", *(f"- {one}" for one in request.examples)]
    if request.constraints:
        parts += ["", f"Constraints: {request.constraints}"]
    if request.revision is not None:
        parts += ["", "What people say of the present version:", request.revision.all_feedback]
    return "\n".join(parts)


def _questions(said: Mapping[str, Any]) -> tuple[Question, ...]:
    questions = []
    for number, raw in enumerate(said.get("next_questions", ())[:MOST_QUESTIONS], start=1):
        kind = QuestionKind(raw["kind"])
        options = tuple(dict.fromkeys(one for one in raw["options"] if one))
        if kind in {QuestionKind.SINGLE, QuestionKind.MULTI} and len(options) < 2:
            kind, options = QuestionKind.TEXT, ()
        questions.append(
            Question(
                f"q{number}",
                raw["text"],
                kind,
                options if kind in {QuestionKind.SINGLE, QuestionKind.MULTI} else (),
                allows_other=kind in {QuestionKind.SINGLE, QuestionKind.MULTI},
                why=raw["why"].strip() or USUAL_WHY,
                changes=raw["changes"].strip() or USUAL_CHANGES,
                assumed=_assumed(raw.get("assumed", ""), kind, options),
            )
        )
    return tuple(questions)


def _assumed(said: str, kind: QuestionKind, options: tuple[str, ...]) -> str:
    """Return what a model would take without an answer, if it could be an answer at all."""
    found = said.strip()
    if kind is QuestionKind.BOOLEAN:
        return found.lower() if found.lower() in ("yes", "no") else ""
    return found if kind is QuestionKind.TEXT or found in options else ""


def _worded(value: bool | str | tuple[str, ...]) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return value if isinstance(value, str) else ", ".join(value)


async def _structure(flow: Flow, needs: Mapping[str, Any], chosen: frozenset[PromptKind]) -> _Structure:
    """Return a name and a description that can stand; a person is asked when the task gives none that do."""
    known = flow.known(step_key(Step.STRUCTURE))
    if known is not None:
        return _Structure(known["name"], known["description"], known.get("is_said", False))
    taken = frozenset(skill.name for skill in flow.library.skills)
    early = check_task(flow.request.task, topics=tuple(needs["topics"])[:3], taken=taken)
    name, description, problems = early.name, early.description, early.problems
    is_said = bool(problems) and flow.is_asked(PromptKind.STRUCTURE_FIX, chosen)
    if is_said:
        name, description = _asked_structure(flow, name, description, problems, taken)
        problems = ()
    result = {
        "name": mended_name(name),
        "description": mended_description(description, topic=flow.request.task),
        "problems": list(problems),
        "is_said": is_said,
    }
    await flow.keep(Step.STRUCTURE, result, title="Check name and description")
    return _Structure(str(result["name"]), str(result["description"]), is_said)


def _asked_structure(
    flow: Flow, name: str, description: str, problems: tuple[str, ...], taken: frozenset[str]
) -> tuple[str, str]:
    why = " ".join(problems)
    for round_number in range(1, flow.options.max_rounds + 1):
        prompt = Prompt(
            PromptKind.STRUCTURE_FIX,
            "Name and description need you",
            summary=f"{why} Proposed are the name “{name}” and the description “{description}”",
            questions=(
                Question("name", "Name", QuestionKind.TEXT, why=why, changes="the folder and the address"),
                Question(
                    "description",
                    "Description",
                    QuestionKind.TEXT,
                    why="Agents choose a skill by it.",
                    changes="when the skill is used",
                ),
            ),
            round=round_number,
        )
        answer = flow.answer(Step.STRUCTURE, prompt)
        name, description = str(answer.values["name"]), str(answer.values["description"])
        left = check_early(name, description, taken=taken)
        if not left:
            break
        why = " ".join(left)
    return name, description


async def _analyses(flow: Flow, task: str) -> tuple[Mapping[str, Any], Mapping[str, Any], Mapping[str, Any]]:
    """Return intent, placement and dependencies, asked at the same time; what is answered is kept if another fails."""
    request, library = flow.request, flow.library
    skills = "\n".join(f"{one.path}: {one.description}" for one in library.skills[:MOST_LISTED]) or "none yet"
    branches = "\n".join(library.branches[: 2 * MOST_LISTED]) or "none yet"
    hint = f"\nThe person proposes this place: {request.placement_hint}" if request.placement_hint else ""
    context = request.constraints or "none was given"
    found = await asyncio.gather(
        flow.ask(
            Step.INTENT,
            AnalyzeIntent,
            {"task_description": task, "user_context": context},
            title="Analyse the intent",
        ),
        flow.ask(
            Step.PLACEMENT,
            FindTaxonomyPath,
            {
                "task_description": task + hint,
                "taxonomy_structure": branches,
                "existing_skills": skills,
            },
            title="Find its place",
        ),
        flow.ask(
            Step.DEPENDENCIES,
            AnalyzeDependencies,
            {
                "task_description": task,
                "task_intent": context,
                "taxonomy_path": request.placement_hint or "not decided yet",
                "existing_skills": skills,
            },
            title="Look for dependencies",
        ),
        return_exceptions=True,
    )
    intent, place, depends = all_answered(found)
    return intent, place, depends


async def _plan(
    flow: Flow,
    task: str,
    chosen: frozenset[PromptKind],
    structure: _Structure,
    needs: Mapping[str, Any],
    intent: Mapping[str, Any],
    place: Mapping[str, Any],
    depends: Mapping[str, Any],
) -> Plan:
    said = ""
    path = _Place("", False)
    # One round more than people are asked in, so that what they said last still reaches the plan.
    for round_number in range(1, flow.options.max_rounds + 2):
        draft = await flow.ask(
            Step.SYNTHESIS,
            SynthesizePlan,
            {
                "intent_analysis": _json({"task": flow.request.task, **intent, "requirements": needs}),
                "taxonomy_analysis": _json(place),
                "dependency_analysis": _json(depends),
                "user_confirmation": said
                or f"Nothing yet. Name it “{structure.name}” unless another name is clearer.",
            },
            round_number=round_number,
            title="Make one plan",
        )
        plan = _made(flow, draft, structure, needs, (intent, place, depends), chosen, path)
        is_unsure = place["confidence"] < SURE_OF_PLACE and not flow.options.is_auto_approved
        is_asked = is_unsure or flow.is_asked(PromptKind.CONFIRM, chosen)
        if not is_asked or round_number > flow.options.max_rounds:
            return plan
        answer = await confirmation(
            flow,
            "Is this what you want?",
            {
                # What was said to the plan before belongs to what is understood now.
                "user_clarifications": f"{task}\n\n{said}" if said else task,
                "intent_analysis": _json(intent),
                "taxonomy_path": plan.path,
                "dependencies": _json(depends),
            },
            questions=_place_question(plan, place) if is_unsure and not path.path else (),
            round_number=round_number,
        )
        if "place" in answer.values:
            said_path = str(answer.values["place"])
            path = _Place(said_path, said_path not in _place_options(plan, place))
            plan = _made(flow, draft, structure, needs, (intent, place, depends), chosen, path)
        if answer.action is not Action.REVISE:
            return plan
        said = f"The person asks to revise the plan: {answer.feedback}"
    return plan


async def confirmation(
    flow: Flow,
    title: str,
    understood: Mapping[str, str],
    *,
    questions: tuple[Question, ...] = (),
    round_number: int,
) -> Answer:
    """Return what a person says to a summary of what was understood: ``SummarizeUnderstanding``'s inputs but for the task.

    Raises:
        StepFailed, Suspended, GenerationStopped: as ``Flow`` says.
    """
    summary = await flow.ask(
        Step.CONFIRM,
        SummarizeUnderstanding,
        {"task_description": flow.request.task, **understood},
        round_number=round_number,
        title="Say what was understood",
    )
    prompt = Prompt(
        PromptKind.CONFIRM,
        title,
        summary=summary["summary"],
        assumptions=tuple(summary["key_assumptions"]),
        confidence=summary["confidence"],
        questions=questions,
        round=round_number,
    )
    return flow.answer(Step.CONFIRM, prompt)


def _place_options(plan: Plan, place: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple(dict.fromkeys([plan.path, *place["alternative_paths"][:3]]))


def _place_question(plan: Plan, place: Mapping[str, Any]) -> tuple[Question, ...]:
    return (
        Question(
            "place",
            "Where does it belong?",
            QuestionKind.SINGLE,
            _place_options(plan, place),
            allows_other=True,
            why=f"The analysis is only {place['confidence']:.0%} sure. {place['path_rationale']}",
            changes="the address, and which skills are its neighbours",
        ),
    )


def _made(
    flow: Flow,
    draft: Mapping[str, Any],
    structure: _Structure,
    needs: Mapping[str, Any],
    analyses: tuple[Mapping[str, Any], Mapping[str, Any], Mapping[str, Any]],
    chosen: frozenset[PromptKind],
    chosen_place: _Place,
) -> Plan:
    """Return the plan in the shape that the strict writer takes, whatever the model said."""
    intent, place, depends = analyses
    metadata = dict(draft["skill_metadata"])
    name, description, is_said = structure
    if not is_said:
        name = mended_name(metadata.get("name") or name)
        description = mended_description(metadata.get("description") or description, topic=flow.request.task)
    if not chosen_place.path:
        chosen_place = _Place(place["recommended_path"], False)
    if not chosen_place.path:
        chosen_place = _Place(flow.request.placement_hint, True)
    home = placed(chosen_place.path, name=name, is_branch=chosen_place.is_typed)
    metadata.update(name=name, description=description, skill_id=home, taxonomy_path=home)
    return Plan(
        name,
        description,
        home,
        metadata,
        tuple(draft["content_plan"]),
        draft["generation_instructions"],
        tuple(draft["success_criteria"]),
        draft["estimated_length"],
        needs["target_level"],
        {
            "requirements": dict(needs),
            "intent": dict(intent),
            "placement": dict(place),
            "dependencies": dict(depends),
        },
        chosen,
    )


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, indent=1)
