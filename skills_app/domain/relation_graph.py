"""Place a skill, what it needs and what needs it on a picture: columns by steps away, rows in the order of their paths."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

STEPS = 2
MOST_IN_A_COLUMN = 12
MOST_FURTHER = 100
BOX_WIDTH, BOX_HEIGHT = 168, 28
_ACROSS, _DOWN, _EDGE = 216, 40, 8
_LONGEST = 24


@dataclass(frozen=True, slots=True)
class Tie:
    """One skill names another: keys (of a target that is not there: its path as written), and the kind of the link."""

    source: str
    target: str
    kind: str


@dataclass(frozen=True, slots=True)
class Box:
    """A skill on the picture: the corner of its box, what stands in it, and its column (0 is the skill itself)."""

    key: str
    label: str
    path: str
    x: int
    y: int
    column: int
    is_missing: bool = False


@dataclass(frozen=True, slots=True)
class Arrow:
    """A link on the picture, from the edge of one box to that of another."""

    kind: str
    x1: int
    y1: int
    x2: int
    y2: int
    words: str


@dataclass(frozen=True, slots=True, order=True)
class Further:
    """A link of the second step in words: who names whom (addresses and keys; no key: not in the library), and how."""

    source: str
    source_key: str
    target: str
    target_key: str
    kind: str


@dataclass(frozen=True, slots=True)
class RelationGraph:
    """The picture with its size; ``num_left_out`` skills had no room in their column.

    ``further`` are the links that do not touch the skill itself, also of skills without room: the first ``MOST_FURTHER``,
    and ``num_further`` in all.
    """

    width: int
    height: int
    boxes: tuple[Box, ...]
    arrows: tuple[Arrow, ...]
    num_left_out: int
    further: tuple[Further, ...] = ()
    num_further: int = 0


def relation_graph(center: str, ties: Iterable[Tie], paths: Mapping[str, str]) -> RelationGraph:
    """Return the picture around ``center``: what it names to the right, what names it to the left, two steps each.

    ``paths`` holds the address of each key; a key without one is a skill that is not there. What can be reached both
    ways stands where it is nearest, to the right when it is as near.
    """
    every = list(dict.fromkeys(ties))
    columns = _columns(center, every)
    sides: dict[int, list[str]] = {}
    for key, column in columns.items():
        sides.setdefault(column, []).append(key)
    shown = {
        column: sorted(keys, key=lambda key: paths.get(key, key))[:MOST_IN_A_COLUMN]
        for column, keys in sides.items()
    }
    tallest = max(len(keys) for keys in shown.values())
    first = min(shown)
    boxes = {
        key: _box(key, paths, _EDGE + (column - first) * _ACROSS, _row(at, len(keys), tallest), column)
        for column, keys in shown.items()
        for at, key in enumerate(keys)
    }
    arrows = (
        _arrow(tie, boxes[tie.source], boxes[tie.target])
        for tie in every
        if tie.source in boxes and tie.target in boxes
    )
    width = 2 * _EDGE + (max(shown) - first) * _ACROSS + BOX_WIDTH
    height = 2 * _EDGE + (tallest - 1) * _DOWN + BOX_HEIGHT
    further = sorted(_further(tie, paths) for tie in every if center not in (tie.source, tie.target))
    return RelationGraph(
        width,
        height,
        tuple(boxes.values()),
        tuple(arrows),
        len(columns) - len(boxes),
        tuple(further[:MOST_FURTHER]),
        len(further),
    )


def _further(tie: Tie, paths: Mapping[str, str]) -> Further:
    source, target = (paths.get(key, key) for key in (tie.source, tie.target))
    return Further(source, tie.source, target, tie.target if tie.target in paths else "", tie.kind)


def _columns(center: str, ties: list[Tie]) -> dict[str, int]:
    ahead: dict[str, list[str]] = {}
    behind: dict[str, list[str]] = {}
    for tie in ties:
        ahead.setdefault(tie.source, []).append(tie.target)
        behind.setdefault(tie.target, []).append(tie.source)
    found = {center: 0}
    edges = {1: [center], -1: [center]}
    for step in range(1, STEPS + 1):
        for sign, below in ((1, ahead), (-1, behind)):
            near = dict.fromkeys(key for each in edges[sign] for key in below.get(each, ()))
            edges[sign] = [key for key in near if key not in found]
            found |= dict.fromkeys(edges[sign], sign * step)
    return found


def _row(at: int, number: int, tallest: int) -> int:
    return _EDGE + ((tallest - number) * _DOWN) // 2 + at * _DOWN


def _box(key: str, paths: Mapping[str, str], x: int, y: int, column: int) -> Box:
    path = paths.get(key, key)
    name = path.rpartition("/")[2]
    label = name if len(name) <= _LONGEST else f"{name[: _LONGEST - 1]}…"
    return Box(key, label, path, x, y, column, key not in paths)


def _arrow(tie: Tie, source: Box, target: Box) -> Arrow:
    """Draw from side to side; within one column, or to itself, along the left edge."""
    middle = BOX_HEIGHT // 2
    words = f"{source.path} → {target.path}: {tie.kind.replace('_', ' ')}"
    if source.x == target.x:
        return Arrow(tie.kind, source.x, source.y + middle, target.x, target.y + middle + 4, words)
    is_ahead = source.x < target.x
    x1, x2 = (source.x + BOX_WIDTH, target.x) if is_ahead else (source.x, target.x + BOX_WIDTH)
    return Arrow(tie.kind, x1, source.y + middle, x2, target.y + middle, words)
