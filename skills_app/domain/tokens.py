"""Token counts, each with the name of the way in which it was counted."""

import re
from collections.abc import Callable
from dataclasses import dataclass

ESTIMATE = "estimate-1"

_PIECE = re.compile(r"[A-Za-z]{1,7}|[0-9]{1,3}|[^\sA-Za-z0-9]")


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
    return TokenCount(len(_PIECE.findall(text)), ESTIMATE)
