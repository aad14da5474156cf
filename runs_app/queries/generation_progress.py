"""How far a generation is: its phases with their steps, what each took, and the text that the running ones say."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from runs_app.domain.enums import Phase
from runs_app.domain.generation import PromptState
from runs_app.domain.generation_timeline import Bar, LiveText, bars_of, live_texts
from runs_app.domain.pipeline_items import EventKind
from runs_app.models import Generation, GenerationEvent, HumanPrompt, StepResult

# Steps after which there is something new to look at: a plan or a text.
MAKING = ("synthesis", "content", "content_refinement", "feedback", "refinement")
_TOLD = (EventKind.STEP_STARTED, EventKind.TOKENS, EventKind.REASONING, EventKind.PROGRESS)


@dataclass(frozen=True, slots=True)
class StepView:
    """One step: ``state`` is done, running, failed or stopped; ``cost_usd`` None where there is no price."""

    key: str
    title: str
    state: str
    started_at: datetime
    seconds: float
    bar: Bar
    tokens: int = 0
    cost_usd: float | None = None
    models: tuple[str, ...] = ()
    reasoning: str = ""
    live: LiveText = field(default_factory=LiveText)


@dataclass(frozen=True, slots=True)
class PhaseView:
    """One phase: ``state`` is done, running, or empty when it has not begun; sums are those of its finished steps."""

    phase: Phase
    state: str
    steps: tuple[StepView, ...] = ()
    prompts: tuple[HumanPrompt, ...] = ()
    seconds: float = 0.0
    tokens: int = 0
    cost_usd: float | None = None

    @property
    def course(self) -> list[tuple[StepView | None, HumanPrompt | None]]:
        """Steps and prompts in the order in which they began, each beside None."""
        steps: list[tuple[datetime, StepView | None, HumanPrompt | None]] = [
            (step.started_at, step, None) for step in self.steps
        ]
        asked: list[tuple[datetime, StepView | None, HumanPrompt | None]] = [
            (prompt.asked_at, None, prompt) for prompt in self.prompts
        ]
        return [(step, prompt) for _, step, prompt in sorted([*steps, *asked], key=lambda one: one[0])]


@dataclass(frozen=True, slots=True)
class Progress:
    """What the page shows of the course: everything up to the event ``last``.

    ``state`` changes when more than that does, ``care`` when somebody else looks after the open question.
    """

    generation: Generation
    phases: tuple[PhaseView, ...]
    last: int
    state: str
    care: str


def generation_progress(generation: Generation, *, now: datetime) -> Progress:
    """Return the course of ``generation`` as the row has it; five queries, however long it is."""
    last = generation.num_events
    results = list(StepResult.objects.filter(generation=generation).order_by("started_at", "pk"))
    prompts = list(HumanPrompt.objects.filter(generation=generation).select_related("claimed_by"))
    begun = _begun(generation, {one.key for one in results}, last)
    live = _live(generation, begun, last)
    ends = generation.finished_at or now
    spans = [(one.started_at, one.finished_at) for one in results]
    bars = bars_of([*spans, *((one.at, max(one.at, ends)) for one in begun)])
    steps = [(_done(generation, one, bar), one.phase) for one, bar in zip(results, bars, strict=False)]
    for event, bar in zip(begun, bars[len(results) :], strict=True):
        text = live.get(event.key, LiveText())
        steps.append((_unfinished(generation, event, bar, text, ends), event.phase))
    phases = tuple(_phase(generation, phase, steps, prompts) for phase in Phase)
    return Progress(generation, phases, last, *_state(generation, prompts, results))


def state_of(generation: Generation) -> tuple[str, str]:
    """Return the same ``state`` and ``care`` as ``generation_progress`` does."""
    prompts = HumanPrompt.objects.filter(generation=generation)
    return _state(generation, prompts, StepResult.objects.filter(generation=generation).only("step"))


def _state(
    generation: Generation, prompts: Iterable[HumanPrompt], results: Iterable[StepResult]
) -> tuple[str, str]:
    waiting = [one for one in prompts if one.state == PromptState.OPEN]
    asked = "".join(f"-{one.key}.{one.asked_at:%H%M%S}" for one in waiting)
    made = sum(1 for one in results if one.step in MAKING)
    care = ".".join(f"{one.claimed_by_id or 0}{one.handed_by_name}" for one in waiting)
    return f"{generation.status}{asked}-{made}", care


def _begun(generation: Generation, done: set[str], last: int) -> list[GenerationEvent]:
    """Return the start of each step that has no result, the latest start of each."""
    found = GenerationEvent.objects.filter(
        generation=generation, kind=EventKind.STEP_STARTED, number__lte=last
    )
    latest = {one.key: one for one in found if one.key not in done}
    return list(latest.values())


def _live(generation: Generation, begun: list[GenerationEvent], last: int) -> dict[str, LiveText]:
    if not begun:
        return {}
    events = GenerationEvent.objects.filter(
        generation=generation,
        key__in=[one.key for one in begun],
        kind__in=_TOLD,
        number__gte=min(one.number for one in begun),
        number__lte=last,
    )
    return live_texts(events.values_list("kind", "key", "message", "data"))


def _done(generation: Generation, result: StepResult, bar: Bar) -> StepView:
    thought = result.result.get("reasoning") if isinstance(result.result, dict) else ""
    return StepView(
        result.key,
        result.title or result.key,
        "done",
        result.started_at,
        result.seconds,
        bar,
        result.total_tokens,
        None if generation.is_rehearsal else result.cost_usd,
        tuple(result.models_used),
        thought if isinstance(thought, str) else "",
    )


def _unfinished(
    generation: Generation, event: GenerationEvent, bar: Bar, live: LiveText, ends: datetime
) -> StepView:
    if generation.failed_key == event.key and generation.is_over:
        state = "failed"
    else:
        state = "stopped" if generation.is_over or generation.is_waiting else "running"
    seconds = max(0.0, (ends - event.at).total_seconds())
    return StepView(event.key, event.message or event.key, state, event.at, seconds, bar, live=live)


def _phase(
    generation: Generation,
    phase: Phase,
    steps: list[tuple[StepView, str]],
    prompts: list[HumanPrompt],
) -> PhaseView:
    own = tuple(step for step, of in steps if of == phase)
    asked = tuple(one for one in prompts if one.phase == phase)
    if not own and not asked and generation.phase != phase:
        return PhaseView(phase, "")
    order = list(Phase)
    is_current = generation.phase == phase and generation.is_live and not generation.version_id
    is_passed = generation.phase in order and order.index(Phase(generation.phase)) > order.index(phase)
    state = "running" if is_current else "done" if is_passed or generation.version_id else "stopped"
    known = [step.cost_usd for step in own if step.tokens and step.cost_usd is not None]
    return PhaseView(
        phase,
        state,
        own,
        asked,
        sum(step.seconds for step in own),
        sum(step.tokens for step in own),
        sum(known) if known else None,
    )
