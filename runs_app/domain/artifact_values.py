"""The value that a stored artifact holds, however often it was wrapped on its way into the file."""

import json
from dataclasses import dataclass
from typing import Any

from runs_app.domain.enums import ProblemReason
from runs_app.domain.pydantic_repr import ReprUnreadable, plain_repr

MAX_WRAPPINGS = 4


@dataclass(frozen=True, slots=True)
class ArtifactValue:
    """What was read, or why not: ``reason`` is None when ``value`` is to be used."""

    value: Any = None
    reason: ProblemReason | None = None
    message: str = ""


def read_value(text: str) -> ArtifactValue:
    """Return the value of an artifact: JSON, JSON in a JSON string, or a printed Python object, in a string or bare.

    Never raises. A string that is neither JSON nor a printed object is no value.
    """
    value: Any = text
    for wrapping in range(MAX_WRAPPINGS):
        if not isinstance(value, str):
            return ArtifactValue(value)
        try:
            value = json.loads(value)
        except RecursionError:
            return ArtifactValue(None, ProblemReason.UNREADABLE_JSON, "its JSON nests too deep")
        except ValueError as error:
            return _read_printed(value, json_error=error if wrapping == 0 else None)
    return ArtifactValue(None, ProblemReason.WRONG_SHAPE, "it is a string wrapped in strings")


def _read_printed(text: str, *, json_error: ValueError | None) -> ArtifactValue:
    """Read a printed object; when bare text is no JSON either, say which of the two it looked like."""
    try:
        return ArtifactValue(plain_repr(text))
    except ReprUnreadable as error:
        if json_error is not None and (not text.strip() or text.lstrip()[0] in '{["'):
            return ArtifactValue(
                None, ProblemReason.UNREADABLE_JSON, f"its JSON cannot be read: {json_error}"
            )
        message = f"the Python object printed in it cannot be read: {error}"
        return ArtifactValue(None, ProblemReason.UNREADABLE_REPR, message)
