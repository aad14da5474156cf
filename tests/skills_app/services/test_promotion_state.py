"""The state of a promotion changes by its table, once, whoever is first."""

import pytest

from skills_app.domain.promotion import PromotionState
from skills_app.models import Promotion
from skills_app.services.promotion_state import change_state
from tests.skills_app import skill_makers as make
from tests.skills_app.promotion_makers import NOW

pytestmark = pytest.mark.django_db


def promotion() -> Promotion:
    skill = make.skill("a/one")
    return Promotion.objects.create(
        skill=skill, version=skill.current_version, semantic_version="1.0.0", path="a/one", started_at=NOW
    )


def test_only_the_first_of_two_changes_it() -> None:
    row = promotion()
    writing, published, failed = PromotionState.WRITING, PromotionState.PUBLISHED, PromotionState.FAILED

    assert change_state(row, old=writing, new=published, published_at=NOW)
    assert not change_state(row, old=writing, new=failed, problem="too late")

    row.refresh_from_db()
    assert (row.state, row.published_at, row.problem) == (published, NOW, "")


def test_what_the_table_does_not_allow_is_a_fault() -> None:
    with pytest.raises(ValueError, match="withdrawn cannot become published"):
        change_state(promotion(), old=PromotionState.WITHDRAWN, new=PromotionState.PUBLISHED)
