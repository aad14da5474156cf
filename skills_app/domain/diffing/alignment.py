"""Align two sequences: what both have in the same order, in time that no input can make explode.

Equal ends are trimmed; what occurs once on either side anchors the rest (patience); small gaps go to
``difflib.SequenceMatcher``, larger ones to a longest common subsequence in bit vectors (Hyyrö 2004), which needs a
64th of the product of the lengths; gaps beyond ``MOST_CELLS`` count as rewritten.
"""

from collections import Counter
from collections.abc import Hashable, Sequence
from difflib import SequenceMatcher
from itertools import compress, pairwise
from operator import eq, not_

MATCHER_CELLS = 40_000
MOST_CELLS = 100_000_000
MOST_ROUNDS = 12

Pair = tuple[int, int]


def align(old: Sequence[Hashable], new: Sequence[Hashable], *, has_anchors: bool = True) -> list[Pair]:
    """Return pairs of equal items (index in ``old``, index in ``new``), rising in both.

    ``has_anchors=False`` leaves out the anchoring, which suits words less well than lines.
    """
    if len(old) == len(new):
        if len(old) == 1:
            return [(0, 0)] if old[0] == new[0] else []
        if (found := _in_place(old, new)) is not None:
            return found
    head, tail = equal_ends(old, new)
    last, new_last = len(old) - tail, len(new) - tail
    pairs = [(n, n) for n in range(head)]
    if head < last and head < new_last:
        found = _align(old[head:last], new[head:new_last], MOST_ROUNDS if has_anchors else 0)
        pairs += [(head + i, head + j) for i, j in found]
    return pairs + [(last + n, new_last + n) for n in range(tail)]


def _in_place(old: Sequence[Hashable], new: Sequence[Hashable]) -> list[Pair] | None:
    """Return the items equal at the same index if the others stand on one side only, else None.

    Without those others both sequences are the same, so there is no longer choice and no other of that length.
    """
    is_equal = list(map(eq, old, new))
    if not all(is_equal):
        others = set(compress(old, map(not_, is_equal)))
        new_others = set(compress(new, map(not_, is_equal)))
        if not others.isdisjoint(new_others) or not (others | new_others).isdisjoint(compress(old, is_equal)):
            return None
    places = range(len(old))
    return list(compress(zip(places, places, strict=True), is_equal))


def equal_ends(old: Sequence[Hashable], new: Sequence[Hashable]) -> tuple[int, int]:
    """Return how many items are equal at the start, and how many of the others are at the end."""
    head, limit = 0, min(len(old), len(new))
    while head < limit and old[head] == new[head]:
        head += 1
    tail, limit = 0, limit - head
    while tail < limit and old[-1 - tail] == new[-1 - tail]:
        tail += 1
    return head, tail


def _align(old: Sequence[Hashable], new: Sequence[Hashable], rounds: int) -> list[Pair]:
    """Return what ``align`` does: at once where no item is repeated or moved, else by numbers in place of items."""
    places = dict(zip(new, range(len(new)), strict=True))
    if len(places) == len(new) and len(set(old)) == len(old):
        common = [(i, places[item]) for i, item in enumerate(old) if item in places]
        if all(one[1] < other[1] for one, other in pairwise(common)):
            return common
    elif places.keys().isdisjoint(old):
        return []
    names: dict[Hashable, int] = {}
    left = [names.setdefault(item, len(names)) for item in old]
    right = [names.setdefault(item, len(names)) for item in new]
    pairs: list[Pair] = []
    gaps = [(0, len(left), 0, len(right), rounds)]
    while gaps:
        start, end, new_start, new_end, rounds = gaps.pop()
        start, end, new_start, new_end = _trim(left, right, (start, end, new_start, new_end), pairs)
        if start == end or new_start == new_end:
            continue
        if set(left[start:end]).isdisjoint(right[new_start:new_end]):
            continue
        anchors = _anchors(left[start:end], right[new_start:new_end]) if rounds else []
        if not anchors:
            found = _match(left[start:end], right[new_start:new_end])
            pairs += [(start + i, new_start + j) for i, j in found]
            continue
        previous, new_previous = start, new_start
        for i, j in [*anchors, (end - start, new_end - new_start)]:
            if previous < start + i and new_previous < new_start + j:
                gaps.append((previous, start + i, new_previous, new_start + j, rounds - 1))
            previous, new_previous = start + i + 1, new_start + j + 1
        pairs += [(start + i, new_start + j) for i, j in anchors]
    return sorted(pairs)


def rising(weights: Sequence[tuple[int, int, float]]) -> list[int]:
    """Return the indexes of the heaviest choice of ``(old, new, weight)`` that rises strictly in both, in that order.

    ``old`` and ``new`` count from 0. Time grows with n log n.
    """
    order = sorted(range(len(weights)), key=lambda at: (weights[at][0], -weights[at][1]))
    size = max((new for _, new, _ in weights), default=-1) + 1
    tree: list[tuple[float, int]] = [(0.0, -1)] * (size + 1)
    before = [-1] * len(weights)
    for at in order:
        _, new, weight = weights[at]
        best, node = (0.0, -1), new
        while node > 0:
            best, node = max(best, tree[node]), node & (node - 1)
        before[at] = best[1]
        value, node = (best[0] + weight, at), new + 1
        while node <= size:
            tree[node], node = max(tree[node], value), node + (node & -node)
    node, last = size, (0.0, -1)
    while node > 0:
        last, node = max(last, tree[node]), node & (node - 1)
    chosen, at = [], last[1]
    while at >= 0:
        chosen.append(at)
        at = before[at]
    return chosen[::-1]


def _trim(
    left: Sequence[int], right: Sequence[int], gap: tuple[int, int, int, int], pairs: list[Pair]
) -> tuple[int, int, int, int]:
    """Note the equal items at both ends of a gap and return what remains of it."""
    start, end, new_start, new_end = gap
    while start < end and new_start < new_end and left[start] == right[new_start]:
        pairs.append((start, new_start))
        start, new_start = start + 1, new_start + 1
    while start < end and new_start < new_end and left[end - 1] == right[new_end - 1]:
        end, new_end = end - 1, new_end - 1
        pairs.append((end, new_end))
    return start, end, new_start, new_end


def _anchors(left: Sequence[int], right: Sequence[int]) -> list[Pair]:
    """Return the longest rising choice of the items that occur exactly once on either side."""
    counts, new_counts = Counter(left), Counter(right)
    places = {item: at for at, item in enumerate(right) if new_counts[item] == 1}
    unique = [(i, places[item]) for i, item in enumerate(left) if counts[item] == 1 and item in places]
    if all(one[1] < other[1] for one, other in pairwise(unique)):
        return unique
    return [unique[at] for at in rising([(i, j, 1.0) for i, j in unique])]


def _match(left: Sequence[int], right: Sequence[int]) -> list[Pair]:
    """Return equal pairs of a gap by the way that its size allows."""
    cells = len(left) * len(right)
    if cells <= MATCHER_CELLS:
        blocks = SequenceMatcher(None, left, right, autojunk=False).get_matching_blocks()
        return [(a + n, b + n) for a, b, size in blocks for n in range(size)]
    return _common(left, right) if cells <= MOST_CELLS else []


def _common(left: Sequence[int], right: Sequence[int]) -> list[Pair]:
    """Return a longest common subsequence; one bit of memory for each cell."""
    masks: dict[int, int] = {}
    for at, item in enumerate(left):
        masks[item] = masks.get(item, 0) | 1 << at
    full = (1 << len(left)) - 1
    row, rows = full, []
    for item in right:
        hits = row & masks.get(item, 0)
        row = ((row + hits) | (row - hits)) & full
        rows.append(row)
    pairs: list[Pair] = []
    i, j = len(left), len(right)
    while i and j:
        if rows[j - 1] >> (i - 1) & 1:
            i -= 1
            continue
        j -= 1
        if j == 0 or rows[j - 1] >> (i - 1) & 1:
            i -= 1
            pairs.append((i, j))
    return pairs[::-1]
