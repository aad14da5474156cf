"""What a publication or a move is about to do, written down before it does it, so that any later process can end it."""

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from skills_app.adapters.durable_files import replace_durably, sync_folder
from skills_app.adapters.library_moves import FolderMove, MoveJournal
from skills_app.domain.errors import PublishingConflict
from skills_app.domain.index_moving import IndexMoves
from skills_app.domain.index_writing import IndexChange

JOURNAL = "journal.json"


@dataclass(frozen=True, slots=True)
class FolderStep:
    """One folder: its path in the library, the digests before and after (empty: none), and where both lie meanwhile.

    ``staged`` and ``kept`` are names in the stage; ``staged`` is where the new folder waits, and holds the old one once
    both have changed places; ``kept`` takes the old one where they cannot.
    """

    path: str
    old_digest: str
    new_digest: str
    staged: str
    kept: str


@dataclass(frozen=True, slots=True)
class Journal:
    """All steps of one publication, the folder of its stage, and what the caller knows it by."""

    reference: str
    stage: str
    steps: tuple[FolderStep, ...]
    index: IndexChange
    message: str


def write_journal(folder: Path, journal: Journal | MoveJournal) -> None:
    """Write the journal in one step; from then on the publication is finished, whoever has to do it."""
    data: dict[str, Any] = {
        "reference": journal.reference,
        "stage": journal.stage,
        "index": journal.index.as_data() if journal.index else None,
        "message": journal.message,
    }
    if isinstance(journal, MoveJournal):
        data["moves"] = [asdict(move) for move in journal.moves]
    else:
        data["steps"] = [asdict(step) for step in journal.steps]
    replace_durably(folder / JOURNAL, json.dumps(data).encode(), staged=folder / journal.stage / JOURNAL)


def read_journal(folder: Path) -> Journal | MoveJournal | None:
    """Return the journal that waits in ``folder``, or None.

    Raises:
        PublishingConflict: the file there is no journal of ours.
    """
    try:
        return _journal(json.loads((folder / JOURNAL).read_bytes()))
    except FileNotFoundError:
        return None
    except (ValueError, KeyError, TypeError) as error:
        message = f"{folder / JOURNAL} cannot be read as the journal of a publication."
        raise PublishingConflict(f"{message} Compare the library with its backup, then remove it.") from error


def _journal(data: Any) -> Journal | MoveJournal:
    reference, stage, message = str(data["reference"]), str(data["stage"]), str(data["message"])
    if "moves" in data:
        moves = tuple(FolderMove(**move) for move in data["moves"])
        index = IndexMoves.from_data(data["index"]) if data["index"] else None
        return MoveJournal(reference, stage, moves, index, message)
    steps = tuple(FolderStep(**step) for step in data["steps"])
    return Journal(reference, stage, steps, IndexChange.from_data(data["index"]), message)


def remove_journal(folder: Path) -> None:
    """Take the journal away; the publication is over."""
    os.unlink(folder / JOURNAL)
    sync_folder(folder)
