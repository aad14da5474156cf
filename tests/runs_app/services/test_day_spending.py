"""A day's ceilings with several workers: what a call can cost is reserved in the database before it is made."""

import asyncio
import contextlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from threading import Barrier
from typing import Any

import dspy
import pytest
from django.contrib.auth.models import User
from django.db import OperationalError, connection
from django.utils import timezone

from runs_app.domain.errors import LeaseLost, SpendingStopped
from runs_app.domain.generation import GenerationOptions, GenerationRequest, GenerationStatus
from runs_app.domain.pipeline_items import ModelChoice
from runs_app.domain.spending import Ceiling, DayLimit, Price, Reservations
from runs_app.models import Generation, SpendingDay
from runs_app.queries.spending import reserved_usd
from runs_app.services import advance_generation, wake_workers
from runs_app.services.advance_generations import Shift, claim_due
from runs_app.services.day_spending import begin_day, reserve_in_day
from runs_app.services.generation_store import GenerationLease, held_by
from runs_app.services.request_generation import request_generation
from runs_app.services.sweep_generations import sweep_generations
from tests.runs_app.generation_makers import generation, step
from tests.runs_app.pipeline.scripted_models import ScriptedModels

pytestmark = pytest.mark.django_db(transaction=True)
ALL = DayLimit("everybody today", 1.0)


@pytest.fixture(autouse=True)
def quiet(monkeypatch: pytest.MonkeyPatch, settings: Any, tmp_path: Path) -> None:
    monkeypatch.setattr(wake_workers, "_send", lambda: None)
    monkeypatch.setattr("runs_app.services.record_generation.record_due_generations", lambda: 0)
    monkeypatch.setattr(advance_generation, "HOLD_STEP_SECONDS", 0.05)
    settings.DATA_DIR = tmp_path


def at_work(**fields: Any) -> GenerationLease:
    """Return the lease of a generation that some worker carries on."""
    generation(**fields)
    return claim_due(limit=1)[0]


def reserve(lease: GenerationLease, usd: float, *limits: DayLimit, held: Reservations | None = None) -> None:
    held = held or Reservations(limits or (ALL,))
    held.change(usd)
    reserve_in_day(holder=held_by(lease), reserved=held, most_usd=usd)


def at_the_same_time(*works: Callable[[], Any]) -> list[Any]:
    """Return what each returns or raises, each on a connection of its own, all begun together."""
    begin = Barrier(len(works))

    def run(work: Callable[[], Any]) -> Any:
        begin.wait(10)
        try:
            while True:
                # The tests' SQLite is in memory and refuses at once where a file would wait; a worker tries again.
                with contextlib.suppress(OperationalError):
                    return work()
        except SpendingStopped as stopped:
            return stopped
        finally:
            connection.close()

    with ThreadPoolExecutor(len(works)) as pool:
        return list(pool.map(run, works))


class TestReserving:
    @pytest.mark.parametrize("is_begun", [True, False])
    def test_of_many_workers_at_once_only_as_many_pass_as_there_is_room_for(self, is_begun: bool) -> None:
        leases = [at_work() for _ in range(8)]
        if is_begun:
            begin_day([ALL], ceilings={"day": Ceiling("everybody today", 1.0, 0.0)})

        said = at_the_same_time(*[lambda lease=lease: reserve(lease, 0.3) for lease in leases])  # type: ignore[misc]

        assert [type(one) for one in said].count(SpendingStopped) == 5
        assert reserved_usd(now=timezone.now()) == pytest.approx(0.9)
        stopped = next(one for one in said if one)
        assert "everybody today only $0.1000 of $1.00 is left" in str(stopped)
        assert "$0.9000 is set aside for calls that are under way" in str(stopped)

    def test_a_ceiling_of_a_person_counts_only_what_is_theirs(self) -> None:
        ada, ben = (User.objects.create_user(name) for name in ("ada", "ben"))
        first, second, third = (at_work(requested_by=user) for user in (ada, ada, ben))
        limits = {user: DayLimit(f"{user} today", 0.5, user.pk) for user in (ada, ben)}
        reserve(first, 0.4, limits[ada])

        reserve(third, 0.4, limits[ben])
        with pytest.raises(SpendingStopped, match="ada today"):
            reserve(second, 0.2, limits[ada])
        assert Generation.objects.get(pk=second.generation_id).reserved_usd == 0

    def test_calls_of_one_worker_add_up_and_what_they_did_cost_takes_their_place(self) -> None:
        lease, held = at_work(), Reservations([ALL])
        reserve(lease, 0.4, held=held)
        reserve(lease, 0.4, held=held)
        with pytest.raises(SpendingStopped):
            reserve(lease, 0.4, held=held)
        held.change(-0.4)
        held.change(0.1 - 0.4)

        reserve(lease, 0.4, held=held)

        assert Generation.objects.get().reserved_usd == pytest.approx(0.9)

    def test_what_was_spent_before_the_first_call_of_the_day_counts(self) -> None:
        step(generation(cost_usd=0.8, status=GenerationStatus.COMPLETED), "intent", cost_usd=0.8)

        with pytest.raises(SpendingStopped, match="only"):
            reserve(at_work(), 0.3)

    def test_a_worker_without_its_lease_reserves_nothing(self) -> None:
        lease = at_work()
        Generation.objects.update(lease_owner="another")

        with pytest.raises(LeaseLost):
            reserve(lease, 0.1)

    def test_what_a_dead_worker_reserved_is_free_again_with_its_lease(self) -> None:
        dead, other = at_work(), at_work()
        reserve(dead, 0.9)
        with pytest.raises(SpendingStopped):
            reserve(other, 0.3)
        past = timezone.now() - timedelta(seconds=1)
        Generation.objects.filter(pk=dead.generation_id).update(lease_until=past)

        reserve(other, 0.3)

        assert sweep_generations() == 1
        (again,) = claim_due(limit=1)
        assert again.generation_id == dead.generation_id
        assert reserved_usd(now=timezone.now()) == pytest.approx(0.3)

    def test_a_count_that_began_late_is_brought_up_and_old_days_go(self) -> None:
        today = timezone.localdate()
        SpendingDay.objects.create(scope="day", day=today - timedelta(days=30), spent_usd=7)
        reserve(at_work(), 0.1)
        assert [(row.day, row.spent_usd) for row in SpendingDay.objects.all()] == [(today, 0)]

        begin_day([ALL], ceilings={"day": Ceiling("everybody today", 1.0, 0.6)})
        begin_day([ALL], ceilings={"day": Ceiling("everybody today", 1.0, 0.5)})

        assert SpendingDay.objects.get().spent_usd == 0.6


class CentModels(ScriptedModels):
    """Each call costs a cent, and can cost no more."""

    def for_task(self, task: str, *, role: str) -> tuple[ModelChoice, ...]:
        lm: dspy.LM = super().for_task(task, role=role)[0].lm
        return (ModelChoice("scripted/1", lm, Price(0.0, 0.001), 10),)


class TestWorkers:
    @pytest.fixture
    def models(self, monkeypatch: pytest.MonkeyPatch) -> CentModels:
        made = CentModels()
        made.engine.delay = 0.05
        monkeypatch.setattr(advance_generation, "ConfiguredModels", lambda *_, **__: made)
        return made

    def ask(self, user: User | None = None) -> Generation:
        options = GenerationOptions(is_auto_approved=True, refine_from=0.0)
        return request_generation(
            request=GenerationRequest("Create a skill for cleaning CSV files"), options=options, user=user
        )

    def shift(self) -> None:
        """Work like the one process of a machine."""
        asyncio.run(Shift(limit=1).work())

    def test_two_machines_stay_below_the_ceiling_of_a_day_together(
        self, models: CentModels, settings: Any
    ) -> None:
        self.ask()
        self.shift()
        alone = Generation.objects.get().cost_usd
        assert alone > 0.05
        # Room for one more, and a half.
        settings.FLEET_SPEND_PER_DAY_USD = alone * 2.5
        two = [self.ask(), self.ask()]

        at_the_same_time(self.shift, self.shift)

        spent = sum(Generation.objects.values_list("cost_usd", flat=True))
        assert settings.FLEET_SPEND_PER_DAY_USD - 0.05 < spent <= settings.FLEET_SPEND_PER_DAY_USD
        ended = Generation.objects.filter(pk__in=[one.pk for one in two])
        assert GenerationStatus.FAILED in ended.values_list("status", flat=True)
        assert "everybody today" in "".join(ended.values_list("message", flat=True))
        assert SpendingDay.objects.get().spent_usd == pytest.approx(spent)
        assert set(Generation.objects.values_list("reserved_usd", flat=True)) == {0.0}

    def test_what_a_failed_step_cost_counts_in_the_day(self, models: CentModels, settings: Any) -> None:
        settings.FLEET_SPEND_PER_USER_DAY_USD = 5.0
        models.engine.fields["quality_score"] = ["superb"]
        ada = User.objects.create_user("ada")

        generation = self.ask(user=ada)
        self.shift()

        generation.refresh_from_db()
        assert generation.status == GenerationStatus.FAILED
        assert SpendingDay.objects.get(scope=f"user {ada.pk}").spent_usd == pytest.approx(generation.cost_usd)
        assert generation.cost_usd == pytest.approx(0.01 * generation.num_calls)

    def test_without_a_ceiling_of_a_day_nothing_is_written(
        self, models: CentModels, monkeypatch: pytest.MonkeyPatch, settings: Any
    ) -> None:
        settings.FLEET_SPEND_PER_GENERATION_USD = 5.0
        monkeypatch.setattr(advance_generation, "reserve_in_day", lambda **_: pytest.fail("reserved"))

        generation = self.ask()
        self.shift()

        generation.refresh_from_db()
        assert generation.status == GenerationStatus.COMPLETED
        assert not SpendingDay.objects.exists()
