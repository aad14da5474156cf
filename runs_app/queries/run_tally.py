"""How many runs a list has, in all and beside each choice, from one reading of the counts by combination.

A text query is asked once, for the number of matching runs of each combination of facets; totals and the numbers beside
every choice follow from that. The answer is kept until a source changes, so that paging and sorting count nothing again.
"""

from collections import Counter, OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from threading import Lock
from typing import Any

from django.db import connection
from django.db.models import Count, QuerySet

from runs_app.domain.run_filters import FACETS, NO_VALUE, RunFilter
from runs_app.models import Run, RunCount, Source

MAX_FACET_VALUES = 12
COLUMNS = {
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
_FLAGS = frozenset({"document", "problems"})
_MOST_KEPT = 64

_kept: OrderedDict[tuple[Any, ...], "RunTally"] = OrderedDict()
_lock = Lock()


@dataclass(frozen=True, slots=True)
class RunTally:
    """The exact total, and for each facet its most frequent values with their numbers and how many values more.

    Values are as the address writes them; those that are chosen are always among them, with 0 when no run has them.
    """

    total: int
    facets: Mapping[str, tuple[tuple[tuple[str, int], ...], int]]


def wanted_values(chosen: RunFilter) -> dict[str, frozenset[Any]]:
    """Return the values that a run's column may have, by the name of the facet that was chosen in."""
    return {name: frozenset(_raw(name, value) for value in values) for name, values in chosen.chosen}


def tally_runs(chosen: RunFilter, matching: Callable[[], QuerySet[Run]] | None, *, moment: str) -> RunTally:
    """Count the runs of a list and of every other choice in its facets.

    ``matching`` gives the runs that the list's text query selects, without its choices; None without a query.
    ``moment`` stands for what the query means now when it speaks of times relative to now; else it is empty.
    """
    key = (*_state(), chosen.chosen, chosen.is_folded, chosen.text if matching else "", moment)
    with _lock:
        if key in _kept:
            _kept.move_to_end(key)
            return _kept[key]
    tally = _count(chosen, matching)
    with _lock:
        _kept[key] = tally
        while len(_kept) > _MOST_KEPT:
            _kept.popitem(last=False)
    return tally


def _state() -> tuple[Any, ...]:
    """Return what changes whenever any run does: the database, and each source with its revision."""
    name = connection.settings_dict["NAME"]
    return (str(name), *Source.objects.order_by("pk").values_list("pk", "created_at", "revision"))


def _count(chosen: RunFilter, matching: Callable[[], QuerySet[Run]] | None) -> RunTally:
    matched: dict[int | None, int] | None = None
    if matching is not None:
        groups = matching().order_by().values_list("counted_in").annotate(n=Count("pk"))
        matched = dict(groups)
    wanted = [(FACETS.index(name), values) for name, values in wanted_values(chosen).items()]
    counters: list[Counter[Any]] = [Counter() for _ in FACETS]
    total = 0
    rows = RunCount.objects.filter(is_top=True) if chosen.is_folded else RunCount.objects.all()
    columns = [COLUMNS[name] for name in FACETS]
    for pk, num_runs, *values in rows.values_list("pk", "num_runs", *columns).iterator(chunk_size=5_000):
        number = num_runs if matched is None else matched.get(pk, 0)
        if not number:
            continue
        missed = [place for place, allowed in wanted if values[place] not in allowed]
        if not missed:
            total += number
            for counter, value in zip(counters, values, strict=True):
                counter[value] += number
        elif len(missed) == 1:
            counters[missed[0]][values[missed[0]]] += number
    return RunTally(
        total,
        {
            name: _most(name, counter, chosen.values(name))
            for name, counter in zip(FACETS, counters, strict=True)
        },
    )


def _most(
    name: str, counter: Counter[Any], picked: tuple[str, ...]
) -> tuple[tuple[tuple[str, int], ...], int]:
    ranked = sorted(((_shown(name, raw), n) for raw, n in counter.items()), key=lambda row: (-row[1], row[0]))
    head = ranked[:MAX_FACET_VALUES] + [row for row in ranked[MAX_FACET_VALUES:] if row[0] in picked]
    seen = {value for value, _ in head}
    head += [(value, 0) for value in picked if value not in seen]
    return tuple(head), max(len(ranked) - len(head), 0)


def _shown(name: str, raw: Any) -> str:
    if name in _FLAGS:
        return "yes" if raw else "no"
    return NO_VALUE if raw == "" and name in _OPTIONAL else str(raw)


def _raw(name: str, value: str) -> Any:
    if name in _FLAGS:
        return value == "yes"
    if name in {"experiment", "source"}:
        return int(value)
    return "" if value == NO_VALUE and name in _OPTIONAL else value
