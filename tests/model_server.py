"""An OpenAI-compatible server on loopback that follows a script: it answers, streams, refuses, stalls, and breaks off.

As a program (``python -m tests.model_server --latency 0.5 --log calls.jsonl``) it answers every signature of the pipeline
as the rehearsal does, after a fixed time, and writes a line for each call.
"""

import argparse
import contextlib
import json
import re
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from runs_app.domain.rehearsal import rehearse

_PIECES = re.compile(r".{1,40}", re.DOTALL)
_ASKED = re.compile(r"Your output fields are:\n(?:1\. `reasoning`[^\n]*\n2\.|1\.) `(\w+)`")


@dataclass(frozen=True)
class Act:
    """What is done with one request: a status with a text, after a wait.

    ``breaks`` ends the line in the middle, ``stalls_seconds`` falls silent there, ``retry_after`` asks for patience.
    """

    text: str = ""
    status: int = 200
    wait_seconds: float = 0.0
    raw: str = ""
    breaks: bool = False
    stalls_seconds: float = 0.0
    retry_after: str = ""


@dataclass
class ModelServer:
    """The server's address, its script (the last act repeats), and the requests that came."""

    address: str
    script: list[Act]
    answer: Callable[[dict[str, Any]], Act] | None = None
    requests: list[dict[str, Any]] = field(default_factory=list)
    keys: list[str] = field(default_factory=list)
    times: list[float] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def next_act(self, request: dict[str, Any], key: str) -> Act:
        with self.lock:
            self.requests.append(request)
            self.keys.append(key)
            self.times.append(time.time())
            if not self.script:
                assert self.answer is not None
            elif len(self.script) > 1 or self.answer is not None:
                return self.script.pop(0)
            else:
                return self.script[0]
        return self.answer(request)

    @property
    def asked(self) -> list[str]:
        """The first output field of each request, which tells its signature."""
        return [asked_field(request) for request in self.requests]


def messages_of(request: dict[str, Any]) -> tuple[str, str]:
    """Return what the system says, and what the user says."""
    said = {"system": "", "user": ""}
    for message in request["messages"]:
        if message["role"] in said:
            said[message["role"]] += str(message["content"])
    return said["system"], said["user"]


def asked_field(request: dict[str, Any]) -> str:
    """Return the first output field that a request asks for, reasoning aside."""
    found = _ASKED.search(messages_of(request)[0])
    return found[1] if found else ""


def rehearsed(request: dict[str, Any]) -> Act:
    """Answer as the rehearsal model does."""
    return Act(rehearse(*messages_of(request)))


def _completion(model: str, text: str) -> bytes:
    return json.dumps(
        {
            "id": "answer-1",
            "object": "chat.completion",
            "created": 0,
            "model": model,
            "choices": [
                {"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": text}}
            ],
            "usage": {"prompt_tokens": 120, "completion_tokens": 30, "total_tokens": 150},
        }
    ).encode()


def _chunks(model: str, text: str) -> Iterator[bytes]:
    """Yield the events of a stream."""

    def event(delta: dict[str, Any], finish: str | None = None, **other: Any) -> bytes:
        choices = [] if "usage" in other else [{"index": 0, "delta": delta, "finish_reason": finish}]
        data = {"id": "answer-1", "object": "chat.completion.chunk", "created": 0, "model": model}
        return f"data: {json.dumps({**data, 'choices': choices, **other})}\n\n".encode()

    yield event({"role": "assistant", "content": ""})
    for piece in _PIECES.findall(text):
        yield event({"content": piece})
    yield event({}, "stop")
    yield event({}, usage={"prompt_tokens": 120, "completion_tokens": 30, "total_tokens": 150})
    yield b"data: [DONE]\n\n"


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1
    state: ModelServer
    heard: Callable[[dict[str, Any]], None]

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        act = self.state.next_act(body, self.headers.get("Authorization", ""))
        type(self).heard(body)
        time.sleep(act.wait_seconds)
        with contextlib.suppress(OSError):
            if act.status == 200 and body.get("stream") and not act.raw:
                self._stream(body["model"], act)
            else:
                self._whole(body["model"], act)

    def _whole(self, model: str, act: Act) -> None:
        error = {"error": {"message": act.text, "type": "scripted", "code": act.status}}
        answer = _completion(model, act.text) if act.status == 200 else json.dumps(error).encode()
        if act.raw:
            answer = act.raw.encode()
        self.send_response(act.status)
        if act.retry_after:
            self.send_header("Retry-After", act.retry_after)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer[: len(answer) // 2] if act.breaks else answer)
        if act.breaks:
            self.close_connection = True

    def _stream(self, model: str, act: Act) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        events = list(_chunks(model, act.text))
        for number, event in enumerate(events):
            if number == len(events) // 2:
                if act.breaks:
                    self.wfile.flush()
                    self.close_connection = True
                    return
                if act.stalls_seconds:
                    self.wfile.flush()
                    time.sleep(act.stalls_seconds)
            self.wfile.write(f"{len(event):x}\r\n".encode() + event + b"\r\n")
        self.wfile.write(b"0\r\n\r\n")

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""


class _Server(ThreadingHTTPServer):
    request_queue_size = 256
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing of a client that was killed."""


@contextlib.contextmanager
def model_server(
    *script: Act,
    answer: Callable[[dict[str, Any]], Act] | None = None,
    heard: Callable[[dict[str, Any]], None] = lambda _: None,
    port: int = 0,
) -> Iterator[ModelServer]:
    """Serve on loopback: first the script, then what ``answer`` says, or the script's last act again and again."""
    state = ModelServer("", list(script), answer)
    handler = type("Handler", (_Handler,), {"state": state, "heard": staticmethod(heard)})
    server = _Server(("127.0.0.1", port), handler)
    state.address = f"http://127.0.0.1:{server.server_port}/v1"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield state
    finally:
        server.shutdown()
        server.server_close()


def main() -> None:
    """Serve until the process is stopped."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--latency", type=float, default=0.0, help="seconds before each answer")
    parser.add_argument("--log", type=Path, required=True, help="a line of JSON for each call")
    parser.add_argument("--port", type=int, default=0)
    chosen = parser.parse_args()
    lock = threading.Lock()

    def heard(request: dict[str, Any]) -> None:
        line = {"at": time.time(), "asked": asked_field(request), "task": _task_of(request)}
        with lock, chosen.log.open("a") as file:
            file.write(json.dumps(line) + "\n")

    def answer(request: dict[str, Any]) -> Act:
        return Act(rehearsed(request).text, wait_seconds=chosen.latency)

    with model_server(answer=answer, heard=heard, port=chosen.port) as server:
        print(server.address, flush=True)  # noqa: T201
        threading.Event().wait()


def _task_of(request: dict[str, Any]) -> str:
    user = messages_of(request)[1]
    found = re.search(r"\[\[ ## task_description ## \]\]\n([^\n]*)", user)
    return found[1] if found else ""


if __name__ == "__main__":
    main()
