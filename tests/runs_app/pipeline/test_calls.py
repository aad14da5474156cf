"""One answer from the models of a task, the real way through LiteLLM, streamed or whole: faults that pass or stay, fallbacks."""

import asyncio
from typing import Any

import pytest

from runs_app.adapters.language_models import ConfiguredModels
from runs_app.domain.errors import ModelAnswerMisfit, ModelFailed, SpendingStopped
from runs_app.domain.model_config import ModelConfig, RegisteredModel
from runs_app.domain.spending import Ceiling, Price, SpendingGuard
from tests.model_server import Act, ModelServer, asked_field, model_server, rehearsed
from tests.runs_app.pipeline.test_asking import FITTING, call_of, fitting_call, written
from tests.runs_app.pipeline.test_signatures import ALL

pytest.importorskip("dspy")

from runs_app.pipeline.asking import Manner  # noqa: E402
from runs_app.pipeline.calls import Caller  # noqa: E402
from runs_app.pipeline.signatures import AssessQuality, GatherRequirements  # noqa: E402

INPUTS = {"skill_content": "# A", "skill_metadata": "{}", "target_level": "expert"}
GOOD = Act(written(FITTING))
KEY = "sk-scripted-and-secret"


class Heard:
    """A listener that keeps what it was told."""

    def __init__(self) -> None:
        self.text = ""
        self.restarts: list[str] = []

    def on_text(self, text: str) -> None:
        self.text += text

    def on_thought(self, text: str) -> None:
        raise AssertionError("this server does not think aloud")

    def on_restart(self, message: str) -> None:
        self.restarts.append(message)
        self.text = ""


class Asking:
    """One asker with short waits, which are written down."""

    def __init__(
        self,
        server: ModelServer,
        *,
        timeout: float = 5.0,
        guard: SpendingGuard | None = None,
        is_watched: bool = True,
    ) -> None:
        self.heard = Heard()
        self.is_watched = is_watched
        self.waits: list[float] = []
        registry = {
            "openai/one": RegisteredModel("openai/one", ("K",), timeout, {"max_tokens": 100}, server.address),
            "openai/two": RegisteredModel("openai/two", ("K",), timeout, {"max_tokens": 100}, server.address),
        }
        self.registry = registry
        self.guard = guard or SpendingGuard()
        self.models: tuple[str, ...] = ("openai/one",)

    async def _pause(self, seconds: float) -> None:
        self.waits.append(seconds)

    def ask(self, signature: Any = AssessQuality, **inputs: Any) -> Any:
        config = ModelConfig("openai/one", self.registry)
        models = ConfiguredModels(config, environment={"K": KEY})
        choices = tuple(
            models.for_task(name, role="")[0]
            if name == "openai/one"
            else ConfiguredModels(ModelConfig(name, self.registry), environment={"K": KEY}).for_task(
                "t", role=""
            )[0]
            for name in self.models
        )
        caller = Caller(self.guard, pause=self._pause)
        manner = Manner(listener=self.heard, is_streamed=lambda: self.is_watched)
        return asyncio.run(caller.ask(choices, call_of(signature), inputs or INPUTS, manner=manner))


def inputs_of(signature: Any) -> dict[str, Any]:
    special = {"iteration_number": 1, "skill_style": "minimal", "target_level": "expert"}
    return {name: special.get(name, "words") for name in signature.input_fields}


@pytest.mark.parametrize("signature", ALL, ids=lambda one: one.__name__)
def test_every_signature_streams_through_the_real_client(signature: Any) -> None:
    with model_server(answer=rehearsed) as server:
        asking = Asking(server)
        answered = asking.ask(signature, **inputs_of(signature))

    assert set(answered.values) == set(fitting_call(signature))
    assert asking.heard.text == rehearsed(server.requests[0]).text
    assert server.requests[0]["stream"] is True
    assert (answered.usage.num_calls, answered.usage.total_tokens) == (1, 150)
    assert asked_field(server.requests[0]) == next(iter(signature.output_fields))


@pytest.mark.parametrize("signature", ALL, ids=lambda one: one.__name__)
def test_every_signature_is_told_whole_when_nobody_looks_on(signature: Any) -> None:
    with model_server(answer=rehearsed) as server:
        asking = Asking(server, is_watched=False)
        answered = asking.ask(signature, **inputs_of(signature))

    assert set(answered.values) == set(fitting_call(signature))
    assert asking.heard.text == rehearsed(server.requests[0]).text
    assert not server.requests[0].get("stream")
    assert (answered.usage.num_calls, answered.usage.total_tokens) == (1, 150)


def test_a_misfit_that_nobody_watched_is_told_before_it_is_asked_again() -> None:
    with model_server(Act("no fields at all"), GOOD) as server:
        asking = Asking(server, is_watched=False)
        answered = asking.ask()

    assert answered.values == FITTING
    assert (len(server.requests), len(asking.heard.restarts)) == (2, 1)
    assert asking.heard.text == GOOD.text


def test_an_answer_that_comes_too_late_as_a_whole_is_streamed_the_next_time() -> None:
    with model_server(Act(GOOD.text, wait_seconds=2.0), GOOD) as server:
        asking = Asking(server, timeout=0.7, is_watched=False)
        answered = asking.ask()

    assert answered.values == FITTING
    assert [bool(request.get("stream")) for request in server.requests] == [False, True]
    assert len(asking.heard.restarts) == 1


@pytest.mark.parametrize("signature", ALL, ids=lambda one: one.__name__)
def test_every_signature_survives_half_an_answer_and_a_server_that_is_busy(signature: Any) -> None:
    good = Act(written(fitting_call(signature)))
    with model_server(Act(good.text, breaks=True), Act("busy", 503), good) as server:
        asking = Asking(server)
        answered = asking.ask(signature, **inputs_of(signature))

    assert answered.values == fitting_call(signature)
    assert (len(server.requests), len(asking.heard.restarts)) == (3, 2)


@pytest.mark.parametrize("signature", ALL, ids=lambda one: one.__name__)
def test_every_signature_keeps_the_text_of_an_answer_that_never_fits(signature: Any) -> None:
    first, *_ = fitting_call(signature)
    with model_server(Act(f"[[ ## {first} ## ]]\n{{broken")) as server:
        asking = Asking(server)
        with pytest.raises(ModelAnswerMisfit) as caught:
            asking.ask(signature, **inputs_of(signature))

    assert len(server.requests) == 2
    assert "{broken" in caught.value.raw_text


@pytest.mark.parametrize(
    "fault",
    [
        Act("slow down", 429),
        Act("sorry", 500),
        Act("busy", 503),
        Act(GOOD.text, breaks=True),
        Act(GOOD.text, stalls_seconds=3),
    ],
    ids=["rate limit", "fault", "busy", "half an answer", "silence"],
)
def test_a_fault_that_passes_is_tried_again_and_said(fault: Act) -> None:
    with model_server(fault, GOOD) as server:
        asking = Asking(server, timeout=1.0)
        answered = asking.ask()

    assert answered.values == FITTING
    assert len(server.requests) == 2
    assert len(asking.heard.restarts) == 1
    assert "Another try" in asking.heard.restarts[0]
    assert asking.heard.text == GOOD.text


def test_a_server_that_asks_for_patience_gets_it() -> None:
    with model_server(Act("slow down", 429, retry_after="7"), GOOD) as server:
        asking = Asking(server)
        asking.ask()

    assert asking.waits == [7.0]


def test_waits_grow_and_end(monkeypatch: pytest.MonkeyPatch) -> None:
    with model_server(Act("busy", 503)) as server:
        asking = Asking(server)
        with pytest.raises(ModelFailed, match="fault of its own"):
            asking.ask()

    assert asking.waits == [0.5, 1.0, 2.0]
    assert len(server.requests) == 4


def test_a_server_that_died_is_said() -> None:
    with model_server(GOOD) as server:
        asking = Asking(server)

    with pytest.raises(ModelFailed, match="openai/one"):
        asking.ask()


@pytest.mark.parametrize(
    ("act", "kept"),
    [
        (Act("no fields at all"), "no fields at all"),
        (Act(written(FITTING, quality_score='{"broken')), '{"broken'),
        (Act(written(FITTING, strengths='{"of": "another type"}')), "another type"),
        (Act(written(FITTING)[:60]), "[[ ## quality_score"),
    ],
    ids=["no fields", "broken JSON", "wrong type", "cut off"],
)
def test_what_never_fits_is_told_why_once_and_kept(act: Act, kept: str) -> None:
    with model_server(act) as server:
        asking = Asking(server)
        with pytest.raises(ModelAnswerMisfit) as caught:
            asking.ask()

    assert len(server.requests) == 2
    assert "what_was_wrong" in str(server.requests[1]["messages"])
    assert kept in caught.value.raw_text


def test_a_fallback_is_asked_after_a_refusal_and_only_then() -> None:
    with model_server(Act("the key is bad", 401), GOOD) as server:
        asking = Asking(server)
        asking.models = ("openai/one", "openai/two")
        answered = asking.ask()

    assert answered.model == "openai/two"
    assert [request["model"] for request in server.requests] == ["one", "two"]
    assert KEY not in " ".join(asking.heard.restarts)


def test_no_call_is_made_beyond_a_ceiling() -> None:
    with model_server(GOOD) as server:
        guard = SpendingGuard([Ceiling("ada today", 1.0, 1.0)])
        asking = Asking(server, guard=guard)
        with pytest.raises(SpendingStopped, match="ada today"):
            asking.ask(GatherRequirements, task_description="a")

    assert server.requests == []


def test_calls_at_the_same_time_stay_below_a_ceiling_together() -> None:
    guard = SpendingGuard([Ceiling("everybody today", 1.0, 0.0)])
    price = Price(0.0, 0.004)
    passed = [guard.reserve(price=price, prompt_tokens=0, max_completion_tokens=100) for _ in range(2)]

    with pytest.raises(SpendingStopped):
        guard.reserve(price=price, prompt_tokens=0, max_completion_tokens=100)
    guard.settle(passed[0], cost_usd=0.01)
    assert guard.reserve(price=price, prompt_tokens=0, max_completion_tokens=100) == pytest.approx(0.4)
