"""Bring the open comments of reviews that ended along to the review that goes on, and know which one that is."""

from datetime import datetime

from django.contrib.auth.models import User
from django.db.models import Q

from skills_app.domain.reviewing.comments import CommentState
from skills_app.domain.reviewing.places import removed_in
from skills_app.domain.reviewing.standing import LIVE
from skills_app.models import Comment, Review
from skills_app.queries.version_line import line_of
from skills_app.services.review_state import audit_review


def take_open_comments(review: Review, actor: User | None) -> None:
    """Bring the open comments of ended reviews of the version, and of all that it came from, along with their replies.

    They stand where their words stand now, as after a move, and a block stays one; each keeps which review it came from. Call
    it under the lock.
    """
    line = line_of(review.version)
    rows = (
        Comment.objects.filter(thread=None, sent_at__isnull=False, state=CommentState.OPEN)
        .filter(Q(version__in=line) | Q(review__version__in=line), review__skill=review.skill_id)
        .exclude(Q(review=review) | Q(review__status__in=LIVE))
        .order_by("pk")
    )
    # Words that another version removed stand here still, so nothing is said of this one.
    taken = {
        pk: review_id
        for pk, anchor, review_id, reviewed in rows.values_list("pk", "anchor", "review", "review__version")
        if reviewed in line or not removed_in(anchor)
    }
    if not taken:
        return
    earlier = Comment.earlier_reviews.through
    earlier.objects.bulk_create(
        [earlier(comment_id=pk, review_id=review_id) for pk, review_id in taken.items()],
        ignore_conflicts=True,
    )
    Comment.objects.filter(Q(pk__in=taken) | Q(thread__in=taken)).update(review=review)
    audit_review(review, "took_open_comments", actor, after={"comments": list(taken)})


def review_that_went_on(review: Review, since: datetime) -> Review | None:
    """Return the live review that took the place of an ended one since a time, or None.

    It has its comments, or it is of the same version or of one that came from it.
    """
    others = Review.objects.live().filter(skill=review.skill_id).exclude(pk=review.pk)
    for other in others.select_related("version").order_by("pk"):
        if other.version_id == review.version_id:
            return other
        if other.version_at < since:
            continue
        if other.comments.filter(earlier_reviews=review).exists():
            return other
        if review.version_id in line_of(other.version):
            return other
    return None
