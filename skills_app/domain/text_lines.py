"""Offsets into a text, turned into lines and columns and back."""

import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate, count
from operator import add

from skills_app.domain.findings import Place

_BREAK = re.compile(r"\r\n|\n|\r")


@dataclass(frozen=True)
class TextLines:
    """A text cut at LF, CRLF and lone CR. Line 1 starts at offset 0; a final break opens no further line."""

    text: str

    @cached_property
    def _found(self) -> list[int]:
        """The starts of lines found so far: whoever asks for a place near the top does not pay for the rest."""
        return [0]

    @cached_property
    def _breaks(self) -> Iterator[int]:
        """The ends of line breaks that were not asked for yet."""
        if "\r" in self.text:
            return (match.end() for match in _BREAK.finditer(self.text))
        return _line_feeds(self.text)

    def _starts_to(self, offset: int) -> list[int]:
        """Return the starts of lines at least up to the first one after ``offset``."""
        found = self._found
        if found[-1] <= offset:
            length = len(self.text)
            for start in self._breaks:
                if start < length:
                    found.append(start)
                if start > offset:
                    break
        return found

    def start(self, number: int) -> int | None:
        """Return the offset at which line ``number`` (from 1) starts, or None when the text has fewer lines."""
        found = self._found
        while len(found) < number:
            known = len(found)
            self._starts_to(found[-1])
            if len(found) == known:
                return None
        return found[number - 1]

    @cached_property
    def starts(self) -> list[int]:
        """The offset of the first code point of each line; a text that is empty has one line."""
        if "\r" in self.text:
            return self._starts_to(len(self.text))
        lengths = map(len, self.text.split("\n")[:-1])
        found = [0, *map(add, accumulate(lengths), count(1))]
        if len(found) > 1 and found[-1] == len(self.text):
            found.pop()
        self.__dict__.update(_found=found, _breaks=iter(()))
        return found

    @cached_property
    def newline(self) -> str:
        """The line break that the text uses most; LF when it has none."""
        num_crlf = self.text.count("\r\n")
        counts = {
            "\n": self.text.count("\n") - num_crlf,
            "\r\n": num_crlf,
            "\r": self.text.count("\r") - num_crlf,
        }
        return max(counts, key=lambda newline: counts[newline])

    def __len__(self) -> int:
        return len(self.starts)

    def span(self, number: int) -> tuple[int, int]:
        """Return start and end offset of line ``number`` (from 1), without its break."""
        start, following = self.start(number), self.start(number + 1)
        if start is None:
            raise IndexError(f"the text has no line {number}")
        end = len(self.text) if following is None else following
        while end > start and self.text[end - 1] in "\r\n":
            end -= 1
        return start, end

    def line(self, number: int) -> str:
        """Return line ``number`` (from 1) without its break."""
        start, end = self.span(number)
        return self.text[start:end]

    def line_number(self, offset: int) -> int:
        """Return the line (from 1) on which ``offset`` lies."""
        return bisect_right(self._starts_to(offset), offset)

    def place(self, start: int, end: int) -> Place:
        """Return the place of ``text[start:end]``; offsets beyond the text are brought inside it."""
        start = max(0, min(start, len(self.text)))
        end = max(start, min(end, len(self.text)))
        starts = self._starts_to(end)
        line = bisect_right(starts, start)
        end_line = bisect_right(starts, end) if end > start else line
        column, end_column = start - starts[line - 1] + 1, end - starts[end_line - 1] + 1
        return Place(line, column, end_line, end_column)

    def line_place(self, number: int) -> Place:
        """Return the place of a whole line, without its break."""
        return self.place(*self.span(number))

    def offset(self, line: int, column: int) -> int:
        """Return the offset of a 1-based line and column, brought inside that line."""
        start, end = self.span(max(1, min(line, len(self.starts))))
        return max(start, min(start + column - 1, end))


def _line_feeds(text: str) -> Iterator[int]:
    """Yield the offset after each LF; it keeps the text and nothing that refers back to it."""
    position = text.find("\n") + 1
    while position:
        yield position
        position = text.find("\n", position) + 1
