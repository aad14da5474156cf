"""Two rendered documents as one, with what changed marked: the tags are those of the new document, never split.

It works on HTML that ``render_markdown`` has made safe, and adds ``<ins>``, ``<del>`` and ``data-diff`` only.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from skills_app.domain.diffing.alignment import align
from skills_app.domain.diffing.likeness import like_in_order

LEAST_LIKENESS = 0.3
MOST_TOKENS = 6_000
_CONTAINERS = frozenset({"ul", "ol", "blockquote", "table", "tbody", "thead"})
_VOID = frozenset({"br", "hr", "img"})
_TAG = re.compile(r"""<(/?)([a-zA-Z][a-zA-Z0-9]*)((?:[^"'<>]|"[^"]*"|'[^']*')*)>""")
_PLACE = re.compile(r"""\s(?:id|data-line)="[^"]*\"""")
_ID = re.compile(r"""\sid="[^"]*\"""")
_LINE = re.compile(r'\sdata-line="(\d+)"')
_TOKEN = re.compile(r"""</?[a-zA-Z](?:[^"'<>]|"[^"]*"|'[^']*')*>|(?:&[^;\s<]{1,32};|\w+|[^\w\s<])\s*|\s+|<""")


@dataclass(frozen=True, slots=True)
class Element:
    """One element: its opening tag, what stands inside, and the whole; ``line`` is the source's line, 0 if unknown."""

    tag: str
    opening: str
    inner: str
    line: int = field(default=0, compare=False)

    @property
    def html(self) -> str:
        """The whole element."""
        return self.opening + self.inner + ("" if self.tag in _VOID else f"</{self.tag}>")

    @property
    def key(self) -> str:
        """What two elements must share to count as equal: all but ids and lines."""
        return _PLACE.sub("", self.opening) + _PLACE.sub("", self.inner)

    @property
    def words(self) -> str:
        """The text inside."""
        return _TAG.sub(" ", self.inner)


def elements_of(html: str) -> list[Element]:
    """Return the outermost elements of well-formed HTML in order; bare text between them is left out."""
    found: list[Element] = []
    depth, start, opening = 0, 0, None
    for match in _TAG.finditer(html):
        tag = match[2].lower()
        if match[1]:
            depth -= 1
            if depth == 0 and opening is not None:
                found.append(_element(opening, html[start : match.start()]))
            continue
        if depth == 0:
            opening, start = match, match.end()
            if tag in _VOID:
                found.append(_element(match, ""))
        depth += tag not in _VOID
    return found


def merged_html(old: Sequence[Element], new: Sequence[Element]) -> str:
    """Return the new elements with additions, removals and changed words marked against the old ones."""
    return "".join(html for _, html in merged_parts(old, new))


def merged_parts(old: Sequence[Element], new: Sequence[Element]) -> list[tuple[bool, str]]:
    """Return what ``merged_html`` does element by element, each with whether it is unchanged."""
    pairs = align([one.key for one in old], [one.key for one in new])
    parts: list[tuple[bool, str]] = []
    start = new_start = 0
    for i, j in [*pairs, (len(old), len(new))]:
        parts += [(False, html) for html in _gap(old[start:i], new[new_start:j])]
        if j < len(new):
            parts.append((True, new[j].html))
        start, new_start = i + 1, j + 1
    return parts


def _element(opening: re.Match[str], inner: str) -> Element:
    line = _LINE.search(opening[3])
    return Element(opening[2].lower(), opening[0], inner, int(line[1]) if line else 0)


def _gap(old: Sequence[Element], new: Sequence[Element]) -> Iterable[str]:
    alike = like_in_order([e.words for e in old], [e.words for e in new], least=LEAST_LIKENESS)
    pairs = [(i, j) for i, j in alike if old[i].tag == new[j].tag]
    if not pairs and len(old) == len(new) == 1 and old[0].tag == new[0].tag:
        pairs = [(0, 0)] if old[0].tag in _CONTAINERS or old[0].words == new[0].words else []
    start = new_start = 0
    for i, j in [*pairs, (len(old), len(new))]:
        yield from (_marked(one, "removed") for one in old[start:i])
        yield from (_marked(one, "added") for one in new[new_start:j])
        if j < len(new):
            yield _changed(old[i], new[j])
        start, new_start = i + 1, j + 1


def _marked(one: Element, state: str) -> str:
    html = _ID.sub("", one.html) if state == "removed" else one.html
    return html.replace(f"<{one.tag}", f'<{one.tag} data-diff="{state}"', 1)


def _changed(old: Element, new: Element) -> str:
    if new.tag in _CONTAINERS:
        inner = merged_html(elements_of(old.inner), elements_of(new.inner))
        return f"{new.opening}{inner}</{new.tag}>"
    if new.tag in _VOID:
        return _marked(new, "changed")
    inner = _merged_words(old.inner, new.inner)
    one = Element(new.tag, new.opening, inner)
    return _marked(one, "changed")


def _merged_words(old: str, new: str) -> str:
    """Return the new inner HTML with each added word in ``<ins>`` and removed ones before it in ``<del>``."""
    left = _words(_TOKEN.findall(old))
    tokens = _TOKEN.findall(new)
    words = [token for token in tokens if _is_word(token)]
    if max(len(left), len(tokens)) > MOST_TOKENS:
        pairs = []
    else:
        pairs = align([t.strip() for t in left], [t.strip() for t in words], has_anchors=False)
    partner = {j: i for i, j in pairs}
    following, at = [len(left)] * len(words), len(left)
    for j in range(len(words) - 1, -1, -1):
        at = partner.get(j, at)
        following[j] = at
    return _Merge(left, partner, following).run(tokens)


def _is_word(token: str) -> bool:
    return not token.startswith("<") and not token.isspace()


def _words(tokens: list[str]) -> list[str]:
    """Return the words among tokens, blanks that stand alone taken to the word before them."""
    words: list[str] = []
    for token in tokens:
        if _is_word(token):
            words.append(token)
        elif words and token.isspace():
            words[-1] += token
    return words


class _Merge:
    """Writes the tokens of the new text; removed words go beside a word, never between two tags."""

    def __init__(self, left: list[str], partner: dict[int, int], following: list[int]) -> None:
        self.left, self.partner, self.following = left, partner, following
        self.parts: list[str] = []
        self.added: list[str] = []
        self.position = 0

    def run(self, tokens: list[str]) -> str:
        """Return the merged HTML; tags and blanks between words stand as they are."""
        at = last_word = 0
        for token in tokens:
            if not _is_word(token):
                self._flush()
                self.parts.append(token)
                continue
            self.parts += self._removed(self.following[at])
            if at in self.partner:
                self._flush()
                self.parts.append(token)
                self.position = self.partner[at] + 1
            else:
                self.added.append(token)
            at += 1
            last_word = len(self.parts) + bool(self.added)
        self._flush()
        removed = self._removed(len(self.left))
        self.parts[last_word:last_word] = [" ", *removed] if removed else []
        return "".join(self.parts)

    def _removed(self, until: int) -> list[str]:
        text = "".join(self.left[self.position : until])
        if not text:
            return []
        self._flush()
        self.position = until
        return [f"<del>{text.rstrip()}</del> "]

    def _flush(self) -> None:
        text = "".join(self.added)
        self.added = []
        body = text.rstrip()
        if body:
            self.parts.append(f"<ins>{body}</ins>{text[len(body) :]}")
