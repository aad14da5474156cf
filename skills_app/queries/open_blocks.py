"""Open comments that block versions: those of their own reviews, and those that stand in other reviews of their lines."""

from collections.abc import Sequence

from skills_app.domain.reviewing.comments import CommentState
from skills_app.domain.reviewing.places import removed_in
from skills_app.models import Comment, Review, SkillVersion
from skills_app.queries.version_line import lines_that_stop


def open_blocks(under: Sequence[tuple[SkillVersion, Review | None]]) -> list[list[Comment]]:
    """Return the open comments that block each version with its review, oldest first; drafts block nothing.

    They are those of its review, and those on a version that it came from, or in the review of one. Each comes with its review
    and the version that it was written on, without the text. Two queries for all.
    """
    versions = [version for version, _ in under]
    if not versions:
        return []
    lines = {pk: frozenset(line) for pk, line in lines_that_stop(versions).items()}
    rows = Comment.objects.filter(
        review__skill__in={version.skill_id for version in versions},
        thread=None,
        is_blocking=True,
        state=CommentState.OPEN,
    ).exclude(sent_at=None)
    by_skill: dict[int, list[Comment]] = {}
    rows = rows.select_related("review", "version").order_by("sent_at", "pk")
    for row in rows.defer("version__content", "version__front_matter", "version__metadata"):
        by_skill.setdefault(row.review.skill_id, []).append(row)
    return [
        [
            row
            for row in by_skill.get(version.skill_id, ())
            if row.review == review or _stops(row, lines[version.pk])
        ]
        for version, review in under
    ]


def _stops(comment: Comment, line: frozenset[int]) -> bool:
    """Say whether a comment of another review stops a version with this line."""
    if comment.review.version_id in line:
        return True
    # Words that another version removed stand here still, so nothing is said of this one.
    return comment.version_id in line and not removed_in(comment.anchor)
