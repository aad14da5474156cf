"""Bring an old version back as a new one, which goes through gate and review like any other."""

from datetime import datetime

from django.contrib.auth.models import User
from django.db import transaction

from skills_app.domain.enums import VersionOrigin
from skills_app.domain.errors import PromotionInvalid
from skills_app.models import Skill, SkillVersion
from skills_app.services.add_version import add_version
from skills_app.services.apply_fixes import file_records
from skills_app.services.judge_version import judge_version


def restore_version(*, version: SkillVersion, actor: User, reason: str, now: datetime) -> SkillVersion:
    """Make a draft version that says what ``version`` says, judged by today's rules; the current version stays.

    Raises:
        PromotionInvalid: the reason is blank, or the newest version says the same.
    """
    if not reason.strip():
        raise PromotionInvalid(
            "reason", "Say why it is brought back; the reason is kept with the new version."
        )
    files = file_records(version)
    with transaction.atomic():
        skill = Skill.objects.select_for_update(of=("self",)).get(pk=version.skill_id)
        newest = skill.versions.order_by("-number").first()
        if newest is not None and newest.digest == version.digest:
            raise PromotionInvalid("version", f"Version {newest.number}, the newest, says the very same.")
        added = add_version(
            skill=skill,
            content=version.content,
            content_kind=version.content_kind,
            origin=VersionOrigin.RESTORE,
            made_at=now,
            parent=skill.current_version,
            files=files,
            metadata=version.metadata,
            message=f"Restored from version {version.number}: {reason.strip()}"[:2000],
            author=actor,
            author_name=actor.get_username(),
            becomes_current=False,
        )
    judge_version(version=added.version)
    return added.version
