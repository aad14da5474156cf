"""Keep a review's stored status what its verdicts make it, and say why a step comes too late."""

from datetime import date, datetime

from django.contrib.auth.models import User
from django.utils import timezone

from skills_app.domain.errors import ReviewEnded, ReviewMoved, ReviewRefused
from skills_app.domain.reviewing.standing import ALLOWED, ReviewStatus, Standing
from skills_app.models import Review, Skill, SkillVersion
from skills_app.queries.review_standing import latest_verdicts, standing_of_review
from skills_app.queries.reviewers import makers_of
from skills_app.services.record_audit import record_audit


def lock_review(review: Review) -> Review:
    """Return the review as it is now, kept from others until the transaction ends."""
    locked = Review.objects.select_for_update(of=("self",)).select_related("version", "skill__category")
    return locked.get(pk=review.pk)


def lock_skill(skill_id: int) -> Skill:
    """Return a skill as it is now, with no review of it opened or moved by others until the transaction ends; lock it first."""
    rows = Skill.objects.select_for_update(of=("self",)).select_related("category")
    return rows.get(pk=skill_id)


def require_live(review: Review) -> None:
    """Refuse a step in a review that ended.

    Raises:
        ReviewEnded: it did; the message says who decided, and when.
    """
    if review.is_live:
        return
    last = latest_verdicts(review)[-1:]
    if review.status == ReviewStatus.REJECTED and last:
        at = timezone.localtime(last[0].given_at)
        said = f"{last[0].reviewer_name} rejected this version at {at:%H:%M on %d %b %Y}"
    else:
        said = f"This review is {review.status}"
    raise ReviewEnded(f"{said}, so nothing more can be decided here. What you wrote is kept as drafts.")


def require_takes_versions(review: Review) -> None:
    """Refuse to put another version under a review that ended otherwise than by a rejection.

    Raises:
        ReviewEnded: it did.
    """
    if not review.takes_versions:
        require_live(review)


def require_version(review: Review, seen_number: int) -> None:
    """Refuse a step that was decided on another version than the one that is under review now.

    Raises:
        ReviewMoved: a newer version took its place while the person was reading.
    """
    if review.version.number != seen_number:
        raise ReviewMoved(
            f"Version {review.version.number} took the place of version {seen_number} while you were reading. Nothing was "
            "decided and your comments are kept as drafts. Look at what changed, then decide."
        )


def settle_review(review: Review, *, now: datetime, today: date) -> Standing:
    """Store the status that the verdicts make today, and return how the review stands; call it under the lock.

    Raises:
        ReviewRefused: the status may not follow on the present one.
    """
    standing = standing_of_review(review, today=today)
    change_status(review, standing.status, now=now)
    return standing


def change_status(review: Review, status: ReviewStatus, *, now: datetime) -> None:
    """Store a status that may follow on the present one; the same one changes nothing.

    Raises:
        ReviewRefused: it may not follow.
    """
    before = ReviewStatus(review.status)
    if before is status:
        return
    if status not in ALLOWED[before]:
        raise ReviewRefused(f"This review is {before.value} and cannot become {status.value}.")
    review.status, review.decided_at = status.value, now
    review.save(update_fields=["status", "decided_at"])


def audit_review(
    review: Review,
    verb: str,
    actor: User | None,
    *,
    reason: str = "",
    before: dict[str, object] | None = None,
    after: dict[str, object] | None = None,
) -> None:
    """Write down a change of a review under its skill's key, with its number and version."""
    record_audit(
        verb=verb,
        target_kind="skill",
        target_key=review.skill.key,
        actor=actor,
        before=before,
        after={"review": review.pk, "version": review.version.number, **(after or {})},
        reason=reason,
    )


def put_under_review(review: Review, version: SkillVersion, *, now: datetime) -> None:
    """Let another version take the place of the one under review; whose text it holds counts as a maker from now on."""
    review.version, review.version_at = version, now
    review.save(update_fields=["version", "version_at"])
    review.makers.add(*makers_of(version))
