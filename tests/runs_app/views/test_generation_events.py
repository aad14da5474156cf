"""The stream of a generation: where it begins, what it says, and that it ends."""

import asyncio
from collections.abc import Mapping
from typing import Any

import pytest
from django.db import connection
from django.http import Http404, StreamingHttpResponse
from django.test import AsyncRequestFactory
from django.utils import timezone

from runs_app.adapters.event_hub import EventHub
from runs_app.domain.event_stream import Fresh, StreamEvent, event_number
from runs_app.domain.generation import GenerationStatus
from runs_app.models import Generation
from runs_app.services.watch_generations import NOTE_AGAIN_SECONDS
from runs_app.views import generation_events
from tests.runs_app.generation_makers import generation, person

pytestmark = pytest.mark.django_db(transaction=True)


def test_who_watches_is_noted_at_once_and_then_now_and_then(monkeypatch: pytest.MonkeyPatch) -> None:
    row = generation(status=GenerationStatus.RUNNING)
    clock = [100.0]
    monkeypatch.setattr(generation_events.time, "monotonic", lambda: clock[0])
    monkeypatch.setattr(generation_events, "_noted", {})

    generation_events._fetch({row.pk: 0})
    row.refresh_from_db()
    assert row.watched_until is not None
    assert row.watched_until > timezone.now()

    Generation.objects.update(watched_until=None)
    generation_events._fetch({row.pk: 0})
    row.refresh_from_db()
    assert row.watched_until is None

    clock[0] += NOTE_AGAIN_SECONDS
    generation_events._fetch({row.pk: 0})
    row.refresh_from_db()
    assert row.watched_until is not None


class Asked:
    """A hub's store that keeps from where it was asked, and has three events of a generation that is over."""

    def __init__(self) -> None:
        self.positions: list[dict[int, int]] = []

    def fetch(self, positions: Mapping[int, int]) -> Mapping[int, Fresh]:
        self.positions.append(dict(positions))
        return {
            pk: Fresh(
                tuple(StreamEvent(number, f"id: {number}\n\n".encode()) for number in range(seen + 1, 4)),
                3,
                True,
            )
            for pk, seen in positions.items()
        }


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> Asked:
    made = Asked()
    monkeypatch.setattr(generation_events, "hub", EventHub(made.fetch, period=0.01))
    return made


def answer(of: Generation, query: str = "", **headers: str) -> StreamingHttpResponse:
    request = AsyncRequestFactory().get(f"/generations/{of.key}/events/{query}", headers=headers)
    request.user = person("dan", "reader")
    response = generation_events.generation_events(request, key=of.key)
    assert isinstance(response, StreamingHttpResponse)
    return response


def text_of(response: StreamingHttpResponse) -> str:
    async def read() -> bytes:
        return b"".join([part async for part in response])  # type: ignore[union-attr]

    return asyncio.run(asyncio.wait_for(read(), 10)).decode()


def test_it_says_all_events_and_that_there_are_no_more(asked: Asked) -> None:
    response = answer(generation())

    assert response["Content-Type"] == "text/event-stream"
    assert "no-store" in response["Cache-Control"]
    assert text_of(response) == "retry: 2000\n\nid: 1\n\nid: 2\n\nid: 3\n\nevent: end\ndata: {}\n\n"


@pytest.mark.parametrize(
    ("query", "headers", "first"),
    [
        ("?after=2", {}, 2),
        ("?after=0", {"last-event-id": "2"}, 2),
        ("?after=nonsense", {}, 0),
        ("?after=1", {"last-event-id": ""}, 1),
    ],
)
def test_it_goes_on_from_what_the_browser_saw_last(
    asked: Asked, query: str, headers: dict[str, str], first: int
) -> None:
    of = generation()

    text_of(answer(of, query, **headers))

    assert asked.positions[0] == {of.pk: first}


def test_a_watcher_holds_no_connection_of_the_database(asked: Asked, monkeypatch: pytest.MonkeyPatch) -> None:
    closed: list[bool] = []
    of = generation()
    monkeypatch.setattr(connection, "close", lambda: closed.append(True))

    answer(of)

    assert closed


def test_it_breaks_off_after_its_time_so_that_the_browser_signs_in_again(
    asked: Asked, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(generation_events, "LONGEST_SECONDS", 0.0)

    assert "event: end" not in text_of(answer(generation()))


def test_there_is_no_stream_of_what_does_not_exist(asked: Asked) -> None:
    with pytest.raises(Http404):
        answer(Generation(key="nothing"))


def test_a_database_that_does_not_answer_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    from django.db import OperationalError

    def broken(_positions: Any) -> None:
        raise OperationalError("locked")

    monkeypatch.setattr(generation_events, "fresh_events", broken)

    assert generation_events._fetch({1: 0}) == {}


@pytest.mark.parametrize(
    ("text", "number"), [("7", 7), ("", None), ("-1", None), ("²", None), ("9" * 12, None)]
)
def test_a_number_that_is_none_is_not_taken(text: str, number: int | None) -> None:
    assert event_number(text) == number
