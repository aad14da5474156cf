"""The body of a document as blocks: what each stretch of lines is, whatever it says.

A light reader for scoring: one pass over the lines, no nesting, no inline markup. It knows headings (both
forms), paragraphs, list items, tables, fenced code and labels (a line of its own that ends in a colon or is all
bold, as people write headings without the mark).
"""

import re
from collections.abc import Iterator
from enum import StrEnum
from typing import NamedTuple


class Kind(StrEnum):
    """What a block is."""

    HEADING = "heading"
    LABEL = "label"
    PARAGRAPH = "paragraph"
    ITEM = "item"
    TABLE = "table"
    CODE = "code"


class Block(NamedTuple):
    """One block: 1-based first and last line of the whole file, and its text without the outer marks.

    ``level`` is a heading's level or a list item's indent in spaces; ``rows`` are a table's cells, header first;
    ``language`` is the first word of a fence.
    """

    kind: Kind
    line: int
    end_line: int
    text: str
    level: int = 0
    is_ordered: bool = False
    language: str = ""
    rows: tuple[tuple[str, ...], ...] = ()


class Sentence(NamedTuple):
    """One sentence of prose: without the marks that lead into it, as it was written, and where it stands."""

    text: str
    written: str
    line: int
    block: Block


MAX_LABEL_WORDS = 12

_BREAK = re.compile(r"\r\n|\n|\r")
_FENCE = re.compile(r"(`{3,}|~{3,})[ \t]*([^\s`{]*)")
_HEADING = re.compile(r"(#{1,6})(?:[ \t]+|$)")
_ITEM = re.compile(r"(?:[-*+]|(\d{1,9})[.)])[ \t]+(?:\[[ xX]\][ \t]+)?")
_TABLE_RULE = re.compile(r"\|?[ \t]*:?-+:?[ \t]*(?:\|[ \t]*:?-+:?[ \t]*)*\|?\Z")
_SENTENCE_END = re.compile(r"(?<=[.!?])[\"'”)*_]*\s+")
_MARKS = "*_`#>\"'“”()[] \t—–-:"
_SIGNS = "✓✔✅❌✗✘"


def read_blocks(body: str, first_line: int = 1) -> list[Block]:
    """Return the blocks of a Markdown body in order; never raises, linear in its length.

    ``first_line`` is the 1-based line of the file at which the body begins. Lines end in LF, CRLF or a lone CR, and
    are numbered as the document numbers them.
    """
    lines = _BREAK.split(body) if "\r" in body else body.split("\n")
    if not lines[-1]:
        lines.pop()
    return _Reader(lines, first_line).blocks()


def sentences(block: Block) -> Iterator[Sentence]:
    """Yield the sentences of a paragraph or list item, each stripped of the marks that lead into it."""
    for part in _SENTENCE_END.split(block.text):
        text = part.strip(_MARKS + _SIGNS)
        if text:
            yield Sentence(text, part, block.line, block)


def lead_of(text: str) -> str:
    """Return what a block is introduced as: the words before its first colon, or all of a short text."""
    head, colon, _ = text.partition(":")
    head = head.strip(_MARKS)
    return head if colon or len(text) <= 100 else ""


class _Reader:
    def __init__(self, lines: list[str], first_line: int) -> None:
        self.lines = lines
        self.first = first_line
        self.found: list[Block] = []
        self.pending: list[str] = []
        self.pending_at = 0

    def blocks(self) -> list[Block]:
        index = 0
        while index < len(self.lines):
            line = self.lines[index]
            stripped = line.strip()
            if not stripped:
                self._flush()
                index += 1
                continue
            index = self._take(index, line, stripped)
        self._flush()
        return self.found

    def _take(self, index: int, line: str, stripped: str) -> int:
        """Take the block that begins at a line and return the line after it."""
        first = stripped[0]
        if first in "`~" and (fence := _FENCE.match(stripped)):
            return self._take_code(index, fence[1], fence[2])
        if first == "#" and (heading := _HEADING.match(stripped)):
            self._flush()
            text = stripped[heading.end() :].rstrip("#").strip()
            self._add(Kind.HEADING, index, index, text, level=len(heading[1]))
            return index + 1
        if "|" in stripped and index + 1 < len(self.lines) and self._is_table(index):
            return self._take_table(index)
        if (first in "-*+" or first.isdigit()) and (item := _ITEM.match(stripped)):
            self._flush()
            self._begin(
                index, Kind.ITEM, stripped[item.end() :], len(line) - len(line.lstrip()), bool(item[1])
            )
            return index + 1
        if first in "=-" and self.pending and not stripped.strip(first) and self.kind is Kind.PARAGRAPH:
            text = " ".join(self.pending)
            self.pending = []
            self._add(Kind.HEADING, self.pending_at, index, text, level=1 if first == "=" else 2)
            return index + 1
        if first in "-*_" and not stripped.strip(f"{first} ") and len(stripped) >= 3:
            self._flush()
            return index + 1
        text = stripped.lstrip("> ") if first == ">" else stripped
        if not self.pending:
            self._begin(index, Kind.PARAGRAPH, text)
        else:
            self.pending.append(text)
            self.pending_end = index
        return index + 1

    def _begin(self, index: int, kind: Kind, text: str, level: int = 0, is_ordered: bool = False) -> None:
        self.kind, self.level, self.is_ordered = kind, level, is_ordered
        self.pending, self.pending_at, self.pending_end = [text], index, index

    def _flush(self) -> None:
        if not self.pending:
            return
        text = " ".join(self.pending)
        self.pending = []
        kind = self.kind
        if kind is Kind.PARAGRAPH and _is_label(text):
            kind = Kind.LABEL
        self._add(kind, self.pending_at, self.pending_end, text, level=self.level, is_ordered=self.is_ordered)

    def _take_code(self, index: int, fence: str, language: str) -> int:
        self._flush()
        end = index + 1
        while end < len(self.lines):
            closing = self.lines[end].strip()
            if closing.startswith(fence) and not closing.strip(fence[0]):
                break
            end += 1
        code = "\n".join(self.lines[index + 1 : end])
        self._add(Kind.CODE, index, min(end, len(self.lines) - 1), code, language=language.lower())
        return end + 1

    def _is_table(self, index: int) -> bool:
        below = self.lines[index + 1].strip()
        return "-" in below and "|" in below and _TABLE_RULE.match(below) is not None

    def _take_table(self, index: int) -> int:
        self._flush()
        rows = [_cells(self.lines[index])]
        end = index + 2
        while end < len(self.lines) and "|" in self.lines[end]:
            rows.append(_cells(self.lines[end]))
            end += 1
        text = self.lines[index].strip()
        self._add(Kind.TABLE, index, end - 1, text, rows=tuple(rows))
        return end

    def _add(
        self,
        kind: Kind,
        start: int,
        end: int,
        text: str,
        *,
        level: int = 0,
        is_ordered: bool = False,
        language: str = "",
        rows: tuple[tuple[str, ...], ...] = (),
    ) -> None:
        first = self.first
        self.found.append(Block(kind, start + first, end + first, text, level, is_ordered, language, rows))


def _cells(line: str) -> tuple[str, ...]:
    return tuple(cell.strip() for cell in line.strip().strip("|").split("|"))


def _is_label(text: str) -> bool:
    bare = text.rstrip()
    if len(bare) > 200 or len(bare.split()) > MAX_LABEL_WORDS:
        return False
    return bare.endswith((":", ":**", ":__")) or (
        bare.startswith(("**", "__")) and bare.endswith(("**", "__"))
    )
