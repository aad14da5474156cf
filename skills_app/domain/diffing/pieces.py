"""The pieces that are compared: sentences of prose, lines of everything else; joined they are the text again."""

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from enum import StrEnum
from itertools import repeat
from typing import NamedTuple

from skills_app.domain.diffing.tokens import is_one_sentence, line_sentence_ends, prose_key, sentence_ends
from skills_app.domain.documents import SkillDocument
from skills_app.domain.outline import EACH_LINE
from skills_app.domain.text_lines import TextLines


class PieceKind(StrEnum):
    """How a piece is read: prose as a sentence, code and everything else as a line."""

    PROSE = "prose"
    CODE = "code"
    LINE = "line"


class Block(NamedTuple):
    """A paragraph, list item, heading, table row or line of code; ``start`` to ``end`` include the blanks after it."""

    kind: PieceKind
    start: int
    end: int


# Kind, start and end of whole sentences of a block, or of a block that is no prose; and the start of that block.
Chunk = tuple[PieceKind, int, int, int]


class Piece(NamedTuple):
    """A part of a block: two pieces count as equal when their keys are. ``block`` is the start of its block."""

    kind: PieceKind
    start: int
    end: int
    key: str
    block: int


def body_blocks(document: SkillDocument) -> list[Block]:
    """Return the blocks of the body in order; together they cover it exactly."""
    text, blocks = document.text, _Blocks()
    if document.body_start >= len(text):
        return []
    starts = document.lines.starts[document.body_line - 1 :]
    starts[0] = max(starts[0], document.body_start)
    starts.append(len(text))
    stretches = _stretches(document, starts)
    at, num = 0, len(starts) - 1
    while at < num:
        if text[starts[at]] == "\n" and blocks.kinds and at not in stretches:
            blocks.span = None
            at += 1
            continue
        kind, span, after = stretches.get(at) or (PieceKind.LINE, None, at + 1)
        start = starts[at]
        if kind is PieceKind.CODE or span == EACH_LINE:
            blocks.open_each(starts[at:after], kind)
        elif (text[start] in "-*#" and after == at + 1) or _begin_with_letters(text, starts[at:after]):
            blocks.open(start, kind, span)
        else:
            for line in range(at, after):
                blocks.take(text[starts[line] : starts[line + 1]], starts[line], kind, span)
        at = after
    columns = zip(blocks.kinds, blocks.starts, [*blocks.starts[1:], len(text)], strict=True)
    return list(map(tuple.__new__, repeat(Block), columns))


def _begin_with_letters(text: str, starts: Sequence[int]) -> bool:
    """Whether a letter or a digit begins each line: none of them can stand alone then."""
    return "".join([text[start] for start in starts]).isalnum()


def line_blocks(text: str, *, start: int = 0, kind: PieceKind = PieceKind.LINE) -> list[Block]:
    """Return one block for each line of ``text``, which stands at offset ``start`` of the whole."""
    starts = TextLines(text).starts if text else []
    ends = [*starts, len(text)][1:]
    return [Block(kind, start + first, start + last) for first, last in zip(starts, ends, strict=True)]


def chunks_of(text: str, blocks: Sequence[Block]) -> list[Chunk]:
    """Return blocks cut where a line's end surely ends a sentence, so that equal lines need not be read further."""
    chunks: list[Chunk] = []
    for kind, start, end in blocks:
        first = start
        if kind is PieceKind.PROSE and text.find("\n", start, end - 1) >= 0:
            for last in line_sentence_ends(text, start, end):
                chunks.append((kind, first, last, start))
                first = last
        chunks.append((kind, first, end, start))
    return chunks


def pieces_of(text: str, chunks: Iterable[Chunk]) -> list[Piece]:
    """Return the pieces of chunks; offsets are those of ``text``, the whole file."""
    pieces: list[Piece] = []
    for kind, start, end, block in chunks:
        raw = text[start:end]
        if kind is not PieceKind.PROSE:
            pieces.append(Piece(kind, start, end, raw.rstrip(), block))
            continue
        if is_one_sentence(raw):
            pieces.append(Piece(kind, start, end, prose_key(raw, is_first=start == block), block))
            continue
        first = 0
        for last in sentence_ends(raw):
            key = prose_key(raw[first:last], is_first=start + first == block)
            pieces.append(Piece(kind, start + first, start + last, key, block))
            first = last
    return pieces


class _Blocks:
    """The blocks opened so far: their kinds and starts, and the span that the last one may still take lines of."""

    def __init__(self) -> None:
        self.kinds: list[PieceKind] = []
        self.starts: list[int] = []
        self.span: int | None = None

    def open(self, start: int, kind: PieceKind, span: int | None) -> None:
        """Begin a block at ``start``."""
        self.kinds.append(kind)
        self.starts.append(start)
        self.span = span

    def open_each(self, starts: Sequence[int], kind: PieceKind) -> None:
        """Begin a block at each of ``starts``."""
        self.kinds += [kind] * len(starts)
        self.starts += starts
        self.span = None

    def take(self, line: str, start: int, kind: PieceKind, span: int | None) -> None:
        """Take one line: a blank one goes to the block before, a table row stands alone."""
        is_row = line.lstrip().startswith("|")
        if not line.strip() and self.kinds:
            self.span = None
        elif span is None or span != self.span or is_row:
            is_other = is_row and kind is PieceKind.PROSE
            self.open(start, PieceKind.LINE if is_other else kind, None if is_other else span)


# Kind, start of the span, and index of the line after it.
_Stretch = tuple[PieceKind, int, int]


def _stretches(document: SkillDocument, starts: Sequence[int]) -> dict[int, _Stretch]:
    """Return by index of their first line the stretches of lines that are code, a heading or a paragraph.

    ``starts`` are the offsets of the body's lines and of its end.
    """
    found: dict[int, _Stretch] = {}
    first, num = document.body_line, len(starts) - 1
    for line, after, start in document.structure.paragraphs:
        found[line - first] = PieceKind.PROSE, start, after - first
    for heading in document.outline:
        after = bisect_right(starts, max(heading.start, heading.end - 1), 0, num)
        found[heading.line - first] = PieceKind.LINE, heading.start, after
    for block in document.code_blocks:
        found[block.start_line - first] = PieceKind.CODE, block.start, block.end_line - first + 1
    return found
