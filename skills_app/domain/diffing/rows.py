"""Operations gathered into rows to show: a block of the old text beside the block of the new that came of it."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from skills_app.domain.diffing.operations import Operation, OperationKind
from skills_app.domain.diffing.pieces import PieceKind


class RowKind(StrEnum):
    """What happened to a block."""

    SAME = "same"
    LAYOUT = "layout"
    CHANGED = "changed"
    REPLACED = "replaced"
    ADDED = "added"
    REMOVED = "removed"


@dataclass(frozen=True, slots=True)
class Row:
    """The operations of one block on either side, in order; at least one."""

    kind: RowKind
    piece_kind: PieceKind
    operations: tuple[Operation, ...]

    @property
    def old_start(self) -> int | None:
        """The offset in the old text, or None when the block was added."""
        found = (one.old_start for one in self.operations if one.kind is not OperationKind.INSERT)
        return next(found, None)

    @property
    def new_start(self) -> int | None:
        """The offset in the new text, or None when the block was removed."""
        found = (one.new_start for one in self.operations if one.kind is not OperationKind.DELETE)
        return next(found, None)

    @property
    def is_still(self) -> bool:
        """Whether no word of it changed."""
        return self.kind in (RowKind.SAME, RowKind.LAYOUT)


def rows_of(operations: Iterable[Operation]) -> list[Row]:
    """Return rows in reading order; a row ends where the block of either side does."""
    rows: list[Row] = []
    current: list[Operation] = []
    block: int | None = None
    new_block: int | None = None
    for one in operations:
        is_other = (
            (block is not None and one.old_block is not None and block != one.old_block)
            or (new_block is not None and one.new_block is not None and new_block != one.new_block)
            or (bool(current) and current[-1].piece_kind is not one.piece_kind)
        )
        if current and is_other:
            rows.append(_row(current))
            current, block, new_block = [], None, None
        current.append(one)
        block = one.old_block if block is None else block
        new_block = one.new_block if new_block is None else new_block
    if current:
        rows.append(_row(current))
    return rows


# By the kinds of a row's operations; a row with any others is changed.
_ROW_KINDS = {
    frozenset({OperationKind.KEEP}): RowKind.SAME,
    frozenset({OperationKind.LAYOUT}): RowKind.LAYOUT,
    frozenset({OperationKind.KEEP, OperationKind.LAYOUT}): RowKind.LAYOUT,
    frozenset({OperationKind.INSERT}): RowKind.ADDED,
    frozenset({OperationKind.DELETE}): RowKind.REMOVED,
    frozenset({OperationKind.INSERT, OperationKind.DELETE}): RowKind.REPLACED,
}


def _row(operations: list[Operation]) -> Row:
    kinds = frozenset([one.kind for one in operations])
    return Row(_ROW_KINDS.get(kinds, RowKind.CHANGED), operations[0].piece_kind, tuple(operations))
