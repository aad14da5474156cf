"""The difference of two texts by unit: what stayed, changed, moved, was renamed, came or went."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain

from skills_app.domain.diffing.matching import match_units
from skills_app.domain.diffing.operations import Operation, OperationKind, unit_operations
from skills_app.domain.diffing.units import (
    Unit,
    document_units,
    is_cut_by_fields,
    text_unit,
)
from skills_app.domain.documents import SkillDocument

_STILL = frozenset({OperationKind.KEEP, OperationKind.LAYOUT})


@dataclass(frozen=True, slots=True)
class UnitDiff:
    """One unit in both texts; ``old`` is None when it was added, ``new`` when it was removed.

    ``is_moved`` says that it stands elsewhere among its neighbours, ``is_renamed`` that its heading or key is another,
    ``is_blank`` that it holds no word (then it never counts as added or removed).
    """

    old: Unit | None
    new: Unit | None
    is_moved: bool
    operations: tuple[Operation, ...]
    is_blank: bool = False

    @property
    def unit(self) -> Unit:
        """The unit as it is now, or as it was when it was removed."""
        unit = self.new or self.old
        assert unit is not None
        return unit

    @property
    def is_added(self) -> bool:
        """Whether only the new text has it."""
        return self.old is None and not self.is_blank

    @property
    def is_removed(self) -> bool:
        """Whether only the old text has it."""
        return self.new is None and not self.is_blank

    @property
    def is_renamed(self) -> bool:
        """Whether its heading or key is another."""
        return self.old is not None and self.new is not None and self.old.title != self.new.title

    @property
    def is_changed(self) -> bool:
        """Whether words of it changed, its heading apart."""
        if self.old is None or self.new is None:
            return False
        start, new_start = self.old.body_start, self.new.body_start
        return any(
            one.kind not in _STILL and (one.old_end > start or one.new_end > new_start or not self.is_renamed)
            for one in self.operations
        )

    @property
    def is_same(self) -> bool:
        """Whether it holds the same words at the same place under the same heading."""
        return not self.states

    @property
    def states(self) -> tuple[str, ...]:
        """What happened to it, in words: added, removed, moved, renamed, changed, or nothing."""
        names = ("added", "removed", "moved", "renamed", "changed")
        return tuple(name for name in names if getattr(self, f"is_{name}"))


@dataclass(frozen=True, slots=True)
class TextDiff:
    """Two texts and their units in reading order: that of the new text, removed units where they stood."""

    old_text: str
    new_text: str
    units: tuple[UnitDiff, ...]

    @property
    def operations(self) -> tuple[Operation, ...]:
        """All operations; applied to ``old_text`` they give ``new_text``."""
        return tuple(chain.from_iterable(one.operations for one in self.units))

    @property
    def is_same(self) -> bool:
        """Whether no word differs."""
        return all(one.is_same for one in self.units)


def diff_documents(old: SkillDocument, new: SkillDocument) -> TextDiff:
    """Return the difference of two documents of any content and size; never raises.

    Time grows with the length of both, but for gaps of repeated lines, which are bounded; see ``alignment``.
    """
    by_fields = is_cut_by_fields(old) and is_cut_by_fields(new)
    if old.front_matter is None or new.front_matter is None:
        by_fields = is_cut_by_fields(old) or is_cut_by_fields(new)
    units = document_units(old, by_fields=by_fields)
    return _diff(old.text, units, new.text, document_units(new, by_fields=by_fields))


def diff_lines(old: str, new: str) -> TextDiff:
    """Return the difference of two texts by line, as code is read."""
    return _diff(old, text_unit(old), new, text_unit(new))


def _diff(old_text: str, old: Sequence[Unit], new_text: str, new: Sequence[Unit]) -> TextDiff:
    pairs, moved = match_units(old_text, old, new_text, new)
    partner = {j: i for i, j in pairs}
    order = _reading_order(len(old), len(new), partner, moved)
    units: list[UnitDiff] = []
    at = (0, 0)
    for i, j in order:
        left, right = old[i] if i is not None else None, new[j] if j is not None else None
        operations = unit_operations(old_text, left, new_text, right, at=at)
        is_blank = not (_holds_words(old_text, left) or _holds_words(new_text, right))
        units.append(UnitDiff(left, right, j in moved and not is_blank, operations, is_blank))
        at = (left.end if left else at[0], right.end if right else at[1])
    return TextDiff(old_text, new_text, tuple(units))


def _reading_order(
    num_old: int, num_new: int, partner: dict[int, int], moved: frozenset[int]
) -> list[tuple[int | None, int | None]]:
    """Return pairs in the order of the new text, each removed unit after the unmoved one that it followed."""
    staying = {partner[j]: j for j in partner if j not in moved}
    matched = set(partner.values())
    after: dict[int, list[int]] = {}
    last = -1
    for i in range(num_old):
        last = staying.get(i, last)
        if i not in matched:
            after.setdefault(last, []).append(i)
    order: list[tuple[int | None, int | None]] = [(i, None) for i in after.get(-1, ())]
    for j in range(num_new):
        order.append((partner.get(j), j))
        order += [(i, None) for i in after.get(j, ())]
    return order


def _holds_words(text: str, unit: Unit | None) -> bool:
    return unit is not None and bool(text[unit.start : unit.end].strip())
