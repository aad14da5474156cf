"""The cells of a difference as safe HTML: text escaped, words marked by ``<del>`` and ``<ins>``, nothing else."""

from dataclasses import dataclass
from html import escape

from skills_app.adapters.code_highlight import show_hidden
from skills_app.adapters.markdown import Rendered
from skills_app.domain.diffing import (
    Operation,
    OperationKind,
    PieceKind,
    Row,
    RowKind,
    RunKind,
    WordRun,
    word_runs,
)

MOST_CELL_CHARACTERS = 6_000
MOST_WORD_CHARACTERS = 200_000


@dataclass(frozen=True, slots=True)
class MarkedLine:
    """One line of a unified difference: ``mark`` is same, removed, added or changed (words marked inside)."""

    mark: str
    html: Rendered


class DiffCells:
    """Writes the rows of one page; after ``MOST_WORD_CHARACTERS`` changed ones, sentences are marked as wholes."""

    def __init__(self) -> None:
        self._room = MOST_WORD_CHARACTERS

    def side_by_side(self, row: Row, old_text: str, new_text: str) -> tuple[Rendered | None, Rendered | None]:
        """Return the cells of both sides, None where the row has nothing."""
        if row.kind is RowKind.SAME:
            cell = _cell([_text(new_text[one.new_start : one.new_end]) for one in row.operations], True)
            return cell, cell
        old: list[str] = []
        new: list[str] = []
        for one in row.operations:
            before, after = old_text[one.old_start : one.old_end], new_text[one.new_start : one.new_end]
            if one.kind in (OperationKind.KEEP, OperationKind.LAYOUT):
                old.append(_text(before))
                new.append(_text(after))
                continue
            for run_kind, left, right in self._runs(one, before, after):
                is_same = run_kind is RunKind.SAME
                if left:
                    old.append(_text(left) if is_same else _wrapped("del", left))
                if right:
                    new.append(_text(right) if is_same else _wrapped("ins", right))
        return _cell(old, row.old_start is not None), _cell(new, row.new_start is not None)

    def unified(self, row: Row, old_text: str, new_text: str) -> list[MarkedLine]:
        """Return one line, or two where code or whole blocks were replaced; prose keeps both words in one line."""
        is_inline = row.kind is RowKind.CHANGED and row.piece_kind is PieceKind.PROSE
        if is_inline:
            return [MarkedLine("changed", Rendered(self._inline(row, old_text, new_text), ()))]
        old, new = self.side_by_side(row, old_text, new_text)
        if row.is_still:
            return [MarkedLine("same", new or Rendered("", ()))]
        lines = [MarkedLine("removed", old)] if old is not None else []
        return lines + ([MarkedLine("added", new)] if new is not None else [])

    def _inline(self, row: Row, old_text: str, new_text: str) -> str:
        parts: list[str] = []
        for one in row.operations:
            before, after = old_text[one.old_start : one.old_end], new_text[one.new_start : one.new_end]
            if one.kind in (OperationKind.KEEP, OperationKind.LAYOUT):
                parts.append(_text(after))
                continue
            for run_kind, left, right in self._runs(one, before, after):
                is_same = run_kind is RunKind.SAME
                parts.append(_text(right) if is_same else _wrapped("del", left) + _wrapped("ins", right))
        return _cut(parts)

    def _runs(self, one: Operation, before: str, after: str) -> tuple[WordRun, ...]:
        self._room -= len(before) + len(after)
        if one.kind is not OperationKind.CHANGE or self._room < 0:
            return (WordRun(RunKind.CHANGED, before, after),)
        return word_runs(before, after, is_prose=one.piece_kind is PieceKind.PROSE)


def _text(text: str) -> str:
    """Return text as HTML; most of it is short and holds nothing to escape or to show."""
    if len(text) <= MOST_CELL_CHARACTERS and text.isascii():
        return escape(text, quote=False)
    note = " … cut here" if len(text) > MOST_CELL_CHARACTERS else ""
    return show_hidden(escape(text[:MOST_CELL_CHARACTERS], quote=False)) + note


def _wrapped(tag: str, text: str) -> str:
    """Return words in a mark, the blanks after them outside of it."""
    body = text.rstrip()
    return f"<{tag}>{_text(body)}</{tag}>{text[len(body) :]}" if body else text


def _cell(parts: list[str], is_there: bool) -> Rendered | None:
    return Rendered(_cut(parts), ()) if is_there else None


def _cut(parts: list[str]) -> str:
    """Return parts joined; those beyond the limit are left out, and that is said."""
    html = "".join(parts)
    if len(html) <= MOST_CELL_CHARACTERS:
        return html.rstrip()
    kept: list[str] = []
    length = 0
    for part in parts:
        if length > MOST_CELL_CHARACTERS:
            kept.append(" … cut here")
            break
        kept.append(part)
        length += len(part)
    return "".join(kept).rstrip()
