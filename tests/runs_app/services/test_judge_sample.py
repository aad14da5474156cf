"""Another judging model judges a sample of old versions: cost first, killed workers survived, spending counted, gates unmoved."""

import asyncio
import signal
import threading
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from runs_app.domain.errors import ModelFailed, SampleRefused
from runs_app.domain.judging_models import JudgementState, SampleState, judge_version
from runs_app.domain.pipeline_items import ModelChoice
from runs_app.domain.rehearsal import NAME as REHEARSAL
from runs_app.domain.spending import Price, Usage
from runs_app.domain.trends.trend_filter import parse_trend_filter
from runs_app.models import JudgeSample, JudgeSampleVersion, SpendingDay, TrendEvent, VersionStanding
from runs_app.queries.judge_samples import sample_costs, sample_lines
from runs_app.queries.spending import reserved_usd, spent_usd, start_of_day
from runs_app.services import judge_due_samples as service
from runs_app.services import judge_sample as offering
from runs_app.services import wake_workers
from runs_app.services.judge_due_samples import claim_sample, judge_due_samples
from runs_app.services.judge_sample import cancel_sample, offer_sample, order_sample
from runs_app.services.update_rollups import check_rollups, update_rollups
from skills_app.models import AuditEntry, QualityAssessment, SkillVersion
from skills_app.queries.gate_of_version import judged_version
from tests.runs_app.trend_rows import LAST, fill

pytest.importorskip("dspy")
pytestmark = pytest.mark.django_db(transaction=True)
OLD, NEW = "zeta/judge", judge_version(REHEARSAL)


@pytest.fixture(autouse=True)
def judged(settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[SkillVersion]:
    """Versions with a score by the old judge, and one that nobody but our own scorers has judged."""
    settings.DATA_DIR = tmp_path
    monkeypatch.setattr(wake_workers, "_send_judges", lambda: None)
    monkeypatch.setattr(service, "LOOK_SECONDS", 0.05)
    fill(num_runs=4, num_skills=12)
    QualityAssessment.objects.filter(scorer="model").delete()
    versions = list(SkillVersion.objects.order_by("pk"))
    for number, one in enumerate(versions[1:]):
        QualityAssessment.objects.create(
            version=one, digest=f"old{number}", scorer="model", scorer_version=OLD, quality_score=0.4
        )
    update_rollups(now=LAST)
    return versions[1:]


def said(share: float) -> dict[str, Any]:
    lists = {name: ["one"] for name in ("strengths", "weaknesses", "recommendations")}
    return {"quality_score": share, "audience_alignment": 0.9, "reasoning": "because", **lists}


@pytest.fixture
def answers(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """What the model says to one version after the other, each for a cent; an error is raised, and 0.7 is said in the end."""
    waiting: list[Any] = []

    async def ask(choice: Any, version: SkillVersion, guard: Any, ledger: list[Usage]) -> dict[str, Any]:
        answer = waiting.pop(0) if waiting else 0.7
        reserved = await guard.admit(price=Price(0.0, 0.001), prompt_tokens=0, max_completion_tokens=10)
        try:
            if callable(answer):
                answer = await answer()
            ledger.append(Usage(1, 100, 10, 0.01))
        finally:
            guard.settle(reserved, cost_usd=0.01)
        if isinstance(answer, Exception):
            raise answer
        return said(answer)

    monkeypatch.setattr(service, "ask_judge", ask)
    monkeypatch.setattr(service, "judging_model", lambda name: ModelChoice(name, None, None))
    return waiting


def ordered(size: int = 4, **fields: Any) -> JudgeSample:
    return order_sample(sample=offer_sample(model=REHEARSAL, size=size), **fields)


def worked(sample: JudgeSample) -> JudgeSample:
    judge_due_samples()
    sample.refresh_from_db()
    return sample


def states(sample: JudgeSample) -> list[str]:
    return list(sample.versions.values_list("state", flat=True))


def new_scores() -> Any:
    return QualityAssessment.objects.filter(scorer="model", scorer_version=NEW)


class TestOffer:
    def test_only_versions_that_another_judge_has_judged_are_offered_and_each_once(self, judged: Any) -> None:
        sample = offer_sample(model=REHEARSAL, size=5)

        assert (len(sample.versions), sample.num_due) == (5, len(judged))
        assert {one.pk for one in sample.versions} <= {one.pk for one in judged}
        assert offer_sample(model=REHEARSAL, size=5).versions == sample.versions
        made = worked(order_sample(sample=sample))
        assert (made.state, states(made)) == (SampleState.DONE, ["judged"] * 5)
        rest = offer_sample(model=REHEARSAL)
        assert rest.num_due == len(judged) - 5
        assert not {one.pk for one in rest.versions} & {one.pk for one in sample.versions}

    def test_the_most_that_it_can_cost_counts_the_text_and_the_longest_answer(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        offered = type(offering.offered_model("x", role="", model=REHEARSAL))("a", Price(0.001, 0.01), 100)
        monkeypatch.setattr(offering, "offered_model", lambda *_, **__: offered)

        most = offer_sample(model="a", size=2).most_usd

        assert most is not None
        assert 2 * (2_000 * 0.001 + 100 * 0.01) < most < 2 * (2_500 * 0.001 + 100 * 0.01)

    def test_a_judge_has_one_sample_at_a_time_and_a_form_that_is_sent_twice_orders_once(self) -> None:
        first = ordered(key="form")

        assert ordered(key="form") == first
        with pytest.raises(SampleRefused, match="at work on a sample already"):
            ordered()
        assert JudgeSample.objects.count() == 1
        assert JudgeSampleVersion.objects.count() == 4


class TestCommand:
    def test_it_tells_the_cost_and_asks_nobody_without_yes(
        self, capsys: Any, caplog: pytest.LogCaptureFixture, judged: Any
    ) -> None:
        call_command("judge_sample", REHEARSAL, "--size", "3")

        told = capsys.readouterr().out
        assert f"3 of {len(judged)} versions" in told
        assert "for at most $0" in told
        assert "say --yes" in told
        assert not new_scores().exists()
        call_command("judge_sample", REHEARSAL, "--size", "3", "--yes")
        assert new_scores().count() == 3
        assert "mismatch" not in caplog.text
        with pytest.raises(CommandError, match="1 to"):
            call_command("judge_sample", REHEARSAL, "--size", "0")

    def test_its_cost_counts_in_the_day_and_it_says_what_was_left_out(
        self, answers: list[Any], capsys: Any
    ) -> None:
        answers[:] = [0.5, ModelFailed("no answer"), 0.6]

        with pytest.raises(CommandError, match="Not all"):
            call_command("judge_sample", REHEARSAL, "--size", "3", "--yes")

        out = capsys.readouterr().out
        assert "v" in out
        assert "no answer" in out
        assert "2 of 3 versions judged for $0.03" in out
        assert spent_usd(since=start_of_day()) == pytest.approx(0.03)

    def test_whoever_interrupts_it_cancels_it(self, answers: list[Any]) -> None:
        async def interrupted() -> float:
            signal.raise_signal(signal.SIGINT)
            await asyncio.sleep(60)
            return 0.5

        answers[:] = [0.5, interrupted]

        # A process of tests that run side by side ignores the signal, unlike a shell's.
        kept = signal.signal(signal.SIGINT, signal.default_int_handler)
        try:
            with pytest.raises(KeyboardInterrupt):
                call_command("judge_sample", REHEARSAL, "--size", "3", "--yes")
        finally:
            signal.signal(signal.SIGINT, kept)

        sample = JudgeSample.objects.get()
        assert (sample.state, states(sample)) == (SampleState.CANCELLED, ["judged", "due", "due"])


class TestWorker:
    def test_it_goes_on_after_a_fault_and_says_which_version_it_was(self, answers: list[Any]) -> None:
        answers[:] = [0.5, ModelFailed("no answer"), 0.6, 0.7]

        sample = worked(ordered(4))

        assert (sample.state, states(sample)) == (SampleState.DONE, ["judged", "failed", "judged", "judged"])
        assert new_scores().count() == 3
        (line,) = sample_lines()
        assert (line.num_judged, line.num_failed, line.cost_usd) == (3, 1, pytest.approx(0.04))
        assert [one.message for one in line.faults] == ["no answer"]
        assert AuditEntry.objects.get(verb="judged_sample").after["versions"] == 3

    def test_a_model_that_fails_again_and_again_is_asked_no_more(self, answers: list[Any]) -> None:
        answers[:] = [ModelFailed("no key")] * 5

        sample = worked(ordered(6))

        assert (sample.state, states(sample).count("failed")) == (SampleState.STOPPED, 3)
        assert "3 versions in a row could not be judged" in sample.message
        assert "no key" in sample.message

    def test_it_stops_before_a_call_that_could_go_beyond_its_own_ceiling(self, answers: list[Any]) -> None:
        sample = worked(ordered(6, ceiling_usd=0.025))

        assert (sample.state, states(sample).count("judged")) == (SampleState.STOPPED, 2)
        assert "the ceiling of this sample" in sample.message
        assert sample.reserved_usd == 0

    def test_the_ceilings_of_the_day_hold_and_its_cost_counts_in_them(
        self, answers: list[Any], settings: Any
    ) -> None:
        carol, dan = (User.objects.create_user(name) for name in ("carol", "dan"))
        settings.FLEET_SPEND_PER_USER_DAY_USD, settings.FLEET_SPEND_PER_DAY_USD = 0.035, 1.0
        seen: list[float] = []

        async def during() -> float:
            seen.append(await asyncio.to_thread(_reserved))
            return 0.5

        answers[:] = [during]
        sample = worked(ordered(6, user=carol))

        assert (sample.state, states(sample).count("judged")) == (SampleState.STOPPED, 3)
        assert "carol today" in sample.message
        assert seen == [0.01]
        day = start_of_day()
        assert spent_usd(since=day, user_id=carol.pk) == pytest.approx(0.03)
        assert spent_usd(since=day, user_id=dan.pk) == 0
        counts = dict(SpendingDay.objects.values_list("scope", "spent_usd"))
        assert counts == {"day": pytest.approx(0.03), f"user {carol.pk}": pytest.approx(0.03)}

    def test_after_a_turn_it_waits_and_goes_on_where_it_was(
        self, answers: list[Any], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(service, "TURN_SECONDS", -1.0)
        sample = ordered(3)
        assert (worked(sample).state, states(sample).count("judged")) == (SampleState.WAITING, 0)
        monkeypatch.setattr(service, "TURN_SECONDS", 20.0)

        assert (worked(sample).state, states(sample).count("judged")) == (SampleState.DONE, 3)

    def test_what_a_killed_worker_had_stored_is_not_asked_again(self, answers: list[Any]) -> None:
        sample = ordered(4)
        lease = claim_sample()
        assert lease is not None
        done = sample.versions.first()
        JudgeSampleVersion.objects.filter(pk=done.pk).update(
            state=JudgementState.JUDGED, cost_usd=0.01, at=timezone.now()
        )
        assert claim_sample() is None
        assert judge_due_samples() == 0
        JudgeSample.objects.update(lease_until=timezone.now() - timedelta(seconds=1), reserved_usd=5.0)
        assert reserved_usd(now=timezone.now()) == 0

        assert worked(sample).state == SampleState.DONE
        assert new_scores().count() == 3
        # The worker that was taken for dead writes nothing more.
        assert service.judge_held_sample(lease=lease) == 0

    def test_a_busy_worker_stops_within_seconds_when_somebody_cancels(self, answers: list[Any]) -> None:
        carol = User.objects.create_user("carol")
        begun = threading.Event()

        async def long() -> float:
            begun.set()
            await asyncio.sleep(60)
            return 0.5

        answers[:] = [0.5, long]
        sample = ordered(4)
        told: list[str] = []

        def cancel() -> None:
            begun.wait(20)
            told.append(cancel_sample(sample=sample, user=carol))
            connection.close()

        thread = threading.Thread(target=cancel)
        thread.start()
        since = time.monotonic()
        worked(sample)
        thread.join()

        assert time.monotonic() - since < 15
        assert told == ["It stops within seconds; what is judged is kept."]
        assert (sample.state, sample.message) == (SampleState.CANCELLED, "Cancelled by carol.")
        assert states(sample) == ["judged", "due", "due", "due"]

    def test_one_that_waits_is_cancelled_at_once_and_one_that_is_over_is_left(self) -> None:
        sample = ordered(2)

        assert "is cancelled" in cancel_sample(sample=sample, user_name="carol")
        sample.refresh_from_db()
        assert sample.state == SampleState.CANCELLED
        with pytest.raises(SampleRefused, match="nothing to stop"):
            cancel_sample(sample=sample)
        assert judge_due_samples() == 0

    def test_a_judge_that_is_asked_otherwise_by_now_judges_nothing(
        self, answers: list[Any], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        sample = ordered(2)
        monkeypatch.setattr(offering, "judge_version", lambda name: judge_version(name, "abcdef"))

        assert (worked(sample).state, states(sample)) == (SampleState.STOPPED, ["due", "due"])
        assert f"It was ordered from {NEW}." in sample.message
        assert not new_scores().exists()
        assert len(offer_sample(model=REHEARSAL).versions) > 2

    def test_a_fault_of_our_own_is_said(self, answers: list[Any], monkeypatch: pytest.MonkeyPatch) -> None:
        def broken(_: str) -> None:
            raise ZeroDivisionError("a mistake")

        monkeypatch.setattr(service, "judging_model", broken)

        sample = worked(ordered(2))

        assert sample.state == SampleState.STOPPED
        assert "A fault of this site stopped it (ZeroDivisionError: a mistake)" in sample.message


def _reserved() -> float:
    try:
        return reserved_usd(now=timezone.now())
    finally:
        connection.close()


def test_what_samples_cost_is_told_by_period_and_by_the_versions_that_were_judged(answers: list[Any]) -> None:
    sample = worked(ordered(4))
    first, *rest = sample.versions.select_related("version__standing")
    JudgeSampleVersion.objects.filter(pk=first.pk).update(at=timezone.now() - timedelta(days=28))
    today = timezone.localdate()

    def costs(**narrow: str) -> tuple[float, float]:
        found = sample_costs(parse_trend_filter(narrow, today=today))
        return round(found.now, 6), round(found.before, 6)

    assert costs() == (0.03, 0.01)
    branch = first.version.standing.branch
    inside = [one for one in rest if f"{one.version.standing.branch}/".startswith(f"{branch}/")]
    assert costs(branch=branch) == (round(0.01 * len(inside), 6), 0.01)
    assert costs(model="no such model") == (0, 0)


def test_no_gate_reads_the_sample_and_the_trends_tell_ruler_and_skills_apart(
    answers: list[Any], client: Client, judged: list[SkillVersion]
) -> None:
    gates = dict(VersionStanding.objects.values_list("version", "gate"))
    offer = offer_sample(model=REHEARSAL)
    before = {one.pk: judged_version(one) for one in offer.versions}
    TrendEvent.objects.filter(name=f"model {OLD}").update(day=LAST.date() - timedelta(days=200))

    assert worked(order_sample(sample=offer)).state == SampleState.DONE
    update_rollups(now=LAST)

    assert dict(VersionStanding.objects.values_list("version", "gate")) == gates
    pairs = [(judged_version(one), before[one.pk]) for one in offer.versions]
    seen = [(now.scores, was.scores) for now, was in pairs if now is not None and was is not None]
    assert len(seen) > 10
    assert all({name: now[name] for name in was} == was for now, was in seen)
    assert check_rollups(now=LAST) == []
    client.force_login(User.objects.create_user("dan"))
    page = client.get(reverse("trends:list"), {"until": LAST.date().isoformat(), "days": "91"})
    (ruler,) = page.context["rulers"]
    # By name the new judge comes before the old one; it judged later, and so it is the new one.
    assert (ruler.scorer, ruler.old, ruler.new) == ("model", OLD, NEW)
    assert ruler.by == pytest.approx(0.3, abs=1e-9)
    assert (ruler.num, ruler.said) == (len(judged), "gives more")
    assert f"model {OLD} to {NEW}" in page.content.decode()
