"""Find what is alike in two lists of texts without comparing each with each."""

from collections import Counter
from collections.abc import Sequence
from operator import eq

from skills_app.domain.diffing.alignment import Pair, rising
from skills_app.domain.diffing.tokens import words_of

MOST_HOLDERS = 6
MOST_CANDIDATES = 4

Match = tuple[float, int, int]


def likeness(old: Sequence[str], new: Sequence[str]) -> float:
    """Return how much of their words two lists of words share, 0 to 1 (Dice over words with their counts)."""
    words, new_words = set(old), set(new)
    common = words & new_words
    if not common:
        return 0.0
    shared = len(common)
    if len(words) < len(old) and len(new_words) < len(new):
        counts, new_counts = Counter(old), Counter(new)
        shared = sum([min(counts[word], new_counts[word]) for word in common])
    return 2 * shared / (len(old) + len(new))


def like_pairs(old: Sequence[str], new: Sequence[str], *, least: float) -> list[Match]:
    """Return matches (likeness, index in ``old``, index in ``new``) of at least ``least``.

    Candidates share words that few of the texts hold, or stand at the same place; at most ``MOST_CANDIDATES`` are
    compared for each text of ``new``, so time grows with the number of words. A text that has too few of the words of
    ``old`` in all to be like any of them is compared with none.
    """
    if not old or not new:
        return []
    bags, new_bags = [words_of(text) for text in old], [words_of(text) for text in new]
    if len(old) == len(new) == 1:
        return [(score, 0, 0)] if (score := _score(bags[0], new_bags[0], least)) >= least else []
    if len(old) <= MOST_CANDIDATES:
        return _of_all(bags, new_bags, least)
    known = set().union(*bags)
    shortest = min(map(len, bags))
    wanted: list[tuple[int, list[str], list[str]]] = []
    for j, bag in enumerate(new_bags):
        found = [word for word in bag if word in known]
        if found and 2 * len(found) >= least * (len(bag) + shortest):
            wanted.append((j, bag, found))
    holders = _holders(bags, set().union(*[found for _, _, found in wanted])) if wanted else {}
    matches: list[Match] = []
    for j, bag, found in wanted:
        shared = Counter([i for word in set(found) for i in holders[word]])
        candidates = set(shared)
        if len(candidates) > MOST_CANDIDATES:
            candidates = {i for _, i in sorted((-num, i) for i, num in shared.items())[:MOST_CANDIDATES]}
        candidates.add(j * len(old) // len(new))
        matches += [(score, i, j) for i in candidates if (score := likeness(bags[i], bag)) >= least]
    return matches


def _of_all(bags: Sequence[Sequence[str]], new_bags: Sequence[Sequence[str]], least: float) -> list[Match]:
    """Return the matches among all pairs of lists of words."""
    return [
        (score, i, j)
        for j, new_bag in enumerate(new_bags)
        for i, bag in enumerate(bags)
        if (score := likeness(bag, new_bag)) >= least
    ]


def _holders(bags: Sequence[Sequence[str]], words: set[str]) -> dict[str, Sequence[int]]:
    """Return for each of ``words`` which lists hold it, or nothing where more than ``MOST_HOLDERS`` do."""
    holders: dict[str, list[int]] = {}
    for at, bag in enumerate(bags):
        for word in words.intersection(bag):
            holders.setdefault(word, []).append(at)
    return {word: found if len(found) <= MOST_HOLDERS else () for word, found in holders.items()}


def _score(old: list[str], new: list[str], least: float) -> float:
    """Return the likeness of two lists of words, or less of it where words equal place by place make ``least`` already."""
    score = 2 * sum(map(eq, old, new)) / max(len(old) + len(new), 1)
    return score if score >= least else likeness(old, new)


def is_like(old: str, new: str, *, least: float) -> bool:
    """Whether two texts share ``least`` of their words, as ``like_in_order`` would say of them."""
    return _score(words_of(old), words_of(new), least) >= least


def likeness_of_others(old: str, new: str, *, least: float) -> float | None:
    """Return the likeness of two texts of different words, or enough of it to make ``least``; None for the same words."""
    words, new_words = words_of(old), words_of(new)
    return None if words == new_words else _score(words, new_words, least)


def like_in_order(old: Sequence[str], new: Sequence[str], *, least: float) -> list[Pair]:
    """Return pairs of alike texts that rise on both sides, the choice with the greatest likeness in sum."""
    matches = like_pairs(old, new, least=least)
    if len(matches) < 2:
        return [(i, j) for _, i, j in matches]
    chosen = rising([(i, j, score) for score, i, j in matches])
    return [(matches[at][1], matches[at][2]) for at in chosen]


def like_anywhere(old: Sequence[str], new: Sequence[str], *, least: float) -> list[Pair]:
    """Return pairs of alike texts, the most alike first, each text used once, in whatever order they stand."""
    taken: set[int] = set()
    new_taken: set[int] = set()
    pairs: list[Pair] = []
    for _, i, j in sorted(like_pairs(old, new, least=least), key=lambda m: (-m[0], abs(m[1] - m[2]), m[1:])):
        if i not in taken and j not in new_taken:
            taken.add(i)
            new_taken.add(j)
            pairs.append((i, j))
    return pairs
