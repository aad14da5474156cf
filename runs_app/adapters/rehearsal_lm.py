"""The rehearsal model as DSPy asks it: an engine of our own, with no network and no key."""

from collections.abc import AsyncIterator
from typing import Any

from runs_app.domain.rehearsal import NAME, rehearse


class RehearsalEngine:
    """Answers a request of DSPy at once; usage is counted in words, and there is no price."""

    def complete(self, request: Any) -> Any:
        """Return DSPy's Response to its Request."""
        from dspy._vendor.lm15 import types

        user = "\n".join(_text_of(message.parts) for message in request.messages if message.role == "user")
        system = request.system if isinstance(request.system, str) else _text_of(request.system or ())
        answer = rehearse(system, user)
        used = types.Usage(
            input_tokens=len(system.split()) + len(user.split()),
            output_tokens=len(answer.split()),
            total_tokens=len(system.split()) + len(user.split()) + len(answer.split()),
        )
        message = types.Message.assistant(answer)
        return types.Response(id=None, model=NAME, message=message, finish_reason="stop", usage=used)


class AsyncRehearsalEngine:
    """The same, for those who await it or watch it coming."""

    def __init__(self) -> None:
        self._engine = RehearsalEngine()

    async def complete(self, request: Any) -> Any:
        """Return DSPy's Response to its Request."""
        return self._engine.complete(request)

    async def stream(self, request: Any) -> AsyncIterator[Any]:
        """Yield DSPy's events of an answer that comes line by line."""
        from dspy._vendor.lm15 import types

        response = self._engine.complete(request)
        yield types.StreamStartEvent(model=NAME)
        for line in "".join(_text_of(response.message.parts)).splitlines(keepends=True):
            yield types.StreamDeltaEvent(types.TextDelta(line))
        yield types.StreamEndEvent("stop", response.usage)


def rehearsal_lm() -> Any:
    """Return the rehearsal model as a ``dspy.LM``; never cached, so that each step is really asked."""
    import dspy

    return dspy.LM(NAME, engine=RehearsalEngine(), async_engine=AsyncRehearsalEngine(), cache=False)


def _text_of(parts: Any) -> str:
    return "\n".join(str(getattr(part, "text", "")) for part in parts)
