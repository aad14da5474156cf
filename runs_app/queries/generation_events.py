"""New events of many generations at once, for those who watch."""

from collections.abc import Mapping

from django.db.models import Q

from runs_app.domain.event_stream import Fresh, StreamEvent, stream_event
from runs_app.domain.generation import OVER
from runs_app.models import Generation, GenerationEvent

MOST_EVENTS = 2_000


def fresh_events(positions: Mapping[int, int]) -> dict[int, Fresh]:
    """Return what is new of each generation of ``positions`` (generation to the last number seen); at most two queries.

    Events are in order from the first unseen one; what does not fit into ``MOST_EVENTS`` comes next time. A generation
    that is gone is over.
    """
    rows = Generation.objects.filter(pk__in=positions).values_list("pk", "num_events", "status")
    known = {pk: (last, status) for pk, last, status in rows}
    wanted = Q()
    for pk, seen in positions.items():
        if pk in known and known[pk][0] > seen:
            wanted |= Q(generation_id=pk, number__gt=seen)
    found: dict[int, list[StreamEvent]] = {}
    if wanted:
        events = GenerationEvent.objects.filter(wanted).order_by("generation_id", "number")
        values = events.values_list("generation_id", "number", "kind", "key", "data")
        for pk, number, kind, key, data in values[:MOST_EVENTS]:
            found.setdefault(pk, []).append(stream_event(number, kind=kind, key=key, data=data))
    fresh = {}
    for pk in positions:
        last, status = known.get(pk, (0, ""))
        fresh[pk] = Fresh(tuple(found.get(pk, ())), last, pk not in known or status in OVER)
    return fresh
