"""What the newer of two versions does about the comments that were open when it was made."""

from collections import Counter
from dataclasses import dataclass

from django.db.models import Prefetch, Q

from skills_app.domain.documents import parse_document
from skills_app.domain.reviewing.answers import Answer, Answered
from skills_app.domain.reviewing.comments import CommentState
from skills_app.domain.reviewing.places import REMOVED_IN
from skills_app.models import Comment, SkillVersion
from skills_app.services.answer_comments import answer_comments

MOST_COMMENTS = 100


@dataclass(frozen=True, slots=True)
class ComparedComment:
    """A comment with what the newer version does about it by rule, and what a generation said of it, if one did."""

    comment: Comment
    answered: Answered | None
    sayings: tuple[Comment, ...]

    @property
    def is_open(self) -> bool:
        """Whether its writer has not closed it yet."""
        return self.comment.state == CommentState.OPEN


@dataclass(frozen=True, slots=True)
class ComparedComments:
    """The comments, open ones first; at most ``MOST_COMMENTS``."""

    rows: tuple[ComparedComment, ...]
    num_left_out: int = 0

    @property
    def sentence(self) -> str:
        """How many are met, partly met and not met."""
        counts = Counter(row.answered.answer for row in self.rows if row.answered)
        return ", ".join(f"{counts[answer]} {answer}" for answer in Answer if counts[answer])


def compare_comments(*, base: SkillVersion, head: SkillVersion) -> ComparedComments:
    """Return the comments on versions before ``head`` that were open when it was made, each with its answer.

    There are none unless ``head`` is a later version of the same skill. Drafts and replies are left out; the number of
    queries is the same for any number of comments.
    """
    if base.skill_id != head.skill_id or base.number >= head.number:
        return ComparedComments(())
    said = Comment.objects.filter(author=None, version=head).order_by("pk")
    found = (
        Comment.objects.filter(
            Q(state=CommentState.OPEN) | Q(state_at__gte=head.made_at),
            version__skill=head.skill_id,
            version__number__lt=head.number,
            thread=None,
            sent_at__isnull=False,
        )
        .select_related("review", "version")
        .defer("version__content", "version__front_matter", "version__metadata")
        .prefetch_related(Prefetch("replies", queryset=said, to_attr="sayings"))
        .filter(
            Q(**{f"anchor__{REMOVED_IN}__isnull": True}) | Q(**{f"anchor__{REMOVED_IN}__lte": head.number})
        )
        .order_by("pk")
    )
    rows = list(found[: MOST_COMMENTS + 1])
    if not rows:
        return ComparedComments(())
    num_left_out = found.count() - MOST_COMMENTS if len(rows) > MOST_COMMENTS else 0
    rows = rows[:MOST_COMMENTS]
    answers = answer_comments(version=head, document=parse_document(head.content), comments=rows)
    made = [ComparedComment(row, answers.get(row.pk), tuple(getattr(row, "sayings", ()))) for row in rows]
    return ComparedComments(tuple(sorted(made, key=lambda one: not one.is_open)), num_left_out)
