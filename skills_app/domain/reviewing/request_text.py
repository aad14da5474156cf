"""The comments of a review as the request of a new generation: numbered, quoted, and told apart by weight."""

from collections.abc import Sequence
from dataclasses import dataclass

from skills_app.domain.front_matter import FRONT_MATTER_PATH


@dataclass(frozen=True, slots=True)
class CommentToMeet:
    """A comment that a new generation should meet: its number, where it stands, the words it is about, and what it says.

    ``path`` are the headings down to it, ``file`` is the file beside SKILL.md that it is about. ``suggestion`` is the text that
    the commenter proposes instead of the quote, or None. ``removed_in`` is the version that removed the quote, or 0.
    """

    number: int
    author: str
    body: str
    is_blocking: bool
    path: tuple[str, ...] = ()
    quote: str = ""
    suggestion: str | None = None
    file: str = ""
    removed_in: int = 0


LONGEST_QUOTE = 2_000


def request_from_comments(name: str, version_number: int, comments: Sequence[CommentToMeet]) -> str:
    """Return the whole request: what is asked for, then the comments.

    Raises:
        ValueError: there is no comment, so there is nothing to ask for.
    """
    return f"{request_head(name, version_number)}\n\n{comments_text(comments)}"


def request_head(name: str, version_number: int) -> str:
    """Return what a new generation of a reviewed version is asked for, in a sentence or two."""
    return (
        f"Revise the skill {name}, version {version_number}, so that each comment below is met.\n"
        "Keep everything that no comment is about as it is."
    )


def comments_text(comments: Sequence[CommentToMeet]) -> str:
    """Return the comments, blocking ones first, each as "[C12]" with its place, its quote and what it asks.

    Raises:
        ValueError: there is no comment, so there is nothing to ask for.
    """
    if not comments:
        raise ValueError("There is no open comment to make a request of.")
    ordered = sorted(comments, key=lambda one: (not one.is_blocking, one.number))
    return "\n\n".join(_block(one) for one in ordered) + "\n"


def _block(one: CommentToMeet) -> str:
    where = f"Section “{' › '.join(one.path)}”" if one.path else "The document"
    where = "The front matter" if one.path == FRONT_MATTER_PATH else where
    where = f"The file {one.file}" if one.file else where
    weight = "must be met" if one.is_blocking else "should be met"
    lines = [f"[C{one.number}] {where}, {weight}, by {one.author}:"]
    if one.quote:
        quote = one.quote if len(one.quote) <= LONGEST_QUOTE else f"{one.quote[:LONGEST_QUOTE]}…"
        title = f"About this passage, which version {one.removed_in} removed:" if one.removed_in else ""
        lines += _quoted(title or "About this passage:", quote)
    lines += one.body.strip().splitlines()
    if one.suggestion is not None:
        lines += (
            _quoted("Proposed instead:", one.suggestion)
            if one.suggestion
            else ["Proposed: remove the passage."]
        )
    return "\n".join(lines)


def _quoted(title: str, text: str) -> list[str]:
    return [title, *(f"> {line}" for line in text.splitlines())]
