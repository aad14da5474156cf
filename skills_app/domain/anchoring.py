"""Find the place in a document that a finding speaks of, when the finding gives no line or only its words."""

import re
from collections.abc import Iterator

from skills_app.domain.documents import SkillDocument
from skills_app.domain.findings import Place
from skills_app.domain.outline import Heading
from skills_app.domain.records import CheckRecord

MAX_MESSAGE = 4_000
MIN_FRAGMENT = 3
MAX_FRAGMENTS = 20

# A quotation opens at a word's start and closes at a word's end, so that the apostrophes of "doesn't" quote nothing.
_QUOTED = re.compile(
    r"`([^`\n]{3,300})`|“([^”\n]{3,300})”|‘([^’\n]{3,300})’"
    r"|(?<![\w'])'([^'\n]{3,300})'(?![\w'])"
    r'|(?<![\w"])"([^"\n]{3,300})"(?![\w"])'
)
_WORD = re.compile(r"[^\W_]+(?:['’-][^\W_]+)*")
_SECTION_WORD = re.compile(r"\b(?:sub)?(?:sections?|headings?|chapters?)\b", re.IGNORECASE)
_FRONT_MATTER = re.compile(r"front[\s_-]?matter|yaml|metadata", re.IGNORECASE)
_FIELDS = (
    (re.compile(r"\bdescription\b", re.IGNORECASE), "description"),
    (re.compile(r"\bnam(?:e|ing)\b|kebab", re.IGNORECASE), "name"),
    (re.compile(r"\blicen[sc]e\b", re.IGNORECASE), "license"),
    (re.compile(r"\bcompatibility\b", re.IGNORECASE), "compatibility"),
    (re.compile(r"allowed[\s_-]tools", re.IGNORECASE), "allowed-tools"),
)


def find_place(document: SkillDocument, check: CheckRecord) -> Place | None:
    """Return the place of ``check`` in ``document``, or None when it speaks of the whole or of something absent.

    Tried in this order: the line that it gives; a fragment of the document that its message quotes, the longest first;
    a section whose heading it names; the front matter, or the key in it that a naming or description check is about.
    """
    if check.line is not None:
        return _given_place(document, check.line, check.column)
    message = check.message[:MAX_MESSAGE]
    return (
        _quoted_place(document, message)
        or _section_place(document, message, f"{check.title} {_spaced(check.rule_id)}")
        or _front_matter_place(document, f"{check.title} {_spaced(check.rule_id)}")
    )


def _given_place(document: SkillDocument, line: int, column: int | None) -> Place | None:
    """Return the line, or from the column to its end; None for a line that the document does not have."""
    if not 1 <= line <= len(document.lines):
        return None
    start, end = document.lines.span(line)
    if column is None:
        return document.place(start, end)
    return document.place(document.lines.offset(line, column), end)


def _quoted_place(document: SkillDocument, message: str) -> Place | None:
    """Return the first occurrence of the longest quotation found, in the body before the front matter."""
    fragments = {next(g for g in match.groups() if g).strip() for match in _QUOTED.finditer(message)}
    lowered = document.text.casefold()
    is_aligned = len(lowered) == len(document.text)
    for fragment in sorted(fragments, key=lambda text: (-len(text), text))[:MAX_FRAGMENTS]:
        if len(fragment) < MIN_FRAGMENT:
            continue
        start = _find(document.text, fragment, document.body_start)
        if start < 0 and is_aligned:
            start = _find(lowered, fragment.casefold(), document.body_start)
        if start >= 0:
            return document.place(start, start + len(fragment))
    return None


def _find(text: str, fragment: str, body_start: int) -> int:
    found = text.find(fragment, body_start)
    return found if found >= 0 else text.find(fragment, 0, body_start)


def _section_place(document: SkillDocument, message: str, about: str) -> Place | None:
    """Return the heading that the words name: in full if it has two words or more, or with "section" beside it."""
    said = _words(f"{message} . {about}")
    joined = f" {' '.join(said)} "
    named: list[tuple[int, int, Heading]] = []
    for order, heading in enumerate(document.outline):
        words = _words(heading.text)
        if len(words) >= 2 and len(" ".join(words)) >= 6 and f" {' '.join(words)} " in joined:
            named.append((-len(words), order, heading))
    if named:
        return min(named, key=lambda item: item[:2])[2].place
    for phrase in _phrases_beside_section(f"{message} . {about}"):
        for heading in document.outline:
            if f" {phrase} " in f" {' '.join(_words(heading.text))} ":
                return heading.place
    return None


def _phrases_beside_section(text: str) -> Iterator[str]:
    """Yield what stands before and after "section", the longest phrases first, without a lone small word."""
    for match in _SECTION_WORD.finditer(text):
        before = _words(text[max(0, match.start() - 80) : match.start()])[-4:]
        after = _words(text[match.end() : match.end() + 80])[:4]
        for size in range(4, 0, -1):
            for words in (before[-size:], after[:size]):
                phrase = " ".join(words)
                if len(words) == size and len(phrase) >= 5 and phrase not in _SMALL:
                    yield phrase


_SMALL = frozenset(
    {"every", "these", "those", "which", "missing", "there", "other", "first", "included", "should", "least"}
)


def _front_matter_place(document: SkillDocument, about: str) -> Place | None:
    front_matter = document.front_matter
    if front_matter is None:
        return None
    for pattern, key in _FIELDS:
        if pattern.search(about) and (place := document.field_place(key)):
            return place
    return front_matter.place if _FRONT_MATTER.search(about) else None


def _words(text: str) -> list[str]:
    """Return the words of a text in lower case, without the numbers that count headings."""
    return [word.casefold() for word in _WORD.findall(text) if not word.isdigit()]


def _spaced(identifier: str) -> str:
    return re.sub(r"[_./-]+", " ", identifier)
