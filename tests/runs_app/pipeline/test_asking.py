"""Asking a model: typed answers, a second chance that knows the fault, the raw text kept, and no models mixed."""

import asyncio
import contextlib
import json
from typing import Any

import pytest

from runs_app.domain.errors import ModelAnswerMisfit
from tests.runs_app.pipeline.test_signatures import fitting, plain

dspy = pytest.importorskip("dspy")

from runs_app.adapters.rehearsal_lm import rehearsal_lm  # noqa: E402
from runs_app.domain.enums import Phase  # noqa: E402
from runs_app.domain.judging_models import ASKED  # noqa: E402
from runs_app.pipeline.asking import ask_model, asked_as  # noqa: E402
from runs_app.pipeline.modules import PhaseCall, fresh_pipeline  # noqa: E402
from runs_app.pipeline.signatures import AssessQuality, GatherRequirements  # noqa: E402

INPUTS = {"skill_content": "# A", "skill_metadata": "{}", "target_level": "expert"}


class Scripted:
    """An engine that gives one text after the other and keeps the prompts."""

    def __init__(self, *texts: str, delay: float = 0.0) -> None:
        self.texts = list(texts)
        self.prompts: list[str] = []
        self.delay = delay

    async def complete(self, request: Any) -> Any:
        from dspy._vendor.lm15 import types

        self.prompts.append(
            " ".join(str(part.text) for message in request.messages for part in message.parts)
        )
        await asyncio.sleep(self.delay)
        return types.Response(
            id=None,
            model="scripted",
            message=types.Message.assistant(self.texts.pop(0)),
            finish_reason="stop",
            usage=types.Usage(input_tokens=100, output_tokens=10, total_tokens=110),
        )


class Unasked:
    def complete(self, request: Any) -> Any:
        raise AssertionError("only the other way is used")


def scripted(*texts: str, delay: float = 0.0) -> tuple[Any, Scripted]:
    engine = Scripted(*texts, delay=delay)
    return dspy.LM("scripted", engine=Unasked(), async_engine=engine, cache=False), engine


def written(values: dict[str, Any], **other: str) -> str:
    parts = {name: plain(value) for name, value in values.items()} | other
    return (
        "\n\n".join(f"[[ ## {name} ## ]]\n{text}" for name, text in parts.items())
        + "\n\n[[ ## completed ## ]]"
    )


def call_of(signature: Any) -> PhaseCall:
    """Return how the pipeline asks for a signature, in the first phase that does."""
    pipeline = fresh_pipeline()
    for phase in Phase:
        with contextlib.suppress(LookupError):
            return pipeline.call_of(phase, signature)
    raise AssertionError(f"no phase asks for {signature.__name__}")


def fitting_call(signature: Any) -> dict[str, Any]:
    """Return an answer that fits what the pipeline asks, with the reasons where it asks for them."""
    return fitting(call_of(signature).predictor.signature)


FITTING = fitting_call(AssessQuality)
GOOD = written(FITTING)
BAD = written(FITTING, quality_score="very good")


def ask(lm: Any) -> Any:
    return asyncio.run(ask_model(call_of(AssessQuality), INPUTS, lm=lm))


def test_an_answer_comes_back_as_plain_data_with_what_it_used() -> None:
    lm, engine = scripted(GOOD)

    asked = ask(lm)

    assert json.loads(json.dumps(asked.values)) == FITTING
    assert (asked.usage.num_calls, asked.usage.total_tokens, asked.usage.cost_usd) == (1, 110, None)
    assert len(engine.prompts) == 1


def test_a_misfit_is_asked_again_with_the_fault_and_both_calls_count() -> None:
    lm, engine = scripted(BAD, GOOD)

    asked = ask(lm)

    assert asked.values["quality_score"] == 0.5
    assert asked.usage.num_calls == 2
    assert "what_was_wrong" not in engine.prompts[0]
    assert "quality_score" in engine.prompts[1].partition("what_was_wrong")[2]


@pytest.mark.parametrize("text", [BAD, "no fields at all", "[[ ## quality_score ## ]]\n0.5"])
def test_what_never_fits_fails_with_the_last_text_as_it_came(text: str) -> None:
    lm, engine = scripted("{", text)

    with pytest.raises(ModelAnswerMisfit) as caught:
        ask(lm)

    assert caught.value.raw_text == text
    assert caught.value.usage.num_calls == 2  # type: ignore[attr-defined]
    assert not engine.texts


def test_two_askers_at_once_never_mix_their_models() -> None:
    async def both() -> list[Any]:
        lms = [
            scripted(written(FITTING, skill="x", strengths=json.dumps([name])), delay=delay)
            for name, delay in (("one", 0.05), ("two", 0.0))
        ]
        return await asyncio.gather(*(ask_model(call_of(AssessQuality), INPUTS, lm=lm) for lm, _ in lms))

    one, two = asyncio.run(both())
    assert (one.values["strengths"], two.values["strengths"]) == (["one"], ["two"])
    assert one.usage.num_calls == two.usage.num_calls == 1


def test_asking_leaves_the_given_model_and_the_settings_as_they_were() -> None:
    lm = rehearsal_lm()
    before = dspy.settings.lm

    asked = asyncio.run(
        ask_model(call_of(GatherRequirements), {"task_description": "Clean CSV files"}, lm=lm)
    )

    assert asked.values["category"] == "rehearsal"
    assert lm.history == []
    assert dspy.settings.lm is before


def test_no_text_of_a_call_stays_in_the_process() -> None:
    from dspy.clients.base_lm import GLOBAL_HISTORY

    before = len(GLOBAL_HISTORY), len(dspy.settings.trace or ())
    lm, _ = scripted(GOOD)
    assert ask(lm).usage.num_calls == 1
    assert (len(GLOBAL_HISTORY), len(dspy.settings.trace or ())) == before
    assert lm.history == []


def test_what_a_judge_is_asked_has_the_digest_that_the_domain_knows() -> None:
    """Web processes name judges by it. When this fails because of a change that you meant, write the new digest there."""
    assert asked_as(call_of(AssessQuality).predictor) == ASKED


def test_the_digest_of_what_is_asked_changes_with_instructions_fields_and_examples() -> None:
    ours = call_of(AssessQuality).predictor.signature

    def asked(signature: Any = ours, *demos: Any) -> str:
        predictor = dspy.Predict(signature)
        predictor.demos = list(demos)
        return asked_as(predictor)

    field = dspy.OutputField()
    demo = {"skill_content": "# A", "quality_score": 0.4}
    found = [
        asked(),
        asked(AssessQuality),
        asked(ours.with_instructions("Be strict.")),
        asked(ours, demo),
        asked(ours, demo | {"quality_score": 0.5}),
        asked(ours.append("verdict", field, type_=str)),
        asked(ours.append("verdict", field, type_=bool)),
        asked(ours.delete("strengths")),
    ]

    assert len(set(found)) == len(found)
    assert asked(ours.with_instructions(AssessQuality.instructions)) == asked()
