"""Which version of a skill was the current one at a time."""

from datetime import datetime

from django.db.models import Exists, OuterRef, Q

from skills_app.domain.enums import VersionOrigin
from skills_app.models import Promotion, Skill, SkillVersion


def version_current_at(skill: Skill, at: datetime) -> SkillVersion | None:
    """Return the version that was current at ``at``, as far as that is known; None when the skill had none yet.

    It is the one that was published last by then, or that a run or the library folder brought after that. Drafts that nobody
    published were never current: edits, what a generation made anew, and what was found on disk beside a published one.
    """
    promotions = skill.promotions.once_published().select_related("version")
    published = promotions.filter(published_at__lte=at).order_by("-published_at", "-pk").first()
    stood_then = (
        Promotion.objects.once_published()
        .filter(skill=OuterRef("skill"), published_at__lte=OuterRef("created_at"))
        .exclude(ended_at__lte=OuterRef("created_at"))
    )
    is_draft = Q(origin=VersionOrigin.LIBRARY) & Exists(stood_then)
    brought = (
        skill.versions.filter(Q(parent=None) | Q(origin__in=(VersionOrigin.RUN, VersionOrigin.LIBRARY)))
        .filter(made_at__lte=at)
        .exclude(is_draft)
        .exclude(parent__isnull=False, generations__isnull=False)
        .order_by("-made_at", "-number")
        .first()
    )
    if published is None or published.published_at is None:
        return brought
    is_later = brought is not None and brought.made_at > published.published_at
    return brought if is_later else published.version
