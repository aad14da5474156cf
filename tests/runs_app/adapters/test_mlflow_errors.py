"""A server that times out, refuses, breaks off or is no MLflow at all."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from runs_app.adapters import mlflow_errors
from runs_app.adapters.mlflow_store import MlflowStore, open_store
from runs_app.domain.enums import SourceKind
from runs_app.domain.errors import SourceRefused, SourceUnreachable, SourceUnsuitable


@pytest.fixture(autouse=True)
def _no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mlflow_errors, "FIRST_PAUSE_SECONDS", 0.01)


@contextmanager
def server(*answers: tuple[int, str] | str) -> Iterator[tuple[str, list[str]]]:
    """Serve ``answers`` in turn (the last one for good); ``hang`` and ``cut`` are what they say."""
    asked: list[str] = []
    release = threading.Event()

    class Handler(BaseHTTPRequestHandler):
        def answer(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            answer = answers[min(len(asked), len(answers) - 1)]
            asked.append(self.path)
            if answer == "hang":
                release.wait(10)
                return
            if answer == "cut":
                self.send_response(200)
                self.send_header("Content-Length", "1000")
                self.end_headers()
                self.wfile.write(b'{"experiments": [')
                return
            status, body = answer  # type: ignore[misc]
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body.encode())))
            self.end_headers()
            self.wfile.write(body.encode())

        do_GET = do_POST = answer

        def log_message(self, *args: object) -> None:
            """Say nothing."""

    httpd = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    httpd.daemon_threads = True
    thread = threading.Thread(target=httpd.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{httpd.server_port}", asked
    finally:
        release.set()
        httpd.shutdown()
        httpd.server_close()


def store_at(uri: str) -> MlflowStore:
    return open_store(kind=SourceKind.MLFLOW_HTTP, uri=uri, timeout_seconds=1)


ONE = json.dumps({"experiments": [{"experiment_id": "1", "name": "skills", "lifecycle_stage": "active"}]})


@pytest.mark.parametrize("trouble", [(503, "{}"), (500, "oops"), (429, "{}"), "cut"])
def test_a_server_that_stumbles_is_asked_again(trouble: tuple[int, str] | str) -> None:
    with server(trouble, trouble, (200, ONE)) as (uri, asked):
        listing = store_at(uri).experiments()

    assert [experiment.name for experiment in listing.experiments] == ["skills"]
    assert len(asked) == 3


def test_a_server_that_stays_silent_is_given_up_after_three_tries() -> None:
    with (
        server("hang") as (uri, asked),
        pytest.raises(SourceUnreachable, match="no answer came in time") as raised,
    ):
        store_at(uri).experiments()

    assert len(asked) == 3
    assert raised.value.remedy


def test_an_address_where_nothing_listens_is_unreachable() -> None:
    with pytest.raises(SourceUnreachable, match="nothing listens there"):
        store_at("http://127.0.0.1:9").experiments()


@pytest.mark.parametrize("status", [401, 403])
def test_a_server_that_refuses_is_asked_once(status: int) -> None:
    body = json.dumps({"error_code": "PERMISSION_DENIED", "message": "Permission denied"})
    with server((status, body)) as (uri, asked), pytest.raises(SourceRefused) as raised:
        store_at(uri).experiments()

    assert len(asked) == 1
    assert "MLFLOW_TRACKING_USERNAME" in raised.value.remedy


@pytest.mark.parametrize(
    "answer",
    [
        (404, "<html>Not here</html>"),
        (200, "<html>Welcome</html>"),
        (200, "[1, 2]"),
        (200, '{"experiments": 7}'),
        (200, '{"experiments": [{"experiment_id": {"a": 1}}]}'),
    ],
)
def test_something_else_than_mlflow_is_said_so(answer: tuple[int, str]) -> None:
    with server(answer) as (uri, _), pytest.raises(SourceUnsuitable, match="no MLflow tracking server"):
        store_at(uri).experiments()


def test_no_message_shows_a_password() -> None:
    with pytest.raises(SourceUnreachable) as raised:
        store_at("http://ada:s3cret@127.0.0.1:9").experiments()

    assert "s3cret" not in str(raised.value)
