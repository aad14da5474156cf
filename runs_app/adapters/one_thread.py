"""One thread that runs functions one after another, those first that others wait for."""

import itertools
import queue
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, TypeVar

T = TypeVar("T")
# Behind every rank that a function may have.
_LAST = 2**31


class OneThread:
    """Runs functions on a thread of its own: the lowest rank first, and of one rank in the order in which they came.

    What belongs to one thread, such as a connection to a database, is used by these functions alone. The thread ends
    with the process when nobody closed it.
    """

    def __init__(self, name: str) -> None:
        self._waiting: queue.PriorityQueue[tuple[int, int, Future[Any], Callable[[], Any]]] = (
            queue.PriorityQueue()
        )
        self._numbers = itertools.count()
        self._thread = threading.Thread(target=self._work, name=name, daemon=True)
        self._thread.start()

    def submit(self, function: Callable[[], T], *, rank: int) -> Future[T]:
        """Have a function run in its turn; return what will hold its result, and lets it be cancelled until it runs."""
        done: Future[T] = Future()
        self._waiting.put((rank, next(self._numbers), done, function))
        return done

    def close(self) -> None:
        """Wait until all that was submitted has run, and end the thread."""
        self._waiting.put((_LAST, next(self._numbers), Future(), lambda: None))
        self._thread.join()

    def _work(self) -> None:
        while True:
            rank, _, done, function = self._waiting.get()
            if rank == _LAST:
                return
            if not done.set_running_or_notify_cancel():
                continue
            try:
                result = function()
            except BaseException as error:  # noqa: BLE001  # it belongs to whoever waits for the result
                done.set_exception(error)
            else:
                done.set_result(result)
            # Nothing of what was done is kept until the next comes.
            del done, function
            result = None
