"""What the phases of one generation share: stored results, answers, models, and the items that go out while they work."""

import asyncio
from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from typing import Any

import dspy

from runs_app.domain.answer_stream import AnswerStream
from runs_app.domain.enums import Phase
from runs_app.domain.errors import (
    AnswerInvalid,
    GenerationStopped,
    ModelAnswerMisfit,
    ModelError,
    StepFailed,
)
from runs_app.domain.generation import (
    STEP_TASKS,
    GenerationOptions,
    GenerationRequest,
    Step,
    phase_of,
    step_key,
)
from runs_app.domain.pipeline_items import (
    EventKind,
    LanguageModels,
    LibraryView,
    PipelineEvent,
    PipelineItem,
    PromptRaised,
    StepFinished,
)
from runs_app.domain.programs import Program
from runs_app.domain.prompts import Action, Answer, Prompt, PromptKind, read_answer
from runs_app.domain.spending import CallGuard, Usage, total_usage
from runs_app.pipeline.asking import Manner, always, asked_as
from runs_app.pipeline.calls import Answered, Caller
from runs_app.pipeline.programs import pipeline_of

# The field of a signed result that says what the model was asked with.
ASKED_AS = "asked_as"

# Steps that write the document: they take long, so that they are streamed whoever looks on. Whoever comes in the middle
# reads what is written so far, and a model that goes on writing is never taken for one that is silent.
WRITING = frozenset([Step.CONTENT, Step.CONTENT_REFINEMENT, Step.FEEDBACK, Step.REFINEMENT])


class Suspended(Exception):
    """A person is asked; the generation ends here until the answer is there."""

    def __init__(self, prompt: PromptRaised) -> None:
        self.prompt = prompt
        super().__init__(prompt.key)


@dataclass(frozen=True, slots=True)
class Journey:
    """All that a generation goes on from: the request, what is stored already, and the answers that were given.

    ``stored`` maps keys of steps to their results, ``answers`` keys of prompts to what a person sent, as plain data.
    ``program`` is an optimised one that the models are asked with.
    """

    request: GenerationRequest
    options: GenerationOptions
    library: LibraryView = field(default_factory=LibraryView)
    stored: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    answers: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    program: Program | None = None


# Held around the calls of a step; it is given the step's phase and key.
AroundStep = Callable[[Phase, str], AbstractContextManager[object]]


def nothing_around(_phase: Phase, _key: str) -> AbstractContextManager[object]:
    """Hold nothing around a step."""
    return nullcontext()


class Flow:
    """One generation at work. Items go out through ``items``; a result goes out before anything that needs it begins."""

    def __init__(
        self,
        journey: Journey,
        models: LanguageModels,
        guard: CallGuard,
        around: AroundStep = nothing_around,
        is_watched: Callable[[], bool] = always,
    ) -> None:
        self.request = journey.request
        self.options = journey.options
        self.library = journey.library
        self.items: asyncio.Queue[tuple[PipelineItem | None, asyncio.Event | None]] = asyncio.Queue()
        self._journey = journey
        self._pipeline = pipeline_of(journey.program)
        self._models = models
        self._caller = Caller(guard)
        self._around = around
        self._is_watched = is_watched
        self._done: dict[str, Mapping[str, Any]] = dict(journey.stored)
        self._is_live = False

    @property
    def is_rehearsal(self) -> bool:
        """Whether the models only rehearse."""
        return self._models.is_rehearsal

    def tell(self, event: PipelineEvent) -> None:
        """Send an event out; nobody waits for it."""
        self.items.put_nowait((event, None))

    async def give(self, item: PipelineItem) -> None:
        """Send an item out and return when whoever runs the generation has dealt with it."""
        taken = asyncio.Event()
        await self.items.put((item, taken))
        await taken.wait()

    def note(self, step: Step, message: str) -> None:
        """Tell a sentence about a step, unless only stored results were gone through yet: then it was told before."""
        if self._is_live:
            self.tell(PipelineEvent(EventKind.PROGRESS, phase_of(step), step, message=message))

    def phase(self, kind: EventKind, phase: Phase) -> None:
        """Tell that a phase began or ended."""
        self.tell(PipelineEvent(kind, phase))

    async def ask(
        self,
        step: Step,
        signature: type[dspy.Signature],
        inputs: Mapping[str, Any],
        *,
        round_number: int = 1,
        part: int = 0,
        temperature: float | None = None,
        title: str = "",
        signed_as: str = "",
    ) -> Mapping[str, Any]:
        """Return the result of a step that asks a model: the stored one, or one that is asked for now and sent out.

        Where ``signed_as`` names a field, the result holds in it the name of the model that answered, and in ``asked_as`` the
        digest of what it was asked with, so that both are known also when the result was stored before.

        Raises:
            StepFailed: no answer, none that fits, a ceiling, or the step's time is over; every part of it is told.
        """
        key = step_key(step, round_number=round_number, part=part)
        if key in self._done:
            return self._done[key]
        listener = _StepListener(self, step, key)
        is_streamed = always if step in WRITING else self._is_watched
        manner = Manner(listener, is_streamed=is_streamed)
        self.tell(PipelineEvent(EventKind.STEP_STARTED, phase_of(step), step, key, title))
        ledger: list[Usage] = []
        call = self._pipeline.call_of(phase_of(step), signature)
        try:
            async with asyncio.timeout(self.options.step_deadline_seconds):
                task, role = STEP_TASKS[step]
                choices = self._models.for_task(task, role=role)
                with self._around(phase_of(step), key):
                    answered: Answered = await self._caller.ask(
                        choices,
                        call,
                        inputs,
                        manner=manner,
                        temperature=temperature,
                        ledger=ledger,
                    )
        except TimeoutError as error:
            seconds = self.options.step_deadline_seconds
            raise StepFailed(
                f"The step “{step}” was not done within {seconds:g} s. Try again, or allow it more time.",
                key=key,
                usage=total_usage(ledger),
            ) from error
        except ModelAnswerMisfit as error:
            raise StepFailed(str(error), key=key, raw=error.raw_text, usage=total_usage(ledger)) from error
        except ModelError as error:
            raise StepFailed(str(error), key=key, usage=total_usage(ledger)) from error
        listener.end()
        result = dict(answered.values)
        if signed_as:
            result |= {signed_as: answered.model, ASKED_AS: asked_as(call.predictor)}
        return await self.keep(
            step, result, key=key, usage=answered.usage, models=(answered.model,), title=title
        )

    async def keep(
        self,
        step: Step,
        result: dict[str, Any],
        *,
        key: str = "",
        usage: Usage | None = None,
        models: tuple[str, ...] = (),
        title: str = "",
    ) -> Mapping[str, Any]:
        """Send a step's result out to be stored, and return it."""
        key = key or step_key(step)
        self._is_live = True
        if not models:
            self.tell(PipelineEvent(EventKind.STEP_STARTED, phase_of(step), step, key, title))
        finished = StepFinished(key, step, phase_of(step), result, usage or Usage(), models, title)
        await self.give(finished)
        self._done[key] = result
        return result

    def known(self, key: str) -> Mapping[str, Any] | None:
        """Return the stored result under ``key``, or None."""
        return self._done.get(key)

    def answer(self, step: Step, prompt: Prompt) -> Answer:
        """Return what a person said to ``prompt``.

        Raises:
            Suspended: nobody said anything yet, or it does not fit.
            GenerationStopped: the person chose to cancel.
        """
        key = prompt_key(prompt)
        given = self._journey.answers.get(key)
        if given is None:
            raise Suspended(PromptRaised(key, step, phase_of(step), prompt))
        try:
            answer = read_answer(prompt, given)
        except AnswerInvalid as error:
            raise Suspended(PromptRaised(key, step, phase_of(step), prompt, error.problems)) from error
        if answer.action is Action.CANCEL:
            said = f": {answer.feedback}" if answer.feedback else ""
            raise GenerationStopped(f"It was cancelled at “{prompt.title}”{said}. What was made is kept.")
        return answer

    def raise_prompt(
        self, step: Step, prompt: Prompt, problems: tuple[tuple[str, str], ...] = ()
    ) -> Suspended:
        """Return the suspension that asks ``prompt``, with what was wrong with the answer before."""
        return Suspended(PromptRaised(prompt_key(prompt), step, phase_of(step), prompt, problems))

    def is_asked(self, kind: PromptKind, chosen: frozenset[PromptKind]) -> bool:
        """Say whether a person is asked at checkpoints of ``kind``; ``chosen`` are those of the strategy."""
        if kind in self.options.required:
            return True
        if self.options.is_auto_approved:
            return False
        return kind in (chosen if self.options.checkpoints is None else self.options.checkpoints)


def all_answered(found: Iterable[Mapping[str, Any] | BaseException]) -> list[Mapping[str, Any]]:
    """Return the results of steps that were asked at the same time.

    Raises:
        StepFailed: any of them failed; it is the first one's failure, with what all that failed have used.
        BaseException: whatever else came first, as it came.
    """
    done: list[Mapping[str, Any]] = []
    wrong: list[BaseException] = []
    for one in found:
        if isinstance(one, BaseException):
            wrong.append(one)
        else:
            done.append(one)
    if not wrong:
        return done
    if isinstance(wrong[0], StepFailed):
        used = (one.usage for one in wrong if isinstance(one, StepFailed))
        wrong[0].usage = total_usage(one for one in used if isinstance(one, Usage))
    raise wrong[0]


def prompt_key(prompt: Prompt) -> str:
    """Return the key that a prompt's answer is stored under: ``confirm``, ``confirm.2`` in the second round."""
    return f"{prompt.kind}{f'.{prompt.round}' if prompt.round > 1 else ''}"


class _StepListener:
    """Turns what a model says into events of its step."""

    def __init__(self, flow: Flow, step: Step, key: str) -> None:
        self._flow = flow
        self._place = (phase_of(step), step, key)
        self._answer = AnswerStream()
        self._thought = ""
        self._is_restart = False

    def on_text(self, text: str) -> None:
        """Send the next piece of the answer out, field by field."""
        for name, piece in self._answer.feed(text):
            self._piece(name, piece)

    def on_thought(self, text: str) -> None:
        """Send what the model thinks out, in pieces that are worth an event."""
        self._thought += text
        if len(self._thought) >= 160:
            self._flush_thought()

    def on_restart(self, message: str) -> None:
        """Tell that what came before is void, and why."""
        self._answer = AnswerStream()
        self._thought = ""
        self._is_restart = True
        self._flow.tell(PipelineEvent(EventKind.PROGRESS, *self._place, message, {"is_restart": True}))

    def end(self) -> None:
        """Send what was kept back."""
        self._flush_thought()
        for name, piece in self._answer.end():
            self._piece(name, piece)

    def _flush_thought(self) -> None:
        if self._thought:
            self._flow.tell(PipelineEvent(EventKind.REASONING, *self._place, data={"text": self._thought}))
            self._thought = ""

    def _piece(self, name: str, piece: str) -> None:
        data: dict[str, Any] = {"field": name, "text": piece}
        if self._is_restart:
            data["is_restart"], self._is_restart = True, False
        kind = EventKind.REASONING if name == "reasoning" else EventKind.TOKENS
        self._flow.tell(PipelineEvent(kind, *self._place, data=data))
