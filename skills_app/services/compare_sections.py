"""Cut a difference into sections with folds and into parts that each make a page of bounded size."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from html import escape
from itertools import groupby

from skills_app.adapters.code_highlight import show_hidden
from skills_app.adapters.diff_html import DiffCells
from skills_app.adapters.markdown import Rendered
from skills_app.domain.diffing import PieceKind, Row, RowKind, TextDiff, UnitDiff, UnitKind, rows_of
from skills_app.domain.text_lines import TextLines
from skills_app.services.compare_views import ChunkView, RowView, SectionView

CONTEXT_ROWS = 2
MOST_FOLDED_ROWS = 30
PART_CHARACTERS = 420_000
PART_ROWS = 400
OPENED_CHARACTERS = 250_000
OPENED_ROWS = 450
ROW_CHARACTERS = 330
_MOST_NAMES = 4


@dataclass(frozen=True, slots=True)
class DraftChunk:
    """Rows of a section that are shown or folded together, not written as HTML yet; or HTML that stands for them.

    ``scale`` says how many times as long their text is once it is escaped.
    """

    rows: tuple[Row, ...] = ()
    html: Rendered | None = None
    fold: str = ""
    label: str = ""
    scale: float = 1.0

    @property
    def is_small(self) -> bool:
        """Whether a fold is written into the page, closed."""
        return len(self.rows) <= MOST_FOLDED_ROWS and self.weight <= MOST_FOLDED_ROWS * 2 * ROW_CHARACTERS

    @property
    def weight(self) -> int:
        """About how many characters of HTML it makes."""
        return len(self.html.html) if self.html else round(self.scale * sum(map(row_weight, self.rows)))


@dataclass(frozen=True, slots=True)
class DraftSection:
    """A section before it is written as HTML; ``diff`` is the text that its rows belong to, ``path`` the file when it is not
    the document, ``old_path`` where that was before when it was renamed.
    """

    anchor: str
    title: str
    kind: str
    states: tuple[str, ...]
    note: str
    chunks: list[DraftChunk]
    diff: TextDiff | None = field(default=None, compare=False)
    path: str = ""
    old_path: str = ""


def unit_anchor(index: int, prefix: str = "") -> str:
    """Return the id of a unit's section on the page."""
    return f"{prefix}unit-{index}"


def file_anchor(index: int) -> str:
    """Return the id of a file's section on the page."""
    return f"file-{index}"


def row_weight(row: Row) -> int:
    """Return about how many characters of HTML a row makes."""
    length = sum(one.old_end - one.old_start + one.new_end - one.new_start for one in row.operations)
    return ROW_CHARACTERS + length * (2 if row.kind is RowKind.CHANGED else 1)


class Sections:
    """Drafts of the sections, their division into parts, and the writing of one part."""

    def __init__(self, *, is_unified: bool, opened: str) -> None:
        self._is_unified = is_unified
        self._opened = opened
        self._cells = DiffCells()
        self._num_folds = 0
        self._scales: dict[int, float] = {}

    def of_text(self, diff: TextDiff, prefix: str = "") -> list[DraftSection]:
        """Return a section for each unit that differs, and one for each stretch of units that do not."""
        drafts: list[DraftSection] = []
        scale = self._scale(diff)
        for is_same, group in groupby(enumerate(diff.units), key=lambda pair: pair[1].is_same):
            units = list(group)
            if is_same:
                rows = [row for _, unit in units for row in rows_of(unit.operations)]
                label = fold_label([unit for _, unit in units], len(rows))
                chunks = [self.fold(rows, label, prefix, scale=scale)] if rows else []
                drafts.append(
                    DraftSection(unit_anchor(units[0][0], prefix), "", "same", (), "", chunks, diff)
                )
            else:
                drafts += [self.of_unit(diff, at, prefix) for at, _ in units]
        return [draft for draft in drafts if draft.chunks or draft.states]

    def of_unit(self, diff: TextDiff, at: int, prefix: str = "") -> DraftSection:
        """Return the section of one unit that differs."""
        unit = diff.units[at]
        rows = rows_of(unit.operations)
        title = unit.unit.title or {UnitKind.INTRO: "Opening text"}.get(unit.unit.kind, "Text")
        return DraftSection(
            unit_anchor(at, prefix),
            title,
            str(unit.unit.kind),
            unit.states,
            unit_note(diff, at),
            list(self._chunks(rows, prefix, self._scale(diff))),
            diff,
        )

    def fold(
        self,
        rows: Sequence[Row],
        label: str,
        prefix: str,
        *,
        html: Rendered | None = None,
        scale: float = 1.0,
    ) -> DraftChunk:
        """Return a fold with an id of its own."""
        self._num_folds += 1
        return DraftChunk(tuple(rows), html, f"{prefix}fold-{self._num_folds}", label, scale)

    def _scale(self, diff: TextDiff) -> float:
        known = self._scales.get(id(diff))
        if known is None:
            text = diff.old_text + diff.new_text
            known = len(show_hidden(escape(text, quote=False))) / max(len(text), 1)
            self._scales[id(diff)] = known
        return known

    def _chunks(self, rows: Sequence[Row], prefix: str, scale: float) -> Iterator[DraftChunk]:
        """Yield rows around changes, and folds of those between them."""
        start = 0
        for first, last in still_stretches([row.is_still for row in rows]):
            if first > start:
                yield DraftChunk(tuple(rows[start:first]), scale=scale)
            yield self.fold(rows[first:last], num_blocks(last - first), prefix, scale=scale)
            start = last
        if start < len(rows):
            yield DraftChunk(tuple(rows[start:]), scale=scale)

    def parts(self, drafts: Iterable[DraftSection]) -> list[list[DraftSection]]:
        """Return the sections in parts of at most about ``PART_CHARACTERS`` and ``PART_ROWS``; at least one part."""
        parts: list[list[DraftSection]] = [[]]
        weight = num_rows = 0
        for draft in drafts:
            pieces = _split(draft)
            for piece in pieces:
                size = sum(_shown_weight(chunk) for chunk in piece.chunks)
                rows = sum(len(chunk.rows) for chunk in piece.chunks if not chunk.fold or chunk.is_small)
                if parts[-1] and (weight + size > PART_CHARACTERS or num_rows + rows > PART_ROWS):
                    parts.append([])
                    weight = num_rows = 0
                weight, num_rows = weight + size, num_rows + rows
                parts[-1].append(piece)
        return parts

    def render(self, drafts: Iterable[DraftSection]) -> Iterator[SectionView]:
        """Yield the sections of one part, written as HTML."""
        lines: dict[int, tuple[TextLines, TextLines]] = {}
        for draft in drafts:
            diff = draft.diff
            if diff is not None and id(diff) not in lines:
                lines[id(diff)] = TextLines(diff.old_text), TextLines(diff.new_text)
            chunks = [self._chunk(chunk, diff, lines[id(diff)]) for chunk in draft.chunks] if diff else []
            yield SectionView(
                draft.anchor,
                draft.title,
                draft.kind,
                draft.states,
                draft.note,
                tuple(chunks),
                draft.path,
                draft.old_path,
            )

    def _chunk(self, chunk: DraftChunk, diff: TextDiff, lines: tuple[TextLines, TextLines]) -> ChunkView:
        is_open = bool(chunk.fold) and chunk.fold == self._opened
        is_in_page = not chunk.fold or is_open or chunk.is_small
        if chunk.html is not None:
            html = chunk.html if is_in_page else None
            return ChunkView((), html, chunk.fold, chunk.label, is_in_page, is_open)
        rows = chunk.rows if is_in_page else ()
        if is_open:
            rows = _first_rows(rows, chunk.scale)
        num_left_out = len(chunk.rows) - len(rows) if is_open else 0
        views = tuple(self._row(row, diff, lines) for row in rows)
        return ChunkView(views, None, chunk.fold, chunk.label, is_in_page, is_open, num_left_out)

    def _row(self, row: Row, diff: TextDiff, lines: tuple[TextLines, TextLines]) -> RowView:
        old_line = lines[0].line_number(row.old_start) if row.old_start is not None else 0
        new_line = lines[1].line_number(row.new_start) if row.new_start is not None else 0
        is_code = row.piece_kind is PieceKind.CODE
        if self._is_unified:
            marked = self._cells.unified(row, diff.old_text, diff.new_text)
            return RowView(row.kind, is_code, old_line, new_line, lines=tuple(marked))
        old, new = self._cells.side_by_side(row, diff.old_text, diff.new_text)
        return RowView(row.kind, is_code, old_line, new_line, old, new)


def fold_label(units: Sequence[UnitDiff], num_rows: int) -> str:
    """Return what a fold of units that did not change says."""
    sections = [one.unit.title for one in units if one.unit.kind is UnitKind.SECTION]
    if not sections:
        fields = [one.unit.title for one in units if one.unit.kind is UnitKind.FIELD]
        return f"Front matter unchanged: {', '.join(fields[:8])}" if fields else num_blocks(num_rows)
    names = ", ".join(f"“{title}”" for title in sections[:_MOST_NAMES])
    more = f" and {len(sections) - _MOST_NAMES} more" if len(sections) > _MOST_NAMES else ""
    return f"{len(sections)} unchanged section{'s' if len(sections) > 1 else ''}: {names}{more}"


def unit_note(diff: TextDiff, at: int) -> str:
    """Return where a moved unit stood and what a renamed one was called, in words."""
    unit = diff.units[at]
    notes: list[str] = []
    if unit.is_renamed and unit.old is not None:
        notes.append(f"was “{unit.old.title}”")
    if unit.is_moved and unit.old is not None and unit.new is not None:
        old = [one.old for one in diff.units if one.old and one.old.end == unit.old.start]
        new = [one.new for one in diff.units if one.new and one.new.end == unit.new.start]
        before = f"after “{old[0].title}”" if old and old[0].title else "at the top"
        after = f"after “{new[0].title}”" if new and new[0].title else "at the top"
        notes.append(f"stood {before}, stands {after}")
    return "; ".join(notes)


def num_blocks(num: int) -> str:
    """Return what a fold of so many blocks says."""
    return f"{num:,} unchanged block{'s' if num != 1 else ''}"


def still_stretches(stills: Sequence[bool]) -> Iterator[tuple[int, int]]:
    """Yield first and last (exclusive) of the unchanged blocks to fold: all but those next to a change and the heading."""
    at = 0
    for is_still, group in groupby(stills):
        num = len(list(group))
        first = at + (CONTEXT_ROWS if at else 1)
        last = at + num - (CONTEXT_ROWS if at + num < len(stills) else 0)
        if is_still and last - first > CONTEXT_ROWS:
            yield first, last
        at += num


def _shown_weight(chunk: DraftChunk) -> int:
    return chunk.weight if not chunk.fold or chunk.is_small else ROW_CHARACTERS


def _split(draft: DraftSection) -> list[DraftSection]:
    """Return a section in pieces that each fit a part; later ones say that they go on."""
    groups: list[list[DraftChunk]] = [[]]
    weight = 0
    for chunk in draft.chunks:
        for piece in _pieces(chunk):
            if groups[-1] and weight + _shown_weight(piece) > PART_CHARACTERS // 4:
                groups.append([])
                weight = 0
            weight += _shown_weight(piece)
            groups[-1].append(piece)
    note = "; ".join(filter(None, [draft.note, "continued"]))
    return [
        replace(
            draft,
            chunks=chunks,
            note=note if at else draft.note,
            anchor=f"{draft.anchor}-{at}" if at else draft.anchor,
        )
        for at, chunks in enumerate(groups)
    ]


def _pieces(chunk: DraftChunk) -> Iterator[DraftChunk]:
    if chunk.fold or chunk.html is not None:
        yield chunk
        return
    rows: list[Row] = []
    weight = 0
    for row in chunk.rows:
        size = round(chunk.scale * row_weight(row))
        if rows and (weight + size > PART_CHARACTERS // 8 or len(rows) >= PART_ROWS // 4):
            yield replace(chunk, rows=tuple(rows))
            rows, weight = [], 0
        rows.append(row)
        weight += size
    yield replace(chunk, rows=tuple(rows))


def _first_rows(rows: Sequence[Row], scale: float) -> tuple[Row, ...]:
    """Return as many rows as a fold shows when it is opened."""
    weight = 0.0
    for at, row in enumerate(rows[:OPENED_ROWS]):
        weight += scale * row_weight(row)
        if weight > OPENED_CHARACTERS:
            return tuple(rows[:at])
    return tuple(rows[:OPENED_ROWS])
