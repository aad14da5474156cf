"""Anchors of comments: a quotation with its surroundings, found again in another version, or lost, never elsewhere.

An anchor knows how much of its surroundings any other occurrence of the same words shared when it was made. Only what
agrees with more than that can be the place again; two places that could both be it are none.
"""

import re
from bisect import bisect_right
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache

from skills_app.domain.documents import SkillDocument
from skills_app.domain.front_matter import FRONT_MATTER_PATH
from skills_app.domain.text_lines import TextLines

CONTEXT = 64
LONGEST_CONTEXT = 512
MARGIN = 8
LINE_MARGIN = 3
LONG_QUOTE = 24
MOST_PLACES = 2_000
# What stands before and after all of a file: its ends are surroundings, too; the last one, where more is added, is no proof by itself.
_TOP, _BOTTOM = "\ufdd0" * MARGIN, "\ufdd1" * (MARGIN // 2)

_WORD = re.compile(r"\S+")
_INSIDE = re.compile(r"\w\w")
_MARKS = re.compile(
    r"\]\((?:<[^<>\n]*>|[^()\s]*(?:\([^()\s]*\)[^()\s]*)*)(?:[ \t]+\"[^\"\n]*\")?\)|[*`_~#>|\[\]\\]"
)
# Also what a page shows as something else: fences, rules of tables and headings, and the marks before items of lists.
_BLOCK_MARKS = re.compile(
    r"^[ \t>]*(?:`{3}|~{3})[^\n]*$|^[ \t>|:=-]+$|^[ \t>]*(?:[-+]|\d{1,9}[.)])[ \t]+|" + _MARKS.pattern,
    re.MULTILINE,
)
_NO_MARKS = re.compile(r"(?!)")


@dataclass(frozen=True, slots=True)
class QuoteAnchor:
    """What is kept of a selection: all texts have their blanks made one space.

    ``path`` are the headings down to it, or ``FRONT_MATTER_PATH``. ``before`` and ``after`` are 64 to 512 characters beside it, ``rival_before``
    and ``rival_after`` how many of them, counted from the quote, another occurrence of the quote shared. ``line_before`` and ``line_after`` say
    how many characters of other words stand on its own line.
    """

    path: tuple[str, ...]
    quote: str
    before: str
    after: str
    rival_before: int = 0
    rival_after: int = 0
    has_rivals: bool = False
    line_before: int = 0
    line_after: int = 0


@dataclass(frozen=True, slots=True)
class QuotePlace:
    """Where an anchor stands: ``text[start:end]`` of the document says the quote, on ``line`` (from 1)."""

    start: int
    end: int
    line: int


def make_anchor(document: SkillDocument, start: int, end: int) -> QuoteAnchor:
    """Return the anchor of ``document.text[start:end]``; blanks at its ends are left out.

    Raises:
        ValueError: the span lies outside the text or holds no word.
    """
    if not 0 <= start < end <= len(document.text) or not document.text[start:end].strip():
        raise ValueError("An anchor needs some words of the document.")
    return _anchor(document.text, start, end, _path_at(document, start))


def make_text_anchor(text: str, start: int, end: int) -> QuoteAnchor:
    """Return the anchor of ``text[start:end]`` in a file that is no skill document: without headings, for whole words alone.

    Raises:
        ValueError: the span lies outside the text or holds no word.
    """
    if not 0 <= start < end <= len(text) or not text[start:end].strip():
        raise ValueError("An anchor needs some words of the file.")
    offset = len(_TOP) + 1
    return _anchor(_edged(text), start + offset, end + offset, (), is_whole=True)


def _anchor(text: str, start: int, end: int, path: tuple[str, ...], *, is_whole: bool = False) -> QuoteAnchor:
    flat = _Flat(text)
    first, last = flat.span(start, end)
    quote = flat.text[first:last]
    rivals = [at for at in flat.places(quote, is_whole=is_whole) if at != first]
    before = max((flat.shared_before(first, at, LONGEST_CONTEXT) for at in rivals), default=0)
    after = max((flat.shared_after(last, at + len(quote), LONGEST_CONTEXT) for at in rivals), default=0)
    width = min(max(CONTEXT, before + 2 * MARGIN), LONGEST_CONTEXT)
    new_width = min(max(CONTEXT, after + 2 * MARGIN), LONGEST_CONTEXT)
    return QuoteAnchor(
        path=path,
        quote=quote,
        before=flat.text[max(0, first - width) : first],
        after=flat.text[last : last + new_width],
        rival_before=before,
        rival_after=after,
        has_rivals=bool(rivals),
        line_before=_num_characters(text[text.rfind("\n", 0, start) + 1 : start], is_code=is_whole),
        line_after=_num_characters(text[end:].partition("\n")[0], is_code=is_whole),
    )


def find_anchor(anchor: QuoteAnchor, document: SkillDocument) -> QuotePlace | None:
    """Return where the quote stands in a document, word for word, or None when it is lost.

    A place is accepted when it agrees with the anchor's surroundings by at least ``MARGIN`` characters more than any
    rival did, some of them on the quote's own line if it has other words, or when a long quote was and is the only one of
    its kind. It must be no worse than every other such place before, after and in heading path, and better in one of them.
    """
    span = _find(anchor, document.text, lambda offset: _path_at(document, offset))
    return QuotePlace(*span, document.lines.line_number(span[0])) if span else None


def find_text_anchor(anchor: QuoteAnchor, text: str) -> QuotePlace | None:
    """Return where an anchor of ``make_text_anchor`` stands in a later text of the file, or None when it is lost.

    It is accepted as in a document; the ends of the file are surroundings, too.
    """
    offset = len(_TOP) + 1
    span = _find(anchor, _edged(text), lambda _: anchor.path, is_whole=True)
    if span is None:
        return None
    start, end = span[0] - offset, span[1] - offset
    return QuotePlace(start, end, TextLines(text).line_number(start))


def _find(
    anchor: QuoteAnchor,
    text: str,
    path_at: Callable[[int], tuple[str, ...]],
    *,
    is_whole: bool = False,
) -> tuple[int, int] | None:
    flat = _flat(text)
    places = list(flat.places(anchor.quote, is_whole=is_whole))
    if not anchor.quote or len(places) > MOST_PLACES:
        return None
    found = [_Candidate.at(place, anchor, flat, path_at) for place in places]
    is_only = len(found) == 1 and not anchor.has_rivals and len(anchor.quote) >= LONG_QUOTE
    # The lines of a file are equal so often that one side of a line proves nothing while its words stand elsewhere, too.
    is_strict = is_whole and len(found) > 1
    good = [one for one in found if is_only or one.is_near(anchor, is_strict=is_strict)]
    best = next((one for one in good if all(one is other or one.beats(other) for other in good)), None)
    return flat.raw_span(best.place, best.place + len(anchor.quote)) if best else None


def _edged(text: str) -> str:
    return f"{_TOP}\n{text}\n{_BOTTOM}"


def find_selection(
    document: SkillDocument, quote: str, before: str = "", after: str = "", *, end: int | None = None
) -> QuotePlace | None:
    """Return where a reader's selection of the *rendered* document stands in its source up to ``end``, or None.

    Marks of Markdown and blanks do not count; those before items and around code only where nothing is found with them, since
    code may hold the same. ``before`` and ``after``, what the reader saw beside it, decide among
    several places; without one that agrees best there is none. Use it once, to make the anchor.
    """
    found = selections_in(document, quote, before, after, end=end)
    return found[0] if len(found) == 1 else None


def selections_in(
    document: SkillDocument,
    quote: str,
    before: str = "",
    after: str = "",
    *,
    end: int | None = None,
    lines: range | None = None,
) -> list[QuotePlace]:
    """Return all places that ``find_selection`` cannot tell apart; ``lines`` are those that it may begin on."""
    for marks in (_MARKS, _BLOCK_MARKS):
        bare = _Bare(document.text[:end], marks)
        if found := _best(bare, document.lines, quote, before, after, lines=lines):
            return [place for _, place in found]
    return []


def words_in(
    text: str, quote: str, before: str = "", after: str = "", *, lines: range | None = None
) -> list[QuotePlace]:
    """Return the places of words that a reader selected in a text shown as it is written, blanks apart, that cannot be told apart.

    ``before`` and ``after`` decide as in ``find_selection``, ``lines`` are those that the words may begin on; of places that agree
    equally well, those that cut no word count.
    """
    found = _best(_Bare(text, _NO_MARKS), TextLines(text), quote, before, after, lines=lines)
    whole = [place for is_whole, place in found if is_whole]
    return whole or [place for _, place in found]


def _best(
    bare: "_Bare", numbers: TextLines, quote: str, before: str, after: str, *, lines: range | None
) -> list[tuple[bool, QuotePlace]]:
    """Return the places of a quote that agree best with what was seen beside it, each with whether it cuts no word."""
    wanted, left, right = bare.form(quote), bare.form(before), bare.form(after)
    places = list(bare.flat.places(wanted)) if wanted else []
    if len(places) > MOST_PLACES:
        return []
    found: list[tuple[int, bool, QuotePlace]] = []
    for at in places:
        start, end = bare.raw_span(at, at + len(wanted))
        line = numbers.line_number(start)
        if lines is None or line in lines:
            score = bare.agreement(at, at + len(wanted), left, right)
            found.append((score, bare.flat.is_whole(at, at + len(wanted)), QuotePlace(start, end, line)))
    best = max((score for score, _, _ in found), default=0)
    return [(is_whole, place) for score, is_whole, place in found if score == best]


@lru_cache(maxsize=4)
def _flat(text: str) -> "_Flat":
    """Return a text made flat; a page looks for all its comments in the same document."""
    return _Flat(text)


def _num_characters(line: str, *, is_code: bool) -> int:
    """Return how many characters a part of a line has; outside of code 0 when it holds no letter."""
    return len(" ".join(line.split())) if is_code or any(char.isalpha() for char in line) else 0


def _path_at(document: SkillDocument, offset: int) -> tuple[str, ...]:
    if offset < document.body_start:
        return FRONT_MATTER_PATH
    section = document.structure.section_at(document.lines.line_number(offset))
    return section.path if section else ()


class _Flat:
    """A text with each run of blanks made one space, and the way back to its offsets."""

    def __init__(self, text: str) -> None:
        self.length = len(text)
        self._raw: list[int] = []
        self._starts: list[int] = []
        words: list[str] = []
        position = 0
        for match in _WORD.finditer(text):
            self._raw.append(match.start())
            self._starts.append(position)
            words.append(match[0])
            position += len(match[0]) + 1
        self.text = " ".join(words)

    def places(self, quote: str, *, is_whole: bool = False) -> Iterator[int]:
        """Yield where ``quote`` occurs, at most one more than ``MOST_PLACES``; occurrences may overlap.

        With ``is_whole`` only those that cut no word.
        """
        at = self.text.find(quote) if quote else -1
        num = 0
        while at >= 0 and num <= MOST_PLACES:
            if not is_whole or self.is_whole(at, at + len(quote)):
                yield at
                num += 1
            at = self.text.find(quote, at + 1)

    def is_whole(self, start: int, end: int) -> bool:
        """Whether neither end of a span lies inside a word."""
        return not any(_INSIDE.fullmatch(self.text[max(at - 1, 0) : at + 1]) for at in (start, end))

    def span(self, start: int, end: int) -> tuple[int, int]:
        """Return the span of the flat text that the words in a span of the raw one take."""
        first = last = 0
        index = max(bisect_right(self._raw, start) - 1, 0)
        first = self._starts[index] + max(start - self._raw[index], 0)
        length = self._starts[index + 1] - 1 if index + 1 < len(self._starts) else len(self.text)
        first = first if first < length else min(length + 1, len(self.text))
        index = bisect_right(self._raw, end - 1) - 1
        length = self._starts[index + 1] - 1 if index + 1 < len(self._starts) else len(self.text)
        last = min(self._starts[index] + end - self._raw[index], length)
        return first, last

    def raw_span(self, first: int, last: int) -> tuple[int, int]:
        """Return the span of the raw text for a span of the flat one that starts and ends in a word."""
        index = bisect_right(self._starts, first) - 1
        until = bisect_right(self._starts, last - 1) - 1
        return (
            self._raw[index] + first - self._starts[index],
            self._raw[until] + last - self._starts[until],
        )

    def shared_before(self, end: int, other: int, most: int) -> int:
        """Return how many characters before two offsets are equal, counted backwards."""
        return _shared(
            self.text[max(0, end - most) : end][::-1], self.text[max(0, other - most) : other][::-1]
        )

    def shared_after(self, start: int, other: int, most: int) -> int:
        """Return how many characters after two offsets are equal."""
        return _shared(self.text[start : start + most], self.text[other : other + most])


@dataclass(frozen=True, slots=True)
class _Candidate:
    """A place where the quote occurs, and how much of its surroundings agrees."""

    place: int
    before: int
    after: int
    is_at_path: bool

    @classmethod
    def at(
        cls, place: int, anchor: QuoteAnchor, flat: _Flat, path_at: Callable[[int], tuple[str, ...]]
    ) -> "_Candidate":
        end = place + len(anchor.quote)
        before = flat.text[max(0, place - len(anchor.before)) : place]
        after = flat.text[end : end + len(anchor.after)]
        is_at_path = path_at(flat.raw_span(place, end)[0]) == anchor.path
        return cls(
            place, _shared(before[::-1], anchor.before[::-1]), _shared(after, anchor.after), is_at_path
        )

    def is_near(self, anchor: QuoteAnchor, *, is_strict: bool) -> bool:
        gain, new_gain = self.before - anchor.rival_before, self.after - anchor.rival_after
        on_line = min(self.before, anchor.line_before) - anchor.rival_before
        new_on_line = min(self.after, anchor.line_after) - anchor.rival_after
        is_whole_line = not (is_strict or anchor.line_before or anchor.line_after)
        is_proven = max(on_line, new_on_line) >= LINE_MARGIN or min(gain, new_gain) > 0
        return max(gain, new_gain) >= MARGIN and (is_whole_line or is_proven)

    def beats(self, other: "_Candidate") -> bool:
        own = (self.before, self.after, self.is_at_path)
        theirs = (other.before, other.after, other.is_at_path)
        return own != theirs and all(a >= b for a, b in zip(own, theirs, strict=True))


class _Bare:
    """A text without the marks of Markdown, and the way back to its offsets."""

    def __init__(self, text: str, marks: re.Pattern[str]) -> None:
        # What a page shows has no marks; of a text that is shown as it is written none is taken away.
        self._shown_marks = _NO_MARKS if marks is _NO_MARKS else _MARKS
        self._ends: list[int] = []
        self._shifts: list[int] = []
        kept: list[str] = []
        position = shift = 0
        for match in marks.finditer(text):
            kept.append(text[position : match.start()])
            self._note(match.start() - shift, shift)
            shift += match.end() - match.start()
            position = match.end()
        kept.append(text[position:])
        self._note(len(text) - shift, shift)
        self.flat = _Flat("".join(kept))

    def _note(self, end: int, shift: int) -> None:
        self._ends.append(end)
        self._shifts.append(shift)

    def form(self, text: str) -> str:
        """Return a text as it is looked for."""
        return " ".join(self._shown_marks.sub("", text).split())

    def agreement(self, first: int, last: int, left: str, right: str) -> int:
        """Return how many characters beside a span agree with what was seen there, spaces at the joints apart."""
        before = self.flat.text[max(0, first - len(left) - 1) : first].rstrip()[::-1]
        after = self.flat.text[last : last + len(right) + 1].lstrip()
        return _shared(before, left[::-1]) + _shared(after, right)

    def raw_span(self, first: int, last: int) -> tuple[int, int]:
        """Return the span of the source for a span of the flat text."""
        start, end = self.flat.raw_span(first, last)
        return self._raw(start), self._raw(end - 1) + 1

    def _raw(self, offset: int) -> int:
        return offset + self._shifts[bisect_right(self._ends, offset)]


def _shared(left: str, right: str) -> int:
    """Return the length of the common beginning of two texts."""
    length = min(len(left), len(right))
    if left[:length] == right[:length]:
        return length
    return next(at for at in range(length) if left[at] != right[at])
