"""Steps in time: how far each reaches on a line that leaves out the waiting, and text that streamed in put together."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from runs_app.domain.pipeline_items import EventKind

Span = tuple[datetime, datetime]


@dataclass(frozen=True, slots=True)
class Bar:
    """A step's place on the line of work, in thousandths of the whole."""

    start: int
    width: int


def bars_of(spans: Sequence[Span]) -> tuple[Bar, ...]:
    """Return the place of each span on one line of the time in which anything was at work; gaps take no room."""
    busy: list[list[datetime]] = []
    for start, end in sorted(spans):
        if busy and start <= busy[-1][1]:
            busy[-1][1] = max(busy[-1][1], end)
        else:
            busy.append([start, max(start, end)])
    whole = sum((end - start).total_seconds() for start, end in busy) or 0.001

    def worked(moment: datetime) -> float:
        return sum((min(moment, end) - start).total_seconds() for start, end in busy if start <= moment)

    bars = []
    for start, end in spans:
        first, last = worked(start) / whole, worked(max(start, end)) / whole
        bars.append(Bar(min(round(1_000 * first), 996), max(4, round(1_000 * (last - first)))))
    return tuple(bars)


@dataclass
class LiveText:
    """What a running step has said so far: its thoughts, the fields of its answer in order, and remarks about it."""

    reasoning: str = ""
    fields: dict[str, str] | None = None
    notes: tuple[str, ...] = ()

    @property
    def texts(self) -> tuple[tuple[str, str], ...]:
        """The fields and their texts."""
        return tuple((self.fields or {}).items())


def live_texts(events: Iterable[tuple[str, str, str, Mapping[str, Any]]]) -> dict[str, LiveText]:
    """Return the text of each step from its events in order: (kind, step's key, message, data).

    A step that starts again, or an answer that begins anew, makes what was shown of it void.
    """
    found: dict[str, LiveText] = {}
    for kind, key, message, data in events:
        live = found.setdefault(key, LiveText())
        if kind == EventKind.STEP_STARTED:
            found[key] = LiveText(notes=live.notes)
            continue
        if data.get("is_restart"):
            live.reasoning, live.fields = "", None
        if kind == EventKind.REASONING:
            live.reasoning += str(data.get("text", ""))
        elif kind == EventKind.TOKENS:
            fields = live.fields = live.fields or {}
            name = str(data.get("field", ""))
            fields[name] = fields.get(name, "") + str(data.get("text", ""))
        elif kind == EventKind.PROGRESS and message:
            live.notes = (*live.notes, message)
    return found
