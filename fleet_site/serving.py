"""What a process does once before it answers: the same for every server and for the benchmarks that stand in for one."""

import contextlib
import ctypes
import gc

from django.urls import get_resolver

# How many objects more than were freed begin a collection of the youngest, and how many of these, and again of those, begin
# one of the next older. A page that reads ten thousand rows would else walk all that lives several times.
COLLECT_AFTER = (10_000, 20, 20)
_M_ARENA_MAX = -8


def ready_to_serve() -> None:
    """Import every view now, keep what start-up made out of later garbage collections, and make these rarer."""
    _ = get_resolver().url_patterns
    keep_for_good()
    collect_less_often()


def keep_for_good() -> None:
    """Keep all that is here now out of every later garbage collection.

    Those hundred thousand objects live as long as the process: to walk them all took some 70 ms out of one answer in ten,
    and in a forked process copies every page that holds one.
    """
    gc.collect()
    gc.freeze()


def collect_less_often() -> None:
    """Let garbage collections begin after more objects: a streamed answer makes thousands, of which hardly any need one."""
    gc.set_threshold(*COLLECT_AFTER)


def share_heaps() -> None:
    """Let all threads of this process and of those that it forks share two heaps of the C library.

    The GNU library gives every thread its own, up to eight for each processor, and what one frees the others cannot use.
    Where there is another library, nothing happens.
    """
    with contextlib.suppress(OSError, AttributeError, TypeError):
        ctypes.CDLL(None).mallopt(_M_ARENA_MAX, 2)
