"""Keys never leave: not in a log, not in an error, not in what a page shows."""

import json
import re
from collections.abc import Iterable

MASK = "•••"
SHORTEST_SECRET = 4
# What providers' keys look like, for a key that came back in an answer and is not one of ours; each with what must
# stand in a text for it, which is looked for first, because most texts hold none.
_SHAPES = tuple(
    (needed, re.compile(shape))
    for needed, shape in (
        ("sk-", r"\b(?:sk|gsk)-[A-Za-z0-9_-]{12,}"),
        ("pk-", r"\bpk-[A-Za-z0-9_-]{12,}"),
        ("rk-", r"\brk-[A-Za-z0-9_-]{12,}"),
        ("xai-", r"\bxai-[A-Za-z0-9_-]{12,}"),
        ("key-", r"\bkey-[A-Za-z0-9_-]{12,}"),
        ("AIza", r"\bAIza[A-Za-z0-9_-]{20,}"),
        ("Bearer", r"\bBearer\s+[A-Za-z0-9._~+/-]{8,}=*"),
        ("api_key=", r"(?<=api_key=)['\"]?[^\s'\",)&]{4,}"),
        ("://", r"(?<=://)[^\s/@:]+:[^\s/@]+(?=@)"),
    )
)


def masked(text: str, secrets: Iterable[str] = ()) -> str:
    """Return ``text`` with every secret, and whatever looks like a key, replaced by dots."""
    for secret in sorted((one for one in secrets if len(one) >= SHORTEST_SECRET), key=len, reverse=True):
        text = text.replace(secret, MASK)
    for needed, shape in _SHAPES:
        if needed in text:
            text = shape.sub(MASK, text)
    return text


def is_clean_json(text: str, secrets: Iterable[str] = ()) -> bool:
    """Say that ``masked`` would change no string in a JSON text, which is found out without reading it as JSON.

    The text is JSON whose letters are written as they are. False means that a string has to be looked at, not that it
    holds a key.
    """
    return not any(needed in text for needed, _ in _SHAPES) and not any(
        json.dumps(one, ensure_ascii=False)[1:-1] in text for one in secrets if len(one) >= SHORTEST_SECRET
    )
