"""The documents in ``templates/docs``, as pages: found, titled and searched."""

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from django.conf import settings
from django.urls import reverse

# In the order in which a newcomer needs them.
SECTIONS = {
    "tutorial": "Tutorial",
    "how_to": "How to",
    "reference": "Reference",
    "explanation": "Explanation",
    "decisions": "Decisions",
}


@dataclass(frozen=True, slots=True)
class Doc:
    """One document: its address below /docs/, the section it stands in, and its text."""

    path: str
    section: str
    title: str
    text: str

    @property
    def url(self) -> str:
        """Return the address of its page."""
        return reverse("site:docs", args=[self.path])


def docs_folder() -> Path:
    """Return the folder of all documents."""
    folder: Path = settings.BASE_DIR / "templates" / "docs"
    return folder


def all_docs() -> tuple[Doc, ...]:
    """Return every document, by section and title; files are read again only when one has changed."""
    files = tuple(
        (section, path, path.stat().st_mtime_ns)
        for section in SECTIONS
        for path in sorted((docs_folder() / section).glob("**/*.md"))
    )
    return _read(files)


def doc_at(path: str) -> Doc | None:
    """Return the document with the address ``path`` (such as "how_to/back_up"), or None."""
    wanted = path.strip("/").removesuffix(".md")
    return next((doc for doc in all_docs() if doc.path == wanted), None)


def docs_matching(text: str, limit: int) -> list[Doc]:
    """Return at most ``limit`` documents that hold every word of ``text``; those with one in the title first."""
    words = text.casefold().split()
    if not words:
        return []
    found = [doc for doc in all_docs() if all(word in doc.text.casefold() for word in words)]
    return sorted(found, key=lambda doc: not any(word in doc.title.casefold() for word in words))[:limit]


@lru_cache(maxsize=4)
def _read(files: tuple[tuple[str, Path, int], ...]) -> tuple[Doc, ...]:
    docs = []
    for section, path, _ in files:
        text = path.read_text("utf-8")
        first = next((line for line in text.splitlines() if line.startswith("# ")), "")
        name = path.relative_to(docs_folder()).with_suffix("").as_posix()
        title = first.removeprefix("# ").strip() or path.stem.replace("_", " ").capitalize()
        docs.append(Doc(path=name, section=section, title=title, text=text))
    order = list(SECTIONS)
    return tuple(sorted(docs, key=lambda doc: (order.index(doc.section), doc.title.casefold())))
