"""Values from files and models, brought into a form that every database and JSON reader takes."""

import math
import re
from typing import Any

_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
MAX_DEPTH = 80


def storable_text(text: str, *, longest: int | None = None) -> str:
    """Return ``text`` with NUL and lone surrogates shown as U+FFFD (PostgreSQL refuses them), cut to ``longest``."""
    return _UNSTORABLE.sub("\ufffd", text)[:longest]


def storable_json(value: Any, *, depth: int = 0) -> Any:
    """Return ``value`` as JSON data: text made storable, other keys and values as text, what is not finite as a word.

    What nests deeper than ``MAX_DEPTH`` levels becomes None.
    """
    if depth > MAX_DEPTH:
        return None
    if isinstance(value, str):
        return storable_text(value)
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int):
        return value if -(2**63) <= value < 2**63 else str(value)[:400]
    if isinstance(value, float):
        return value if math.isfinite(value) else str(value)
    if isinstance(value, dict):
        return {storable_text(str(key)): storable_json(item, depth=depth + 1) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [storable_json(item, depth=depth + 1) for item in value]
    return storable_text(str(value))
