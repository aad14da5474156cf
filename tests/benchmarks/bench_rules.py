"""How fast documents are judged, against ``skills-ref validate`` on the same files in the same run.

Both run as library calls in this process, on one core, and in one run. The peer reads a file, parses its front matter
and checks its rules on it; its share of our work is that and the profile ``reference``, which agrees with it, and is asked
to be three times as fast. Scores have no counterpart in the peer: their ratio is shown and nothing is
asked of it. Every stage of ours is timed from what it is given: parsing from the bytes, the others from a document
that was parsed before; judging a document in full is all of them.
"""

import re
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from skills_ref import validate

from skills_app.domain.documents import SkillDocument, parse_document
from skills_app.domain.profiles import PROFILES, Subject, judge_all
from skills_app.domain.scoring import SCORERS
from tests.shared_data import SHARED_DATA

NUM_JUDGED = 1_000
LARGE = 200_000
SIZES = (10_000, 100_000, 1_000_000)
REPEATS = 5

Row = dict[str, Any]
# What is done to a parsed document, by name, in the order of the table.
STAGES: dict[str, Callable[[SkillDocument], object]] = {
    f"all {len(PROFILES)} profiles": lambda document: judge_all(Subject(document, folder_name="folder")),
    **{f"score {name}": scorer for name, scorer in SCORERS.items()},
}


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


def read_whole(source: bytes) -> SkillDocument:
    """Parse a document with all that is read on first use: places, outline, code blocks, links, words."""
    document = parse_document(source)
    document.structure  # noqa: B018 - read on first use, and kept
    document.num_words  # noqa: B018
    return document


def judge_in_full(source: bytes) -> None:
    """Do everything to a document that is done to a version: parse it, and every stage."""
    document = read_whole(source)
    for stage in STAGES.values():
        stage(document)


def _as_the_peer_does(source: bytes) -> object:
    """Do what the peer does and no more: read the front matter and judge it by the peer's own rules."""
    return judge_all(Subject(parse_document(source), folder_name="folder"), ["reference"])


def _rates(what: str, folders: list[Path]) -> Iterator[Row]:
    """Yield documents per second of parsing and of each stage, beside the peer's."""
    sources = [(folder / "SKILL.md").read_bytes() for folder in folders]
    documents = [read_whole(source) for source in sources]
    peer = len(folders) / _best(lambda: [validate(folder) for folder in folders])
    ours = len(sources) / _best(lambda: [parse_document(source) for source in sources])
    name = f"parse front matter and places, {what} (documents/s)"
    yield _row(name, ours, peer, aim="at least 3 times", holds=ours >= 3 * peer)
    ours = len(sources) / _best(lambda: [_as_the_peer_does(source) for source in sources])
    name = f"parse and judge by profile reference, {what} (documents/s)"
    yield _row(name, ours, peer, aim="at least 3 times", holds=ours >= 3 * peer)
    ours = len(sources) / _best(lambda: [read_whole(source) for source in sources])
    yield _row(f"parse in full, {what} (documents/s)", ours, peer)
    for stage_name, stage in STAGES.items():
        ours = len(documents) / _best(lambda stage=stage: [stage(document) for document in documents])
        yield _row(f"{stage_name}, {what} (documents/s)", ours, peer)


def _judging(texts: list[str]) -> Row:
    sources = [text.encode() for text in texts]
    many = [sources[index % len(sources)] for index in range(NUM_JUDGED)]
    seconds = _best(lambda: [judge_in_full(source) for source in many], repeats=4)
    name = f"{NUM_JUDGED:,} documents parsed and judged in {len(STAGES)} stages (s)"
    return _row(name, seconds, None, aim="under 5 s", holds=seconds < 5)


def _growth(texts: list[str]) -> Iterator[Row]:
    """Yield for parsing and each stage the time per character at 1 MB over that at 10 KB."""
    sources = [document_of(texts, size).encode() for size in SIZES]
    yield _growth_row("parse in full", read_whole, sources)
    documents = [read_whole(source) for source in sources]
    for name, stage in STAGES.items():
        yield _growth_row(name, stage, documents)


def _growth_row(name: str, stage: Callable[[Any], object], inputs: list[Any]) -> Row:
    seconds = [_best(lambda given=given: stage(given), repeats=3) for given in inputs]
    growth = (seconds[-1] / SIZES[-1]) / (seconds[0] / SIZES[0])
    times = ", ".join(f"{taken * 1000:.1f}" for taken in seconds)
    title = f"{name}: time per character at 1 MB over 10 KB ({times} ms)"
    return _row(title, growth, None, aim="at most 2, linear", holds=growth <= 2)


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
