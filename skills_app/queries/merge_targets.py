"""What a selection may be merged into, and why not into something else."""

from collections.abc import Sequence

from django.db.models import Q

from skills_app.domain.change_sets.applying import refusal_of
from skills_app.domain.change_sets.operations import MergeCategories
from skills_app.domain.enums import SkillStatus
from skills_app.models import Skill
from skills_app.queries.move_targets import MOST_SHOWN, StepTarget, places_with
from skills_app.queries.taxonomy_rows import read_taxonomy

MIXED = "Merge categories with a category, or skills with a skill; not both at once."


def merge_targets(
    *, categories: Sequence[str], skills: Sequence[str], text: str = ""
) -> tuple[list[StepTarget], int]:
    """Return what has ``text`` in path, title or name, each with its reason, and how many are not shown.

    Categories merge into a category, skills into a skill that is not archived; a selection of both has no target at all.
    """
    if categories and skills:
        return [], 0
    return _categories(categories, text) if categories else _skills(skills, text)


def _categories(sources: Sequence[str], text: str) -> tuple[list[StepTarget], int]:
    tree = read_taxonomy().tree
    found = places_with(tree, text)
    targets = [StepTarget("/", "The top", "The top is no category.")] if not text.strip() else []
    for path, key, title in found[:MOST_SHOWN]:
        refusal = refusal_of(tree, MergeCategories(tuple(sources), key))
        targets.append(StepTarget(path, title, refusal.message if refusal else ""))
    return targets, max(len(found) - MOST_SHOWN, 0)


def _skills(sources: Sequence[str], text: str) -> tuple[list[StepTarget], int]:
    wanted = text.strip()
    rows = Skill.objects.filter(Q(path__icontains=wanted) | Q(name__icontains=wanted))
    rows = rows.exclude(status=SkillStatus.ARCHIVED).order_by("path")
    chosen = set(sources)
    targets = [
        StepTarget(path, name, "It is selected itself." if key in chosen else "")
        for key, path, name in rows.values_list("key", "path", "name")[:MOST_SHOWN]
    ]
    return targets, max(rows.count() - MOST_SHOWN, 0)
