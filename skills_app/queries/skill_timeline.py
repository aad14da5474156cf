"""A skill's own line of time."""

from collections.abc import Iterable, Iterator
from dataclasses import replace

from skills_app.domain.skill_timeline import Happening, happening
from skills_app.models import AuditEntry, PlacementChange, Skill

MOST_SHOWN = 300
# What the audit of each thing says of the set of changes that moved it.
_CHANGE = "change-set "


def timeline_of_skill(skill: Skill, *, kind: str = "") -> tuple[list[Happening], int]:
    """Return what happened to ``skill``, newest first, of one kind or of all, and how many older ones are not shown.

    Two queries, and two more where sets of changes are among it: what these did is told with the reason that was given for
    them. What others did to a category above it is there too, for its address changed by it.
    """
    rows = AuditEntry.objects.filter(target_kind="skill", target_key=skill.key)
    columns = ("at", "actor_name", "verb", "before", "after", "reason")
    told = list(rows.values_list(*columns)[:MOST_SHOWN])
    found = [
        happening(at=at, who=who, verb=verb, before=before, after=after, reason=reason)
        for at, who, verb, before, after, reason in told
    ]
    found = list(_with_reasons(found, (verb for _, _, verb, *_ in told)))
    shown = [one for one in found if not kind or one.kind == kind]
    return shown, max(rows.count() - MOST_SHOWN, 0)


def _with_reasons(found: list[Happening], verbs: Iterable[str]) -> Iterator[Happening]:
    """Yield each happening, what a set of changes did with its title and why it was made, or why it was undone."""
    keys = {one.reason.removeprefix(_CHANGE) for one in found if one.reason.startswith(_CHANGE)}
    rows = PlacementChange.objects.filter(key__in=keys).only("key", "title", "reason")
    changes = {row.key: row for row in rows} if keys else {}
    undoings = AuditEntry.objects.filter(
        verb="undid_change", target_kind="placement_change", target_key__in=keys
    )
    undone = dict(undoings.values_list("target_key", "reason")) if keys else {}
    for one, verb in zip(found, verbs, strict=True):
        change = changes.get(one.reason.removeprefix(_CHANGE))
        if change is None:
            yield one
        else:
            why = undone.get(change.key, "") if verb.startswith("undid_") else change.reason
            yield replace(one, reason=why, change=change.key, change_title=str(change))
