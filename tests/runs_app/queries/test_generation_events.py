"""New events for those who watch: complete, in order, and in two questions however many are watched."""

import json
from typing import Any

import pytest

from runs_app.domain.pipeline_items import EventKind
from runs_app.queries import generation_events
from runs_app.queries.generation_events import fresh_events
from tests.runs_app.generation_makers import event, generation

pytestmark = pytest.mark.django_db


def numbers(found: Any) -> list[int]:
    return [one.number for one in found.events]


def test_each_generation_gives_what_is_after_its_own_position(django_assert_num_queries: Any) -> None:
    one, two, three = (generation(f"Task {number}") for number in range(3))
    for of in (one, two):
        for _ in range(4):
            event(of, EventKind.PROGRESS)

    with django_assert_num_queries(2):
        found = fresh_events({one.pk: 1, two.pk: 4, three.pk: 0})

    assert numbers(found[one.pk]) == [2, 3, 4]
    assert numbers(found[two.pk]) == numbers(found[three.pk]) == []
    assert found[two.pk].last == 4


def test_nothing_new_costs_one_question(django_assert_num_queries: Any) -> None:
    one = generation()

    with django_assert_num_queries(1):
        assert not fresh_events({one.pk: 0})[one.pk].is_over


@pytest.mark.parametrize(
    ("status", "is_over"), [("running", False), ("pending_review", False), ("failed", True)]
)
def test_only_what_has_ended_is_over(status: str, is_over: bool) -> None:
    one = generation(status=status)

    assert fresh_events({one.pk: 0})[one.pk].is_over is is_over


def test_a_generation_that_is_gone_is_over() -> None:
    assert fresh_events({4711: 0})[4711].is_over


def test_two_hundred_watched_at_once_fit_into_one_question(django_assert_num_queries: Any) -> None:
    made = [generation(f"Task {number}") for number in range(200)]
    for of in made:
        event(of, EventKind.PROGRESS)

    with django_assert_num_queries(2):
        found = fresh_events({of.pk: 0 for of in made})

    assert all(numbers(found[of.pk]) == [1] for of in made)


def test_what_is_too_much_is_cut_without_a_gap(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(generation_events, "MOST_EVENTS", 3)
    one = generation()
    for _ in range(5):
        event(one, EventKind.PROGRESS)

    assert numbers(fresh_events({one.pk: 0})[one.pk]) == [1, 2, 3]
    assert numbers(fresh_events({one.pk: 3})[one.pk]) == [4, 5]


def test_an_event_is_one_line_of_json_with_its_number_whatever_its_text() -> None:
    one = generation()
    event(
        one,
        EventKind.TOKENS,
        key="content",
        data={"field": "skill_content", "text": "a\n\nid: 99\ndata: x\u2028", "is_restart": True},
    )

    encoded = fresh_events({one.pk: 0})[one.pk].events[0].encoded.decode()

    assert encoded.startswith("id: 1\ndata: {")
    assert encoded.endswith("}\n\n")
    assert len(encoded.splitlines()) == 3
    assert json.loads(encoded.split("data: ", 1)[1]) == {
        "n": 1,
        "kind": "tokens",
        "key": "content",
        "field": "skill_content",
        "text": "a\n\nid: 99\ndata: x\u2028",
        "is_restart": True,
    }
