"""The real way through LiteLLM to a scripted server: answers, retries, refusals, keys that are shown to nobody."""

import asyncio
import subprocess
import sys
from typing import Any

import pytest

from runs_app.adapters.language_models import ConfiguredModels, language_model, offered_model, price_of
from runs_app.domain.errors import ModelAnswerMisfit, ModelKeyMissing
from runs_app.domain.model_config import ResolvedModel, read_model_config
from runs_app.domain.spending import Price
from tests.model_server import Act, ModelServer, model_server
from tests.runs_app.pipeline.test_asking import FITTING, call_of, fitting_call, written
from tests.runs_app.pipeline.test_signatures import ALL

dspy = pytest.importorskip("dspy")

from runs_app.pipeline.asking import ask_model  # noqa: E402
from runs_app.pipeline.signatures import AssessQuality  # noqa: E402

KEY = "sk-" + "scripted-and-secret"
INPUTS = {"skill_content": "# A", "skill_metadata": "{}", "target_level": "expert"}
GOOD = Act(written(FITTING))


def resolved(server: ModelServer, **fields: Any) -> ResolvedModel:
    values: dict[str, Any] = {
        "parameters": {"temperature": 0.3, "max_tokens": 500},
        "timeout_seconds": 20.0,
        **fields,
    }
    return ResolvedModel(
        "openai/scripted", base_url=server.address, key_variables=("SCRIPTED_KEY",), **values
    )


def ask(server: ModelServer, *, signature: Any = AssessQuality, retries: int = 2, **fields: Any) -> Any:
    lm = language_model(resolved(server, **fields), environment={"SCRIPTED_KEY": KEY}, retries=retries)
    inputs = INPUTS if signature is AssessQuality else inputs_of(signature)
    return asyncio.run(ask_model(call_of(signature), inputs, lm=lm))


def inputs_of(signature: Any) -> dict[str, Any]:
    special = {"iteration_number": 1, "skill_style": "minimal", "target_level": "expert"}
    return {name: special.get(name, "words") for name in signature.input_fields}


@pytest.mark.parametrize("signature", ALL, ids=lambda one: one.__name__)
def test_every_signature_goes_the_whole_way(signature: Any) -> None:
    with model_server(Act(written(fitting_call(signature)))) as server:
        asked = ask(server, signature=signature)

    assert asked.values == fitting_call(signature)
    assert (asked.usage.num_calls, asked.usage.prompt_tokens, asked.usage.completion_tokens) == (1, 120, 30)
    assert server.keys == [f"Bearer {KEY}"]
    assert (server.requests[0]["model"], server.requests[0]["temperature"]) == ("scripted", 0.3)


@pytest.mark.parametrize("refusal", [Act("slow down", 429), Act("sorry", 500), Act("busy", 503)], ids=str)
def test_a_fault_that_passes_is_tried_again(refusal: Act) -> None:
    with model_server(refusal, GOOD) as server:
        asked = ask(server)

    assert asked.values["quality_score"] == 0.5
    assert len(server.requests) == 2


def test_a_refused_key_is_not_tried_again_and_is_in_no_message() -> None:
    with model_server(Act("bad key", 401)) as server, pytest.raises(dspy.LMAuthError) as caught:
        ask(server)

    assert len(server.requests) == 1
    assert KEY not in str(caught.value)
    assert KEY not in repr(caught.value)


@pytest.mark.parametrize(
    "act",
    [Act(raw="{not json"), Act(raw="[]"), Act(GOOD.text, breaks=True)],
    ids=["no json", "a list", "half of it"],
)
def test_an_answer_that_is_none_is_an_error_of_the_model(act: Act) -> None:
    with model_server(act) as server, pytest.raises(Exception) as caught:  # noqa: PT011
        ask(server, retries=0)

    assert not isinstance(caught.value, AssertionError | AttributeError)
    assert KEY not in str(caught.value)


def test_a_server_that_stalls_is_given_up_in_time() -> None:
    with model_server(Act(GOOD.text, wait_seconds=3.0)) as server, pytest.raises(dspy.LMError):
        ask(server, retries=0, timeout_seconds=0.5)


def test_words_that_never_fit_are_kept() -> None:
    with model_server(Act("I would rather not.")) as server, pytest.raises(ModelAnswerMisfit) as caught:
        ask(server)

    assert caught.value.raw_text == "I would rather not."
    assert len(server.requests) == 2


def test_a_model_without_its_key_is_not_built() -> None:
    with model_server(GOOD) as server, pytest.raises(ModelKeyMissing, match="SCRIPTED_KEY"):
        language_model(resolved(server), environment={})


def test_the_rehearsal_is_built_by_its_name_alone() -> None:
    lm = language_model(ResolvedModel("rehearsal/fleet", {}, 60.0), environment={})
    assert lm.model == "rehearsal/fleet"


def test_prices_come_from_the_table_on_disk() -> None:
    known = price_of(ResolvedModel("openai/gpt-4o-mini", {}, 60.0))
    assert known is not None
    assert 0 < known.prompt_usd < known.completion_usd < 1e-4
    assert price_of(ResolvedModel("openai/scripted", {}, 60.0)) is None


def test_a_price_of_the_configuration_goes_before_the_table_and_is_what_is_counted() -> None:
    own = {"input_cost_per_token": 0.25, "output_cost_per_token": 0.5}
    assert price_of(ResolvedModel("openai/gpt-4o-mini", own, 60.0)) == Price(0.25, 0.5)

    with model_server(GOOD) as server:
        asked = ask(server, parameters={"max_tokens": 500, **own})

    assert asked.usage.cost_usd == pytest.approx(120 * 0.25 + 30 * 0.5)
    assert not set(own) & set(server.requests[0])


def test_models_without_a_price_are_named() -> None:
    own = "parameters: {input_cost_per_token: 0.1, output_cost_per_token: 0.1}"
    config = read_model_config(
        "models: {default: openai/gpt-4o-mini, registry: {openai/gpt-4o-mini: {fallbacks: [house/a, house/b]}, "
        f"house/a: {{}}, house/b: {{{own}}}}}}}"
    )

    models = ConfiguredModels(config, environment={})

    assert models.unpriced_for({"judge": ""}) == ("house/a",)
    assert (
        ConfiguredModels(config, environment={}, chosen={"": "rehearsal/fleet"}).unpriced_for({"judge": ""})
        == ()
    )


def test_an_offer_knows_the_price_that_a_worker_finds_without_the_packages_that_ask(
    settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    settings.FLEET_MODELS_FILE = None
    for name in ("openai/gpt-4o-mini", "gpt-4o", "openai/nobody-knows-it"):
        plain = ResolvedModel(name, {}, 20.0)

        offered = offered_model("judge", role="", model=name)

        assert (offered.name, offered.price) == (name, price_of(plain))
    assert offered.price is None
    program = """
import django, sys
django.setup()
import runs_app.views.judge_samples
from runs_app.adapters.language_models import offered_model
assert offered_model("judge", role="", model="openai/gpt-4o-mini").price is not None
print(sorted({"mlflow", "dspy", "litellm"} & set(sys.modules)))
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert (done.stdout.strip(), done.returncode) == ("[]", 0), done.stderr
