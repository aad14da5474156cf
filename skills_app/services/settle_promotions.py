"""Bring promotions in line with the library folder after a process ended in the middle."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from django.db import transaction
from django.utils import timezone

from skills_app.adapters.published_library import PublicationOutcome, PublishedLibrary
from skills_app.domain.enums import SkillStatus
from skills_app.domain.promotion import PromotionState
from skills_app.models import Promotion, Skill
from skills_app.queries.published import library_root
from skills_app.services.index_skill_text import index_skill_text
from skills_app.services.library_of_change import is_kept, note_moved
from skills_app.services.promotion_state import change_state
from skills_app.services.record_audit import record_audit
from skills_app.services.refresh_skill import refresh_skill

_CUT_OFF = "The process that published it ended before anything was changed. Promote again."


def settle_promotions() -> int:
    """Settle every promotion that a process had begun when it ended; return how many there were.

    Costs one query and one look at the disk when there is nothing to do.

    Raises:
        PublishingError: the library folder cannot be written.
    """
    library = PublishedLibrary(library_root())
    if not library.is_unfinished and not Promotion.objects.unsettled().exists():
        return 0
    num_before = Promotion.objects.unsettled().count()
    with held_library():
        return num_before - Promotion.objects.unsettled().count()


@contextmanager
def held_library() -> Iterator[PublishedLibrary]:
    """Keep every other publisher out; what one that ended early left is settled first.

    Raises:
        PublishingError: the folder cannot be written, or somebody else is publishing.
    """
    library = PublishedLibrary(library_root())
    with library.held(is_kept=is_kept) as outcomes:
        _settle(library, outcomes)
        yield library


def _settle(library: PublishedLibrary, outcomes: Iterable[PublicationOutcome]) -> None:
    """Decide each open row: by what the adapter settled, else by what lies in the folder. Nobody else is at work now."""
    known = {outcome.reference: outcome for outcome in outcomes}
    for settled in known.values():
        note_moved(outcome=settled)
    for row in Promotion.objects.unsettled().select_related("version", "skill"):
        outcome = known.get(reference_of(row))
        if row.state == PromotionState.WITHDRAWING:
            is_gone = outcome.is_done if outcome else not library.state_of(row.path).digest
            note_withdrawn(row) if is_gone else note_kept(row)
            continue
        if outcome is not None:
            is_there = outcome.is_done
        else:
            before = row.skill.promotions.standing().filter(folder_digest=row.folder_digest, path=row.path)
            is_there = library.state_of(row.path).digest == row.folder_digest and not before.exists()
        if is_there:
            note_published(row, outcome)
        else:
            note_failed(row, outcome.problem if outcome else _CUT_OFF)


def reference_of(promotion: Promotion) -> str:
    """Return what the library folder's journal knows a promotion by, and what is done to it."""
    return f"{promotion.state}:{promotion.pk}"


@transaction.atomic
def note_published(promotion: Promotion, outcome: PublicationOutcome | None = None) -> bool:
    """Write down that a promotion lies in the library folder; return False when somebody did already.

    The one before it is superseded, the skill becomes active and reads as this version.
    """
    skill = Skill.objects.select_for_update(of=("self",)).get(pk=promotion.skill_id)
    now = timezone.now()
    if not Promotion.objects.filter(pk=promotion.pk, state=PromotionState.WRITING).exists():
        return False
    before = skill.promotions.standing().first()
    if before is not None:
        change_state(before, old=PromotionState.PUBLISHED, new=PromotionState.SUPERSEDED, ended_at=now)
    change_state(
        promotion,
        old=PromotionState.WRITING,
        new=PromotionState.PUBLISHED,
        published_at=now,
        commit=outcome.commit if outcome else "",
        problem=outcome.problem if outcome else "",
    )
    old_status, skill.status = skill.status, SkillStatus.ACTIVE.value
    skill.external_id = skill.external_id or promotion.index_id or skill.key
    skill.current_version = skill.disk_version = promotion.version
    skill.save(update_fields=["status", "external_id", "current_version", "disk_version", "updated_at"])
    refresh_skill(skill=skill)
    index_skill_text(skill_ids=[skill.pk])
    record_audit(
        verb="promoted_version",
        target_kind="skill",
        target_key=skill.key,
        actor=promotion.promoted_by,
        actor_name=promotion.promoted_by_name,
        before={"status": old_status, "version": before.semantic_version if before else ""},
        after={
            "status": skill.status,
            "version": promotion.semantic_version,
            "number": promotion.version.number,
            "overridden": promotion.overridden,
        },
        reason=promotion.reason or promotion.summary,
    )
    return True


def note_failed(promotion: Promotion, problem: str) -> bool:
    """Write down that a promotion changed nothing; return False when it was settled already."""
    return change_state(
        promotion,
        old=PromotionState.WRITING,
        new=PromotionState.FAILED,
        problem=problem or _CUT_OFF,
        ended_at=timezone.now(),
    )


def note_kept(promotion: Promotion) -> bool:
    """Write down that a withdrawal changed nothing; return False when it was settled already."""
    return change_state(
        promotion, old=PromotionState.WITHDRAWING, new=PromotionState.PUBLISHED, ended_at=None
    )


@transaction.atomic
def note_withdrawn(promotion: Promotion) -> bool:
    """Write down that a promotion lies in the library folder no more; return False when it was settled already."""
    skill = Skill.objects.select_for_update(of=("self",)).get(pk=promotion.skill_id)
    is_changed = change_state(
        promotion,
        old=PromotionState.WITHDRAWING,
        new=PromotionState.WITHDRAWN,
        ended_at=timezone.now(),
    )
    if not is_changed:
        return False
    before, skill.status = skill.status, SkillStatus.ARCHIVED.value
    skill.save(update_fields=["status", "updated_at"])
    record_audit(
        verb="withdrew_skill",
        target_kind="skill",
        target_key=skill.key,
        actor=promotion.ended_by,
        actor_name=promotion.ended_by_name,
        before={"status": before, "version": promotion.semantic_version},
        after={"status": skill.status},
        reason=promotion.end_reason,
    )
    return True
