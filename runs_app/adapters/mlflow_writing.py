"""What every writer of runs and traces needs: a client that does not wait long, and failures in two kinds."""

import contextlib
import math
import os
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, TypeVar

from runs_app.adapters.folder_lock import hold_file
from runs_app.adapters.mlflow_errors import call
from runs_app.adapters.mlflow_log import open_log
from runs_app.domain.addresses import shown_address, sqlite_path
from runs_app.domain.errors import RunMissing, SourceRefused, SourceUnreachable, SourceUnsuitable

Answer = TypeVar("Answer")
TIMEOUT_SECONDS = 5
_LONGEST_WAIT_SECONDS = 60.0
_PAUSE_SECONDS = 0.05
_lock = threading.Lock()
_num_short = 0
_before: dict[str, str | None] = {}


def write(answer: Callable[[], Answer], *, uri: str, timeout_seconds: int = TIMEOUT_SECONDS) -> Answer:
    """Return ``answer()``, tried once: who writes comes again later, so nobody waits here for a dead server.

    Raises:
        SourceUnreachable: the store did not answer in ``timeout_seconds``, or broke off.
        SourceRefused: it answered, and another try of the same will not help.
    """
    try:
        with _short_waits(timeout_seconds):
            return call(answer, uri=uri, tries=1)
    except SourceUnsuitable as error:
        raise SourceRefused(error.message, remedy=error.remedy) from error
    except RunMissing as error:
        remedy = "If the run was deleted in MLflow, restore it there, or record it anew."
        raise SourceRefused(str(error), remedy=remedy) from error
    except ImportError as error:
        message = f"{shown_address(uri)} keeps files where a package is missing here: {error}."
        raise SourceRefused(
            message, remedy="Install the package that MLflow names for that place."
        ) from error


def open_client(uri: str, *, artifact_folder: Path | None = None) -> Any:
    """Return MLflow's client for ``uri``; a SQLite file that is not there is made, by one process at a time.

    ``artifact_folder`` is where a new SQLite store keeps files when an experiment does not say.

    Raises:
        SourceUnreachable, SourceRefused: see ``write``.
    """
    if uri.startswith(("http://", "https://")):
        return write(lambda: _plain_client(uri), uri=uri)
    if not uri.startswith("sqlite"):
        knock(uri)
        return write(lambda: _plain_client(uri), uri=uri)
    database = Path(sqlite_path(uri))
    # Two processes that make MLflow's tables at once fail both.
    with wait_for_file(database.with_name(f"{database.name}.lock"), shown=shown_address(uri)):
        knock(uri)
        return write(lambda: open_log(uri, artifact_folder=artifact_folder).client, uri=uri)


def knock(uri: str) -> None:
    """Look whether a database answers; MLflow itself would try for a hundred seconds before it says no. A server is not asked.

    Raises:
        SourceUnreachable, SourceRefused: see ``write``.
    """
    if uri.startswith(("http://", "https://")):
        return
    waits = "timeout" if uri.startswith("sqlite") else "connect_timeout"
    write(lambda: _look_at_tables(uri, **{waits: TIMEOUT_SECONDS}), uri=uri)


def each_text(value: Any, change: Callable[[str], str]) -> Any:
    """Return JSON data with ``change`` applied to every string and every key; a number that JSON lacks becomes null."""
    if isinstance(value, str):
        return change(value)
    if isinstance(value, Mapping):
        return {change(str(key)): each_text(item, change) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [each_text(item, change) for item in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


@contextlib.contextmanager
def wait_for_file(path: Path, *, shown: str) -> Iterator[None]:
    """Hold ``path`` for the block, after whoever holds it now.

    Raises:
        SourceUnreachable: it was held for a minute, or cannot be made; ``shown`` is what the message names.
    """
    until = time.monotonic() + _LONGEST_WAIT_SECONDS
    while True:
        try:
            held = hold_file(path)
            is_mine = held.__enter__()
        except OSError as error:
            raise SourceUnreachable(f"{shown} cannot be written: {error}.") from error
        try:
            if is_mine:
                yield
                return
        finally:
            held.__exit__(None, None, None)
        if time.monotonic() > until:
            raise SourceUnreachable(f"{shown} has been held by another process for a minute.")
        time.sleep(_PAUSE_SECONDS)


def _plain_client(uri: str) -> Any:
    from mlflow import MlflowClient

    return MlflowClient(tracking_uri=uri)


def _look_at_tables(uri: str, **options: Any) -> None:
    import sqlalchemy

    engine = sqlalchemy.create_engine(uri, poolclass=sqlalchemy.pool.NullPool, connect_args=options)
    with engine.connect() as connection:
        sqlalchemy.inspect(connection).get_table_names()


@contextlib.contextmanager
def _short_waits(timeout_seconds: int) -> Iterator[None]:
    """Let MLflow's HTTP client give up soon, for the block; it knows no other way than the environment.

    The environment is the process's: of several threads the first one sets it and the last one puts it back, and what
    another thread asks meanwhile has the short time too.
    """
    global _num_short
    wanted = {
        "MLFLOW_HTTP_REQUEST_TIMEOUT": str(timeout_seconds),
        "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "0",
    }
    with _lock:
        if not _num_short:
            _before.update({name: os.environ.get(name) for name in wanted})
            os.environ.update(wanted)
        _num_short += 1
    try:
        yield
    finally:
        with _lock:
            _num_short -= 1
            if not _num_short:
                for name, value in _before.items():
                    if value is None:
                        os.environ.pop(name, None)
                    else:
                        os.environ[name] = value
