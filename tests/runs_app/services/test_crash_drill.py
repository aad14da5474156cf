"""Kill the worker with signal 9 at every step boundary: nothing stored is asked again, and one version comes of it."""

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
from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from tests.model_server import ModelServer, model_server, rehearsed
from tests.runs_app.services.test_sync_processes import ROOT, Site

pytestmark = pytest.mark.slow
# Each step of a generation that asks nobody, in order, with the output field that tells its call from others.
ASKED = {
    "readiness": "ready",
    "requirements": "domain",
    "structure": "",
    "intent": "task_intent",
    "placement": "recommended_path",
    "dependencies": "dependency_analysis",
    "synthesis": "skill_metadata",
    "content": "skill_content",
    "content_refinement": "refined_content",
    "content_refinement.2": "refined_content",
    "rules": "",
    "model_validation": "validation_report",
    "assessment": "quality_score",
}
MOMENTS = [
    *(
        moment
        for key in ASKED
        for moment in ([f"before:{key}"] if key == "content" else []) + [f"after:{key}"]
    ),
    "before:finish",
    "after:finish",
]


def broker_url(name: str) -> str:
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
    """A site with its own data folder, queue and worker."""

    def __init__(self, folder: Path, server: ModelServer, broker: str) -> None:
        super().__init__(folder)
        models = folder / "models.yaml"
        folder.mkdir(parents=True, exist_ok=True)
        models.write_text(
            "models:\n  default: openai/scripted\n  registry:\n    openai/scripted:\n"
            f"      base_url: {server.address}\n      timeout: 20\n"
        )
        self.env |= {
            "FLEET_MODELS_FILE": str(models),
            "FLEET_LEASE_SECONDS": "4",
            "FLEET_SYNC_SECONDS": "2",
            "FLEET_BROKER_URL": broker,
            "FLEET_QUEUE": f"drill-{uuid.uuid4().hex[:8]}",
        }
        self.maker: subprocess.Popen[str] | None = None
        self.pid = 0

    def start_maker(self) -> None:
        """Start the process that workers are forked from."""
        self.maker = subprocess.Popen(
            [sys.executable, "-m", "tests.drill_worker"],
            cwd=ROOT,
            env=self.env,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=(self.folder / "worker.log").open("a"),
            text=True,
        )

    def start_worker(self, moment: str = "", mark: Path | None = None) -> None:
        assert self.maker is not None
        assert self.maker.stdin is not None
        words = ["--quiet", "worker", "--beat", "--pool", "prefork", "--loglevel", "WARNING"]
        asked = {
            "words": [*words, "--without-gossip", "--without-mingle"],
            "environment": {"DRILL_KILL": moment, "DRILL_MARK": str(mark or "")},
            "log": str(self.folder / "worker.log"),
        }
        self.maker.stdin.write(json.dumps(asked) + "\n")
        self.maker.stdin.flush()
        self.pid = int(self.said())

    def said(self) -> str:
        assert self.maker is not None
        assert self.maker.stdout is not None
        return self.maker.stdout.readline()

    def stop_worker(self) -> None:
        _kill(self.pid, signal.SIGTERM)
        self._ended(within=20)

    def end(self) -> None:
        if self.maker is not None:
            _kill(self.pid)
            self.maker.kill()
            self.maker.wait()

    def request(self, task: str, *words: str) -> str:
        code, said = self.run("generate", task, *(words or ("--no-input",)), "--queue")
        assert code == 0, said
        # A warning that the queue does not answer may stand after the key.
        return re.findall(r"^[a-z0-9]{10}$", said, re.MULTILINE)[-1]

    def answer(self, key: str) -> None:
        """Say to go on, as a person does."""
        code = (
            "from runs_app.models import HumanPrompt as one; from runs_app.services.answer_prompt import answer_prompt; "
            f"answer_prompt(prompt=one.objects.get(generation__key='{key}', state='open'), "
            "given={'action': 'proceed'}, user_name='ada')"
        )
        code_of_end, said = self.run("shell", "-c", code)
        assert code_of_end == 0, said

    def purge(self) -> None:
        """Lose every message that waits."""
        code = "from fleet_site.celery import app; app.control.purge()"
        assert self.run("shell", "-c", code)[0] == 0

    def wake(self) -> None:
        """Send one more wake-up."""
        code = "from runs_app.tasks import advance_generations_task as one; one.delay()"
        assert self.run("shell", "-c", code)[0] == 0

    def row(self, key: str) -> dict[str, Any]:
        found = self.ask(
            f"SELECT id, status, message, attempt, num_events FROM runs_app_generation WHERE key = '{key}'"
        )
        names = ("id", "status", "message", "attempt", "num_events")
        return dict(zip(names, found[0], strict=True)) if found else {}

    def wait_for_end(self, key: str) -> dict[str, Any]:
        until = time.monotonic() + 180
        ends = {"completed", "pending_review", "failed", "cancelled"}
        while (row := self.row(key)).get("status") not in ends:
            assert time.monotonic() < until, (row, self._log())
            time.sleep(0.1)
        return row

    def wait_for_death(self) -> None:
        assert self._ended(within=180, or_else=signal.SIGTERM) == -signal.SIGKILL, self._log()

    def _ended(self, within: int, or_else: int = signal.SIGKILL) -> int:
        """Return how the worker ended; after ``within`` seconds it, and never the one after it, is sent a signal."""
        watch = threading.Timer(within, _kill, (self.pid, or_else))
        watch.start()
        ended = int(self.said())
        watch.cancel()
        return ended

    def _log(self) -> str:
        return (self.folder / "worker.log").read_text()[-3000:]


def _kill(pid: int, how: int = signal.SIGKILL) -> None:
    if pid > 0:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(pid, how)


@pytest.fixture(scope="module")
def broker() -> str:
    """The queue that this file drills; ``test_crash_drill_rabbitmq.py`` says another, and both run at the same time."""
    return "embedded"


@pytest.fixture(scope="module")
def drill(broker: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[DrillSite, ModelServer]]:
    """A site with its queue and a model server, and the process that its workers are forked from."""
    url = broker_url(broker)
    with model_server(answer=rehearsed) as server:
        site = DrillSite(tmp_path_factory.mktemp(f"drill-{broker}"), server, url)
        assert site.run("migrate", "-v0")[0] == 0
        assert site.run("prepare_store")[0] == 0
        site.start_maker()
        yield site, server
        site.end()


def asked_although_stored(site: DrillSite, server: ModelServer, generation: object) -> list[str]:
    """Return the steps that a model was asked for after their result, or that of the last of their kind, was stored."""
    rows = site.ask(f"SELECT key, finished_at FROM runs_app_stepresult WHERE generation_id = {generation}")
    stored = {str(key): datetime.fromisoformat(f"{at}+00:00").timestamp() for key, at in rows}
    found = []
    for field in {field for field in ASKED.values() if field}:
        steps = [step for step, asked in ASKED.items() if asked == field]
        if not all(step in stored for step in steps):
            continue
        last = max(stored[step] for step in steps)
        calls = zip(server.asked, server.times, strict=True)
        found += [field for asked, at in calls if asked == field and at > last]
    return found


def test_a_worker_killed_at_every_step_repeats_nothing_and_makes_one_version(
    drill: tuple[DrillSite, ModelServer], capsys: pytest.CaptureFixture[str]
) -> None:
    """One generation loses its worker at each moment in turn; each time another worker takes it up where it was."""
    site, server = drill
    versions = "SELECT count(*) FROM skills_app_skillversion"
    [(num_before,)], asked_before = site.ask(versions), len(server.asked)
    key = site.request("Create a skill for cleaning CSV files with pandas")
    generation = site.row(key)["id"]
    table = [f"{'killed':24} {'stored':>6} {'asked':>6} {'repeated':>8} {'back after s':>12}"]
    kept: set[str] = set()
    num_kills, asked_at_kill = 0, asked_before
    for number, moment in enumerate(MOMENTS):
        began = time.monotonic()
        if moment.startswith("after:") and moment.removeprefix("after:") in kept:
            continue  # One of three that ran at the same time, and was stored with the one before.
        site.start_worker(moment, site.folder / f"mark-{number}")
        site.wait_for_death()
        repeated = asked_although_stored(site, server, generation)
        assert repeated == [], f"asked again before {moment}"
        num_kills += 1
        asked, asked_at_kill = len(server.asked) - asked_at_kill, len(server.asked)
        kept = {
            str(one[0])
            for one in site.ask(f"SELECT key FROM runs_app_stepresult WHERE generation_id = {generation}")
        }
        table.append(
            f"{moment:24} {len(kept):6} {asked:6} {len(repeated):8} {time.monotonic() - began:12.1f}"
        )
    assert kept == set(ASKED)
    site.start_worker()
    row = site.wait_for_end(key)
    site.stop_worker()

    assert (row["status"], len(server.asked)) == ("completed", asked_at_kill), row["message"]
    assert asked_although_stored(site, server, generation) == []
    events = site.ask(
        f"SELECT number, kind FROM runs_app_generationevent WHERE generation_id = {generation} ORDER BY number"
    )
    assert [number for number, _ in events] == list(range(1, row["num_events"] + 1))
    kinds = Counter(kind for _, kind in events)
    assert kinds["completed"] == 1
    # The last kill came after the end: there was nothing to take up.
    assert kinds["worker_lost"] >= num_kills - 1
    assert kinds["step_ended"] == len(ASKED)
    assert site.ask(versions) == [(num_before + 1,)]
    whole = Counter(server.asked[asked_before:])
    table.append(
        f"calls for {len([one for one in ASKED.values() if one])} model steps: {sum(whole.values())}; versions: 1; events: {len(events)}"
    )
    with capsys.disabled():
        sys.stdout.write("\n" + "\n".join(table) + "\n")


def test_a_worker_killed_around_a_question_asks_it_once_and_loses_no_answer(
    drill: tuple[DrillSite, ModelServer],
) -> None:
    """The worker dies right before the question is stored, right after it, and when it has read the answer."""
    site, server = drill
    before = len(server.asked)
    key = site.request("Create a skill for pruning apple trees", "--checkpoint", "confirm")
    generation = site.row(key)["id"]
    prompts = (
        f"SELECT key, state, answered_by_name FROM runs_app_humanprompt WHERE generation_id = {generation}"
    )

    def kill(moment: str) -> None:
        site.start_worker(moment, site.folder / f"mark-{moment.replace('/', '-')}")
        site.wait_for_death()

    kill("before:prompt/confirm")
    assert site.ask(prompts) == []
    asked = len(server.asked)
    kill("after:prompt/confirm")
    assert site.ask(prompts) == [("confirm", "open", "")]
    assert site.row(key)["status"] == "pending_hitl"
    site.answer(key)
    kill("after:answer")
    assert site.ask(prompts) == [("confirm", "answered", "ada")]
    # Everything up to the question was stored: neither the kills nor the answer made a model say any of it again.
    assert len(server.asked) == asked
    site.start_worker()
    row = site.wait_for_end(key)
    site.stop_worker()

    assert row["status"] == "pending_review", row["message"]
    fields = Counter(server.asked[before:])
    assert fields.pop("refined_content") == 2
    assert set(fields.values()) == {1}, fields
    events = f"SELECT number, kind FROM runs_app_generationevent WHERE generation_id = {generation} ORDER BY number"
    numbered = site.ask(events)
    assert [number for number, _ in numbered] == list(range(1, row["num_events"] + 1))
    kinds = Counter(kind for _, kind in numbered)
    assert (kinds["prompt_raised"], kinds["prompt_answered"], kinds["worker_lost"]) == (1, 1, 2)


def test_a_message_that_was_lost_or_came_twice_makes_no_difference(
    drill: tuple[DrillSite, ModelServer],
) -> None:
    site, server = drill
    before = len(server.asked)
    key = site.request("Write release notes from commit messages")
    site.purge()
    site.start_worker()
    row = site.wait_for_end(key)
    assert row["status"] == "completed", row["message"]
    again = site.request("Review a pull request for performance")
    for _ in range(4):
        site.wake()
    row = site.wait_for_end(again)
    site.stop_worker()

    assert (row["status"], row["attempt"]) == ("completed", 1)
    assert set(Counter(server.asked[before:]).values()) == {2, 4}
