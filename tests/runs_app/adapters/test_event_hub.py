"""One poller for all who watch: nothing missed, nothing doubled, one question for everybody, and an end."""

import asyncio
from collections.abc import Callable, Coroutine, Mapping
from typing import Any

import pytest

from runs_app.adapters.event_hub import EventHub, Signal
from runs_app.domain.event_stream import Fresh, StreamEvent

FAST = 0.01


class Store:
    """Events of generations in memory, with every question that was asked."""

    def __init__(self) -> None:
        self.last: dict[int, int] = {}
        self.over: set[int] = set()
        self.asked: list[dict[int, int]] = []
        self.most = 1_000
        self.is_broken = False
        self.num_closed = 0

    def add(self, generation: int, number: int = 1) -> None:
        self.last[generation] = self.last.get(generation, 0) + number

    def fetch(self, positions: Mapping[int, int]) -> Mapping[int, Fresh]:
        self.asked.append(dict(positions))
        found = {}
        for pk, seen in positions.items():
            last = self.last.get(pk, 0)
            numbers = range(seen + 1, min(last, seen + self.most) + 1)
            events = tuple(StreamEvent(number, b"") for number in numbers)
            found[pk] = Fresh(events, last, pk in self.over)
        return {} if self.is_broken else found

    def close(self) -> None:
        self.num_closed += 1

    def hub(self, **options: Any) -> EventHub:
        return EventHub(self.fetch, period=FAST, close=self.close, **options)


def run(test: Callable[[], Coroutine[Any, Any, None]]) -> None:
    asyncio.run(asyncio.wait_for(test(), 20))


async def numbers_of(hub: EventHub, generation: int, *, after: int = 0) -> list[int]:
    """Watch to the end; return the number of every event that came."""
    found: list[int] = []
    async for told in hub.watch(generation, after=after):
        if not isinstance(told, Signal):
            found += [event.number for event in told]
    return found


def test_a_watcher_gets_what_there_was_and_what_comes_once_and_in_order() -> None:
    async def test() -> None:
        store = Store()
        store.add(1, 5)
        hub = store.hub()
        watching = asyncio.create_task(numbers_of(hub, 1, after=2))
        for _ in range(20):
            await asyncio.sleep(FAST / 2)
            store.add(1)
        store.over.add(1)
        assert await watching == list(range(3, 26))

    run(test)


def test_one_who_comes_back_goes_on_from_the_last_number() -> None:
    async def test() -> None:
        store = Store()
        store.add(1, 10)
        hub = store.hub()
        found: list[int] = []
        async for told in hub.watch(1, after=0):
            assert not isinstance(told, Signal)
            found += [event.number for event in told]
            break
        store.add(1, 3)
        store.over.add(1)

        assert found + await numbers_of(hub, 1, after=found[-1]) == list(range(1, 14))

    run(test)


def test_two_hundred_watchers_of_twenty_generations_are_one_question() -> None:
    async def test() -> None:
        store = Store()
        hub = store.hub()
        watching = [asyncio.create_task(numbers_of(hub, number % 20)) for number in range(200)]
        await asyncio.sleep(0)
        for generation in range(20):
            store.add(generation, 7)
        await asyncio.sleep(10 * FAST)
        assert hub.num_watchers == 200
        asked = len(store.asked)
        store.over |= set(range(20))

        found = await asyncio.gather(*watching)

        assert found == [list(range(1, 8))] * 200
        assert asked < 60
        assert all(len(one) <= 20 for one in store.asked)

    run(test)


def test_a_late_watcher_does_not_double_what_others_saw() -> None:
    async def test() -> None:
        store = Store()
        store.add(1, 4)
        hub = store.hub()
        early = asyncio.create_task(numbers_of(hub, 1))
        await asyncio.sleep(5 * FAST)
        late = asyncio.create_task(numbers_of(hub, 1))
        store.add(1, 4)
        await asyncio.sleep(5 * FAST)
        store.over.add(1)

        assert await early == await late == list(range(1, 9))

    run(test)


def test_what_does_not_fit_into_one_answer_comes_with_the_next() -> None:
    async def test() -> None:
        store = Store()
        store.most = 3
        store.add(1, 10)
        store.over.add(1)

        assert await numbers_of(store.hub(), 1) == list(range(1, 11))

    run(test)


def test_one_that_is_over_ends_at_once() -> None:
    async def test() -> None:
        store = Store()
        store.add(1, 2)
        store.over.add(1)

        assert [told async for told in store.hub().watch(1, after=2)] == [Signal.END]

    run(test)


def test_nothing_is_asked_when_nobody_watches_and_the_connection_is_closed() -> None:
    async def test() -> None:
        store = Store()
        store.add(1)
        store.over.add(1)
        hub = store.hub()
        await numbers_of(hub, 1)
        await asyncio.sleep(5 * FAST)
        asked = len(store.asked)
        await asyncio.sleep(5 * FAST)

        assert len(store.asked) == asked
        assert store.num_closed == 1
        assert hub.num_watchers == 0
        assert await numbers_of(hub, 1) == [1]

    run(test)


def test_one_who_leaves_is_forgotten() -> None:
    async def test() -> None:
        store = Store()
        hub = store.hub()
        watching = asyncio.create_task(numbers_of(hub, 1))
        await asyncio.sleep(3 * FAST)
        watching.cancel()
        with pytest.raises(asyncio.CancelledError):
            await watching

        assert hub.num_watchers == 0

    run(test)


def test_there_are_signs_of_life_and_a_pause_when_nothing_happens() -> None:
    async def test() -> None:
        told = [one async for one in Store().hub(beat=FAST).watch(1, after=0, idle_seconds=5 * FAST)]

        assert told[0] is Signal.STILL_HERE
        assert told[-1] is Signal.PAUSE
        assert told.count(Signal.PAUSE) == 1

    run(test)


def test_an_answer_that_fails_is_asked_for_again_and_nothing_is_lost() -> None:
    async def test() -> None:
        store = Store()
        store.is_broken = True
        store.add(1, 3)
        store.over.add(1)
        watching = asyncio.create_task(numbers_of(store.hub(), 1))
        await asyncio.sleep(5 * FAST)
        store.is_broken = False

        assert await watching == [1, 2, 3]

    run(test)


def test_one_who_takes_nothing_does_not_pile_up_and_misses_nothing() -> None:
    async def test() -> None:
        store = Store()
        hub = store.hub()
        watching = hub.watch(1, after=0)
        store.add(1)
        first = await anext(watching)
        for _ in range(120):
            store.add(1)
            await asyncio.sleep(FAST)
        store.over.add(1)
        assert not isinstance(first, Signal)
        found = [event.number for event in first]
        num_batches = 0
        async for told in watching:
            if not isinstance(told, Signal):
                num_batches += 1
                found += [event.number for event in told]

        assert found == list(range(1, 122))
        assert num_batches <= 60

    run(test)
