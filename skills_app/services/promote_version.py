"""Promote a version: check what stands in the way, then write it to the library folder in one step."""

import logging
from datetime import datetime

from django.contrib.auth.models import User
from django.utils import timezone

from skills_app.adapters.published_library import PublishedLibrary
from skills_app.domain.errors import (
    PromotionBlocked,
    PromotionInvalid,
    PublishingConflict,
    PublishingError,
    PublishingUnfinished,
    ReviewEnded,
)
from skills_app.domain.promotion import Blocker, number_fault
from skills_app.domain.published_files import digest_of_files
from skills_app.domain.reviewing.standing import ReviewStatus
from skills_app.domain.storable import storable_text
from skills_app.models import Promotion, Review, SkillVersion
from skills_app.queries.published import stated_metadata
from skills_app.services.judge_version import judge_version
from skills_app.services.open_review import end_review
from skills_app.services.prepare_promotion import Place, PreparedPromotion, prepare_promotion
from skills_app.services.publication_of import publication_of
from skills_app.services.set_dependencies import set_dependencies
from skills_app.services.settle_promotions import held_library, note_failed, note_published, reference_of

logger = logging.getLogger(__name__)


def promote_version(
    *,
    version: SkillVersion,
    actor: User,
    now: datetime,
    semantic_version: str = "",
    summary: str | None = None,
    may_override: bool = False,
    reason: str = "",
    agreement: str = "",
) -> Promotion:
    """Make ``version`` what agents load: its folder, the index and, in a git work tree, a commit.

    Without a semantic version or a summary the proposed ones are taken. ``agreement`` is that of ``Place``: what the
    person saw on disk and lets be replaced. The live review of the version is closed.

    Raises:
        PromotionBlocked: something stands in the way that is not, or may not be, overridden; nothing was written.
        PromotionInvalid: the number is no version, or not later than the last; an override lacks its reason.
        PublishingConflict: something else lies in the library folder than what may be replaced; nothing was written.
        PublishingError: the library folder cannot be written; it is as it was.
    """
    judge_version(version=version)
    with held_library() as library:
        version = _fresh(version)
        prepared = prepare_promotion(version, today=timezone.localdate(now))
        _require_clear(prepared.blockers, may_override, reason)
        number = _number(prepared, semantic_version)
        _require_place(prepared.place, agreement)
        promotion = Promotion.objects.create(
            skill=version.skill,
            version=version,
            semantic_version=number,
            summary=storable_text(prepared.proposal.summary if summary is None else summary.strip()),
            path=version.skill.path,
            index_id=_index_id(prepared),
            digest=version.digest,
            folder_digest=digest_of_files(prepared.files.files),
            overridden=[one.sentence for one in prepared.blockers],
            reason=storable_text(reason.strip()) if prepared.blockers else "",
            promoted_by=actor,
            promoted_by_name=actor.get_username(),
            started_at=now,
        )
        _write(library, promotion, prepared)
    _follow_up(promotion, version, actor, now)
    promotion.refresh_from_db()
    return promotion


def _fresh(version: SkillVersion) -> SkillVersion:
    """Return the version with its skill as they are now that nobody else publishes."""
    return SkillVersion.objects.select_related("skill__category", "parent").get(pk=version.pk)


def _require_clear(blockers: tuple[Blocker, ...], may_override: bool, reason: str) -> None:
    if not blockers:
        return
    fixed = [one for one in blockers if not one.can_override]
    if fixed or not may_override:
        raise PromotionBlocked(tuple(one.sentence for one in fixed or blockers))
    if not reason.strip():
        raise PromotionInvalid("reason", "Say why it is promoted in spite of what stands in the way.")


def _index_id(prepared: PreparedPromotion) -> str:
    """Return the id that the skill's entry has in the index: the one it was published under, for as long as it is."""
    skill = prepared.version.skill
    standing = prepared.standing.index_id if prepared.standing else ""
    return standing or skill.external_id or skill.key


def _number(prepared: PreparedPromotion, wanted: str) -> str:
    number = wanted.strip() or prepared.proposal.version
    last = prepared.last.semantic_version if prepared.last else ""
    fault = number_fault(number, last=last, is_same_content=prepared.is_same_content)
    if fault:
        raise PromotionInvalid("semantic_version", fault)
    return number


def _require_place(place: Place, agreement: str) -> None:
    if place.is_closed:
        raise PublishingConflict(place.sentence)
    if place.agreement and place.agreement != agreement:
        raise PublishingConflict(f"{place.sentence} Agree to that, or take in what changed there.")


def _write(library: PublishedLibrary, promotion: Promotion, prepared: PreparedPromotion) -> None:
    publication = publication_of(
        promotion=promotion,
        reference=reference_of(promotion),
        files=prepared.files.files,
        place_digest=prepared.place.digest,
        old_folders=[(one.path, one.digest) for one in prepared.old_places],
    )
    try:
        outcome = library.publish(publication)
    except PublishingUnfinished:
        raise  # The next look at the folder settles the row together with the folder.
    except PublishingError as error:
        note_failed(promotion, str(error))
        raise
    note_published(promotion, outcome)


def _follow_up(promotion: Promotion, version: SkillVersion, actor: User, now: datetime) -> None:
    """Take over what the version states, and close its review."""
    stated = stated_metadata(version).dependencies
    if stated:
        set_dependencies(skill=promotion.skill, dependencies=stated, actor_name=actor.get_username())
    for review in Review.objects.live().filter(version=version):
        words = f"Promoted as {promotion.semantic_version}."
        try:
            end_review(review=review, actor=actor, status=ReviewStatus.CLOSED, reason=words, now=now)
        except ReviewEnded:
            logger.info("review %s ended while its version was promoted", review.pk)
