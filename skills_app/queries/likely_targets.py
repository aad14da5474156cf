"""Where a person may want to move a selection: homes that the survey suggests for it, and what they chose last."""

from collections.abc import Sequence

from django.contrib.auth.models import User

from skills_app.domain.change_sets.operations import MergeCategories, Move, operations_from
from skills_app.domain.change_sets.rows import TOP
from skills_app.models import PlacementChange
from skills_app.queries.placement_help import suggested_homes

MOST_RECENT, MOST_SUGGESTED = 5, 3
_CHANGES_READ = 20


def likely_targets(person: User, skills: Sequence[str]) -> dict[str, str]:
    """Return a label by the key of each likely target: suggested homes for ``skills`` (keys), surest first, then recent ones."""
    sure = suggested_homes(skills)
    best = sorted(sure, key=lambda home: (-sure[home], home))[:MOST_SUGGESTED]
    found = {home: f"suggested home, confidence {sure[home]:.2f}" for home in best}
    return found | {key: "chosen recently" for key in recent_targets(person) if key not in found}


def recent_targets(person: User) -> list[str]:
    """Return the keys of the categories into which the change-sets of a person moved or merged last, the newest first."""
    rows = PlacementChange.objects.filter(author=person).order_by("-updated_at", "-pk")
    found: dict[str, None] = {}
    for operations in rows.values_list("operations", flat=True)[:_CHANGES_READ]:
        for one in reversed(operations_from(operations)):
            if isinstance(one, Move) and one.target != TOP:
                found[one.target] = None
            elif isinstance(one, MergeCategories):
                found[one.into] = None
    return list(found)[:MOST_RECENT]
