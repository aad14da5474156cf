"""Benchmarks: each yields rows, the rows become a table and a file, and an aim that does not hold is an exit code.

``bench_<name>.py`` offers ``run(report)``, which adds its rows as it goes, or ``rows()``, which returns them at the end.
"""

import importlib
import json
import math
import os
import platform
import statistics
import sys
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, TextIO

FOLDER = Path(__file__).resolve().parent
_PACKAGES = ("django", "mlflow", "mlflow-skinny", "sqlalchemy", "uvicorn", "skills-ref")
_COLUMNS = ("name", "ours", "peer", "ratio", "aim", "holds")


class BenchmarkError(Exception):
    """A benchmark does not exist, or yields what is no row."""


@dataclass(frozen=True, slots=True)
class Row:
    """One measured thing: ours, the peer's, how many times the one is the other, and whether the aim holds.

    ``peer`` and ``ratio`` are None where there is nothing to compare with; ``holds`` is None where nothing is asked.
    """

    name: str
    ours: float | None
    peer: float | None = None
    ratio: float | None = None
    aim: str = ""
    holds: bool | None = None
    note: str = ""


@dataclass(slots=True)
class Report:
    """The rows of one benchmark as they come in; ``say`` tells a waiting person what goes on."""

    name: str
    rows: list[Row] = field(default_factory=list)
    stream: TextIO = sys.stderr

    def add(
        self,
        name: str,
        *,
        ours: float | None,
        peer: float | None = None,
        ratio: float | None = None,
        aim: str = "",
        holds: bool | None = None,
        note: str = "",
    ) -> Row:
        """Add a row and return it."""
        row = Row(name, ours, peer, ratio, aim, holds, note)
        self.rows.append(row)
        return row

    def say(self, text: str) -> None:
        """Tell what is being done."""
        self.stream.write(f"  {text}\n")
        self.stream.flush()

    @property
    def holds(self) -> bool:
        """Whether every aim holds."""
        return all(row.holds is not False for row in self.rows)


def benchmark_names(folder: Path = FOLDER) -> list[str]:
    """Return the names that ``ONLY=`` takes, in order."""
    return sorted(path.stem.removeprefix("bench_") for path in folder.glob("bench_*.py"))


def run_benchmark(name: str, *, package: str = "tests.benchmarks", stream: TextIO = sys.stderr) -> Report:
    """Run ``bench_<name>`` of ``package`` and return its report.

    Raises:
        BenchmarkError: there is no such benchmark, or it offers neither ``run`` nor ``rows``, or yields no row.
    """
    module_name = f"{package}.bench_{name}"
    try:
        module = importlib.import_module(module_name)
    except ModuleNotFoundError as error:
        if error.name != module_name:
            raise
        raise BenchmarkError(f"There is no benchmark “{name}”.") from error
    report = Report(name=name, stream=stream)
    if hasattr(module, "run"):
        module.run(report)
    elif hasattr(module, "rows"):
        report.rows += [_row_of(values) for values in module.rows()]
    else:
        raise BenchmarkError(f"bench_{name}.py offers neither run(report) nor rows().")
    if not report.rows:
        raise BenchmarkError(f"The benchmark “{name}” measured nothing.")
    return report


def write_report(report: Report, *, folder: Path, seconds: float) -> Path:
    """Write the rows with machine, versions and time as ``<folder>/<name>.json``, whole or not at all; return the path."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{report.name}.json"
    content = {
        "name": report.name,
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "seconds": round(seconds, 1),
        "machine": machine(),
        "versions": versions(),
        "holds": report.holds,
        "rows": [asdict(row) for row in report.rows],
    }
    unfinished = path.with_suffix(".json.new")
    unfinished.write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    unfinished.replace(path)
    return path


def table(rows: Sequence[Row]) -> str:
    """Return the rows as lines of text, numbers to the right; notes stand below."""
    lines = [list(_COLUMNS)]
    for row in rows:
        holds = "" if row.holds is None else "yes" if row.holds else "NO"
        mark = f" [{_note_number(rows, row)}]" if row.note else ""
        lines.append(
            [row.name + mark, _number(row.ours), _number(row.peer), _number(row.ratio), row.aim, holds]
        )
    widths = [max(len(line[column]) for line in lines) for column in range(len(_COLUMNS))]
    text = [
        "  ".join(
            cell.rjust(width) if column in (1, 2, 3) else cell.ljust(width)
            for column, (cell, width) in enumerate(zip(line, widths, strict=True))
        ).rstrip()
        for line in lines
    ]
    text.insert(1, "  ".join("-" * width for width in widths))
    notes = dict.fromkeys(row.note for row in rows if row.note)
    text += [f"[{number}] {note}" for number, note in enumerate(notes, start=1)]
    return "\n".join(text)


def machine() -> dict[str, Any]:
    """Return what a number depends on: processor, cores, memory, system."""
    memory = None
    if hasattr(os, "sysconf") and "SC_PHYS_PAGES" in os.sysconf_names:
        memory = round(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 2**30, 1)
    return {
        "system": platform.platform(),
        "processor": _processor(),
        "cores": os.cpu_count(),
        "memory_gib": memory,
        "load": [round(value, 2) for value in os.getloadavg()],
    }


def versions() -> dict[str, str]:
    """Return the versions of Python, SQLite and the packages that are compared."""
    import sqlite3

    found = {"python": platform.python_version(), "sqlite": sqlite3.sqlite_version}
    for package in _PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found


def percentile(values: Iterable[float], share: float) -> float:
    """Return the value that ``share`` (0 to 1) of ``values`` do not exceed; the nearest rank, no interpolation."""
    ordered = sorted(values)
    if not ordered:
        raise ValueError("there is no percentile of nothing")
    return ordered[max(math.ceil(len(ordered) * share), 1) - 1]


def median(values: Iterable[float]) -> float:
    """Return the median."""
    return statistics.median(values)


def main(
    arguments: Sequence[str], *, folder: Path, out: TextIO = sys.stdout, package: str = "tests.benchmarks"
) -> int:
    """Run the benchmarks that are named, or all; print tables, write files; return 1 when an aim does not hold."""
    failed = []
    for name in list(arguments) or benchmark_names():
        out.write(f"bench {name}\n")
        out.flush()
        began = time.monotonic()
        try:
            report = run_benchmark(name, package=package)
        except BenchmarkError as error:
            out.write(f"{error} There are: {', '.join(benchmark_names())}.\n")
            return 2
        path = write_report(report, folder=folder, seconds=time.monotonic() - began)
        out.write(f"{table(report.rows)}\n{path}\n\n")
        if not report.holds:
            failed.append(name)
    if failed:
        out.write(f"Aims that do not hold: {', '.join(failed)}.\n")
    return 1 if failed else 0


def _row_of(values: Mapping[str, Any]) -> Row:
    try:
        return Row(**values)
    except TypeError as error:
        raise BenchmarkError(f"This is no row: {dict(values)!r}.") from error


def _note_number(rows: Sequence[Row], row: Row) -> int:
    notes = list(dict.fromkeys(each.note for each in rows if each.note))
    return notes.index(row.note) + 1


def _number(value: float | None) -> str:
    if value is None:
        return ""
    if value == 0 or abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.2f}" if abs(value) >= 1 else f"{value:.3f}"


def _processor() -> str:
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.is_file():
        for line in cpuinfo.read_text(encoding="utf-8", errors="replace").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()
