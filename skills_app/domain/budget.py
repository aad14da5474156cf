"""What a set of skills costs an agent before any is used: the catalog that its host shows, and what the host cuts.

Hosts list the name and the description of every skill in each conversation. They cut long entries, then drop or shorten
what does not fit, and say so nowhere. What each does is written down in ``HOSTS``, with its source.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from skills_app.domain.limits import (
    CATALOG_TOKENS_ADVICE,
    CLAUDE_CONTEXT_SHARE,
    CLAUDE_ENTRY_CHARACTERS,
    CODEX_CATALOG_CHARACTERS,
    CODEX_CONTEXT_SHARE,
)
from skills_app.domain.tokens import TokenCounter, estimate_tokens

CONTEXTS: tuple[int, ...] = (128_000, 200_000, 400_000, 1_000_000)
USUAL_CONTEXT = 200_000


class Fate(StrEnum):
    """What becomes of an entry of the catalog."""

    WHOLE = "whole"
    CUT = "cut"
    NAME_ONLY = "name only"
    OMITTED = "omitted"


@dataclass(frozen=True, slots=True)
class Entry:
    """One skill in a catalog: its key (of whatever kind the caller likes), name and description."""

    key: str
    name: str
    description: str

    @property
    def text(self) -> str:
        """What a host lists."""
        return f"{self.name}: {self.description}"


@dataclass(frozen=True, slots=True)
class EntryCost:
    """An entry with its size, what becomes of it, how many characters of its description are kept, and the part lost."""

    entry: Entry
    num_characters: int
    num_tokens: int
    fate: Fate
    kept_characters: int

    @property
    def kept(self) -> str:
        """The part of the description that an agent sees."""
        return self.entry.description[: self.kept_characters]

    @property
    def lost(self) -> str:
        """The part that it does not see."""
        return self.entry.description[self.kept_characters :]


@dataclass(frozen=True, slots=True)
class Host:
    """How one host treats a catalog: its name, the rule in words, its source, and the rule itself."""

    name: str
    title: str
    rule: str
    source: str
    unit: str
    limit: Callable[[int], int]


@dataclass(frozen=True, slots=True)
class HostBudget:
    """A catalog under one host. ``total`` and ``limit`` (0: not known) are in the host's ``unit``, tokens or characters."""

    host: Host
    entries: tuple[EntryCost, ...]
    total: int
    limit: int

    @property
    def num_cut(self) -> int:
        """How many entries an agent does not see whole."""
        return sum(one.fate is not Fate.WHOLE for one in self.entries)

    @property
    def share(self) -> float:
        """What part of the limit is used, before anything is cut; 1 is all of it."""
        return self.total / self.limit if self.limit else 0.0

    @property
    def sentence(self) -> str:
        """The outcome in words."""
        size = f"{self.total:,} of {self.limit:,} {self.host.unit}"
        if not self.entries:
            return "There is nothing in this catalog."
        if not self.limit:
            size = f"{self.total:,} {self.host.unit}, of a limit that is not known without the context"
        if not self.num_cut:
            return f"{self.host.title} shows every entry whole: {size}."
        of = f"{self.num_cut} of {len(self.entries)}"
        return f"{self.host.title} shows {of} entries not whole: the catalog takes {size}."


_CLAUDE = Host(
    "claude",
    "Claude Code",
    "An entry is cut at 1,536 characters. Where all entries take more than 1 % of the context, the last lose their "
    "description and keep their name.",
    "Claude Code documentation; which entries lose theirs depends on use there, here on the order of the list",
    "tokens",
    lambda context: int(context * CLAUDE_CONTEXT_SHARE),
)
_CODEX = Host(
    "codex",
    "Codex",
    "Where all entries take more than 2 % of the context, or 8,000 characters if that is unknown, every description is "
    "shortened to the same length; where names alone do not fit, the last entries are left out.",
    "Codex documentation, skills",
    "characters",
    # A token of English text has about four characters.
    lambda context: int(context * CODEX_CONTEXT_SHARE) * 4 if context else CODEX_CATALOG_CHARACTERS,
)
_SPEC = Host(
    "spec",
    "The specification",
    "An entry should take about 100 tokens; nothing is cut.",
    "agentskills.io specification",
    "tokens",
    lambda _context: 0,
)
HOSTS: dict[str, Host] = {host.name: host for host in (_CLAUDE, _CODEX, _SPEC)}


def budget_of(
    entries: Sequence[Entry],
    host: Host,
    *,
    context: int = USUAL_CONTEXT,
    count: TokenCounter = estimate_tokens,
) -> HostBudget:
    """Return what ``host`` makes of a catalog in a context of so many tokens (0: unknown), in the order given."""
    sizes = [count(entry.text).num_tokens for entry in entries]
    if host is _CODEX:
        return _codex(entries, sizes, host.limit(context))
    if host is _CLAUDE:
        return _claude(entries, sizes, host.limit(context), count)
    limit = CATALOG_TOKENS_ADVICE * len(entries)
    costs = tuple(
        _cost(entry, size, Fate.WHOLE, len(entry.description))
        for entry, size in zip(entries, sizes, strict=True)
    )
    return HostBudget(host, costs, sum(sizes), limit)


def _claude(entries: Sequence[Entry], sizes: Sequence[int], limit: int, count: TokenCounter) -> HostBudget:
    costs, used, total = [], 0, 0
    is_full = False
    for entry, size in zip(entries, sizes, strict=True):
        kept = min(len(entry.description), CLAUDE_ENTRY_CHARACTERS)
        fate = Fate.WHOLE if kept == len(entry.description) else Fate.CUT
        shown = size if fate is Fate.WHOLE else count(f"{entry.name}: {entry.description[:kept]}").num_tokens
        total += shown
        is_full = is_full or 0 < limit < used + shown
        if is_full:
            kept, fate, shown = 0, Fate.NAME_ONLY, count(entry.name).num_tokens
        used += shown
        costs.append(_cost(entry, size, fate, kept))
    return HostBudget(_CLAUDE, tuple(costs), total, limit)


def _codex(entries: Sequence[Entry], sizes: Sequence[int], limit: int) -> HostBudget:
    total = sum(len(entry.text) for entry in entries)
    longest = max((len(entry.description) for entry in entries), default=0)
    heads = [len(entry.name) + 2 for entry in entries]
    share = longest if total <= limit else _fair_share(entries, limit - sum(heads))
    room = limit
    costs = []
    for entry, size, head in zip(entries, sizes, heads, strict=True):
        kept = min(len(entry.description), share)
        fate = Fate.WHOLE if kept == len(entry.description) else Fate.CUT if kept else Fate.NAME_ONLY
        room -= head + kept
        if room < 0:
            kept, fate = 0, Fate.OMITTED
        costs.append(_cost(entry, size, fate, kept))
    return HostBudget(_CODEX, tuple(costs), total, limit)


def _fair_share(entries: Sequence[Entry], room: int) -> int:
    """Return the greatest length at which all descriptions, cut to it, fit into ``room`` characters."""
    left, number = max(room, 0), len(entries)
    for length in sorted(len(entry.description) for entry in entries):
        if length * number > left:
            return left // number
        left -= length
        number -= 1
    return max((len(entry.description) for entry in entries), default=0)


def _cost(entry: Entry, num_tokens: int, fate: Fate, kept: int) -> EntryCost:
    return EntryCost(entry, len(entry.text), num_tokens, fate, kept)
