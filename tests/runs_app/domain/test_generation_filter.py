"""The filter of a list and its address are one and the same."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runs_app.domain.generation import GenerationStatus
from runs_app.domain.generation_filter import GenerationFilter, parse_generation_filter
from runs_app.domain.generation_words import GROUPS, STATUS_MARKS, STATUS_WORDS, StatusGroup


@given(
    st.builds(
        GenerationFilter,
        text=st.from_regex(r"\A[a-z]{0,5}( [a-z]{1,5})?\Z"),
        group=st.sampled_from([None, *StatusGroup]),
        is_mine=st.booleans(),
        page=st.integers(1, 999),
    ).filter(lambda one: one.text == one.text.strip())
)
def test_what_is_written_is_read_back(chosen: GenerationFilter) -> None:
    assert parse_generation_filter(dict(chosen.pairs())) == chosen


@pytest.mark.parametrize("page", ["0", "-1", "x", "", "²", "9" * 30])
def test_a_page_that_is_none_is_the_first(page: str) -> None:
    assert parse_generation_filter({"page": page}).page == 1


def test_another_group_begins_at_its_first_page_and_keeps_the_rest() -> None:
    chosen = GenerationFilter("csv", StatusGroup.FAILED, True, page=4)

    assert chosen.in_group(None) == GenerationFilter("csv", None, True)
    assert chosen.is_narrowed
    assert not GenerationFilter(page=3).is_narrowed


def test_every_state_has_a_word_a_mark_and_one_group() -> None:
    grouped = [status for statuses in GROUPS.values() for status in statuses]

    assert sorted(grouped) == sorted(GenerationStatus)
    assert set(STATUS_WORDS) == set(STATUS_MARKS) == set(GenerationStatus)
