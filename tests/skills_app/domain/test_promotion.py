"""The life of a promotion, and which numbers it may have."""

import pytest

from skills_app.domain.promotion import (
    ALLOWED,
    ONCE_PUBLISHED,
    OVERRIDABLE,
    STANDING,
    UNSETTLED,
    BlockerKind,
    PromotionState,
    blocker,
    number_fault,
)


def test_every_state_says_what_may_follow_and_every_end_is_reached() -> None:
    assert set(ALLOWED) == set(PromotionState)
    reached = {PromotionState.WRITING}
    for _ in PromotionState:
        reached |= {after for state in reached for after in ALLOWED[state]}
    assert reached == set(PromotionState)
    assert {state for state in PromotionState if not ALLOWED[state]} == {
        PromotionState.SUPERSEDED,
        PromotionState.WITHDRAWN,
        PromotionState.FAILED,
    }


def test_what_stands_was_published_and_what_is_unsettled_can_go_both_ways() -> None:
    assert set(STANDING) < set(ONCE_PUBLISHED)
    assert all(len(ALLOWED[state]) == 2 for state in UNSETTLED)


@pytest.mark.parametrize(
    ("number", "last", "is_same", "is_fine"),
    [
        ("1.0.0", "", False, True),
        ("0.1.0", "", False, True),
        ("1.0.1", "1.0.0", False, True),
        ("1.0.0", "1.0.0", True, True),
        ("1.0.0", "1.0.0", False, False),
        ("0.9.9", "1.0.0", True, False),
        ("1.10.0", "1.9.0", False, True),
        ("1.0", "", False, False),
        ("", "1.0.0", False, False),
    ],
)
def test_a_number_is_later_than_the_last_unless_nothing_changed(
    number: str, last: str, is_same: bool, is_fine: bool
) -> None:
    assert (number_fault(number, last=last, is_same_content=is_same) == "") is is_fine


def test_a_refused_number_names_the_first_that_is_taken() -> None:
    assert "1.4.3 or later" in number_fault("1.4.0", last="1.4.2", is_same_content=False)


@pytest.mark.parametrize("kind", list(BlockerKind))
def test_what_no_folder_could_hold_is_overridden_by_nobody(kind: BlockerKind) -> None:
    assert blocker(kind, "Because.").can_override is (kind in OVERRIDABLE)
    assert not {BlockerKind.FILES, BlockerKind.NOT_KEPT, BlockerKind.CYCLE} & OVERRIDABLE
