"""A worker that kills itself and everything it started, with signal 9, at the very moments that a drill asks for.

It is the product's own worker; only what stores steps and results is wrapped. ``DRILL_KILL`` is a JSON map from the number
of a generation to its moment: ``after:<step key>``, ``before:<step key>``, the same with ``finish``, ``prompt/<prompt key>`` or
(after only) ``answer/<prompt key>``, when it has read what a person said. A generation stands still at its moment, with nothing
of it under way; when the last of them stands, all die at once, so that one kill hits as many boundaries as there are.
"""

import asyncio
import contextlib
import importlib
import io
import json
import os
import signal
import sys
import time
import traceback
from typing import Any

import django


def install(moments: dict[int, str]) -> None:
    """Wrap what takes the items of a generation, and what begins with what people said."""
    advance_generation: Any = importlib.import_module("runs_app.services.advance_generation")
    items: Any = importlib.import_module("runs_app.domain.pipeline_items")
    arrived: set[int] = set()
    take, go_through = advance_generation._take, advance_generation._go_through

    async def stand(generation_id: int, moment: str) -> None:
        if moments.get(generation_id) != moment:
            return
        arrived.add(generation_id)
        if arrived == set(moments):
            os.killpg(0, signal.SIGKILL)
        await asyncio.Event().wait()

    def what_of(item: Any) -> str:
        if isinstance(item, items.GenerationFinished):
            return "finish"
        if isinstance(item, items.PromptRaised):
            return f"prompt/{item.key}"
        return item.key if isinstance(item, items.StepFinished) else ""

    async def taking(course: Any, item: Any) -> None:
        what = what_of(item)
        if what:
            await stand(course.lease.generation_id, f"before:{what}")
        await take(course, item)
        if what:
            await stand(course.lease.generation_id, f"after:{what}")

    async def going(course: Any, work: Any, *others: Any) -> None:
        for key in work.answers:
            await stand(course.lease.generation_id, f"after:answer/{key}")
        await go_through(course, work, *others)

    advance_generation._take, advance_generation._go_through = taking, going


def work(words: list[str]) -> None:
    """Be a worker as the product's own, in a session of its own, so that signal 9 takes all of it and nothing else."""
    if moments := json.loads(os.environ.get("DRILL_KILL") or "{}"):
        install({int(key): moment for key, moment in moments.items()})
    from fleet_site.celery import app

    app.worker_main(words)


def say(text: str) -> None:
    """Write one line to whoever drills."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def make_workers() -> None:
    """Import what takes seconds, once; then, for each line of JSON (environment and words), fork a worker and say its end.

    A forked worker is a real process of its own; only the seconds of its imports are spared.
    """
    advance_generations: Any = importlib.import_module("runs_app.services.advance_generations")
    advance_generations.import_heavy_packages()
    importlib.import_module("runs_app.tasks")
    for line in sys.stdin:
        asked = json.loads(line)
        pid = os.fork()
        if pid == 0:
            os.setsid()
            os.environ.update(asked["environment"])
            for number, name in ((1, asked["log"]), (2, asked["log"])):
                os.dup2(os.open(name, os.O_WRONLY | os.O_APPEND | os.O_CREAT), number)
            work(asked["words"])
            os._exit(0)
        # Whoever reads this may signal the group at once, so it must be there.
        while os.getpgid(pid) != pid:
            time.sleep(0.001)
        say(str(pid))
        _, status = os.waitpid(pid, 0)
        say(str(os.waitstatus_to_exitcode(status)))


def do_as_told() -> None:
    """Be the site beside its workers: for each line of JSON, run the code in it and say what it printed, or how it failed."""
    for line in sys.stdin:
        said = io.StringIO()
        try:
            with contextlib.redirect_stdout(said):
                exec(json.loads(line), {})
        except Exception:  # noqa: BLE001
            say(json.dumps({"failed": traceback.format_exc()}))
        else:
            say(json.dumps({"said": said.getvalue()}))


def main() -> None:
    """Fork workers, or with ``clerk`` do what the site's pages do."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "fleet_site.settings")
    django.setup()
    if sys.argv[1:] == ["clerk"]:
        do_as_told()
    else:
        make_workers()


if __name__ == "__main__":
    main()
