"""The list of runs: one page of rows, an exact total, and counts beside each choice."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count, FloatField, OuterRef, Q, QuerySet, Subquery, Sum
from django.utils import timezone

from runs_app.domain.query_ast import FieldKind, Node
from runs_app.domain.run_attributes import ATTRIBUTES
from runs_app.domain.run_columns import Column
from runs_app.domain.run_filters import FACET_LABELS, NO_VALUE, RunFilter
from runs_app.models import Experiment, Run, RunCount, RunMetric, RunParam, RunTag, Source
from runs_app.queries.run_conditions import condition_of, order_of

ROWS_PER_PAGE = 50
MAX_FACET_VALUES = 12
_COLUMNS = {
    "status": "status",
    "kind": "kind",
    "phase": "phase",
    "experiment": "experiment_id",
    "source": "source_id",
    "model": "model",
    "skill": "skill_name",
    "document": "has_document",
    "problems": "has_problems",
}
_OPTIONAL = frozenset({"phase", "model", "skill"})


@dataclass(frozen=True, slots=True)
class Cell:
    """One value of a row: ``kind`` says how it is shown (text, number, time, duration, cost, status, skill)."""

    column: Column
    kind: str
    value: Any


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
    total = _total(chosen, node, moment)
    num_pages = max(1, -(-total // ROWS_PER_PAGE))
    page = min(chosen.page, num_pages)
    start = (page - 1) * ROWS_PER_PAGE
    ordered = _ordered(matching_runs(chosen, node, now=moment), chosen)
    pks = list(ordered.values_list("pk", flat=True)[start : start + ROWS_PER_PAGE])
    return RunList(_rows(pks, chosen), total, page, num_pages, _facets(chosen, node, moment))


def matching_runs(chosen: RunFilter, node: Node | None, *, now: datetime) -> QuerySet[Run]:
    """Return the runs of a list, in no order."""
    runs = Run.objects.filter(_facet_condition(chosen))
    if chosen.is_folded:
        runs = runs.filter(is_top=True)
    if node is not None:
        runs = runs.filter(condition_of(node, now=now, zone=timezone.get_current_timezone()))
    return runs


def known_keys(limit: int = 200) -> list[str]:
    """Return names of metrics that runs carry, for a query's error to suggest."""
    return list(RunMetric.objects.order_by().values_list("key", flat=True).distinct()[:limit])


def _facet_condition(chosen: RunFilter) -> Q:
    condition = Q()
    for name, values in chosen.chosen:
        column = _COLUMNS[name]
        wanted: list[Any] = list(values)
        if name in {"document", "problems"}:
            wanted = [value == "yes" for value in values]
        elif name in _OPTIONAL:
            wanted = ["" if value == NO_VALUE else value for value in values]
        condition &= Q(**{f"{column}__in": wanted})
    return condition


def _total(chosen: RunFilter, node: Node | None, now: datetime) -> int:
    if node is not None:
        return matching_runs(chosen, node, now=now).count()
    counts = RunCount.objects.filter(_facet_condition(chosen))
    if chosen.is_folded:
        counts = counts.filter(is_top=True)
    return int(counts.aggregate(total=Sum("num_runs"))["total"] or 0)


def _ordered(runs: QuerySet[Run], chosen: RunFilter) -> QuerySet[Run]:
    column, is_down = chosen.sort.column, chosen.sort.is_down
    if column.kind is FieldKind.ATTRIBUTE:
        path = ATTRIBUTES[column.key].path
        tie = "-pk" if is_down else "pk"
        if path == "started_at" and is_down:
            return runs.order_by("-started_at", "-pk")
        return runs.order_by(order_of(path, is_down=is_down), tie)
    table: Any = {FieldKind.METRIC: RunMetric, FieldKind.PARAM: RunParam, FieldKind.TAG: RunTag}[column.kind]
    value = table.objects.filter(run=OuterRef("pk"), key=column.key).values("value")[:1]
    kind = {"output_field": FloatField()} if column.kind is FieldKind.METRIC else {}
    return runs.annotate(_order=Subquery(value, **kind)).order_by(order_of("_order", is_down=is_down), "-pk")


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


def _facets(chosen: RunFilter, node: Node | None, now: datetime) -> tuple[Facet, ...]:
    experiments = {str(row.pk): str(row) for row in Experiment.objects.all()}
    sources = dict(Source.objects.values_list("pk", "name"))
    facets = []
    for name, label in FACET_LABELS.items():
        others = chosen.without(name)
        column = _COLUMNS[name]
        rows: Any
        if node is None:
            counts = RunCount.objects.filter(_facet_condition(others))
            counts = counts.filter(is_top=True) if chosen.is_folded else counts
            rows = counts.values_list(column).annotate(n=Sum("num_runs"))
        else:
            rows = matching_runs(others, node, now=now).order_by().values_list(column).annotate(n=Count("pk"))
        facets.append(_facet(name, label, list(rows), chosen.values(name), experiments, sources))
    return tuple(facet for facet in facets if len(facet.values) > 1 or chosen.values(facet.name))


def _facet(
    name: str,
    label: str,
    rows: list[tuple[Any, int]],
    picked: tuple[str, ...],
    experiments: dict[str, str],
    sources: dict[int, str],
) -> Facet:
    values = []
    for raw, count in sorted(rows, key=lambda row: (-row[1], str(row[0]))):
        if not count:
            continue
        value = ("yes" if raw else "no") if isinstance(raw, bool) else str(raw)
        if value == "" and name in _OPTIONAL:
            value = NO_VALUE
        words = {
            "experiment": experiments.get(value),
            "source": sources.get(raw) if name == "source" else None,
        }
        values.append(
            FacetValue(
                value, words.get(name) or ("(none)" if value == NO_VALUE else value), count, value in picked
            )
        )
    seen = {value.value for value in values}
    values += [
        FacetValue(value, experiments.get(value, value) if name == "experiment" else value, 0, True)
        for value in picked
        if value not in seen
    ]
    shown = [value for index, value in enumerate(values) if index < MAX_FACET_VALUES or value.is_chosen]
    return Facet(name, label, tuple(shown), len(values) - len(shown))
