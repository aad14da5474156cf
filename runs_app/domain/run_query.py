"""The text query language over runs: ``quality_score > 0.8 and (model = "gpt-4o" or not tags.team = blue)``.

Recursive descent over the tokens; ``not`` binds closest, then ``and``, then ``or``. A query of any text gives a tree or
a ``QueryError`` with the place and what was expected there; depth and length are bounded.
"""

from collections.abc import Sequence
from datetime import UTC, tzinfo
from difflib import get_close_matches

from runs_app.domain.query_ast import (
    KEYWORDS,
    And,
    Comparison,
    Field,
    FieldKind,
    Flag,
    Missing,
    Node,
    Not,
    OneOf,
    Or,
    Span,
    Text,
    Value,
)
from runs_app.domain.query_tokens import QueryError, Token, TokenKind, tokenize
from runs_app.domain.query_values import (
    read_flag,
    read_number,
    read_seconds,
    read_special,
    read_time,
)
from runs_app.domain.run_attributes import ALIASES, ATTRIBUTES, ValueType, attribute_named

MAX_DEPTH = 20
MAX_TERMS = 50
MAX_KEY_CHARS = 250

_EQUAL = ("=", "!=")
_ORDER = ("<", "<=", ">", ">=")
_WORDS = ("like", "ilike", "contains")
_OPERATORS: dict[ValueType, tuple[str, ...]] = {
    ValueType.TEXT: (*_EQUAL, *_WORDS),
    ValueType.CHOICE: _EQUAL,
    ValueType.NUMBER: (*_EQUAL, *_ORDER),
    ValueType.TIME: (*_EQUAL, *_ORDER),
    ValueType.DURATION: (*_EQUAL, *_ORDER),
    ValueType.FLAG: _EQUAL,
}
_SAME_OPERATOR = {"==": "=", "<>": "!="}
_KINDS = {
    "metrics": FieldKind.METRIC,
    "metric": FieldKind.METRIC,
    "params": FieldKind.PARAM,
    "param": FieldKind.PARAM,
    "parameters": FieldKind.PARAM,
    "tags": FieldKind.TAG,
    "tag": FieldKind.TAG,
}


def parse_run_query(text: str, *, known_keys: Sequence[str] = (), zone: tzinfo = UTC) -> Node | None:
    """Return the tree of ``text``, or None for blank text.

    ``known_keys`` (such as ``metrics.loss``) are only used to name what a wrong word may have meant; ``zone`` is that of
    moments without their own.

    Raises:
        QueryError: with the place, what was expected, and the nearest known names.
    """
    tokens = tokenize(text)
    if tokens[0].kind is TokenKind.END:
        return None
    return _Parser(tokens, known_keys, zone).whole()


def value_type(field: Field) -> ValueType:
    """Return what the values of ``field`` are: metrics are numbers, params and tags text."""
    if field.kind is FieldKind.ATTRIBUTE:
        return ATTRIBUTES[field.key].type
    return ValueType.NUMBER if field.kind is FieldKind.METRIC else ValueType.TEXT


class _Parser:
    def __init__(self, tokens: Sequence[Token], known_keys: Sequence[str], zone: tzinfo) -> None:
        self.tokens = tokens
        self.known_keys = known_keys
        self.zone = zone
        self.at = 0
        self.depth = 0
        self.num_terms = 0

    def whole(self) -> Node:
        node = self._or()
        token = self._now
        if token.kind is TokenKind.CLOSE:
            raise QueryError("This parenthesis was never opened.", span=token.span)
        if token.kind is not TokenKind.END:
            raise QueryError("Expected 'and' or 'or' here.", span=token.span)
        return node

    def _or(self) -> Node:
        return self._chain("or")

    def _chain(self, word: str) -> Node:
        def part() -> Node:
            return self._chain("and") if word == "or" else self._unary()

        parts = [part()]
        while self._takes(word):
            parts.append(part())
        if len(parts) == 1:
            return parts[0]
        span = Span(parts[0].span.start, parts[-1].span.end)
        return Or(tuple(parts), span) if word == "or" else And(tuple(parts), span)

    def _unary(self) -> Node:
        start = self._now
        if self._takes("not"):
            self._descend(start)
            part = self._unary()
            self.depth -= 1
            return Not(part, Span(start.span.start, part.span.end))
        if start.kind is TokenKind.OPEN:
            self.at += 1
            self._descend(start)
            inner = self._or()
            self.depth -= 1
            if self._now.kind is not TokenKind.CLOSE:
                if self._now.kind is TokenKind.END:
                    raise QueryError("This parenthesis is not closed.", span=start.span)
                raise QueryError("Expected 'and', 'or' or ')' here.", span=self._now.span)
            self.at += 1
            return inner
        return self._term()

    def _descend(self, token: Token) -> None:
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise QueryError(f"The query is nested more than {MAX_DEPTH} deep.", span=token.span)

    def _term(self) -> Node:
        self.num_terms += 1
        if self.num_terms > MAX_TERMS:
            raise QueryError(f"The query has more than {MAX_TERMS} comparisons.", span=self._now.span)
        field = self._field()
        kind = value_type(field)
        if self._takes("is"):
            return self._missing(field)
        is_opposite = self._peeks("not") and self._peeks("in", 1)
        if is_opposite:
            self.at += 1
        if self._takes("in"):
            found = self._one_of(field)
            return Not(found, found.span) if is_opposite else found
        token = self._now
        operator = _SAME_OPERATOR.get(token.text, token.text).lower()
        if token.kind is TokenKind.OPERATOR or operator in _WORDS:
            return self._comparison(field, operator)
        if kind is ValueType.FLAG and self._ends_term(token):
            return Comparison(field, "=", Flag(True), field.span)
        expected = ", ".join((*_operators(field), "in", "is null"))
        raise QueryError(f"Expected a comparison after '{field}': {expected}.", span=token.span)

    def _field(self) -> Field:
        token = self._now
        if token.kind is TokenKind.FIELD:
            kind = _KINDS.get(token.text.lower())
            if kind is None:
                message = f"'{token.text}.' is not a group of values; use metrics., params. or tags."
                raise QueryError(message, span=token.span)
            return self._keyed(kind, token.key, token)
        if token.kind is not TokenKind.WORD or token.text.lower() in KEYWORDS:
            message = "Expected a name here, such as quality_score, metrics.loss or tags.team."
            raise QueryError(message, span=token.span)
        group, dot, key = token.text.partition(".")
        kind = _KINDS.get(group.lower())
        if dot and kind is not None:
            return self._keyed(kind, key, token)
        attribute = attribute_named(token.text)
        if attribute is None:
            raise QueryError(
                f"There is no attribute '{token.text}'.", span=token.span, hint=self._nearest(token.text)
            )
        self.at += 1
        return Field(FieldKind.ATTRIBUTE, attribute.name, token.span)

    def _keyed(self, kind: FieldKind, key: str, token: Token) -> Field:
        if not key or len(key) > MAX_KEY_CHARS:
            message = f"Expected a key after '{kind.value}.', in quotes if it has spaces."
            raise QueryError(message, span=token.span)
        self.at += 1
        return Field(kind, key, token.span)

    def _missing(self, field: Field) -> Node:
        is_opposite = self._takes("not")
        token = self._now
        if not self._takes("null"):
            raise QueryError("Expected 'null' or 'not null' after 'is'.", span=token.span)
        if value_type(field) is ValueType.FLAG:
            raise QueryError(f"'{field}' is always known: it is true or false.", span=field.span)
        missing = Missing(field, Span(field.span.start, token.span.end))
        return Not(missing, missing.span) if is_opposite else missing

    def _one_of(self, field: Field) -> OneOf:
        opened = self._now
        if opened.kind is not TokenKind.OPEN:
            raise QueryError("Expected '(' and a list of values after 'in'.", span=opened.span)
        self.at += 1
        values = [self._value(field, "=")]
        while self._now.kind is TokenKind.COMMA:
            self.at += 1
            values.append(self._value(field, "="))
        closed = self._now
        if closed.kind is not TokenKind.CLOSE:
            raise QueryError("Expected ',' or ')' in this list.", span=closed.span)
        self.at += 1
        return OneOf(field, tuple(values), Span(field.span.start, closed.span.end))

    def _comparison(self, field: Field, operator: str) -> Comparison:
        token = self._now
        allowed = _operators(field)
        if operator not in allowed:
            kind = value_type(field).value
            hint = f"Use {', '.join((*allowed, 'in', 'is null'))}."
            raise QueryError(f"A {kind} cannot be compared by '{operator}'.", span=token.span, hint=hint)
        self.at += 1
        value = self._value(field, operator)
        return Comparison(field, operator, value, Span(field.span.start, self.tokens[self.at - 1].span.end))

    def _value(self, field: Field, operator: str) -> Value:
        token = self._now
        is_word = token.kind is TokenKind.WORD
        if not is_word and token.kind is not TokenKind.STRING:
            raise QueryError(f"Expected {_wanted(field, operator)} here.", span=token.span)
        value = self._read(field, operator, token)
        if value is None:
            raise QueryError(f"Expected {_wanted(field, operator)} here.", span=token.span)
        if is_word and isinstance(value, Text) and token.text.lower() in KEYWORDS:
            hint = f'To look for the word itself, write "{token.text}".'
            raise QueryError(f"Expected a value before '{token.text}'.", span=token.span, hint=hint)
        self.at += 1
        return value

    def _read(self, field: Field, operator: str, token: Token) -> Value | None:
        text = token.text
        if field.kind in (FieldKind.PARAM, FieldKind.TAG):
            return read_number(text) if operator in _ORDER else Text(text)
        if field.kind is FieldKind.METRIC:
            return read_number(text) or (read_special(text) if operator in _EQUAL else None)
        match value_type(field):
            case ValueType.TEXT:
                return Text(text)
            case ValueType.CHOICE:
                return self._choice(field, token)
            case ValueType.NUMBER:
                return read_number(text)
            case ValueType.TIME:
                return read_time(text, zone=self.zone)
            case ValueType.DURATION:
                return read_seconds(text)
            case ValueType.FLAG:
                return read_flag(text)

    def _choice(self, field: Field, token: Token) -> Value:
        choices = ATTRIBUTES[field.key].choices
        word = token.text.lower()
        if word in choices:
            return Text(word)
        near = get_close_matches(word, choices, n=1)
        hint = f"Did you mean {near[0]}?" if near else ""
        message = f"'{token.text}' is no {field.key.replace('_', ' ')}; there are {', '.join(choices)}."
        raise QueryError(message, span=token.span, hint=hint)

    def _nearest(self, word: str) -> str:
        low = word.lower()
        ends = [key for key in self.known_keys if key.partition(".")[2].lower() == low]
        near = ends or get_close_matches(low, (*ATTRIBUTES, *ALIASES, *self.known_keys), n=3, cutoff=0.6)
        if near:
            return f"Did you mean {' or '.join(dict.fromkeys(near))}?"
        return f"For a metric write metrics.{word}, for a param params.{word}, for a tag tags.{word}."

    @property
    def _now(self) -> Token:
        return self.tokens[self.at]

    def _peeks(self, word: str, ahead: int = 0) -> bool:
        token = self.tokens[min(self.at + ahead, len(self.tokens) - 1)]
        return token.kind is TokenKind.WORD and token.text.lower() == word

    def _takes(self, word: str) -> bool:
        if self._peeks(word):
            self.at += 1
            return True
        return False

    def _ends_term(self, token: Token) -> bool:
        return token.kind in (TokenKind.END, TokenKind.CLOSE) or self._peeks("and") or self._peeks("or")


def _operators(field: Field) -> tuple[str, ...]:
    if field.kind in (FieldKind.PARAM, FieldKind.TAG):
        return (*_EQUAL, *_ORDER, *_WORDS)
    return _OPERATORS[value_type(field)]


def _wanted(field: Field, operator: str) -> str:
    if operator in _ORDER and field.kind in (FieldKind.PARAM, FieldKind.TAG):
        return "a number"
    if field.kind is FieldKind.METRIC:
        return "a number, nan, inf or -inf" if operator in _EQUAL else "a number"
    match value_type(field):
        case ValueType.TEXT:
            return "text, in quotes if it has spaces"
        case ValueType.CHOICE:
            return f"one of {', '.join(ATTRIBUTES[field.key].choices)}"
        case ValueType.NUMBER:
            return "a number"
        case ValueType.TIME:
            return "a time, such as 2026-10-01, 2026-10-01T12:30 or -7d"
        case ValueType.DURATION:
            return "a length of time, such as 90s, 2m or 1h30m"
        case ValueType.FLAG:
            return "true or false"
