"""A span of a document widened until it cuts no pair of Markdown's marks, so that other words can take its place."""

import re
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass

from skills_app.domain.documents import SkillDocument

_TICKS = re.compile(r"`+")
_ATOM = re.compile(
    r"\\[!-/:-@\[-`{-~]|&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});"
    r"|<[A-Za-z][A-Za-z0-9+.-]{1,31}:[^\s<>]*>|</?[A-Za-z][^<>]{0,300}>|\[\^[^\[\]\s]{1,100}\]"
)
_TAG = re.compile(r"<(/?)([A-Za-z][A-Za-z0-9-]*)(?=[\s/>])[^<>]{0,300}?(/?)>")
_VOID = frozenset({"br", "hr", "img", "input", "wbr"})
_TARGET = re.compile(
    r"\(\s*(?:<[^<>\n]{0,2000}>|(?:[^\s()<>]|\([^\s()]{0,500}\)){0,2000})"
    r"(?:\s+(?:\"[^\"]{0,500}\"|'[^']{0,500}'|\([^()]{0,500}\)))?\s*\)"
)
_LABEL = re.compile(r"\[([^\[\]]{0,300})\]")
_RUN = re.compile(r"\*+|_+|~+")


@dataclass(frozen=True, slots=True)
class _Pair:
    """An opening and a closing mark with what is between; ``inner_start`` and ``inner_end`` are equal where nothing is."""

    start: int
    inner_start: int
    inner_end: int
    end: int

    def is_cut_by(self, start: int, end: int) -> bool:
        is_apart = end <= self.start or start >= self.end
        is_around = start <= self.start and self.end <= end
        is_inside = self.inner_start <= start and end <= self.inner_end
        return not (is_apart or is_around or is_inside)


def whole_span(document: SkillDocument, start: int, end: int) -> tuple[int, int] | None:
    """Return the smallest span around ``text[start:end]`` that holds both marks of a pair or none of them.

    Pairs are emphasis, strikethrough, code, links, images and fences; escapes, entities, addresses and footnote marks are
    one. None when tags of HTML in the span lack their other half.
    """
    prose = document.structure.prose
    first = max(bisect_left(prose, (start, start)) - 1, 0)
    pairs = [
        pair
        for piece_start, piece_end in prose[first : bisect_left(prose, (end, end)) + 1]
        for pair in _pairs(document, piece_start, piece_end)
    ]
    for block in document.code_blocks:
        inner = document.text.find("\n", block.start, block.end) + 1
        last = document.text.rfind("\n", block.start, block.end) if block.is_closed else block.end
        pairs.append(_Pair(block.start, inner or block.end, max(last, inner or block.end), block.end))
    while cut := [pair for pair in pairs if pair.is_cut_by(start, end)]:
        start = min(start, *(pair.start for pair in cut))
        end = max(end, *(pair.end for pair in cut))
    inside = [pair for pair in pairs if start <= pair.start and pair.end <= end]
    return (start, end) if _has_whole_tags(document.text, inside) else None


def _has_whole_tags(text: str, pairs: list[_Pair]) -> bool:
    opened: list[str] = []
    for pair in pairs:
        tag = _TAG.fullmatch(text, pair.start, pair.end)
        is_address = text[max(pair.start - 2, 0) : pair.start] == "]("
        if tag is None or is_address or tag[3] or tag[2].lower() in _VOID:
            continue
        if not tag[1]:
            opened.append(tag[2].lower())
        elif not opened or opened.pop() != tag[2].lower():
            return False
    return not opened


def _pairs(document: SkillDocument, start: int, end: int) -> Iterator[_Pair]:
    """Yield the pairs of one paragraph, item or heading."""
    text = document.text
    taken = list(_code_and_atoms(text, start, end))
    yield from taken
    links = list(_links(document, start, end, taken))
    yield from links
    # What stands inside code and inside the address of a link is no emphasis.
    hidden = [(pair.start, pair.end) for pair in taken]
    hidden += [(pair.inner_end, pair.end) for pair in links]
    yield from _emphasis(text, start, end, hidden)


def _code_and_atoms(text: str, start: int, end: int) -> Iterator[_Pair]:
    closers: dict[int, list[int]] = {}
    for run in _TICKS.finditer(text, start, end):
        closers.setdefault(len(run[0]), []).append(run.start())
    at = start
    ticks, atom = _TICKS.search(text, at, end), _ATOM.search(text, at, end)
    while at < end:
        # Each is looked for again only when it was passed over, so that a paragraph is read once and not once a mark.
        if ticks is not None and ticks.start() < at:
            ticks = _TICKS.search(text, at, end)
        if atom is not None and atom.start() < at:
            atom = _ATOM.search(text, at, end)
        if ticks is not None and (atom is None or ticks.start() < atom.start()):
            length = len(ticks[0])
            later = closers.get(length, [])
            number = bisect_left(later, ticks.end())
            at = ticks.end()
            if number < len(later):
                yield _Pair(ticks.start(), ticks.end(), later[number], later[number] + length)
                at = later[number] + length
        elif atom is not None:
            yield _Pair(atom.start(), atom.end(), atom.end(), atom.end())
            at = atom.end()
        else:
            return


def _links(document: SkillDocument, start: int, end: int, taken: list[_Pair]) -> Iterator[_Pair]:
    text, opened = document.text, list[int]()
    hidden = {pair.start: pair.end for pair in taken}
    at = start
    while at < end:
        if at in hidden:
            at = hidden[at]
            continue
        char = text[at]
        at += 1
        if char == "[":
            opened.append(at - 1)
        elif char == "]" and opened:
            first = opened.pop()
            label = " ".join(text[first + 1 : at - 1].split()).casefold()
            named = document.structure.definitions
            target, other = _TARGET.match(text, at, end), _LABEL.match(text, at, end)
            if target is not None:
                last = target.end()
            elif other is not None and (" ".join(other[1].split()).casefold() or label) in named:
                last = other.end()
            elif label in named:
                last = at
            else:
                continue
            if text[first - 1 : first] == "!" and first > start:
                yield _Pair(first - 1, last, last, last)
            else:
                yield _Pair(first, first + 1, at - 1, last)
            at = last


@dataclass(slots=True)
class _Run:
    """A run of marks of emphasis that are not yet part of a pair."""

    char: str
    start: int
    count: int
    length: int
    can_open: bool
    can_close: bool


def _emphasis(text: str, start: int, end: int, hidden: list[tuple[int, int]]) -> Iterator[_Pair]:
    """Yield the pairs of ``*``, ``_`` and ``~`` by CommonMark's rules for runs of delimiters."""
    stack: list[_Run] = []
    lowest: dict[tuple[str, bool, int], int] = {}
    for run in _runs(text, start, end, hidden):
        key = (run.char, run.can_open, run.length % 3)
        while run.can_close and run.count:
            number = _opener(stack, run, lowest.get(key, start))
            if number < 0:
                lowest[key] = run.start
                break
            opener = stack[number]
            del stack[number + 1 :]
            used = min(opener.count, run.count, 2)
            opener.count -= used
            inner_start = opener.start + opener.count + used
            yield _Pair(inner_start - used, inner_start, run.start, run.start + used)
            run.start += used
            run.count -= used
            if not opener.count:
                stack.pop()
        if run.can_open and run.count:
            stack.append(run)


def _opener(stack: list[_Run], closer: _Run, lowest: int) -> int:
    for number in range(len(stack) - 1, -1, -1):
        opener = stack[number]
        if opener.start < lowest:
            return -1
        is_both = opener.can_close or closer.can_open
        is_odd = (opener.length + closer.length) % 3 == 0 and (opener.length % 3 or closer.length % 3)
        if opener.char == closer.char and not (is_both and is_odd and closer.char != "~"):
            return number
    return -1


def _runs(text: str, start: int, end: int, hidden: list[tuple[int, int]]) -> Iterator[_Run]:
    covered = sorted(hidden)
    number = 0
    for match in _RUN.finditer(text, start, end):
        while number < len(covered) and covered[number][1] <= match.start():
            number += 1
        if number < len(covered) and covered[number][0] <= match.start():
            continue
        before = text[match.start() - 1] if match.start() > start else " "
        after = text[match.end()] if match.end() < end else " "
        is_left = not after.isspace() and (after.isalnum() or before.isspace() or not before.isalnum())
        is_right = not before.isspace() and (before.isalnum() or after.isspace() or not after.isalnum())
        can_open, can_close = is_left, is_right
        if match[0][0] == "_":
            can_open = is_left and (not is_right or not before.isalnum())
            can_close = is_right and (not is_left or not after.isalnum())
        length = match.end() - match.start()
        yield _Run(match[0][0], match.start(), length, length, can_open, can_close)
