"""Keys never leave: not in a log, not in an error, not in what a page shows."""

import re
from collections.abc import Iterable

MASK = "•••"
SHORTEST_SECRET = 4
# What providers' keys look like, for a key that came back in an answer and is not one of ours.
_SHAPES = re.compile(
    r"\b(?:sk|pk|rk|gsk|xai|key)-[A-Za-z0-9_-]{12,}|\bAIza[A-Za-z0-9_-]{20,}|\bBearer\s+[A-Za-z0-9._~+/-]{8,}=*"
    r"|(?<=api_key=)['\"]?[^\s'\",)&]{4,}|(?<=://)[^\s/@:]+:[^\s/@]+(?=@)"
)


def masked(text: str, secrets: Iterable[str] = ()) -> str:
    """Return ``text`` with every secret, and whatever looks like a key, replaced by dots."""
    for secret in sorted((one for one in secrets if len(one) >= SHORTEST_SECRET), key=len, reverse=True):
        text = text.replace(secret, MASK)
    return _SHAPES.sub(MASK, text)
