"""A reader of what pydantic prints: ``name='x' checks=[Item(id='a', passed=True)]``. It executes nothing.

Old run records hold reports as ``str(model)``: at the top ``field=value`` pairs with a space between them, below that
``ClassName(field=value, …)``, and Python literals everywhere else. The grammar read here:

    top     = pairs | value
    pairs   = NAME "=" value (NAME "=" value)*
    value   = STRING | NUMBER | True | False | None | nan | inf | list | tuple | braces | enum | record
    record  = DOTTED_NAME "(" [argument ("," argument)*] ")"      argument = [NAME "="] value
    enum    = "<" DOTTED_NAME ":" value ">"
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

MAX_CHARACTERS = 4 * 1024 * 1024
MAX_DEPTH = 60
MAX_DIGITS = 400

_SPACE = re.compile(r"\s*")
_NAME = re.compile(r"[^\W\d]\w*(?:\.[^\W\d]\w*)*")
_NUMBER = re.compile(r"[-+]?(?:\d[\d_]*\.?\d*(?:[eE][-+]?\d+)?|\.\d+(?:[eE][-+]?\d+)?|inf\b|nan\b)")
_STRING_START = re.compile(r"[bB]?(['\"])")
_STRING_BODY = {
    "'": re.compile(r"(?:[^'\\]|\\.)*+'", re.DOTALL),
    '"': re.compile(r'(?:[^"\\]|\\.)*+"', re.DOTALL),
}
_ESCAPE = re.compile(
    r"\\(?:x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([0-7]{1,3})|(.))", re.DOTALL
)
_SIMPLE = {"n": "\n", "r": "\r", "t": "\t", "a": "\a", "b": "\b", "f": "\f", "v": "\v", "\n": ""}
_WORDS: dict[str, Any] = {
    "True": True,
    "False": False,
    "None": None,
    "nan": float("nan"),
    "inf": float("inf"),
}


class ReprUnreadable(ValueError):
    """The text is not what pydantic prints; ``position`` is the offset (from 0) of the first character that does not fit."""

    def __init__(self, message: str, *, position: int) -> None:
        super().__init__(f"{message} (at character {position + 1})")
        self.position = position


@dataclass(frozen=True, slots=True)
class ReprRecord:
    """A printed object: its class name, positional arguments, and fields in their order."""

    name: str
    args: tuple[Any, ...] = ()
    fields: dict[str, Any] = field(default_factory=dict)


def parse_pydantic_repr(text: str) -> Any:
    """Return what ``text`` prints: a dict for fields, else the value itself, with ReprRecord for nested objects.

    Raises:
        ReprUnreadable: the text does not follow the grammar, is longer than ``MAX_CHARACTERS`` or nests deeper than
            ``MAX_DEPTH``.
    """
    if len(text) > MAX_CHARACTERS:
        raise ReprUnreadable(
            f"The text has more than {MAX_CHARACTERS:,} characters and was not read", position=MAX_CHARACTERS
        )
    return _Reader(text).read_top()


def plain_repr(text: str) -> Any:
    """Return what ``text`` prints as dicts, lists, strings, numbers, booleans and None; raises as the parser does.

    A nested object becomes the dict of its fields, one with a single argument (``UUID('…')``) that argument, any other
    the list of its arguments.
    """
    return _plain(parse_pydantic_repr(text))


def _plain(value: Any) -> Any:
    if isinstance(value, ReprRecord):
        if value.fields:
            return {name: _plain(item) for name, item in value.fields.items()}
        if len(value.args) == 1:
            return _plain(value.args[0])
        return [_plain(item) for item in value.args] if value.args else {}
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return value


class _Reader:
    """Recursive descent with one position; every step moves it forward or raises."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.position = 0
        self.depth = 0

    def read_top(self) -> Any:
        self._skip()
        if self._field_name() is None:
            value = self._value()
            self._skip()
            if self.position < len(self.text):
                raise self._error("Something follows the end of the value")
            if isinstance(value, ReprRecord) and value.fields:
                return dict(value.fields)
            return value
        fields: dict[str, Any] = {}
        while self.position < len(self.text):
            name = self._field_name()
            if name is None:
                raise self._error("A field such as name='…' was expected")
            if name in fields:
                raise self._error(f"The field {name} appears twice")
            self._take_field(name, fields)
            before = self.position
            self._skip()
            if self.position == before and self.position < len(self.text):
                raise self._error("A space was expected after the value")
        return fields

    def _take_field(self, name: str, fields: dict[str, Any]) -> None:
        self.position += len(name)
        self._skip()
        self._expect("=")
        fields[name] = self._value()

    def _field_name(self) -> str | None:
        """Return the name here when ``=`` (not ``==``) follows it; the position stays."""
        match = _NAME.match(self.text, self.position)
        if match is None or "." in match[0]:
            return None
        space = _SPACE.match(self.text, match.end())
        end = space.end() if space else match.end()
        return match[0] if self.text[end : end + 1] == "=" and self.text[end + 1 : end + 2] != "=" else None

    def _value(self) -> Any:
        self._skip()
        if self.depth >= MAX_DEPTH:
            raise self._error(f"The values nest deeper than {MAX_DEPTH} levels")
        self.depth += 1
        value = self._bare_value()
        self.depth -= 1
        return value

    def _bare_value(self) -> Any:
        text, start = self.text, self.position
        first = text[start : start + 1]
        if _STRING_START.match(text, start):
            return self._string()
        if first == "[":
            return self._items("]")
        if first == "(":
            return self._items(")")
        if first == "{":
            return self._braces()
        if first == "<":
            return self._enum()
        if number := _NUMBER.match(text, start):
            return self._number(number[0])
        if name := _NAME.match(text, start):
            return self._named(name[0])
        raise self._error("A value was expected" if first else "The text ends where a value was expected")

    def _string(self) -> str:
        text, start = self.text, self.position
        is_bytes = text[start] in "bB"
        quote = text[start + is_bytes]
        body = _STRING_BODY[quote].match(text, start + is_bytes + 1)
        if body is None:
            raise self._error("The string that starts here is not closed")
        self.position = body.end()
        return _ESCAPE.sub(self._unescape, body[0][:-1])

    def _unescape(self, match: "re.Match[str]") -> str:
        code = match[1] or match[2] or match[3]
        if code is not None:
            return chr(int(code, 16)) if int(code, 16) <= 0x10FFFF else "\ufffd"
        if match[4] is not None:
            return chr(int(match[4], 8))
        return _SIMPLE.get(match[5], match[5] if match[5] in "\\'\"" else match[0])

    def _number(self, word: str) -> int | float:
        after = self.text[self.position + len(word) : self.position + len(word) + 1]
        if after.isalnum() or after == "_" or len(word) > MAX_DIGITS:
            raise self._error("A number was expected")
        self.position += len(word)
        plain = word.replace("_", "")
        try:
            return int(plain)
        except ValueError:
            return float(plain)

    def _named(self, name: str) -> Any:
        start = self.position
        self.position += len(name)
        if self.text[self.position : self.position + 1] == "(":
            return self._record(name)
        if name in _WORDS:
            return _WORDS[name]
        self.position = start
        raise self._error(f"The word {name[:40]} is not a value")

    def _record(self, name: str) -> Any:
        args: list[Any] = []
        fields: dict[str, Any] = {}

        def argument() -> None:
            field_name = self._field_name()
            if field_name is None:
                args.append(self._value())
            elif field_name in fields:
                raise self._error(f"The field {field_name} appears twice")
            else:
                self._take_field(field_name, fields)

        self._separated(")", argument)
        if name in {"set", "frozenset"}:
            return args[0] if args else []
        return ReprRecord(name, tuple(args), fields)

    def _items(self, close: str) -> list[Any]:
        items: list[Any] = []
        self._separated(close, lambda: items.append(self._value()))
        return items

    def _braces(self) -> Any:
        """Read a dict, or a set (returned as a list)."""
        pairs: dict[str, Any] = {}
        items: list[Any] = []

        def entry() -> None:
            key = self._value()
            self._skip()
            if self.text[self.position : self.position + 1] != ":":
                items.append(key)
                return
            self.position += 1
            if isinstance(key, dict | list | ReprRecord):
                raise self._error("A key must be a plain value")
            pairs[str(key)] = self._value()

        self._separated("}", entry)
        if pairs and items:
            raise self._error("The braces hold both keys and plain values")
        return items or pairs

    def _enum(self) -> Any:
        self.position += 1
        name = _NAME.match(self.text, self.position)
        if name is None or "." not in name[0]:
            raise self._error("The name of an enum member was expected")
        self.position = name.end()
        self._expect(":")
        value = self._value()
        self._skip()
        self._expect(">")
        return value

    def _separated(self, close: str, one: Callable[[], None]) -> None:
        """Read ``one`` again and again with commas between, from the opening bracket here to ``close``."""
        opening = self.position
        self.position += 1
        while True:
            self._skip()
            if self.text[self.position : self.position + 1] == close:
                self.position += 1
                return
            if self.position >= len(self.text):
                self.position = opening
                raise self._error("The bracket that opens here is not closed")
            one()
            self._skip()
            if self.text[self.position : self.position + 1] == ",":
                self.position += 1
            elif self.position < len(self.text) and self.text[self.position] != close:
                raise self._error(f"A comma or {close} was expected")

    def _skip(self) -> None:
        match = _SPACE.match(self.text, self.position)
        self.position = match.end() if match else self.position

    def _expect(self, character: str) -> None:
        if self.text[self.position : self.position + 1] != character:
            raise self._error(f"The character {character} was expected")
        self.position += 1

    def _error(self, message: str) -> ReprUnreadable:
        return ReprUnreadable(message, position=self.position)
