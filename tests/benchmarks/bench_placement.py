"""Placement help at 20,000 skills in 2,000 categories: what a worker takes beforehand, and what the pages take then."""

import json
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.benchmarks.harness import Report
from tests.benchmarks.placement_steps import PARTS
from tests.benchmarks.servers import environment

PAGE_MS, SURVEY_SECONDS, MEMORY_MB = 1_000, 60, 300


def run(report: Report) -> None:
    """Measure on SQLite; takes about a minute."""
    with tempfile.TemporaryDirectory(prefix="fleet-bench-") as folder:
        found: dict[str, float] = {}
        for part in PARTS:
            report.say(part)
            found |= _done(part, Path(folder))
    pages = {
        "all": "placement help, the whole library, p95 (ms)",
        "branch": "placement help, one branch, p95 (ms)",
        "tree": "the tree opened two levels, p95 (ms)",
        "facets": "the same tree under a facet, p95 (ms)",
    }
    for key, name in pages.items():
        ours = found[key] * 1_000
        report.add(name, ours=ours, aim=f"at most {PAGE_MS}", holds=ours <= PAGE_MS)
    for key, name in pages.items():
        report.add(name.replace("p95 (ms)", "mean (ms of processor)"), ours=found[f"{key}_processor"] * 1_000)
    report.add("the largest of these pages (kB)", ours=found["kilobytes"])
    taken, memory = found["processor"], found["memory"]
    report.add(
        "a worker looks at all of it (s of processor)",
        ours=taken,
        aim=f"at most {SURVEY_SECONDS}",
        holds=taken <= SURVEY_SECONDS,
    )
    report.add("the same by the clock (s)", ours=found["survey"])
    report.add(
        "memory of the worker for it (MB)", ours=memory, aim=f"at most {MEMORY_MB}", holds=memory <= MEMORY_MB
    )
    report.add("memory of a process that serves the pages (MB)", ours=found["page_memory"])


def _done(part: str, folder: Path) -> dict[str, float]:
    """Do one part in a process of its own and return what it found."""
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-m", "tests.benchmarks.placement_steps", part],
        env=environment(folder),
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise RuntimeError(f"Measuring ({part}) failed: {done.stderr[-3000:]}")
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found
