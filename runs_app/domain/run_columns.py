"""The columns of a list of runs: what each kind of run shows first, and any metric, param or tag by its key."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from urllib.parse import quote, unquote

from runs_app.domain.enums import RunKind
from runs_app.domain.query_ast import FieldKind
from runs_app.domain.run_attributes import ATTRIBUTES, ValueType, attribute_named

MAX_COLUMNS = 20
MAX_KEY_CHARS = 250
_GROUPS = {kind.value: kind for kind in FieldKind if kind is not FieldKind.ATTRIBUTE}


@dataclass(frozen=True, slots=True)
class Column:
    """One column: an attribute (then ``key`` is its name) or the value of a metric, param or tag."""

    kind: FieldKind
    key: str

    @property
    def name(self) -> str:
        """The name that addresses and orders use, such as ``cost`` or ``metrics.loss``."""
        return self.key if self.kind is FieldKind.ATTRIBUTE else f"{self.kind.value}.{self.key}"

    @property
    def label(self) -> str:
        """The words above the column."""
        return ATTRIBUTES[self.key].label if self.kind is FieldKind.ATTRIBUTE else self.key

    @property
    def is_number(self) -> bool:
        """Whether its cells stand to the right."""
        if self.kind is FieldKind.METRIC:
            return True
        numbers = (ValueType.NUMBER, ValueType.DURATION)
        return self.kind is FieldKind.ATTRIBUTE and ATTRIBUTES[self.key].type in numbers

    @property
    def is_sortable(self) -> bool:
        """Whether the list can be ordered by it."""
        return self.kind is not FieldKind.ATTRIBUTE or ATTRIBUTES[self.key].is_sortable


# The name comes first in every list, so it is in none of these.
DEFAULTS: dict[RunKind | None, tuple[str, ...]] = {
    None: ("status", "kind", "skill", "model", "quality_score", "tokens", "cost", "duration", "started"),
    RunKind.GENERATION: (
        "status",
        "skill",
        "model",
        "quality_score",
        "calibrated_score",
        "errors",
        "cost",
        "duration",
        "started",
    ),
    RunKind.PHASE: ("status", "phase", "skill", "model", "tokens", "cost", "duration", "started"),
    RunKind.EVALUATION: (
        "status",
        "experiment",
        "model",
        "quality_score",
        "calibrated_score",
        "tokens",
        "cost",
        "duration",
        "started",
    ),
    RunKind.OTHER: ("status", "experiment", "source", "user", "model", "duration", "started"),
}


def default_columns(kinds: Sequence[str]) -> tuple[Column, ...]:
    """Return the columns of a list that holds only these kinds of run; of mixed or unknown kinds, the common ones."""
    known = [RunKind(kind) for kind in kinds if kind in set(RunKind)]
    names = DEFAULTS[known[0] if len(known) == 1 and len(kinds) == 1 else None]
    return tuple(Column(FieldKind.ATTRIBUTE, name) for name in names)


def column_named(name: str) -> Column | None:
    """Return the column that ``name`` means (``cost``, ``metrics.loss``), or None."""
    group, dot, key = name.strip().partition(".")
    kind = _GROUPS.get(group)
    if dot and kind is not None:
        is_key = 0 < len(key) <= MAX_KEY_CHARS and "\x00" not in key
        return Column(kind, key) if is_key else None
    attribute = attribute_named(name.strip())
    return Column(FieldKind.ATTRIBUTE, attribute.name) if attribute else None


def read_columns(names: Iterable[str]) -> tuple[tuple[Column, ...], tuple[str, ...]]:
    """Return the columns that ``names`` mean, each once, at most ``MAX_COLUMNS``, and a sentence for each unknown one."""
    columns: dict[Column, None] = {}
    problems: list[str] = []
    for name in names:
        if not name.strip():
            continue
        column = column_named(name)
        if column is None:
            problems.append(
                f"There is no column '{name[:60]}'. Use an attribute, or metrics., params. or tags. with a key."
            )
        elif column.name != "name":
            columns[column] = None
    if len(columns) > MAX_COLUMNS:
        problems.append(f"Only the first {MAX_COLUMNS} columns are shown.")
    return tuple(columns)[:MAX_COLUMNS], tuple(problems)


def split_names(text: str) -> list[str]:
    """Return the names of a ``cols=`` value; a comma inside a key is written ``%2C``."""
    return [unquote(part) for part in text.split(",")]


def join_names(columns: Iterable[Column]) -> str:
    """Return the value that ``split_names`` reads back."""
    return ",".join(quote(column.name, safe=" /:@+#") for column in columns)
