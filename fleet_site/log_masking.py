"""Keys are never logged: what the site knows as a key, and what looks like one, is masked in every record."""

import json
import logging
import os
import re
import time
from typing import Any

import structlog

from runs_app.domain.masking import MASK, SHORTEST_SECRET, masked

# How long the known keys are believed: files of keys may change while the site runs.
KNOWN_SECONDS = 5.0
SHORTEST_NAMED = 8
_SECRET_NAMES = re.compile(r"(?:KEY|TOKEN|SECRET|PASSWORD)$", re.IGNORECASE)
# A field of that name, as a dict, JSON, a header or a call shows it; in a log too much is better than too little.
_FIELDS = re.compile(
    r"((?:api[_-]?key|api[_-]?token|access[_-]?token|secret|password|authorization|x-[a-z-]*key)"
    r"\\?['\"]?\s*[:=]\s*)(?:\\?['\"])?(?:(?:Bearer|Basic|Token)\s+)?[^\s'\",)&}\\]{4,}",
    re.IGNORECASE,
)


class KnownSecrets:
    """The values that must not be shown: keys of models, and passwords and keys of the site itself."""

    def __init__(self) -> None:
        self._found: tuple[str, ...] = ()
        self._until = 0.0

    def __call__(self) -> tuple[str, ...]:
        """Return them, read anew after ``KNOWN_SECONDS``; each also as JSON would write it."""
        if time.monotonic() >= self._until:
            self._until = time.monotonic() + KNOWN_SECONDS
            found = self._read()
            self._found = tuple(found | {json.dumps(one)[1:-1] for one in found})
        return self._found

    def _read(self) -> set[str]:
        from django.conf import settings

        # A short word under such a name is rather a switch than a key, and stands in many a line.
        named = {value for name, value in os.environ.items() if _SECRET_NAMES.search(name)}
        found = {one for one in named if len(one) >= SHORTEST_NAMED}
        if settings.configured:
            from runs_app.adapters.language_models import known_keys

            own = {*known_keys(), settings.SECRET_KEY, settings.EMAIL_HOST_PASSWORD}
            found |= {one for one in own if len(one) >= SHORTEST_SECRET}
        return found


known_secrets = KnownSecrets()


def masked_line(text: str) -> str:
    """Return a line of a log with every known secret and every field that is named like one replaced by dots."""
    return _FIELDS.sub(rf"\1{MASK}", masked(text, known_secrets()))


class MaskingFormatter(structlog.stdlib.ProcessorFormatter):
    """Masks the whole line of the site's own handler: message, fields and exception."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the masked line."""
        return masked_line(super().format(record))


def mask_every_record() -> None:
    """Mask also what libraries write with handlers of their own: in the record, before any handler has it."""
    make = logging.LogRecord
    shown = logging.Formatter()

    def masked_record(*args: Any, **kwargs: Any) -> logging.LogRecord:
        record = make(*args, **kwargs)
        if isinstance(record.msg, str):
            _mask_message(record)
        if record.exc_info and record.exc_info[0] is not None:
            record.exc_text = masked_line(shown.formatException(record.exc_info))
        return record

    logging.setLogRecordFactory(masked_record)


def _mask_message(record: logging.LogRecord) -> None:
    """Mask the message of a record. Its arguments stay what they are in number: an access log takes them apart."""
    if isinstance(record.args, tuple):
        record.args = tuple(masked_line(one) if isinstance(one, str) else one for one in record.args)
    try:
        said = record.getMessage()
    except (TypeError, ValueError, KeyError):
        return  # Its arguments do not fit: logging says so itself, where it has always done.
    safe = masked_line(said)
    if safe != said:
        record.msg, record.args = safe, ()
