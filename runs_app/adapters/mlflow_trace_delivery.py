"""Take the traces that ``mlflow_traces`` kept in a folder to the store where their runs are."""

import itertools
import logging
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from runs_app.adapters.mlflow_recorder import MlflowRecorder
from runs_app.adapters.mlflow_traces import META_KEY, SUFFIX, run_key_of
from runs_app.adapters.mlflow_writing import write
from runs_app.domain.errors import SourceRefused, SourceUnreachable

logger = logging.getLogger(__name__)
_META_RUN = "mlflow.sourceRun"
_BROKEN = ".broken"
# How many traces' spans one request carries.
MOST_AT_ONCE = 20


def num_staged(folder: Path) -> int:
    """Return how many traces wait in ``folder``."""
    return len(_files(folder))


def deliver_traces(folder: Path, recorder: MlflowRecorder, *, but_of: Collection[str] = ()) -> int:
    """Move the traces of ``folder`` to the recorder's store, oldest first, and return how many went.

    A trace keeps its id, so one that was sent before and not taken away, because its sender died, is there once. It is
    linked to the run that carries its key; a trace whose run was not made yet stays, and so do those of the runs below
    the keys ``but_of``, which are not even read. A file that is no trace is set aside as ``.broken``.

    Raises:
        SourceUnreachable: the store does not answer; what is left stays.
        SourceRefused: the store refused a trace, which stays; the others went.
    """
    refused: list[SourceRefused] = []
    num_delivered = 0
    waiting = iter(_of_known_runs(folder, recorder, but_of))
    while some := list(itertools.islice(waiting, MOST_AT_ONCE)):
        num_delivered += _deliver(some, recorder, refused)
    if refused:
        raise refused[0]
    return num_delivered


@dataclass(frozen=True, slots=True)
class _Staged:
    """A trace with its file and the run that it is for."""

    path: Path
    trace: Any
    run_id: str


def _of_known_runs(folder: Path, recorder: MlflowRecorder, but_of: Collection[str]) -> Iterator[_Staged]:
    """Yield the traces whose run is there, oldest first."""
    run_ids: dict[str, str] = {}
    for path in _files(folder):
        if run_key_of(path.name).partition("/")[0] in but_of:
            continue
        trace = _read(path)
        if trace is None:
            continue
        key = trace.info.trace_metadata.get(META_KEY, "")
        if key not in run_ids:
            run_ids[key] = recorder.find_run(key)
        if run_ids[key]:
            yield _Staged(path, trace, run_ids[key])


def _deliver(some: Sequence[_Staged], recorder: MlflowRecorder, refused: list[SourceRefused]) -> int:
    """Send some traces, their spans together, by the calls that MLflow's own exporter makes; each takes the same again."""
    begun: list[_Staged] = []
    try:
        for one in some:
            try:
                _begin(one, recorder)
            except SourceRefused as error:
                refused.append(error)
            else:
                begun.append(one)
    finally:
        # Also when one broke off: those before it are whole then.
        num_delivered = _complete(begun, recorder, refused)
    return num_delivered


def _complete(begun: Sequence[_Staged], recorder: MlflowRecorder, refused: list[SourceRefused]) -> int:
    """Send the spans of traces that were begun, and take away what arrived."""
    if not begun:
        return 0
    try:
        _send_spans(begun, recorder)
    except SourceRefused as error:
        if len(begun) > 1:
            return sum(_complete([one], recorder, refused) for one in begun)
        refused.append(error)
        return 0
    for one in begun:
        one.path.unlink(missing_ok=True)
    return len(begun)


def _files(folder: Path) -> list[Path]:
    try:
        # The name begins with the time of the call, in digits of one length.
        return sorted(path for path in folder.iterdir() if path.suffix == SUFFIX)
    except FileNotFoundError:
        return []


def _read(path: Path) -> Any:
    from mlflow.entities import Trace
    from mlflow.exceptions import MlflowException

    try:
        return Trace.from_json(path.read_text("utf-8"))
    except FileNotFoundError:
        return None  # somebody else delivered it
    except OSError as error:
        raise SourceUnreachable(f"The trace {path} cannot be read: {error}.") from error
    except (MlflowException, ValueError, KeyError, TypeError, AttributeError) as error:
        aside = path.with_name(path.name + _BROKEN)
        path.replace(aside)
        logger.warning("%s holds no trace and was set aside: %s", aside, str(error)[:200])
        return None


def _begin(one: _Staged, recorder: MlflowRecorder) -> None:
    from mlflow.entities.trace_location import TraceLocation
    from mlflow.tracing.client import TracingClient

    info = one.trace.info
    info.trace_location = TraceLocation.from_experiment_id(recorder.experiment_id())
    info.trace_metadata[_META_RUN] = one.run_id
    uri = recorder.tracking_uri
    one.trace.info = write(lambda: TracingClient(uri).start_trace(info), uri=uri)


def _send_spans(begun: Sequence[_Staged], recorder: MlflowRecorder) -> None:
    from mlflow.tracing.client import TracingClient

    experiment_id = recorder.experiment_id()

    def send() -> None:
        client = TracingClient(recorder.tracking_uri)
        try:
            client.log_spans(experiment_id, [span for one in begun for span in one.trace.data.spans])
        except NotImplementedError:
            # A store that keeps spans as a file, not as rows.
            for one in begun:
                client._upload_trace_data(one.trace.info, one.trace.data)

    write(send, uri=recorder.tracking_uri)
