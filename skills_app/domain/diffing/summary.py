"""A difference first in words: "trigger phrase added", "step 4 removed", "script changed"."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from skills_app.domain.bundle import SCRIPT_SUFFIXES
from skills_app.domain.diffing.bundles import FileChange, FileDiff
from skills_app.domain.diffing.operations import Operation, OperationKind
from skills_app.domain.diffing.pieces import PieceKind
from skills_app.domain.diffing.texts import TextDiff, UnitDiff
from skills_app.domain.diffing.tokens import step_number
from skills_app.domain.diffing.units import UnitKind

MOST_NUMBERS = 6
_TRIGGER = re.compile(
    r"\bus(?:e|ed|eful)\s+(?:this\s+)?(?:skill\s+)?(?:when|whenever|if|for|before|after|while)\b"
    r"|\btriggers?\b|\bwhen(?:ever)?\s+(?:the\s+)?user\b",
    re.IGNORECASE,
)
_WORDS = {
    OperationKind.INSERT: "added",
    OperationKind.DELETE: "removed",
    OperationKind.CHANGE: "changed",
}
_FIRST = {"trigger": 0, "name": 1, "description": 2}
_FILES = {"scripts": "script", "references": "reference", "examples": "example", "templates": "template"}


@dataclass(frozen=True, slots=True)
class SummaryItem:
    """One sentence about a difference. ``unit`` is the index of the unit that it is about, ``path`` the file, if any."""

    text: str
    unit: int | None = None
    path: str = ""


def summarise(diff: TextDiff, files: Sequence[FileDiff] = ()) -> tuple[SummaryItem, ...]:
    """Return what changed, what an agent notices first foremost: front matter, steps and sections, then files.

    Empty when no word and no file differs.
    """
    fields: list[SummaryItem] = []
    sections: list[SummaryItem] = []
    for at, unit in enumerate(diff.units):
        if unit.is_same or unit.unit.kind is UnitKind.FENCE:
            continue
        is_field = unit.unit.kind is UnitKind.FIELD
        texts = _field_words(diff, unit) if is_field else _section_words(diff, unit)
        (fields if is_field else sections).extend(SummaryItem(text, at) for text in texts)
    fields.sort(key=lambda item: _FIRST.get(item.text.partition(" ")[0], len(_FIRST)))
    changed = [SummaryItem(_file_words(one), path=one.path) for one in files if one.change != FileChange.SAME]
    return (*fields, *sections, *changed)


def num_layout(diff: TextDiff) -> int:
    """Return how many pieces differ only in line breaks, blanks or list numbers."""
    return sum(one.kind is OperationKind.LAYOUT for one in diff.operations)


def _field_words(diff: TextDiff, unit: UnitDiff) -> Iterator[str]:
    key = unit.unit.title
    if unit.is_renamed and unit.old is not None:
        yield f"field {unit.old.title} renamed to {key}"
    if unit.is_moved:
        yield f"field {key} moved"
    if key == "description":
        yield from dict.fromkeys(_description_words(diff, unit))
    elif key == "name" and unit.is_changed and unit.old and unit.new:
        old = diff.old_text[unit.old.start : unit.old.end].partition(":")[2].strip()
        new = diff.new_text[unit.new.start : unit.new.end].partition(":")[2].strip()
        yield f"name changed from {old[:64]} to {new[:64]}"
    else:
        yield from (f"{key} {state}" for state in ("added", "removed", "changed") if state in unit.states)


def _description_words(diff: TextDiff, unit: UnitDiff) -> Iterator[str]:
    for one in unit.operations:
        if one.kind not in _WORDS:
            continue
        was = bool(_TRIGGER.search(diff.old_text[one.old_start : one.old_end]))
        now = bool(_TRIGGER.search(one.text))
        if was and now:
            yield "trigger phrase changed"
        elif was or now:
            yield f"trigger phrase {'added' if now else 'removed'}"
        else:
            yield "description changed"


def _section_words(diff: TextDiff, unit: UnitDiff) -> Iterator[str]:
    name = _name(unit.unit.kind, unit.unit.title)
    if unit.is_added or unit.is_removed:
        yield f"{name} {'added' if unit.is_added else 'removed'}"
        return
    if unit.is_renamed and unit.old is not None:
        yield f"{_name(unit.old.kind, unit.old.title)} renamed to “{unit.unit.title}”"
    if unit.is_moved:
        yield f"{name} moved"
    if unit.is_changed:
        changes = [one for one in unit.operations if one.kind in _WORDS and one.new_end > _body(unit)]
        yield from _inner_words(diff, changes, name)


def _inner_words(diff: TextDiff, changes: Iterable[Operation], name: str) -> Iterator[str]:
    """Yield steps by number, then code, then that words changed."""
    steps: dict[str, list[int]] = {}
    has_code = has_words = False
    for one in changes:
        text = one.text or diff.old_text[one.old_start : one.old_end]
        number = step_number(text) if one.piece_kind is PieceKind.PROSE else None
        if number is not None:
            steps.setdefault(_WORDS[one.kind], []).append(number)
        elif one.piece_kind is PieceKind.CODE:
            has_code = True
        else:
            has_words = True
    of = "" if name == "text" else f" of {name}"
    for word, numbers in steps.items():
        yield f"{_numbers(numbers)} {word}{of.replace('section ', '')}"
    if has_code:
        yield f"code in {name.replace('section ', '')} changed"
    if has_words or not (steps or has_code):
        yield f"{name} changed"


def _numbers(numbers: list[int]) -> str:
    if len(numbers) == 1:
        return f"step {numbers[0]}"
    if len(numbers) > MOST_NUMBERS:
        return f"{len(numbers)} steps"
    return f"steps {', '.join(map(str, numbers[:-1]))} and {numbers[-1]}"


def _name(kind: UnitKind, title: str) -> str:
    if kind is UnitKind.SECTION:
        return f"section “{title or 'without a title'}”"
    return {UnitKind.INTRO: "opening text", UnitKind.TEXT: "text"}.get(kind, str(kind))


def _body(unit: UnitDiff) -> int:
    return unit.unit.body_start if unit.is_renamed else -1


def _file_words(diff: FileDiff) -> str:
    kind = _FILES.get(diff.path.partition("/")[0], "file") if "/" in diff.path else "file"
    if diff.path.lower().endswith(tuple(SCRIPT_SUFFIXES)):
        kind = "script"
    if diff.change is FileChange.RENAMED and diff.old is not None:
        words = (
            f"{kind} {diff.old.path} renamed to {diff.path}{' and changed' if diff.has_new_content else ''}"
        )
    else:
        words = f"{kind} {diff.path} {diff.change}"
    if diff.has_new_mode and diff.new is not None:
        words += f", {'now' if diff.new.is_executable else 'no longer'} executable"
    return words
