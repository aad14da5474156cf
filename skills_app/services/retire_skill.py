"""Deprecate a skill, take that back, or withdraw it from the library folder."""

from datetime import datetime

from django.contrib.auth.models import User
from django.db import transaction

from skills_app.adapters.published_library import FolderChange, Publication, PublishedLibrary
from skills_app.domain.enums import SkillStatus
from skills_app.domain.errors import (
    PromotionBlocked,
    PromotionInvalid,
    PublishingConflict,
    PublishingError,
    PublishingUnfinished,
)
from skills_app.domain.promotion import PromotionState
from skills_app.domain.storable import storable_text
from skills_app.models import Promotion, Skill
from skills_app.queries.dependency_graph import active_dependents
from skills_app.queries.published import standing_promotion
from skills_app.services.prepare_promotion import place_of
from skills_app.services.promotion_state import change_state
from skills_app.services.publication_of import commit_message, index_change
from skills_app.services.record_audit import record_audit
from skills_app.services.settle_promotions import held_library, note_kept, note_withdrawn, reference_of


def deprecate_skill(*, skill: Skill, actor: User, reason: str, replaced_by: Skill | None = None) -> bool:
    """Mark an active skill as one to leave; agents that name it still find it. Return False when it is marked already.

    Raises:
        PromotionInvalid: the reason is blank, the skill is not active, or it would be replaced by itself.
        PublishingError: the library folder cannot be written; nothing was changed.
    """
    if replaced_by is not None and replaced_by.pk == skill.pk:
        raise PromotionInvalid(
            "replaced_by", "A skill does not take its own place. Name another one, or none."
        )
    after = {"replaced_by": replaced_by.path} if replaced_by else {}
    return _change_status(
        skill, SkillStatus.ACTIVE, SkillStatus.DEPRECATED, actor, reason, replaced_by, after
    )


def reactivate_skill(*, skill: Skill, actor: User, reason: str) -> bool:
    """Take a deprecation back; return False when there is none. Raises as ``deprecate_skill`` does."""
    return _change_status(skill, SkillStatus.DEPRECATED, SkillStatus.ACTIVE, actor, reason, None, {})


def withdraw_skill(
    *, skill: Skill, actor: User, reason: str, now: datetime, despite_dependents: bool = False
) -> Promotion:
    """Take a skill out of the library folder and its index; its versions stay here. Return what was withdrawn.

    Raises:
        PromotionInvalid: the reason is blank, or the skill is not published.
        PromotionBlocked: active skills require it, and ``despite_dependents`` does not say that this is known.
        PublishingError: the folder cannot be written, or was changed by somebody else; it is as it was.
    """
    _require_reason(reason)
    dependents = active_dependents(skill)
    if dependents and not despite_dependents:
        raise PromotionBlocked(tuple(f"{one.path} requires it." for one in dependents))
    with held_library() as library:
        promotion = standing_promotion(skill)
        if promotion is None:
            raise PromotionInvalid("skill", "This skill is not published, so there is nothing to withdraw.")
        # What people changed there may go, too, when a version holds it.
        place = place_of(skill, promotion.path, promotion.folder_digest)
        if place.is_closed:
            raise PublishingConflict(place.sentence)
        _begin_withdrawal(promotion, actor, reason, now)
        allowed = frozenset({promotion.folder_digest, place.digest})
        _write(
            library,
            Publication(
                reference_of(promotion),
                (FolderChange(promotion.path, None, allowed),),
                index_change(promotion, None),
                commit_message(f"Withdraw {promotion.path}", reason, actor.get_username()),
            ),
            promotion,
        )
        note_withdrawn(promotion)
    promotion.refresh_from_db()
    return promotion


def _begin_withdrawal(promotion: Promotion, actor: User, reason: str, now: datetime) -> None:
    change_state(
        promotion,
        old=PromotionState.PUBLISHED,
        new=PromotionState.WITHDRAWING,
        ended_by=actor,
        ended_by_name=actor.get_username(),
        end_reason=storable_text(reason.strip()),
        ended_at=now,
    )
    promotion.refresh_from_db()


def _write(library: PublishedLibrary, publication: Publication, promotion: Promotion) -> None:
    try:
        library.publish(publication)
    except PublishingUnfinished:
        raise
    except PublishingError:
        note_kept(promotion)
        raise


def _change_status(
    skill: Skill,
    old: SkillStatus,
    new: SkillStatus,
    actor: User,
    reason: str,
    replaced_by: Skill | None,
    after: dict[str, str],
) -> bool:
    """Write the index first, then the row: a process that ends between them is caught up by the next scan."""
    _require_reason(reason)
    if skill.status == new:
        return False
    if skill.status != old:
        raise PromotionInvalid(
            "skill", f"This skill is {skill.status}; only one that is {old} can become {new}."
        )
    promotion = standing_promotion(skill)
    if promotion is not None:
        verb = {SkillStatus.DEPRECATED: "Deprecate", SkillStatus.ACTIVE: "Reactivate"}[new]
        change = index_change(promotion, new, replaced_by=replaced_by)
        message = commit_message(f"{verb} {promotion.path}", reason, actor.get_username())
        with held_library() as library:
            library.publish(Publication(f"status:{skill.pk}", (), change, message))
    with transaction.atomic():
        if not Skill.objects.filter(pk=skill.pk, status=old).update(status=new):
            return False
        record_audit(
            verb="deprecated_skill" if new is SkillStatus.DEPRECATED else "reactivated_skill",
            target_kind="skill",
            target_key=skill.key,
            actor=actor,
            before={"status": old.value},
            after={"status": new.value, **after},
            reason=reason,
        )
    skill.refresh_from_db()
    return True


def _require_reason(reason: str) -> None:
    if not reason.strip():
        raise PromotionInvalid("reason", "Say why; the reason is kept with the change.")
