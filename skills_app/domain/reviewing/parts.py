"""The parts of a version that a reviewer looks at one by one; a part whose digest is known was seen already."""

from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace

from skills_app.domain.digests import digest_of
from skills_app.domain.documents import SkillDocument
from skills_app.domain.front_matter import FRONT_MATTER_PATH
from skills_app.domain.outline import section_digest

FRONT_MATTER = "front matter"
BEFORE_HEADINGS = "before the first heading"


@dataclass(frozen=True, slots=True)
class Part:
    """A section, the front matter, or a file: its title, where it stands, its digest, and whether this reader saw it.

    ``anchor`` is the heading's id without prefix, ``path`` the file's path; only one of them is set, and neither for the
    front matter and for text before the first heading. ``headings`` are the headings down to the section, or
    ``FRONT_MATTER_PATH``. ``digest`` is that of its words, its own heading among them, and says of several equal parts which
    one it is: it stays when a heading above is renamed, the section moves or the file gets another name. ``old_digest``
    is what it was kept under when names above and paths counted, too.
    """

    title: str
    digest: str
    level: int = 1
    anchor: str = ""
    path: str = ""
    line: int = 1
    is_seen: bool = False
    headings: tuple[str, ...] = ()
    old_digest: str = ""

    @property
    def digests(self) -> frozenset[str]:
        """All digests under which it may have been noted as seen."""
        return frozenset({self.digest, self.old_digest} - {""})


def parts_of(
    document: SkillDocument, files: Iterable[tuple[str, str]] = (), seen: Collection[str] = ()
) -> tuple[Part, ...]:
    """Return the parts of a version in reading order: front matter, sections, then files given as path and digest."""
    parts: list[Part] = []
    front = document.text[: document.body_start]
    if front.strip():
        digest = digest_of(f"{FRONT_MATTER}\x00{section_digest(front)}")
        title = FRONT_MATTER.capitalize()
        parts.append(Part(title, digest, is_seen=digest in seen, headings=FRONT_MATTER_PATH))
    counts = Counter[str]()
    for section in document.sections:
        heading = section.heading
        title = heading.text if heading else BEFORE_HEADINGS.capitalize()
        part = Part(
            title or "(no title)",
            _nth_digest("section", section.digest, counts),
            level=heading.level if heading else 1,
            anchor=section.anchor,
            line=section.start_line,
            headings=section.path,
            old_digest=digest_of("\x1f".join((*section.path, section.digest))),
        )
        parts.append(_looked_up(part, seen))
    for path, digest in files:
        old = digest_of(f"file\x1f{path}\x1f{digest}")
        part = Part(path, _nth_digest("file", digest, counts), path=path, old_digest=old)
        parts.append(_looked_up(part, seen))
    return tuple(parts)


def parts_sentence(parts: Collection[Part]) -> str:
    """Say how many parts still need this reader."""
    num_left = sum(not part.is_seen for part in parts)
    noun = "sections" if not any(part.path for part in parts) else "sections and files"
    if not parts:
        return "There is nothing to read."
    if not num_left:
        return f"You have seen all {len(parts)} {noun}."
    return f"{num_left} of {len(parts)} {noun} {'needs' if num_left == 1 else 'need'} you."


def _nth_digest(kind: str, digest: str, counts: Counter[str]) -> str:
    """Return the digest of a part's key: its kind, the digest of what it says, and how many of the same came before."""
    key = f"{kind}\x1f{digest}"
    counts[key] += 1
    return digest_of(f"{key}\x1f{counts[key]}")


def _looked_up(part: Part, seen: Collection[str]) -> Part:
    return replace(part, is_seen=any(digest in seen for digest in part.digests))
