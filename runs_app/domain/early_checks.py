"""Name, description and place of a skill before anything is written: what is wrong, and what would be right.

What a model or a person says is brought into the shape that the strict writer takes; nothing here raises.
"""

import re
import unicodedata
from collections.abc import Collection
from dataclasses import dataclass

from skills_app.domain.limits import DESCRIPTION_MAX, NAME_MAX, NAME_PATTERN, RESERVED_WORDS
from skills_app.domain.paths import NOT_CATEGORIES, clean_path

FALLBACK_NAME = "new-skill"
DEEPEST_PLACE = 3
_NO_NAME = re.compile(r"[^a-z0-9]+")
_SENTENCE = re.compile(r"(?<=[.!?])\s")
_DULL = frozenset(
    [
        "a",
        "an",
        "and",
        "are",
        "as",
        "at",
        "be",
        "best",
        "by",
        "create",
        "for",
        "from",
        "guide",
        "how",
        "i",
        "in",
        "into",
        "is",
        "it",
        "make",
        "me",
        "my",
        "new",
        "of",
        "on",
        "or",
        "our",
        "practices",
        "should",
        "skill",
        "that",
        "the",
        "this",
        "to",
        "us",
        "use",
        "want",
        "we",
        "when",
        "which",
        "with",
        "write",
        "you",
        "your",
    ]
)
NAME_WORDS = 4


@dataclass(frozen=True, slots=True)
class EarlyCheck:
    """What stands at first: a name and a description, and a sentence for each thing that is wrong with them."""

    name: str
    description: str
    problems: tuple[str, ...] = ()


def mended_name(text: str) -> str:
    """Return ``text`` as a name that every host takes: accents off, other characters as hyphens, reserved words out."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    for word in RESERVED_WORDS:
        plain = plain.replace(word, " ")
    name = _NO_NAME.sub("-", plain).strip("-")[:NAME_MAX].strip("-")
    return name or FALLBACK_NAME


def mended_description(text: str, *, topic: str = "") -> str:
    """Return ``text`` as one line that every host takes; cut at a sentence where it is too long."""
    line = _one_line(text)
    if not line:
        line = f"Use when the task is about {_one_line(topic)[:200].strip() or 'this'}."
    while len(line) > DESCRIPTION_MAX:
        *kept, _last = _SENTENCE.split(line)
        line = " ".join(kept) if kept else line[: DESCRIPTION_MAX - 1].rstrip() + "…"
    return line


def _one_line(text: str) -> str:
    clean = "".join(" " if char in "<>" or unicodedata.category(char)[0] in "CZ" else char for char in text)
    return " ".join(clean.split())


def placed(path: str, *, name: str, is_branch: bool = False) -> str:
    """Return the place of a skill named ``name``: ``path`` as an address whose last segment is the name.

    A model's path ends in its own name for the skill, which the right one takes the place of, and what is deeper than the
    library likes loses its middle. ``is_branch`` says that a person named the branch, which is kept as it is where an address
    may be so long. What is no address at all, or where a library keeps no skills, becomes ``general/<name>``.
    """
    parts = [part for part in clean_path(path).split("/") if part]
    if parts and (parts[-1] == name or (len(parts) > 1 and not is_branch)):
        parts = parts[:-1]
    if parts and parts[0] in NOT_CATEGORIES:
        parts = []
    is_whole = is_branch and bool(clean_path("/".join([*parts, name])))
    kept = parts if is_whole else parts[: DEEPEST_PLACE - 1]
    return "/".join([*kept, name]) if kept else f"general/{name}"


def telling_words(text: str) -> tuple[str, ...]:
    """Return the words of ``text`` that tell it from others, in order, once each: lower case, without accents."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    return tuple(dict.fromkeys(word for word in re.findall(r"[a-z0-9]+", plain) if word not in _DULL))


def name_from(task: str, *, topics: Collection[str] = ()) -> str:
    """Return a name made of the telling words of a task, or an empty string when it has none in Latin letters."""
    words = telling_words(" ".join([task, *topics]))
    return "-".join(words[:NAME_WORDS])[:NAME_MAX].strip("-")


def check_early(name: str, description: str, *, taken: Collection[str] = ()) -> tuple[str, ...]:
    """Return a sentence for each thing that is wrong with a name and a description; ``taken`` are names in use."""
    problems = []
    if not name:
        problems.append("The task gives no name: say one of lower-case letters, digits and hyphens.")
    elif not NAME_PATTERN.match(name) or len(name) > NAME_MAX:
        problems.append(
            f"The name “{name}” must be 1 to {NAME_MAX} lower-case letters, digits and single hyphens between them."
        )
    elif any(word in name for word in RESERVED_WORDS):
        problems.append(
            f"The name “{name}” holds “{'” or “'.join(RESERVED_WORDS)}”, which hosts keep for themselves."
        )
    elif name in taken:
        problems.append(f"There is a skill named “{name}” already. Choose another name, or improve that one.")
    if not description.strip():
        problems.append("The description is empty; say what the skill does and when to use it.")
    elif (
        len(description) > DESCRIPTION_MAX or "<" in description or ">" in description or "\n" in description
    ):
        problems.append(
            f"The description must be one line of at most {DESCRIPTION_MAX:,} characters without “<” and “>”."
        )
    return tuple(problems)


def check_task(task: str, *, topics: Collection[str], taken: Collection[str]) -> EarlyCheck:
    """Return the name and description that a task leads to, with what is wrong with them."""
    name = name_from(task, topics=topics)
    about = ", ".join(topics) or task
    description = mended_description(f"Use when the task is about {about.rstrip('.')}.")
    problems = list(check_early(name, description, taken=taken))
    if any(word in task.lower() for word in RESERVED_WORDS) and any(word in name for word in RESERVED_WORDS):
        name = mended_name(name)
    return EarlyCheck(name or FALLBACK_NAME, description, tuple(problems))
