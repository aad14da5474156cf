"""A stop for work that would never end, so that a test of hostile input fails instead of hanging."""

import contextlib
import signal
from collections.abc import Iterator
from types import FrameType


class NeverEnds(AssertionError):
    """The work took more of the processor than anything near linear could."""


@contextlib.contextmanager
def within_reason(processor_seconds: float = 60.0) -> Iterator[None]:
    """Stop what runs inside once it has used so much of the processor.

    Nothing is measured: callers choose sizes at which linear work needs about a hundredth of this and quadratic work
    many times as much. The time of this process alone counts, so that a busy machine changes nothing.
    """

    def stop(_number: int, _frame: FrameType | None) -> None:
        raise NeverEnds(f"still at work after {processor_seconds:g} seconds of processor time")

    before = signal.signal(signal.SIGVTALRM, stop)
    signal.setitimer(signal.ITIMER_VIRTUAL, processor_seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)
