"""Where the words of a file beside the document stand that a reader selected."""

from skills_app.domain.diffing.bundles import MARKDOWN
from skills_app.domain.documents import parse_document
from skills_app.domain.errors import QuoteNotFound
from skills_app.domain.quote_anchors import QuotePlace, selections_in, words_in
from skills_app.domain.reviewing.block_place import blocks_between, lines_between
from skills_app.domain.reviewing.passages import quote_spans, whole_words
from skills_app.domain.reviewing.places import editable_span
from skills_app.domain.reviewing.table_rows import replaced_span

MOST_SPANS = 2_000


def selected_in_file(
    path: str,
    text: str,
    quote: str,
    before: str = "",
    after: str = "",
    *,
    line: int = 0,
    is_exact: bool = False,
) -> tuple[int, int]:
    """Return the offsets of words that a reader selected in a file, as it is written or, of Markdown, as a page shows it.

    What stands ``before`` and ``after`` them, and the ``line`` (from 1) on which the block begins that they start in, decide among
    several places. A selection that begins or ends inside a word stands for whole words, unless the place must be ``is_exact``:
    then other words can take its place, and in Markdown it goes as far as pairs of marks do.

    Raises:
        QuoteNotFound: the words are not in the file, or nothing says which of several places is meant;
        ReviewRefused: the place must be exact, and other words there would break the file.
    """
    find = _in_markdown if is_markdown(path) else _in_text
    found = find(text, quote, before, after, line)
    if found is not None:
        span = whole_words(text, found.start, found.end)
        if not is_exact:
            return span
        if span == (found.start, found.end):
            return editable_in_file(path, text, *span)
    words = " ".join(quote.split())
    raise QuoteNotFound(
        f"“{words[:80]}{'…' if len(words) > 80 else ''}” does not stand in {path[:200]}, or stands there several times. Quote "
        "it as it is, with some words more."
    )


def editable_in_file(path: str, text: str, start: int, end: int) -> tuple[int, int]:
    """Return the span of a file that a suggested edit of some words replaces: in Markdown it cuts no pair of marks.

    Raises:
        ReviewRefused: there is no such span.
    """
    return editable_span(parse_document(text), start, end) if is_markdown(path) else (start, end)


def replaced_in_file(path: str, text: str, start: int, end: int, words: str) -> tuple[int, int]:
    """Return the span of a file that ``words`` replace, as ``replaced_span`` does in a document; that says what is raised."""
    return replaced_span(parse_document(text), start, end, words) if is_markdown(path) else (start, end)


def blocks_of_file(path: str, text: str, first: int, last: int) -> QuotePlace | None:
    """Return the blocks of a Markdown file, or the lines of another one, that begin on two lines and between them, both whole."""
    if is_markdown(path):
        return blocks_between(parse_document(text), first, last)
    return lines_between(text, first, last)


def is_markdown(path: str) -> bool:
    """Whether pages show a file rendered."""
    return path.lower().endswith(MARKDOWN)


def _in_text(text: str, quote: str, before: str, after: str, line: int) -> QuotePlace | None:
    found = words_in(text, quote, before, after, lines=range(line, line + 1) if line else None)
    return found[0] if len(found) == 1 else None


def _in_markdown(text: str, quote: str, before: str, after: str, line: int) -> QuotePlace | None:
    """Return the place of words that a page shows; it takes in the marks that the quote has itself."""
    document = parse_document(text)
    block = blocks_between(document, line, line) if line else None
    last = document.lines.line_number(block.end - 1) if block else line
    lines = range(line, last + 1) if line else None
    found = selections_in(document, quote, before, after, lines=lines)
    if len(found) > 1 and (before.strip() or after.strip() or line):
        return None
    if len(found) != 1:
        written = words_in(text, quote, before, after, lines=lines)
        return written[0] if len(written) == 1 else None
    shown = found[0]
    around = [
        QuotePlace(start, end, document.lines.line_number(start))
        for start, end in quote_spans(text, quote, most=MOST_SPANS)
        if start <= shown.start and shown.end <= end
    ]
    return around[0] if around else shown
