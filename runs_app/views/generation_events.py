"""Events of a generation as they come, for browsers that can listen; others ask again and again (see ``…/progress/``)."""

import contextlib
import logging
import time
from collections.abc import AsyncGenerator, Mapping

from django.core.handlers.wsgi import WSGIRequest
from django.db import DatabaseError, close_old_connections, connection
from django.http import HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_GET

from fleet_site.access import require
from runs_app.adapters.event_hub import EventHub, Signal
from runs_app.domain.event_stream import OPENING, STILL_HERE, Fresh, event_number, named_event
from runs_app.models import Generation
from runs_app.queries.generation_events import fresh_events
from runs_app.services.watch_generations import NOTE_AGAIN_SECONDS, note_watched

logger = logging.getLogger(__name__)
# After this a stream breaks off, so that the browser comes again and is asked who it is; it goes on where it was.
LONGEST_SECONDS = 900.0


# When it was last looked whether the watched generations are noted as such; the one thread of the hub's looks alone has it.
_noted: dict[int, float] = {}


def _fetch(positions: Mapping[int, int]) -> Mapping[int, Fresh]:
    try:
        close_old_connections()
        _note(positions)
        return fresh_events(positions)
    except DatabaseError as error:
        logger.warning("events could not be read: %s", error)
        return {}


def _note(positions: Mapping[int, int]) -> None:
    """Have the worker let models stream for those who watch: at once for a new one, then now and then."""
    now = time.monotonic()
    due = [pk for pk in positions if now - _noted.get(pk, -NOTE_AGAIN_SECONDS) >= NOTE_AGAIN_SECONDS]
    if due:
        note_watched(due)
        _noted.update(dict.fromkeys(due, now))
        for gone in _noted.keys() - positions.keys():
            del _noted[gone]


def _close() -> None:
    connection.close()


hub = EventHub(_fetch, close=_close)


@require_GET
@require("read")
def generation_events(request: HttpRequest, key: str) -> HttpResponseBase:
    """Stream what happens after the event that the browser saw last (its Last-Event-ID, or ``after``).

    A server that cannot stream answers 204, which tells the browser to ask no more.
    """
    generation = get_object_or_404(Generation.objects.only("pk"), key=key)
    if isinstance(request, WSGIRequest):
        return HttpResponse(status=204)
    given = request.headers.get("Last-Event-ID") or request.GET.get("after", "")
    response = StreamingHttpResponse(
        _stream(generation.pk, event_number(given) or 0), content_type="text/event-stream"
    )
    response["Cache-Control"] = "private, no-store"
    response["X-Accel-Buffering"] = "no"
    # The thread of this request stays with it while it streams; its connection must not, or every watcher holds one.
    connection.close()
    return response


async def _stream(generation_id: int, after: int) -> AsyncGenerator[bytes, None]:
    yield OPENING
    began = time.monotonic()
    async with contextlib.aclosing(hub.watch(generation_id, after=after)) as watching:
        async for told in watching:
            if isinstance(told, Signal):
                yield STILL_HERE if told is Signal.STILL_HERE else named_event(told.value)
            else:
                yield b"".join(event.encoded for event in told)
            if time.monotonic() - began > LONGEST_SECONDS:
                return
