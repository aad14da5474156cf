"""Making a skill anew from a review: what it starts from, what people said of it, and what the model says it did about it."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from runs_app.domain.errors import RequestInvalid

LONGEST_DOCUMENT = 200_000
LONGEST_FEEDBACK = 60_000
LONGEST_FILE = 60_000
LONGEST_INSTRUCTION = 4_000
_LONGEST_SAYING = 1_000
_NUMBER = re.compile(r"\bC(\d{1,12})\b")
_MARK = re.compile(r"\s*\[C\d{1,12}\]\s*[:,.–-]?\s*")


@dataclass(frozen=True, slots=True)
class RevisedFile:
    """A text file beside SKILL.md that people commented on: its path and text, what they said of it, and the comments' numbers."""

    path: str
    text: str
    feedback: str
    comment_numbers: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Revision:
    """What a skill is made anew from.

    ``document`` is the whole SKILL.md of version ``version_number`` at ``path``; ``feedback`` what people said of it, each
    comment with its number as "[C12]", empty when they spoke of ``files`` alone; ``review_number`` and ``comment_numbers`` say
    where all of that was said.
    """

    document: str
    path: str
    version_number: int
    feedback: str
    review_number: int
    comment_numbers: tuple[int, ...] = ()
    files: tuple[RevisedFile, ...] = ()

    @property
    def all_feedback(self) -> str:
        """What people said of the document and of each of the files."""
        parts = [self.feedback, *(one.feedback for one in self.files)]
        return "\n\n".join(part.strip("\n") for part in parts if part.strip())

    @property
    def name(self) -> str:
        """The name of the skill, the last segment of its path."""
        return self.path.rpartition("/")[2]


def revision_from_data(data: Mapping[str, Any]) -> Revision:
    """Return the revision that was kept as plain data, also after a round trip through JSON."""
    files = tuple(
        RevisedFile(**{**one, "comment_numbers": tuple(one["comment_numbers"])})
        for one in data.get("files", ())
    )
    return Revision(**{**data, "comment_numbers": tuple(data["comment_numbers"]), "files": files})


def require_revision(revision: Revision) -> None:
    """Let a revision pass that a model can be given.

    Raises:
        RequestInvalid: there is no feedback, or the feedback, the document or a file is too long; the message says what to do.
    """
    said = revision.all_feedback
    if not said:
        raise RequestInvalid("Choose at least one comment that the new version shall meet.")
    if len(said) > LONGEST_FEEDBACK:
        raise RequestInvalid(
            f"The chosen comments have {len(said):,} characters; at most {LONGEST_FEEDBACK:,} go into one "
            "request. Choose fewer of them."
        )
    if len(revision.document) > LONGEST_DOCUMENT:
        raise RequestInvalid(
            f"The document has {len(revision.document):,} characters; a model rewrites at most {LONGEST_DOCUMENT:,}."
        )
    for one in revision.files:
        if len(one.text) > LONGEST_FILE:
            raise RequestInvalid(
                f"{one.path} has {len(one.text):,} characters; a model rewrites at most {LONGEST_FILE:,} of a file."
            )


def names_comment(sentence: str, numbers: Iterable[int]) -> bool:
    """Say whether a model's sentence names one of the comments ``numbers``, such as "[C12]"."""
    return bool({int(one) for one in _NUMBER.findall(sentence)} & set(numbers))


def sayings_by_comment(
    *, changes: Iterable[str], unaddressed: Iterable[str], comment_numbers: Iterable[int]
) -> dict[int, str]:
    """Return what a model says it did about each comment, by number; a comment that it does not name is not in it.

    ``changes`` are the changes that it says it made, ``unaddressed`` what it says it did not do, each perhaps with numbers
    such as "[C12]". Nothing is guessed: a sentence belongs to the comments that it names.
    """
    asked = set(comment_numbers)
    found: dict[int, list[str]] = {}
    for words, sentences in (("Changed", changes), ("Not met", unaddressed)):
        for sentence in sentences:
            said = " ".join(_MARK.sub(" ", sentence).split())
            for number in sorted({int(one) for one in _NUMBER.findall(sentence)} & asked):
                found.setdefault(number, []).append(f"{words}: {said}" if said else f"{words}.")
    return {number: _cut("\n".join(lines)) for number, lines in found.items()}


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST_SAYING else f"{text[: _LONGEST_SAYING - 1].rstrip()}…"
