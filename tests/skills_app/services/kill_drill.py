"""What drills of the library share: a process of their own, a start to go back to, and a kill at every nth call.

A drill needs a process of its own, because the database has to be a file that a killed process leaves as it was.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.skills_app.adapters.dying_process import run_and_die

ROOT = Path(__file__).resolve().parents[3]
IN_MEMORY = "/dev/shm"
END = 1_000

Work = Callable[[], object]


def outcomes_of(drill: str) -> list[dict[str, Any]]:
    """Run a module whose end is ``kill_at_every``; return what it tells of each kill, in their order.

    Raises:
        AssertionError: the drill failed.
    """
    with tempfile.TemporaryDirectory(dir=IN_MEMORY if os.access(IN_MEMORY, os.W_OK) else None) as folder:
        environment = {k: v for k, v in os.environ.items() if k != "FLEET_DATABASE_URL"} | {
            "FLEET_DATA_DIR": f"{folder}/data",
            "FLEET_IGNORE_ENV_FILE": "1",
            "FLEET_LIBRARY_DIR": f"{folder}/library",
            "DJANGO_SETTINGS_MODULE": "fleet_site.settings",
        }
        done = subprocess.run(
            [sys.executable, "-m", drill, folder],
            cwd=ROOT,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
    assert done.returncode == 0, done.stderr[-2000:]
    return [json.loads(line) for line in done.stdout.splitlines()]


def kill_at_every(
    step: int,
    *,
    folder: Path,
    prepare: Callable[[Path], None],
    ready: Callable[[], Work],
    outcome: Callable[[Path], dict[str, Any]],
) -> None:
    """Prepare once, then do the work, each time from the same start and killed ``step`` calls later, until it lives on.

    ``prepare`` and ``outcome`` are given the library's folder; ``ready`` reads what the work needs and returns the work.
    Prints one JSON object a kill: its call, whether the work came to its end, and the outcome.
    """
    import django

    django.setup()
    from django.conf import settings
    from django.db import connection

    database, library = Path(str(connection.settings_dict["NAME"])), Path(settings.FLEET_LIBRARY_DIR)
    prepare(library)
    connection.close()
    start = folder / "start"
    start.mkdir()
    for held in database.parent.glob(f"{database.name}*"):
        shutil.copy(held, start)
    shutil.copytree(library, start / "library")
    for call in range(1, END, step):
        connection.close()
        for held in database.parent.glob(f"{database.name}*"):
            held.unlink()
        shutil.rmtree(library)
        for held in start.glob(f"{database.name}*"):
            shutil.copy(held, database.parent)
        shutil.copytree(start / "library", library)
        work = ready()
        connection.close()
        is_over = run_and_die(work, before_call=call, counts_database=True)
        sys.stdout.write(json.dumps({"call": call, "is_over": is_over, **outcome(library)}) + "\n")
        if is_over:
            return
