"""Let the library folder follow a change-set: all of both, or nothing of either, whenever a process ends."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

from django.contrib.auth.models import User

from skills_app.adapters.library_moves import LibraryMove, MoveJournal
from skills_app.adapters.published_library import PublishedLibrary
from skills_app.domain.change_sets.effect import Effect
from skills_app.domain.change_sets.states import ChangeStatus
from skills_app.domain.errors import PublishingError
from skills_app.models import PlacementChange
from skills_app.queries.published import library_root
from skills_app.queries.taxonomy_rows import TaxonomyRows
from skills_app.services.library_of_change import (
    ended_nodes,
    follow_promotions,
    library_move_of,
    note_moved,
)
from skills_app.services.settle_promotions import held_library


class LibraryFollower:
    """Moves folders at the end of a transaction, and keeps the way back until it is known to be kept."""

    def __init__(self, library: PublishedLibrary | None, refusal: PublishingError | None = None) -> None:
        self.library, self.refusal = library, refusal
        self.planned: LibraryMove | None = None
        self.journal: MoveJournal | None = None
        self.ended_nodes: dict[str, dict[str, Any]] | None = None

    def plan(
        self, change: PlacementChange, status: ChangeStatus, rows: TaxonomyRows, effect: Effect, actor: User
    ) -> None:
        """Find out what is to move, before the rows are written; raises PublishingError where the folder refuses."""
        root = library_root()
        if not root.is_dir():
            return
        self.planned = library_move_of(
            root=root, change=change, status=status, rows=rows, effect=effect, person=actor.get_username()
        )
        if self.planned is not None and self.refusal is not None:
            raise self.refusal
        if self.planned is not None and status is ChangeStatus.APPLIED:
            self.ended_nodes = ended_nodes(root=root, effect=effect)

    def follow(self) -> None:
        """Move the folders, as the last step before the transaction ends; raises PublishingError, having moved nothing."""
        if self.planned is None or self.library is None:
            return
        follow_promotions(self.planned)
        self.journal = self.library.begin_move(self.planned)

    def settle(self, *, is_kept: bool) -> None:
        """End the move, or take it back; where that fails, the next look at the folder does it."""
        if self.journal is None or self.library is None:
            return
        if not is_kept:
            self.library.take_back(self.journal)
            return
        num_folders = sum(one.source != one.target for one in self.journal.moves)
        note_moved(outcome=self.library.end_move(self.journal), num_folders=num_folders)


@contextmanager
def following_library() -> Iterator[LibraryFollower]:
    """Keep publishers out of the library folder around a transaction, and let the folder follow its end.

    Without a library folder nothing follows. One that may not be written matters only if something in it is to move.
    """
    with ExitStack() as stack:
        follower = LibraryFollower(None)
        if library_root().is_dir():
            try:
                follower = LibraryFollower(stack.enter_context(held_library()))
            except PublishingError as error:
                follower = LibraryFollower(None, error)
        try:
            yield follower
        except BaseException:
            follower.settle(is_kept=False)
            raise
        follower.settle(is_kept=True)
