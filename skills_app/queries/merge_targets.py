"""What a selection may be merged into, and why not into something else."""

from collections.abc import Sequence

from django.db.models import Q

from skills_app.domain.change_sets.applying import refusal_of
from skills_app.domain.change_sets.operations import MergeCategories
from skills_app.domain.change_sets.rows import Kind
from skills_app.domain.enums import SkillStatus
from skills_app.models import Skill
from skills_app.queries.change_links import circles_of_merges
from skills_app.queries.drafted_tree import DraftedTree
from skills_app.queries.move_targets import MOST_SHOWN, StepTarget
from skills_app.queries.one_files import StayingPut

MIXED = "Merge categories with a category, or skills with a skill; not both at once."


def merge_targets(
    draft: DraftedTree, *, categories: Sequence[str], skills: Sequence[str], text: str = ""
) -> tuple[list[StepTarget], int]:
    """Return what has ``text`` in path, title or name, each with its reason, and how many are not shown.

    Categories merge into a category, skills into a skill that is not archived; a selection of both has no target at all. All
    is judged as it will be after the steps of ``draft``.
    """
    if categories and skills:
        return [], 0
    return _categories(draft, categories, text) if categories else _skills(draft, skills, text)


def _categories(draft: DraftedTree, sources: Sequence[str], text: str) -> tuple[list[StepTarget], int]:
    found = draft.places_with(text)
    ended = " ".join(draft.endings(sources, ()))
    targets = [StepTarget("/", "/", "The top", "The top is no category.")] if not text.strip() else []
    staying = StayingPut(draft.tree, sources, ())
    for one in found[:MOST_SHOWN]:
        reason = ended or draft.ending_of(Kind.CATEGORY, one.key)
        if not reason and (refusal := refusal_of(draft.tree, MergeCategories(tuple(sources), one.key))):
            reason = refusal.message
        reason = reason or staying.reason(one.path)
        targets.append(StepTarget(one.value, one.path, one.title, reason, one.note))
    return targets, max(len(found) - MOST_SHOWN, 0)


def _skills(draft: DraftedTree, sources: Sequence[str], text: str) -> tuple[list[StepTarget], int]:
    wanted = text.strip()
    rows = Skill.objects.filter(Q(path__icontains=wanted) | Q(name__icontains=wanted))
    rows = rows.exclude(status=SkillStatus.ARCHIVED).order_by("path")
    shown = list(rows.values_list("key", "path", "name")[:MOST_SHOWN])
    ended = " ".join(draft.endings((), sources))
    circles = circles_of_merges(draft, sources, [key for key, _, _ in shown]) if not ended else {}
    chosen = set(sources)
    targets = [
        StepTarget(
            path,
            path,
            name,
            ended
            or draft.ending_of(Kind.SKILL, key)
            or ("It is selected itself." if key in chosen else circles.get(key, "")),
        )
        for key, path, name in shown
    ]
    return targets, max(rows.count() - MOST_SHOWN, 0)
