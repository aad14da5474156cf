"""A worker that kills itself and everything it started, with signal 9, right after a step was stored (or right before).

It is the product's own worker; only the store is wrapped. ``DRILL_KILL`` names the moment: ``after:<step key>``,
``before:<step key>``, the same with ``finish`` or ``prompt/<prompt key>`` for the step key, or ``after:answer``, when it has
read what a person said; it happens once for each file that ``DRILL_MARK`` names.
"""

import importlib
import json
import os
import signal
import sys
import time
from pathlib import Path
from typing import Any

import django


def install(moment: str, mark: Path) -> None:
    """Wrap what stores steps and results."""
    advance_generation: Any = importlib.import_module("runs_app.services.advance_generation")
    side, _, key = moment.partition(":")

    def die(at: str, what: str) -> None:
        if (at, what) == (side, key) and not mark.exists():
            mark.touch()
            os.killpg(0, signal.SIGKILL)

    store, finish = advance_generation.store_step, advance_generation.finish_generation
    raise_prompt, load = advance_generation.raise_prompt, advance_generation.load_work

    def storing(**arguments: Any) -> None:
        die("before", arguments["item"].key)
        store(**arguments)
        die("after", arguments["item"].key)

    def finishing(**arguments: Any) -> Any:
        die("before", "finish")
        version = finish(**arguments)
        die("after", "finish")
        return version

    def raising(**arguments: Any) -> None:
        die("before", f"prompt/{arguments['item'].key}")
        raise_prompt(**arguments)
        die("after", f"prompt/{arguments['item'].key}")

    def loading(**arguments: Any) -> Any:
        found = load(**arguments)
        if found.answers:
            die("after", "answer")
        return found

    advance_generation.raise_prompt, advance_generation.load_work = raising, loading
    advance_generation.store_step = storing
    advance_generation.finish_generation = finishing


def work(words: list[str]) -> None:
    """Be a worker as the product's own, in a session of its own, so that signal 9 takes all of it and nothing else."""
    if moment := os.environ.get("DRILL_KILL"):
        install(moment, Path(os.environ["DRILL_MARK"]))
    from fleet_site.celery import app

    app.worker_main(words)


def main() -> None:
    """Import what takes seconds, once; then, for each line of JSON (environment and words), fork a worker and say its end.

    A forked worker is a real process of its own; only the seconds of its imports are spared.
    """
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "fleet_site.settings")
    django.setup()
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
        sys.stdout.write(f"{pid}\n")
        sys.stdout.flush()
        _, status = os.waitpid(pid, 0)
        sys.stdout.write(f"{os.waitstatus_to_exitcode(status)}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
