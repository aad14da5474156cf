"""Read the words of a query as dates, lengths of time, numbers, and yes or no."""

import math
import re
from datetime import UTC, date, datetime, tzinfo

from runs_app.domain.query_ast import Ago, Day, Flag, Instant, Number, Seconds, Special

_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "min": 60.0, "h": 3600.0, "d": 86400.0, "w": 604800.0}
_PIECE = re.compile(r"(\d+(?:\.\d+)?(?:e[+-]?\d+)?)(ms|min|s|m|h|d|w)", re.IGNORECASE)
_NUMBER = re.compile(r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?")
_SPECIALS = {
    "nan": "nan",
    "inf": "inf",
    "+inf": "inf",
    "-inf": "-inf",
    "infinity": "inf",
    "-infinity": "-inf",
}
_YEARS = range(1900, 2200)
_LONGEST_SECONDS = 86400.0 * 366 * 100


def read_number(text: str) -> Number | None:
    """Return the finite number that ``text`` writes, or None."""
    if not _NUMBER.fullmatch(text):
        return None
    value = float(text)
    return Number(value + 0.0) if math.isfinite(value) else None


def read_special(text: str) -> Special | None:
    """Return ``nan``, ``inf`` or ``-inf`` when ``text`` is a way to write it, or None."""
    word = _SPECIALS.get(text.lower())
    return Special(word) if word else None


def read_flag(text: str) -> Flag | None:
    """Return yes or no, or None for other words."""
    low = text.lower()
    if low in {"true", "yes", "1"}:
        return Flag(True)
    return Flag(False) if low in {"false", "no", "0"} else None


def read_seconds(text: str) -> Seconds | None:
    """Return the length of time that ``text`` writes (``90s``, ``1h30m``, ``2d``; a bare number is seconds), or None."""
    seconds = _length(text)
    if seconds is None:
        number = read_number(text)
        seconds = number.value if number and number.value >= 0 else None
    return Seconds(seconds) if seconds is not None and seconds <= _LONGEST_SECONDS else None


def read_time(text: str, *, zone: tzinfo = UTC) -> Day | Instant | Ago | None:
    """Return the time that ``text`` writes, or None.

    ``2026-10-01`` is the whole day, ``2026-10-01T12:30`` a moment (of ``zone`` unless it names its own), ``-7d`` a
    moment so long before now.
    """
    if text.startswith("-"):
        seconds = _length(text[1:])
        return Ago(seconds) if seconds is not None and seconds <= _LONGEST_SECONDS else None
    try:
        if len(text) == 10:
            day = date.fromisoformat(text)
            return Day(day) if day.year in _YEARS else None
        moment = datetime.fromisoformat(text)
        if len(text) < 10 or moment.year not in _YEARS:
            return None
        moment = moment if moment.tzinfo else moment.replace(tzinfo=zone)
        return Instant(moment.astimezone(UTC))
    except (ValueError, OverflowError):
        return None


def _length(text: str) -> float | None:
    at, total = 0, 0.0
    while at < len(text):
        piece = _PIECE.match(text, at)
        if piece is None:
            return None
        total += float(piece[1]) * _UNITS[piece[2].lower()]
        at = piece.end()
    return total if text and math.isfinite(total) else None
