"""The list of runs: one page of rows, an exact total, and counts beside each choice."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.db.models import FilteredRelation, Q, QuerySet
from django.utils import timezone

from runs_app.domain.cell_text import cell_text
from runs_app.domain.query_ast import FieldKind, Node, driver_of, is_relative
from runs_app.domain.run_attributes import ATTRIBUTES
from runs_app.domain.run_columns import Column
from runs_app.domain.run_filters import FACET_LABELS, NO_VALUE, RunFilter
from runs_app.models import Experiment, Run, RunMetric, RunParam, RunTag, Source
from runs_app.queries.run_conditions import condition_of, order_of
from runs_app.queries.run_tally import COLUMNS, RunTally, tally_runs, wanted_values

ROWS_PER_PAGE = 50
# So many runs are sorted quicker than they are found one by one in the order of an index.
FEW_RUNS = 2_000
_RELATIONS = {FieldKind.METRIC: "metrics", FieldKind.PARAM: "params", FieldKind.TAG: "tags"}
_NO_WORDS = {NO_VALUE: "(none)"}


@dataclass(frozen=True, slots=True)
class Cell:
    """One value of a row: ``kind`` says how it is shown (text, number, time, duration, cost, status, skill)."""

    column: Column
    kind: str
    value: Any

    @property
    def text(self) -> str:
        """The value as people read it."""
        return cell_text(self.kind, self.value)


@dataclass(frozen=True, slots=True)
class RunRow:
    """A run with its cells, and its children when they are unfolded."""

    run: Run
    cells: tuple[Cell, ...]
    children: tuple["RunRow", ...] = ()
    is_open: bool = False


@dataclass(frozen=True, slots=True)
class FacetValue:
    """One choice: what the address says, what a person reads, how many runs, and whether it is chosen."""

    value: str
    label: str
    num_runs: int
    is_chosen: bool


@dataclass(frozen=True, slots=True)
class Facet:
    """Choices of one kind, the most frequent first; ``num_more`` are left out."""

    name: str
    label: str
    values: tuple[FacetValue, ...]
    num_more: int = 0


@dataclass(frozen=True, slots=True)
class RunList:
    """One page: rows, exact total, number of pages, facets."""

    rows: tuple[RunRow, ...]
    total: int
    page: int
    num_pages: int
    facets: tuple[Facet, ...]

    @property
    def first(self) -> int:
        """Position of the first row, from 1."""
        return (self.page - 1) * ROWS_PER_PAGE + 1

    @property
    def last(self) -> int:
        """Position of the last row."""
        return self.first + len(self.rows) - 1


def runs_for_list(chosen: RunFilter, node: Node | None, *, now: datetime | None = None) -> RunList:
    """Return one page of the runs that ``chosen`` and the parsed text query ``node`` select."""
    moment = now or timezone.now()
    tally = _tally(chosen, node, moment)
    num_pages = max(1, -(-tally.total // ROWS_PER_PAGE))
    page = min(chosen.page, num_pages)
    pks = keys_between(
        chosen, node, (page - 1) * ROWS_PER_PAGE, page * ROWS_PER_PAGE, now=moment, total=tally.total
    )
    return RunList(_rows(pks, chosen), tally.total, page, num_pages, _facets(chosen, tally))


def matching_runs(
    chosen: RunFilter, node: Node | None, *, now: datetime, is_driven: bool = False
) -> QuerySet[Run]:
    """Return the runs of a list, in no order.

    ``is_driven`` begins with what the query can look up, best when few runs match or all of them are wanted; without
    it runs are tried one after another in the order that is asked for, best for the first of many.
    """
    runs = Run.objects.all()
    for name, values in wanted_values(chosen).items():
        runs = runs.filter(**{f"{COLUMNS[name]}__in": sorted(values)})
    if chosen.is_folded:
        runs = runs.filter(is_top=True)
    if node is not None:
        driver = driver_of(node) if is_driven else None
        zone = timezone.get_current_timezone()
        runs = runs.filter(condition_of(node, now=now, zone=zone, driver=driver))
    return runs


def known_keys(kind: FieldKind = FieldKind.METRIC, limit: int = 200) -> list[str]:
    """Return names of metrics, params or tags that runs carry, such as ``metrics.loss``, in alphabetical order.

    Each is looked up after the one before it, because an index leads there and all values of all runs are many more.
    """
    table: Any = {FieldKind.METRIC: RunMetric, FieldKind.PARAM: RunParam, FieldKind.TAG: RunTag}[kind]
    found: list[str] = []
    last = ""
    while len(found) < limit:
        rows = table.objects.filter(key__gt=last).order_by("key").values_list("key", flat=True)[:1]
        following = next(iter(rows), None)
        if following is None:
            break
        found.append(f"{kind.value}.{following}")
        last = following
    return found


def _tally(chosen: RunFilter, node: Node | None, now: datetime) -> RunTally:
    if node is None:
        return tally_runs(chosen, None, moment="")
    bare = replace(chosen, chosen=(), fold=chosen.is_folded)
    moment = f"{timezone.get_current_timezone_name()} {now:%Y-%m-%d %H:%M}" if is_relative(node) else ""
    return tally_runs(chosen, lambda: matching_runs(bare, node, now=now, is_driven=True), moment=moment)


def keys_between(
    chosen: RunFilter, node: Node | None, start: int, stop: int, *, now: datetime, total: int | None = None
) -> list[int]:
    """Return the keys of the runs from position ``start`` (from 0) up to ``stop`` of a list, in its order.

    ``total`` is how many the list holds, when that is known already.
    """
    column, is_down = chosen.sort.column, chosen.sort.is_down
    is_few = (_tally(chosen, node, now).total if total is None else total) <= FEW_RUNS
    if column.kind is FieldKind.ATTRIBUTE:
        path = ATTRIBUTES[column.key].path
        is_walked = path == "started_at" and is_down and not is_few
        runs = matching_runs(chosen, node, now=now, is_driven=not is_walked)
        if path == "started_at" and is_down:
            ordered = runs.order_by("-started_at", "-pk")
        else:
            ordered = runs.order_by(order_of(path, is_down=is_down), "-pk" if is_down else "pk")
        return list(ordered.values_list("pk", flat=True)[start:stop])
    return _page_by_key(matching_runs(chosen, node, now=now, is_driven=is_few), chosen, start, stop)


def _page_by_key(runs: QuerySet[Run], chosen: RunFilter, start: int, stop: int) -> list[int]:
    """Return the keys of one page in the order of a metric, param or tag: an index has it; runs without come last."""
    column, sign = chosen.sort.column, "-" if chosen.sort.is_down else ""
    kept = FilteredRelation(
        _RELATIONS[column.kind], condition=Q(**{f"{_RELATIONS[column.kind]}__key": column.key})
    )
    runs = runs.annotate(_kept=kept)
    having = runs.filter(_kept__value__isnull=False)
    names = ["_kept__value"] if column.kind is FieldKind.METRIC else ["_kept__value_head", "_kept__value"]
    order = [f"{sign}{name}" for name in (*names, "_kept__run_id")]
    found = list(having.order_by(*order).values_list("pk", flat=True)[start:stop])
    if len(found) == stop - start:
        return found
    num_having = start + len(found) if found else having.count()
    lacking = runs.filter(_kept__value__isnull=True).order_by("-pk").values_list("pk", flat=True)
    return found + list(lacking[max(start - num_having, 0) : stop - num_having])


def _rows(pks: list[int], chosen: RunFilter) -> tuple[RunRow, ...]:
    runs = {run.pk: run for run in Run.objects.select_related("experiment", "source").filter(pk__in=pks)}
    opened = [pk for pk in chosen.opened if pk in runs]
    below: dict[int, list[Run]] = {pk: [] for pk in opened}
    if opened:
        children = Run.objects.select_related("experiment", "source").filter(parent_id__in=opened)
        for child in children.order_by("started_at", "pk")[:500]:
            below[child.parent_id or 0].append(child)
    everyone = [*runs, *(child.pk for found in below.values() for child in found)]
    keyed = _keyed_values(everyone, chosen.shown_columns)
    return tuple(
        RunRow(
            runs[pk],
            _cells(runs[pk], chosen.shown_columns, keyed),
            tuple(RunRow(child, _cells(child, chosen.shown_columns, keyed)) for child in below.get(pk, [])),
            pk in below,
        )
        for pk in pks
        if pk in runs
    )


def _keyed_values(pks: list[int], columns: tuple[Column, ...]) -> dict[tuple[int, FieldKind, str], Any]:
    found: dict[tuple[int, FieldKind, str], Any] = {}
    tables: dict[FieldKind, Any] = {
        FieldKind.METRIC: RunMetric,
        FieldKind.PARAM: RunParam,
        FieldKind.TAG: RunTag,
    }
    for kind, table in tables.items():
        keys = [column.key for column in columns if column.kind is kind]
        if keys:
            for row in table.objects.filter(run_id__in=pks, key__in=keys):
                found[row.run_id, kind, row.key] = getattr(row, "special", "") or row.value
    return found


def _cells(
    run: Run, columns: tuple[Column, ...], keyed: dict[tuple[int, FieldKind, str], Any]
) -> tuple[Cell, ...]:
    return tuple(
        Cell(column, *_attribute(run, column.key))
        if column.kind is FieldKind.ATTRIBUTE
        else Cell(
            column, "number" if column.is_number else "text", keyed.get((run.pk, column.kind, column.key))
        )
        for column in columns
    )


def _attribute(run: Run, name: str) -> tuple[str, Any]:
    if name == "status":
        return "status", run.rolled_status or run.status
    if name == "cost":
        return "cost", run.rolled_cost_usd if run.rolled_cost_usd is not None else run.cost_usd
    if name == "tokens":
        return "number", run.rolled_tokens if run.rolled_tokens is not None else run.total_tokens
    attribute = ATTRIBUTES[name]
    value: Any = run
    for step in attribute.path.split("__"):
        value = getattr(value, step)
    kinds = {"number": "number", "time": "time", "duration": "duration", "flag": "flag"}
    return kinds.get(attribute.type.value, "text"), value


def _facets(chosen: RunFilter, tally: RunTally) -> tuple[Facet, ...]:
    names = {name: [value for value, _ in values] for name, (values, _) in tally.facets.items()}
    experiments = Experiment.objects.in_bulk([int(value) for value in names["experiment"]])
    sources = Source.objects.in_bulk([int(value) for value in names["source"]])
    words = {
        "experiment": {str(pk): str(row) for pk, row in experiments.items()},
        "source": {str(pk): row.name for pk, row in sources.items()},
    }
    facets = []
    for name, label in FACET_LABELS.items():
        values, num_more = tally.facets[name]
        picked = chosen.values(name)
        shown = tuple(
            FacetValue(value, words.get(name, _NO_WORDS).get(value, value), number, value in picked)
            for value, number in values
        )
        if len(shown) > 1 or picked:
            facets.append(Facet(name, label, shown, num_more))
    return tuple(facets)
