"""What a list of runs shows, as its address says it: read from a query string and written back to the same one."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from urllib.parse import parse_qs, urlencode

from runs_app.domain.enums import Phase, RunKind, RunStatus
from runs_app.domain.query_ast import FieldKind
from runs_app.domain.run_columns import (
    Column,
    column_named,
    default_columns,
    join_names,
    read_columns,
    split_names,
)

NO_VALUE = "none"
MAX_VALUES = 50
MAX_VALUE_CHARS = 512
MAX_OPEN = 50
MAX_PAGE = 10**7
LONGEST_QUERY_STRING = 8_000

FACET_LABELS: dict[str, str] = {
    "status": "Status",
    "kind": "Kind",
    "phase": "Phase",
    "experiment": "Experiment",
    "source": "Source",
    "model": "Model",
    "skill": "Skill",
    "document": "Document",
    "problems": "Problems",
}
FACETS = tuple(FACET_LABELS)
_CHOICES: dict[str, frozenset[str]] = {
    "status": frozenset(status.value for status in RunStatus),
    "kind": frozenset(kind.value for kind in RunKind),
    "phase": frozenset(phase.value for phase in Phase) | {NO_VALUE},
    "document": frozenset({"yes", "no"}),
    "problems": frozenset({"yes", "no"}),
}
_NUMBERED = frozenset({"experiment", "source"})


@dataclass(frozen=True, slots=True)
class RunSort:
    """The order of a list: by a column, downwards first; runs without a value come last either way."""

    column: Column
    is_down: bool = True

    def __str__(self) -> str:
        return f"{'-' if self.is_down else ''}{self.column.name}"


NEWEST_FIRST = RunSort(Column(FieldKind.ATTRIBUTE, "started"))


@dataclass(frozen=True, slots=True)
class RunFilter:
    """One list: chosen values by facet, the text query, order, page, columns (empty: those of the kind), what is unfolded.

    ``fold`` is what the address asks for: None leaves it to the choices. ``opened`` are the runs whose children are
    shown below them. ``problems`` says what of the address was not used.
    """

    chosen: tuple[tuple[str, tuple[str, ...]], ...] = ()
    text: str = ""
    sort: RunSort = NEWEST_FIRST
    page: int = 1
    columns: tuple[Column, ...] = ()
    fold: bool | None = None
    opened: tuple[int, ...] = ()
    problems: tuple[str, ...] = ()

    def values(self, facet: str) -> tuple[str, ...]:
        """Return the values chosen in ``facet``."""
        return dict(self.chosen).get(facet, ())

    @property
    def is_narrowed(self) -> bool:
        """Whether anything is chosen or asked for that may hide runs."""
        return bool(self.chosen or self.text)

    @property
    def is_folded(self) -> bool:
        """Whether children stand inside the line of their parent; a choice of phases shows them on their own."""
        if self.fold is not None:
            return self.fold
        return not (self.values("phase") or RunKind.PHASE in self.values("kind"))

    @property
    def shown_columns(self) -> tuple[Column, ...]:
        """The columns after the name."""
        return self.columns or default_columns(self.values("kind"))

    def without(self, facet: str) -> "RunFilter":
        """Return the list without the choices of one facet."""
        return replace(self, chosen=tuple(pair for pair in self.chosen if pair[0] != facet), page=1)

    def toggled(self, facet: str, value: str) -> "RunFilter":
        """Return the list with ``value`` chosen, or no longer chosen, on its first page."""
        now = self.values(facet)
        return self.only(facet, [v for v in now if v != value] if value in now else [*now, value])

    def only(self, facet: str, values: Iterable[str]) -> "RunFilter":
        """Return the list with exactly these values of ``facet`` chosen, on its first page."""
        chosen = dict(self.chosen) | {facet: tuple(values)}
        return replace(
            self, chosen=tuple((name, chosen[name]) for name in FACETS if chosen.get(name)), page=1, opened=()
        )

    def sorted_by(self, column: Column) -> "RunFilter":
        """Return the list ordered by ``column``; ordered by it already, the other way round."""
        is_same = self.sort.column == column
        is_down = not self.sort.is_down if is_same else column.is_number or column == NEWEST_FIRST.column
        return replace(self, sort=RunSort(column, is_down), page=1, opened=())

    def on_page(self, page: int) -> "RunFilter":
        """Return another page of the list."""
        return replace(self, page=page, opened=())

    def toggled_open(self, run_pk: int) -> "RunFilter":
        """Return the list with the children of a run shown, or no longer shown."""
        rest = tuple(pk for pk in self.opened if pk != run_pk)
        return replace(self, opened=rest if run_pk in self.opened else (*rest, run_pk)[-MAX_OPEN:])

    def asking(self, text: str) -> "RunFilter":
        """Return the list with another text query, on its first page."""
        return replace(self, text=text, page=1, opened=())

    def with_columns(self, columns: Sequence[Column]) -> "RunFilter":
        """Return the list with other columns; those of its kind are not named in the address."""
        chosen = tuple(columns)
        return replace(self, columns=() if chosen == default_columns(self.values("kind")) else chosen)

    def folded(self, fold: bool | None) -> "RunFilter":
        """Return the list with children inside their parents' lines or on their own, on its first page."""
        return replace(self, fold=fold, page=1, opened=())

    def pairs(self) -> list[tuple[str, str]]:
        """Return names and values of the query string, in a fixed order, without defaults."""
        found = [(facet, value) for facet, values in self.chosen for value in values]
        if self.text:
            found.append(("q", self.text))
        if self.columns:
            found.append(("cols", join_names(self.columns)))
        if self.fold is not None:
            found.append(("fold", "1" if self.fold else "0"))
        if self.sort != NEWEST_FIRST:
            found.append(("sort", str(self.sort)))
        if self.page > 1:
            found.append(("page", str(self.page)))
        found += [("open", str(pk)) for pk in self.opened]
        return found

    def query(self) -> str:
        """Return the query string that ``parse_run_filter`` reads back as this list; empty for the plain list."""
        return urlencode(self.pairs())


def parse_run_filter(parameters: Mapping[str, Sequence[str]]) -> RunFilter:
    """Read the parameters of an address (each name with its values); what cannot be used is named in ``problems``.

    ``cols`` holds names with commas between them; ``col``, once a name, is what the form of columns sends.
    """
    problems: list[str] = []
    chosen = tuple((facet, values) for facet in FACETS if (values := _values(parameters, facet, problems)))
    names = [
        *split_names(_last(parameters, "cols")),
        *parameters.get("col", ()),
        *_last(parameters, "add").split(","),
    ]
    columns, unknown = read_columns(names)
    problems += unknown
    text = _last(parameters, "q").replace("\x00", "\N{REPLACEMENT CHARACTER}").strip()
    bare = RunFilter(chosen=chosen)
    return replace(
        bare.with_columns(columns),
        text=text,
        sort=_sort(_last(parameters, "sort"), problems),
        page=_page(_last(parameters, "page"), problems),
        fold={"0": False, "1": True}.get(_last(parameters, "fold")),
        opened=_opened(parameters.get("open", ())),
        problems=tuple(problems),
    )


def run_filter_from_query(query: str) -> RunFilter:
    """Read a list from a query string, such as the one that a run's page was opened with; one too long is the plain list."""
    if len(query) > LONGEST_QUERY_STRING or query.count("&") > 200:
        return RunFilter()
    return parse_run_filter(parse_qs(query, keep_blank_values=False))


def _last(parameters: Mapping[str, Sequence[str]], name: str) -> str:
    values = parameters.get(name) or [""]
    return values[-1].encode("utf-8", "replace").decode()


def _values(parameters: Mapping[str, Sequence[str]], facet: str, problems: list[str]) -> tuple[str, ...]:
    found: dict[str, None] = {}
    for raw in parameters.get(facet, ()):
        value = raw.replace("\x00", "").encode("utf-8", "replace").decode().strip()[:MAX_VALUE_CHARS]
        if not value:
            continue
        if facet in _CHOICES and value not in _CHOICES[facet]:
            known = ", ".join(sorted(_CHOICES[facet]))
            problems.append(f"'{value[:40]}' is no value of {FACET_LABELS[facet].lower()}; use {known}.")
        elif facet in _NUMBERED and _number(value) is None:
            problems.append(f"'{value[:40]}' is not the number of a known {facet}.")
        else:
            found[str(_number(value)) if facet in _NUMBERED else value] = None
    if len(found) > MAX_VALUES:
        problems.append(f"Only the first {MAX_VALUES} values of {FACET_LABELS[facet].lower()} are used.")
    return tuple(found)[:MAX_VALUES]


def _number(value: str) -> int | None:
    return int(value) if value.isascii() and value.isdigit() and len(value) < 18 else None


def _sort(raw: str, problems: list[str]) -> RunSort:
    if not raw.strip():
        return NEWEST_FIRST
    column = column_named(raw.removeprefix("-"))
    if column is None or not column.is_sortable:
        problems.append(f"'{raw[:60]}' is not an order of this list; the newest runs come first.")
        return NEWEST_FIRST
    return RunSort(column, is_down=raw.startswith("-"))


def _page(raw: str, problems: list[str]) -> int:
    number = _number(raw) if raw else 1
    if number is None or not 0 < number <= MAX_PAGE:
        problems.append(f"'{raw[:40]}' is not a page number; the first page is shown.")
        return 1
    return number


def _opened(raw: Sequence[str]) -> tuple[int, ...]:
    numbers = (_number(value) for value in raw)
    return tuple(dict.fromkeys(number for number in numbers if number))[:MAX_OPEN]
