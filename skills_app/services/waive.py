"""Set a condition of a gate aside for a while, and take that back."""

from datetime import date

from django.contrib.auth.models import User
from django.db import transaction
from django.utils import timezone

from skills_app.domain.errors import GateDataError
from skills_app.domain.gates import Waiver as GateWaiver
from skills_app.domain.storable import storable_text
from skills_app.models import Category, Skill, Waiver
from skills_app.services.record_audit import record_audit

LONGEST_DAYS = 366


@transaction.atomic
def waive_condition(
    *,
    condition_key: str,
    reason: str,
    owner: User,
    until: date,
    today: date,
    skill: Skill | None = None,
    category: Category | None = None,
    rule_id: str = "",
) -> Waiver:
    """Set a condition aside for a skill or a branch through ``until``; with ``rule_id`` only that rule's findings.

    Raises:
        GateDataError: reason or condition is blank, or the end date is past or more than a year away.
    """
    wanted = GateWaiver(condition_key, reason, owner.get_username(), until, rule_id)
    if until < today:
        raise GateDataError((("until", "The last day is past; a waiver must end today or later."),))
    if (until - today).days > LONGEST_DAYS:
        raise GateDataError((("until", "A waiver ends within a year; renew it when it still holds."),))
    row = Waiver.objects.create(
        skill=skill,
        category=category,
        condition_key=wanted.condition_key,
        rule_id=wanted.rule_id,
        reason=storable_text(reason.strip()),
        owner=owner,
        owner_name=wanted.owner,
        until=until,
    )
    _audit(row, "waived_condition", owner, reason)
    return row


@transaction.atomic
def withdraw_waiver(*, waiver: Waiver, actor: User) -> bool:
    """Take a waiver back; return False when somebody did already."""
    changed = Waiver.objects.filter(pk=waiver.pk, withdrawn_at=None).update(
        withdrawn_at=timezone.now(), withdrawn_by=actor.get_username()
    )
    if changed:
        _audit(waiver, "withdrew_waiver", actor, "")
    return bool(changed)


def _audit(row: Waiver, verb: str, actor: User, reason: str) -> None:
    target = row.skill or row.category
    record_audit(
        verb=verb,
        target_kind="skill" if row.skill else "category",
        target_key=row.skill.key if row.skill else (row.category.path if row.category else ""),
        actor=actor,
        after={
            "condition": row.condition_key,
            "rule": row.rule_id,
            "until": row.until.isoformat(),
            "of": str(target),
        },
        reason=reason,
    )
