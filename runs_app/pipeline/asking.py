"""Ask a model for the outputs of one signature: typed, counted, and with a second chance that knows what was wrong."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import dspy
from dspy.utils.exceptions import AdapterParseError
from pydantic import TypeAdapter

from runs_app.domain.errors import ModelAnswerMisfit
from runs_app.domain.spending import Usage, total_usage

# How often a model is asked for one answer: once, and once more with what was wrong with it.
TRIES = 2
_CORRECTION = "what_was_wrong"
_LONGEST_REASON = 1_500


@dataclass(frozen=True, slots=True)
class Asked:
    """The outputs by field, as plain data that JSON takes, and what all calls for them used."""

    values: Mapping[str, Any]
    usage: Usage


async def ask_model(
    signature: type[dspy.Signature], inputs: Mapping[str, Any], *, lm: dspy.LM, tries: int = TRIES
) -> Asked:
    """Return the outputs of ``signature`` for ``inputs`` by ``lm``.

    An answer that does not fit is asked for again, with the reason in a field of its own. The model is taken as it is
    given: nothing global is set, so that two askers in one process never mix theirs. Errors of the model itself (key,
    rate, time) pass through as DSPy raises them.

    Raises:
        ModelAnswerMisfit: no answer did fit; the last one is kept as it came, and what was used is in ``usage``.
    """
    own = lm.copy()
    began = time.monotonic()
    wrong = ""
    raw = ""
    for _ in range(tries):
        try:
            prediction = await _ask_once(signature, inputs, own, wrong)
        except AdapterParseError as error:
            raw, wrong = str(error.lm_response), _reason(error)
            continue
        return Asked(_plain(signature, prediction), _usage(own, time.monotonic() - began))
    message = f"The answer to {signature.__name__} did not fit after {tries} tries: {wrong}"
    raise ModelAnswerMisfit(message, raw_text=raw, usage=_usage(own, time.monotonic() - began))


async def _ask_once(
    signature: type[dspy.Signature], inputs: Mapping[str, Any], lm: dspy.LM, wrong: str
) -> dspy.Prediction:
    asked: Any = signature
    given = dict(inputs)
    if wrong:
        field = dspy.InputField(desc="why the answer before was refused; answer again without that fault")
        asked = signature.append(_CORRECTION, field, type_=str)
        given[_CORRECTION] = wrong
    adapter = dspy.ChatAdapter(use_json_adapter_fallback=False)
    with dspy.context(lm=lm, adapter=adapter):
        return await dspy.Predict(asked).acall(**given)


def _plain(signature: type[dspy.Signature], prediction: dspy.Prediction) -> dict[str, Any]:
    return {
        name: TypeAdapter(field.annotation).dump_python(getattr(prediction, name), mode="json")
        for name, field in signature.output_fields.items()
    }


def _reason(error: AdapterParseError) -> str:
    """Return why an answer was refused, without the answer itself, which the message repeats."""
    text = str(error).partition("Adapter ")[0].strip() or "not every output field was found in it"
    return text[:_LONGEST_REASON]


def _usage(lm: dspy.LM, seconds: float) -> Usage:
    calls = []
    for entry in lm.history:
        used = entry.get("usage") or {}
        # A repeated answer costs nothing, though DSPy shows the price of the first one again.
        cost = entry.get("cost") if used else 0.0
        calls.append(Usage(1, used.get("prompt_tokens") or 0, used.get("completion_tokens") or 0, cost))
    whole = total_usage(calls)
    return Usage(whole.num_calls, whole.prompt_tokens, whole.completion_tokens, whole.cost_usd, seconds)
