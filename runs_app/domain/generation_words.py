"""A generation's states as people read them: a word, the mark that draws it, and the groups of a list."""

from enum import StrEnum

from runs_app.domain.enums import Phase
from runs_app.domain.generation import GenerationStatus
from runs_app.domain.prompts import Action, PromptKind

_S = GenerationStatus


class StatusGroup(StrEnum):
    """What a person looks for in a list of generations."""

    WAITING = "waiting"
    WORKING = "working"
    REVIEW = "review"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


GROUP_WORDS: dict[StatusGroup, str] = {
    StatusGroup.WAITING: "Waiting for people",
    StatusGroup.WORKING: "At work",
    StatusGroup.REVIEW: "Draft ready",
    StatusGroup.DONE: "Completed",
    StatusGroup.FAILED: "Failed",
    StatusGroup.CANCELLED: "Cancelled",
}
GROUPS: dict[StatusGroup, tuple[GenerationStatus, ...]] = {
    StatusGroup.WAITING: (_S.PENDING_USER_INPUT, _S.PENDING_HITL),
    StatusGroup.WORKING: (_S.PENDING, _S.RUNNING),
    StatusGroup.REVIEW: (_S.PENDING_REVIEW,),
    StatusGroup.DONE: (_S.COMPLETED,),
    StatusGroup.FAILED: (_S.FAILED,),
    StatusGroup.CANCELLED: (_S.CANCELLED,),
}
STATUS_WORDS: dict[GenerationStatus, str] = {
    _S.PENDING: "Waiting for a worker",
    _S.RUNNING: "At work",
    _S.PENDING_USER_INPUT: "Waiting for an answer",
    _S.PENDING_HITL: "Waiting for a decision",
    _S.PENDING_REVIEW: "Draft ready",
    _S.COMPLETED: "Completed",
    _S.FAILED: "Failed",
    _S.CANCELLED: "Cancelled",
}
# Which of the site's status marks (icon and colour) stands for a state.
STATUS_MARKS: dict[GenerationStatus, str] = {
    _S.PENDING: "scheduled",
    _S.RUNNING: "running",
    _S.PENDING_USER_INPUT: "open",
    _S.PENDING_HITL: "open",
    _S.PENDING_REVIEW: "passed",
    _S.COMPLETED: "finished",
    _S.FAILED: "failed",
    _S.CANCELLED: "killed",
}
PHASE_WORDS: dict[Phase, str] = {
    Phase.UNDERSTAND: "Understand",
    Phase.GENERATE: "Write",
    Phase.VALIDATE: "Check",
}
KIND_WORDS: dict[PromptKind, str] = {
    PromptKind.CLARIFY: "Questions about the task",
    PromptKind.STRUCTURE_FIX: "Name and description",
    PromptKind.CONFIRM: "Confirm the plan",
    PromptKind.PREVIEW: "Look at the draft",
    PromptKind.VALIDATE: "Look at the findings",
}
ACTION_WORDS: dict[Action, str] = {
    Action.PROCEED: "Go on",
    Action.REVISE: "Revise as I say",
    Action.REFINE: "Refine as I say",
    Action.CANCEL: "Cancel the generation",
}


def status_words(status: str) -> str:
    """Return the words of a state; one that is not known stands for itself."""
    return STATUS_WORDS[GenerationStatus(status)] if status in list(GenerationStatus) else status


def status_mark(status: str) -> str:
    """Return the site's status mark of a state."""
    return STATUS_MARKS[GenerationStatus(status)] if status in list(GenerationStatus) else "unknown"
