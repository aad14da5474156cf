"""The index of a library while it is changed: as it was and as it will be, side by side in the stage."""

import os
import stat
from pathlib import Path
from typing import Protocol

from skills_app.adapters.durable_files import replace_durably, sync_folder, write_durably
from skills_app.domain.errors import PublishingConflict

INDEX_FILE = "taxonomy_index.json"
_NEW, _OLD = "index.new", "index.old"


class ChangeOfIndex(Protocol):
    """What becomes of an index: its bytes after the change, the same ones when it is made already or means nothing."""

    def merged(self, current: bytes | None) -> bytes:
        """Return the index with the change made; ``current`` are its bytes now, None when there is none."""


class StagedIndex:
    """The index below ``root``; ``stage`` is a folder on the same disk."""

    def __init__(self, root: Path, stage: Path) -> None:
        self.root, self.stage = root, stage
        self.index = root / INDEX_FILE

    def read(self) -> bytes | None:
        """Return the index as it lies there, or None.

        Raises:
            PublishingConflict: it is a link or no file.
        """
        try:
            if not stat.S_ISREG(os.lstat(self.index).st_mode):
                raise PublishingConflict(f"{self.index} is a link or no file. Put the index itself there.")
            return self.index.read_bytes()
        except FileNotFoundError:
            return None

    def lay_out(self, change: ChangeOfIndex) -> None:
        """Write the index as it was and as it will be into the stage; raises PublishingConflict when it is no index."""
        current = self.read()
        if current is not None:
            write_durably(self.stage / _OLD, current)
        write_durably(self.stage / _NEW, change.merged(current))

    def put(self, change: ChangeOfIndex) -> None:
        """Put the new index in place, with what others wrote into it since it was laid out."""
        current = self.read()
        wanted = change.merged(current)
        if wanted == current:
            return
        staged = self.stage / _NEW
        if staged.is_file() and staged.read_bytes() == wanted:
            os.rename(staged, self.index)
            sync_folder(self.root)
        else:
            replace_durably(self.index, wanted, staged=self.stage / "index.again")

    def put_once(self, change: ChangeOfIndex) -> None:
        """Put the new index in place, unless that was done: for a change that means something else the second time."""
        staged, current = self.stage / _NEW, self.read()
        if not staged.exists():
            return
        kept = self.stage / _OLD
        if current is None or (kept.exists() and kept.read_bytes() == current):
            os.rename(staged, self.index)
            sync_folder(self.root)
        else:
            replace_durably(self.index, change.merged(current), staged=self.stage / "index.again")
            os.unlink(staged)
        sync_folder(self.stage)

    def put_back(self) -> None:
        """Put the index back as it was, unless the new one was never put in place."""
        old, new = self.stage / _OLD, self.stage / _NEW
        if new.exists():
            return
        if old.exists():
            # The old one stays in the stage, so that this may be made again; a link needs no room on a full disk.
            back = self.stage / "index.back"
            back.unlink(missing_ok=True)
            os.link(old, back)
            os.rename(back, self.index)
        else:
            self.index.unlink(missing_ok=True)
        sync_folder(self.root)
