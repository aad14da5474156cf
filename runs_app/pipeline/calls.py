"""One answer from the models of a task: tried again after a fault that passes, by a fallback after one that stays."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from dspy.utils.exceptions import (
    LMError,
    LMRateLimitError,
    LMServerError,
    LMStreamAssemblyError,
    LMTimeoutError,
    LMTransportError,
)

from runs_app.domain.errors import ModelFailed
from runs_app.domain.masking import masked
from runs_app.domain.pipeline_items import ModelChoice
from runs_app.domain.spending import CallGuard, Usage, most_tokens, total_usage
from runs_app.pipeline.asking import Asked, Manner, always, ask_model
from runs_app.pipeline.modules import PhaseCall

# Another try after a rate limit, a server's fault or a broken line, with growing waits between.
RETRIES = 3
FIRST_WAIT_SECONDS = 0.5
LONGEST_WAIT_SECONDS = 30.0
_PASSING = (LMRateLimitError, LMServerError, LMTimeoutError, LMTransportError, LMStreamAssemblyError)


@dataclass(frozen=True, slots=True)
class Answered:
    """The outputs by field, what they used, and the model that gave them."""

    values: Mapping[str, Any]
    usage: Usage
    model: str


class Caller:
    """Asks the models of one generation and keeps every call below the ceilings of ``guard``."""

    def __init__(
        self,
        guard: CallGuard,
        *,
        retries: int = RETRIES,
        pause: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._guard = guard
        self._retries = retries
        self._pause = pause

    async def ask(
        self,
        choices: tuple[ModelChoice, ...],
        call: PhaseCall,
        inputs: Mapping[str, Any],
        *,
        manner: Manner,
        temperature: float | None = None,
        ledger: list[Usage] | None = None,
    ) -> Answered:
        """Return the answer of the first of ``choices`` that gives one; its usage is that of every call that was made.

        ``ledger`` gets the usage of each call as it ends, also when no answer comes of it.

        Raises:
            ModelFailed: none did; the message says what each of them said.
            ModelAnswerMisfit: one answered, and its answers did not fit.
            SpendingStopped: a ceiling does not let the next call pass.
        """
        said: list[str] = []
        ledger = [] if ledger is None else ledger
        for position, choice in enumerate(choices):
            if position and manner.listener:
                manner.listener.on_restart(f"{said[-1]} Now {choice.name} is asked.")
            lm = choice.lm if temperature is None else choice.lm.copy(temperature=temperature)
            try:
                asked = await self._persist(replace(choice, lm=lm), call, inputs, manner, ledger)
            except LMError as error:
                said.append(_said(choice.name, error))
                continue
            used = replace(total_usage(ledger), seconds=asked.usage.seconds)
            return Answered(asked.values, used, choice.name)
        raise ModelFailed(" ".join(said) or "No model is configured for this step.")

    async def _persist(
        self,
        choice: ModelChoice,
        call: PhaseCall,
        inputs: Mapping[str, Any],
        manner: Manner,
        ledger: list[Usage],
    ) -> Asked:
        gated = replace(manner, gate=lambda prompt: self._gate(choice, prompt, ledger))
        for attempt in range(self._retries + 1):
            try:
                return await ask_model(call, inputs, lm=choice.lm, manner=gated)
            except _PASSING as error:
                if attempt == self._retries:
                    raise
                if isinstance(error, LMTimeoutError):
                    # A stream is too late only when it falls silent; the time of another call is that of its whole answer.
                    gated = replace(gated, is_streamed=always)
                wait = _wait(error, attempt)
                if manner.listener:
                    manner.listener.on_restart(
                        f"{_said(choice.name, error)} Another try in {wait:g} s ({attempt + 1} of {self._retries})."
                    )
                await self._pause(wait)
        raise AssertionError("the last attempt returns or raises")

    @contextlib.asynccontextmanager
    async def _gate(
        self, choice: ModelChoice, prompt: str, ledger: list[Usage]
    ) -> AsyncIterator[Callable[[Usage], None]]:
        reserved = await self._guard.admit(
            price=choice.price,
            prompt_tokens=most_tokens(prompt),
            max_completion_tokens=choice.max_completion_tokens,
        )
        spent = 0.0

        def settle(usage: Usage) -> None:
            nonlocal spent
            if usage.num_calls:
                ledger.append(_priced(usage, choice))
                spent += ledger[-1].cost_usd or 0.0

        try:
            yield settle
        finally:
            self._guard.settle(reserved, cost_usd=spent)


def _priced(usage: Usage, choice: ModelChoice) -> Usage:
    """Return the usage with its cost by the known price where the client does not say what it was."""
    if usage.cost_usd is not None or choice.price is None:
        return usage
    prompt, completion = usage.prompt_tokens, usage.completion_tokens
    return replace(usage, cost_usd=choice.price.most(prompt_tokens=prompt, max_completion_tokens=completion))


def _wait(error: LMError, attempt: int) -> float:
    """Return the seconds until the next try: what the server asks for, or twice as long each time."""
    asked = getattr(error, "retry_after", None)
    if not isinstance(asked, int | float):
        asked = _asked_in_headers(error)
    wait = asked if asked and asked > 0 else FIRST_WAIT_SECONDS * 2**attempt
    return float(min(wait, LONGEST_WAIT_SECONDS))


def _asked_in_headers(error: BaseException) -> float | None:
    """Return what the server's header asked for in seconds; LiteLLM keeps its answer further down the chain of causes."""
    cause: BaseException | None = error
    while cause is not None:
        headers = getattr(getattr(cause, "response", None), "headers", None) or {}
        with contextlib.suppress(TypeError, ValueError, KeyError):
            return float(headers["retry-after"])
        cause = cause.__cause__ or cause.__context__
    return None


def _said(name: str, error: LMError) -> str:
    kind = {
        LMRateLimitError: "asks to slow down",
        LMServerError: "has a fault of its own",
        LMTimeoutError: "did not answer in time",
        LMTransportError: "cannot be reached, or broke off",
        LMStreamAssemblyError: "broke off in the middle of an answer",
    }
    words = next((text for cls, text in kind.items() if isinstance(error, cls)), "refused")
    detail = masked(" ".join(str(error).split()))[:300]
    return f"{name} {words} ({detail})."
