"""Cut the text of a query into tokens with their places."""

import re
from dataclasses import dataclass
from enum import StrEnum

from runs_app.domain.query_ast import BARE, Span

MAX_CHARS = 2_000
_SPACE = re.compile(r"\s+")
_OPERATOR = re.compile(r"<=|>=|!=|<>|==|[=<>]")
_QUOTES = "\"'`"


class TokenKind(StrEnum):
    """What a token is; what a word means is found out where it stands."""

    WORD = "word"
    STRING = "string"
    FIELD = "field"
    OPERATOR = "operator"
    OPEN = "("
    CLOSE = ")"
    COMMA = ","
    END = "end"


@dataclass(frozen=True, slots=True)
class Token:
    """A token: ``text`` is what was written, a string's without its quotes; a FIELD's ``key`` was quoted."""

    kind: TokenKind
    text: str
    span: Span
    key: str = ""


class QueryError(Exception):
    """A query that cannot be read: a sentence, and the place that it is about."""

    def __init__(self, message: str, *, span: Span, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.span = span
        self.hint = hint

    @property
    def column(self) -> int:
        """The place, counted from 1."""
        return self.span.start + 1

    def caret(self) -> str:
        """Return a line that underlines the place when it stands below the text in a fixed font."""
        return " " * self.span.start + "^" * max(1, self.span.end - self.span.start)


def tokenize(text: str) -> list[Token]:
    """Return the tokens of ``text``, the last of them END.

    Raises:
        QueryError: it is too long, holds a character that no query has, or a quote is not closed.
    """
    if len(text) > MAX_CHARS:
        message = f"The query has {len(text):,} characters; {MAX_CHARS:,} are the most."
        raise QueryError(message, span=Span(MAX_CHARS, MAX_CHARS))
    for at, char in enumerate(text):
        if char == "\x00" or "\ud800" <= char <= "\udfff":
            raise QueryError("This character cannot be searched for.", span=Span(at, at + 1))
    tokens: list[Token] = []
    at = 0
    while at < len(text):
        if space := _SPACE.match(text, at):
            at = space.end()
            continue
        token = _token(text, at)
        tokens.append(token)
        at = token.span.end
    return [*tokens, Token(TokenKind.END, "", Span(len(text), len(text)))]


def _token(text: str, at: int) -> Token:
    char = text[at]
    if char in "(),":
        return Token(TokenKind(char), char, Span(at, at + 1))
    if operator := _OPERATOR.match(text, at):
        return Token(TokenKind.OPERATOR, operator[0], Span(at, operator.end()))
    if char in _QUOTES:
        value, end = _string(text, at)
        return Token(TokenKind.STRING, value, Span(at, end))
    if word := BARE.match(text, at):
        end = word.end()
        if word[0].endswith(".") and text[end : end + 1] in tuple(_QUOTES):
            key, end = _string(text, end)
            return Token(TokenKind.FIELD, word[0][:-1], Span(at, end), key=key)
        return Token(TokenKind.WORD, word[0], Span(at, end))
    raise QueryError(
        f"'{char}' has no meaning here.", span=Span(at, at + 1), hint="Put text that holds it in quotes."
    )


def _string(text: str, start: int) -> tuple[str, int]:
    """Return the text in the quotes that open at ``start``, and where they end; a backslash keeps a quote or itself."""
    quote = text[start]
    parts: list[str] = []
    at = start + 1
    while at < len(text):
        char = text[at]
        if char == quote:
            return "".join(parts), at + 1
        if char == "\\" and text[at + 1 : at + 2] in (*_QUOTES, "\\"):
            at += 1
            char = text[at]
        parts.append(char)
        at += 1
    raise QueryError(f"The quote {quote} is not closed.", span=Span(start, start + 1))
