"""What the judgements of two versions differ in: findings that are fixed, new or still there."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar


class FoundThing(Protocol):
    """A finding as reports keep it: the rule, what it says, and the file that it is in."""

    @property
    def rule_id(self) -> str:
        """The rule."""

    @property
    def message(self) -> str:
        """The sentence."""

    @property
    def path(self) -> str:
        """The file, empty for the document."""


T = TypeVar("T", bound=FoundThing)


@dataclass(frozen=True, slots=True)
class FindingChanges(Generic[T]):
    """The findings of one judge on two versions; ``still`` are those of the newer one."""

    fixed: tuple[T, ...]
    new: tuple[T, ...]
    still: tuple[T, ...]


def compare_findings(old: Sequence[T], new: Sequence[T]) -> FindingChanges[T]:
    """Return which findings are fixed, new and still there, each list in its order.

    One is still there when the same rule says the same of the same file; what is left is paired by rule and file alone,
    since a message may hold a number that changed. Lines do not count: text above may have come or gone.
    """
    left = dict.fromkeys(range(len(old)))
    right = dict.fromkeys(range(len(new)))
    for has_message in (True, False):
        holders: dict[tuple[str, str, str], list[int]] = defaultdict(list)
        for i in reversed(left):
            holders[_key(old[i], has_message)].append(i)
        for j in list(right):
            found = holders.get(_key(new[j], has_message))
            if found:
                del left[found.pop()]
                del right[j]
    return FindingChanges(
        fixed=tuple(old[i] for i in left),
        new=tuple(new[j] for j in right),
        still=tuple(one for j, one in enumerate(new) if j not in right),
    )


def _key(one: FoundThing, has_message: bool) -> tuple[str, str, str]:
    return one.rule_id, one.path, one.message if has_message else ""
