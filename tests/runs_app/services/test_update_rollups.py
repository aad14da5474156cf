"""Rollups hold what plain SQL and numpy find in the raw rows, follow every change, and can be proven."""

import json
import random
from datetime import UTC, date, timedelta
from typing import Any

import numpy as np
import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from runs_app.domain.trends.totals import RunTotals, VersionTotals
from runs_app.models import DailyRollup, Experiment, Run, Source, TouchedDay, TrendEvent, VersionStanding
from runs_app.queries.version_standings import Rulers, standings_of
from runs_app.services.change_source import remove_source
from runs_app.services.count_runs import recount_runs
from runs_app.services.link_runs import roll_up_runs
from runs_app.services.update_rollups import check_rollups, rebuild_rollups, update_rollups
from skills_app.models import Category, QualityAssessment, Review, Skill, SkillVersion, Verdict, Waiver
from skills_app.queries.gate_of_version import gate_for_version, gate_in_force
from tests.runs_app.plain_gates import gates_by_score
from tests.runs_app.trend_rows import LAST, fill, judge, run, score, set_gate, version

pytestmark = pytest.mark.django_db


def rows(sql: str) -> list[tuple[Any, ...]]:
    """Ask the database itself."""
    with connection.cursor() as cursor:
        cursor.execute(sql)
        return cursor.fetchall()


def run_totals(**narrow: str) -> RunTotals:
    """Merge the stored days."""
    totals = RunTotals()
    for row in DailyRollup.objects.filter(subject="run", **(narrow or {"grain": "all"})):
        totals.merge(RunTotals.from_data(row.data))
    return totals


def version_totals(**narrow: str) -> VersionTotals:
    """Merge the stored days."""
    totals = VersionTotals()
    for row in DailyRollup.objects.filter(subject="version", **(narrow or {"grain": "all"})):
        totals.merge(VersionTotals.from_data(row.data))
    return totals


@pytest.mark.parametrize("seed", [3, 4, 5])
def test_runs_are_what_plain_sql_counts(seed: int) -> None:
    fill(seed=seed)
    update_rollups(now=LAST)

    totals = run_totals()

    ((num, cost, tokens),) = rows(
        "SELECT count(*), sum(rolled_cost_usd), sum(rolled_tokens) FROM runs_app_run WHERE kind = 'generation'"
    )
    assert totals.num == num
    assert totals.effort.cost_usd == pytest.approx(cost, abs=1e-6 * num)
    assert totals.effort.tokens == tokens
    by_status = dict(rows("SELECT status, count(*) FROM runs_app_run WHERE kind = 'generation' GROUP BY 1"))
    assert dict(totals.statuses) == by_status
    by_model = dict(rows("SELECT model, count(*) FROM runs_app_run WHERE kind = 'generation' GROUP BY 1"))
    assert {name: run_totals(grain="model", model=name).num for name in by_model} == by_model


def test_costs_and_phases_have_the_quantiles_that_numpy_finds() -> None:
    fill()
    update_rollups(now=LAST)

    totals = run_totals()

    costs = [
        float(c)
        for (c,) in rows(
            "SELECT rolled_cost_usd FROM runs_app_run WHERE kind='generation' AND rolled_cost_usd IS NOT NULL"
        )
    ]
    seconds = [
        float(s) for (s,) in rows("SELECT duration_seconds FROM runs_app_run WHERE phase = 'generate'")
    ]
    for share in (0.25, 0.5, 0.75):
        wanted = np.quantile(costs, share, method="inverted_cdf")
        assert totals.effort.costs.quantile(share) == pytest.approx(wanted, rel=0.0101)
        wanted = np.quantile(seconds, share, method="inverted_cdf")
        assert totals.phases["generate"].seconds.quantile(share) == pytest.approx(wanted, rel=0.0101)


@pytest.mark.parametrize("seed", [3, 8])
def test_scores_and_findings_are_what_plain_sql_and_numpy_find(seed: int) -> None:
    fill(seed=seed, num_skills=25)
    update_rollups(now=LAST)

    totals = version_totals()

    values = [
        v
        for (v,) in rows("SELECT deterministic_score FROM skills_app_qualityassessment WHERE scorer='fleet'")
    ]
    sketch = totals.scores["fleet", "1"]
    assert sketch.num == len(values)
    assert sketch.median == pytest.approx(np.quantile(values, 0.5, method="inverted_cdf"), abs=0.000501)
    assert (
        totals.scores["model", ""].num
        == rows("SELECT count(*) FROM skills_app_qualityassessment WHERE scorer='model'")[0][0]
    )
    by_rule = dict(rows("SELECT rule_id, count(*) FROM skills_app_finding GROUP BY 1"))
    assert dict(totals.findings) == by_rule
    breakers = dict(
        rows(
            "SELECT rule_id, count(DISTINCT version_id) FROM skills_app_finding f "
            "JOIN skills_app_validationreport r ON r.id = f.report_id GROUP BY 1"
        )
    )
    assert dict(totals.breakers) == breakers


def test_a_branch_holds_its_own_versions_and_those_below() -> None:
    fill(num_skills=30)
    update_rollups(now=LAST)

    for path in ("web", "web/frontend", "data"):
        ((num,),) = rows(
            "SELECT count(*) FROM skills_app_skillversion v JOIN skills_app_skill s ON s.id = v.skill_id "
            f"JOIN skills_app_category c ON c.id = s.category_id WHERE c.path = '{path}' OR c.path LIKE '{path}/%'"
        )
        assert version_totals(grain="branch", branch=path).num == num


def test_the_cells_add_up_to_the_whole() -> None:
    fill()
    update_rollups(now=LAST)

    assert version_totals(grain="cell").as_data() == version_totals().as_data()
    assert run_totals(grain="cell").as_data() == run_totals().as_data()


def test_each_gate_outcome_is_that_of_the_versions_own_page_and_what_the_raw_rows_say() -> None:
    fill(num_runs=0, num_skills=20)
    update_rollups(now=LAST)

    assert dict(VersionStanding.objects.values_list("version_id", "gate")) == gates_by_score()
    for one in SkillVersion.objects.select_related("skill__category", "parent"):
        view = gate_for_version(one, today=LAST.date())
        assert one.standing.gate == (view.outcome.verdict.value if view else "")
    assert {"passed", "blocked", ""} == set(VersionStanding.objects.values_list("gate", flat=True))


def test_an_edited_gate_and_a_waiver_judge_every_version_anew() -> None:
    fill(num_runs=20, num_skills=20)
    update_rollups(now=LAST)
    before = version_totals().gates["passed"]
    set_gate(limit=0.2)
    update_rollups(now=LAST)
    eased = version_totals().gates["passed"]
    blocked = VersionStanding.objects.filter(gate="blocked").first()
    assert blocked is not None
    Waiver.objects.create(
        skill=blocked.skill,
        condition_key=gate_in_force(None).gate.conditions[0].key,
        reason="known",
        owner_name="carol",
        until=LAST.date(),
    )
    update_rollups(now=LAST)
    waived = version_totals().gates["passed"]
    update_rollups(now=LAST + timedelta(days=1))

    assert before < eased < waived
    assert version_totals().gates["passed"] == eased
    assert check_rollups(now=LAST + timedelta(days=1)) == []


def test_days_are_those_of_the_sites_time_zone(settings: Any) -> None:
    settings.TIME_ZONE = "Pacific/Auckland"
    source = Source.objects.create(name="zone", kind="mlruns_folder", address="/nowhere/zone")
    experiment = Experiment.objects.create(source=source, experiment_id="1")
    run(source, experiment, "late", random.Random(1), at=LAST.replace(hour=20, tzinfo=UTC))
    update_rollups(now=LAST)

    assert set(DailyRollup.objects.filter(subject="run").values_list("day", flat=True)) == {
        date(2026, 11, 19)
    }


def touched() -> set[date]:
    return set(TouchedDay.objects.filter(subject="run").values_list("day", flat=True))


def test_only_the_days_of_changed_runs_are_added_up_again() -> None:
    fill()
    update_rollups(now=LAST)
    one = Run.objects.filter(kind="generation", status="finished", outcome=None).first()
    assert one is not None
    kept = dict(DailyRollup.objects.filter(subject="run").values_list("pk", "day"))
    Run.objects.filter(pk=one.pk).update(status="failed", model="large")
    roll_up_runs(run_pks=[one.pk])
    recount_runs(run_pks=[one.pk])

    assert touched() == {one.started_at.date()}
    update_rollups(now=LAST)

    assert touched() == set()
    gone = set(kept) - set(DailyRollup.objects.values_list("pk", flat=True))
    assert {kept[pk] for pk in gone} == {one.started_at.date()}
    assert check_rollups(now=LAST) == []


def test_another_model_of_a_run_is_another_model_of_what_it_made() -> None:
    fill()
    update_rollups(now=LAST)
    one = Run.objects.filter(outcome__version__isnull=False).order_by("pk").first()
    assert one is not None
    Run.objects.filter(pk=one.pk).update(model="huge")
    recount_runs(run_pks=[one.pk])
    update_rollups(now=LAST)

    assert version_totals(grain="model", model="huge").num == 1
    assert check_rollups(now=LAST) == []


def approve_all() -> None:
    for one in SkillVersion.objects.select_related("skill"):
        review = Review.objects.create(
            skill=one.skill, version=one, opened_at=LAST, version_at=LAST, tier="low", num_needed=1
        )
        Verdict.objects.create(review=review, version=one, decision="approve", given_at=LAST, binding={})


def test_an_approval_and_its_undoing_are_followed_to_the_funnel() -> None:
    fill()
    update_rollups(now=LAST)
    none = run_totals().stages["approved"]
    approve_all()
    update_rollups(now=LAST)
    passed, approved = run_totals().stages["passed"], run_totals().stages["approved"]
    Verdict.objects.update(undone_at=LAST)
    update_rollups(now=LAST)

    assert none == run_totals().stages["approved"] == 0
    assert approved == passed > 0
    assert check_rollups(now=LAST) == []


def test_a_skill_that_is_archived_leaves_the_last_stage_of_the_funnel() -> None:
    fill()
    approve_all()
    update_rollups(now=LAST)
    before = run_totals().stages["active"]
    Skill.objects.update(status="archived")
    update_rollups(now=LAST)

    assert before > run_totals().stages["active"] == 0
    assert check_rollups(now=LAST) == []


def test_a_phase_touches_the_day_of_its_generation() -> None:
    fill(num_runs=3)
    update_rollups(now=LAST)
    phase = Run.objects.filter(kind="phase").select_related("parent").first()
    assert phase is not None
    assert phase.parent is not None
    Run.objects.filter(pk=phase.pk).update(started_at=LAST + timedelta(days=3))
    recount_runs(run_pks=[phase.pk])

    assert phase.parent.started_at.date() in touched()


def test_a_removed_source_leaves_the_rollups() -> None:
    source = fill()
    update_rollups(now=LAST)
    remove_source(source=source, actor=None, reason="test")
    update_rollups(now=LAST)

    assert run_totals().num == 0
    assert check_rollups(now=LAST) == []


def test_moves_new_judgements_new_versions_and_deletions_are_followed() -> None:
    fill(num_skills=15)
    update_rollups(now=LAST)
    rng = random.Random(9)
    skills = list(Skill.objects.order_by("pk"))
    Skill.objects.filter(pk=skills[0].pk).update(
        category=Category.objects.get(path="data"), skill_type="tool"
    )
    judge(SkillVersion.objects.filter(skill=skills[1]).latest("pk"), rng)
    version(skills[2], 9, rng, at=LAST)
    SkillVersion.objects.filter(skill=skills[3]).delete()
    update_rollups(now=LAST)

    assert check_rollups(now=LAST) == []


def test_the_number_of_queries_does_not_grow_with_the_versions() -> None:
    def count() -> int:
        with CaptureQueriesContext(connection) as queries:
            standings_of(list(SkillVersion.objects.values_list("pk", flat=True)), rulers)
        return len(queries)

    fill(num_runs=10, num_skills=16)
    rulers = Rulers(today=LAST.date())
    count()  # each branch's gate is read once
    few = count()
    fill(seed=5, num_runs=40, num_skills=24)
    assert count() == few


def test_an_update_without_a_change_does_nothing() -> None:
    fill()
    update_rollups(now=LAST)

    assert update_rollups(now=LAST).num_days == 0


def test_a_score_that_was_taken_over_marks_the_day_on_which_it_was_made() -> None:
    fill(num_runs=0, num_skills=1)
    score(SkillVersion.objects.all()[0], 0.5, scorer_version="0")
    made_at = LAST - timedelta(days=400)
    QualityAssessment.objects.filter(scorer_version="0").update(made_at=made_at)

    update_rollups(now=LAST)

    assert TrendEvent.objects.get(kind="scorer", name="fleet 0").day == timezone.localdate(made_at)


def test_two_versions_of_a_scorer_are_kept_apart_and_their_gap_is_measured_on_the_same_documents() -> None:
    fill(num_runs=0, num_skills=10)
    for one in SkillVersion.objects.all():
        old = one.quality_assessments.filter(scorer="fleet").first()
        if old is not None:
            score(one, old.deterministic_score * 0.5, scorer_version="2")
    update_rollups(now=LAST)

    totals = version_totals()

    gaps = [
        b - a
        for a, b in rows(
            "SELECT a.deterministic_score, b.deterministic_score FROM skills_app_qualityassessment a "
            "JOIN skills_app_qualityassessment b ON a.version_id = b.version_id "
            "WHERE a.scorer_version = '1' AND b.scorer_version = '2'"
        )
    ]
    assert totals.scores["fleet", "1"].num == totals.scores["fleet", "2"].num == len(gaps)
    assert totals.rulers["fleet", "1", "2"].median == pytest.approx(
        np.quantile(gaps, 0.5, method="inverted_cdf"), abs=0.000501
    )


def test_the_check_finds_a_rollup_that_was_tampered_with_and_a_rebuild_mends_it(capsys: Any) -> None:
    fill()
    update_rollups(now=LAST)
    row = DailyRollup.objects.filter(subject="run", grain="all").first()
    assert row is not None
    row.data = json.loads(json.dumps(row.data))
    row.data["effort"]["usd"] += 1
    row.save()

    # The day differs from its rows, and the month from its days.
    with pytest.raises(CommandError, match="2 differences"):
        call_command("rollups", "--check")
    call_command("rollups", "--rebuild")
    call_command("rollups", "--check")

    assert "equal to the rows" in capsys.readouterr().out


def test_a_rebuild_can_prove_itself_and_fails_if_it_differs(
    capsys: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill()
    update_rollups(now=LAST)
    DailyRollup.objects.all().delete()

    call_command("rollups", "--rebuild", "--check")

    said = capsys.readouterr().out
    assert said.index("days added up") < said.index("equal to the rows")
    assert DailyRollup.objects.exists()
    path = "runs_app.management.commands.rollups.check_rollups"
    monkeypatch.setattr(path, lambda: ["2026-11-01: other"])
    with pytest.raises(CommandError, match="1 differences. They were rebuilt just now"):
        call_command("rollups", "--rebuild", "--check")


def test_a_rebuild_gives_the_same_rows_as_updates_did() -> None:
    fill()
    update_rollups(now=LAST)
    fill(seed=12)
    update_rollups(now=LAST)
    order = ("day", "subject", "grain", "branch", "type", "model", "program", "author")
    before = list(DailyRollup.objects.order_by(*order).values_list(*order, "data"))

    rebuild_rollups(now=LAST)

    assert list(DailyRollup.objects.order_by(*order).values_list(*order, "data")) == before
    assert VersionStanding.objects.count() == SkillVersion.objects.count()
