"""Servers on loopback for a benchmark: started as processes of their own, asked over kept connections, stopped by id."""

import contextlib
import http.client
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from fleet_site.env import BASE_DIR, OFFLINE_SWITCHES

HOST = "127.0.0.1"
_IDLE_SECONDS = 2.0


class Server:
    """A process that answers HTTP on a port of this machine."""

    def __init__(self, process: "subprocess.Popen[bytes]", port: int) -> None:
        self.process = process
        self.port = port
        self._connection = http.client.HTTPConnection(HOST, port, timeout=600)
        self._asked_at = 0.0

    def ask(
        self, path: str, *, body: Mapping[str, Any] | None = None, headers: Mapping[str, str] | None = None
    ) -> tuple[bytes, float]:
        """Return the whole answer and the seconds until its last byte: a POST with ``body``, else a GET.

        Raises:
            RuntimeError: the answer is not 200.
        """
        data = None if body is None else json.dumps(body).encode()
        send = {**({"Content-Type": "application/json"} if data else {}), **(headers or {})}
        if time.perf_counter() - self._asked_at > _IDLE_SECONDS:
            # Servers close what is idle for some seconds; a new connection is made before the clock starts.
            self._connection.close()
            self._connection.connect()
        began = time.perf_counter()
        self._connection.request("POST" if data else "GET", path, body=data, headers=send)
        response = self._connection.getresponse()
        answer = response.read()
        self._asked_at = time.perf_counter()
        seconds = self._asked_at - began
        if response.status != 200:
            raise RuntimeError(f"{path} answered {response.status}: {answer[:300]!r}")
        return answer, seconds

    @property
    def memory_mb(self) -> float:
        """Resident memory of the process itself, in millions of bytes."""
        status = Path(f"/proc/{self.process.pid}/status")
        if status.is_file():
            line = next(line for line in status.read_text().splitlines() if line.startswith("VmRSS"))
            return int(line.split()[1]) * 1024 / 1e6
        found = subprocess.run(
            ["ps", "-o", "rss=", "-p", str(self.process.pid)], capture_output=True, text=True, check=True
        )
        return int(found.stdout) * 1024 / 1e6

    @property
    def cpu_seconds(self) -> float | None:
        """Seconds that the process kept a processor busy since it began; None where the system does not say."""
        stat = Path(f"/proc/{self.process.pid}/stat")
        if not stat.is_file():
            return None
        # The name in brackets may hold blanks; user and system time are the twelfth and thirteenth after it.
        values = stat.read_text().rpartition(")")[2].split()
        return (int(values[11]) + int(values[12])) / os.sysconf("SC_CLK_TCK")


@contextlib.contextmanager
def fleet_server(data_dir: Path) -> Iterator[Server]:
    """Serve our site from ``data_dir`` as ``make run`` does: one uvicorn process."""
    port = _free_port()
    command = [sys.executable, "-m", "uvicorn", "fleet_site.asgi:application", "--log-level", "warning"]
    with _served(
        [*command, "--host", HOST, "--port", str(port)], port, "/sign-in/", environment(data_dir)
    ) as server:
        yield server


@contextlib.contextmanager
def mlflow_server(uri: str, scratch: Path) -> Iterator[Server]:
    """Serve an MLflow store by MLflow's own server: one worker, since it is asked one thing at a time."""
    port = _free_port()
    command = [sys.executable, "-m", "mlflow", "server", "--backend-store-uri", uri, "--workers", "1"]
    with _served(
        [*command, "--host", HOST, "--port", str(port)], port, "/health", environment(scratch)
    ) as server:
        yield server


def environment(data_dir: Path) -> dict[str, str]:
    """Return the environment of a process that keeps its state in ``data_dir`` and calls nobody.

    Lines of ``NAME=value`` in ``data_dir/settings.env`` are its settings beside the usual ones.
    """
    given = data_dir / "settings.env"
    lines = given.read_text().split() if given.is_file() else []
    own = {name: value for name, value in os.environ.items() if not name.startswith(("FLEET_", "MLFLOW_"))}
    return {
        **own,
        **OFFLINE_SWITCHES,
        "FLEET_DATA_DIR": str(data_dir),
        "FLEET_IGNORE_ENV_FILE": "1",
        "FLEET_LOG_LEVEL": "WARNING",
        "MLFLOW_LOGGING_LEVEL": "WARNING",
        "PYTHONPATH": str(BASE_DIR),
        **dict(line.split("=", 1) for line in lines),
    }


@contextlib.contextmanager
def _served(command: list[str], port: int, health: str, env: dict[str, str]) -> Iterator[Server]:
    log = Path(env["FLEET_DATA_DIR"]) / f"server-{port}.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("wb") as stream:
        # A session of its own, so that the children of the server end with it and nothing else does.
        process = subprocess.Popen(
            command, cwd=log.parent, env=env, stdout=stream, stderr=stream, start_new_session=True
        )
    try:
        _wait_for(process, port, health, log)
        yield Server(process, port)
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, 15)
        try:
            process.wait(timeout=15)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, 9)
            process.wait()


def _wait_for(
    process: "subprocess.Popen[bytes]", port: int, path: str, log: Path, seconds: float = 90
) -> None:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if process.poll() is not None:
            raise RuntimeError(f"The server ended with {process.returncode}: {log.read_text()[-2000:]}")
        try:
            connection = http.client.HTTPConnection(HOST, port, timeout=5)
            connection.request("GET", path)
            if connection.getresponse().status == 200:
                return
        except OSError:
            pass  # it does not listen yet
        time.sleep(0.2)
    raise RuntimeError(f"The server did not answer within {seconds:.0f} s: {log.read_text()[-2000:]}")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])
