"""States of a generation, the order of its steps, ceilings, and answers to questions."""

import json
import threading
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runs_app.domain.enums import Phase
from runs_app.domain.errors import AnswerInvalid, SpendingStopped, TransitionRefused
from runs_app.domain.generation import (
    ALLOWED,
    LIVE,
    OVER,
    PARALLEL,
    PHASES,
    WAITING,
    GenerationStatus,
    Step,
    phase_of,
    require_transition,
    step_key,
    steps_due,
)
from runs_app.domain.prompts import (
    ACTIONS,
    EFFECTS,
    Action,
    Answer,
    Prompt,
    PromptKind,
    Question,
    QuestionKind,
    prompt_as_data,
    prompt_from_data,
    read_answer,
)
from runs_app.domain.spending import (
    Ceiling,
    Price,
    SpendingGuard,
    Usage,
    prices_from,
    require_room,
    total_usage,
)

S = GenerationStatus


def test_every_state_is_live_or_over_and_only_a_failed_one_begins_again() -> None:
    assert set(S) == LIVE | OVER
    assert not LIVE & OVER
    assert ALLOWED[S.FAILED] == {S.PENDING}
    assert ALLOWED[S.COMPLETED] == ALLOWED[S.CANCELLED] == frozenset()


def test_every_live_state_can_fail_and_be_cancelled() -> None:
    for status in LIVE:
        require_transition(status, S.FAILED)
        require_transition(status, S.CANCELLED)


def test_an_answer_puts_a_waiting_generation_in_the_queue_again() -> None:
    for status in WAITING:
        require_transition(status, S.PENDING)
        with pytest.raises(TransitionRefused, match="cannot become running"):
            require_transition(status, S.RUNNING)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (S.PENDING, S.COMPLETED),
        (S.COMPLETED, S.PENDING),
        (S.CANCELLED, S.RUNNING),
        (S.PENDING_REVIEW, S.RUNNING),
    ],
)
def test_other_changes_are_refused_with_what_can_follow(old: S, new: S) -> None:
    with pytest.raises(TransitionRefused, match="can follow"):
        require_transition(old, new)


def test_the_phases_hold_every_step_once_in_the_order_of_work() -> None:
    assert [step for phase in Phase for step in PHASES[phase]] == list(Step)
    assert phase_of(Step.CONTENT) is Phase.GENERATE


def test_analyses_that_need_nothing_of_each_other_are_due_together() -> None:
    done = [step for step in Step if list(Step).index(step) < list(Step).index(Step.INTENT)]

    assert steps_due([]) == (Step.STRATEGY,)
    assert steps_due(done) == (Step.INTENT, Step.PLACEMENT, Step.DEPENDENCIES)
    assert steps_due([*done, Step.PLACEMENT]) == (Step.INTENT, Step.DEPENDENCIES)
    assert steps_due(list(Step)) == ()
    assert steps_due([], skipped=[Step.STRATEGY, Step.READINESS, Step.CLARIFY]) == (Step.REQUIREMENTS,)


@given(st.sets(st.sampled_from(list(Step))), st.sets(st.sampled_from(list(Step))))
def test_work_goes_on_at_the_first_step_without_a_result(done: set[Step], skipped: set[Step]) -> None:
    due = steps_due(done, skipped=skipped)
    left = [step for step in Step if step not in done | skipped]

    assert bool(due) == bool(left)
    assert not set(due) & (done | skipped)
    if left:
        assert left[0] in due
        assert len(due) == 1 or any(set(due) <= group for group in PARALLEL)


def test_usage_adds_up_and_an_unknown_price_stays_unknown() -> None:
    whole = total_usage([Usage(1, 10, 5, 0.5, 1.0), Usage(2, 20, 10, 0.25, 2.0)])
    assert whole == Usage(3, 30, 15, 0.75, 3.0)
    assert whole.total_tokens == 45
    assert (whole + Usage(1, 1, 1, None)).cost_usd is None


def ceilings(spent: float, limit: float = 1.0) -> list[Ceiling]:
    return [Ceiling("everybody today", 100.0, 0.0), Ceiling("this generation", limit, spent)]


@pytest.mark.parametrize(
    ("spent", "passes"), [(0.0, True), (0.8, True), (0.81, False), (1.0, False), (2.0, False)]
)
def test_a_call_is_stopped_before_it_could_break_a_ceiling(spent: float, passes: bool) -> None:
    price = Price(prompt_usd=0.001, completion_usd=0.001)

    def ask() -> None:
        require_room(ceilings(spent), price=price, prompt_tokens=100, max_completion_tokens=100)

    if passes:
        ask()
    else:
        with pytest.raises(SpendingStopped, match="this generation"):
            ask()


def test_without_a_price_only_a_reached_ceiling_stops() -> None:
    require_room(ceilings(0.99), price=None, prompt_tokens=10**6, max_completion_tokens=10**6)
    with pytest.raises(SpendingStopped, match=r"\$1.0000 of \$1.00"):
        require_room(ceilings(1.0), price=None, prompt_tokens=1, max_completion_tokens=1)


def test_prices_are_read_where_both_are_known() -> None:
    assert prices_from({"input_cost_per_token": 1e-6, "output_cost_per_token": 2e-6}) == Price(1e-6, 2e-6)
    assert prices_from({"input_cost_per_token": 1e-6}) is None


def ask(kind: QuestionKind, **fields: Any) -> Prompt:
    question = Question("q", "What?", kind, options=fields.pop("options", ()), **fields)
    return Prompt(PromptKind.CLARIFY, "Questions", questions=(question,))


CHOICES = ("red", "blue")


@pytest.mark.parametrize(
    ("prompt", "given_values", "value"),
    [
        (ask(QuestionKind.BOOLEAN), {"q": "yes"}, True),
        (ask(QuestionKind.BOOLEAN), {"q": False}, False),
        (ask(QuestionKind.TEXT), {"q": "  words "}, "words"),
        (ask(QuestionKind.SINGLE, options=CHOICES), {"q": "red"}, "red"),
        (
            ask(QuestionKind.SINGLE, options=CHOICES, allows_other=True),
            {"q": "other", "q.other": "green"},
            "green",
        ),
        (ask(QuestionKind.MULTI, options=CHOICES), {"q": ["blue", "red", "blue"]}, ("blue", "red")),
        (ask(QuestionKind.MULTI, options=CHOICES), {"q": "red"}, ("red",)),
    ],
)
def test_answers_that_fit_are_typed(prompt: Prompt, given_values: dict[str, Any], value: Any) -> None:
    assert read_answer(prompt, {"values": given_values}) == Answer(Action.PROCEED, "", {"q": value})


@pytest.mark.parametrize(
    ("prompt", "given_values"),
    [
        (ask(QuestionKind.BOOLEAN), {"q": "perhaps"}),
        (ask(QuestionKind.BOOLEAN), {}),
        (ask(QuestionKind.TEXT), {"q": "   "}),
        (ask(QuestionKind.TEXT), {"q": "x" * 4_001}),
        (ask(QuestionKind.SINGLE, options=CHOICES), {"q": "green"}),
        (ask(QuestionKind.SINGLE, options=CHOICES), {"q": ["red", "blue"]}),
        (ask(QuestionKind.SINGLE, options=CHOICES), {"q": "other", "q.other": "green"}),
        (ask(QuestionKind.SINGLE, options=CHOICES, allows_other=True), {"q": "other"}),
        (ask(QuestionKind.MULTI, options=CHOICES), {"q": ["red", "green"]}),
        (ask(QuestionKind.MULTI, options=CHOICES), {"q": {"red": 1}}),
    ],
)
def test_answers_that_do_not_fit_are_explained(prompt: Prompt, given_values: dict[str, Any]) -> None:
    with pytest.raises(AnswerInvalid) as caught:
        read_answer(prompt, {"values": given_values})
    assert [key for key, _ in caught.value.problems] == ["q"]


def test_a_question_that_may_stay_open_stays_open() -> None:
    assert read_answer(ask(QuestionKind.TEXT, is_required=False), {}).values == {}


@pytest.mark.parametrize("kind", PromptKind)
def test_each_checkpoint_takes_its_own_decisions(kind: PromptKind) -> None:
    prompt = Prompt(kind, "Look")
    for action in Action:
        given_answer = {"action": action.value, "feedback": "shorter"}
        if action in ACTIONS[kind]:
            assert read_answer(prompt, given_answer).action is action
        else:
            with pytest.raises(AnswerInvalid, match="Choose one of"):
                read_answer(prompt, given_answer)


@pytest.mark.parametrize("kind", PromptKind)
def test_each_checkpoint_says_why_it_asks_and_what_each_decision_changes(kind: PromptKind) -> None:
    prompt = Prompt(kind, "Look")

    said = [prompt.why, *(prompt.effect(action) for action in prompt.actions)]

    assert all(one[0].isupper() and one.endswith(".") for one in said)
    assert len(set(said)) == len(said)
    assert set(EFFECTS[kind]) == set(ACTIONS[kind])


def test_a_revision_needs_words_and_a_cancellation_needs_no_answers() -> None:
    with pytest.raises(AnswerInvalid, match="what should be different"):
        read_answer(Prompt(PromptKind.CONFIRM, "Look"), {"action": "revise", "feedback": " "})
    assert read_answer(ask(QuestionKind.TEXT), {"action": "cancel"}).action is Action.CANCEL


@given(
    st.dictionaries(
        st.text(max_size=8), st.one_of(st.none(), st.booleans(), st.text(), st.lists(st.text())), max_size=4
    )
)
def test_no_data_whatever_breaks_the_reading_of_an_answer(values: dict[str, Any]) -> None:
    prompt = Prompt(
        PromptKind.CLARIFY,
        "Q",
        questions=tuple(Question(kind.value, "?", kind, CHOICES, allows_other=True) for kind in QuestionKind),
    )
    try:
        read_answer(prompt, {"values": values})
    except AnswerInvalid as error:
        assert error.problems


def test_the_key_of_a_result_says_which_time_and_which_part() -> None:
    assert step_key(Step.CONTENT) == "content"
    assert step_key(Step.CONFIRM, round_number=3) == "confirm.3"
    assert step_key(Step.CONTENT, part=2) == "content/2"


def test_a_prompt_is_the_same_after_it_was_stored() -> None:
    question = Question(
        "q", "Which?", QuestionKind.MULTI, ("a", "b"), allows_other=True, why="w", changes="c"
    )
    prompt = Prompt(PromptKind.CONFIRM, "t", "s", (question,), ("it is so",), 0.4, 2)
    assert prompt_from_data(json.loads(json.dumps(prompt_as_data(prompt)))) == prompt


def test_calls_at_the_same_time_stay_below_the_ceiling_together() -> None:
    guard = SpendingGuard([Ceiling("ada today", 1.0, 0.2)])
    price = Price(0.01, 0.01)
    passed: list[float] = []

    def call() -> None:
        try:
            passed.append(guard.reserve(price=price, prompt_tokens=10, max_completion_tokens=10))
        except SpendingStopped:
            pass

    threads = [threading.Thread(target=call) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(passed) == 4
    for reserved in passed:
        guard.settle(reserved, cost_usd=0.05)
    assert guard.spent_usd == pytest.approx(0.2)
    call()
    assert len(passed) == 5


def test_ceilings_that_count_what_was_settled_begin_anew() -> None:
    guard = SpendingGuard([Ceiling("this generation", 1.0, 0.0)])
    guard.settle(guard.reserve(price=None, prompt_tokens=1, max_completion_tokens=1), cost_usd=0.9)
    guard.renew([Ceiling("this generation", 1.0, 0.9)])
    guard.reserve(price=Price(0.05, 0.0), prompt_tokens=1, max_completion_tokens=1)
    with pytest.raises(SpendingStopped, match=r"only \$0.05"):
        guard.reserve(price=Price(0.06, 0.0), prompt_tokens=1, max_completion_tokens=1)
