"""Below the set agreement a score only advises: in the outcome of a version, on its page, and on the pages of gates."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from runs_app.models import VersionStanding
from runs_app.services.update_rollups import check_rollups, update_rollups
from skills_app.domain.agreement import Agreement, ScoreKey
from skills_app.models import Gate, GateRevision, QualityAssessment, SkillVersion, Verdict
from skills_app.queries.gate_of_version import gate_for_version, gate_in_force
from skills_app.queries.review_grounds import grounds_of
from skills_app.queries.reviewer_agreement import Trusts, reviewed_versions
from tests.runs_app.trend_rows import LAST, fill, review_of

pytestmark = pytest.mark.django_db
NOW = timezone.now()


@pytest.fixture
def versions() -> list[SkillVersion]:
    """Return versions of which every second is scored 0.9 and the others 0.1, under a gate that blocks by dimension."""
    fill(num_runs=0, num_skills=16)
    condition = {"key": "clear", "kind": "score", "scorer": "fleet", "dimension": "clear", "at_least": 0.5}
    data = {"name": "plain", "title": "Plain", "conditions": [condition]}
    GateRevision.objects.create(gate=Gate.objects.get(), number=9, data=data)
    judged = list(SkillVersion.objects.exclude(validation_reports=None).order_by("pk"))
    for number, one in enumerate(judged):
        value = 0.9 if number % 2 else 0.1
        clear = {"name": "clear", "title": "Clear", "value": value, "weight": 1.0}
        QualityAssessment.objects.filter(version=one, scorer="fleet").update(
            details={"dimensions": [{**clear, "reason": "", "advice": "", "evidence": []}]}
        )
    return judged


def decide(versions: list[SkillVersion], *, agree: bool) -> None:
    for number, one in enumerate(versions):
        review = review_of(one)
        decision = "approve" if bool(number % 2) is agree else "reject"
        Verdict.objects.create(review=review, version=one, decision=decision, given_at=LAST, binding={})


def test_verdicts_against_the_score_let_its_condition_only_advise(versions: list[SkillVersion]) -> None:
    update_rollups(now=LAST)
    blocked_before = set(VersionStanding.objects.filter(gate="blocked").values_list("version_id", flat=True))
    decide(versions[:14], agree=False)
    update_rollups(now=LAST)

    low = versions[0]
    view = gate_for_version(low, today=NOW.date())
    assert view is not None
    assert view.outcome.is_passed
    assert "on 0 of 14 versions" in view.outcome.conditions[0].sentence
    assert low.pk in blocked_before
    assert not VersionStanding.objects.filter(gate="blocked").exists()
    assert check_rollups(now=LAST) == []
    grounds = grounds_of([low], today=NOW.date())
    assert grounds[low.pk].gate == view


def test_verdicts_with_the_score_let_it_block(versions: list[SkillVersion]) -> None:
    decide(versions[:14], agree=True)

    view = gate_for_version(versions[0], today=NOW.date())
    assert view is not None
    assert not view.outcome.is_passed
    assert Trusts().of(gate_in_force(None).gate).agreements == {
        ScoreKey("fleet", "1", "clear"): Agreement(14, 14)
    }


def test_what_people_judged_is_read_only_where_a_score_keeps_the_gate_shut(
    versions: list[SkillVersion],
) -> None:
    decide(versions[:14], agree=True)

    read = {}
    for one in versions[:2]:
        with CaptureQueriesContext(connection) as captured:
            view = gate_for_version(one, today=NOW.date())
        assert view is not None
        read[view.outcome.is_passed] = any(Verdict._meta.db_table in query["sql"] for query in captured)

    assert read == {False: True, True: False}


def test_the_setting_decides_which_share_is_enough(versions: list[SkillVersion], settings: Any) -> None:
    decide(versions[:8], agree=True)
    decide(versions[8:14], agree=False)
    passed = {}
    for least in (0.0, 0.5, 0.6):
        settings.FLEET_LEAST_AGREEMENT = least
        view = gate_for_version(versions[0], today=NOW.date())
        passed[least] = view is not None and view.outcome.is_passed

    assert passed == {0.0: False, 0.5: False, 0.6: True}


def test_the_pages_of_gates_and_of_the_version_say_so_with_the_figures(versions: list[SkillVersion]) -> None:
    decide(versions[:14], agree=False)
    client = Client()
    client.force_login(User.objects.create_user("dan"))

    for address in (reverse("gates:list"), reverse("gates:detail", args=["plain"])):
        page = client.get(address).content.decode()
        assert "advises, does not block" in page
        assert (
            "on 0 of 14 versions (0 %, 95 % interval 0 to 22 %), less than the 70 % that a score needs"
            in page
        )
        assert "That is its version 1; each version is held to its own." in page
    page = client.get(versions[0].get_absolute_url()).content.decode()
    assert "on 0 of 14 versions" in page


def test_few_verdicts_are_told_as_too_few(versions: list[SkillVersion]) -> None:
    decide(versions[:9], agree=False)
    client = Client()
    client.force_login(User.objects.create_user("dan"))

    page = client.get(reverse("gates:list")).content.decode()
    assert "on 0 of 9 versions (0 %, 95 % interval 0 to 30 %): too few to say" in page
    assert "advises, does not block" not in page


def test_the_last_verdict_that_stands_decides(versions: list[SkillVersion]) -> None:
    decide(versions[:3], agree=True)
    decide(versions[:2], agree=False)
    Verdict.objects.filter(pk=Verdict.objects.filter(version=versions[1]).latest("pk").pk).update(
        undone_at=LAST
    )

    approved = {one.version_id: one.is_approved for one in reviewed_versions()}
    assert approved == {versions[0].pk: True, versions[1].pk: True, versions[2].pk: False}
