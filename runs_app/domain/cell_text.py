"""How values of runs are written on pages: numbers short, durations and costs with their unit."""

import math

_DASH = "–"


def number_text(value: float | None, special: str = "") -> str:
    """Return a number as people read it: whole ones with thousands apart, others with four significant digits.

    ``special`` is the word of a value that is no number (nan, inf, -inf) and stands for itself.
    """
    if special or value is None:
        return special or _DASH
    if not math.isfinite(value):
        return str(value)
    if value == int(value) and abs(value) < 1e15:
        return f"{int(value):,}"
    if abs(value) >= 1e6 or abs(value) < 1e-4:
        return f"{value:.4g}"
    return f"{value:,.4f}" if abs(value) < 1 else f"{value:,.{max(0, 4 - len(str(int(abs(value)))))}f}"


def duration_text(seconds: float | None) -> str:
    """Return a length of time: ``0.42 s``, ``51 s``, ``3 min 20 s``, ``2 h 5 min``, ``3 d 4 h``."""
    if seconds is None:
        return _DASH
    if seconds < 10:
        return f"{seconds:.2g} s" if seconds < 1 else f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3_600:
        return f"{whole // 60} min" + (f" {whole % 60} s" if whole % 60 else "")
    if whole < 86_400:
        return f"{whole // 3_600} h" + (f" {whole % 3_600 // 60} min" if whole % 3_600 // 60 else "")
    return f"{whole // 86_400} d" + (f" {whole % 86_400 // 3_600} h" if whole % 86_400 // 3_600 else "")


def days_text(days: float) -> str:
    """Return a number of days: ``3.2 days``, of few hours ``under 0.1 days``."""
    return f"{days:,.1f} days" if days >= 0.05 or days == 0 else "under 0.1 days"


def cost_text(dollars: float | None) -> str:
    """Return a cost in US dollars with as many digits as matter: ``$12.40``, ``$0.1336``."""
    if dollars is None:
        return _DASH
    return f"${dollars:,.2f}" if dollars >= 1 or dollars == 0 else f"${dollars:.4f}"


def shortened(text: str, limit: int = 80) -> str:
    """Return the first ``limit`` characters, the last of them an ellipsis when something is left out."""
    return text if len(text) <= limit else text[: limit - 1] + "…"


def cell_text(kind: str, value: object) -> str:
    """Return the words of one cell of a list; ``kind`` is text, number, duration, cost or flag."""
    if value is None or value == "":
        return _DASH
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int | float):
        if kind == "duration":
            return duration_text(value)
        return cost_text(value) if kind == "cost" else number_text(value)
    return shortened(str(value))
