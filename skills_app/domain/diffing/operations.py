"""What turns one text into another: operations on pieces, which rebuild the new text exactly."""

from collections.abc import Iterable, Sequence
from enum import StrEnum
from itertools import zip_longest
from typing import NamedTuple

from skills_app.domain.diffing.alignment import align
from skills_app.domain.diffing.likeness import is_like, like_in_order, likeness_of_others
from skills_app.domain.diffing.pieces import Block, Chunk, Piece, PieceKind, chunks_of, pieces_of
from skills_app.domain.diffing.tokens import is_one_sentence, is_unnumbered
from skills_app.domain.diffing.units import Unit

LEAST_LIKENESS = 0.4


class OperationKind(StrEnum):
    """What becomes of a piece. ``LAYOUT`` changes only line breaks, blanks or list numbers."""

    KEEP = "keep"
    LAYOUT = "layout"
    CHANGE = "change"
    INSERT = "insert"
    DELETE = "delete"


class Operation(NamedTuple):
    """Put ``text`` where ``old[old_start:old_end]`` stood; ``KEEP`` copies that span and carries no text.

    Operations stand in the order of the new text, whose span is ``new_start`` to ``new_end``; a moved section's operations
    point back to where it was. ``old_block`` and ``new_block`` are the starts of the blocks that the pieces belong to.
    """

    kind: OperationKind
    piece_kind: PieceKind
    old_start: int
    old_end: int
    new_start: int
    new_end: int
    text: str = ""
    old_block: int | None = None
    new_block: int | None = None


def apply_operations(operations: Iterable[Operation], old: str) -> str:
    """Return the new text that ``operations`` were made for, from the old text alone."""
    return "".join(
        old[one.old_start : one.old_end] if one.kind is OperationKind.KEEP else one.text for one in operations
    )


def unit_operations(
    old_text: str, old: Unit | None, new_text: str, new: Unit | None, *, at: tuple[int, int] = (0, 0)
) -> tuple[Operation, ...]:
    """Return the operations that turn one unit into another; a unit that is None is added or removed whole.

    ``at`` is where, in the old and in the new text, a unit stands that one of them does not have.
    """
    left, right = old.blocks if old else (), new.blocks if new else ()
    pairs: list[tuple[int, int]] = []
    if left and right:
        texts = [old_text[block.start : block.end] for block in left]
        pairs = align(texts, [new_text[block.start : block.end] for block in right])
    builder = _Builder(old_text, new_text, at)
    builder.run(left, right, pairs)
    return tuple(builder.found)


class _Builder:
    """Walks the blocks that are equal to the letter, and the pieces of those between them."""

    def __init__(self, old_text: str, new_text: str, at: tuple[int, int]) -> None:
        self.old_text, self.new_text = old_text, new_text
        self.at, self.new_at = at
        self.found: list[Operation] = []

    def run(self, left: Sequence[Block], right: Sequence[Block], pairs: Sequence[tuple[int, int]]) -> None:
        """Note the operations of blocks, ``pairs`` of which are equal."""
        start = new_start = 0
        for i, j in pairs:
            if i > start or j > new_start:
                self._chunks(left[start:i], right[new_start:j])
            _, first, end = left[i]
            kind, new_first, new_end = right[j]
            self._keep(kind, (first, end, new_first, new_end), first, new_first)
            start, new_start = i + 1, j + 1
        if start < len(left) or new_start < len(right):
            self._chunks(left[start:], right[new_start:])

    def _keep(self, kind: PieceKind, spans: tuple[int, int, int, int], block: int, new_block: int) -> None:
        self.at, self.new_at = spans[1], spans[3]
        self.found.append(Operation(OperationKind.KEEP, kind, *spans, "", block, new_block))

    def _chunks(self, blocks: Sequence[Block], new_blocks: Sequence[Block]) -> None:
        """Keep the chunks that are equal to the letter; only those between them are read by sentence."""
        left, right = chunks_of(self.old_text, blocks), chunks_of(self.new_text, new_blocks)
        pairs: list[tuple[int, int]] = []
        if left and right:
            texts = [self.old_text[start:end] for _, start, end, _ in left]
            pairs = align(texts, [self.new_text[start:end] for _, start, end, _ in right])
        start = new_start = at = 0
        while at <= len(pairs):
            i, j = pairs[at] if at < len(pairs) else (len(left), len(right))
            if i > start or j > new_start:
                self._pieces(left[start:i], right[new_start:j])
            at, start, new_start = at + 1, i + 1, j + 1
            if i < len(left):
                _, first, end, block = left[i]
                kind, new_first, new_end, new_block = right[j]
                while at < len(pairs) and pairs[at] == (start, new_start):
                    if left[start][3] != block or right[new_start][3] != new_block:
                        break
                    end, new_end = left[start][2], right[new_start][2]
                    at, start, new_start = at + 1, start + 1, new_start + 1
                self._keep(kind, (first, end, new_first, new_end), block, new_block)

    def _pieces(self, chunks: Sequence[Chunk], new_chunks: Sequence[Chunk]) -> None:
        if len(chunks) == len(new_chunks) == 1 and self._one_sentence(chunks[0], new_chunks[0]):
            return
        left, right = pieces_of(self.old_text, chunks), pieces_of(self.new_text, new_chunks)
        if len(left) == len(right) == 1 and left[0].key != right[0].key:
            self._gap(left, right)
            return
        pairs = align([p.key for p in left], [p.key for p in right]) if left and right else []
        start = new_start = 0
        for i, j in [*pairs, (len(left), len(right))]:
            if i > start or j > new_start:
                self._gap(left[start:i], right[new_start:j])
            if i < len(left):
                self._both(left[i], right[j])
            start, new_start = i + 1, j + 1

    def _one_sentence(self, old: Chunk, new: Chunk) -> bool:
        """Note a sentence or a line that became another with other words, most changes; whether it was as plain as that."""
        kind, start, end, block = old
        new_kind, new_start, new_end, new_block = new
        text, new_text = self.old_text[start:end], self.new_text[new_start:new_end]
        if kind is not new_kind or not (is_unnumbered(text) and is_unnumbered(new_text)):
            return False
        if kind is PieceKind.PROSE and not (is_one_sentence(text) and is_one_sentence(new_text)):
            return False
        score = likeness_of_others(text, new_text, least=LEAST_LIKENESS)
        if score is None or score < LEAST_LIKENESS:
            return False
        self.at, self.new_at = end, new_end
        spans = (start, end, new_start, new_end)
        self.found.append(Operation(OperationKind.CHANGE, kind, *spans, new_text, block, new_block))
        return True

    def _gap(self, left: list[Piece], right: list[Piece]) -> None:
        """Pair what is alike; what lies between goes block beside block."""
        if len(left) == len(right) == 1:
            self._one_beside_one(left[0], right[0])
            return
        pairs: list[tuple[int, int]] = []
        if left and right:
            texts = [self.old_text[p.start : p.end] for p in left]
            new_texts = [self.new_text[p.start : p.end] for p in right]
            pairs = like_in_order(texts, new_texts, least=LEAST_LIKENESS)
            pairs = [(i, j) for i, j in pairs if left[i].kind is right[j].kind]
        start = new_start = 0
        for i, j in [*pairs, (len(left), len(right))]:
            if i > start or j > new_start:
                self._unlike(left[start:i], right[new_start:j])
            if i < len(left):
                self._both(left[i], right[j])
            start, new_start = i + 1, j + 1

    def _one_beside_one(self, old: Piece, new: Piece) -> None:
        texts = self.old_text[old.start : old.end], self.new_text[new.start : new.end]
        if old.kind is new.kind and is_like(*texts, least=LEAST_LIKENESS):
            self._both(old, new)
        else:
            self._unlike([old], [new])

    def _unlike(self, left: list[Piece], right: list[Piece]) -> None:
        for pieces, new_pieces in zip_longest(_by_block(left), _by_block(right), fillvalue=()):
            for piece in pieces:
                self._delete(piece)
            for piece in new_pieces:
                self._insert(piece)

    def _both(self, old: Piece, new: Piece) -> None:
        text = self.new_text[new.start : new.end]
        kind = OperationKind.CHANGE
        if self.old_text[old.start : old.end] == text:
            kind, text = OperationKind.KEEP, ""
        elif old.key == new.key:
            kind = OperationKind.LAYOUT
        self.at, self.new_at = old.end, new.end
        spans = (old.start, old.end, new.start, new.end)
        self.found.append(Operation(kind, new.kind, *spans, text, old.block, new.block))

    def _delete(self, piece: Piece) -> None:
        self.at = piece.end
        spans = (piece.start, piece.end, self.new_at, self.new_at)
        self.found.append(Operation(OperationKind.DELETE, piece.kind, *spans, "", piece.block, None))

    def _insert(self, piece: Piece) -> None:
        self.new_at = piece.end
        spans = (self.at, self.at, piece.start, piece.end)
        text = self.new_text[piece.start : piece.end]
        self.found.append(Operation(OperationKind.INSERT, piece.kind, *spans, text, None, piece.block))


def _by_block(pieces: list[Piece]) -> list[list[Piece]]:
    groups: list[list[Piece]] = []
    for piece in pieces:
        if not groups or groups[-1][0].block != piece.block:
            groups.append([])
        groups[-1].append(piece)
    return groups
