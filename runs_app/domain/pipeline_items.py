"""What a generation yields while it goes on, and what it asks of the models that it is given.

No item carries a time or a number: who stores them gives both.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Protocol

from runs_app.domain.enums import Phase
from runs_app.domain.generation import Step
from runs_app.domain.prompts import Prompt
from runs_app.domain.spending import Price, Usage


class EventKind(StrEnum):
    """What happened. The pipeline yields those up to ``FAILED``; the others are noted by who takes, stops or answers it."""

    PHASE_STARTED = "phase_started"
    PHASE_ENDED = "phase_ended"
    STEP_STARTED = "step_started"
    STEP_ENDED = "step_ended"
    PROGRESS = "progress"
    REASONING = "reasoning"
    TOKENS = "tokens"
    PROMPT_RAISED = "prompt_raised"
    PROMPT_ANSWERED = "prompt_answered"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"
    REQUESTED = "requested"
    TAKEN_UP = "taken_up"
    WORKER_LOST = "worker_lost"
    CANCEL_REQUESTED = "cancel_requested"
    RETRIED = "retried"


@dataclass(frozen=True, slots=True)
class PipelineEvent:
    """Something to show. ``key`` is the step's (empty for phases and ends), ``message`` a sentence for people.

    ``data`` by kind: tokens have ``field`` (which part of the answer) and ``text`` to append, and ``is_restart`` when
    the answer begins anew and what was shown of this step is void; reasoning has ``text``. A phase event may come again
    when a generation is resumed between two phases: at most one of a kind and phase means anything.
    """

    kind: EventKind
    phase: Phase | None = None
    step: Step | None = None
    key: str = ""
    message: str = ""
    data: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class StepFinished:
    """A step's result, ready for JSON. Store it under ``key`` before asking for the next item: none begins until then.

    ``models`` are the names of the models that answered, in the order of the calls. ``title``
    says in a few words what came of it.
    """

    key: str
    step: Step
    phase: Phase
    result: dict[str, Any]
    usage: Usage = field(default_factory=Usage)
    models: tuple[str, ...] = ()
    title: str = ""


@dataclass(frozen=True, slots=True)
class PromptRaised:
    """A person is asked; this is the last item. Run again with an answer under ``key`` to go on.

    ``problems`` say why the answer that was given does not do (field and sentence), when it is asked again for that.
    """

    key: str
    step: Step
    phase: Phase
    prompt: Prompt
    problems: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class GenerationResult:
    """What was made; all but ``document`` are plain data, ready for JSON, in the shapes that runs keep them in.

    ``document`` is the whole SKILL.md, ``path`` its place in the library. ``feedback`` says what a model did about what people
    said of an earlier version: ``changes_made`` and ``unaddressed``, lists of sentences; empty for a new skill. ``files`` are the
    files of that version that were changed, each with ``path`` and ``text``; all others stay.
    """

    document: str
    name: str
    description: str
    path: str
    metadata: dict[str, Any]
    plan: dict[str, Any]
    validation_report: dict[str, Any]
    quality_assessment: dict[str, Any]
    usage_examples: tuple[dict[str, Any], ...] = ()
    test_cases: tuple[dict[str, Any], ...] = ()
    best_practices: tuple[str, ...] = ()
    is_rehearsal: bool = False
    feedback: dict[str, Any] = field(default_factory=dict)
    files: tuple[dict[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class GenerationFinished:
    """The end; this is the last item."""

    result: GenerationResult


PipelineItem = PipelineEvent | StepFinished | PromptRaised | GenerationFinished


@dataclass(frozen=True, slots=True)
class NearbySkill:
    """A skill that there is: its path, what its catalog line says, and its text when it may serve as a model."""

    path: str
    description: str = ""
    content: str = ""

    @property
    def name(self) -> str:
        """The last segment of the path."""
        return self.path.rpartition("/")[2]


@dataclass(frozen=True, slots=True)
class LibraryView:
    """What the pipeline is told of the library: its branches (paths), and the skills worth knowing of."""

    branches: tuple[str, ...] = ()
    skills: tuple[NearbySkill, ...] = ()


@dataclass(frozen=True, slots=True)
class ModelChoice:
    """A model that can be asked: ``lm`` is a ``dspy.LM``, ``price`` None where it is not known."""

    name: str
    lm: Any
    price: Price | None = None
    max_completion_tokens: int = 4_096


class LanguageModels(Protocol):
    """The models of one generation."""

    @property
    def is_rehearsal(self) -> bool:
        """Whether these only rehearse."""

    def for_task(self, task: str, *, role: str) -> tuple[ModelChoice, ...]:
        """Return the model for a task of the configuration, and after it those that are asked when it fails for good.

        Raises:
            ModelError: the task has no model that can be asked.
        """
