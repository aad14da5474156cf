"""Addresses in the library: ``category/…/skill``, lower case, with ``/`` between safe segments."""

import re

LONGEST_PATH = 512
LONGEST_SEGMENT = 64
DEEPEST = 16
# Folders at the top of a library that hold no skills.
NOT_CATEGORIES = frozenset({"_drafts", "_templates", "_analytics"})

_SAFE = re.compile(r"[a-z0-9_-]+(?:/[a-z0-9_-]+)*")
_UNSAFE = re.compile(r"[^a-z0-9_-]+")


def is_path(path: str) -> bool:
    """Say whether ``path`` is an address as the library keeps it: safe segments, not too long, not too deep."""
    return (
        _SAFE.fullmatch(path) is not None
        and len(path) <= LONGEST_PATH
        and path.count("/") < DEEPEST
        # Where the whole is no longer than a segment may be, none is.
        and (len(path) <= LONGEST_SEGMENT or all(len(part) <= LONGEST_SEGMENT for part in path.split("/")))
    )


def set_aside(path: str) -> str:
    """Return why nothing can have an address in a folder that a library keeps for other things; else an empty text."""
    top = path.partition("/")[0]
    if top not in NOT_CATEGORIES:
        return ""
    return f"'{top}' is no category: a library keeps what is no skill there. Choose another name."


def clean_path(text: str) -> str:
    """Return ``text`` as an address, or an empty string when it cannot be one.

    Slashes and blanks at the ends, a leading ``./`` and empty segments fall away; other characters become hyphens. What
    is absolute with a drive, climbs (``..``), or holds a backslash or NUL is not brought into shape but refused.
    """
    stripped = text.strip().strip("/")
    if not stripped or "\\" in stripped or "\x00" in stripped or ".." in stripped.split("/"):
        return ""
    parts = [clean_segment(part) for part in stripped.split("/") if part.strip() not in {"", "."}]
    path = "/".join(parts)
    return path if all(parts) and is_path(path) else ""


def clean_segment(text: str) -> str:
    """Return one safe segment: lower case, runs of other characters as one hyphen, none at the ends, at most 64 long."""
    return _UNSAFE.sub("-", text.strip().lower()).strip("-")[:LONGEST_SEGMENT].rstrip("-")


def disk_path(text: str) -> str:
    """Return the address of a skill by its place on disk: without ``skills/`` before it and a file name after it.

    ``skills/python/async/SKILL.md`` and ``python/async`` mean the same, as do ``_core/reasoning.json`` and
    ``_core/reasoning``. Everything else stays as it is.
    """
    path = text.strip().strip("/").removeprefix("./")
    for ending in ("/SKILL.md", "/metadata.json", ".json"):
        path = path.removesuffix(ending)
    return path.removeprefix("skills/")


def parent_of(path: str) -> str:
    """Return the path above, or an empty string at the top."""
    return path.rpartition("/")[0]


def lineage(path: str) -> list[str]:
    """Return ``path`` after all paths above it, the outermost first; nothing for an empty one."""
    parts = path.split("/") if path else []
    return ["/".join(parts[:depth]) for depth in range(1, len(parts) + 1)]


def name_of(slug: str) -> str:
    """Return the name that a skill gets from the last segment of its path: ``_core_syntax`` becomes ``core-syntax``."""
    return slug.lstrip("_").replace("_", "-").strip("-") or slug


def title_of(slug: str) -> str:
    """Return a segment as a title: ``core-syntax`` becomes ``Core syntax``."""
    words = re.sub(r"[-_]+", " ", slug).strip()
    return words[:1].upper() + words[1:]
