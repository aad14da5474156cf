"""Look at the library folder: compare it with what was published, and take in what people changed there."""

from collections.abc import Collection
from dataclasses import dataclass

from skills_app.adapters.published_library import PublishedLibrary
from skills_app.models import Promotion
from skills_app.queries.published import library_root
from skills_app.services.import_library import LibraryImport, import_library
from skills_app.services.settle_promotions import settle_promotions

SAME, MOVED, CHANGED, GONE = "as published", "skill has moved", "changed on disk", "gone from disk"


@dataclass(frozen=True, slots=True)
class FolderRow:
    """A promotion and what its folder is now, in words."""

    promotion: Promotion
    state: str

    @property
    def is_same(self) -> bool:
        """Whether it is what was published."""
        return self.state == SAME

    @property
    def is_changed(self) -> bool:
        """Whether people changed it, so that a draft of it may be among its versions."""
        return self.state == CHANGED


def compare_with_folder(promotions: list[Promotion]) -> tuple[FolderRow, ...]:
    """Return each promotion with what its folder is now. Reads every file of them; writes nothing.

    Raises:
        PublishingError: the folder cannot be read.
    """
    library = PublishedLibrary(library_root())
    rows = []
    for promotion in promotions:
        state = library.state_of(promotion.path)
        if state.digest == promotion.folder_digest and not state.obstacles:
            has_moved = promotion.path != promotion.skill.path
            rows.append(FolderRow(promotion, MOVED if has_moved else SAME))
        else:
            rows.append(FolderRow(promotion, CHANGED if state.digest or state.obstacles else GONE))
    return tuple(rows)


def scan_library(*, within: Collection[str] | None = None) -> LibraryImport:
    """Take in what people changed in the library folder: new skills, and draft versions of promoted ones.

    With ``within``, only what lives in these branches.

    Nothing on disk changes but what a publisher that ended early had left half done.

    Raises:
        LibraryUnreadable: the folder cannot be listed.
        PublishingError: something that was left half done can neither be finished nor undone.
    """
    settle_promotions()
    return import_library(root=library_root(), within=within)
