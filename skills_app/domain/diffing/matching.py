"""Which unit of one document is which of the other, and which of them moved."""

from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Iterable, Sequence
from functools import cached_property
from itertools import pairwise

from skills_app.domain.diffing.alignment import Pair, rising
from skills_app.domain.diffing.likeness import like_anywhere
from skills_app.domain.diffing.units import Unit, UnitKind

LEAST_LIKENESS = 0.5
LEAST_BODY = 40
_HEADED = frozenset({UnitKind.SECTION, UnitKind.INTRO})

_SIGN_LETTERS = "ea."

Key = Callable[["_Reading"], Hashable]


def match_units(
    old_text: str, old: Sequence[Unit], new_text: str, new: Sequence[Unit]
) -> tuple[list[Pair], frozenset[int]]:
    """Return pairs of units (index in ``old``, index in ``new``) in the order of ``new``, and which of ``new`` moved.

    Sections are the same when heading path and text are, then when their whole text is, then when a body of some length
    occurs once on either side under another heading, then by heading path, then by likeness. Fields go by key, then by
    equal value. What moved is the smallest part of the text that has to move.
    """
    matcher = _Matcher(old_text, old, new_text, new)
    matcher.by(_path_and_letters)
    matcher.by(_path_and_text)
    matcher.by(_text)
    matcher.by(_body, is_unique=True)
    matcher.by(_path)
    matcher.by_likeness()
    pairs = sorted(matcher.pairs, key=lambda pair: pair[1])
    if all(one[0] < other[0] for one, other in pairwise(pairs)):
        return pairs, frozenset()
    weights = [(i, j, 1.0 + new[j].end - new[j].start) for i, j in pairs]
    staying = {pairs[at][1] for at in rising(weights)}
    return pairs, frozenset(j for _, j in pairs if j not in staying)


class _Matcher:
    """The pairs found so far; each pass looks only at what is left."""

    def __init__(self, old_text: str, old: Sequence[Unit], new_text: str, new: Sequence[Unit]) -> None:
        self.old_text, self.old, self.new_text, self.new = old_text, old, new_text, new
        self.readings = [_Reading(old_text, unit) for unit in old]
        self.new_readings = [_Reading(new_text, unit) for unit in new]
        self.left = dict.fromkeys(range(len(old)))
        self.right = dict.fromkeys(range(len(new)))
        self.pairs: list[Pair] = []

    def by(self, key: Key, *, is_unique: bool = False) -> None:
        """Pair units with equal keys in their order; with ``is_unique`` only keys that occur once on either side."""
        found: dict[Hashable, list[int]] = defaultdict(list)
        left, right = list(self.left), list(self.right)
        if key in _BY_WORDS:
            signs = {self.readings[i].sign for i in left} & {self.new_readings[j].sign for j in right}
            left = [i for i in left if self.readings[i].sign in signs]
            right = [j for j in right if self.new_readings[j].sign in signs]
        for i in left:
            if (value := key(self.readings[i])) is not None:
                found[value].append(i)
        keys = [(j, key(self.new_readings[j])) for j in right]
        counts = Counter(value for _, value in keys)
        for holders in found.values():
            holders.reverse()
        for j, value in keys:
            if value is None or not found.get(value):
                continue
            if not is_unique or (counts[value] == 1 and len(found[value]) == 1):
                self._take(found[value].pop(), j)

    def by_likeness(self) -> None:
        """Pair the sections left that share most of their words, the most alike first."""
        left = [i for i in self.left if self.old[i].kind in _HEADED]
        right = [j for j in self.right if self.new[j].kind in _HEADED]
        texts = _texts(self.old_text, (self.old[i] for i in left))
        new_texts = _texts(self.new_text, (self.new[j] for j in right))
        for at, new_at in like_anywhere(texts, new_texts, least=LEAST_LIKENESS):
            self._take(left[at], right[new_at])

    def _take(self, i: int, j: int) -> None:
        del self.left[i]
        del self.right[j]
        self.pairs.append((i, j))


def _texts(text: str, units: Iterable[Unit]) -> list[str]:
    return [text[unit.start : unit.end] for unit in units]


class _Reading:
    """A unit with its texts, each made once, when it is first asked for."""

    def __init__(self, text: str, unit: Unit) -> None:
        self.source, self.unit = text, unit

    @property
    def letters(self) -> str:
        """The whole text as it stands."""
        return self.source[self.unit.start : self.unit.end]

    @cached_property
    def sign(self) -> Hashable:
        """How often some letters stand below the heading or after the key: equal where the words are, and made faster."""
        body = self.source[self.unit.body_start : self.unit.end]
        if self.unit.kind is UnitKind.FIELD:
            body = body.partition(":")[2]
        return tuple(map(body.count, _SIGN_LETTERS))

    @cached_property
    def parts(self) -> list[str]:
        """The words of the whole text, cut at blanks."""
        return self.letters.split()

    @cached_property
    def words(self) -> str:
        """The whole text, reflowed."""
        return " ".join(self.parts)

    @cached_property
    def body(self) -> str:
        """What stands after the heading, reflowed."""
        heading = self.source[self.unit.start : self.unit.body_start]
        return " ".join(self.parts[len(heading.split()) :])


def _path_and_letters(one: _Reading) -> Hashable:
    return one.unit.kind, one.unit.title, one.unit.path, one.letters


def _path_and_text(one: _Reading) -> Hashable:
    return one.unit.kind, one.unit.title, one.unit.path, one.words


def _text(one: _Reading) -> Hashable:
    return (one.unit.title, one.words) if one.unit.kind is UnitKind.SECTION else None


def _body(one: _Reading) -> Hashable:
    if one.unit.kind is UnitKind.FIELD:
        value = one.letters.partition(":")[2].strip()
        return (one.unit.kind, value) if len(value) > 2 else None
    return one.body if one.unit.kind in _HEADED and len(one.body) >= LEAST_BODY else None


def _path(one: _Reading) -> Hashable:
    return one.unit.kind, one.unit.title, one.unit.path


_BY_WORDS = frozenset({_path_and_text, _text, _body})
