"""Folders of the library that change places together: each step can be made again after a crash, and taken back.

All of them are lifted into the stage first, and put down from there. So folders may change places with each other, and what
waits in the stage says how far it went.
"""

import errno
import os
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from skills_app.adapters.durable_files import make_folders, sync_folder, write_durably
from skills_app.adapters.staged_index import StagedIndex
from skills_app.domain.errors import PublishingConflict
from skills_app.domain.folder_moves import landing_of
from skills_app.domain.index_moving import IndexMoves
from skills_app.domain.paths import lineage, parent_of

_LIFTED = "all-lifted"


@dataclass(frozen=True, slots=True)
class FolderMove:
    """The path of a folder in the library, before and after; both are equal for one that stays when what holds it goes."""

    source: str
    target: str


@dataclass(frozen=True, slots=True)
class LibraryMove:
    """Folders and index entries that move together; ``reference`` is the caller's, ``message`` is for git."""

    reference: str
    moves: tuple[FolderMove, ...]
    index: IndexMoves
    message: str


@dataclass(frozen=True, slots=True)
class MoveJournal:
    """A move as it is written down, with its stage; without an index there was none to change."""

    reference: str
    stage: str
    moves: tuple[FolderMove, ...]
    index: IndexMoves | None
    message: str

    @property
    def paths(self) -> list[str]:
        """The folders that something left or entered."""
        pairs = [pair for pair in self.moves if pair.source != pair.target]
        return sorted({path for pair in pairs for path in (pair.source, pair.target)})


class MovingSteps:
    """The library at ``root`` and the stage of one move, both on one disk."""

    def __init__(self, root: Path, stage: Path) -> None:
        self.root, self.stage = root, stage
        self.index = StagedIndex(root, stage)
        self.marker = stage / _LIFTED

    def apply(self, journal: MoveJournal) -> None:
        """Make every step that is not made yet.

        Raises:
            PublishingConflict: something else lies where a folder is to go.
            OSError: the disk refuses.
        """
        numbered = list(enumerate(journal.moves))
        if not self.marker.exists():
            self._lift_all((number, move.source) for number, move in numbered)
            self._tidy(move.source for move in journal.moves)
            write_durably(self.marker, b"")
            sync_folder(self.stage)
        for number, move in sorted(numbered, key=lambda each: _depth(each[1].target)):
            self._put_down(number, move.target)
        self._tidy(move.target for move in journal.moves)
        if journal.index is not None:
            self.index.put_once(journal.index)

    def undo(self, journal: MoveJournal) -> None:
        """Take back every step that was made."""
        if journal.index is not None:
            self.index.put_back()
        numbered = list(enumerate(journal.moves))
        if self.marker.exists():
            self._lift_all((number, move.target) for number, move in numbered)
            self._tidy(move.target for move in journal.moves)
            os.unlink(self.marker)
            sync_folder(self.stage)
        for number, move in sorted(numbered, key=lambda each: _depth(each[1].source)):
            self._put_down(number, move.source)
        self._tidy(path for move in journal.moves for path in (move.source, move.target))

    def _lift_all(self, numbered: Iterable[tuple[int, str]]) -> None:
        """Lift folders, the innermost first; one that only held them does not stay behind in a folder that is lifted next."""
        paths = {path: number for number, path in numbered}
        for path in sorted(paths, key=_depth, reverse=True):
            self._lift(paths[path], path)
            for folder in reversed(lineage(parent_of(path))):
                if folder in paths or not _is_removed(self.root / folder):
                    break

    def _lift(self, number: int, path: str) -> None:
        waiting = self.stage / f"moved-{number}"
        if not os.path.lexists(waiting):
            os.rename(self.root / path, waiting)

    def _put_down(self, number: int, path: str) -> None:
        waiting, place = self.stage / f"moved-{number}", self.root / path
        if not os.path.lexists(waiting):
            return
        make_folders(place.parent, below=self.root)
        try:
            if not waiting.is_dir() and os.path.lexists(place):  # a file would replace another without a word
                raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(place))
            os.rename(waiting, place)
        except OSError as error:
            if error.errno not in (errno.ENOTEMPTY, errno.EEXIST, errno.ENOTDIR):
                raise
            raise PublishingConflict(
                f"In {place} lies something already, so nothing can move there. Move it away first."
            ) from error

    def _tidy(self, paths: Iterable[str]) -> None:
        """Remove folders above ``paths`` that hold nothing any more, and wait until all names are on the disk."""
        for folder in sorted({(self.root / path).parent for path in paths}):
            while folder != self.root and _is_removed(folder):
                folder = folder.parent
            sync_folder(folder)
        sync_folder(self.stage)


def check_ways(root: Path, moves: Iterable[FolderMove]) -> None:
    """Raise PublishingConflict when a folder to move, or one above it, is a link: what it leads to is not ours."""
    known: set[Path] = set()
    for move in moves:
        place = root / move.source
        while place != root and place not in known:
            if place.is_symlink():
                raise PublishingConflict(
                    f"{place} is a link, so nothing in it is moved. Put the folder there."
                )
            known.add(place)
            place = place.parent


def in_the_way(root: Path, moves: Iterable[FolderMove]) -> Iterator[tuple[FolderMove, str]]:
    """Yield each move that the folders refuse as they are now, with the path of what is in its way; writes nothing.

    That is something at its new path that no move takes away, a file or a link above that, or a link on its old way.
    """
    pairs = {move.source: move for move in moves if os.path.lexists(root / move.source)}
    landings = {source: move.target for source, move in pairs.items()}
    coming = {move.target: source for source, move in pairs.items()}
    above = {path for source in pairs for path in lineage(parent_of(source))}
    for source, move in pairs.items():
        found = next(
            (path for path in (*lineage(parent_of(source)), source) if (root / path).is_symlink()), ""
        )
        if not found and source != move.target:
            found = _held(root, move.target, landings, coming, above)
        if found:
            yield move, found


def _held(
    root: Path,
    target: str,
    landings: Mapping[str, str],
    coming: Mapping[str, str],
    above: Collection[str],
) -> str:
    """Return what will lie at ``target`` or bar the way to it when all is lifted and the folders around it are put down."""
    for path in lineage(parent_of(target)):
        place = root / path
        if (
            os.path.lexists(place)
            and (place.is_symlink() or not place.is_dir())
            and landing_of(path, landings) == path
        ):
            return path
    now = [target]
    now += [coming[path] + target.removeprefix(path) for path in lineage(parent_of(target)) if path in coming]
    return next(
        (
            left
            for path in now
            if path not in landings and landing_of(path, landings) == target
            for left in _left(root, path, landings, above)
        ),
        "",
    )


def _left(root: Path, path: str, landings: Collection[str], above: Collection[str]) -> Iterator[str]:
    """Yield what stays at ``path`` of what lies there, when the folders in ``landings`` are lifted out of it."""
    place = root / path
    if not os.path.lexists(place):
        return
    if place.is_symlink() or not place.is_dir():
        yield path
        return
    for name in sorted(os.listdir(place)):
        inner = f"{path}/{name}"
        if inner in above:
            yield from _left(root, inner, landings, above)
        elif inner not in landings:
            yield inner


def _depth(path: str) -> int:
    return path.count("/")


def _is_removed(folder: Path) -> bool:
    """Remove an empty folder; say whether it is not there (any more)."""
    try:
        os.rmdir(folder)
    except FileNotFoundError:
        return True
    except OSError:
        return False
    return True
