"""Models for tests: the rehearsal's answers with single fields replaced, each call counted."""

import asyncio
import json
import re
from collections.abc import Mapping
from typing import Any

import dspy

from runs_app.domain.pipeline_items import ModelChoice
from runs_app.domain.rehearsal import rehearse
from runs_app.domain.spending import Price

_PART = re.compile(r"\[\[ ## (\w+) ## \]\]\n(.*?)(?=\n\n\[\[ ## |\Z)", re.DOTALL)
_OUTPUT = re.compile(r"Your output fields are:\n1\. `(\w+)`")


class ScriptedEngine:
    """Answers like the rehearsal, but with ``fields`` as given; a list gives one value a call and repeats its last."""

    def __init__(self, fields: Mapping[str, Any], *, delay: float = 0.0) -> None:
        self.fields = {name: list(v) if isinstance(v, list) else [v] for name, v in fields.items()}
        self.delay = delay
        self.calls: list[str] = []
        self.prompts: list[str] = []
        self.systems: list[str] = []
        self.running = self.most_running = 0
        self.failures: dict[str, Exception] = {}

    async def complete(self, request: Any) -> Any:
        from dspy._vendor.lm15 import types

        system = request.system if isinstance(request.system, str) else _text(request.system)
        user = "\n".join(_text(message.parts) for message in request.messages if message.role == "user")
        answer = rehearse(system, user)
        names = [name for name, _ in _PART.findall(answer)]
        asked = next(name for name in names if name != "reasoning")
        self.calls.append(asked)
        self.prompts.append(user)
        self.systems.append(system)
        self.running += 1
        self.most_running = max(self.most_running, self.running)
        await asyncio.sleep(self.delay)
        self.running -= 1
        if asked in self.failures:
            raise self.failures[asked]
        text = _PART.sub(self._replaced, answer)
        return types.Response(
            id=None,
            model="scripted",
            message=types.Message.assistant(text),
            finish_reason="stop",
            usage=types.Usage(input_tokens=100, output_tokens=10, total_tokens=110),
        )

    async def stream(self, request: Any) -> Any:
        from dspy._vendor.lm15 import types

        response = await self.complete(request)
        yield types.StreamStartEvent(model="scripted")
        yield types.StreamDeltaEvent(types.TextDelta(_text(response.message.parts)))
        yield types.StreamEndEvent("stop", response.usage)

    def _replaced(self, match: re.Match[str]) -> str:
        name = match[1]
        if name not in self.fields:
            return match[0]
        values = self.fields[name]
        value = values.pop(0) if len(values) > 1 else values[0]
        return f"[[ ## {name} ## ]]\n{value if isinstance(value, str) else json.dumps(value)}"


def _text(parts: Any) -> str:
    return "\n".join(str(getattr(part, "text", "")) for part in parts or ())


class _Unasked:
    def complete(self, request: Any) -> Any:
        raise AssertionError("only the other way is used")


class ScriptedModels:
    """One model for every task, and perhaps a fallback."""

    def __init__(
        self, *, fallback: ScriptedEngine | None = None, price: Price | None = None, **fields: Any
    ) -> None:
        self.engine = ScriptedEngine(fields)
        self.fallback = fallback
        self.price = price
        self.is_rehearsal = False

    def for_task(self, task: str, *, role: str) -> tuple[ModelChoice, ...]:
        engines = [self.engine, *([self.fallback] if self.fallback else [])]
        return tuple(
            ModelChoice(
                f"scripted/{number}",
                dspy.LM("scripted", engine=_Unasked(), async_engine=engine, cache=False),
                self.price,
                1000,
            )
            for number, engine in enumerate(engines, start=1)
        )

    def secrets(self) -> tuple[str, ...]:
        return ()
