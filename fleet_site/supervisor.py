"""Run several processes as one: all stop together, and one that ends by itself ends the others."""

import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType

STOP_SECONDS = 12.0
POLL_SECONDS = 0.1
_PR_SET_PDEATHSIG = 1
_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@dataclass(frozen=True, slots=True)
class Child:
    """One process of ours, under the name that messages give it."""

    name: str
    process: "subprocess.Popen[bytes]"


class StopAsked(Exception):
    """Somebody asked the whole to stop (Ctrl-C, or a signal)."""


class Supervisor:
    """Starts children in process groups of their own, so that a Ctrl-C reaches only this process."""

    def __init__(self, say: Callable[[str], None]) -> None:
        self.say = say
        self.children: list[Child] = []

    def start(self, name: str, command: list[str]) -> Child:
        """Start one child; on Linux it gets SIGTERM when this process dies, however it dies."""
        process = subprocess.Popen(command, start_new_session=True, preexec_fn=_end_with_parent)
        child = Child(name, process)
        self.children.append(child)
        return child

    def ended(self) -> Child | None:
        """Return a child that has ended, if one has."""
        return next((child for child in self.children if child.process.poll() is not None), None)

    def watch(self) -> int:
        """Wait until a child ends or a stop is asked; stop the rest; return the exit code (0 after a stop)."""
        try:
            while (dead := self.ended()) is None:
                time.sleep(POLL_SECONDS)
        except StopAsked:
            self.say("Stopping…")
            self.stop()
            self.say("Stopped. Everything is kept in the data folder.")
            return 0
        self.say(
            f"The {dead.name} ended by itself ({describe_exit(dead.process.returncode)}). Stopping the rest."
        )
        self.stop()
        self.say(
            "Look above for its last words, then start again: nothing is lost, work goes on where it was."
        )
        return 1

    def stop(self) -> None:
        """Ask all children to end, wait, and kill the groups of those that do not."""
        deadline = time.monotonic() + STOP_SECONDS
        try:
            for child in self.children:
                _signal_group(child, signal.SIGTERM, is_whole=False)
            for child in self.children:
                child.process.wait(max(0.1, deadline - time.monotonic()))
        except (subprocess.TimeoutExpired, StopAsked):
            self.say("Something does not end; it is killed.")
        for child in self.children:
            _signal_group(child, signal.SIGKILL, is_whole=True)
            child.process.wait()


@contextmanager
def stop_signals() -> Iterator[None]:
    """Inside, Ctrl-C and the usual signals raise ``StopAsked`` in the main thread."""

    def ask(number: int, frame: FrameType | None) -> None:
        raise StopAsked

    before = {number: signal.signal(number, ask) for number in _SIGNALS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def describe_exit(code: int) -> str:
    """Return words for an exit code; a negative one is a signal."""
    if code >= 0:
        return f"exit code {code}"
    try:
        return f"signal {signal.Signals(-code).name}"
    except ValueError:
        return f"signal {-code}"


def _signal_group(child: Child, number: signal.Signals, *, is_whole: bool) -> None:
    """Signal the child, or all that it started too; either may be gone already."""
    try:
        if is_whole:
            os.killpg(child.process.pid, number)
        elif child.process.poll() is None:
            os.kill(child.process.pid, number)
    except (ProcessLookupError, PermissionError):
        return


def _end_with_parent() -> None:
    """In the child, before it starts: ask Linux for SIGTERM when the parent dies."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
