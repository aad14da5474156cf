"""The queue of files, mended: kombu's own reads a message while it is written, and never starts again after a kill.

A message appears whole or not at all; one that is broken is dropped, since every message here is only a wake-up; a table
of queues that was cut off by a kill is made anew.
"""

import logging
import os
import uuid
from pathlib import Path
from queue import Empty
from time import monotonic
from typing import Any

from kombu.transport import filesystem
from kombu.utils.json import dumps, loads

logger = logging.getLogger(__name__)


class Channel(filesystem.Channel):
    """kombu's channel, which puts files in place by renaming them."""

    def _put(self, queue: str, payload: Any, **_kwargs: Any) -> None:
        folder = Path(self.data_folder_out)
        name = f"{round(monotonic() * 1000)}_{uuid.uuid4()}.{queue}.msg"
        half = folder / f".{name}.half"
        try:
            half.write_text(dumps(payload), encoding="utf-8")
            os.replace(half, folder / name)
        except OSError:
            half.unlink(missing_ok=True)
            raise

    def _get(self, queue: str) -> Any:
        folder = Path(self.data_folder_in)
        for name in sorted(os.listdir(folder)):
            if name.startswith(".") or name.partition(".")[2] != f"{queue}.msg":
                continue
            taken = folder / f".{name}.taken"
            try:
                os.rename(folder / name, taken)
                text = taken.read_text(encoding="utf-8")
            except FileNotFoundError:
                continue  # another process has it
            taken.unlink()
            try:
                return loads(text)
            except ValueError:
                logger.warning("the message %s was broken and is dropped", name)
        raise Empty

    def get_table(self, exchange: str) -> Any:
        """Return the queues of an exchange; a broken table counts as empty until it is made anew."""
        try:
            return super().get_table(exchange)
        except ValueError:
            return []

    def _queue_bind(self, exchange: str, routing_key: str, pattern: str, queue: str) -> None:
        try:
            super()._queue_bind(exchange, routing_key, pattern, queue)
        except ValueError:
            logger.warning("the table of the exchange %s was broken and is made anew", exchange)
            self._exchange_file(exchange).unlink(missing_ok=True)
            super()._queue_bind(exchange, routing_key, pattern, queue)


class Transport(filesystem.Transport):
    """kombu's transport with this channel."""

    Channel = Channel
