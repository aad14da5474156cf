"""Sections of a difference as the rendered documents show it, additions and removals marked in the text."""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from itertools import groupby

from skills_app.adapters.markdown import Rendered
from skills_app.adapters.rendered_diff import Element, elements_of, merged_parts
from skills_app.domain.diffing import TextDiff, Unit, UnitDiff, UnitKind
from skills_app.domain.text_lines import TextLines
from skills_app.services.compare_sections import (
    DraftChunk,
    DraftSection,
    Sections,
    fold_label,
    num_blocks,
    still_stretches,
    unit_anchor,
    unit_note,
)
from skills_app.services.render_document import Source, render_documents

_BODY = frozenset({UnitKind.SECTION, UnitKind.INTRO})


def rendered_sections(
    diff: TextDiff, old: Rendered, new: Rendered, sections: Sections, prefix: str = ""
) -> list[DraftSection]:
    """Return the sections of a difference rendered, from the renderings of both texts; front matter stays in rows.

    A document that is too hard to render is compared in rows as a whole.
    """
    if old.plain_reason or new.plain_reason:
        return sections.of_text(diff, prefix)
    before = _by_unit(old.html, TextLines(diff.old_text), [one.old for one in diff.units])
    after = _by_unit(new.html, TextLines(diff.new_text), [one.new for one in diff.units])
    drafts: list[DraftSection] = []
    for kind, group in groupby(enumerate(diff.units), key=lambda pair: _kind(pair[1])):
        units = list(group)
        if kind == "rows":
            drafts += [sections.of_unit(diff, at, prefix) for at, unit in units if not unit.is_same]
        elif kind == "same":
            html = "".join(one.html for at, _ in units for one in after.get(at, ()))
            label = fold_label([unit for _, unit in units], len(units))
            fold = sections.fold((), label, prefix, html=Rendered(html, ()))
            drafts.append(DraftSection(unit_anchor(units[0][0], prefix), "", "same", (), "", [fold], diff))
        else:
            drafts += [
                _draft(diff, at, before.get(at, []), after.get(at, []), sections, prefix) for at, _ in units
            ]
    return drafts


def renderings(
    sides: Sequence[TextDiff], places: Sequence[tuple[str, str]]
) -> list[tuple[Rendered, Rendered]]:
    """Return both sides of each difference rendered, from the cache; ``places`` are the prefix of ids and the folder of each."""
    wanted = [
        Source(text, id_prefix=prefix, folder=folder)
        for diff, (prefix, folder) in zip(sides, places, strict=True)
        for text in (diff.old_text, diff.new_text)
    ]
    made = render_documents(wanted) if wanted else []
    return list(zip(made[::2], made[1::2], strict=True))


def _kind(unit: UnitDiff) -> str:
    if unit.unit.kind not in _BODY:
        return "rows"
    return "same" if unit.is_same else "changed"


def _draft(
    diff: TextDiff, at: int, old: Sequence[Element], new: Sequence[Element], sections: Sections, prefix: str
) -> DraftSection:
    unit = diff.units[at]
    title = unit.unit.title or "Opening text"
    chunks = list(_chunks(merged_parts(old, new), sections, prefix))
    return DraftSection(
        unit_anchor(at, prefix), title, str(unit.unit.kind), unit.states, unit_note(diff, at), chunks, diff
    )


def _chunks(parts: Sequence[tuple[bool, str]], sections: Sections, prefix: str) -> Iterator[DraftChunk]:
    """Yield the elements around changes, and folds of the unchanged ones between them."""
    start = 0
    for first, last in still_stretches([is_same for is_same, _ in parts]):
        if first > start:
            yield DraftChunk(html=_joined(parts[start:first]))
        yield sections.fold((), num_blocks(last - first), prefix, html=_joined(parts[first:last]))
        start = last
    if start < len(parts):
        yield DraftChunk(html=_joined(parts[start:]))


def _joined(parts: Sequence[tuple[bool, str]]) -> Rendered:
    return Rendered("".join(html for _, html in parts), ())


def _by_unit(html: str, lines: TextLines, units: Sequence[Unit | None]) -> dict[int, list[Element]]:
    """Return the outermost elements of a rendering by the index of the unit that their line lies in."""
    starts = sorted((lines.line_number(unit.start), at) for at, unit in enumerate(units) if unit is not None)
    found: dict[int, list[Element]] = {}
    place = len(starts) - 1
    for element in elements_of(html):
        # What has no line of its own, such as footnotes, stands at the end.
        place = bisect_right(starts, (element.line, len(units))) - 1 if element.line else len(starts) - 1
        if place >= 0:
            found.setdefault(starts[place][1], []).append(element)
    return found
