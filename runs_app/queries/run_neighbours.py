"""The runs before and after one, in the list that it was opened from."""

from dataclasses import dataclass, replace
from datetime import datetime
from urllib.parse import urlencode

from runs_app.domain.query_tokens import QueryError
from runs_app.domain.run_filters import RunFilter, run_filter_from_query
from runs_app.domain.run_query import parse_run_query
from runs_app.models import Run
from runs_app.queries.runs_for_list import ROWS_PER_PAGE, keys_between

# A list changes while somebody reads: the run is looked for this far from where it stood.
_REACH = 50


@dataclass(frozen=True, slots=True)
class Neighbours:
    """The list that a run was opened from: ``back_query`` leads to its page there, ``position`` counts from 1.

    ``previous`` and ``following`` are the runs beside it, with the query string of their addresses; a run that has
    left its list has no position and no neighbours.
    """

    back_query: str
    position: int | None = None
    previous: Run | None = None
    previous_query: str = ""
    following: Run | None = None
    following_query: str = ""


def neighbours_of(run: Run, *, from_query: str, position: int | None, now: datetime) -> Neighbours:
    """Return the neighbours of ``run`` in the list of ``from_query``, where it stood at ``position`` (from 0).

    Without a position, or with one that no longer holds, the run is looked for nearby.
    """
    chosen = replace(run_filter_from_query(from_query), opened=())
    try:
        node = parse_run_query(chosen.text)
    except QueryError:
        return Neighbours(RunFilter().query())
    at = (chosen.page - 1) * ROWS_PER_PAGE if position is None else position
    start = max(at - _REACH, 0)
    keys = keys_between(chosen, node, start, at + _REACH + 2, now=now)
    if run.pk not in keys:
        return Neighbours(chosen.query())
    place = keys.index(run.pk)
    beside = {key: Run.objects.filter(pk=key).first() for key in _beside(keys, place)}
    at = start + place

    def query_at(other: int) -> str:
        return urlencode({"from": chosen.on_page(other // ROWS_PER_PAGE + 1).query(), "at": other})

    return Neighbours(
        chosen.on_page(at // ROWS_PER_PAGE + 1).query(),
        at + 1,
        beside.get(keys[place - 1]) if place else None,
        query_at(at - 1),
        beside.get(keys[place + 1]) if place + 1 < len(keys) else None,
        query_at(at + 1),
    )


def _beside(keys: list[int], place: int) -> list[int]:
    return keys[max(place - 1, 0) : place] + keys[place + 1 : place + 2]
