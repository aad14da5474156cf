"""A site with its own data folder, queue, workers and model server, for drills that kill, cut and fill."""

import contextlib
import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from tests.model_server import Act, ModelServer, asked_field, model_server, rehearsed
from tests.runs_app.services.test_sync_processes import ROOT, Site

# The first output field of what each step asks a model, by the step's key without its round; the part where it has parts.
FIELDS = {
    "strategy": "strategy",
    "readiness": "ready",
    "requirements": "domain",
    "intent": "task_intent",
    "placement": "recommended_path",
    "dependencies": "dependency_analysis",
    "synthesis": "skill_metadata",
    "confirm": "summary",
    "content": "skill_content",
    "content/1": "skill_content",
    "content/2": "skill_content",
    "content_refinement": "refined_content",
    "preview": "preview",
    "feedback/1": "change_requests",
    "feedback/2": "refined_content",
    "model_validation": "validation_report",
    "validation_report": "formatted_report",
    "refinement/1": "refinement_plan",
    "refinement/2": "refined_content",
    "assessment": "quality_score",
}
SILENT = frozenset(["structure", "rules"])
NUM_MODELS = 16
ENDS = frozenset(["completed", "pending_review", "failed", "cancelled"])
_ROUND = re.compile(r"\.\d+")


def broker_url(name: str) -> str:
    """Return the address of a queue; skips where there is none."""
    if name == "embedded":
        return ""
    url = os.environ.get("TEST_RABBITMQ_URL", "amqp://guest:guest@127.0.0.1:5672//")
    import amqp
    from kombu import Connection

    try:
        with Connection(url, connect_timeout=2) as connection:
            connection.connect()
    except (OSError, amqp.AMQPError) as error:
        if os.environ.get("CI") == "true":
            raise
        pytest.skip(f"no RabbitMQ: {error}")
    return url


class DrillSite(Site):
    """The site; each generation of a drill asks a model of its own name, so that the server knows whose a call is."""

    def __init__(self, folder: Path, server: ModelServer, broker: str, **env: str) -> None:
        super().__init__(folder)
        self.server = server
        models = folder / "models.yaml"
        folder.mkdir(parents=True, exist_ok=True)
        registry = "".join(
            f"    openai/scripted{number}:\n      base_url: {server.address}\n      timeout: 20\n"
            for number in ["", *(f"-{number}" for number in range(NUM_MODELS))]
        )
        models.write_text(f"models:\n  default: openai/scripted\n  registry:\n{registry}")
        self.env |= {
            "FLEET_MODELS_FILE": str(models),
            "FLEET_LEASE_SECONDS": "3",
            "FLEET_SYNC_SECONDS": "2",
            "FLEET_GENERATIONS_AT_ONCE": str(NUM_MODELS),
            "FLEET_BROKER_URL": broker,
            "FLEET_QUEUE": f"drill-{uuid.uuid4().hex[:8]}",
            **env,
        }
        self._processes: dict[str, subprocess.Popen[str]] = {}
        self.pid = 0
        self._end = threading.Event()
        self._code = 0

    def prepare(self) -> None:
        """Make the databases."""
        assert self.run("migrate", "-v0")[0] == 0
        assert self.run("prepare_store")[0] == 0

    def _helper(self, name: str) -> "subprocess.Popen[str]":
        """Return the process that forks workers, or the one that does what the pages do; begun when first asked for."""
        if name not in self._processes:
            self._processes[name] = subprocess.Popen(
                [sys.executable, "-m", "tests.drill_worker", name],
                cwd=ROOT,
                env=self.env,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=(self.folder / "worker.log").open("a"),
                text=True,
            )
        return self._processes[name]

    def _tell(self, name: str, line: object) -> str:
        process = self._helper(name)
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(json.dumps(line) + "\n")
        process.stdin.flush()
        return process.stdout.readline()

    def do(self, code: str) -> str:
        """Run code in the site and return what it printed."""
        answer = json.loads(self._tell("clerk", code))
        assert "failed" not in answer, answer
        return str(answer["said"]).strip()

    def begin(self, task: str, *, model: int | None = None, **options: Any) -> str:
        """Ask for a generation, as the page does, and return its key."""
        name = "openai/scripted" if model is None else f"openai/scripted-{model}"
        code = (
            "from runs_app.domain.generation import GenerationOptions, GenerationRequest\n"
            "from runs_app.services.request_generation import request_generation\n"
            f"options = GenerationOptions(models={{'': {name!r}}}, **{options!r})\n"
            f"print(request_generation(request=GenerationRequest({task!r}), options=options, user_name='ada').key)"
        )
        return self.do(code).splitlines()[-1]

    def answer(self, generation_id: int, prompt_key: str, given: Mapping[str, Any]) -> None:
        """Say something to an open question, as a person does."""
        self.do(
            "from runs_app.models import HumanPrompt; from runs_app.services.answer_prompt import answer_prompt\n"
            f"prompt = HumanPrompt.objects.get(generation={generation_id}, key={prompt_key!r}, state='open')\n"
            f"answer_prompt(prompt=prompt, given={dict(given)!r}, user_name='ada')"
        )

    def purge(self) -> None:
        """Lose every message that waits."""
        self.do("from fleet_site.celery import app; app.control.purge()")

    def wake(self) -> None:
        """Send one more wake-up."""
        self.do("from runs_app.tasks import advance_generations_task as one; one.delay()")

    def start_worker(self, moments: Mapping[int, str] | None = None, **env: str) -> None:
        """Fork a worker; with ``moments`` it kills itself when each of those generations stands at its own."""
        words = ["--quiet", "worker", "--beat", "--pool", "prefork", "--loglevel", "WARNING"]
        asked = {
            "words": [*words, "--without-gossip", "--without-mingle"],
            "environment": {"DRILL_KILL": json.dumps(dict(moments or {})), **env},
            "log": str(self.folder / "worker.log"),
        }
        self.pid = int(self._tell("maker", asked))
        self._end = threading.Event()
        threading.Thread(target=self._await_end, args=(self._end,), daemon=True).start()

    def _await_end(self, end: threading.Event) -> None:
        out = self._helper("maker").stdout
        assert out is not None
        said = out.readline()
        self._code = int(said) if said.strip() else -1
        end.set()

    @property
    def is_dead(self) -> bool:
        """Whether the worker has ended."""
        return self._end.is_set()

    @property
    def killed_itself(self) -> bool:
        """Whether the worker has died by signal 9."""
        return self.is_dead and self._code == -signal.SIGKILL

    def stop_worker(self) -> None:
        """End the worker as an administrator does; what does not end by itself is killed."""
        _kill(self.pid, signal.SIGTERM)
        if not self._end.wait(20):
            _kill(self.pid)
            assert self._end.wait(20)

    def kill_worker(self) -> None:
        """Kill the worker and all that it started."""
        _kill(self.pid)
        assert self._end.wait(20)

    def end(self) -> None:
        """Leave no process behind."""
        _kill(self.pid)
        for process in self._processes.values():
            process.kill()
            process.wait()

    def row(self, key: str) -> dict[str, Any]:
        names = ("id", "status", "message", "attempt", "num_events", "version_id")
        found = self.ask(f"SELECT {', '.join(names)} FROM runs_app_generation WHERE key = '{key}'")
        return dict(zip(names, found[0], strict=True)) if found else {}

    def wait_for_end(self, key: str) -> dict[str, Any]:
        until = time.monotonic() + 180
        while (row := self.row(key)).get("status") not in ENDS:
            assert time.monotonic() < until, (row, self.log())
            time.sleep(0.1)
        return row

    def log(self) -> str:
        return (self.folder / "worker.log").read_text()[-3000:]

    def stored(self, generation_id: int) -> dict[str, float]:
        """Return the steps that are stored, with the second at which each was."""
        rows = self.ask(
            f"SELECT key, finished_at FROM runs_app_stepresult WHERE generation_id = {generation_id}"
        )
        return {str(key): datetime.fromisoformat(f"{at}+00:00").timestamp() for key, at in rows}

    def open_prompts(self) -> list[tuple[int, str]]:
        rows = self.ask("SELECT generation_id, key FROM runs_app_humanprompt WHERE state = 'open'")
        return [(int(str(number)), str(key)) for number, key in rows]

    def events(self, generation_id: int) -> list[tuple[int, str, str]]:
        """Return the events: number, kind and message."""
        rows = self.ask(
            "SELECT number, kind, message FROM runs_app_generationevent "
            f"WHERE generation_id = {generation_id} ORDER BY number"
        )
        return [(int(str(number)), str(kind), str(message)) for number, kind, message in rows]

    def calls(self, model: int | None = None) -> dict[str, dict[str, list[float]]]:
        """Return when each prompt was asked of a model, by output field and then by prompt, first asked first.

        Two candidates have one prompt and differ by temperature; the first of them has the lowest.
        """
        name = "scripted" if model is None else f"scripted-{model}"
        found: dict[str, dict[str, list[float]]] = {}
        for request, at in list(zip(self.server.requests, self.server.times, strict=True)):
            if request["model"] == name:
                warmth = float(request.get("temperature") or 0.0)
                prompt = f"{warmth:05.2f} {json.dumps(request['messages'])}"
                found.setdefault(asked_field(request), {}).setdefault(prompt, []).append(at)
        if candidates := found.get("skill_content"):
            found["skill_content"] = dict(sorted(candidates.items()))
        return found

    def repeated(self, generation_id: int, model: int | None = None) -> list[str]:
        """Return the steps for which a model was asked after their result was stored."""
        calls, stored = self.calls(model), self.stored(generation_id)
        found = []
        for field in calls:
            keys = [key for key in stored if FIELDS.get(_ROUND.sub("", key)) == field]
            # Rounds follow each other in time; candidates run side by side, and are told apart by their part.
            keys.sort(key=lambda key: (key if field == "skill_content" else "", stored[key]))
            for key in keys:
                position = int(key[-1]) - 1 if "/" in key and field == "skill_content" else keys.index(key)
                found += [key for at in list(calls[field].values())[position] if at > stored[key]]
        return found


class HeldWriting:
    """The rehearsal, which stops where it would write the document until it may go on."""

    def __init__(self) -> None:
        self.has_begun = threading.Event()
        self.may_go_on = threading.Event()

    def answer(self, request: dict[str, Any]) -> Act:
        if asked_field(request) == "skill_content":
            self.has_begun.set()
            assert self.may_go_on.wait(120)
        return rehearsed(request)


@contextlib.contextmanager
def site_that_holds(folder: Path, broker: str) -> Iterator[tuple[DrillSite, HeldWriting]]:
    """Give a site whose models stop at the document, to break something while they do."""
    held = HeldWriting()
    with model_server(answer=held.answer) as server:
        site = DrillSite(folder, server, broker)
        site.prepare()
        try:
            yield site, held
        finally:
            held.may_go_on.set()
            site.end()


def _kill(pid: int, how: int = signal.SIGKILL) -> None:
    if pid > 0:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(pid, how)
