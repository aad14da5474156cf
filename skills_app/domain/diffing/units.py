"""The units of a skill document: fences and fields of the front matter, then sections; joined they are the text."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from skills_app.domain.diffing.pieces import Block, PieceKind, body_blocks, line_blocks
from skills_app.domain.documents import SkillDocument
from skills_app.domain.front_matter import FrontMatter
from skills_app.domain.yaml_nodes import NodeKind


class UnitKind(StrEnum):
    """What a unit is."""

    FENCE = "fence"
    FIELD = "field"
    FRONT_MATTER = "front matter"
    INTRO = "intro"
    SECTION = "section"
    TEXT = "text"


@dataclass(frozen=True, slots=True)
class Unit:
    """One unit: ``title`` is the key or the heading, ``path`` the headings down to it, ``blocks`` cover it exactly.

    ``body_start`` is the offset after the heading's lines.
    """

    kind: UnitKind
    title: str
    path: tuple[str, ...]
    level: int
    start: int
    end: int
    body_start: int
    blocks: tuple[Block, ...]


def is_cut_by_fields(document: SkillDocument) -> bool:
    """Whether the front matter was read as a map, so that each of its keys is a unit."""
    return document.front_matter is not None and document.front_matter.is_mapping


def document_units(document: SkillDocument, *, by_fields: bool) -> tuple[Unit, ...]:
    """Return the units of a document; without ``by_fields`` the front matter is one of them."""
    front = document.front_matter
    units: list[Unit] = []
    if front is not None and document.body_start:
        units += _field_units(document, front) if by_fields else [_whole_front(document)]
    elif document.body_start:
        units.append(_fence("mark", document.text, 0, document.body_start))
    units += _section_units(document)
    return tuple(units)


def text_unit(text: str, title: str = "") -> tuple[Unit, ...]:
    """Return a text that is no skill document as one unit of lines; nothing for an empty text."""
    blocks = tuple(line_blocks(text, kind=PieceKind.CODE))
    return (Unit(UnitKind.TEXT, title, (), 0, 0, len(text), 0, blocks),) if text else ()


def _whole_front(document: SkillDocument) -> Unit:
    text = document.text[: document.body_start]
    blocks = tuple(line_blocks(text, kind=PieceKind.CODE))
    return Unit(UnitKind.FRONT_MATTER, "front matter", (), 0, 0, len(text), 0, blocks)


def _fence(title: str, text: str, start: int, end: int) -> Unit:
    blocks = tuple(line_blocks(text[start:end], start=start))
    return Unit(UnitKind.FENCE, title, (), 0, start, end, start, blocks)


def _field_units(document: SkillDocument, front: FrontMatter) -> Iterator[Unit]:
    """Yield the opening fence, each field with the comments after it, and the closing fence."""
    starts = document.lines.starts
    cuts: list[tuple[int, str, bool]] = []
    for entry in front.entries:
        start = starts[entry.key_node.place.line - 1]
        if start >= front.yaml_start and (not cuts or start > cuts[-1][0]):
            is_prose = entry.value.kind is NodeKind.TEXT and entry.value.style != "literal"
            cuts.append((start, entry.key, is_prose))
    first = cuts[0][0] if cuts else front.yaml_end
    yield _fence("open", document.text, 0, first)
    for at, (start, key, is_prose) in enumerate(cuts):
        end = cuts[at + 1][0] if at + 1 < len(cuts) else front.yaml_end
        blocks = line_blocks(document.text[start:end], start=start, kind=PieceKind.CODE)
        if is_prose:
            blocks = [Block(PieceKind.PROSE, start, end)]
        yield Unit(UnitKind.FIELD, key, (), 0, start, end, start, tuple(blocks))
    if front.yaml_end < document.body_start:
        yield _fence("close", document.text, front.yaml_end, document.body_start)


def _section_units(document: SkillDocument) -> Iterator[Unit]:
    blocks = body_blocks(document)
    starts = document.lines.starts
    heads = {max(starts[h.line - 1], document.body_start): h for h in document.outline}
    cuts = [at for at, block in enumerate(blocks) if block[1] in heads or not at]
    for first, last in zip(cuts, [*cuts, len(blocks)][1:], strict=True):
        group = blocks[first:last]
        start, end = group[0].start, group[-1].end
        heading = heads.get(start)
        if heading is None:
            yield Unit(UnitKind.INTRO, "", (), 0, start, end, start, tuple(group))
        else:
            body = group[0].end
            yield Unit(
                UnitKind.SECTION, heading.text, heading.path, heading.level, start, end, body, tuple(group)
            )
