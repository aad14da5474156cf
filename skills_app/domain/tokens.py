"""Token counts, each with the name of the way in which it was counted."""

import re
from collections.abc import Callable
from dataclasses import dataclass

ESTIMATE = "estimate-1"

# What becomes of each byte of the text as ASCII: a letter, a digit, white space, anything else.
_KINDS = bytes(
    ord("a")
    if chr(byte).isascii() and chr(byte).isalpha()
    else ord("0")
    if chr(byte).isascii() and chr(byte).isdigit()
    else ord(" ")
    if chr(byte).isascii() and chr(byte).isspace()
    else ord("x")
    for byte in range(256)
)
_WIDE_SPACE = re.compile(r"[^\S\x00-\x7f]")


@dataclass(frozen=True, slots=True)
class TokenCount:
    """``num_tokens`` by ``method``: ``cl100k_base``, or ``estimate-1`` when its vocabulary is not at hand."""

    num_tokens: int
    method: str

    @property
    def is_estimate(self) -> bool:
        """Whether it is a guess rather than a count."""
        return self.method == ESTIMATE


TokenCounter = Callable[[str], TokenCount]


def estimate_tokens(text: str) -> TokenCount:
    """Estimate the tokens of a text without any vocabulary.

    A run of Latin letters counts one token for each begun seven letters, a run of digits one for each begun three,
    and any other character one: within about a tenth of cl100k_base on English Markdown.
    """
    kinds = text.encode("ascii", "replace").translate(_KINDS)
    # Whole groups first; what is left of a run of letters or digits is one more.
    kinds = kinds.replace(b"aaaaaaa", b"b").replace(b"000", b"c")
    number = sum(map(kinds.count, (b"b", b"c", b"x", b"a ", b"ax", b"a0", b"ac", b"0 ", b"0x", b"0a", b"0b")))
    number += kinds.endswith((b"a", b"0"))
    if not text.isascii():
        number -= len(_WIDE_SPACE.findall(text))
    return TokenCount(number, ESTIMATE)
