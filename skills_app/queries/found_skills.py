"""All skills that a look at the tree finds, however many pages they fill."""

from django.db.models import Q, QuerySet

from skills_app.domain.skill_filter import SkillFilter
from skills_app.models import PathAlias, Skill
from skills_app.queries.branch_totals import counted_skills
from skills_app.queries.taxonomy_tree import found_by_name

MOST_SELECTED = 5_000


def found_skills(text: str, chosen: SkillFilter) -> QuerySet[Skill]:
    """Return the skills that the tree finds by ``text`` among those that ``chosen`` lets through, or without a text all of these.

    Without either there are none: nothing was sought.
    """
    if not text and not chosen.is_narrowed:
        return Skill.objects.none()
    rows = counted_skills(chosen) if chosen.is_narrowed else Skill.objects.all()
    old = PathAlias.objects.filter(path__icontains=text).order_by()
    return rows.filter(found_by_name(text, old) if text else Q()).order_by("path")
