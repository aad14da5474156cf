"""The broker goes away under a working worker and comes back: what is at work goes on, what was asked for meanwhile is done."""

import contextlib
import os
import shutil
import socket
import subprocess
import threading
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.runs_app.services.drill_site import broker_url, site_that_holds

pytestmark = pytest.mark.slow


class Redis:
    """A Redis of this test's own, without a file: what it held is gone when it goes away."""

    def __init__(self) -> None:
        if shutil.which("redis-server") is None:
            if os.environ.get("CI") == "true":
                pytest.fail("there is no redis-server")
            pytest.skip("there is no redis-server")
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self._port = int(probe.getsockname()[1])
        self.url = f"redis://127.0.0.1:{self._port}/0"
        self._process: subprocess.Popen[bytes] | None = None

    def come(self) -> None:
        words = ["redis-server", "--port", str(self._port), "--bind", "127.0.0.1"]
        self._process = subprocess.Popen(
            [*words, "--save", "", "--appendonly", "no"], stdout=subprocess.DEVNULL
        )
        until = time.monotonic() + 20
        while time.monotonic() < until:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self._port)) == 0:
                    return
            time.sleep(0.05)
        raise AssertionError("redis did not start")

    def go(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()


class RabbitLine:
    """The only line to RabbitMQ, which can be cut: who is connected is thrown off, and nobody gets through."""

    def __init__(self) -> None:
        found = urlsplit(broker_url("rabbitmq"))
        self._target = (found.hostname or "127.0.0.1", found.port or 5672)
        self._server = socket.create_server(("127.0.0.1", 0))
        self._port = self._server.getsockname()[1]
        self.url = f"amqp://{found.username}:{found.password}@127.0.0.1:{self._port}{found.path}"
        self._open: list[socket.socket] = []
        self._is_cut = True
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            try:
                near, _ = self._server.accept()
            except OSError:
                return
            if self._is_cut:
                near.close()
                continue
            far = socket.create_connection(self._target)
            self._open += [near, far]
            for source, sink in ((near, far), (far, near)):
                threading.Thread(target=self._carry, args=(source, sink), daemon=True).start()

    def _carry(self, source: socket.socket, sink: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(65_536):
                sink.sendall(data)
        for end in (source, sink):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def come(self) -> None:
        self._is_cut = False

    def go(self) -> None:
        self._is_cut = True
        for end in self._open:
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)


@pytest.fixture(params=[Redis, RabbitLine], ids=["redis", "rabbitmq"])
def line(request: pytest.FixtureRequest) -> Iterator[Any]:
    """A broker that comes and goes."""
    made = request.param()
    made.come()
    yield made
    made.go()


def test_a_broker_that_goes_away_under_a_worker_stops_nothing_and_loses_nothing(
    line: Any, tmp_path: Path
) -> None:
    with site_that_holds(tmp_path / "data", line.url) as (site, held):
        first = site.begin("Write release notes from commit messages", model=0, is_auto_approved=True)
        site.start_worker()
        assert held.has_begun.wait(180), site.log()
        line.go()
        # Asked for while there is no queue at all: the row is there, and the sweep sends the word later.
        second = site.begin("Prune apple orchards", model=1, is_auto_approved=True)
        held.may_go_on.set()
        # The worker was in the middle of a call; without any broker it goes on to the end.
        rows = [site.wait_for_end(first)]
        line.come()
        rows.append(site.wait_for_end(second))
        site.stop_worker()

    for model, row in enumerate(rows):
        assert (row["status"], row["attempt"]) == ("completed", 1), row
        assert site.repeated(row["id"], model) == []
        events = site.events(row["id"])
        assert [number for number, *_ in events] == list(range(1, row["num_events"] + 1))
        # Nothing happened to it, so that the page has nothing to tell but that it is done.
        assert Counter(kind for _, kind, _ in events)["worker_lost"] == 0
    assert site.ask("SELECT count(*) FROM skills_app_skillversion") == [(2,)]
    assert set(Counter(site.server.asked).values()) == {2, 4}
