"""The one command, started for real: it answers, stops as a whole, and says what crashed."""

import http.cookiejar
import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="reads processes from /proc"),
]
START_SECONDS = 120
STOP_SECONDS = 40
WEB_MEMORY_MB = 150


class Started:
    """One running ``manage.py up`` with what it has printed so far."""

    def __init__(self, data_dir: Path, *arguments: str, **env: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "manage.py", "up", *arguments],
            cwd=settings.BASE_DIR,
            env=environment(data_dir) | env,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        self.lines: list[str] = []
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.lines.append(line)

    @property
    def text(self) -> str:
        return "".join(self.lines)

    def wait_for(self, words: str) -> str:
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            if words in self.text:
                return self.text
            if self.process.poll() is not None:
                break
            time.sleep(0.1)
        raise AssertionError(f"{words!r} did not come. It said:\n{self.text}")

    def wait(self) -> int:
        code = self.process.wait(STOP_SECONDS)
        self.reader.join(5)
        return code

    def child(self, part: str) -> int:
        """Return the process that the command started itself with ``part`` in its command line."""
        main = self.process.pid
        for pid in Path(f"/proc/{main}/task/{main}/children").read_text().split():
            if part in Path(f"/proc/{pid}/cmdline").read_text().replace("\0", " "):
                return int(pid)
        raise AssertionError(f"no child runs {part}")

    def end(self) -> None:
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                self.process.kill()


def environment(data_dir: Path) -> dict[str, str]:
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("FLEET_", "DJANGO_", "PYTEST"))
    }
    return kept | {"FLEET_DATA_DIR": str(data_dir), "FLEET_IGNORE_ENV_FILE": "1", "PYTHONUNBUFFERED": "1"}


def is_alive(pid: int) -> bool:
    try:
        return "State:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return False


def group_of(pid: int) -> list[int]:
    """Return every process in the group that ``pid`` leads."""
    found = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = path.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[2]) == pid and fields[0] != "Z":
            found.append(int(path.parent.name))
    return found


def browse() -> urllib.request.OpenerDirector:
    return urllib.request.build_opener(urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar()))


def sign_in(link: str) -> urllib.request.OpenerDirector:
    browser = browse()
    page = browser.open(link, timeout=20).read().decode()
    token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page)
    assert token is not None
    form = urllib.parse.urlencode({"csrfmiddlewaretoken": token[1]}).encode()
    browser.open(link, form, timeout=20)
    return browser


def links_in(text: str) -> tuple[str, str]:
    site = re.search(r"is up at (\S+)/\n", text)
    link = re.search(r"within the hour: (\S+)", text)
    assert site is not None
    assert link is not None
    return site[1], link[1]


@pytest.fixture(scope="module")
def data_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One data folder for the module: its first start makes the tables, the next ones find them."""
    return tmp_path_factory.mktemp("data")


@pytest.fixture(scope="module")
def left_running() -> Iterator[list[Started]]:
    """What tests that leave the site up have left: one start, or none."""
    left: list[Started] = []
    yield left
    for started in left:
        started.end()


@pytest.fixture
def running(left_running: list[Started], data_dir: Path) -> Started:
    """The site, up, for a test that leaves it so; a start is seconds of work for three processes."""
    if left_running and left_running[0].process.poll() is not None:
        left_running.clear()
    if not left_running:
        left_running.append(Started(data_dir, "--port", "0", "--no-sample"))
    left_running[0].wait_for("Ctrl-C stops it.")
    return left_running[0]


@pytest.fixture
def up(left_running: list[Started], data_dir: Path) -> Iterator[Started]:
    """The site, up, for a test that uses its link or ends it: the one that was left, or a new one."""
    started = left_running.pop() if left_running else Started(data_dir, "--port", "0", "--no-sample")
    try:
        started.wait_for("Ctrl-C stops it.")
        yield started
    finally:
        started.end()


def test_a_second_start_on_the_same_folder_is_refused_with_the_next_step(
    running: Started, data_dir: Path
) -> None:
    second = Started(data_dir, "--port", "0", "--no-sample")

    assert second.wait() == 1
    assert f"runs already with this data folder (process {running.process.pid})" in second.text
    assert running.process.poll() is None


def test_it_serves_behind_a_link_that_works_once_with_a_worker_that_lives(up: Started) -> None:
    site, link = links_in(up.text)
    browser = sign_in(link)

    pages = [
        browser.open(f"{site}/{path}", timeout=20).status
        for path in ("skills/", "sources/", "people/", "docs/")
    ]
    report = _health_when_ok(browser, site)
    with pytest.raises(urllib.error.HTTPError, match="410"):
        browse().open(link, timeout=20)

    assert pages == [200] * 4
    assert report["workers"]["is_ok"]
    status = Path(f"/proc/{up.child('uvicorn')}/status").read_text()
    resident_kb = re.search(r"VmRSS:\s+(\d+)", status)
    assert resident_kb is not None
    assert int(resident_kb[1]) / 1024 < WEB_MEMORY_MB


def _health_when_ok(browser: urllib.request.OpenerDirector, site: str) -> dict:
    deadline = time.monotonic() + 60
    while True:
        try:
            return json.load(browser.open(f"{site}/health/", timeout=20))
        except urllib.error.HTTPError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.5)


def test_the_web_process_never_imports_what_is_heavy(data_dir: Path, running: Started) -> None:
    code = """
import sys
import fleet_site.asgi
from django.contrib.auth.models import User
from django.test import Client
client = Client()
client.force_login(User.objects.filter(is_superuser=True).first())
for path in ("/skills/", "/sources/", "/people/", "/docs/", "/search/?q=a", "/health/"):
    assert client.get(path).status_code in (200, 503), path
print("heavy:", sorted({"mlflow", "dspy", "litellm", "sqlalchemy", "tiktoken", "pandas", "sklearn"} & set(sys.modules)))
"""
    answer = subprocess.run(
        [sys.executable, "-c", code],
        cwd=settings.BASE_DIR,
        env=environment(data_dir),
        capture_output=True,
        text=True,
        timeout=START_SECONDS,
        check=False,
    )

    assert "heavy: []" in answer.stdout, answer.stdout + answer.stderr


def test_ctrl_c_stops_both_and_is_no_failure(up: Started) -> None:
    web, worker = up.child("uvicorn"), up.child("celery")

    up.process.send_signal(signal.SIGINT)

    assert up.wait() == 0
    assert "Stopped. Everything is kept" in up.text
    assert group_of(web) == group_of(worker) == []


def test_a_crash_of_the_worker_is_said_and_ends_the_web_server(up: Started) -> None:
    web, worker = up.child("uvicorn"), up.child("celery")

    os.kill(worker, signal.SIGKILL)

    assert up.wait() == 1
    assert "The worker ended by itself (signal SIGKILL)" in up.text
    assert group_of(web) == group_of(worker) == []


def test_a_crash_of_the_web_server_is_said_and_ends_the_worker(up: Started) -> None:
    web, worker = up.child("uvicorn"), up.child("celery")

    os.kill(web, signal.SIGKILL)

    assert up.wait() == 1
    assert "The web server ended by itself (signal SIGKILL)" in up.text
    assert group_of(worker) == []


def test_children_do_not_outlive_a_supervisor_that_is_killed(up: Started) -> None:
    web, worker = up.child("uvicorn"), up.child("celery")

    os.kill(up.process.pid, signal.SIGKILL)

    deadline = time.monotonic() + STOP_SECONDS
    while (is_alive(web) or is_alive(worker)) and time.monotonic() < deadline:
        time.sleep(0.2)
    assert not is_alive(web)
    assert not is_alive(worker)


def test_a_taken_port_is_said_before_anything_is_made(tmp_path: Path) -> None:
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        port = holder.getsockname()[1]
        started = Started(tmp_path, "--port", str(port))
        code = started.wait()

    assert code == 1
    assert f"Port {port} is taken by another program. Choose another with PORT=" in started.text
    assert not (tmp_path / "fleet.sqlite3").exists()


def test_a_source_that_cannot_be_one_is_said_and_nothing_is_started(data_dir: Path) -> None:
    started = Started(data_dir, "--port", "0", "--no-sample", "--source", "/no/such/folder")

    assert started.wait() == 1
    assert "This source cannot be mirrored. There is no folder or file /no/such/folder." in started.text
