"""Import MLflow, and its integration of DSPy, without the tables and models that a worker never touches.

MLflow takes pandas and pyarrow along where they are installed, and its integration of DSPy takes along what serves and
stores models; it has a way without either. That is 80 MB of each worker. pandas may still be imported afterwards by
whoever needs it; MLflow's own models cannot be served or stored in such a process.
"""

import contextlib
import importlib
import importlib.abc
import importlib.util
import sys
from collections.abc import Iterator, Sequence
from importlib.machinery import ModuleSpec
from types import ModuleType

_TABLES = frozenset(["pandas", "pyarrow"])
_DSPY = "mlflow.dspy"
_MODELS = "mlflow.pyfunc"
# What traces look for at each value that JSON does not know; to search the disk in vain takes half a millisecond.
_LOOKED_FOR = ("llama_index",)


def import_mlflow_lean() -> None:
    """Import ``mlflow`` and its callback for DSPy; what this process has imported already stays as it is.

    To be called before other threads import anything: while it runs, pandas and pyarrow seem not to be installed. If
    MLflow cannot do without, nothing is lost: it is imported whole when it is needed.
    """
    if _DSPY in sys.modules:
        return
    with contextlib.suppress(ImportError, AttributeError), _seeming_absent(_TABLES):
        version = importlib.import_module("mlflow.version")
        importlib.import_module("mlflow")
        with _seeming_tracing_only(version):
            importlib.import_module(f"{_DSPY}.callback")
        # What traces asks for it now and then, and goes on without it as in an installation that has none.
        sys.modules.setdefault(_MODELS, None)  # type: ignore[arg-type]
        for name in _LOOKED_FOR:
            if importlib.util.find_spec(name) is None:
                sys.modules.setdefault(name, None)  # type: ignore[arg-type]


@contextlib.contextmanager
def _seeming_absent(names: frozenset[str]) -> Iterator[None]:
    """Let modules of ``names`` that are not imported yet seem not to be installed."""
    finder = _Nowhere(names)
    sys.meta_path.insert(0, finder)
    try:
        yield
    finally:
        sys.meta_path.remove(finder)


class _Nowhere(importlib.abc.MetaPathFinder):
    """Finds out of some packages that they are not there."""

    def __init__(self, names: frozenset[str]) -> None:
        self._names = names

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Return nothing, so that the next finder is asked.

        Raises:
            ModuleNotFoundError: it is one of those names.
        """
        if fullname.partition(".")[0] in self._names:
            raise ModuleNotFoundError(f"{fullname} is not wanted here", name=fullname)
        return None


@contextlib.contextmanager
def _seeming_tracing_only(version: ModuleType) -> Iterator[None]:
    """Let what is imported see MLflow's own mark of an installation that traces and serves no models."""
    kept = version.IS_TRACING_SDK_ONLY
    version.IS_TRACING_SDK_ONLY = True  # type: ignore[attr-defined]
    try:
        yield
    finally:
        version.IS_TRACING_SDK_ONLY = kept  # type: ignore[attr-defined]
