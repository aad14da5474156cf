"""A skill's own line of time."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any

from django.core.paginator import Page, Paginator

from skills_app.domain.change_sets.states import marked_key
from skills_app.domain.skill_timeline import OTHER, Happening, happening, verbs_but, verbs_of
from skills_app.models import AuditEntry, PlacementChange, Skill
from skills_app.queries.changes_for_list import endings_of

PER_PAGE = 100


def timeline_of_skill(skill: Skill, *, kind: str = "", page: str | None = None) -> Page[Happening]:
    """Return a page of what happened to ``skill``, newest first, of one kind (of ``KINDS``) or of all; ``PER_PAGE`` on each.

    Two queries, and up to two more where sets of changes are among it: what these did is told with the reason that was given for
    them. What others did to a category above it is there too, for its address changed by it.
    """
    rows = AuditEntry.objects.filter(target_kind="skill", target_key=skill.key)
    columns = ("at", "actor_name", "verb", "before", "after", "reason")
    if kind == OTHER:
        rows = rows.exclude(verb__in=verbs_but(kind))
    elif kind:
        rows = rows.filter(verb__in=verbs_of(kind))
    shown: Page[Any] = Paginator(rows.values_list(*columns), PER_PAGE).get_page(page)
    told = list(shown.object_list)
    found = [
        happening(at=at, who=who, verb=verb, before=before, after=after, reason=reason)
        for at, who, verb, before, after, reason in told
    ]
    shown.object_list = list(_with_reasons(found, (verb for _, _, verb, *_ in told)))
    return shown


def _with_reasons(found: list[Happening], verbs: Iterable[str]) -> Iterator[Happening]:
    """Yield each happening, what a set of changes did with its title and why it was made, or why it was undone."""
    keys = {key for one in found if (key := marked_key(one.reason))}
    rows = PlacementChange.objects.filter(key__in=keys).only("key", "title", "reason", "status")
    changes = {row.key: row for row in rows} if keys else {}
    endings = endings_of(changes.values())
    for one, verb in zip(found, verbs, strict=True):
        change = changes.get(marked_key(one.reason))
        if change is None:
            yield one
        else:
            ending = endings.get(change.key) if verb.startswith("undid_") else None
            yield replace(
                one,
                reason=ending.why if ending else change.reason,
                change=change.key,
                change_title=str(change),
            )
