"""Differences of 2,000-line documents against ``difflib.HtmlDiff`` and ``git diff --word-diff``, in one run.

Ours makes operations from two texts that were not parsed before, with the words inside every changed sentence; git runs as
a process from its start to its end, as a person runs it. ``HtmlDiff`` makes every row of both texts, so ours does too, nothing folded, before the page
is measured as a browser gets it.

Two pairs have 1,000 rewritten lines, because ``HtmlDiff`` depends on how they lie: with kept headings and blank lines
between them it compares a few lines at a time; in a row it compares each with each. A rewritten line is another sentence
from the same words: old and new are alike by 0.2 (``SequenceMatcher.ratio``; 0.4 at most) and share next to no word at the
same place; where 10 % of the lines changed, one word of each did (0.9).

Wall times decide, as medians of repeated calls; processor times are in each row's note, since they say more on a busy
machine.
"""

import difflib
import json
import platform
import random
import subprocess
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from resource import RUSAGE_CHILDREN, RUSAGE_SELF, getrusage

from skills_app.adapters.diff_html import DiffCells
from skills_app.domain.diffing import (
    OperationKind,
    PieceKind,
    TextDiff,
    apply_operations,
    diff_documents,
    rows_of,
    word_runs,
)
from skills_app.domain.documents import parse_document
from tests.benchmarks.fleet_steps import do
from tests.benchmarks.harness import Report, median, percentile
from tests.benchmarks.servers import fleet_server

NUM_LINES = 2_000
SECTION_LINES = 40
VIEWS = ("side", "unified", "rendered")
ROUNDS = 15
PAGE_MS, PAGE_BYTES = 300.0, 1_000_000
# How many times as fast as HtmlDiff all rows are asked to be; nothing is asked where sections move. HtmlDiff takes more
# than ten seconds where the 1,000 rewritten lines are one block; where kept lines part them, it has only lines to pair.
TIMES_HTMLDIFF = {"ten-percent": 1.0, "rewritten": 1.0, "replaced": 100.0, "moved": None}
GIT_TIMES = 5.0
TITLES = {
    "ten-percent": "10 % of lines changed",
    "rewritten": "1,000 lines rewritten between kept ones",
    "replaced": "1,000 lines in a row rewritten",
    "moved": "sections moved",
}

Pair = tuple[str, str]


def run(report: Report) -> None:
    """Measure everything; takes about three minutes on two cores, most of it HtmlDiff's."""
    pairs = document_pairs()
    for name, pair in pairs.items():
        _operations(report, name, pair)
        _all_rows(report, name, pair)
    _pages(report, pairs)


def document_pairs() -> dict[str, Pair]:
    """Return the pairs of texts by name, the same in every run."""
    dice = random.Random(20_261_121)
    words = ["".join(dice.choices("abcdefghiklmnoprstuvwy", k=dice.randrange(3, 10))) for _ in range(1_500)]

    def sentence() -> str:
        return " ".join(dice.choices(words, k=dice.randrange(6, 14))).capitalize() + "."

    lines = ["---", "name: bench", f"description: Use when {sentence()}", "---"]
    while len(lines) < NUM_LINES:
        at = len(lines) % SECTION_LINES
        if at == 0:
            lines.append(f"## {' '.join(dice.choices(words, k=3)).capitalize()}")
        elif at in (1, 20, 30):
            lines.append("")
        else:
            lines.append(f"- {sentence()}" if at > 30 else sentence())

    def changed(line: str) -> str:
        parts = line.split(" ")
        parts[dice.randrange(len(parts))] = dice.choice(words)
        return " ".join(parts)

    def is_text(line: str) -> bool:
        return bool(line) and not line.startswith(("#", "---", "name", "description"))

    tenth = [changed(line) if is_text(line) and dice.random() < 0.1 else line for line in lines]
    rewritten = list(lines)
    for at in [n for n, line in enumerate(lines) if is_text(line)][400:1_400]:
        rewritten[at] = sentence()
    replaced = [*lines[:500], *(sentence() for _ in range(1_000)), *lines[1_500:]]
    starts = [n for n, line in enumerate(lines) if line.startswith("## ")]
    sections = [lines[start:end] for start, end in zip(starts, [*starts[1:], len(lines)], strict=True)]
    order = [*sections[10:20], *sections[:10], *sections[30:], *sections[20:30]]
    moved = lines[: starts[0]] + [line for section in order for line in section]
    news = {"ten-percent": tenth, "rewritten": rewritten, "replaced": replaced, "moved": moved}
    return {name: ("\n".join(lines) + "\n", "\n".join(new) + "\n") for name, new in news.items()}


def operations_and_words(old: str, new: str) -> TextDiff:
    """Do what is measured as *operations*: parse, compare, and find the words inside what changed."""
    diff = diff_documents(parse_document(old), parse_document(new))
    for one in diff.operations:
        if one.kind is OperationKind.CHANGE:
            word_runs(old[one.old_start : one.old_end], one.text, is_prose=one.piece_kind is PieceKind.PROSE)
    return diff


def all_rows(old: str, new: str) -> int:
    """Compare and write every row of both texts as HTML; return how many rows there are."""
    diff = diff_documents(parse_document(old), parse_document(new))
    cells = DiffCells()
    rows = [row for unit in diff.units for row in rows_of(unit.operations)]
    return len([cells.side_by_side(row, old, new) for row in rows])


def _operations(report: Report, name: str, pair: Pair) -> None:
    diff = operations_and_words(*pair)
    if apply_operations(diff.operations, pair[0]) != pair[1]:
        raise RuntimeError("The operations do not rebuild the new text.")
    ours, processor = _median_ms(lambda: operations_and_words(*pair))
    with tempfile.TemporaryDirectory(prefix="fleet-bench-") as folder:
        paths = [Path(folder) / "old.md", Path(folder) / "new.md"]
        for path, text in zip(paths, pair, strict=True):
            path.write_text(text, encoding="utf-8")
        command = ["git", "diff", "--no-index", "--word-diff=plain", "--no-color", *map(str, paths)]
        git, git_processor = _median_ms(
            lambda: subprocess.run(command, capture_output=True, check=False, cwd=folder)
        )
    report.add(
        f"operations, {TITLES[name]}; peer git (ms)",
        ours=ours,
        peer=git,
        ratio=ours / git,
        aim=f"at most {GIT_TIMES:.0f} times",
        holds=ours <= GIT_TIMES * git,
        note=f"processor time {processor:.1f} against {git_processor:.1f} ms; {_git_version()}",
    )


def _all_rows(report: Report, name: str, pair: Pair) -> None:
    ours, processor = _median_ms(lambda: all_rows(*pair))
    report.say(f"HtmlDiff, {TITLES[name]}")
    began, peer_began = time.perf_counter(), _processor_seconds()
    difflib.HtmlDiff().make_file(pair[0].splitlines(), pair[1].splitlines())
    peer = (time.perf_counter() - began) * 1000
    peer_processor = (_processor_seconds() - peer_began) * 1000
    wanted = TIMES_HTMLDIFF[name]
    report.add(
        f"all rows as HTML, {TITLES[name]}; peer HtmlDiff (ms)",
        ours=ours,
        peer=peer,
        ratio=peer / ours,
        aim="" if wanted is None else f"{wanted:.0f} times as fast" if wanted > 1 else "faster",
        holds=None if wanted is None else peer >= wanted * ours,
        note=f"processor time {processor:.1f} against {peer_processor:.1f} ms; difflib of Python {platform.python_version()}",
    )


def _pages(report: Report, pairs: Mapping[str, Pair]) -> None:
    with tempfile.TemporaryDirectory(prefix="fleet-bench-") as folder:
        data_dir = Path(folder) / "fleet"
        texts = Path(folder) / "pairs.json"
        texts.write_text(json.dumps(pairs), encoding="utf-8")
        do("migrate", data_dir=data_dir)
        keys = do("versions", str(texts), data_dir=data_dir)
        headers = {"Cookie": do("sign_in", data_dir=data_dir)}
        with fleet_server(data_dir) as server:
            for name, key in keys.items():
                for view in VIEWS:
                    address = f"/skills/{key}/compare/?base=1&head=2&view={view}"
                    size = len(server.ask(address, headers=headers)[0])
                    times = [server.ask(address, headers=headers)[1] * 1000 for _ in range(ROUNDS)]
                    _page_rows(report, f"page {view}, {TITLES[name]}", times, size)


def _page_rows(report: Report, name: str, times: list[float], size: int) -> None:
    p95 = percentile(times, 0.95)
    report.add(f"{name}, p95 (ms)", ours=p95, aim=f"under {PAGE_MS:.0f}", holds=p95 < PAGE_MS)
    report.add(f"{name}, size (KB)", ours=size / 1000, aim="under 1,000", holds=size < PAGE_BYTES)


def _git_version() -> str:
    return subprocess.run(["git", "--version"], capture_output=True, check=True, text=True).stdout.strip()


def _processor_seconds() -> float:
    """Return what this process and its ended children took of the processor so far."""
    return sum(sum(getrusage(whose)[:2]) for whose in (RUSAGE_SELF, RUSAGE_CHILDREN))


def _median_ms(call: Callable[[], object], rounds: int = 7) -> tuple[float, float]:
    """Return the medians of wall and processor time of some calls in milliseconds, after one that is not counted."""
    call()
    times, processor_times = [], []
    for _ in range(rounds):
        began, processor_began = time.perf_counter(), _processor_seconds()
        call()
        times.append((time.perf_counter() - began) * 1000)
        processor_times.append((_processor_seconds() - processor_began) * 1000)
    return median(times), median(processor_times)
