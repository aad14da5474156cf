"""One publisher at a time in a library folder, and no reader in the middle of a publication."""

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

WORK_FOLDER = ".skill-fleet"
LOCK_FILE = "lock"
LOCK_SECONDS = 30.0
_PAUSE_SECONDS = 0.05


def lock(descriptor: int, *, is_shared: bool = False, seconds: float = LOCK_SECONDS) -> bool:
    """Lock an open file, alone or with other readers; return False when others kept it for longer than ``seconds``.

    The lock goes with the descriptor, also when the process dies.
    """
    kind = fcntl.LOCK_SH if is_shared else fcntl.LOCK_EX
    until = time.monotonic() + seconds
    while True:
        try:
            fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() >= until:
                return False
            time.sleep(_PAUSE_SECONDS)
        else:
            return True


@contextmanager
def undisturbed(root: Path, *, seconds: float = LOCK_SECONDS) -> Iterator[bool]:
    """Keep publishers out of the library at ``root`` while something of it is read, so that old and new never mix.

    Yields False, and keeps nobody out, where nobody ever published, the lock cannot be read, or a publisher takes longer
    than ``seconds``.
    """
    try:
        descriptor = os.open(root / WORK_FOLDER / LOCK_FILE, os.O_RDONLY | os.O_NOFOLLOW)
    except OSError:
        yield False
        return
    try:
        yield lock(descriptor, is_shared=True, seconds=seconds)
    finally:
        os.close(descriptor)
