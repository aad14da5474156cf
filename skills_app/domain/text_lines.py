"""Offsets into a text, turned into lines and columns and back."""

import re
from bisect import bisect_right
from dataclasses import dataclass
from functools import cached_property

from skills_app.domain.findings import Place

_BREAK = re.compile(r"\r\n|\n|\r")


@dataclass(frozen=True)
class TextLines:
    """A text cut at LF, CRLF and lone CR. Line 1 starts at offset 0; a final break opens no further line."""

    text: str

    @cached_property
    def starts(self) -> list[int]:
        """The offset of the first code point of each line; a text that is empty has one line."""
        text = self.text
        if "\r" in text:
            starts = [0, *(m.end() for m in _BREAK.finditer(text))]
        else:
            starts = [0]
            position = text.find("\n") + 1
            while position:
                starts.append(position)
                position = text.find("\n", position) + 1
        if len(starts) > 1 and starts[-1] == len(text):
            starts.pop()
        return starts

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
        start = self.starts[number - 1]
        end = self.starts[number] if number < len(self.starts) else len(self.text)
        while end > start and self.text[end - 1] in "\r\n":
            end -= 1
        return start, end

    def line(self, number: int) -> str:
        """Return line ``number`` (from 1) without its break."""
        start, end = self.span(number)
        return self.text[start:end]

    def line_number(self, offset: int) -> int:
        """Return the line (from 1) on which ``offset`` lies."""
        return bisect_right(self.starts, offset)

    def place(self, start: int, end: int) -> Place:
        """Return the place of ``text[start:end]``; offsets beyond the text are brought inside it."""
        start = max(0, min(start, len(self.text)))
        end = max(start, min(end, len(self.text)))
        line = bisect_right(self.starts, start)
        end_line = bisect_right(self.starts, end) if end > start else line
        column, end_column = start - self.starts[line - 1] + 1, end - self.starts[end_line - 1] + 1
        return Place(line, column, end_line, end_column)

    def line_place(self, number: int) -> Place:
        """Return the place of a whole line, without its break."""
        return self.place(*self.span(number))

    def offset(self, line: int, column: int) -> int:
        """Return the offset of a 1-based line and column, brought inside that line."""
        start, end = self.span(max(1, min(line, len(self.starts))))
        return max(start, min(start + column - 1, end))
