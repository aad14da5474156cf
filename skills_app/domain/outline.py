"""The build of a Markdown body: headings, sections and code blocks, by one bounded pass over its lines.

It follows CommonMark where a reader would notice, and is lenient where authors are: a fence may be indented inside a
list item, and it stays open when a line falls back to the margin.
"""

import hashlib
import re
import unicodedata
from bisect import bisect_left
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from skills_app.domain.findings import Place
from skills_app.domain.links import Link, read_links
from skills_app.domain.text_lines import TextLines

MAX_HEADING_CHARACTERS = 400
# In place of a paragraph's offset: each of its lines is an item of its own.
EACH_LINE = -1

# Most lines of a text without CR: lines that begin with a letter at the margin, and items that do after their mark.
_PLAIN_LINES = re.compile(r"(?:[^\W\d_].*\n?)+")
_PLAIN_ITEMS = re.compile(r"(?:[-*+] [^\W\d_].*\n?)+")
_FENCE = re.compile(r"(`{3,})([^`]*)$|(~{3,})(.*)$")
_ATX = re.compile(r"(#{1,6})(?:[ \t]+|$)")
_ATX_END = re.compile(r"(?:^|[ \t]+)#+[ \t]*$")
_SETEXT = re.compile(r"(?:=+|-+)[ \t]*$")
_BREAK_LINE = re.compile(r"(?:\*[ \t]*){3,}$|(?:-[ \t]*){3,}$|(?:_[ \t]*){3,}$")
_MARKER = re.compile(r"(?:[-+*]|\d{1,9}[.)])(?=[ \t]|$)")
_QUOTE = re.compile(r"[ ]{0,3}>[ ]?")
_DEFINITION = re.compile(r"\[([^\[\]]{1,300})\]:[ \t]*(<[^<>]*>|[^\s<]\S*)")
_MARKUP = re.compile(r"!?\[([^\[\]]{0,300})\]\([^()]{0,500}\)|[`*~]+|<[^<>]{0,200}>")


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading: its level 1–6, its text without markup, its unique anchor, and the texts from the top down to it."""

    level: int
    text: str
    anchor: str
    path: tuple[str, ...]
    line: int
    start: int
    end: int
    place: Place


@dataclass(frozen=True, slots=True)
class Section:
    """What stands under one heading, down to the next heading of any level.

    ``heading`` is None, and ``path`` empty, for what comes before the first heading. ``text`` includes the heading's
    line. ``digest`` is the SHA-256 (hex) of the text with LF and without blanks at line ends and at both ends, so that
    an unchanged section keeps it in another version. ``end_line`` is the last line that belongs to it.
    """

    heading: Heading | None
    path: tuple[str, ...]
    anchor: str
    start_line: int
    end_line: int
    start: int
    end: int
    text: str
    digest: str


@dataclass(frozen=True, slots=True)
class CodeBlock:
    """A fenced block: ``language`` is the first word after the fence in lower case, ``text`` what stands inside.

    ``start`` to ``end`` cover both fences. ``is_closed`` is False when the document ends first.
    """

    language: str
    info: str
    text: str
    start_line: int
    end_line: int
    start: int
    end: int
    place: Place
    is_closed: bool


@dataclass(frozen=True, eq=False)
class Structure:
    """Everything that the body is built of, each in document order; sections and links are read on first use.

    ``prose`` are the spans of text that is no code, as offsets. ``paragraphs`` are first line, line after it and offset of
    its text of each paragraph and item; ``EACH_LINE`` in place of the offset says that each of the lines is an item of its own.
    """

    headings: tuple[Heading, ...]
    code_blocks: tuple[CodeBlock, ...]
    prose: tuple[tuple[int, int], ...]
    paragraphs: tuple[tuple[int, int, int], ...]
    lines: TextLines
    body_start: int
    definitions: Mapping[str, tuple[str, int, int]]

    @cached_property
    def sections(self) -> tuple[Section, ...]:
        """The body cut at its headings."""
        return tuple(_sections(self.lines, self.body_start, self.headings))

    @cached_property
    def links(self) -> tuple[Link, ...]:
        """The links and images of the body."""
        return read_links(self.lines, self.prose, self.definitions)

    def section_at(self, line: int) -> Section | None:
        """Return the section in which a line of the file lies, or None when it lies in the front matter."""
        return next((s for s in reversed(self.sections) if s.start_line <= line), None)

    def heading_at(self, anchor: str) -> Heading | None:
        """Return the heading with an anchor (without ``#``), or None."""
        return next((h for h in self.headings if h.anchor == anchor), None)


def slug(text: str) -> str:
    """Return a heading's anchor as GitHub forms it: lower case, blanks to hyphens, letters, digits, ``-`` and ``_`` kept."""
    if text.isascii() and text.replace(" ", "").isalnum():
        return text.strip().lower().replace(" ", "-")
    lowered = unicodedata.normalize("NFC", text).strip().lower()
    return "".join("-" if c == " " else c for c in lowered if c.isalnum() or c in " -_")


def plain_text(markdown: str) -> str:
    """Return one line of Markdown without link targets, emphasis, code marks and tags."""
    if markdown.replace(" ", "").isalnum():
        return " ".join(markdown[:MAX_HEADING_CHARACTERS].split())
    text = _MARKUP.sub(lambda m: m[1] or "", markdown[:MAX_HEADING_CHARACTERS])
    return " ".join(text.replace("\\", "").split())


def read_structure(lines: TextLines, body_start: int) -> Structure:
    """Read the body that starts at offset ``body_start``; never raises, time and memory grow with the length."""
    scanner = _Scanner(lines, body_start)
    scanner.run()
    headings = tuple(_with_anchors(scanner.headings))
    blocks, prose = tuple(scanner.code_blocks), tuple(scanner.prose)
    paragraphs = tuple(scanner.paragraphs)
    return Structure(headings, blocks, prose, paragraphs, lines, body_start, scanner.definitions)


@dataclass(slots=True)
class _RawHeading:
    level: int
    text: str
    line: int
    start: int
    end: int
    place: Place


@dataclass(slots=True)
class _OpenFence:
    mark: str
    length: int
    info: str
    indent: int
    quote_depth: int
    line: int
    start: int
    texts: list[str] = field(default_factory=list)


class _Scanner:
    """Walks the lines once and keeps the state that Markdown's blocks need."""

    def __init__(self, lines: TextLines, body_start: int) -> None:
        self.lines = lines
        self.text = lines.text
        self.first_line = lines.line_number(body_start) if body_start < len(lines.text) else len(lines) + 1
        self.body_start = body_start
        self.headings: list[_RawHeading] = []
        self.code_blocks: list[CodeBlock] = []
        self.prose: list[tuple[int, int]] = []
        self.paragraphs: list[tuple[int, int, int]] = []
        self.definitions: dict[str, tuple[str, int, int]] = {}
        self.fence: _OpenFence | None = None
        self.is_comment = False
        self.paragraph: tuple[int, int] | None = None  # first line and offset of its text
        self.paragraph_end = 0
        self.line_after_paragraph = 0
        self.is_plain_paragraph = False
        self.list_indents: list[int] = []

    def run(self) -> None:
        text, starts = self.text, self.lines.starts[self.first_line - 1 :]
        starts[:1] = [max(start, self.body_start) for start in starts[:1]]
        starts.append(len(text))
        has_cr = "\r" in text
        at, num = 0, len(starts) - 1
        while at < num:
            start = starts[at]
            is_read = self.fence is None and not self.is_comment
            if is_read and text[start] == "\n":
                self._end_paragraph()
                at += 1
                continue
            if is_read and not has_cr and (following := self._plain_lines(starts, at)) > at:
                at = following
                continue
            at += 1
            line = text[start : starts[at]].rstrip("\r\n")
            if is_read and line.startswith("#") and (match := _ATX.match(line)):
                self._enter_lists(0)
                self._atx(self.first_line + at - 1, start, line, 0, match)
            elif line or self.fence is not None:
                self._line(self.first_line + at - 1, start, line)
            elif self.paragraph is not None:
                self._end_paragraph()
        self._end_paragraph()
        if self.fence is not None:
            num_lines = len(self.lines)
            self._close_fence(num_lines, self.lines.span(num_lines)[1], is_closed=False)

    def _plain_lines(self, starts: list[int], at: int) -> int:
        """Take the lines from ``at`` that need none of the questions of others; return the index of the line after them."""
        start = starts[at]
        if self.text[start] in "-*+":
            match = _PLAIN_ITEMS.match(self.text, start)
        else:
            match = None if self.list_indents else _PLAIN_LINES.match(self.text, start)
        if match is None:
            return at
        following = bisect_left(starts, match.end(), at + 1)
        if self.text[start] in "-*+":
            self._end_paragraph()
            items, ends = starts[at : following - 1], starts[at + 1 : following]
            if items:
                self.paragraphs.append((self.first_line + at, self.first_line + following - 1, EACH_LINE))
            self.prose += [(item + 2, end - 1) for item, end in zip(items, ends, strict=True)]
            self.list_indents = [2]
            number, start = self.first_line + following - 1, starts[following - 1] + 2
            self.paragraph, self.is_plain_paragraph = (number, start), False
        elif self.paragraph is None:
            self.paragraph, self.is_plain_paragraph = (self.first_line + at, start), True
        end = match.end()
        self.paragraph_end = end - (self.text[end - 1] == "\n")
        self.line_after_paragraph = self.first_line + following
        return following

    def _line(self, number: int, start: int, line: str) -> None:
        if self.fence is not None:
            if self._in_fence(number, start, line, self.fence):
                return
        elif self.is_comment:
            self.is_comment = "-->" not in line
            return
        position, quote_depth = _skip_quotes(line)
        stripped = line[position:].lstrip(" \t")
        if not stripped.strip():
            self._end_paragraph()
            return
        position = len(line) - len(stripped)
        self._text_line(number, start, line, position, quote_depth)

    def _text_line(self, number: int, start: int, line: str, position: int, quote_depth: int) -> None:
        indent = _width(line, position)
        char = line[position]
        in_list = self._enter_lists(indent)
        if char in "-=" and self._setext(number, start, line, position):
            return
        if char in "*-_" and _BREAK_LINE.match(line, position):
            self._end_paragraph()
            return
        if char in "-+*" or char.isdigit():
            new_position = self._markers(line, position)
            if new_position != position:
                self._end_paragraph()
                if new_position >= len(line):
                    return
                position, in_list = new_position, True
                char = line[position]
        if indent >= 4 and not in_list and self.paragraph is None:
            return  # indented code
        if char in "`~" and self._open_fence(number, start, line, position, quote_depth):
            return
        if char == "#" and (match := _ATX.match(line, position)):
            self._atx(number, start, line, position, match)
            return
        if line.startswith("<!--", position):
            self._end_paragraph()
            self.is_comment = "-->" not in line[position:]
            return
        if char == "[" and (definition := _DEFINITION.match(line, position)):
            self._define(start, definition)
        if self.paragraph is None:
            self.paragraph = (number, start + position)
            self.is_plain_paragraph = not in_list and char not in "|" and not quote_depth
        self.paragraph_end = start + len(line)
        self.line_after_paragraph = number + 1

    def _define(self, start: int, match: re.Match[str]) -> None:
        target = match[2].strip("<>")
        target_start = start + match.start(2) + (1 if match[2].startswith("<") else 0)
        key = " ".join(match[1].split()).casefold()
        self.definitions.setdefault(key, (target, target_start, target_start + len(target)))

    def _enter_lists(self, indent: int) -> bool:
        while self.list_indents and indent < self.list_indents[-1]:
            if self.paragraph is not None and len(self.list_indents) == 1:
                break  # a lazy line still belongs to the item's paragraph
            self.list_indents.pop()
        return bool(self.list_indents)

    def _markers(self, line: str, position: int) -> int:
        """Step over list markers, remembering how far their content is indented; return where the content starts."""
        column, at = _width(line, position), position
        pushed: list[int] = []
        while match := _MARKER.match(line, at):
            column += match.end() - at
            at = match.end()
            blanks = at
            while at < len(line) and line[at] in " \t":
                at += 1
            width = at - blanks
            pushed.append(column + (width if 1 <= width <= 4 else 1))
            column += max(width, 1)
            if at >= len(line):
                break
        if not pushed:
            return position
        while self.list_indents and self.list_indents[-1] >= pushed[0]:
            self.list_indents.pop()
        self.list_indents += pushed
        return at

    def _end_paragraph(self) -> None:
        if self.paragraph is not None:
            self.prose.append((self.paragraph[1], self.paragraph_end))
            self.paragraphs.append((self.paragraph[0], self.line_after_paragraph, self.paragraph[1]))
            self.paragraph = None

    def _setext(self, number: int, start: int, line: str, position: int) -> bool:
        if self.paragraph is None or not self.is_plain_paragraph or not _SETEXT.match(line, position):
            return False
        first, text_start = self.paragraph
        text_end = self.paragraph_end
        self._end_paragraph()
        level = 1 if line[position] == "=" else 2
        self._add_heading(level, self.text[text_start:text_end], first, text_start, start + len(line))
        return True

    def _atx(self, number: int, start: int, line: str, position: int, match: re.Match[str]) -> None:
        self._end_paragraph()
        content = line[match.end() : match.end() + 4 * MAX_HEADING_CHARACTERS].rstrip()
        content = _ATX_END.sub("", content)
        self.prose.append((start + match.end(), start + len(line)))
        self._add_heading(len(match[1]), content, number, start + position, start + len(line.rstrip()))

    def _add_heading(self, level: int, markdown: str, line: int, start: int, end: int) -> None:
        starts = self.lines.starts
        if line < len(starts) and start < end < starts[line]:
            column = 1 - starts[line - 1]
            place = Place(line, start + column, line, end + column)
        else:
            place = self.lines.place(start, end)
        self.headings.append(_RawHeading(level, plain_text(markdown), line, start, end, place))

    def _open_fence(self, number: int, start: int, line: str, position: int, quote_depth: int) -> bool:
        match = _FENCE.match(line, position)
        if match is None:
            return False
        self._end_paragraph()
        mark = match[1] or match[3]
        info = (match[2] if match[1] else match[4]).strip()
        self.fence = _OpenFence(
            mark[0], len(mark), info, _width(line, position), quote_depth, number, start + position
        )
        return True

    def _in_fence(self, number: int, start: int, line: str, fence: _OpenFence) -> bool:
        """Take a line into the open fence; return False when the fence ended before it."""
        position = 0
        if fence.quote_depth:
            position, depth = _skip_quotes(line)
            if depth < fence.quote_depth:
                self._close_fence(number - 1, self.lines.span(number - 1)[1], is_closed=False)
                return False
        content = line[position:]
        stripped = content.strip(" \t")
        if len(stripped) >= fence.length and not stripped.strip(fence.mark):
            self._close_fence(number, start + len(line.rstrip()), is_closed=True)
        else:
            fence.texts.append(_dedent(content, fence.indent))
        return True

    def _close_fence(self, end_line: int, end: int, *, is_closed: bool) -> None:
        fence = self.fence
        self.fence = None
        if fence is None:
            return
        words = fence.info.split(None, 1)
        self.code_blocks.append(
            CodeBlock(
                language=words[0].strip("{}.").lower() if words else "",
                info=fence.info,
                text="".join(f"{text}\n" for text in fence.texts),
                start_line=fence.line,
                end_line=end_line,
                start=fence.start,
                end=end,
                place=self.lines.place(fence.start, end),
                is_closed=is_closed,
            )
        )


def _skip_quotes(line: str) -> tuple[int, int]:
    position = depth = 0
    if ">" not in line[:4]:
        return 0, 0
    while match := _QUOTE.match(line, position):
        position, depth = match.end(), depth + 1
    return position, depth


def _width(line: str, position: int) -> int:
    """The column (from 0) of ``position``, tabs to the next multiple of four; only blanks and marks stand before it."""
    before = line[:position]
    if "\t" not in before:
        return position
    column = 0
    for char in before:
        column += 4 - column % 4 if char == "\t" else 1
    return column


def _dedent(line: str, indent: int) -> str:
    blanks = 0
    while blanks < indent and blanks < len(line) and line[blanks] == " ":
        blanks += 1
    return line[blanks:]


def _with_anchors(raw: list[_RawHeading]) -> Iterator[Heading]:
    taken: set[str] = set()
    counts: dict[str, int] = {}
    trail: list[tuple[int, str]] = []
    for heading in raw:
        base = slug(heading.text) or "section"
        anchor = base
        while anchor in taken:
            counts[base] = counts.get(base, 0) + 1
            anchor = f"{base}-{counts[base]}"
        taken.add(anchor)
        while trail and trail[-1][0] >= heading.level:
            trail.pop()
        trail.append((heading.level, heading.text))
        path = tuple(text for _, text in trail)
        yield Heading(
            heading.level, heading.text, anchor, path, heading.line, heading.start, heading.end, heading.place
        )


def _sections(lines: TextLines, body_start: int, headings: tuple[Heading, ...]) -> Iterator[Section]:
    text = lines.text
    starts = [lines.starts[h.line - 1] for h in headings]
    first = starts[0] if starts else len(text)
    if text[body_start:first].strip():
        yield _section(lines, None, body_start, first)
    for heading, start, end in zip(headings, starts, [*starts, len(text)][1:], strict=True):
        yield _section(lines, heading, max(start, body_start), end)


def _section(lines: TextLines, heading: Heading | None, start: int, end: int) -> Section:
    text = lines.text[start:end]
    end_line = lines.line_number(max(start, end - 1)) if end > start else lines.line_number(start)
    return Section(
        heading=heading,
        path=heading.path if heading else (),
        anchor=heading.anchor if heading else "",
        start_line=lines.line_number(start),
        end_line=end_line,
        start=start,
        end=end,
        text=text,
        digest=section_digest(text),
    )


def section_digest(text: str) -> str:
    """Return the SHA-256 (hex) of a text with LF and without blanks at line ends and at both ends."""
    normal = "\n".join(line.rstrip() for line in text.replace("\r\n", "\n").replace("\r", "\n").split("\n"))
    return hashlib.sha256(normal.strip().encode("utf-8", "replace")).hexdigest()
