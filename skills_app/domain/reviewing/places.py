"""Where a comment stands in a version: at its quote, at its section, in its file, or lost."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Any

from skills_app.domain.documents import SkillDocument
from skills_app.domain.errors import QuoteNotFound, ReviewRefused
from skills_app.domain.front_matter import FRONT_MATTER_PATH
from skills_app.domain.outline import Section
from skills_app.domain.quote_anchors import (
    QuoteAnchor,
    QuotePlace,
    find_anchor,
    find_selection,
    find_text_anchor,
    make_text_anchor,
)
from skills_app.domain.reviewing.front_place import fields_with, front_section
from skills_app.domain.reviewing.passages import quote_span, quote_spans
from skills_app.domain.whole_marks import whole_span


class PlaceKind(StrEnum):
    """What a comment is placed on."""

    WHOLE = "whole"
    SECTION = "section"
    QUOTE = "quote"
    FILE = "file"
    REMOVED = "removed"
    LOST = "lost"


@dataclass(frozen=True, slots=True)
class CommentPlace:
    """Where a comment stands in the document or its file: ``line`` from 1 (0 for none), ``start`` and ``end`` of a quote."""

    kind: PlaceKind
    line: int = 0
    start: int = 0
    end: int = 0


WHOLE, LOST = CommentPlace(PlaceKind.WHOLE), CommentPlace(PlaceKind.LOST)
REMOVED_IN = "removed_in"


def selected_span(
    document: SkillDocument,
    quote: str,
    before: str = "",
    after: str = "",
    *,
    path: Sequence[str] = (),
    is_exact: bool = False,
) -> tuple[int, int]:
    """Return the offsets of words that a reader selected or typed; ``path`` are the headings down to their section.

    Words that stand several times are looked for in the section alone. Words of the front matter that its source writes in
    another way, as in lists and escapes, stand for the whole fields that show them, unless the place must be ``is_exact``:
    then other words can take its place, and it goes as far as pairs of Markdown's marks do.

    Raises:
        QuoteNotFound: the words are not in the document, or nothing says which of several places is meant;
        ReviewRefused: the place must be exact, and other words there would break the document.
    """
    wanted = tuple(path)
    found = None
    if wanted == FRONT_MATTER_PATH:
        found = find_selection(document, quote, before, after, end=document.body_start)
    found = found or find_selection(document, quote, before, after)
    if found is None and wanted:
        found = _in_section(document, quote, wanted)
    if found is None and wanted == FRONT_MATTER_PATH and not is_exact:
        found = fields_with(document, quote)
    if found is None:
        words = " ".join(quote.split())
        raise QuoteNotFound(
            f"“{words[:80]}{'…' if len(words) > 80 else ''}” does not stand in the document, or stands there several "
            "times. Quote it as it is, with some words more."
        )
    return editable_span(document, found.start, found.end) if is_exact else (found.start, found.end)


def editable_span(document: SkillDocument, start: int, end: int) -> tuple[int, int]:
    """Return the span that a suggested edit of some words replaces: it cuts no pair of Markdown's marks.

    Raises:
        ReviewRefused: there is no such span.
    """
    span = whole_span(document, start, end) if start >= document.body_start else (start, end)
    if span is None:
        words = " ".join(document.text[start:end].split())
        raise ReviewRefused(
            f"“{words[:80]}{'…' if len(words) > 80 else ''}” holds only one half of a pair of HTML tags, so that other words in "
            "its place would break the document. Quote some words more or fewer, or comment without a suggested edit."
        )
    return span


def anchor_as_data(anchor: QuoteAnchor) -> dict[str, Any]:
    """Return an anchor as plain data, ready for JSON."""
    return {**asdict(anchor), "path": list(anchor.path)}


def anchor_from_data(data: Mapping[str, Any]) -> QuoteAnchor:
    """Read an anchor that ``anchor_as_data`` gave."""
    values = {name: value for name, value in data.items() if name != REMOVED_IN}
    return QuoteAnchor(**{**values, "path": tuple(data["path"])})


def removed_in(anchor: Mapping[str, Any] | None) -> int:
    """Return the number of the version that removed the words of a comment on the older side of a difference, or 0."""
    return int(anchor.get(REMOVED_IN, 0)) if anchor else 0


def place_comment(
    document: SkillDocument,
    *,
    heading_path: Sequence[str],
    anchor: Mapping[str, Any] | None,
    path: str = "",
    quote: str = "",
    files: Mapping[str, str | None] = MappingProxyType({}),
    number: int = 0,
) -> CommentPlace:
    """Return where a comment stands in ``document``; a quote that is gone is lost, never put elsewhere.

    One on the file at ``path``, or on a ``quote`` of it, stands in that file: ``files`` are the texts of the version's files by
    path, None for one that is no text. A comment on words that version ``number`` removed stands in the difference that
    removed them.
    """
    gone = CommentPlace(PlaceKind.REMOVED) if number and number == removed_in(anchor) else LOST
    if path:
        is_removed = gone is not LOST or path not in files
        return gone if is_removed else _in_file(files[path] or "", quote, anchor)
    if anchor is not None:
        found = find_anchor(anchor_from_data(anchor), document)
        return CommentPlace(PlaceKind.QUOTE, found.line, found.start, found.end) if found else gone
    if not heading_path:
        return WHOLE
    section = section_at(document, heading_path)
    if section is None:
        return LOST
    return CommentPlace(PlaceKind.SECTION, section.start_line, section.start, section.end)


def section_at(document: SkillDocument, path: Sequence[str]) -> Section | None:
    """Return the section with these headings, or the front matter for its own path; None when it is not there."""
    wanted = tuple(path)
    if wanted == FRONT_MATTER_PATH:
        return front_section(document)
    return next((one for one in document.sections if one.path == wanted), None)


def section_words(path: Sequence[str]) -> str:
    """Return the headings down to a section as people read them; empty for the text before the first heading."""
    return " › ".join(one.strip() for one in path)


def file_anchor(text: str, start: int, end: int) -> dict[str, Any]:
    """Return the anchor of words of a file as plain data."""
    return anchor_as_data(make_text_anchor(text, start, end))


def words_of_file(text: str, quote: str, anchor: Mapping[str, Any] | None) -> tuple[int, int] | None:
    """Return where the quoted words of a comment stand in a text of their file, or None when they are lost.

    With an anchor of ``file_anchor`` its surroundings decide; without one the words must stand there once.
    """
    if not _has_surroundings(anchor):
        return quote_span(text, quote)
    found = find_text_anchor(anchor_from_data(anchor or {}), text)
    return (found.start, found.end) if found else None


def _has_surroundings(anchor: Mapping[str, Any] | None) -> bool:
    """Whether the anchor of a comment on a file says more than which version removed its words."""
    return bool(anchor and anchor.get("quote"))


def _in_file(text: str, quote: str, anchor: Mapping[str, Any] | None) -> CommentPlace:
    """Return the place of a comment in a file; words without an anchor that stand there several times have no line."""
    if not quote.strip():
        return CommentPlace(PlaceKind.FILE)
    if not _has_surroundings(anchor) and len(quote_spans(text, quote)) > 1:
        return CommentPlace(PlaceKind.FILE)
    span = words_of_file(text, quote, anchor)
    if span is None:
        return LOST
    return CommentPlace(PlaceKind.FILE, text.count("\n", 0, span[0]) + 1, *span)


def _in_section(document: SkillDocument, quote: str, path: tuple[str, ...]) -> QuotePlace | None:
    """Return the only place of a quote, word for word, inside the section with these headings."""
    places = [
        QuotePlace(at, at + len(quote), document.lines.line_number(at))
        for section in document.sections
        if section.path == path
        for at in _occurrences(section.text, quote, section.start)
    ]
    return places[0] if len(places) == 1 else None


def _occurrences(text: str, quote: str, start: int) -> list[int]:
    found: list[int] = []
    at = text.find(quote) if quote.strip() else -1
    while at >= 0 and len(found) < 2:
        found.append(start + at)
        at = text.find(quote, at + 1)
    return found
