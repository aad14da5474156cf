"""Ask a model for the outputs of one signature: typed, counted, streamed, and with a second chance that knows what was wrong."""

import json
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, nullcontext
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256
from typing import Any, Protocol

import dspy
from dspy.utils.exceptions import AdapterParseError
from pydantic import TypeAdapter

from runs_app.domain.errors import ModelAnswerMisfit
from runs_app.domain.spending import Usage, total_usage
from runs_app.pipeline.modules import PhaseCall

# How often a model is asked for one answer: once, and once more with what was wrong with it.
TRIES = 2
_CORRECTION = "what_was_wrong"
_LONGEST_REASON = 1_500
_ASKED_CHARACTERS = 6


@dataclass(frozen=True, slots=True)
class Asked:
    """The outputs by field, as plain data that JSON takes, and what all calls for them used."""

    values: Mapping[str, Any]
    usage: Usage


class Listener(Protocol):
    """Is told what a model says while it says it. Called on the thread of the event loop; must not block."""

    def on_text(self, text: str) -> None:
        """Take the next piece of the answer."""

    def on_thought(self, text: str) -> None:
        """Take the next piece of what the model thinks before it answers."""

    def on_restart(self, message: str) -> None:
        """Take that the answer begins anew, and why; what came before is void."""


def always() -> bool:
    """Say that somebody is there."""
    return True


# Is given the text of a call's prompt and held while the call runs; what it yields takes the usage.
CallGate = Callable[[str], AbstractAsyncContextManager[Callable[[Usage], None]]]


@dataclass(frozen=True, slots=True)
class Manner:
    """How a model is asked: who listens, and what gates each call.

    A call is streamed to the listener where ``is_streamed`` says so at its begin; of any other the listener is told the
    whole answer at its end. To take a stream in costs several times what the rest of a call does.
    """

    listener: Listener | None = None
    gate: CallGate | None = None
    is_streamed: Callable[[], bool] = always


def asked_as(predictor: dspy.Predict) -> str:
    """Return a short digest of what a model is asked with: instructions, fields with their types, and worked examples.

    It is the same in every process, and another one when any of these changes; the inputs, the model and DSPy's own words around
    them are not in it.
    """
    asked: Any = predictor.signature
    fields = [
        [name, field.json_schema_extra["__dspy_field_type"], field.json_schema_extra["desc"], _schema(field)]
        for name, field in asked.fields.items()
    ]
    whole = [asked.instructions, fields, [dict(demo) for demo in predictor.demos]]
    text = json.dumps(whole, sort_keys=True, ensure_ascii=False, default=str)
    return sha256(text.encode()).hexdigest()[:_ASKED_CHARACTERS]


def _schema(field: Any) -> Any:
    """Return the JSON schema of a field's type with the limits that its values keep."""
    return [_type_adapter(field.annotation).json_schema(), [repr(one) for one in field.metadata]]


async def ask_model(
    call: PhaseCall,
    inputs: Mapping[str, Any],
    *,
    lm: dspy.LM,
    tries: int = TRIES,
    manner: Manner | None = None,
) -> Asked:
    """Return what the predictor of ``call`` answers to ``inputs`` by ``lm``: the outputs of its signature, reasons among them.

    An answer that does not fit is asked for again, with the reason in a field of its own. The model is taken as it is
    given: nothing global is set, so that two askers in one process never mix theirs. Errors of the model itself (key,
    rate, time) pass through as DSPy raises them.

    Raises:
        ModelAnswerMisfit: no answer did fit; the last one is kept as it came, and what was used is in ``usage``.
        SpendingStopped: the gate did not let a call pass.
    """
    manner = manner or Manner()
    own = _counting(lm)
    began = time.monotonic()
    wrong = raw = ""
    for attempt in range(tries):
        if attempt and manner.listener:
            manner.listener.on_restart(f"The answer did not fit and is asked for again: {wrong}")
        try:
            prediction = await _ask_once(call, inputs, own, wrong, manner)
        except AdapterParseError as error:
            raw, wrong = str(error.lm_response), _reason(error)
            continue
        return Asked(_plain(call.predictor.signature, prediction), _usage(own, time.monotonic() - began))
    message = f"The answer to {call.name} did not fit after {tries} tries: {wrong}"
    raise ModelAnswerMisfit(message, raw_text=raw, usage=_usage(own, time.monotonic() - began))


def _counting(lm: dspy.LM) -> dspy.LM:
    """Return a copy of a model that keeps of each call what it used and what it answered.

    DSPy would keep the last ten thousand calls of the process with all their texts, which a worker never looks at again.
    """
    own = lm.copy()

    def keep(entry: Mapping[str, Any]) -> None:
        own.history.append({name: entry.get(name) for name in ("usage", "cost", "outputs")})

    own.update_history = keep
    return own


async def _ask_once(
    call: PhaseCall, inputs: Mapping[str, Any], lm: dspy.LM, wrong: str, manner: Manner
) -> dspy.Prediction:
    predictor = call.predictor
    asked: Any = predictor.signature
    given, otherwise = dict(inputs), {}
    if wrong:
        asked = _corrected(asked)
        given[_CORRECTION] = wrong
        # For this call alone: others may be asking the same predictor.
        otherwise = {"signature": asked}
    adapter = _adapter()
    sink = _Sink(manner.listener) if manner.listener and manner.is_streamed() else None
    gate = (
        manner.gate(_prompt_text(adapter, asked, predictor.demos, given))
        if manner.gate
        else nullcontext(None)
    )
    known = len(lm.history)
    # DSPy keeps what is asked in a list of the process unless it is given one of its own.
    async with gate as settle:
        with dspy.context(lm=lm, adapter=adapter, send_stream=sink, track_usage=True, trace=[]):
            try:
                return await call.module.acall(predictor=call.name, **given, **otherwise)
            finally:
                if manner.listener and sink is None:
                    _tell_whole(manner.listener, lm.history[known:])
                if settle is not None:
                    settle(_usage_of(lm.history[known:]))


@lru_cache(maxsize=256)
def _corrected(asked: Any) -> Any:
    """Return a signature with a field for what was wrong with the answer before; the same for each second try."""
    field = dspy.InputField(desc="why the answer before was refused; answer again without that fault")
    return asked.append(_CORRECTION, field, type_=str)


def _adapter() -> dspy.ChatAdapter:
    """Return DSPy's adapter, which words the fields and types of a signature once: their JSON schemas take a tenth of a call's own time.

    It is no class of its own, for DSPy wraps what a subclass inherits once more, and each call of it would be traced twice.
    """
    adapter: Any = dspy.ChatAdapter(use_json_adapter_fallback=False)
    adapter.format_system_message = _system_message
    return adapter


@lru_cache(maxsize=512)
def _system_message(signature: Any) -> str:
    return dspy.ChatAdapter().format_system_message(signature)


class _Sink:
    """Takes DSPy's stream of chunks and tells a listener the text in them."""

    def __init__(self, listener: Listener) -> None:
        self._listener = listener

    async def send(self, chunk: Any) -> None:
        """Take one chunk in the shape of an OpenAI stream; chunks without text are passed over."""
        for choice in getattr(chunk, "choices", None) or ():
            delta = getattr(choice, "delta", None)
            if thought := _text(delta, "reasoning_content"):
                self._listener.on_thought(thought)
            if text := _text(delta, "content"):
                self._listener.on_text(text)


def _tell_whole(listener: Listener, history: Sequence[Mapping[str, Any]]) -> None:
    """Tell a listener the answers of calls that were not streamed."""
    for entry in history:
        for output in entry.get("outputs") or ():
            if thought := _text(output, "reasoning_content"):
                listener.on_thought(thought)
            if text := output if isinstance(output, str) else _text(output, "text"):
                listener.on_text(text)


def _text(delta: Any, name: str) -> str:
    value = delta.get(name) if isinstance(delta, Mapping) else getattr(delta, name, None)
    return value if isinstance(value, str) else ""


def _prompt_text(adapter: Any, asked: Any, demos: Sequence[Any], given: Mapping[str, Any]) -> str:
    # It is not the call itself, so nobody who listens to calls hears of it.
    with dspy.context(callbacks=[]):
        messages = adapter.format(asked, list(demos), dict(given))
    return "\n".join(str(message.get("content", "")) for message in messages)


def _plain(signature: Any, prediction: dspy.Prediction) -> dict[str, Any]:
    return {
        name: _type_adapter(field.annotation).dump_python(getattr(prediction, name), mode="json")
        for name, field in signature.output_fields.items()
    }


@lru_cache(maxsize=512)
def _type_adapter(annotation: Any) -> TypeAdapter[Any]:
    return TypeAdapter(annotation)


def _reason(error: AdapterParseError) -> str:
    """Return why an answer was refused, without the answer itself, which the message repeats."""
    text = str(error).partition("Adapter ")[0].strip() or "not every output field was found in it"
    return text[:_LONGEST_REASON]


def _usage(lm: dspy.LM, seconds: float) -> Usage:
    whole = _usage_of(lm.history)
    return Usage(whole.num_calls, whole.prompt_tokens, whole.completion_tokens, whole.cost_usd, seconds)


def _usage_of(history: Sequence[Mapping[str, Any]]) -> Usage:
    calls = []
    for entry in history:
        used = entry.get("usage") or {}
        # A repeated answer costs nothing, though DSPy shows the price of the first one again.
        cost = entry.get("cost") if used else 0.0
        calls.append(Usage(1, used.get("prompt_tokens") or 0, used.get("completion_tokens") or 0, cost))
    return total_usage(calls)
