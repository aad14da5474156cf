"""Events on their way to a browser: numbered, encoded once, in the form of server-sent events."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

RETRY_MILLISECONDS = 2_000


@dataclass(frozen=True, slots=True)
class StreamEvent:
    """One event, ready to be sent to everybody who watches."""

    number: int
    encoded: bytes


@dataclass(frozen=True, slots=True)
class Fresh:
    """What is new of one generation. ``last`` is the number of its last event, ``is_over`` whether none will follow."""

    events: tuple[StreamEvent, ...]
    last: int
    is_over: bool


def stream_event(number: int, *, kind: str, key: str, data: Mapping[str, Any]) -> StreamEvent:
    """Return an event with what a page needs of it: kind, step, and the text to append with its field."""
    told: dict[str, Any] = {"n": number, "kind": kind, "key": key}
    if "text" in data:
        told |= {"field": str(data.get("field", "")), "text": str(data["text"])}
    if data.get("is_restart"):
        told["is_restart"] = True
    # JSON has no bare line break, so that one data line is enough.
    return StreamEvent(number, f"id: {number}\ndata: {json.dumps(told)}\n\n".encode())


def named_event(name: str) -> bytes:
    """Return an event without data that only says its name."""
    return f"event: {name}\ndata: {{}}\n\n".encode()


OPENING = f"retry: {RETRY_MILLISECONDS}\n\n".encode()
STILL_HERE = b": still here\n\n"


def event_number(text: str) -> int | None:
    """Return the event number that a browser or an address gives, or None when it is none."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None
