"""An OpenAI-compatible server on loopback that follows a script: it answers, refuses, stalls, and breaks off."""

import contextlib
import json
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass(frozen=True)
class Act:
    """What is done with one request: a status with a text, after a wait; ``breaks`` ends the line in the middle."""

    text: str = ""
    status: int = 200
    wait_seconds: float = 0.0
    raw: str = ""
    breaks: bool = False


@dataclass
class ModelServer:
    """The server's address, its script (the last act repeats), and the requests that came."""

    address: str
    script: list[Act]
    requests: list[dict[str, Any]] = field(default_factory=list)
    keys: list[str] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def next_act(self, request: dict[str, Any], key: str) -> Act:
        with self.lock:
            self.requests.append(request)
            self.keys.append(key)
            return self.script.pop(0) if len(self.script) > 1 else self.script[0]


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


@contextlib.contextmanager
def model_server(*script: Act) -> Iterator[ModelServer]:
    """Serve the script on a free port of loopback."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            act = state.next_act(body, self.headers.get("Authorization", ""))
            time.sleep(act.wait_seconds)
            error = json.dumps(
                {"error": {"message": act.text, "type": "scripted", "code": act.status}}
            ).encode()
            answer = _completion(body["model"], act.text) if act.status == 200 else error
            if act.raw:
                answer = act.raw.encode()
            self.send_response(act.status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            with contextlib.suppress(OSError):
                self.wfile.write(answer[: len(answer) // 2] if act.breaks else answer)
            if act.breaks:
                self.close_connection = True

        def log_message(self, format: str, *args: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    state = ModelServer(f"http://127.0.0.1:{server.server_port}/v1", list(script))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield state
    finally:
        server.shutdown()
        server.server_close()
