"""What a source says, brought into a form that every database takes."""

import math
import re
from datetime import UTC, datetime

_SURROGATE = re.compile("[\ud800-\udfff]")
LONGEST_KEY = 250
_EARLIEST_MS = 0
_LATEST_MS = 253_402_300_799_000  # the last second of the year 9999


def storable_text(text: str, *, longest: int | None = None) -> str:
    """Return ``text`` without what PostgreSQL refuses (NUL, lone surrogates: each becomes U+FFFD), cut to ``longest``."""
    if "\x00" in text:
        text = text.replace("\x00", "\ufffd")
    if not text.isascii() and _SURROGATE.search(text):
        text = _SURROGATE.sub("\ufffd", text)
    return text if longest is None else text[:longest]


def storable_number(value: float) -> tuple[float | None, str]:
    """Return the value and an empty word, or None and ``nan``, ``inf`` or ``-inf``."""
    if math.isfinite(value):
        return value, ""
    if math.isnan(value):
        return None, "nan"
    return None, "inf" if value > 0 else "-inf"


def moment(milliseconds: int | None) -> datetime | None:
    """Return the UTC time for milliseconds since 1970, or None for none and for a time outside 1970 to 9999."""
    if milliseconds is None or not _EARLIEST_MS <= milliseconds <= _LATEST_MS:
        return None
    return datetime.fromtimestamp(milliseconds / 1000, tz=UTC)
