"""Whole blocks of a document as a place of comments, for words that the source writes in another way than the page."""

from skills_app.domain.documents import SkillDocument
from skills_app.domain.outline import EACH_LINE
from skills_app.domain.quote_anchors import QuotePlace
from skills_app.domain.text_lines import TextLines


def blocks_between(document: SkillDocument, first: int, last: int) -> QuotePlace | None:
    """Return the blocks from the one that begins on line ``first`` to the one that begins on line ``last``, both whole.

    Lines count from 1. A row of a table, an item of a list and a line of code are blocks of their own. None when the lines
    are not of the body, or say nothing.
    """
    first, last = min(first, last), max(first, last)
    if not document.body_line <= first <= last <= len(document.lines):
        return None
    start, end = document.lines.span(first)[0], document.lines.span(_last_line(document, last))[1]
    start = max(start, document.body_start)
    return QuotePlace(start, end, first) if document.text[start:end].strip() else None


def lines_between(text: str, first: int, last: int) -> QuotePlace | None:
    """Return whole lines, counted from 1, of a text that is no Markdown; None when they are not there or say nothing."""
    lines = TextLines(text)
    first, last = min(first, last), max(first, last)
    if not 1 <= first <= last <= len(lines):
        return None
    start, end = lines.span(first)[0], lines.span(last)[1]
    return QuotePlace(start, end, first) if text[start:end].strip() else None


def _last_line(document: SkillDocument, line: int) -> int:
    """Return the last line of the block that begins on a line."""
    if document.text[slice(*document.lines.span(line))].lstrip().startswith("|"):
        return line
    for first, after, offset in document.structure.paragraphs:
        if first <= line < after:
            return line if offset == EACH_LINE else after - 1
    return next((block.end_line for block in document.code_blocks if block.start_line == line), line)
