"""One poller a process for everybody who watches: it asks for all that is new at once and hands it round."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from enum import Enum

from runs_app.domain.event_stream import Fresh, StreamEvent

Fetch = Callable[[Mapping[int, int]], Mapping[int, Fresh]]
# A watcher that takes nothing for so many batches gets no more until it does; nothing is lost, it is asked for again.
MOST_WAITING = 50


class Signal(Enum):
    """What a watcher is told besides events."""

    STILL_HERE = "still here"
    END = "end"
    PAUSE = "pause"


Told = tuple[StreamEvent, ...] | Signal


@dataclass(eq=False)
class _Watcher:
    generation_id: int
    seen: int
    queue: asyncio.Queue[Told] = field(default_factory=asyncio.Queue)

    def take(self, fresh: Fresh) -> None:
        # What was asked for before this watcher came, or caught up, may begin too late for it; the next look brings it.
        if fresh.events and fresh.events[0].number > self.seen + 1:
            return
        new = tuple(event for event in fresh.events if event.number > self.seen)
        if new:
            self.seen = new[-1].number
            self.queue.put_nowait(new)
        if fresh.is_over and self.seen >= fresh.last:
            self.queue.put_nowait(Signal.END)


class EventHub:
    """Hands new events of generations to their watchers.

    ``fetch`` gets the last number seen by generation and returns what is new of each; it runs in a thread of its own,
    every ``period`` seconds while anybody watches, and ``close`` there at the end.
    """

    def __init__(
        self,
        fetch: Fetch,
        *,
        period: float = 0.3,
        beat: float = 15.0,
        close: Callable[[], None] = lambda: None,
    ) -> None:
        self._fetch = fetch
        self._close = close
        self._period = period
        self._beat = beat
        self._watchers: set[_Watcher] = set()
        self._poller: asyncio.Task[None] | None = None

    @property
    def num_watchers(self) -> int:
        """How many watch now."""
        return len(self._watchers)

    async def watch(
        self, generation_id: int, *, after: int, idle_seconds: float = 600.0
    ) -> AsyncGenerator[Told, None]:
        """Yield batches of events after number ``after``, in order, without gaps or doubles; signs of life in between.

        The last item is ``END`` when the generation is over, or ``PAUSE`` after ``idle_seconds`` without an event.
        """
        watcher = _Watcher(generation_id, after)
        self._watchers.add(watcher)
        self._begin()
        loop = asyncio.get_running_loop()
        last = loop.time()
        try:
            while True:
                try:
                    told = await asyncio.wait_for(watcher.queue.get(), self._beat)
                    last = loop.time()
                except TimeoutError:
                    told = Signal.PAUSE if loop.time() - last >= idle_seconds else Signal.STILL_HERE
                    self._begin()
                yield told
                if told in (Signal.END, Signal.PAUSE):
                    return
        finally:
            self._watchers.discard(watcher)

    def _begin(self) -> None:
        # Made here, inside the generator that streams: a task of a view would die with its request.
        if self._poller is None or self._poller.done():
            self._poller = asyncio.create_task(self._poll())

    async def _poll(self) -> None:
        loop = asyncio.get_running_loop()
        thread = ThreadPoolExecutor(1, thread_name_prefix="event hub")
        try:
            while self._watchers:
                began = loop.time()
                fresh = await loop.run_in_executor(thread, self._fetch, self._positions())
                for watcher in tuple(self._watchers):
                    found = fresh.get(watcher.generation_id)
                    if found is not None and watcher.queue.qsize() < MOST_WAITING:
                        watcher.take(found)
                await asyncio.sleep(max(0.02, self._period - (loop.time() - began)))
        finally:
            thread.submit(self._close)
            thread.shutdown(wait=False)

    def _positions(self) -> dict[int, int]:
        """Return the lowest number that any watcher of a generation has seen."""
        found: dict[int, int] = {}
        for watcher in self._watchers:
            if watcher.queue.qsize() < MOST_WAITING:
                known = found.get(watcher.generation_id, watcher.seen)
                found[watcher.generation_id] = min(known, watcher.seen)
        return found
