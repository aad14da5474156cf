"""What became of a passage of a text in a later one: its sentences and lines, and those right beside it."""

import re
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import islice

MOST_PIECES = 2_000
MOST_WORDS = 4_000

_BREAK = re.compile(r"(?<=[.!?])[ \t]+|\n+")
_WORD = re.compile(r"\S+")


@dataclass(frozen=True, slots=True)
class PassageChange:
    """What became of a passage: ``now`` is the text that took its place, empty when it stands or when nothing did.

    ``num_standing`` of its ``num_pieces`` sentences and lines stand as they were; ``beside`` is what is new right before or
    after it.
    """

    now: str
    beside: str
    num_standing: int
    num_pieces: int

    @property
    def stands(self) -> bool:
        """Whether all of it is as it was, with nothing in between."""
        return not self.now and self.num_standing == self.num_pieces


@dataclass(frozen=True, slots=True)
class _Piece:
    """A sentence or a line, and where it starts and ends in its text."""

    text: str
    start: int
    end: int


def change_of_passage(old: str, new: str, start: int, end: int) -> PassageChange | None:
    """Return what became of ``old[start:end]`` in ``new``, by whole sentences and lines; None when the texts are too long.

    Where several sentences were rewritten together, the words that they keep in common say which of the new ones took the
    place of the passage; without any, all of them did.
    """
    left, right = _pieces(old), _pieces(new)
    at = [number for number, piece in enumerate(left) if piece.start < end and piece.end > start]
    if not at or max(len(left), len(right)) > MOST_PIECES:
        return None
    first, last = at[0], at[-1]
    now: list[str] = []
    beside: list[str] = []
    num_standing = 0
    for tag, i, j, k, m in _operations(left, right):
        if tag == "equal":
            num_standing += max(min(j, last + 1) - max(i, first), 0)
        elif tag == "insert" and first < i <= last:
            now += [piece.text for piece in right[k:m]]
        elif tag != "insert" and i <= last and j > first:
            now += _in_place(left[i:j], right[k:m], first - i, last + 1 - i)
        elif j == first or i == last + 1:
            beside += [piece.text for piece in right[k:m]]
    return PassageChange(" ".join(now), " ".join(beside), num_standing, len(at))


def quote_span(text: str, quote: str) -> tuple[int, int] | None:
    """Return where the words of ``quote`` stand in ``text``, blanks apart; None when they stand nowhere or several times."""
    found = quote_spans(text, quote)
    return found[0] if len(found) == 1 else None


def quote_spans(text: str, quote: str, *, most: int = 2) -> list[tuple[int, int]]:
    """Return where the words of ``quote`` stand in ``text`` as whole words, blanks apart: the first ``most`` places.

    So ``x = 1`` does not stand in ``x = 10``.
    """
    words = quote.split()
    if not words:
        return []
    found = re.compile(rf"{_edge(words[0][0])}{_flowing(words)}{_edge(words[-1][-1])}").finditer(text)
    return [match.span() for match in islice(found, most)]


def whole_words(text: str, start: int, end: int) -> tuple[int, int]:
    """Return the span of the whole words of ``text[start:end]``, which may begin and end inside words."""
    while start and _edge(text[start]) and _edge(text[start - 1]):
        start -= 1
    while end < len(text) and _edge(text[end - 1]) and _edge(text[end]):
        end += 1
    return start, end


def _flowing(words: Sequence[str]) -> str:
    return r"\s+".join(map(re.escape, words))


def _edge(character: str) -> str:
    """Return the pattern of an end of a quote: one inside a word is none."""
    return r"\b" if re.match(r"\w", character) else ""


def added_pieces(old: str, new: str) -> str:
    """Return the sentences and lines of ``new`` that ``old`` has not, joined; empty when the texts are too long."""
    left, right = _pieces(old), _pieces(new)
    if max(len(left), len(right)) > MOST_PIECES:
        return ""
    found = [
        piece.text
        for tag, _, _, k, m in _operations(left, right)
        if tag in ("replace", "insert")
        for piece in right[k:m]
    ]
    return " ".join(found)


def _operations(left: Sequence[_Piece], right: Sequence[_Piece]) -> Sequence[tuple[str, int, int, int, int]]:
    old, new = [piece.text for piece in left], [piece.text for piece in right]
    return SequenceMatcher(None, old, new, autojunk=False).get_opcodes()


def _in_place(old: Sequence[_Piece], new: Sequence[_Piece], first: int, until: int) -> list[str]:
    """Return which of the pieces ``new``, that took the place of ``old``, took that of ``old[first:until]``."""
    first, until = max(first, 0), min(until, len(old))
    if len(new) < 2 or (first == 0 and until == len(old)):
        return [piece.text for piece in new]
    words, starts = _words(old)
    other, other_starts = _words(new)
    if max(len(words), len(other)) > MOST_WORDS:
        return [piece.text for piece in new]
    begin, end = starts[first], starts[until] if until < len(old) else len(words)
    blocks = SequenceMatcher(None, words, other, autojunk=False).get_matching_blocks()
    matched = {
        bisect_right(other_starts, b + step) - 1
        for a, b, size in blocks
        for step in range(size)
        if begin <= a + step < end
    }
    if not matched:
        taken = {
            bisect_right(other_starts, b + step) - 1
            for a, b, size in blocks
            for step in range(size)
            if not begin <= a + step < end
        }
        matched = set(range(len(new))) - taken or set(range(len(new)))
    return [piece.text for number, piece in enumerate(new) if min(matched) <= number <= max(matched)]


def _words(pieces: Sequence[_Piece]) -> tuple[list[str], list[int]]:
    """Return the words of pieces, and which word each of them begins with."""
    words: list[str] = []
    starts: list[int] = []
    for piece in pieces:
        starts.append(len(words))
        words += _WORD.findall(piece.text)
    return words, starts


def _pieces(text: str) -> list[_Piece]:
    found: list[_Piece] = []
    position = 0
    for match in (*_BREAK.finditer(text), None):
        end = match.start() if match else len(text)
        raw = text[position:end]
        if words := raw.strip():
            start = position + raw.index(words)
            found.append(_Piece(words, start, start + len(words)))
        position = match.end() if match else end
    return found
