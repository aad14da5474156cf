"""The steps of a publication: each can be made again after a crash, and each can be taken back."""

import os
from pathlib import Path

from skills_app.adapters.durable_files import (
    exchange,
    link_tree,
    make_folders,
    sync_folder,
)
from skills_app.adapters.publishing_journal import FolderStep, Journal
from skills_app.adapters.skill_folder_state import FolderState, folder_state
from skills_app.adapters.staged_index import StagedIndex
from skills_app.domain.errors import PublishingConflict


class PublishingSteps:
    """The library at ``root`` and the stage of one publication, both on one disk."""

    def __init__(self, root: Path, stage: Path) -> None:
        self.root, self.stage = root, stage
        self.index = StagedIndex(root, stage)

    def apply(self, journal: Journal) -> None:
        """Make every step that is not made yet.

        Raises:
            PublishingConflict: a folder holds neither what it held before nor what it is to hold.
            OSError: the disk refuses.
        """
        for step in journal.steps:
            self._put(step)
        self.index.put(journal.index)

    def undo(self, journal: Journal) -> None:
        """Take back every step that was made; a folder that somebody changed since stays as it is."""
        self.index.put_back()
        for step in reversed(journal.steps):
            self._take_back(step)

    # Folders

    def _put(self, step: FolderStep) -> None:
        place, staged, kept = self.root / step.path, self.stage / step.staged, self.stage / step.kept
        state = folder_state(place)
        if self._is_made(step, state):
            return
        if state.digest != step.old_digest and not (not state.exists and kept.exists()):
            raise PublishingConflict(
                f"{place} was changed while it was published. Take in what changed there, then promote again."
            )
        make_folders(place.parent, below=self.root)
        for inner in state.nested:
            make_folders((staged / inner).parent, below=staged)
            link_tree(place / inner, staged / inner)
        if step.new_digest or state.nested:
            self._swap(place, staged, kept, state)
        else:
            os.rename(place, kept)
            self._prune(place.parent)
        self._sync(place)
        old = kept if kept.exists() else staged
        if old.exists() and folder_state(old).digest != step.old_digest:
            raise PublishingConflict(f"{place} was changed at this very moment. Promote again.")

    def _swap(self, place: Path, staged: Path, kept: Path, state: FolderState) -> None:
        if not state.exists:
            os.rename(staged, place)
        elif not exchange(place, staged):
            os.rename(place, kept)
            os.rename(staged, place)

    def _take_back(self, step: FolderStep) -> None:
        place, staged, kept = self.root / step.path, self.stage / step.staged, self.stage / step.kept
        state = folder_state(place)
        old = kept if kept.exists() else staged
        if state.exists and not self._is_made(step, state):
            return
        if not state.exists:
            if kept.exists():
                make_folders(place.parent, below=self.root)
                os.rename(kept, place)
            else:
                self._prune(place.parent)
        elif not old.exists():
            os.rename(place, staged)
            self._prune(place.parent)
        elif not exchange(place, old):
            os.rename(place, self.stage / f"undone-{step.staged}")
            os.rename(old, place)
        self._sync(place)

    def _is_made(self, step: FolderStep, state: FolderState) -> bool:
        """Say whether a folder is what it is to be; one that is the same before and after is made, too."""
        return state.digest == step.new_digest and (
            bool(step.new_digest) or not state.exists or bool(state.nested)
        )

    def _prune(self, folder: Path) -> None:
        """Remove folders that hold nothing any more, up to the library itself."""
        while folder != self.root:
            try:
                os.rmdir(folder)
            except FileNotFoundError:
                pass
            except OSError:
                return
            folder = folder.parent

    def _sync(self, place: Path) -> None:
        folder = place.parent
        while not folder.exists():
            folder = folder.parent
        sync_folder(folder)
        sync_folder(self.stage)
