"""One generation from request to result, as one stream of events and results that can be broken off and taken up again."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable

from runs_app.domain.pipeline_items import GenerationFinished, LanguageModels, PipelineItem
from runs_app.domain.spending import CallGuard, SpendingGuard
from runs_app.pipeline.asking import always
from runs_app.pipeline.flow import AroundStep, Flow, Journey, Suspended, nothing_around
from runs_app.pipeline.generate import generate
from runs_app.pipeline.revise import revise
from runs_app.pipeline.understand import understand
from runs_app.pipeline.validate import validate

PIPELINE_VERSION = "1"


async def run_generation(
    journey: Journey,
    *,
    models: LanguageModels,
    guard: CallGuard | None = None,
    around: AroundStep = nothing_around,
    is_watched: Callable[[], bool] = always,
) -> AsyncIterator[PipelineItem]:
    """Yield what happens, from the first step without a stored result on; end with a prompt or with the result.

    A ``StepFinished`` is to be stored before the next item is asked for: nothing that needs it begins until then. Steps
    that do not need each other are asked at the same time, and when one of them fails, the others' results still come
    first. Nothing is shared between two generations in one process. Closing the generator stops every call. ``around`` is
    held around the model calls of each step, as for a recording. Models stream what they write of the document, and
    the rest while ``is_watched`` says that somebody looks on; another call is told at its end.

    Raises:
        StepFailed: a step could not be done; the key says which.
        GenerationStopped: a person chose to cancel.
    """
    flow = Flow(journey, models, guard or SpendingGuard(), around, is_watched)
    work = asyncio.create_task(_work(flow))
    work.add_done_callback(lambda _task: flow.items.put_nowait((None, None)))
    try:
        while True:
            item, taken = await flow.items.get()
            if item is None:
                break
            yield item
            if taken is not None:
                taken.set()
        last = await work
        if last is not None:
            yield last
    finally:
        work.cancel()
        with contextlib.suppress(asyncio.CancelledError, Exception):
            await work


async def _work(flow: Flow) -> PipelineItem | None:
    try:
        revision = flow.request.revision
        if revision is None:
            plan = await understand(flow)
            draft = await generate(flow, plan)
        else:
            plan, draft = await revise(flow, revision)
        return GenerationFinished(await validate(flow, plan, draft))
    except Suspended as suspended:
        return suspended.prompt
