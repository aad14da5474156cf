"""Links and images of a Markdown body, found in time that grows with the length whatever brackets it holds."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import unquote

from skills_app.domain.findings import Place
from skills_app.domain.text_lines import TextLines

MAX_TARGET = 2_000
MAX_TITLE = 400
MAX_OPEN_BRACKETS = 1_000

_TOKEN = re.compile(r"\\.|`+|<!--|<[A-Za-z][A-Za-z0-9+.-]{0,31}:[^\s<>]{1,2000}>|!?\[|\]", re.DOTALL)
_ANGLE_TARGET = re.compile(r"<([^<>\n]{0,2000})>")
_TARGET = re.compile(r"(?:[^\s()<>\\]|\\.|\([^\s()]{0,200}\))+")
_TITLE = re.compile(r"\"[^\"]{0,400}\"|'[^']{0,400}'|\([^()]{0,400}\)")
_BLANKS = re.compile(r"[ \t\r\n]{0,40}")
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]{1,31}:")
_LABEL = re.compile(r"\[([^\[\]]{0,300})\]")


class LinkKind(StrEnum):
    """How a link is written."""

    INLINE = "inline"
    IMAGE = "image"
    REFERENCE = "reference"
    AUTOLINK = "autolink"


@dataclass(frozen=True, slots=True)
class Link:
    """A link or an image. ``start`` to ``end`` cover all of it, ``target_start`` to ``target_end`` its target alone.

    For a reference the target stands in its definition, and so do the target's offsets.
    """

    kind: LinkKind
    text: str
    target: str
    start: int
    end: int
    target_start: int
    target_end: int
    place: Place
    target_place: Place

    @property
    def is_external(self) -> bool:
        """Whether it leads out of the skill: another scheme (https, mailto) or another host."""
        return bool(_SCHEME.match(self.target)) or self.target.startswith("//")

    @property
    def is_anchor(self) -> bool:
        """Whether it stays in the same document."""
        return self.target.startswith("#")

    @property
    def path(self) -> str:
        """The decoded path of a relative link, without query and fragment; empty for external links and anchors."""
        if self.is_external:
            return ""
        return unquote(self.target.split("#", 1)[0].split("?", 1)[0])

    @property
    def fragment(self) -> str:
        """What follows the first ``#``, decoded."""
        return unquote(self.target.partition("#")[2])


Definitions = Mapping[str, tuple[str, int, int]]


def read_links(
    lines: TextLines, prose: Iterable[tuple[int, int]], definitions: Definitions
) -> tuple[Link, ...]:
    """Return the links in the given spans of prose, in document order.

    ``definitions`` maps the folded label of each ``[label]: target`` to its target and that target's offsets.
    """
    text = lines.text
    found: list[Link] = []
    for start, end in prose:
        if text.find("[", start, end) >= 0 or text.find("<", start, end) >= 0:
            found += _links_in(lines, start, end, definitions)
    return tuple(sorted(found, key=lambda link: link.start))


def code_span_ends(tokens: list[re.Match[str]]) -> dict[int, int]:
    """Map the index of each backtick run to the index of the next run of the same length, where there is one."""
    ends: dict[int, int] = {}
    later: dict[int, int] = {}
    for index in range(len(tokens) - 1, -1, -1):
        token = tokens[index][0]
        if token[0] == "`":
            if len(token) in later:
                ends[index] = later[len(token)]
            later[len(token)] = index
    return ends


def _links_in(lines: TextLines, start: int, end: int, definitions: Definitions) -> Iterator[Link]:
    text = lines.text
    tokens = list(_TOKEN.finditer(text, start, end))
    code_ends = code_span_ends(tokens)
    opened: list[re.Match[str]] = []
    index, position = 0, start
    while index < len(tokens):
        token = tokens[index]
        mark = token[0]
        if token.start() < position:
            pass  # inside a target or a comment
        elif mark[0] == "`":
            index = code_ends.get(index, index)
        elif mark == "<!--":
            closing = text.find("-->", token.end(), end)
            position = end if closing < 0 else closing + 3
        elif mark[0] == "<":
            target = mark[1:-1]
            yield _link(
                lines, LinkKind.AUTOLINK, target, target, token.start(), token.end(), token.start() + 1
            )
        elif mark[-1] == "[" and mark[0] != "\\":
            opened.append(token)
            if len(opened) > MAX_OPEN_BRACKETS:
                del opened[: MAX_OPEN_BRACKETS // 2]
        elif mark == "]" and opened:
            link = _close(lines, opened.pop(), token, end, definitions)
            if link is not None:
                position = link.end
                yield link
        index += 1


def _close(
    lines: TextLines, opening: re.Match[str], closing: re.Match[str], end: int, definitions: Definitions
) -> Link | None:
    text = lines.text
    label_start, label_end = opening.end(), closing.start()
    is_image = opening[0][0] == "!"
    after = closing.end()
    label = text[label_start : min(label_end, label_start + MAX_TITLE)]
    if after < end and text[after] == "(":
        inline = _inline_target(text, after, end)
        if inline is not None:
            target_start, target_end, link_end = inline
            kind = LinkKind.IMAGE if is_image else LinkKind.INLINE
            target = text[target_start:target_end]
            return _link(lines, kind, label, target, opening.start(), link_end, target_start)
    if not definitions or text[after : after + 1] == ":":
        return None
    key_text, link_end = label, after
    if (full := _LABEL.match(text, after, end)) is not None:
        link_end = full.end()
        key_text = full[1] or label
    definition = definitions.get(" ".join(key_text.split()).casefold())
    if definition is None:
        return None
    kind = LinkKind.IMAGE if is_image else LinkKind.REFERENCE
    return _link(lines, kind, label, definition[0], opening.start(), link_end, definition[1])


def _inline_target(text: str, at: int, end: int) -> tuple[int, int, int] | None:
    """Read ``(target "title")`` at ``at``; return the target's offsets and the end of it all, or None."""
    position = _skip(text, at + 1, end)
    stop = min(end, position + MAX_TARGET)
    angle = _ANGLE_TARGET.match(text, position, stop)
    if angle is not None:
        target_start, target_end, position = angle.start(1), angle.end(1), angle.end()
    else:
        plain = _TARGET.match(text, position, stop)
        target_start = position
        target_end = position = plain.end() if plain is not None else position
    after = _skip(text, position, end)
    if after > position:
        title = _TITLE.match(text, after, min(end, after + MAX_TITLE + 2))
        if title is not None:
            after = _skip(text, title.end(), end)
    if after < end and text[after] == ")":
        return target_start, target_end, after + 1
    return None


def _skip(text: str, position: int, end: int) -> int:
    match = _BLANKS.match(text, position, end)
    return match.end() if match is not None else position


def _link(
    lines: TextLines, kind: LinkKind, label: str, target: str, start: int, end: int, target_start: int
) -> Link:
    target_end = target_start + len(target)
    return Link(
        kind,
        " ".join(label.split()),
        target,
        start,
        end,
        target_start,
        target_end,
        lines.place(start, end),
        lines.place(target_start, target_end),
    )
