"""Ask for a review of a version, move a review on to a newer one, and end it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.contrib.auth.models import User
from django.db import transaction

from skills_app.domain.bundle import BundleFile
from skills_app.domain.documents import SkillDocument, parse_document
from skills_app.domain.errors import ReviewRefused
from skills_app.domain.reviewing.assignment import choose_reviewers
from skills_app.domain.reviewing.risk import QUORUMS, Risk, RiskTier, risk_of
from skills_app.domain.reviewing.standing import ReviewStatus
from skills_app.domain.storable import storable_text
from skills_app.models import Finding, Review, ReviewRequest, Skill, SkillVersion
from skills_app.queries.reviewers import candidates_for, makers_of
from skills_app.queries.version_line import line_of
from skills_app.services.carry_comments import take_open_comments
from skills_app.services.judge_version import judge_version
from skills_app.services.review_state import (
    audit_review,
    change_status,
    lock_review,
    lock_skill,
    put_under_review,
    require_live,
    require_takes_versions,
    settle_review,
)


@dataclass(frozen=True, slots=True)
class OpenedReview:
    """The review, and whether it was made now; an earlier one of the same skill may have been moved on instead."""

    review: Review
    is_new: bool


def open_review(
    *,
    version: SkillVersion,
    opener: User,
    now: datetime,
    today: date,
    message: str = "",
    reviewers: Sequence[User] = (),
) -> OpenedReview:
    """Open the review of a version and ask people: ``reviewers``, or by branch and load as many as its risk asks for.

    A live review of that version is returned as it is. A live review of a version that this one came from is moved on
    to it, so that its comments go on; its verdicts go stale. Where reviews of that version or of one that it came from ended,
    their open comments go on in the new one. The version is judged first, so that its gate is known.
    """
    judge_version(version=version)
    risk = risk_of_version(version)
    with transaction.atomic():
        skill = lock_skill(version.skill_id)
        live = {row.version_id: row for row in Review.objects.live().filter(skill=skill)}
        if version.pk in live:
            return OpenedReview(live[version.pk], False)
        earlier = _ancestor_under_review(version, live)
        if earlier is not None:
            return OpenedReview(_move(earlier, version, opener, now, today), False)
        review = _make(skill, version, opener, now, message, risk)
        take_open_comments(review, opener)
        for user in reviewers:
            _ask(review, user, f"Named by {opener.get_username()}.", opener, now)
        if not reviewers:
            _ask_by_branch(review, opener, now)
    return OpenedReview(review, True)


def move_review(*, review: Review, version: SkillVersion, actor: User, now: datetime, today: date) -> Review:
    """Put another version of the same skill under a review that is live or rejected; comments go on, verdicts go stale.

    Open comments of ended reviews of that version, and of those that it came from, come along.

    Raises:
        ReviewRefused: the version is of another skill, or has a live review of its own; ReviewEnded: the review ended.
    """
    if version.skill_id != review.skill_id:
        raise ReviewRefused("A review goes on with a version of the same skill.")
    judge_version(version=version)
    with transaction.atomic():
        lock_skill(version.skill_id)
        return _move(review, version, actor, now, today)


@transaction.atomic
def carry_review(
    *,
    review_id: int,
    version: SkillVersion,
    parent: SkillVersion,
    actor: User | None,
    now: datetime,
    today: date,
) -> Review | None:
    """Put a version that was just made of ``parent`` under the review of ``parent``; return the review, or None.

    None: the review ended or went on with another version meanwhile, or ``version`` has a review of its own; then nothing
    changes. The version is not judged here: call ``weigh_review`` when it was.
    """
    review = Review.objects.filter(pk=review_id, skill_id=version.skill_id).first()
    if review is None or version.pk == parent.pk:
        return None
    locked = lock_review(review)
    taken = Review.objects.live().filter(version=version).exists()
    if not locked.takes_versions or locked.version_id != parent.pk or taken:
        return None
    return _move(locked, version, actor, now, today)


@transaction.atomic
def weigh_review(*, review: Review, now: datetime, today: date) -> None:
    """Bring the risk and the status of a live review up to what its version was judged to be; another one stays as it is."""
    locked = lock_review(review)
    if locked.is_live:
        _raise_tier(locked, None, now)
        settle_review(locked, now=now, today=today)


@transaction.atomic
def end_review(*, review: Review, actor: User, status: ReviewStatus, reason: str, now: datetime) -> Review:
    """End a live review as withdrawn, or as closed when its version was promoted.

    Raises:
        ReviewRefused: the reason is blank, or the status does not end one; ReviewEnded: it ended already.
    """
    if status not in (ReviewStatus.WITHDRAWN, ReviewStatus.CLOSED):
        raise ReviewRefused(
            "A review ends by a rejection, by withdrawing it, or when its version was promoted."
        )
    if not reason.strip():
        raise ReviewRefused("Say why the review ends; it is kept with it.")
    locked = lock_review(review)
    require_live(locked)
    before = locked.status
    change_status(locked, status, now=now)
    audit_review(
        locked, "ended_review", actor, reason=reason, before={"status": before}, after={"status": status}
    )
    return locked


def risk_of_version(version: SkillVersion, document: SkillDocument | None = None) -> Risk:
    """Return the risk of a version by its files and document (read here unless given), and the secrets that our rules found."""
    rows = version.files.defer("data")
    files = [BundleFile(row.path, row.size_bytes, row.text, row.is_executable) for row in rows]
    found = Finding.objects.filter(report__version=version, report__is_own=True, rule_id="bundle.secret")
    paths = sorted({path or "SKILL.md" for path in found.values_list("path", flat=True)})
    return risk_of(document or parse_document(version.content), files, paths)


def _ancestor_under_review(version: SkillVersion, live: dict[int, Review]) -> Review | None:
    """Return the live review of the nearest version that this one came from."""
    return next((live[pk] for pk in line_of(version) if pk in live), None)


def _move(review: Review, version: SkillVersion, actor: User | None, now: datetime, today: date) -> Review:
    locked = lock_review(review)
    require_takes_versions(locked)
    if locked.version_id == version.pk:
        return locked
    if Review.objects.live().filter(version=version).exists():
        raise ReviewRefused(f"Version {version.number} has a review of its own already.")
    before = locked.version.number
    put_under_review(locked, version, now=now)
    take_open_comments(locked, actor)
    _raise_tier(locked, actor, now)
    settle_review(locked, now=now, today=today)
    audit_review(locked, "moved_review", actor, before={"version": before}, after={"tier": locked.tier})
    return locked


def _raise_tier(review: Review, actor: User | None, now: datetime) -> None:
    """Bring tier and approvals up to the version under review, and ask as many people more as its tier wants."""
    risk = risk_of_version(review.version)
    if risk.tier != review.tier:
        needed = QUORUMS[risk.tier].num_needed
        review.tier, review.num_needed = risk.tier.value, max(needed, review.num_needed)
        review.save(update_fields=["tier", "num_needed"])
        _ask_by_branch(review, actor, now)


def _make(
    skill: Skill, version: SkillVersion, opener: User, now: datetime, message: str, risk: Risk
) -> Review:
    review = Review.objects.create(
        skill=skill,
        version=version,
        message=storable_text(message.strip()),
        opened_by=opener,
        opened_by_name=opener.get_username(),
        tier=risk.tier.value,
        num_needed=QUORUMS[risk.tier].num_needed,
        opened_at=now,
        version_at=now,
    )
    review.makers.add(*makers_of(version))
    after: dict[str, object] = {"tier": review.tier, "num_needed": review.num_needed}
    audit_review(review, "opened_review", opener, after=after, reason=message)
    return review


def _ask_by_branch(review: Review, asker: User | None, now: datetime) -> None:
    """Ask as many people as the tier wants beside those asked already: by branch and load, never opener or makers."""
    asked = list(review.requests.values_list("reviewer__username", flat=True))
    makers = review.makers.values_list("username", flat=True)
    chosen = choose_reviewers(
        candidates_for(review.skill),
        QUORUMS[RiskTier(review.tier)].num_asked - len(asked),
        without={review.opened_by_name, *asked, *makers},
    )
    people = {
        user.get_username(): user for user in User.objects.filter(username__in=[c.name for c in chosen])
    }
    for one in chosen:
        _ask(review, people[one.name], one.why, asker, now)


def _ask(review: Review, reviewer: User, reason: str, asker: User | None, now: datetime) -> None:
    ReviewRequest.objects.create(
        review=review,
        reviewer=reviewer,
        reason=reason[:256],
        asked_by_name=asker.get_username() if asker else review.opened_by_name,
        asked_at=now,
    )
    audit_review(review, "asked_reviewer", asker, after={"reviewer": reviewer.get_username()}, reason=reason)
