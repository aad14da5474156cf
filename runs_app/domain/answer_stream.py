"""An answer while it is still coming: which field of it each piece of text belongs to."""

import re
from collections.abc import Iterator

_MARK = re.compile(r"\[\[ ## (\w+) ## \]\][ \t]*\n?")
# The longest that a mark may be cut in two: a piece that could begin one is kept back until it is whole.
_LONGEST_MARK = 80


class AnswerStream:
    """Splits text that arrives in pieces at DSPy's marks, ``[[ ## name ## ]]``; what comes before the first is dropped.

    Texts are given in pieces of about ``piece`` characters, so that an event is not made of every token.
    """

    def __init__(self, *, piece: int = 160) -> None:
        self._piece = piece
        self._held = ""
        self._field = ""

    def feed(self, text: str) -> Iterator[tuple[str, str]]:
        """Take the next piece; yield (field, text) for what is now sure to belong to a field."""
        self._held += text
        while mark := _MARK.search(self._held):
            if mark.end() == len(self._held):
                break  # the rest of this line may still come
            yield from self._give(self._held[: mark.start()])
            self._field = mark[1]
            self._held = self._held[mark.end() :]
        start = self._held.rfind("[[")
        end = len(self._held)
        if start >= 0 and end - start <= _LONGEST_MARK:
            end = start
        elif self._held.endswith("["):
            end -= 1
        if end >= self._piece:
            yield from self._give(self._held[:end])
            self._held = self._held[end:]

    def end(self) -> Iterator[tuple[str, str]]:
        """Yield what was kept back, and begin anew."""
        held, self._held = self._held, ""
        position = 0
        for mark in _MARK.finditer(held):
            yield from self._give(held[position : mark.start()])
            self._field, position = mark[1], mark.end()
        yield from self._give(held[position:])
        self._field = ""

    def _give(self, text: str) -> Iterator[tuple[str, str]]:
        if text and self._field not in ("", "completed"):
            yield self._field, text
