"""Ask one more reviewer, let one go, change how many approvals are needed, and claim a review softly."""

from datetime import date, datetime, timedelta

from django.contrib.auth.models import User
from django.db import transaction

from skills_app.domain.errors import ReviewRefused
from skills_app.domain.reviewing.risk import MOST_NEEDED
from skills_app.domain.storable import storable_text
from skills_app.models import Review, ReviewRequest
from skills_app.services.review_state import audit_review, lock_review, require_live, settle_review

CLAIM_MINUTES = 60


@transaction.atomic
def ask_reviewer(*, review: Review, reviewer: User, actor: User, now: datetime, reason: str = "") -> bool:
    """Ask a person for a verdict; return False when they were asked already.

    Raises:
        ReviewEnded: the review takes no verdicts any more.
    """
    locked = lock_review(review)
    require_live(locked)
    why = reason.strip() or f"Named by {actor.get_username()}."
    _, is_new = ReviewRequest.objects.get_or_create(
        review=locked,
        reviewer=reviewer,
        defaults={
            "reason": storable_text(why, longest=256),
            "asked_by_name": actor.get_username(),
            "asked_at": now,
        },
    )
    if is_new:
        audit_review(locked, "asked_reviewer", actor, after={"reviewer": reviewer.get_username()}, reason=why)
    return is_new


@transaction.atomic
def release_reviewer(*, review: Review, reviewer: User, actor: User) -> bool:
    """Let an asked person go; a verdict that they gave stays. Return False when they were not asked."""
    locked = lock_review(review)
    require_live(locked)
    is_gone = bool(locked.requests.filter(reviewer=reviewer).delete()[0])
    if is_gone:
        audit_review(locked, "released_reviewer", actor, before={"reviewer": reviewer.get_username()})
    return is_gone


@transaction.atomic
def change_needed(
    *, review: Review, num_needed: int, actor: User, reason: str, now: datetime, today: date
) -> Review:
    """Change how many approvals an open review needs.

    Raises:
        ReviewRefused: the reason is blank or the number is not within 1 and 9; ReviewEnded: the review ended.
    """
    if not 1 <= num_needed <= MOST_NEEDED:
        raise ReviewRefused(f"A review needs 1 to {MOST_NEEDED} approvals.")
    if not reason.strip():
        raise ReviewRefused("Say why the number of approvals changes; it is kept with the review.")
    locked = lock_review(review)
    require_live(locked)
    before = locked.num_needed
    if before != num_needed:
        locked.num_needed = num_needed
        locked.save(update_fields=["num_needed"])
        audit_review(
            locked,
            "changed_approvals_needed",
            actor,
            before={"num_needed": before},
            after={"num_needed": num_needed},
            reason=reason,
        )
        settle_review(locked, now=now, today=today)
    return locked


@transaction.atomic
def claim_review(*, review: Review, actor: User, now: datetime, is_release: bool = False) -> Review:
    """Show for an hour that somebody is at it, or take that back; nobody is kept from deciding.

    A claim of somebody else that has not run out stays.

    Raises:
        ReviewRefused: somebody else has claimed it; ReviewEnded: the review ended.
    """
    locked = lock_review(review)
    require_live(locked)
    holder = locked.claimed_by if locked.claimed_until and locked.claimed_until > now else None
    if holder is not None and holder.pk != actor.pk:
        raise ReviewRefused(f"{holder.get_username()} is at it. You may still comment and decide.")
    locked.claimed_by = None if is_release else actor
    locked.claimed_until = None if is_release else now + timedelta(minutes=CLAIM_MINUTES)
    locked.save(update_fields=["claimed_by", "claimed_until"])
    audit_review(locked, "released_claim" if is_release else "claimed_review", actor)
    return locked
