"""Send what a reviewer wrote and decided, all at once; take a decision back within 30 seconds."""

from dataclasses import dataclass
from datetime import date, datetime

from django.contrib.auth.models import User
from django.db import transaction

from skills_app.domain.errors import ReviewRefused
from skills_app.domain.reviewing.comments import CommentState
from skills_app.domain.reviewing.standing import ReviewStatus, Standing
from skills_app.domain.reviewing.verdicts import UNDO_SECONDS, Decision, can_undo
from skills_app.domain.storable import storable_text
from skills_app.models import Comment, Review, Verdict
from skills_app.queries.review_standing import ground_of, latest_verdicts, standing_of_review
from skills_app.services.carry_comments import review_that_went_on, take_open_comments
from skills_app.services.judge_version import judge_version
from skills_app.services.review_state import (
    audit_review,
    change_status,
    lock_review,
    lock_skill,
    require_live,
    require_version,
    settle_review,
)


@dataclass(frozen=True, slots=True)
class SentReview:
    """What was sent: the verdict (None for comments alone), how many comments, how the review stands, and a sentence."""

    verdict: Verdict | None
    num_comments: int
    standing: Standing
    sentence: str


def send_review(
    *,
    review: Review,
    reviewer: User,
    decision: Decision | None,
    seen_number: int,
    now: datetime,
    today: date,
    reason: str = "",
) -> SentReview:
    """Send the drafts of a reviewer and, if there is one, the decision, bound to what stands now.

    ``seen_number`` is the version that the reviewer read. The verdict of somebody who made the version is kept and does
    not count. Two reviewers at once are both counted; what the first one ended, the second one is told.

    Raises:
        ReviewEnded: the review takes no verdicts any more; ReviewMoved: another version is under review now;
        ReviewRefused: a reason is missing, there is nothing to send, or one approves beside a blocking comment of one's own.
    """
    judge_version(version=review.version)
    with transaction.atomic():
        locked = lock_review(review)
        require_live(locked)
        require_version(locked, seen_number)
        drafts = list(locked.comments.filter(author=reviewer, sent_at=None))
        _check(locked, reviewer, decision, reason, drafts)
        before = [row for row in latest_verdicts(locked) if row.reviewer_id != reviewer.pk]
        verdict = _keep_verdict(locked, reviewer, decision, reason, now, today) if decision else None
        ids = [row.pk for row in drafts]
        Comment.objects.filter(pk__in=ids).update(sent_at=now, verdict=verdict)
        if verdict is not None:
            _end_claim(locked, reviewer)
        standing = settle_review(locked, now=now, today=today)
        _audit(locked, reviewer, verdict, drafts, reason)
    sentence = _sentence(locked, reviewer, verdict, len(drafts), standing, before)
    return SentReview(verdict, len(drafts), standing, sentence)


@transaction.atomic
def undo_verdict(*, verdict: Verdict, actor: User, now: datetime, today: date) -> Review:
    """Take one's own decision back within 30 seconds; comments sent with it become drafts again, but those with a reply.

    A rejected review is open again, with its open comments, also those that went on in another review which ended meanwhile.

    Raises:
        ReviewRefused: it is somebody else's, was taken back already, is too old, or the review went on meanwhile: with another
            version, or in another review.
    """
    lock_skill(verdict.review.skill_id)
    locked = lock_review(verdict.review)
    row = Verdict.objects.select_for_update().get(pk=verdict.pk)
    if row.reviewer_id != actor.pk or row.undone_at is not None:
        raise ReviewRefused("There is no decision of yours to take back here.")
    if not can_undo(row.given_at, now):
        raise ReviewRefused(
            f"A decision can be taken back for {UNDO_SECONDS} seconds. Decide again instead; the later verdict counts."
        )
    if locked.status in (ReviewStatus.CLOSED, ReviewStatus.WITHDRAWN) or locked.version_id != row.version_id:
        raise ReviewRefused("The review went on meanwhile, so this decision cannot be taken back.")
    row.undone_at = now
    row.save(update_fields=["undone_at"])
    status = standing_of_review(locked, today=today).status
    if not locked.is_live and status.is_live:
        _refuse_beside(locked, row)
        take_open_comments(locked, actor)
    else:
        _refuse_apart(locked, row)
    answered = Comment.objects.filter(thread__verdict=row).values("thread")
    unsent = row.comments.filter(review=locked, state=CommentState.OPEN).exclude(pk__in=answered)
    unsent.update(sent_at=None, verdict=None)
    change_status(locked, status, now=now)
    audit_review(locked, "undid_verdict", actor, before={"decision": row.decision, "reason": row.reason})
    return locked


def _refuse_apart(review: Review, verdict: Verdict) -> None:
    """Refuse to take back a decision that opens nothing again while comments that were sent with it are in another review."""
    gone = verdict.comments.exclude(review=review).select_related("review").first()
    if gone is not None:
        raise ReviewRefused(
            f"Your comments went on in another review meanwhile, review {gone.review_id}; decide there."
        )


def _refuse_beside(review: Review, verdict: Verdict) -> None:
    """Refuse to open a review again beside the one that took its place since it was rejected."""
    other = review_that_went_on(review, verdict.given_at)
    if other is None:
        return
    name = f"review {other.pk} of version {other.version.number}"
    if other.version_id == review.version_id:
        said = f"Another review of this version was opened meanwhile, {name}"
    elif other.comments.filter(earlier_reviews=review).exists():
        said = f"The comments went on in another review meanwhile, {name}"
    else:
        said = f"The review of a version that came from this one was opened meanwhile, {name}"
    raise ReviewRefused(
        f"{said}. Two reviews would decide on the same text, so your rejection stands; decide there."
    )


def _check(
    review: Review, reviewer: User, decision: Decision | None, reason: str, drafts: list[Comment]
) -> None:
    if decision is None and not drafts:
        raise ReviewRefused("There is nothing to send: write a comment, or decide.")
    if decision is not None and decision.needs_reason and not reason.strip():
        raise ReviewRefused(f"Say why you {decision.words}; the maker acts on it.")
    if decision is Decision.APPROVE and any(row.is_blocking and row.thread_id is None for row in drafts):
        raise ReviewRefused(
            "You approve, yet one of your draft comments blocks. Make it one that does not, or request changes."
        )


def _keep_verdict(
    review: Review, reviewer: User, decision: Decision, reason: str, now: datetime, today: date
) -> Verdict:
    return Verdict.objects.create(
        review=review,
        version=review.version,
        reviewer=reviewer,
        reviewer_name=reviewer.get_username(),
        decision=decision.value,
        reason=storable_text(reason.strip()),
        binding=ground_of(review.version, today=today).binding.as_data(),
        given_at=now,
    )


def _end_claim(review: Review, reviewer: User) -> None:
    """Who decided is not at it any more; somebody else's claim stays."""
    if review.claimed_by_id == reviewer.pk:
        review.claimed_by, review.claimed_until = None, None
        review.save(update_fields=["claimed_by", "claimed_until"])


def _audit(
    review: Review, reviewer: User, verdict: Verdict | None, drafts: list[Comment], reason: str
) -> None:
    after: dict[str, object] = {"comments": [row.pk for row in drafts], "status": review.status}
    if verdict is not None:
        after |= {"decision": verdict.decision, "binding": verdict.binding}
    audit_review(
        review, "decided_review" if verdict else "sent_comments", reviewer, after=after, reason=reason
    )


def _sentence(
    review: Review,
    reviewer: User,
    verdict: Verdict | None,
    num_comments: int,
    standing: Standing,
    before: list[Verdict],
) -> str:
    """Say what was sent, how the review stands, and who decided on the same version before."""
    sent = f"{num_comments} comment{'s' if num_comments != 1 else ''} sent. " if num_comments else ""
    if verdict is None:
        return sent.strip()
    if any(vote.reviewer == reviewer.get_username() and vote.is_author for vote in standing.votes):
        return (
            f"{sent}You made this version or wrote some of it, so your own verdict is kept but does not count. "
            f"{standing.sentence}"
        )
    others = [row for row in before if row.version_id == review.version_id]
    told = " ".join(f"{row.reviewer_name} {Decision(row.decision).past} before you." for row in others)
    to = " to" if verdict.decision == Decision.REQUEST_CHANGES else ""
    done = f"You {Decision(verdict.decision).past}{to} version {review.version.number}."
    return " ".join(part for part in (sent.strip(), done, told, standing.sentence) if part)
