"""A skill's own line of time."""

from skills_app.domain.skill_timeline import Happening, happening
from skills_app.models import AuditEntry, Skill

MOST_SHOWN = 300


def timeline_of_skill(skill: Skill, *, kind: str = "") -> tuple[list[Happening], int]:
    """Return what happened to ``skill``, newest first, of one kind or of all, and how many older ones are not shown.

    Two queries. What others did to a category above it is there too, for its address changed by it.
    """
    rows = AuditEntry.objects.filter(target_kind="skill", target_key=skill.key)
    columns = ("at", "actor_name", "verb", "before", "after", "reason")
    found = [
        happening(at=at, who=who, verb=verb, before=before, after=after, reason=reason)
        for at, who, verb, before, after, reason in rows.values_list(*columns)[:MOST_SHOWN]
    ]
    shown = [one for one in found if not kind or one.kind == kind]
    return shown, max(rows.count() - MOST_SHOWN, 0)
