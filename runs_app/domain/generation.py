"""A generation: its states, which may follow which, its steps in order, and what it may be asked to do.

Source: domain rules, section 3.
"""

from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any

from runs_app.domain.enums import Phase
from runs_app.domain.errors import TransitionRefused
from runs_app.domain.prompts import PromptKind
from runs_app.domain.revision import Revision, revision_from_data
from skills_app.domain.scoring import FLEET1_SCORER


class GenerationStatus(StrEnum):
    """Where a generation stands. ``PENDING_USER_INPUT`` waits for an answer to questions, ``PENDING_HITL`` for a decision."""

    PENDING = "pending"
    RUNNING = "running"
    PENDING_USER_INPUT = "pending_user_input"
    PENDING_HITL = "pending_hitl"
    PENDING_REVIEW = "pending_review"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"


class PromptState(StrEnum):
    """Where a question to a person stands. ``VOID``: the generation was stopped before anybody answered."""

    OPEN = "open"
    ANSWERED = "answered"
    VOID = "void"


class RecordState(StrEnum):
    """How much of a generation MLflow has. ``LATE``: it could not be reached; what is missing is kept and sent later."""

    DUE = "due"
    LATE = "late"
    DONE = "done"


_S = GenerationStatus
WAITING: frozenset[GenerationStatus] = frozenset({_S.PENDING_USER_INPUT, _S.PENDING_HITL})
LIVE: frozenset[GenerationStatus] = frozenset({_S.PENDING, _S.RUNNING, _S.PENDING_REVIEW}) | WAITING
OVER: frozenset[GenerationStatus] = frozenset({_S.COMPLETED, _S.FAILED, _S.CANCELLED})
_ENDS = frozenset({_S.FAILED, _S.CANCELLED})
ALLOWED: dict[GenerationStatus, frozenset[GenerationStatus]] = {
    _S.PENDING: frozenset({_S.RUNNING}) | _ENDS,
    # Back to pending: a worker was lost, or handed it back.
    _S.RUNNING: frozenset({_S.PENDING, _S.PENDING_USER_INPUT, _S.PENDING_HITL, _S.PENDING_REVIEW}) | _ENDS,
    _S.PENDING_USER_INPUT: frozenset({_S.PENDING}) | _ENDS,
    _S.PENDING_HITL: frozenset({_S.PENDING}) | _ENDS,
    _S.PENDING_REVIEW: frozenset({_S.COMPLETED}) | _ENDS,
    _S.COMPLETED: frozenset(),
    _S.FAILED: frozenset({_S.PENDING}),
    _S.CANCELLED: frozenset(),
}


def require_transition(old: GenerationStatus, new: GenerationStatus) -> None:
    """Let a change of state pass.

    Raises:
        TransitionRefused: ``new`` does not follow ``old``; the message says what does.
    """
    if new in ALLOWED[old]:
        return
    following = ", ".join(sorted(ALLOWED[old])) or "nothing"
    raise TransitionRefused(f"A generation that is {old} cannot become {new}; {following} can follow.")


class Step(StrEnum):
    """One step of the pipeline; its result is stored before the next begins. The order here is the order of work."""

    STRATEGY = "strategy"
    READINESS = "readiness"
    CLARIFY = "clarify"
    REQUIREMENTS = "requirements"
    STRUCTURE = "structure"
    INTENT = "intent"
    PLACEMENT = "placement"
    DEPENDENCIES = "dependencies"
    SYNTHESIS = "synthesis"
    CONFIRM = "confirm"
    CONTENT = "content"
    CONTENT_REFINEMENT = "content_refinement"
    PREVIEW = "preview"
    FEEDBACK = "feedback"
    RULES = "rules"
    MODEL_VALIDATION = "model_validation"
    VALIDATION_REPORT = "validation_report"
    REFINEMENT = "refinement"
    ASSESSMENT = "assessment"


PHASES: dict[Phase, tuple[Step, ...]] = {
    Phase.UNDERSTAND: (
        Step.STRATEGY,
        Step.READINESS,
        Step.CLARIFY,
        Step.REQUIREMENTS,
        Step.STRUCTURE,
        Step.INTENT,
        Step.PLACEMENT,
        Step.DEPENDENCIES,
        Step.SYNTHESIS,
        Step.CONFIRM,
    ),
    Phase.GENERATE: (Step.CONTENT, Step.CONTENT_REFINEMENT, Step.PREVIEW, Step.FEEDBACK),
    Phase.VALIDATE: (
        Step.RULES,
        Step.MODEL_VALIDATION,
        Step.VALIDATION_REPORT,
        Step.REFINEMENT,
        Step.ASSESSMENT,
    ),
}
# Steps that need nothing of each other run at the same time.
PARALLEL: tuple[frozenset[Step], ...] = (frozenset({Step.INTENT, Step.PLACEMENT, Step.DEPENDENCIES}),)


def phase_of(step: Step) -> Phase:
    """Return the phase that a step belongs to."""
    return next(phase for phase, steps in PHASES.items() if step in steps)


def step_key(step: Step, *, round_number: int = 1, part: int = 0) -> str:
    """Return the key that a step's result is stored under.

    ``content`` is the first time, ``content.2`` the second; parts of one step that are asked apart count from 1:
    ``content/3`` is the third candidate.
    """
    return f"{step}{f'.{round_number}' if round_number > 1 else ''}{f'/{part}' if part else ''}"


# The task of the model configuration that each step belongs to, and the role of a task that the file does not name.
STEP_TASKS: dict[Step, tuple[str, str]] = {
    Step.STRATEGY: ("skill_understand", "router"),
    Step.READINESS: ("skill_understand", "planner"),
    Step.REQUIREMENTS: ("skill_understand", "planner"),
    Step.INTENT: ("skill_understand", "planner"),
    Step.PLACEMENT: ("skill_plan", "planner"),
    Step.DEPENDENCIES: ("skill_plan", "planner"),
    Step.SYNTHESIS: ("skill_plan", "planner"),
    Step.CONFIRM: ("skill_plan", "planner"),
    Step.CONTENT: ("skill_edit", "worker"),
    Step.CONTENT_REFINEMENT: ("skill_edit", "worker"),
    Step.PREVIEW: ("skill_package", "worker"),
    Step.FEEDBACK: ("skill_edit", "worker"),
    Step.MODEL_VALIDATION: ("skill_validate", "judge"),
    Step.VALIDATION_REPORT: ("skill_package", "worker"),
    Step.REFINEMENT: ("skill_edit", "worker"),
    Step.ASSESSMENT: ("skill_evaluate", "judge"),
}


def steps_due(done: Collection[Step], *, skipped: Collection[Step] = ()) -> tuple[Step, ...]:
    """Return the steps to run next: the first that has no result, with those that may run beside it; empty at the end.

    ``skipped`` are steps that this generation leaves out, such as questions under auto-approval.
    """
    settled = {*done, *skipped}
    for step in Step:
        if step in settled:
            continue
        beside = next((group for group in PARALLEL if step in group), frozenset({step}))
        return tuple(one for one in Step if one in beside and one not in settled)
    return ()


class SkillStyle(StrEnum):
    """How a skill is written."""

    NAVIGATION_HUB = "navigation_hub"
    COMPREHENSIVE = "comprehensive"
    MINIMAL = "minimal"


@dataclass(frozen=True, slots=True)
class GenerationRequest:
    """What somebody asks for: a task in words, and what they want or do not want of the skill.

    With a ``revision`` a skill that there is gets changed as people asked; without one a new skill is planned and written.
    """

    task: str
    examples: tuple[str, ...] = ()
    constraints: str = ""
    placement_hint: str = ""
    style: SkillStyle = SkillStyle.COMPREHENSIVE
    revision: Revision | None = None


@dataclass(frozen=True, slots=True)
class GenerationOptions:
    """How it is made. Thresholds run from 0 to 1; ``models`` names a model for a task, ``""`` for all of them.

    ``num_candidates`` texts are written and the best by ``scorer`` is kept, then mended up to ``max_refinements`` times
    until it reaches ``refine_from``. ``checkpoints`` are where a person is asked; None leaves that to the strategy
    step, and ``is_auto_approved`` skips all of them; at those of ``required`` a person is asked all the same, for the site
    wants it so. A question is asked again at most ``max_rounds`` times.
    ``deadline_seconds`` and ``ceiling_usd`` are for the whole generation and watched by who runs it.
    """

    models: Mapping[str, str] = field(default_factory=dict)
    program: str = ""
    program_version: str = ""
    scorer: str = FLEET1_SCORER
    num_candidates: int = 1
    refine_from: float = 0.75
    max_refinements: int = 2
    checkpoints: tuple[PromptKind, ...] | None = None
    is_auto_approved: bool = False
    required: tuple[PromptKind, ...] = ()
    max_rounds: int = 4
    step_deadline_seconds: float = 300.0
    deadline_seconds: float = 3_600.0
    ceiling_usd: float | None = None


def request_as_data(request: GenerationRequest) -> dict[str, Any]:
    """Return a request as plain data, ready for JSON; ``revision`` is a key of it only when there is one."""
    data = asdict(request)
    return data if request.revision is not None else {k: v for k, v in data.items() if k != "revision"}


def request_from_data(data: Mapping[str, Any]) -> GenerationRequest:
    """Return the request that ``request_as_data`` made, also after a round trip through JSON."""
    revision = data.get("revision")
    return GenerationRequest(
        **{
            **data,
            "examples": tuple(data["examples"]),
            "style": SkillStyle(data["style"]),
            "revision": revision_from_data(revision) if revision else None,
        }
    )


def options_as_data(options: GenerationOptions) -> dict[str, Any]:
    """Return options as plain data, ready for JSON."""
    return asdict(options)


def options_from_data(data: Mapping[str, Any]) -> GenerationOptions:
    """Return the options that ``options_as_data`` made, also after a round trip through JSON."""
    chosen = data["checkpoints"]
    checkpoints = None if chosen is None else tuple(PromptKind(one) for one in chosen)
    required = tuple(PromptKind(one) for one in data.get("required", ()))
    return GenerationOptions(**{**data, "checkpoints": checkpoints, "required": required})
