"""What the worker's main process starts."""

import ctypes
import gc
import threading
from types import SimpleNamespace

import celery.beat
import pytest

from fleet_site.celery import app
from fleet_site.serving import COLLECT_AFTER, collect_less_often, share_heaps


def test_the_clock_is_a_thread_and_no_process() -> None:
    assert isinstance(celery.beat.EmbeddedService(app), threading.Thread)


def test_heaps_are_shared_where_the_library_can_and_nothing_happens_elsewhere(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: list[tuple[int, int]] = []
    library = SimpleNamespace(mallopt=lambda *values: asked.append(values))
    monkeypatch.setattr(ctypes, "CDLL", lambda _: library)
    share_heaps()
    assert asked == [(-8, 2)]
    monkeypatch.setattr(ctypes, "CDLL", lambda _: SimpleNamespace())
    share_heaps()


def test_collections_begin_later() -> None:
    before = gc.get_threshold()
    try:
        collect_less_often()
        assert gc.get_threshold()[:2] == COLLECT_AFTER[:2]
    finally:
        gc.set_threshold(*before)
