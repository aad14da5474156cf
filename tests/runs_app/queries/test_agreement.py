"""Which versions count as judged by both, and which verdict decides."""

from datetime import timedelta

import pytest

from runs_app.domain.trends.trend_filter import parse_trend_filter
from runs_app.queries.agreement import reviewed_in
from runs_app.services.update_rollups import update_rollups
from skills_app.models import Review, SkillVersion, Verdict
from tests.runs_app.trend_rows import LAST, fill

pytestmark = pytest.mark.django_db


def give(version: SkillVersion, *decisions: str, is_undone: bool = False) -> None:
    review = Review.objects.create(
        skill=version.skill, version=version, opened_at=LAST, version_at=LAST, tier="low", num_needed=1
    )
    for number, decision in enumerate(decisions):
        given = LAST + timedelta(hours=number)
        undone = given if is_undone and number == len(decisions) - 1 else None
        Verdict.objects.create(
            review=review, version=version, decision=decision, given_at=given, undone_at=undone, binding={}
        )


def test_the_last_verdict_that_stands_decides() -> None:
    fill(num_runs=0, num_skills=8, num_days=20)
    versions = list(SkillVersion.objects.order_by("pk"))
    give(versions[0], "request_changes", "approve")
    give(versions[1], "approve", "reject")
    give(versions[2], "request_changes", "approve", is_undone=True)
    give(versions[3], "approve", is_undone=True)
    update_rollups(now=LAST)

    found = reviewed_in(parse_trend_filter({}, today=LAST.date()))

    verdicts = {one.version_id: one.is_approved for one in found}
    assert verdicts == {versions[0].pk: True, versions[1].pk: False, versions[2].pk: False}
