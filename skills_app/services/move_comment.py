"""Say that a comment is fixed, drop it, or open it again."""

from datetime import date, datetime

from django.contrib.auth.models import User
from django.db import transaction

from skills_app.domain.errors import ReviewRefused
from skills_app.domain.reviewing.comments import CommentState, why_not_move
from skills_app.domain.storable import storable_text
from skills_app.models import Comment
from skills_app.services.review_state import audit_review, lock_review, settle_review


@transaction.atomic
def move_comment(
    *,
    comment: Comment,
    state: CommentState,
    actor: User,
    now: datetime,
    today: date,
    reason: str = "",
    is_manager: bool = False,
) -> Comment:
    """Bring a sent comment to another state; ``is_manager`` says that the actor may close those of others.

    Raises:
        ReviewRefused: the actor may not, a reason is missing, somebody moved it meanwhile, or it is a draft or a reply.
    """
    review = lock_review(comment.review)
    row = Comment.objects.select_for_update().get(pk=comment.pk)
    if row.is_draft or row.thread_id is not None:
        raise ReviewRefused("Only a comment that was sent has a state; a draft and a reply have none.")
    before = CommentState(row.state)
    refused = why_not_move(
        before,
        state,
        is_blocking=row.is_blocking,
        is_commenter=row.author_id == actor.pk,
        is_maker=review.opened_by_id == actor.pk or review.makers.filter(pk=actor.pk).exists(),
        is_manager=is_manager,
        reason=reason,
    )
    if refused:
        raise ReviewRefused(refused)
    row.state, row.state_by_name = state.value, actor.get_username()
    row.state_reason, row.state_at = storable_text(reason.strip()), now
    row.save(update_fields=["state", "state_by_name", "state_reason", "state_at"])
    if review.is_live:
        settle_review(review, now=now, today=today)
    audit_review(
        review,
        "moved_comment",
        actor,
        before={"state": before.value},
        after={"comment": row.pk, "state": state.value},
        reason=reason,
    )
    return row
