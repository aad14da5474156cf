"""The overview and the trends at a million runs and 100,000 versions over two years, beside the same without rollups.

What stands under "peer" are the same totals, made from the rows themselves by our own code in one process, without the
page around them; each time they are compared with those of the rollups to the last digit. The gate by month also stands
beside one plain SQL query, which counts and does no more. Pages without a peer read no rollups; their note says so.
``FLEET_BENCH_RUNS`` and ``FLEET_BENCH_VERSIONS`` make it smaller, for a first look; ``FLEET_BENCH_FOLDER`` names a folder
that is filled once and used again.
"""

import contextlib
import json
import os
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.benchmarks import fleet_steps, trend_steps
from tests.benchmarks.harness import Report, median, percentile
from tests.benchmarks.servers import Server, fleet_server

NUM_RUNS = int(os.environ.get("FLEET_BENCH_RUNS", "1000000"))
NUM_VERSIONS = int(os.environ.get("FLEET_BENCH_VERSIONS", "100000"))
FOLDER = os.environ.get("FLEET_BENCH_FOLDER", "")
NUM_NEW = min(5_000, NUM_RUNS // 10)
ROUNDS = 20
OVERVIEW_MS, DRILL_MS, UPDATE_SECONDS = 300.0, 500.0, 10.0
_NO_PEER = "Peer: –, reads no rollups."


@dataclass(frozen=True, slots=True)
class Page:
    """A page: its name, its address before the query, its query without the last day, and the step that does the same
    without rollups, where it has any.
    """

    name: str
    path: str
    query: str
    peer: str = ""


_OVERVIEWS = (
    Page("overview, 4 weeks", "/overview/", "days=28", "raw"),
    Page("overview, 13 weeks", "/overview/", "days=91", "raw"),
    Page("overview, a year", "/overview/", "days=365", "raw"),
    Page("overview, two years", "/overview/", "days=730", "raw"),
    Page("overview of a branch, two years", "/overview/", "days=730&branch=area-1", "raw"),
    Page("overview of a type, a year", "/overview/", "days=365&type=technical", "raw"),
    Page("overview of a model, 13 weeks", "/overview/", "days=91&model=model-2", "raw"),
    Page("overview of a program, a year", "/overview/", "days=365&program=writer+2", "raw"),
    Page("overview of a person, a year", "/overview/", "days=365&author=person-03", "raw"),
    Page("overview of a branch and a type, a year", "/overview/", "days=365&branch=area-1&type=technical", "raw"),
    Page("overview of a model and a person, a year", "/overview/", "days=365&model=model-2&author=person-03", "raw"),
)  # fmt: skip
_DRILLS = (
    Page("trends, 13 weeks", "/trends/", "days=91", "raw"),
    Page("trends, a year", "/trends/", "days=365", "raw"),
    Page("trends, two years", "/trends/", "days=730", "raw"),
    Page("trends of a branch, two years", "/trends/", "days=730&branch=area-1", "raw"),
    Page("trends of a branch and a model", "/trends/", "days=91&branch=area-1&model=model-2", "raw"),
    Page("trends of a model and a person, two years", "/trends/", "days=730&model=model-2&author=person-03", "raw"),
    Page("trends of a model and a program, two years", "/trends/", "days=730&model=model-2&program=writer+2", "raw"),
    Page("trends of a model, a program and a person, a year", "/trends/", "days=365&model=model-2&program=writer+2&author=person-03", "raw"),
    Page("waiting for people, 13 weeks", "/trends/people/", "days=91"),
    Page("waiting for people, a year", "/trends/people/", "days=365"),
    Page("waiting for people, two years", "/trends/people/", "days=730"),
    Page("waiting for people, a model and a program, two years", "/trends/people/", "days=730&model=model-2&program=writer+2"),
    Page("days of each stage, 13 weeks", "/trends/funnel/", "days=91", "raw"),
    Page("days of each stage, two years", "/trends/funnel/", "days=730", "raw"),
    Page("scorers against reviewers, 13 weeks", "/trends/agreement/", "days=91"),
    Page("scorers against reviewers, two years", "/trends/agreement/", "days=730"),
    Page("a chart as CSV, two years", "/trends/charts/cost.csv", "days=730", "raw"),
    Page("a chart as SVG, two years", "/trends/charts/quality-fleet-1.svg", "days=730", "raw"),
    Page("the gate as CSV, two years", "/trends/charts/gate.csv", "days=730", "sql_gate"),
    Page("findings by rule as CSV, a year", "/trends/rules.csv", "days=365", "raw"),
    Page("active skills", "/trends/rows/", "of=skills&days=28"),
    Page("active skills that pass, two years, the last page", "/trends/rows/", "of=skills&gate=passed&days=730&page=999999"),
    Page("active skills that got worse, two years", "/trends/rows/", "of=skills&moved=worse&days=730"),
    Page("versions behind a figure", "/trends/rows/", "of=versions&gate=blocked&days=91"),
    Page("versions that break a rule", "/trends/rows/", "of=versions&rule=rule.03&days=91"),
    Page("versions that break a rule, two years", "/trends/rows/", "of=versions&rule=rule.03&days=730"),
    Page("versions of two years, the last page", "/trends/rows/", "of=versions&days=730&page=999999"),
    Page("versions that a scorer scored, two years, the last page", "/trends/rows/", "of=versions&scorer=fleet-1+1.0&days=730&page=999999"),
    Page("versions that two versions of a scorer judged, two years", "/trends/rows/", "of=versions&ruler=fleet-1&old=1.0&new=1.1&days=730"),
    Page("versions on which a score and reviewers differ, two years", "/trends/rows/", "of=versions&judged=fleet-1%2F1.0%2F&agrees=no&days=730"),
    Page("generations that passed, two years, the last page", "/trends/rows/", "of=runs&came=passed&days=730&page=999999", "raw_rows"),
    Page("generations that were not approved, two years, the last page", "/trends/rows/", "of=runs&lost=approved&days=730&page=999999", "raw_rows"),
    Page("generations that state a cost, two years, the last page", "/trends/rows/", "of=runs&known=cost&days=730&page=999999", "raw_rows"),
    Page("runs of a phase, two years, the last page", "/trends/rows/", "of=runs&phase=generate&days=730&page=999999", "raw_rows"),
    Page("reviews that wait", "/trends/rows/", "of=reviews&wait=open&days=28"),
    Page("reviews with a first verdict, two years", "/trends/rows/", "of=reviews&wait=decided&days=730"),
    Page("questions of a kind whose answer changed the way, two years", "/trends/rows/", "of=questions&kind=clarify&answer=changed&days=730"),
    Page("six versions side by side", "/compare/versions/", "".join(f"version={number}&" for number in range(11, 17)) + "all=1"),
    Page("six generations side by side", "/compare/runs/", "".join(f"run={number}&" for number in range(1, 61, 10)) + "all=1"),
    Page("500 versions in a picture", "/compare/many-versions/", "days=730"),
    Page("generations behind a figure, the last page", "/trends/rows/", "of=runs&model=model-2&page=999999", "raw_rows"),
    Page("generations of two years, the last page", "/trends/rows/", "of=runs&days=730&page=999999", "raw_rows"),
    Page("generations of a model and a person, two years, the last page", "/trends/rows/", "of=runs&days=730&model=model-2&author=person-03&page=999999", "raw_rows"),
)  # fmt: skip


def run(report: Report) -> None:
    """Measure everything; takes some ten minutes of a processor, most of it to fill and to add up for the first time."""
    with _folder() as data_dir:
        filled = _filled(report, data_dir)
        report.add("everything added up for the first time (s)", ours=filled["seconds"])
        _update(report, data_dir)
        cookie = str(fleet_steps.do("sign_in", data_dir=data_dir))
        with fleet_server(data_dir) as server:
            bench = _Bench(report, server, cookie, filled["last"], data_dir)
            every = [seconds for page in _OVERVIEWS for seconds in bench.page(page, OVERVIEW_MS)]
            p95 = percentile(every, 0.95) * 1000
            aim = f"at most {OVERVIEW_MS:.0f}"
            report.add("all overviews, p95 (ms)", ours=p95, aim=aim, holds=p95 <= OVERVIEW_MS)
            for page in _DRILLS:
                bench.page(page, DRILL_MS)
            report.add("memory of the web process (MB)", ours=server.memory_mb)


@contextlib.contextmanager
def _folder() -> Iterator[Path]:
    """Yield the folder that is kept, or one that goes with the measurement."""
    if FOLDER:
        Path(FOLDER).mkdir(parents=True, exist_ok=True)
        yield Path(FOLDER).resolve()
        return
    with tempfile.TemporaryDirectory(prefix="fleet-bench-") as made:
        yield Path(made)


def _filled(report: Report, data_dir: Path) -> dict[str, Any]:
    """Fill the folder unless it is; return its last day and the seconds that all took to be added up for the first time.

    Raises:
        RuntimeError: the folder holds other numbers of rows.
    """
    note = data_dir / "filled.json"
    numbers = [NUM_RUNS, NUM_VERSIONS]
    fleet_steps.do("migrate", data_dir=data_dir)
    if note.is_file():
        kept: dict[str, Any] = json.loads(note.read_text(encoding="utf-8"))
        if kept["numbers"] != numbers:
            raise RuntimeError(
                f"{data_dir} was filled with {kept['numbers']} runs and versions, not {numbers}"
            )
        return kept
    report.say(f"filling {NUM_RUNS:,} runs and {NUM_VERSIONS:,} versions")
    filled = trend_steps.do("fill", f"{NUM_RUNS},{NUM_VERSIONS}", data_dir=data_dir, say=report.say)
    report.say("adding everything up for the first time")
    seconds = trend_steps.do("build", data_dir=data_dir, say=report.say)
    kept = {"numbers": numbers, "last": filled["last"], "seconds": seconds}
    note.write_text(json.dumps(kept), encoding="utf-8")
    return kept


def _update(report: Report, data_dir: Path) -> None:
    report.say(f"{NUM_NEW:,} new runs")
    more = trend_steps.do("more", str(NUM_NEW), data_dir=data_dir)
    report.add(
        f"update after {NUM_NEW:,} new runs (s)",
        ours=more["seconds"],
        aim=f"under {UPDATE_SECONDS:.0f}",
        holds=more["seconds"] < UPDATE_SECONDS,
        note=f"{more['days']} days were added up again and {more['versions']} versions looked at; it kept a processor busy for {more['cpu_seconds']:.1f} s.",
    )


class _Bench:
    """Asks a server for pages, and makes the same totals without rollups, each only once."""

    def __init__(self, report: Report, server: Server, cookie: str, until: str, data_dir: Path) -> None:
        self._report = report
        self._server = server
        self._headers = {"Cookie": cookie}
        self._until = until
        self._data_dir = data_dir
        self._raw: dict[tuple[str, str], dict[str, Any]] = {}

    def page(self, page: Page, aim_ms: float) -> list[float]:
        """Add the row of a page and return the seconds of each answer."""
        self._report.say(page.name)
        query = f"{page.query}&until={self._until}"
        mine, busy = self._seconds(f"{page.path}?{query}")
        raw = self._without_rollups(page.peer, query)
        p95 = percentile(mine, 0.95)
        said = f"Half of them took at most {median(mine) * 1000:.0f} ms"
        said += f", and each kept a processor busy for {busy * 1000:.0f} ms." if busy is not None else "."
        told = [f"{raw[f'num_{name}']:,} {name}" for name in ("runs", "versions") if f"num_{name}" in raw]
        if page.peer == "sql_gate":
            said += f" The same counts by one SQL query over {told[0]}."
        elif told:
            said += f" The same from {' and '.join(told)} of the period."
        else:
            said += f" {_NO_PEER}"
        self._report.add(
            f"{page.name}, p95 (ms)",
            ours=p95 * 1000,
            peer=raw["seconds"] * 1000 if raw else None,
            ratio=raw["seconds"] / p95 if raw else None,
            aim=f"at most {aim_ms:.0f}",
            holds=p95 * 1000 <= aim_ms,
            note=said,
        )
        return mine

    def _seconds(self, address: str) -> tuple[list[float], float | None]:
        """Return the seconds of each answer after the first, and those of the processor for one of them."""
        self._server.ask(address, headers=self._headers)
        before = self._server.cpu_seconds
        found = [self._server.ask(address, headers=self._headers)[1] for _ in range(ROUNDS)]
        after = self._server.cpu_seconds
        return found, (after - before) / ROUNDS if before is not None and after is not None else None

    def _without_rollups(self, step: str, query: str) -> dict[str, Any]:
        if not step:
            return {}
        if (step, query) not in self._raw:
            self._raw[step, query] = trend_steps.do(step, query, data_dir=self._data_dir)
        return self._raw[step, query]
