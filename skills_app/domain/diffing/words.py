"""What changed inside a sentence or a line, word by word."""

from enum import StrEnum
from typing import NamedTuple

from skills_app.domain.diffing.alignment import align, equal_ends
from skills_app.domain.diffing.tokens import word_tokens

LEAST_SHARED = 0.25
MOST_TOKENS = 4_000


class RunKind(StrEnum):
    """Whether words are in both texts, or stand for each other (either may be empty)."""

    SAME = "same"
    CHANGED = "changed"


class WordRun(NamedTuple):
    """A stretch of words: what the old text has there and what the new one has."""

    kind: RunKind
    old: str
    new: str


def word_runs(old: str, new: str, *, is_prose: bool) -> tuple[WordRun, ...]:
    """Return stretches that joined give ``old`` and ``new`` again; blanks do not count in prose.

    Texts that share less than ``LEAST_SHARED`` of their words, or have more than ``MOST_TOKENS``, are one changed run:
    marks on every other word help nobody.
    """
    return _one_change(old, new) or _all_runs(old, new, is_prose=is_prose)


def _one_change(old: str, new: str) -> tuple[WordRun, ...]:
    """Return what ``_all_runs`` would where bare words in one place stand for others and the rest is equal to the letter.

    Empty when it is not so, or not as plain as that.
    """
    if len(old) > MOST_TOKENS or len(new) > MOST_TOKENS:
        return ()
    words, new_words = old.split(" "), new.split(" ")
    if words[-1] != new_words[-1]:
        return ()
    limit = min(len(words), len(new_words)) - 1
    head = 0
    while head < limit and words[head] == new_words[head]:
        head += 1
    tail = 1
    while tail < limit - head and words[-1 - tail] == new_words[-1 - tail]:
        tail += 1
    inner, new_inner = words[head:-tail], new_words[head:-tail]
    # Each bare word is one token with the blank after it, if no other blank follows: the ends are whole tokens too.
    if not (all(map(str.isalnum, inner)) and all(map(str.isalnum, new_inner)) and words[-tail][:1].strip()):
        return ()
    if not (inner and new_inner) or not set(inner).isdisjoint(new_inner):
        return ()
    most = LEAST_SHARED / (1 - LEAST_SHARED) * max(len(inner), len(new_inner))
    if sum([word[:1].isalnum() for word in (*words[:head], *words[-tail:])]) < most:
        return ()
    start = len(" ".join(words[:head])) + 1 if head else 0
    end = len(" ".join(words[-tail:]))
    change = WordRun(RunKind.CHANGED, old[start:-end], new[start:-end])
    after = WordRun(RunKind.SAME, old[-end:], new[-end:])
    return (WordRun(RunKind.SAME, old[:start], new[:start]), change, after) if head else (change, after)


def _all_runs(old: str, new: str, *, is_prose: bool) -> tuple[WordRun, ...]:
    """Return what ``word_runs`` promises for any two texts."""
    left, right = word_tokens(old), word_tokens(new)
    if max(len(left), len(right)) > MOST_TOKENS:
        return (WordRun(RunKind.CHANGED, old, new),)
    stretches = _equal_stretches(left, right, is_prose=is_prose)
    is_word = [token[0].isalnum() for token in left]
    num_shared = sum([sum(is_word[i : i + num]) for i, _, num in stretches])
    num_words = max(sum(is_word), sum([token[0].isalnum() for token in right]))
    if num_shared < LEAST_SHARED * num_words:
        return (WordRun(RunKind.CHANGED, old, new),)
    return _joined(_raw_runs(left, right, stretches))


# Where equal tokens begin in the old and in the new list, and how many of them follow each other in both.
_Stretch = tuple[int, int, int]


def _equal_stretches(left: list[str], right: list[str], *, is_prose: bool) -> list[_Stretch]:
    """Return what both lists of tokens have in the same order; in prose without the blanks after each token."""
    head = 0
    for token, other in zip(left, right, strict=False):
        if token != other:
            break
        head += 1
    keys, new_keys = left[head:], right[head:]
    if is_prose:
        keys, new_keys = [t.rstrip() for t in keys], [t.rstrip() for t in new_keys]
    more, tail = equal_ends(keys, new_keys)
    head += more
    last, new_last = len(left) - tail, len(right) - tail
    stretches = [(0, 0, head)]
    if head < last and head < new_last:
        inner, new_inner = keys[more : len(keys) - tail], new_keys[more : len(new_keys) - tail]
        for i, j in align(inner, new_inner, has_anchors=False):
            first, new_first, num = stretches[-1]
            if (head + i, head + j) == (first + num, new_first + num):
                stretches[-1] = first, new_first, num + 1
            else:
                stretches.append((head + i, head + j, 1))
    return [*stretches, (last, new_last, tail)]


def _raw_runs(left: list[str], right: list[str], stretches: list[_Stretch]) -> list[WordRun]:
    runs: list[WordRun] = []
    start = new_start = 0
    for i, j, num in stretches:
        if i > start or j > new_start:
            runs.append(WordRun(RunKind.CHANGED, "".join(left[start:i]), "".join(right[new_start:j])))
        start, new_start = i + num, j + num
        if num:
            runs.append(WordRun(RunKind.SAME, "".join(left[i:start]), "".join(right[j:new_start])))
    return runs


def _joined(runs: list[WordRun]) -> tuple[WordRun, ...]:
    """Take lone marks and blanks between two changes into the change."""
    if len(runs) < 3 or (len(runs) == 3 and runs[1].kind is RunKind.CHANGED):
        return tuple(runs)
    kept: list[WordRun] = []
    for at, run in enumerate(runs):
        is_inner = 0 < at < len(runs) - 1
        kind = run.kind
        if kind is RunKind.SAME and is_inner and not any(char.isalnum() for char in run.new):
            kind = RunKind.CHANGED
        if kept and kept[-1].kind is kind:
            last = kept.pop()
            run = WordRun(kind, last.old + run.old, last.new + run.new)
        kept.append(WordRun(kind, run.old, run.new))
    return tuple(kept)
