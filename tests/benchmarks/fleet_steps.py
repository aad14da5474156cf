"""Steps of a benchmark that need our database: ``python -m tests.benchmarks.fleet_steps STEP [VALUE]``, an answer in JSON.

Each runs in a process of its own, whose data folder is the benchmark's and not the one of the person who measures.
"""

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from tests.benchmarks.servers import environment


def do(step: str, value: str = "", *, data_dir: Path) -> Any:
    """Run one step in a process of its own and return its answer.

    Raises:
        RuntimeError: it failed; the message holds the end of what it said.
    """
    done = subprocess.run(
        [sys.executable, "-m", "tests.benchmarks.fleet_steps", step, value],
        env=environment(data_dir),
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise RuntimeError(f"The step {step} failed: {done.stderr[-3000:]}")
    return json.loads(done.stdout.splitlines()[-1])


def _migrate(_: str) -> bool:
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
    return True


def _sync(address: str) -> dict[str, float]:
    """Mirror a source from nothing, then look again when nothing is new."""
    from runs_app.services.add_source import add_source
    from runs_app.services.sync_source import sync_source

    source = add_source(address=address, name="benchmark")
    began = time.perf_counter()
    report = sync_source(source=source, who="benchmark")
    first = time.perf_counter() - began
    again = []
    for _ in range(3):
        source.refresh_from_db()
        began = time.perf_counter()
        second = sync_source(source=source, who="benchmark")
        again.append(time.perf_counter() - began)
        if second.has_changes:
            raise RuntimeError(f"the second sync changed something: {second}")
    return {"num_runs": report.num_new, "first_seconds": first, "again_seconds": max(again)}


def _fill(num_runs: str) -> float:
    from tests.benchmarks.fill import fill_runs

    began = time.perf_counter()
    fill_runs(int(num_runs))
    return time.perf_counter() - began


def _prepare(_: str) -> bool:
    """Make the store that our own runs are recorded in."""
    from django.core.management import call_command

    call_command("prepare_store")
    return True


def _generate(task: str, *, is_watched: bool = False) -> str:
    """Ask for a skill without questions; return the generation's key."""
    from runs_app.domain.generation import GenerationOptions, GenerationRequest
    from runs_app.services.request_generation import request_generation

    options = GenerationOptions(is_auto_approved=True)
    wanted = GenerationRequest(task)
    return request_generation(request=wanted, options=options, user_name="bench", is_watched=is_watched).key


def _generate_watched(task: str) -> str:
    """Ask for a skill as a person does in the browser, who is led to its page at once; return the generation's key."""
    return _generate(task, is_watched=True)


def _generate_many(number: str) -> int:
    for one in range(int(number)):
        _generate(f"skill number {one} of many that were asked for at once")
    return int(number)


def _sign_in(_: str) -> str:
    """Return the cookie of a person who is signed in."""
    from django.conf import settings
    from django.contrib.auth.models import User
    from django.test import Client

    user, _made = User.objects.get_or_create(username="bench", defaults={"is_superuser": True})
    client = Client()
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return f"{settings.SESSION_COOKIE_NAME}={client.cookies[settings.SESSION_COOKIE_NAME].value}"


def _versions(path: str) -> dict[str, str]:
    """Make a skill of two versions for each pair of texts in a JSON file; return its key by the pair's name."""
    from datetime import UTC, datetime

    from skills_app.domain.enums import VersionOrigin
    from skills_app.services.add_version import add_version
    from skills_app.services.make_skill import make_skill

    keys = {}
    for name, texts in json.loads(Path(path).read_text(encoding="utf-8")).items():
        skill, _made = make_skill(path=f"bench/{name}", name=name)
        for text in texts:
            add_version(
                skill=skill, content=text, origin=VersionOrigin.EDIT, made_at=datetime.now(UTC), files=()
            )
        keys[name] = skill.key
    return keys


STEPS = {
    "migrate": _migrate,
    "prepare": _prepare,
    "sync": _sync,
    "fill": _fill,
    "generate": _generate,
    "generate_many": _generate_many,
    "generate_watched": _generate_watched,
    "sign_in": _sign_in,
    "versions": _versions,
}

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "fleet_site.settings")
    import django

    django.setup()
    sys.stdout.write(json.dumps(STEPS[sys.argv[1]](sys.argv[2])) + "\n")
