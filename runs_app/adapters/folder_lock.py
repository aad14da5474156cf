"""One process at a time: a lock on a file, which the system lets go when its process ends."""

import contextlib
import fcntl
from collections.abc import Iterator
from pathlib import Path


@contextlib.contextmanager
def hold_file(path: Path) -> Iterator[bool]:
    """Hold ``path`` for the block and yield True, or yield False at once when another holds it; nobody waits."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a") as stream:
        try:
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
            return
        try:
            yield True
        finally:
            # A forked child may still hold the same open file.
            fcntl.flock(stream, fcntl.LOCK_UN)
