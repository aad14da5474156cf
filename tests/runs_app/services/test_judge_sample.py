"""Another judging model judges a sample of old versions: the cost is told first, gates do not read it, trends do."""

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse

from runs_app.domain.errors import ModelFailed, SpendingStopped
from runs_app.domain.rehearsal import NAME as REHEARSAL
from runs_app.domain.spending import Price
from runs_app.models import TrendEvent, VersionStanding
from runs_app.services import judge_sample as service
from runs_app.services.judge_sample import judge_sample, offer_sample
from runs_app.services.update_rollups import check_rollups, update_rollups
from skills_app.models import QualityAssessment, SkillVersion
from skills_app.queries.gate_of_version import judged_version
from tests.runs_app.trend_rows import LAST, fill

pytest.importorskip("dspy")
pytestmark = pytest.mark.django_db
OLD = "zeta/judge"


@pytest.fixture(autouse=True)
def judged() -> list[SkillVersion]:
    """Versions with a score by the old judge, and one that nobody but our own scorers has judged."""
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


def new_scores() -> Any:
    return QualityAssessment.objects.filter(scorer="model", scorer_version=REHEARSAL)


def test_only_versions_that_another_judge_has_judged_are_offered_and_each_once(judged: Any) -> None:
    sample = offer_sample(model=REHEARSAL, size=5)

    assert (len(sample.versions), sample.num_due) == (5, len(judged))
    assert {one.pk for one in sample.versions} <= {one.pk for one in judged}
    assert offer_sample(model=REHEARSAL, size=5).versions == sample.versions
    assert judge_sample(sample=sample).num == 5
    rest = offer_sample(model=REHEARSAL)
    assert rest.num_due == len(judged) - 5
    assert not {one.pk for one in rest.versions} & {one.pk for one in sample.versions}


def test_the_command_tells_the_cost_and_asks_nobody_without_yes(capsys: Any, judged: Any) -> None:
    call_command("judge_sample", REHEARSAL, "--size", "3")

    told = capsys.readouterr().out
    assert f"3 of {len(judged)} versions" in told
    assert "for at most $0" in told
    assert "say --yes" in told
    assert not new_scores().exists()
    call_command("judge_sample", REHEARSAL, "--size", "3", "--yes")
    assert new_scores().count() == 3
    with pytest.raises(CommandError, match="1 to"):
        call_command("judge_sample", REHEARSAL, "--size", "0")


def test_the_most_that_it_can_cost_counts_the_text_and_the_longest_answer(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    plain = offer_sample(model=REHEARSAL, size=2)
    priced = type(plain.choice)("a", plain.choice.lm, Price(0.001, 0.01), 100)
    monkeypatch.setattr(service.ConfiguredModels, "for_task", lambda *_, **__: (priced,))

    most = offer_sample(model=REHEARSAL, size=2).most_usd

    assert most is not None
    assert 2 * (2_000 * 0.001 + 100 * 0.01) < most < 2 * (2_500 * 0.001 + 100 * 0.01)


def test_it_stops_at_the_ceiling_and_goes_on_after_a_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    answers = iter(
        [said(0.5), ModelFailed("no answer"), said(0.6), SpendingStopped("the ceiling is reached")]
    )

    def ask(*_: Any) -> dict[str, Any]:
        answer = next(answers)
        if isinstance(answer, Exception):
            raise answer
        return answer

    monkeypatch.setattr(service, "_asked", ask)

    found = judge_sample(sample=offer_sample(model=REHEARSAL, size=6))

    assert found.num == new_scores().count() == 2
    assert "no answer" in found.problems[0]
    assert found.problems[1:] == ("the ceiling is reached",)


def test_no_gate_reads_the_sample_and_the_trends_tell_ruler_and_skills_apart(
    monkeypatch: pytest.MonkeyPatch, client: Client, judged: list[SkillVersion]
) -> None:
    monkeypatch.setattr(service, "_asked", lambda *_: said(0.7))
    gates = dict(VersionStanding.objects.values_list("version", "gate"))
    sample = offer_sample(model=REHEARSAL)
    before = {one.pk: judged_version(one) for one in sample.versions}
    TrendEvent.objects.filter(name=f"model {OLD}").update(day=LAST.date() - timedelta(days=200))

    judge_sample(sample=sample)
    update_rollups(now=LAST)

    assert dict(VersionStanding.objects.values_list("version", "gate")) == gates
    pairs = [(judged_version(one), before[one.pk]) for one in sample.versions]
    seen = [(now.scores, was.scores) for now, was in pairs if now is not None and was is not None]
    assert len(seen) > 10
    assert all({name: now[name] for name in was} == was for now, was in seen)
    assert check_rollups(now=LAST) == []
    client.force_login(User.objects.create_user("dan"))
    page = client.get(reverse("trends:list"), {"until": LAST.date().isoformat(), "days": "91"})
    (ruler,) = page.context["rulers"]
    # By name the new judge comes before the old one; it judged later, and so it is the new one.
    assert (ruler.scorer, ruler.old, ruler.new) == ("model", OLD, REHEARSAL)
    assert ruler.by == pytest.approx(0.3, abs=1e-9)
    assert (ruler.num, ruler.said) == (len(judged), "gives more")
    assert f"model {OLD} to {REHEARSAL}" in page.content.decode()
