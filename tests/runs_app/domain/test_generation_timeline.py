"""Steps on one line without the waiting, and streamed text put together."""

from datetime import UTC, datetime, timedelta

from runs_app.domain.generation_timeline import Bar, bars_of, live_texts
from runs_app.domain.pipeline_items import EventKind

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)


def span(start: float, end: float) -> tuple[datetime, datetime]:
    return NOON + timedelta(seconds=start), NOON + timedelta(seconds=end)


def test_a_week_of_waiting_takes_no_room() -> None:
    week = 7 * 86_400

    assert bars_of([span(0, 10), span(week, week + 10)]) == (Bar(0, 500), Bar(500, 500))


def test_steps_at_the_same_time_lie_side_by_side() -> None:
    assert bars_of([span(0, 4), span(1, 10), span(0, 10)]) == (Bar(0, 400), Bar(100, 900), Bar(0, 1000))


def test_a_moment_is_still_seen_and_stays_on_the_line() -> None:
    first, last = bars_of([span(0, 100), span(100, 100)])

    assert first == Bar(0, 1000)
    assert last.width == 4
    assert last.start + last.width <= 1000
    assert bars_of([]) == ()
    assert bars_of([span(5, 5)]) == (Bar(0, 4),)


def test_text_is_put_together_by_step_and_field() -> None:
    found = live_texts(
        [
            (EventKind.STEP_STARTED, "intent", "Analyse", {}),
            (EventKind.STEP_STARTED, "placement", "Place", {}),
            (EventKind.TOKENS, "intent", "", {"field": "purpose", "text": "To "}),
            (EventKind.TOKENS, "placement", "", {"field": "path", "text": "data"}),
            (EventKind.REASONING, "intent", "", {"text": "Hm. "}),
            (EventKind.TOKENS, "intent", "", {"field": "purpose", "text": "help"}),
            (EventKind.TOKENS, "intent", "", {"field": "scope", "text": "all"}),
        ]
    )

    assert found["intent"].texts == (("purpose", "To help"), ("scope", "all"))
    assert found["intent"].reasoning == "Hm. "
    assert found["placement"].texts == (("path", "data"),)


def test_a_step_that_begins_again_voids_its_text_and_keeps_the_remarks() -> None:
    found = live_texts(
        [
            (EventKind.TOKENS, "content", "", {"field": "body", "text": "void"}),
            (EventKind.PROGRESS, "content", "The answer broke off.", {"is_restart": True}),
            (EventKind.TOKENS, "content", "", {"field": "body", "text": "second"}),
            (EventKind.STEP_STARTED, "content", "Write", {}),
            (EventKind.TOKENS, "content", "", {"field": "body", "text": "third"}),
        ]
    )

    assert found["content"].texts == (("body", "third"),)
    assert found["content"].notes == ("The answer broke off.",)
