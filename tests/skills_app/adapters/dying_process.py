"""A process that is killed at one chosen call to the system, so that every moment of a piece of work can be tried."""

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from typing import Any

from skills_app.adapters import publishing_steps

CALLS = ("mkdir", "open", "write", "fsync", "fchmod", "chmod", "rename", "unlink", "rmdir", "link")


def run_and_die(work: Callable[[], object], *, before_call: int, counts_database: bool = False) -> bool:
    """Run ``work`` in a child that is killed before its nth call; return whether it came to its end alive.

    Calls to the system are counted and, with ``counts_database``, statements and both sides of a commit.

    Raises:
        AssertionError: the work failed by itself.
    """
    child = os.fork()
    if not child:
        code = 1
        try:
            count = count_calls(before_call)
            with _counted_database(count) if counts_database else nullcontext():
                work()
            code = 0
        finally:
            os._exit(code)
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status):
        assert os.WTERMSIG(status) == signal.SIGKILL
        return False
    assert os.WEXITSTATUS(status) == 0, "the work failed instead of being killed"
    return True


def count_calls(before_call: int) -> Callable[[], None]:
    """Kill this process before its nth call to the system; return what counts one more call of another kind."""
    made = 0

    def count() -> None:
        nonlocal made
        made += 1
        if made >= before_call:
            os.kill(os.getpid(), signal.SIGKILL)

    def deadly(call: Callable[..., Any]) -> Callable[..., Any]:
        def counted(*args: Any, **kwargs: Any) -> Any:
            count()
            return call(*args, **kwargs)

        return counted

    for name in CALLS:
        setattr(os, name, deadly(getattr(os, name)))
    publishing_steps.exchange = deadly(publishing_steps.exchange)
    return count


@contextmanager
def _counted_database(count: Callable[[], None]) -> Iterator[None]:
    from django.db import connection

    commit = connection.commit

    def counted_commit() -> None:
        count()
        commit()
        count()

    def counted(execute: Callable[..., Any], *args: Any) -> Any:
        count()
        return execute(*args)

    connection.commit = counted_commit  # type: ignore[method-assign]
    with connection.execute_wrapper(counted):
        yield
