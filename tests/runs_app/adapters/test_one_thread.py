"""One thread for many functions."""

import threading

import pytest

from runs_app.adapters.one_thread import OneThread


@pytest.fixture
def thread():
    made = OneThread("in-turn")
    yield made
    made.close()


def held(thread):
    """Keep the thread busy; return what lets it go on."""
    has_begun, go_on = threading.Event(), threading.Event()

    def wait():
        has_begun.set()
        go_on.wait(10)

    thread.submit(wait, rank=0)
    assert has_begun.wait(10)
    return go_on


def test_the_lowest_rank_comes_first_and_one_rank_in_order(thread):
    go_on, ran = held(thread), []
    waiting = [
        thread.submit(lambda name=name: ran.append(name), rank=rank)
        for name, rank in (("late", 2), ("one", 1), ("two", 1), ("urgent", 0))
    ]
    go_on.set()
    for one in waiting:
        one.result(10)
    assert ran == ["urgent", "one", "two", "late"]


def test_all_run_on_one_thread_that_is_not_the_callers(thread):
    found = {thread.submit(threading.get_ident, rank=rank).result(10) for rank in (2, 1, 0)}
    assert len(found) == 1
    assert threading.get_ident() not in found


def test_a_failure_goes_to_who_waits_and_the_next_one_runs(thread):
    failed = thread.submit(lambda: 1 / 0, rank=1)
    with pytest.raises(ZeroDivisionError):
        failed.result(10)
    assert thread.submit(lambda: "next", rank=1).result(10) == "next"


def test_what_was_cancelled_before_its_turn_does_not_run(thread):
    go_on, ran = held(thread), []
    waiting = thread.submit(lambda: ran.append("cancelled"), rank=1)
    assert waiting.cancel()
    go_on.set()
    thread.submit(lambda: None, rank=2).result(10)
    assert ran == []


def test_closing_waits_for_what_was_submitted():
    thread, ran = OneThread("closing"), []
    go_on = held(thread)
    thread.submit(lambda: ran.append("done"), rank=2)
    go_on.set()
    thread.close()
    assert ran == ["done"]
