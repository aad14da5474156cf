"""What a suggested edit replaces: whole pairs of marks, and in a table whole rows stay whole."""

import re
from dataclasses import dataclass

from skills_app.domain.documents import SkillDocument, parse_document
from skills_app.domain.errors import ReviewRefused
from skills_app.domain.outline import EACH_LINE
from skills_app.domain.reviewing.places import editable_span
from skills_app.domain.text_lines import TextLines

_PIPE = re.compile(r"(?<!\\)\|")
_RULE_CELL = re.compile(r"[ \t]*:?-+:?[ \t]*")


@dataclass(frozen=True, slots=True)
class Table:
    """A table of Markdown: the line of its head, the line after its last row (both from 1), and its columns."""

    first: int
    after: int
    num_columns: int


def tables_of(document: SkillDocument) -> list[Table]:
    """Return the tables of a document in order."""
    found = []
    for first, after, offset in document.structure.paragraphs:
        if offset == EACH_LINE or after - first < 2:
            continue
        rows = [_cells(document, line, offset if line == first else None) for line in range(first, after)]
        for number in range(1, len(rows)):
            head, rule = first + number - 1, first + number
            has_bars = "|" in document.lines.line(head) and "|" in document.lines.line(rule)
            if has_bars and _is_rule(rows[number]) and len(rows[number - 1]) == len(rows[number]):
                found.append(Table(first + number - 1, after, len(rows[number])))
                break
    return found


def replaced_span(document: SkillDocument, start: int, end: int, words: str) -> tuple[int, int]:
    """Return the span that ``words`` replace when they are suggested for ``text[start:end]``.

    It cuts no pair of marks; rows of a table that are taken out go with their line breaks.

    Raises:
        ReviewRefused: no such span keeps the marks, or the words would break rows of a table.
    """
    start, end = editable_span(document, start, end)
    lines = document.lines
    first, last = lines.line_number(start), lines.line_number(end - 1)
    touched = [one for one in tables_of(document) if one.first <= last and first < one.after]
    if not touched:
        return start, end
    is_whole = not document.text[lines.span(first)[0] : start].strip(" \t>") and end >= lines.span(last)[1]
    if is_whole and not words.strip() and end == lines.span(last)[1]:
        start, end = lines.span(first)[0], lines.start(last + 1) or end
    for table in touched:
        if not _keeps_rows(document, start, end, words, table, (first, last), is_whole=is_whole):
            raise ReviewRefused(
                "These words stand in a table. What takes their place must keep its rows whole: each on one line, with "
                f"{table.num_columns} cell{'s' if table.num_columns != 1 else ''}, and “|” in a cell written as “\\|”."
            )
    return start, end


def _keeps_rows(
    document: SkillDocument,
    start: int,
    end: int,
    words: str,
    table: Table,
    lines: tuple[int, int],
    *,
    is_whole: bool,
) -> bool:
    """Whether the rows beside the span stay rows of a table with as many columns, and those of the span are rows with cells as before."""
    first, last = lines
    if is_whole and first <= table.first and table.after <= last + 1:
        return True
    text = document.text[:start] + words + document.text[end:]
    after = parse_document(text)
    rows = {line: one.num_columns for one in tables_of(after) for line in range(one.first, one.after)}
    shift = TextLines(text).line_number(start + len(words)) - document.lines.line_number(end)
    beside = [
        line if line < first else line + shift
        for line in range(table.first, table.after)
        if not first <= line <= last
    ]
    if any(rows.get(line) != table.num_columns for line in beside):
        return False
    kept = set(range(first, last + shift + 1))
    if first < table.first or last >= table.after:
        # Of a span that goes on beside the table, the row that it begins or ends in is kept.
        kept = set()
        if first >= table.first and start > document.lines.span(first)[0]:
            kept.add(first)
        if last < table.after and end < document.lines.span(last)[1]:
            kept.add(last + shift)
    allowed = {table.num_columns, *(len(_cells(document, line)) for line in range(first, last + 1))}
    return all(line in rows and len(_cells(after, line)) in allowed for line in kept)


def _cells(document: SkillDocument, line: int, offset: int | None = None) -> list[str]:
    """Return the cells of a line read as a row; ``offset`` is where its text begins after the mark of an item."""
    start, end = document.lines.span(line)
    row = document.text[start if offset is None else offset : end]
    row = row.lstrip(" \t>").rstrip()
    cells = _PIPE.split(row)
    return cells[row.startswith("|") : len(cells) - (len(cells) > 1 and not cells[-1])]


def _is_rule(cells: list[str]) -> bool:
    """Whether these are the cells of the line below a table's head."""
    return bool(cells) and all(_RULE_CELL.fullmatch(cell) for cell in cells)
