"""The worker's part, in this process: from a request to a draft version, through questions, failures, cancels and lost leases."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import OperationalError
from django.utils import timezone

from runs_app.domain.errors import (
    AnswerInvalid,
    LeaseLost,
    ModelKeyMissing,
    PromptTaken,
    RequestInvalid,
    TransitionRefused,
)
from runs_app.domain.generation import GenerationOptions, GenerationRequest, GenerationStatus
from runs_app.domain.judging_models import judge_version
from runs_app.domain.pipeline_items import EventKind
from runs_app.domain.spending import Price
from runs_app.models import Generation, GenerationEvent, StepResult
from runs_app.services import advance_generation, wake_workers
from runs_app.services.advance_generations import claim_due, run_due_generations
from runs_app.services.answer_prompt import answer_prompt, claim_prompt, hand_over_prompt
from runs_app.services.generation_store import GenerationLease, append_events
from runs_app.services.heart import Heart
from runs_app.services.request_generation import request_batch, request_generation
from runs_app.services.steer_generation import cancel_generation, complete_generation, retry_generation
from runs_app.services.sweep_generations import sweep_generations
from skills_app.models import AuditEntry, QualityAssessment, Skill, ValidationReport
from skills_app.queries.reviewer_agreement import gate_scores
from tests.runs_app.generation_makers import step
from tests.runs_app.pipeline.scripted_models import ScriptedModels

pytestmark = pytest.mark.django_db(transaction=True)
TASK = "Create a skill for cleaning CSV files with pandas"
AUTO = GenerationOptions(is_auto_approved=True, refine_from=0.0)


@pytest.fixture(autouse=True)
def quiet(monkeypatch: pytest.MonkeyPatch, settings: Any, tmp_path: Path) -> None:
    """No queue here: the tests do the worker's part themselves."""
    monkeypatch.setattr(wake_workers, "_send", lambda: None)
    settings.DATA_DIR = tmp_path
    settings.FLEET_MLFLOW_URI = f"sqlite:///{tmp_path / 'mlflow.db'}"


@pytest.fixture(autouse=True)
def no_records(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if "recorded" not in request.keywords:
        monkeypatch.setattr("runs_app.services.record_generation.record_due_generations", lambda: 0)
        monkeypatch.setattr("runs_app.services.advance_generations.is_work_waiting", is_due)


def is_due() -> bool:
    return Generation.objects.due(timezone.now()).exists()


@pytest.fixture
def models(monkeypatch: pytest.MonkeyPatch) -> ScriptedModels:
    made = ScriptedModels()
    monkeypatch.setattr(advance_generation, "ConfiguredModels", lambda *_, **__: made)
    return made


def ask(options: GenerationOptions = AUTO, task: str = TASK, **fields: Any) -> Generation:
    return request_generation(request=GenerationRequest(task), options=options, **fields)


def work(generation: Generation) -> Generation:
    run_due_generations()
    generation.refresh_from_db()
    return generation


def kinds(generation: Generation) -> list[str]:
    return list(GenerationEvent.objects.filter(generation=generation).values_list("kind", flat=True))


def assert_gapless(generation: Generation) -> None:
    numbers = list(GenerationEvent.objects.filter(generation=generation).values_list("number", flat=True))
    assert numbers == list(range(1, len(numbers) + 1))
    assert generation.num_events == len(numbers)


def test_a_request_becomes_a_draft_version_with_its_reports(models: ScriptedModels) -> None:
    generation = work(ask())

    assert generation.status == GenerationStatus.COMPLETED, generation.message
    version = generation.version
    assert version is not None
    assert version.content.startswith("---\nname: cleaning-csv-files-pandas")
    assert version.skill.status == "draft"
    assert ValidationReport.objects.filter(version=version, validator="fleet pipeline").exists()
    assert ValidationReport.objects.filter(version=version, is_own=True).exists()
    judged = QualityAssessment.objects.get(version=version, scorer="model")
    assert judged.scorer_version == judge_version("scripted/1")
    quality = gate_scores(version.quality_assessments.order_by("pk"))["quality_score"]
    assert (quality.value, quality.version) == (judged.quality_score, judge_version("scripted/1"))
    assert generation.num_calls == len(models.engine.calls)
    assert generation.prompt_tokens == 100 * generation.num_calls
    assert (generation.lease_owner, generation.lease_until) == ("", None)
    assert_gapless(generation)
    assert kinds(generation)[0] == EventKind.REQUESTED
    assert kinds(generation)[-1] == EventKind.COMPLETED


def test_people_are_asked_and_hold_no_worker(models: ScriptedModels) -> None:
    ada = User.objects.create_user("ada")
    options = GenerationOptions(refine_from=0.0)
    generation = work(ask(options, user=ada))

    assert generation.status == GenerationStatus.PENDING_USER_INPUT
    assert generation.lease_owner == ""
    prompt = generation.prompts.get()
    with pytest.raises(AnswerInvalid):
        answer_prompt(prompt=prompt, given={"values": {"q1": "nobody asked this"}}, user=ada)
    answer_prompt(prompt=prompt, given={"values": {"q1": "People new to it", "q2": "no"}}, user=ada)
    with pytest.raises(TransitionRefused, match="ada has answered this already"):
        answer_prompt(prompt=prompt, given={"values": {}}, user=ada)
    generation = work(generation)
    assert generation.status == GenerationStatus.PENDING_HITL
    confirm = generation.prompts.get(key="confirm")
    answer_prompt(prompt=confirm, given={"action": "proceed"}, user=ada)
    calls_before = list(models.engine.calls)
    generation = work(generation)

    assert generation.status == GenerationStatus.PENDING_REVIEW
    assert calls_before.count("domain") == models.engine.calls.count("domain") == 1
    complete_generation(generation=generation, user=ada)
    generation.refresh_from_db()
    assert generation.status == GenerationStatus.COMPLETED
    assert_gapless(generation)


def test_a_failed_step_is_retried_from_there(models: ScriptedModels) -> None:
    models.engine.fields["quality_score"] = ["superb"]
    generation = work(ask())

    assert generation.status == GenerationStatus.FAILED
    assert generation.failed_key == "assessment"
    assert "superb" in generation.failed_raw
    stored = StepResult.objects.filter(generation=generation).count()
    calls = len(models.engine.calls)
    models.engine.fields["quality_score"] = [0.7]
    retry_generation(generation=generation, user_name="ada")
    generation = work(generation)

    assert generation.status == GenerationStatus.COMPLETED
    assert len(models.engine.calls) == calls + 1
    assert StepResult.objects.filter(generation=generation).count() == stored + 1
    assert generation.num_calls == len(models.engine.calls)
    assert_gapless(generation)


def test_a_model_that_lost_its_key_is_said_when_it_is_asked_for(settings: Any, tmp_path: Path) -> None:
    settings.FLEET_MODELS_FILE = tmp_path / "models.yaml"
    settings.FLEET_MODELS_FILE.write_text(
        "models: {default: openai/x, registry: {openai/x: {env: NO_SUCH_API_KEY}}}"
    )

    with pytest.raises(ModelKeyMissing, match="NO_SUCH_API_KEY"):
        ask()
    assert not Generation.objects.exists()


@pytest.mark.parametrize("task", ["", "  \n ", "x" * 8_001])
def test_a_task_that_is_none_is_refused(task: str) -> None:
    with pytest.raises(RequestInvalid):
        ask(task=task)


def test_many_run_at_the_same_time_and_each_ends_in_its_own_skill(
    models: ScriptedModels, settings: Any
) -> None:
    settings.FLEET_GENERATIONS_AT_ONCE = 4
    models.engine.delay = 0.05
    for _ in range(6):
        ask()

    run_due_generations()

    assert set(Generation.objects.values_list("status", flat=True)) == {"completed"}
    assert Skill.objects.count() == 6
    assert models.engine.most_running > 3
    names = {one.version.content.splitlines()[1] for one in Generation.objects.all() if one.version}
    assert len(names) == 6


def test_a_batch_begins_one_after_another_and_all_or_nothing() -> None:
    with pytest.raises(RequestInvalid):
        request_batch(tasks=["good", "x" * 9_000], request=GenerationRequest(""), options=AUTO)
    with pytest.raises(RequestInvalid, match="at most 100"):
        request_batch(tasks=["good"] * 101, request=GenerationRequest(""), options=AUTO)
    assert not Generation.objects.exists()

    batch = request_batch(tasks=["one skill", "", "two skills"], request=GenerationRequest(""), options=AUTO)

    starts = list(batch.generations.order_by("pk").values_list("not_before", flat=True))
    assert starts[0] is None
    assert starts[1] > timezone.now()
    assert len(claim_due(limit=5)) == 1


class TestLeases:
    def test_only_one_worker_claims_a_generation(self) -> None:
        generation = ask()

        assert [lease.generation_id for lease in claim_due(limit=5)] == [generation.pk]
        assert claim_due(limit=5) == []

    def test_a_process_that_takes_what_it_lost_is_another_owner(self) -> None:
        generation = ask()
        first = claim_due(limit=1)[0]
        Generation.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
        sweep_generations()
        second = claim_due(limit=1)[0]

        with pytest.raises(LeaseLost):
            append_events(generation_id=generation.pk, events=[], lease=first)
        append_events(generation_id=generation.pk, events=[], lease=second)

    def test_a_heart_prolongs_only_what_it_holds(self) -> None:
        ask()
        lease = claim_due(limit=1)[0]
        before = Generation.objects.get().lease_until
        heart = Heart()

        assert heart.renew() == 0
        heart.hold(lease)
        assert heart.renew() == 1
        assert Generation.objects.get().lease_until > before  # type: ignore[operator]
        heart.release(lease)
        assert heart.renew() == 0

    def test_a_lost_worker_is_noticed_and_another_goes_on(self, models: ScriptedModels) -> None:
        generation = ask()
        claim_due(limit=1)
        Generation.objects.update(lease_until=timezone.now() - timedelta(seconds=1))

        assert sweep_generations() == 1
        generation = work(generation)

        assert generation.status == GenerationStatus.COMPLETED
        assert EventKind.WORKER_LOST in kinds(generation)
        assert generation.attempt == 2

    def test_a_worker_without_its_lease_writes_nothing(self) -> None:
        generation = ask()
        claim_due(limit=1)

        with pytest.raises(LeaseLost):
            append_events(
                generation_id=generation.pk, events=[], lease=GenerationLease(generation.pk, "another")
            )

    def test_a_worker_in_good_health_is_left_alone(self) -> None:
        ask()
        claim_due(limit=1)

        assert sweep_generations() == 0


class TestCancel:
    def test_one_that_waits_is_stopped_at_once(self) -> None:
        generation = ask()

        said = cancel_generation(generation=generation, user_name="ada", reason="not needed")

        generation.refresh_from_db()
        assert generation.status == GenerationStatus.CANCELLED
        assert said == "Cancelled by ada: not needed. No step was finished, so there is nothing to keep."
        with pytest.raises(TransitionRefused):
            cancel_generation(generation=generation)

    def test_one_step_is_kept_as_one(self) -> None:
        generation = ask()
        step(generation, "readiness")

        said = cancel_generation(generation=generation)

        assert said.endswith("The result of one step is kept.")

    def test_one_that_runs_stops_within_seconds_and_keeps_what_is_stored(
        self, models: ScriptedModels, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        generation = ask()
        real = advance_generation.store_step

        def store_and_cancel(**arguments: Any) -> None:
            real(**arguments)
            if arguments["item"].key == "requirements":
                models.engine.delay = 60
                cancel_generation(generation=generation, user_name="ada")

        monkeypatch.setattr(advance_generation, "store_step", store_and_cancel)
        generation = work(generation)

        assert generation.status == GenerationStatus.CANCELLED, generation.message
        told = dict(GenerationEvent.objects.filter(generation=generation).values_list("kind", "at"))
        waited = told[EventKind.CANCELLED] - told[EventKind.CANCEL_REQUESTED]
        assert waited.total_seconds() < 5
        assert "results of 2 steps are kept" in generation.message
        assert_gapless(generation)

    def test_one_whose_worker_is_silent_is_stopped_at_once(self, settings: Any) -> None:
        generation = ask()
        (lease,) = claim_due(limit=1)
        ahead = timedelta(seconds=settings.FLEET_LEASE_SECONDS / 2)
        Generation.objects.update(lease_until=timezone.now() + ahead)

        cancel_generation(generation=generation, user_name="ada")

        generation.refresh_from_db()
        assert (generation.status, generation.lease_owner) == (GenerationStatus.CANCELLED, "")
        with pytest.raises(LeaseLost):
            append_events(generation_id=generation.pk, events=[], lease=lease)

    def test_one_whose_worker_was_just_heard_of_is_left_to_it(self) -> None:
        generation = ask()
        claim_due(limit=1)

        cancel_generation(generation=generation, user_name="ada")

        generation.refresh_from_db()
        assert generation.status == GenerationStatus.RUNNING
        assert generation.cancel_requested_at is not None

    def test_an_answer_can_cancel(self, models: ScriptedModels) -> None:
        generation = work(ask(GenerationOptions(refine_from=0.0)))

        answer_prompt(
            prompt=generation.prompts.get(), given={"action": "cancel", "feedback": "wrong"}, user_name="ada"
        )

        generation.refresh_from_db()
        assert generation.status == GenerationStatus.CANCELLED
        assert "wrong" in generation.message


def stall_after(models: ScriptedModels, key: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the model answer no more in time once the step ``key`` is stored."""
    real = advance_generation.store_step

    def store_and_stall(**arguments: Any) -> None:
        real(**arguments)
        if arguments["item"].key == key:
            models.engine.delay = 60

    monkeypatch.setattr(advance_generation, "store_step", store_and_stall)


class TestLimits:
    def test_a_generation_has_a_deadline_of_its_own_and_a_retry_begins_it_anew(
        self, models: ScriptedModels, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        stall_after(models, "requirements", monkeypatch)
        options = GenerationOptions(is_auto_approved=True, refine_from=0.0, deadline_seconds=8)
        generation = work(ask(options))

        assert generation.status == GenerationStatus.FAILED
        assert "within the time" in generation.message
        assert generation.steps.exists()
        models.engine.delay = 0.0
        retry_generation(generation=generation)
        assert work(generation).status == GenerationStatus.COMPLETED

    def test_a_ceiling_of_a_person_and_a_day_stops_before_the_call(
        self, models: ScriptedModels, settings: Any
    ) -> None:
        models.price = Price(0.0001, 0.0001)
        ada = User.objects.create_user("ada")
        settings.FLEET_SPEND_PER_USER_DAY_USD = 0.3
        generation = work(ask(user=ada))

        assert generation.status == GenerationStatus.FAILED
        assert "ada today" in generation.message
        assert 0 < generation.cost_usd < 0.3
        assert generation.cost_usd == pytest.approx(0.011 * generation.num_calls)

    def test_what_was_paid_for_is_held_while_the_disk_is_full(
        self, models: ScriptedModels, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(advance_generation, "HOLD_STEP_SECONDS", 0.05)
        real = advance_generation.store_step
        refused: list[str] = []

        def store(**arguments: Any) -> None:
            if arguments["item"].key == "content" and len(refused) < 4:
                refused.append("content")
                raise OperationalError("database or disk is full")
            real(**arguments)

        monkeypatch.setattr(advance_generation, "store_step", store)
        generation = work(ask())

        assert generation.status == GenerationStatus.COMPLETED
        assert len(refused) == 4
        assert models.engine.calls.count("skill_content") == 1
        said = GenerationEvent.objects.filter(generation=generation, message__contains="could not be written")
        assert said.exists()
        assert_gapless(generation)

    def test_a_fault_of_our_own_is_said_and_can_be_retried(
        self, models: ScriptedModels, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def broken(**_: Any) -> None:
            raise ZeroDivisionError("a mistake")

        monkeypatch.setattr(advance_generation, "finish_generation", broken)
        generation = work(ask())

        assert generation.status == GenerationStatus.FAILED
        assert "A fault of this site stopped it (ZeroDivisionError: a mistake)" in generation.message


class TestPrompts:
    def test_a_question_is_looked_after_by_one_and_can_be_taken_over_and_handed_on(
        self, models: ScriptedModels
    ) -> None:
        ada, ben = User.objects.create_user("ada"), User.objects.create_user("ben")
        prompt = work(ask(GenerationOptions(refine_from=0.0), user=ada)).prompts.get()

        claim_prompt(prompt=prompt, user=ada)
        with pytest.raises(PromptTaken, match="ada looks after"):
            claim_prompt(prompt=prompt, user=ben)
        claim_prompt(prompt=prompt, user=ben, is_taking_over=True)
        hand_over_prompt(prompt=prompt, to=ada, user=ben)
        prompt.refresh_from_db()
        assert (prompt.claimed_by, prompt.handed_by_name) == (ada, "ben")
        hand_over_prompt(prompt=prompt, to=None, user=ada)
        prompt.refresh_from_db()
        assert prompt.claimed_by is None

    def test_an_answer_is_kept_with_who_gave_it_and_when(self, models: ScriptedModels) -> None:
        ada = User.objects.create_user("ada")
        generation = work(ask(GenerationOptions(refine_from=0.0)))
        prompt = generation.prompts.get()

        answer_prompt(prompt=prompt, given={"values": {"q1": "People new to it", "q2": "yes"}}, user=ada)

        prompt.refresh_from_db()
        assert (prompt.answered_by, prompt.answered_by_name, prompt.state) == (ada, "ada", "answered")
        assert prompt.answer["values"] == {"q1": "People new to it", "q2": "yes"}
        assert AuditEntry.objects.filter(verb="answered_prompt", actor=ada).exists()

    def test_a_question_outlives_its_worker_and_waits_for_weeks(self, models: ScriptedModels) -> None:
        generation = work(ask(GenerationOptions(refine_from=0.0)))
        long_ago = timezone.now() - timedelta(weeks=5)
        generation.prompts.update(asked_at=long_ago)
        Generation.objects.update(updated_at=long_ago)

        assert sweep_generations() == 0
        assert work(generation).status == GenerationStatus.PENDING_USER_INPUT
