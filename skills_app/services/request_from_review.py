"""Turn the open comments of a review into the request of a new generation."""

from collections.abc import Collection
from dataclasses import dataclass

from skills_app.domain.errors import ReviewRefused
from skills_app.domain.reviewing.comments import CommentState
from skills_app.domain.reviewing.places import removed_in
from skills_app.domain.reviewing.request_text import CommentToMeet, comments_text, request_head
from skills_app.models import Comment, Review
from skills_app.queries.comment_paths import paths_in


@dataclass(frozen=True, slots=True)
class FileRequest:
    """What is asked of one file beside SKILL.md: the comments on it as text, and their numbers."""

    path: str
    feedback: str
    comment_ids: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class ReviewRequestText:
    """What a generation is asked for: the sentence, the comments on the document as text, those on each other file, the
    numbers of all of them, and the version it starts from.

    ``feedback`` is empty when all are about other files.
    """

    head: str
    feedback: str
    comment_ids: tuple[int, ...]
    skill_key: str
    version_number: int
    files: tuple[FileRequest, ...] = ()

    @property
    def text(self) -> str:
        """The whole request."""
        parts = [self.head, self.feedback, *(one.feedback for one in self.files)]
        return "\n\n".join(part.rstrip("\n") for part in parts if part) + "\n"


def open_comments(*, review: Review) -> list[Comment]:
    """Return the open comments of a review that were sent, with their replies, oldest first."""
    rows = review.comments.filter(thread=None, state=CommentState.OPEN, sent_at__isnull=False)
    return list(rows.prefetch_related("replies").order_by("pk"))


def request_from_review(*, review: Review, comment_ids: Collection[int] | None = None) -> ReviewRequestText:
    """Return the request that the open, sent comments make, or those of them in ``comment_ids``.

    Each is named "[C12]" by its number, with its replies.

    Raises:
        ReviewRefused: none of them is open, so there is nothing to ask for.
    """
    rows = open_comments(review=review)
    if not rows:
        raise ReviewRefused("No comment of this review is open, so there is nothing to generate anew.")
    if comment_ids is not None:
        rows = [row for row in rows if row.pk in comment_ids]
    if not rows:
        raise ReviewRefused(
            "Choose at least one comment that is open; those you chose were closed meanwhile."
        )
    version = review.version
    about_document = [_to_meet(row, "") for row in rows if not row.path]
    paths = paths_in(version, rows)
    return ReviewRequestText(
        request_head(review.skill.name, version.number),
        comments_text(about_document) if about_document else "",
        tuple(row.pk for row in rows),
        review.skill.key,
        version.number,
        tuple(
            _of_file(path, [row for row in rows if paths.get(row.pk) == path])
            for path in sorted(set(paths.values()))
        ),
    )


def _of_file(path: str, about: list[Comment]) -> FileRequest:
    text = comments_text([_to_meet(row, path) for row in about])
    return FileRequest(path, text, tuple(row.pk for row in about))


def _to_meet(row: Comment, path: str) -> CommentToMeet:
    replies = [f"{reply.author_name}: {reply.body}" for reply in row.replies.all() if not reply.is_draft]
    return CommentToMeet(
        number=row.pk,
        author=row.author_name,
        body="\n".join(part for part in (row.body, *replies) if part),
        is_blocking=row.is_blocking,
        path=tuple(row.heading_path),
        quote=row.quote,
        suggestion=row.suggestion,
        file=path,
        removed_in=removed_in(row.anchor),
    )
