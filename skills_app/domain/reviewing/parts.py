"""The parts of a version that a reviewer looks at one by one; a part whose digest is known was seen already."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass

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
    ``FRONT_MATTER_PATH``. ``digest`` has the headings above in it, so that a section of the
    same words elsewhere is another part.
    """

    title: str
    digest: str
    level: int = 1
    anchor: str = ""
    path: str = ""
    line: int = 1
    is_seen: bool = False
    headings: tuple[str, ...] = ()


def parts_of(
    document: SkillDocument, files: Iterable[tuple[str, str]] = (), seen: Collection[str] = ()
) -> tuple[Part, ...]:
    """Return the parts of a version in reading order: front matter, sections, then files given as path and digest."""
    parts: list[Part] = []
    front = document.text[: document.body_start]
    if front.strip():
        key = f"{FRONT_MATTER}\x00{section_digest(front)}"
        parts.append(_part(FRONT_MATTER.capitalize(), key, seen, headings=FRONT_MATTER_PATH))
    for section in document.sections:
        heading = section.heading
        key = "\x1f".join((*section.path, section.digest))
        title = heading.text if heading else BEFORE_HEADINGS.capitalize()
        level = heading.level if heading else 1
        parts.append(
            _part(
                title or "(no title)",
                key,
                seen,
                level=level,
                anchor=section.anchor,
                line=section.start_line,
                headings=section.path,
            )
        )
    parts += [_part(path, f"file\x1f{path}\x1f{digest}", seen, path=path) for path, digest in files]
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


def _part(
    title: str,
    key: str,
    seen: Collection[str],
    *,
    level: int = 1,
    anchor: str = "",
    path: str = "",
    line: int = 1,
    headings: tuple[str, ...] = (),
) -> Part:
    digest = digest_of(key)
    return Part(title, digest, level, anchor, path, line, digest in seen, headings)
