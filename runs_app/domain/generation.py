"""A generation: its states, which may follow which, its steps in order, and what it may be asked to do.

Source: domain rules, section 3.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from runs_app.domain.enums import Phase
from runs_app.domain.errors import TransitionRefused


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
    """What somebody asks for: a task in words, and what they want or do not want of the skill."""

    task: str
    examples: tuple[str, ...] = ()
    constraints: str = ""
    placement_hint: str = ""
    style: SkillStyle = SkillStyle.COMPREHENSIVE


@dataclass(frozen=True, slots=True)
class GenerationOptions:
    """How it is made. Thresholds run from 0 to 1; ``models`` names a model for a task, ``""`` for all of them."""

    models: Mapping[str, str] = field(default_factory=dict)
    program: str = ""
    num_candidates: int = 1
    refine_from: float = 0.75
    max_refinements: int = 2
    is_auto_approved: bool = False
    max_rounds: int = 4
    step_deadline_seconds: float = 300.0
    deadline_seconds: float = 3_600.0
    ceiling_usd: float | None = None
