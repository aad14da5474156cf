"""How fast documents are judged, against ``skills-ref validate`` on the same files in the same run.

Both run as library calls in this process, on one core. What a stage of ours needs is counted with it: the peer reads
a file, parses its front matter and checks six rules; a score of ours takes the text of a file that was read before,
and parses it by itself. The peer's figure is therefore the cost of its whole job, not of the same one; ``aim`` says
what is asked of each row.
"""

import re
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from skills_ref import validate

from skills_app.domain.scoring import SCORERS
from tests.shared_data import SHARED_DATA

NUM_JUDGED = 1_000
LARGE = 200_000
SIZES = (10_000, 100_000, 1_000_000)
REPEATS = 5

Row = dict[str, Any]
# What is done to one document, by name, in the order of the table.
STAGES: dict[str, Callable[[str], object]] = {f"score {name}": scorer for name, scorer in SCORERS.items()}


def rows() -> list[Row]:
    """Return the rows of the table: name, ours, peer, ratio, aim, holds; needs the shared library of skills."""
    if SHARED_DATA is None:
        raise SystemExit(
            "The shared library of skills is missing: set SHARED_DATA to the folder that holds it."
        )
    folders = sorted(path.parent for path in (SHARED_DATA / "library" / "skills").rglob("SKILL.md"))
    texts = [(folder / "SKILL.md").read_text(encoding="utf-8") for folder in folders]
    with tempfile.TemporaryDirectory() as scratch:
        large = Path(scratch) / "large-document"
        large.mkdir()
        (large / "SKILL.md").write_text(document_of(texts, LARGE), encoding="utf-8")
        return [
            *_rates(f"{len(folders)} real documents", folders),
            *_rates("a document of 200 KB", [large]),
            _judging(texts),
            *_growth(texts),
        ]


def document_of(texts: list[str], size: int) -> str:
    """Return one document of at least ``size`` characters, made of the bodies of real ones over and over."""
    body = "\n\n".join(re.sub(r"\A---\n.*?\n---\n", "", text, flags=re.DOTALL) for text in texts)
    body = (body + "\n\n") * (size // len(body) + 1)
    cut = body.find("\n", size)
    return (
        f"---\nname: large-document\ndescription: Use when a large document is judged.\n---\n{body[:cut]}\n"
    )


def _rates(what: str, folders: list[Path]) -> Iterator[Row]:
    """Yield documents per second of each stage and of both scores, beside the peer's."""
    texts = [(folder / "SKILL.md").read_text(encoding="utf-8") for folder in folders]
    peer = len(folders) / _best(lambda: [validate(folder) for folder in folders])
    for name, stage in STAGES.items():
        ours = len(texts) / _best(lambda stage=stage: [stage(text) for text in texts])
        yield _row(f"{name}, {what} (documents/s)", ours, peer)


def _judging(texts: list[str]) -> Row:
    many = [texts[index % len(texts)] for index in range(NUM_JUDGED)]
    seconds = _best(lambda: [stage(text) for text in many for stage in STAGES.values()], repeats=2)
    name = f"{NUM_JUDGED:,} documents through {len(STAGES)} stages (s)"
    return _row(name, seconds, None, aim="under 5 s", holds=seconds < 5)


def _growth(texts: list[str]) -> Iterator[Row]:
    """Yield for each stage its time at 1 MB over its time at 10 KB, in units of what linear growth would give."""
    documents = [document_of(texts, size) for size in SIZES]
    for name, stage in STAGES.items():
        seconds = [_best(lambda text=text, stage=stage: stage(text)) for text in documents]
        per_character = [taken / len(text) for taken, text in zip(seconds, documents, strict=True)]
        growth = per_character[-1] / per_character[0]
        times = ", ".join(f"{taken * 1000:.1f}" for taken in seconds)
        yield _row(
            f"{name}, 10 KB to 1 MB ({times} ms): time per character, times",
            growth,
            None,
            aim="at most 2, linear",
            holds=growth <= 2,
        )


def _row(name: str, ours: float, peer: float | None, *, aim: str = "", holds: bool | None = None) -> Row:
    ratio = round(ours / peer, 2) if peer else None
    return {
        "name": name,
        "ours": round(ours, 3),
        "peer": None if peer is None else round(peer, 3),
        "ratio": ratio,
        "aim": aim,
        "holds": holds,
    }


def _best(call: Callable[[], object], repeats: int = REPEATS) -> float:
    """Return the shortest of a few runs in seconds, after one that is not counted."""
    call()
    times = []
    for _ in range(repeats):
        started = time.perf_counter()
        call()
        times.append(time.perf_counter() - started)
    return min(times)
