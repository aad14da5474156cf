"""The broker goes away while generations wait, and comes back empty: all is done, nothing twice."""

import os
import shutil
import socket
import subprocess
import time
from collections import Counter
from pathlib import Path

import pytest

from tests.model_server import model_server, rehearsed
from tests.runs_app.services.test_crash_drill import DrillSite

pytestmark = pytest.mark.slow


class Redis:
    """A Redis of this test's own, without a file: what it held is gone when it stops."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        words = [
            "redis-server",
            "--port",
            str(self.port),
            "--save",
            "",
            "--appendonly",
            "no",
            "--bind",
            "127.0.0.1",
        ]
        self.process = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        until = time.monotonic() + 20
        while time.monotonic() < until:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            time.sleep(0.05)
        raise AssertionError("redis did not start")

    def kill(self) -> None:
        assert self.process is not None
        self.process.kill()
        self.process.wait()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def test_a_broker_that_is_restarted_empty_loses_nothing(tmp_path: Path) -> None:
    if shutil.which("redis-server") is None:
        if os.environ.get("CI") == "true":
            pytest.fail("there is no redis-server")
        pytest.skip("there is no redis-server")
    redis = Redis(free_port())
    redis.start()
    with model_server(answer=rehearsed) as server:
        site = DrillSite(tmp_path / "data", server, f"redis://127.0.0.1:{redis.port}/0")
        assert site.run("migrate", "-v0")[0] == 0
        assert site.run("prepare_store")[0] == 0
        first = site.request("Write release notes from commit messages")
        redis.kill()
        # Asked for while there is no queue at all: the row is there, and the sweep sends the word later.
        second = site.request("Review a pull request for performance")
        redis.start()
        site.start_maker()
        try:
            site.start_worker()
            rows = [site.wait_for_end(first), site.wait_for_end(second)]
            site.stop_worker()
        finally:
            site.end()
            redis.kill()

    assert [row["status"] for row in rows] == ["completed", "completed"], rows
    assert set(Counter(server.asked).values()) == {2, 4}
