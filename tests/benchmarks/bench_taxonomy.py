"""The taxonomy at 20,000 skills in 2,000 categories, on SQLite and PostgreSQL, beside django-treebeard in the same run.

The peer only moves: it keeps no aliases, no audit, no undo. So only the statements that move 5,000 addresses are held
against it; what a change-set takes in all stands in rows of its own. Without a PostgreSQL server its rows are left out,
and said to be. ``FLEET_BENCH_SKILLS`` makes it smaller, for a first look; a fourth of them moves.
"""

import contextlib
import json
import math
import os
import secrets
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.benchmarks.fill_taxonomy import NUM_BELOW, NUM_MOVED, NUM_PUBLISHED, NUM_REVIEWS, NUM_SKILLS
from tests.benchmarks.harness import Report
from tests.benchmarks.servers import environment
from tests.benchmarks.taxonomy_steps import CHANGE_ROUNDS, PARTS, ROUNDS

SERVER = os.environ.get(
    "TEST_POSTGRES_URL", "postgresql+psycopg:///postgres?host=/var/run/postgresql&user=postgres"
).replace("+psycopg", "")
OPEN_MS, PREVIEW_MS, APPLY_SECONDS, PEER_TIMES = 100, 500, 2, 3
_SEARCHES = f"{ROUNDS} searches: for a skill's name, a word of every skill's, an old address and a slug, as often each."
_CHANGE = (
    f"The median of {CHANGE_ROUNDS}. Among what moves are {NUM_REVIEWS} live reviews with two verdicts each, which become"
    f" stale, and {NUM_PUBLISHED} published skills, whose folders and index follow."
)


def run(report: Report) -> None:
    """Measure both databases; takes some minutes."""
    with tempfile.TemporaryDirectory(prefix="fleet-bench-") as folder:
        report.say("measuring on SQLite")
        _add(report, "SQLite", _measured(Path(folder), ""))
        with _postgresql(report) as url:
            if url:
                report.say("measuring on PostgreSQL")
                _add(report, "PostgreSQL", _measured(Path(folder) / "pg", url))


def _measured(data_dir: Path, url: str) -> dict[str, float]:
    """Do every part in a process of its own, one after the other; return the seconds by name."""
    data_dir.mkdir(exist_ok=True)
    env = environment(data_dir) | ({"FLEET_DATABASE_URL": url} if url else {})
    env["FLEET_BENCH_SKILLS"] = str(NUM_SKILLS)
    found: dict[str, float] = {}
    for part in PARTS:
        done = subprocess.run(
            [sys.executable, "-W", "ignore", "-m", "tests.benchmarks.taxonomy_steps", part],
            env=env,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode != 0:
            raise RuntimeError(f"Measuring ({part}) failed: {done.stderr[-3000:]}")
        found |= json.loads(done.stdout.splitlines()[-1])
    return found


def _add(report: Report, database: str, found: dict[str, float]) -> None:
    pages = {
        "open_tree": "the tree, p95 (ms)",
        "open_branch": f"open a branch of {NUM_BELOW} categories, p95 (ms)",
        "open_leaf": f"open a category of {math.ceil(NUM_MOVED / NUM_BELOW)} skills, p95 (ms)",
        "search": "search, p95 (ms)",
    }
    for key, name in pages.items():
        ours = found[key] * 1000
        note = _SEARCHES if key == "search" else ""
        aim = f"at most {OPEN_MS}"
        report.add(f"{database}: {name}", ours=ours, aim=aim, holds=ours <= OPEN_MS, note=note)
    moved = f"{NUM_MOVED:,} skills"
    for what, kind in ((f"a branch of {moved}", ""), (f"{moved} one by one", "_single")):
        preview = found[f"preview{kind}"] * 1000
        name = f"{database}: preview a move of {what} (ms)"
        report.add(name, ours=preview, aim=f"at most {PREVIEW_MS}", holds=preview <= PREVIEW_MS, note=_CHANGE)
        shown = found[f"page{kind}"] * 1000
        name = f"{database}: the page with the impact of {what} (ms)"
        report.add(name, ours=shown, aim=f"at most {PREVIEW_MS}", holds=shown <= PREVIEW_MS, note=_CHANGE)
        for step, name in (
            ("apply", "apply it, with aliases, search and audit (s)"),
            ("undo", "undo it (s)"),
        ):
            took = found[f"{step}{kind}"]
            told = f"{database}: {name}" if not kind else f"{database}, one by one: {name}"
            report.add(
                told, ours=took, aim=f"at most {APPLY_SECONDS}", holds=took <= APPLY_SECONDS, note=_CHANGE
            )
    ours, peer = found["move_ours"] * 1000, found["move_peer"] * 1000
    report.add(
        f"{database}: the statements that move {NUM_MOVED:,} addresses (ms)",
        ours=ours,
        peer=peer,
        ratio=round(ours / peer, 2),
        aim=f"at most {PEER_TIMES} times",
        holds=ours <= PEER_TIMES * peer,
        note="The peer is django-treebeard's MP_Node.move on a tree of as many nodes in the same database; both write the branch itself, too.",
    )
    report.add(f"{database}: all rows of it with {NUM_MOVED:,} aliases (ms)", ours=found["write_rows"] * 1000)


@contextlib.contextmanager
def _postgresql(report: Report) -> Iterator[str]:
    """Yield the address of a scratch database, dropped afterwards; an empty one when there is no server."""
    import psycopg

    name = f"fleet_bench_{secrets.token_hex(4)}"
    try:
        connection: Any = psycopg.connect(SERVER, autocommit=True)
    except psycopg.OperationalError:
        report.add("PostgreSQL: not measured, there is no server", ours=None)
        yield ""
        return
    with connection:
        connection.execute(f'CREATE DATABASE "{name}"')
    try:
        yield SERVER.replace("/postgres?", f"/{name}?")
    finally:
        with psycopg.connect(SERVER, autocommit=True) as again:
            again.execute(f'DROP DATABASE "{name}" WITH (FORCE)')
