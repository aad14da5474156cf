"""Traces of model calls, by MLflow's own callback for DSPy, kept in a folder until they are delivered.

A call never waits for a tracking server: a finished trace becomes one small file, and ``mlflow_trace_delivery`` takes
the files to the store. ``mlflow`` is imported inside functions, see ``mlflow_store``.

What is global in the process, and set once: MLflow's tracer provider (ours writes into folders, and no fluent call of
MLflow traces to a store any more), one function that masks spans, and the switch of MLflow's DSPy integration. What
says *whose* a trace is (folder, run, tags, secrets) hangs on a callback that only the model calls inside one
``recording_traces`` block see, by ``dspy.context``. Tasks and threads that are begun inside the block by asyncio or by
DSPy see it too; two generations in one process never mix.
"""

import contextlib
import functools
import importlib
import json
import logging
import os
import threading
import uuid
import weakref
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from runs_app.adapters.mlflow_writing import each_text
from runs_app.domain.masking import is_clean_json, masked
from runs_app.domain.storable import storable_text

logger = logging.getLogger(__name__)

META_KEY = "skill_fleet.key"
TAG_STEP = "skill_fleet.step"
# Steps run side by side inside one block, so each says its name by ``with dspy.context(fleet_step=…)``.
STEP_SETTING = "fleet_step"
SUFFIX = ".json"
# In the name of a file, before the key of its run and for a slash in it; no key holds them.
_KEY_MARK, _SLASH = "~", "="
# In memory only: which recording a trace belongs to. It is taken off before the trace is written.
_META_RECORDING = "skill_fleet.recording"
# What JSON writes for a character that no database takes, and for numbers that are none.
_NOT_KEPT = ("\\u0000", "NaN", "Infinity")
_installing = threading.Lock()


@dataclass(frozen=True, eq=False)
class _Recording:
    """Whose a trace is."""

    folder: Path
    metadata: Mapping[str, str]
    tags: Mapping[str, str]
    secrets: tuple[str, ...]

    def masked(self, text: str) -> str:
        """Return ``text`` as it may be kept."""
        return masked(storable_text(text), self.secrets)

    def is_clean(self, text: str) -> bool:
        """Say that a JSON text may be kept as it is: every string in it is as ``masked`` returns it, every number is one."""
        return (
            storable_text(text) == text
            and not any(word in text for word in _NOT_KEPT)
            and is_clean_json(text, self.secrets)
        )


# A recording lives as long as a call that is traced by it, which may be longer than the block.
_recordings: "weakref.WeakValueDictionary[str, _Recording]" = weakref.WeakValueDictionary()


@contextlib.contextmanager
def recording_traces(
    folder: Path, *, run_key: str, tags: Mapping[str, str], secrets: Iterable[str] = ()
) -> Iterator[None]:
    """Keep a trace of each DSPy call in the block as a file of ``folder``, for the run that carries ``run_key``.

    ``tags`` are put on each trace (``skill_fleet.generation``), and ``skill_fleet.step`` is what the DSPy setting
    ``fleet_step`` says at the call, if anything; ``secrets``, and what looks like a key, are masked in all of it. Begin and end the block in one task; do not ``yield`` to another one inside it. A block
    inside a block takes over. No failure of tracing reaches the calls: it is logged, and they are made without.
    """
    with contextlib.ExitStack() as stack:
        try:
            token = uuid.uuid4().hex
            metadata = {META_KEY: run_key, _META_RECORDING: token}
            recording = _Recording(folder, metadata, dict(tags), tuple(secrets))
            _recordings[token] = recording
            stack.enter_context(_callbacks_of(recording))
        except (ImportError, AttributeError, TypeError, RuntimeError) as error:
            logger.warning("The model calls of %s are made without traces: %s", run_key, error)
        yield


def _callbacks_of(recording: _Recording) -> contextlib.AbstractContextManager[Any]:
    import dspy

    _install()
    others = [one for one in dspy.settings.callbacks if not isinstance(one, _classes().callback.__base__)]
    callback = _classes().callback(recording)
    return dspy.context(callbacks=[*others, callback], track_usage=True)


def _install() -> None:
    """Set what is global, once, and again after somebody reset MLflow's tracing."""
    from mlflow.tracing import configure
    from mlflow.tracing.config import get_config
    from mlflow.tracing.provider import provider

    # Files inside of texts would be taken out of them into MLflow's own store, which is not asked here.
    os.environ.setdefault("MLFLOW_TRACE_EXTRACT_ATTACHMENTS", "false")
    with _installing:
        if provider.get() is not _tracer_provider():
            # What mlflow.dspy.autolog() switches on, without its callback for every call of the process.
            importlib.import_module("mlflow.dspy.autolog")._autolog(
                log_traces=True,
                log_traces_from_compile=False,
                log_traces_from_eval=False,
                log_compiles=False,
                log_evals=False,
                silent=True,
            )
            provider.once.do_once(lambda: None)
            provider.set(_tracer_provider())
        processors = get_config().span_processors
        if _mask_span not in processors:
            configure(span_processors=[*processors, _mask_span])


@functools.cache
def _tracer_provider() -> Any:
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider

    made = TracerProvider(resource=Resource.get_empty())
    made.add_span_processor(_classes().processor(span_exporter=_classes().exporter(), export_metrics=False))
    return made


@dataclass(frozen=True)
class _Classes:
    callback: Any
    processor: Any
    exporter: Any


@functools.cache
def _classes() -> _Classes:
    """Return our subclasses of MLflow's, made when MLflow is first needed."""
    import dspy
    import mlflow
    from mlflow.dspy.callback import MlflowCallback
    from mlflow.entities import TraceInfo, TraceState
    from mlflow.entities.trace_location import TraceLocation
    from mlflow.tracing.processor.mlflow_v3 import MlflowV3SpanProcessor
    from mlflow.tracing.trace_manager import InMemoryTraceManager
    from mlflow.tracing.utils import generate_trace_id_v3
    from opentelemetry.sdk.trace.export import SpanExporter, SpanExportResult

    class Callback(MlflowCallback):
        """MLflow's callback, which says of each trace whose it is."""

        def __init__(self, recording: _Recording) -> None:
            super().__init__()
            self.recording = recording

        def _start_span(self, *args: Any, **kwargs: Any) -> Any:
            about = self.recording
            step = dspy.settings.get(STEP_SETTING, "")
            tags = {**about.tags, **({TAG_STEP: str(step)} if step else {})}
            with mlflow.tracing.context(metadata=dict(about.metadata), tags=tags):
                return super()._start_span(*args, **kwargs)

        def _unpack_kwargs(self, inputs: dict[str, Any]) -> dict[str, Any]:
            return super()._unpack_kwargs({name: _worded(value) for name, value in inputs.items()})

    class Processor(MlflowV3SpanProcessor):
        """MLflow's processor, which asks no store for the experiment: delivery knows it."""

        def _start_trace(self, root_span: Any) -> Any:
            info = TraceInfo(
                trace_id=generate_trace_id_v3(root_span),
                trace_location=TraceLocation.from_experiment_id("0"),
                request_time=root_span.start_time // 1_000_000,
                execution_duration=None,
                state=TraceState.IN_PROGRESS,
                trace_metadata=self._get_basic_trace_metadata(),
                tags=self._get_basic_trace_tags(root_span),
            )
            self._trace_manager.register_trace(root_span.context.trace_id, info)
            return info

    class Exporter(SpanExporter):
        """Writes a trace when its first span ends."""

        def export(self, spans: Any) -> Any:
            for span in spans:
                if span.parent is None:
                    found = InMemoryTraceManager.get_instance().pop_trace(span.context.trace_id)
                    if found is not None:
                        _stage(found.trace)
            return SpanExportResult.SUCCESS

    return _Classes(Callback, Processor, Exporter)


def _worded(value: Any) -> Any:
    """Return a signature as the text that MLflow makes of it, and anything else as it is."""
    import dspy

    if isinstance(value, type) and issubclass(value, dspy.Signature):
        return _signature_text(value)
    return value


@functools.lru_cache(maxsize=256)
def _signature_text(signature: Any) -> str:
    return repr(signature)


def staged_name(at_ms: int, trace_id: str, run_key: str) -> str:
    """Return the name of a trace's file: names sort by the time of the call, and say whose it is."""
    return f"{at_ms:015d}-{trace_id}{_KEY_MARK}{run_key.replace('/', _SLASH)}{SUFFIX}"


def run_key_of(name: str) -> str:
    """Return the key of the run that a trace's file is for, by its name; nothing when the name does not say."""
    return name.removesuffix(SUFFIX).partition(_KEY_MARK)[2].replace(_SLASH, "/")


def _mask_span(span: Any) -> None:
    """Mask what a span holds before MLflow makes previews of it; MLflow calls this as each span ends."""
    from mlflow.tracing.trace_manager import InMemoryTraceManager

    with InMemoryTraceManager.get_instance().get_trace(span.trace_id) as trace:
        token = trace.info.trace_metadata.get(_META_RECORDING, "") if trace else ""
    recording = _recordings.get(token)
    if recording is None:
        return
    # Each attribute is a JSON text; to read all of them would cost more than what is traced.
    texts = span._span.attributes if hasattr(span, "_span") else dict.fromkeys(span.attributes)
    for key, text in list(texts.items()):
        if isinstance(text, str) and recording.is_clean(text):
            continue
        value = span.get_attribute(key)
        clean = each_text(value, recording.masked)
        if clean != value:
            span.set_attribute(key, clean)


def _stage(trace: Any) -> None:
    token = trace.info.trace_metadata.pop(_META_RECORDING, "")
    recording = _recordings.get(token)
    if recording is None:
        return
    try:
        _write_trace(trace, recording)
    except (OSError, ValueError, TypeError) as error:
        run_key = recording.metadata[META_KEY]
        logger.warning("A trace of %s could not be kept in %s: %s", run_key, recording.folder, error)


def _write_trace(trace: Any, recording: _Recording) -> None:
    from mlflow.tracing.utils import TraceJSONEncoder

    record = trace.to_dict()
    for span in record["data"]["spans"]:
        # Attributes are masked already, and are JSON inside JSON here; errors are plain text.
        for part in ("events", "status"):
            span[part] = each_text(span.get(part), recording.masked)
    name = staged_name(trace.info.request_time, trace.info.trace_id, recording.metadata[META_KEY])
    recording.folder.mkdir(parents=True, exist_ok=True)
    half = recording.folder / f".{name}.half"
    try:
        half.write_text(json.dumps(record, cls=TraceJSONEncoder, ensure_ascii=False), encoding="utf-8")
        os.replace(half, recording.folder / name)
    except OSError:
        half.unlink(missing_ok=True)
        raise
