"""The front matter as a place of comments: the whole of it, and the fields that show some words."""

from bisect import bisect_right

from skills_app.domain.document_card import Field, front_matter_fields
from skills_app.domain.documents import SkillDocument
from skills_app.domain.front_matter import FRONT_MATTER_PATH
from skills_app.domain.outline import Section, section_digest
from skills_app.domain.quote_anchors import QuotePlace


def front_section(document: SkillDocument) -> Section | None:
    """Return the front matter as a section, or None when the document has none."""
    text = document.text[: document.body_start]
    if not text.strip():
        return None
    return Section(
        heading=None,
        path=FRONT_MATTER_PATH,
        anchor="",
        start_line=1,
        end_line=document.lines.line_number(document.body_start - 1),
        start=0,
        end=document.body_start,
        text=text,
        digest=section_digest(text),
    )


def fields_with(document: SkillDocument, quote: str) -> QuotePlace | None:
    """Return the lines of the fields whose keys and values, as a page shows them, hold a quote; None unless one place does.

    The source may write a value with quotes, escapes, commas or line marks that the page does not show.
    """
    wanted = " ".join(quote.split())
    fields = front_matter_fields(document)
    texts = [" ".join(_shown(field).split()) for field in fields]
    starts = [sum(len(text) + 1 for text in texts[:number]) for number in range(len(texts))]
    shown = " ".join(texts)
    at = shown.find(wanted) if wanted else -1
    if at < 0 or shown.find(wanted, at + 1) >= 0:
        return None
    first = fields[bisect_right(starts, at) - 1]
    last = fields[bisect_right(starts, at + len(wanted) - 1) - 1]
    start, end = document.lines.span(first.line)[0], document.lines.span(last.end_line)[1]
    return QuotePlace(start, end, first.line)


def _shown(field: Field) -> str:
    items = [f"{item.key}: {item.text}" if item.key else item.text for item in field.items]
    return f"{field.key}: {field.text or ' '.join(items)}"
