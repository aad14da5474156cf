"""The folder that agents load skills from: written in one step, finished after a crash, never over other people's changes."""

import errno
import logging
import os
import secrets
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, TypeVar

from skills_app.adapters.durable_files import make_folders, sync_tree, write_durably
from skills_app.adapters.library_git import commit_paths
from skills_app.adapters.library_lock import LOCK_FILE, LOCK_SECONDS, WORK_FOLDER, lock
from skills_app.adapters.library_moves import LibraryMove, MoveJournal, MovingSteps, check_ways
from skills_app.adapters.publishing_journal import (
    JOURNAL,
    FolderStep,
    Journal,
    read_journal,
    remove_journal,
    write_journal,
)
from skills_app.adapters.publishing_steps import PublishingSteps
from skills_app.adapters.skill_folder_state import FolderState, folder_state
from skills_app.adapters.staged_index import INDEX_FILE
from skills_app.domain.errors import PublishingConflict, PublishingError, PublishingUnfinished
from skills_app.domain.index_writing import IndexChange
from skills_app.domain.published_files import PublishedFile, digest_of_files

logger = logging.getLogger(__name__)
_STAGE = "stage-"
_AnyJournal = TypeVar("_AnyJournal", Journal, MoveJournal)
_Written = TypeVar("_Written", contravariant=True)


class _Steps(Protocol[_Written]):
    """The steps of one kind of journal, on disk."""

    def apply(self, journal: _Written) -> None:
        """Make every step that is not made yet."""

    def undo(self, journal: _Written) -> None:
        """Take back every step that was made."""


@dataclass(frozen=True, slots=True)
class FolderChange:
    """What one folder is to hold (None: it goes), and the digests of which one must lie there now (empty: nothing)."""

    path: str
    files: tuple[PublishedFile, ...] | None
    allowed: frozenset[str]


@dataclass(frozen=True, slots=True)
class Publication:
    """Folders and index entry that change together; ``reference`` is the caller's, ``message`` is for git."""

    reference: str
    changes: tuple[FolderChange, ...]
    index: IndexChange
    message: str


@dataclass(frozen=True, slots=True)
class PublicationOutcome:
    """What became of a publication: done or undone, its commit if there is one, and what is to be said of it."""

    reference: str
    is_done: bool
    commit: str = ""
    problem: str = ""


class PublishedLibrary:
    """The library folder at ``root``, made when it is missing. All writing happens while ``held`` is entered."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.work = root / WORK_FOLDER
        self._is_held = False

    @contextmanager
    def held(
        self, *, seconds: float = LOCK_SECONDS, is_kept: Callable[[str], bool] | None = None
    ) -> Iterator[list[PublicationOutcome]]:
        """Keep every other process out, having settled what a process that ended early had left.

        Yields what was settled. A thread of its own needs an object of its own. ``is_kept`` says of the reference of a
        move whether what belongs to it was kept; if not, the move is taken back. Without it no move may have been left.

        Raises:
            PublishingError: the folder cannot be written, or somebody else is publishing for longer than ``seconds``.
        """
        with said_of(self.root):
            self.root.mkdir(parents=True, exist_ok=True)
            make_folders(self.work, below=self.root)
            ignore = self.work / ".gitignore"
            if not ignore.exists():
                write_durably(ignore, b"*\n")
            descriptor = os.open(self.work / LOCK_FILE, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o644)
        try:
            if not lock(descriptor, seconds=seconds):
                raise PublishingError(f"Somebody else is at work in {self.root}. Try again in a moment.")
            self._is_held = True
            yield self._settle(is_kept)
        finally:
            self._is_held = False
            os.close(descriptor)

    @property
    def is_unfinished(self) -> bool:
        """Whether a publication waits to be finished; asks the disk and changes nothing."""
        return os.path.lexists(self.work / JOURNAL)

    def state_of(self, path: str) -> FolderState:
        """Return what lies at a skill's path.

        Raises:
            PublishingError: the disk refuses to read it.
        """
        with said_of(self.root):
            return folder_state(self.root / path)

    def publish(self, publication: Publication) -> PublicationOutcome:
        """Change folders and index as one: after a crash at any moment, all of it is done or none of it.

        Raises:
            PublishingConflict: something else lies there than what may be replaced, or the index cannot be read.
            PublishingUnfinished: it could neither be done nor undone; the next ``held`` settles it.
            PublishingError: the disk is full or may not be written. Nothing was changed, as with a conflict.
        """
        return self._finish(self._begun(PublishingSteps, lambda stage: self._stage(stage, publication)))

    def begin_move(self, move: LibraryMove) -> MoveJournal:
        """Move folders and index entries; ``end_move`` or ``take_back`` must follow.

        After a crash before either, ``is_kept`` of the next ``held`` decides which.

        Raises:
            PublishingConflict: something lies where a folder is to go, a folder is a link, or the index cannot be read.
            PublishingUnfinished: it could neither be done nor undone; the next ``held`` settles it.
            PublishingError: the disk is full or may not be written. Nothing was changed, as with a conflict.
        """
        return self._begun(MovingSteps, lambda stage: self._stage_move(stage, move))

    def end_move(self, journal: MoveJournal) -> PublicationOutcome:
        """Keep what ``begin_move`` did: commit it, where this is a git work tree, and forget the way back."""
        made = commit_paths(self.root, [*journal.paths, INDEX_FILE], journal.message)
        self._forget(journal)
        return PublicationOutcome(journal.reference, True, made.commit, made.problem)

    def take_back(self, journal: MoveJournal) -> None:
        """Put everything back that ``begin_move`` moved.

        Raises:
            PublishingError: the disk refuses; the next ``held`` takes it back.
        """
        with said_of(self.root):
            MovingSteps(self.root, self.work / journal.stage).undo(journal)
            remove_journal(self.work)
        shutil.rmtree(self.work / journal.stage, ignore_errors=True)

    # Staging: nothing of it can be seen from outside

    def _begun(
        self, steps_in: Callable[[Path, Path], _Steps[_AnyJournal]], staged: Callable[[Path], _AnyJournal]
    ) -> _AnyJournal:
        """Return the journal of what was staged, written down and done; when that fails, all of it is taken back."""
        if not self._is_held:
            raise RuntimeError("publish() and begin_move() belong inside held()")
        stage = self.work / f"{_STAGE}{secrets.token_hex(6)}"
        try:
            with said_of(self.root):
                journal = staged(stage)
                write_journal(self.work, journal)
        except BaseException:
            self._abandon(stage)
            raise
        steps = steps_in(self.root, stage)
        try:
            with said_of(self.root):
                steps.apply(journal)
        except PublishingError as error:
            self._undo(journal, steps, error)
            raise
        return journal

    def _stage_move(self, stage: Path, move: LibraryMove) -> MoveJournal:
        check_ways(self.root, move.moves)
        os.mkdir(stage)
        index = MovingSteps(self.root, stage).index
        is_told = index.read() is not None
        if is_told:
            index.lay_out(move.index)
        sync_tree(stage)
        return MoveJournal(
            move.reference, stage.name, move.moves, move.index if is_told else None, move.message
        )

    def _stage(self, stage: Path, publication: Publication) -> Journal:
        os.mkdir(stage)
        steps = []
        for number, change in enumerate(publication.changes):
            old = self._check(change)
            new = digest_of_files(change.files) if change.files is not None else ""
            staged = f"new-{number}"
            os.mkdir(stage / staged)
            for file in change.files or ():
                target = stage / staged / file.path
                make_folders(target.parent, below=stage / staged)
                write_durably(target, file.data, is_executable=file.is_executable)
            steps.append(FolderStep(change.path, old, new, staged, f"old-{number}"))
        journal = Journal(
            publication.reference, stage.name, tuple(steps), publication.index, publication.message
        )
        PublishingSteps(self.root, stage).index.lay_out(publication.index)
        sync_tree(stage)
        return journal

    def _check(self, change: FolderChange) -> str:
        """Return the digest of what lies there now; raises PublishingConflict when it is not to be replaced."""
        above = self.root
        for part in change.path.split("/")[:-1]:
            above = above / part
            if os.path.islink(above) or (above.exists() and not above.is_dir()):
                raise PublishingConflict(f"{above} is a file or a link, so no skill can be written below it.")
        state = folder_state(self.root / change.path)
        if state.obstacles:
            raise PublishingConflict(
                f"In {self.root / change.path}, {state.obstacles[0]}, which publishing would remove. Move it away first."
            )
        if state.digest not in change.allowed:
            what = "holds something else than what was published last" if state.digest else "is gone"
            raise PublishingConflict(
                f"{self.root / change.path} {what}. Take in what changed there, then promote again."
            )
        return state.digest

    def _abandon(self, stage: Path) -> None:
        """Take back what was staged; a journal that was written all the same must go first."""
        try:
            if self.is_unfinished:
                remove_journal(self.work)
        except OSError as error:
            raise PublishingUnfinished(
                f"{self.root} refuses to take a publication back: {error.strerror}."
            ) from error
        shutil.rmtree(stage, ignore_errors=True)

    # The end, and what a process that ended early has left

    def _undo(self, journal: _AnyJournal, steps: _Steps[_AnyJournal], error: PublishingError) -> None:
        try:
            with said_of(self.root):
                steps.undo(journal)
                remove_journal(self.work)
        except PublishingError as second:
            raise PublishingUnfinished(f"{error} It could not be undone either: {second}") from second
        shutil.rmtree(self.work / journal.stage, ignore_errors=True)

    def _finish(self, journal: Journal) -> PublicationOutcome:
        paths = [step.path for step in journal.steps]
        nested = [f"{path}/{inner}" for path in paths for inner in self.state_of(path).nested]
        made = commit_paths(self.root, [*paths, INDEX_FILE], journal.message, left_out=nested)
        self._forget(journal)
        return PublicationOutcome(journal.reference, True, made.commit, made.problem)

    def _forget(self, journal: Journal | MoveJournal) -> None:
        try:
            remove_journal(self.work)
            shutil.rmtree(self.work / journal.stage, ignore_errors=True)
        except OSError as error:
            # Everything is in its place; the next look finds that and takes the journal away.
            logger.warning("the journal of %s stays for now: %s", self.root, error)

    def _settle(self, is_kept: Callable[[str], bool] | None) -> list[PublicationOutcome]:
        """Finish what is written in the journal, or undo it where that cannot be; then clear the stages away."""
        outcomes = []
        with said_of(self.root):
            journal = read_journal(self.work)
        if isinstance(journal, MoveJournal):
            outcomes.append(self._resume_move(journal, is_kept))
        elif journal is not None:
            outcomes.append(self._resume(journal))
        for name in os.listdir(self.work):
            if name.startswith(_STAGE):
                shutil.rmtree(self.work / name, ignore_errors=True)
        return outcomes

    def _resume(self, journal: Journal) -> PublicationOutcome:
        steps = PublishingSteps(self.root, self.work / journal.stage)
        try:
            with said_of(self.root):
                steps.apply(journal)
        except PublishingError as error:
            self._undo(journal, steps, error)
            return PublicationOutcome(journal.reference, False, problem=str(error))
        return self._finish(journal)

    def _resume_move(self, journal: MoveJournal, is_kept: Callable[[str], bool] | None) -> PublicationOutcome:
        if is_kept is None:
            raise PublishingError(
                f"A move in {self.root} waits to be finished. Start the site, which does that."
            )
        if not is_kept(journal.reference):
            self.take_back(journal)
            return PublicationOutcome(journal.reference, False)
        with said_of(self.root):
            MovingSteps(self.root, self.work / journal.stage).apply(journal)
        return self.end_move(journal)


@contextmanager
def said_of(root: Path) -> Iterator[None]:
    """Turn a refusal of the disk into a sentence that says what to do.

    Raises:
        PublishingError: with that sentence, for every OSError inside.
    """
    try:
        yield
    except OSError as error:
        what = error.strerror or str(error)
        if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
            raise PublishingError(
                f"There is no room on the disk of {root} ({what}). Free some, then try again."
            ) from error
        if error.errno == errno.EXDEV:
            raise PublishingError(
                f"{root} lies on several disks, so it cannot change in one step."
            ) from error
        if error.errno in (errno.EROFS, errno.EACCES, errno.EPERM):
            raise PublishingError(
                f"{root} may not be written ({what}). Let the site's user write there, or set FLEET_LIBRARY_DIR."
            ) from error
        raise PublishingError(f"{root} cannot be written: {what}.") from error
