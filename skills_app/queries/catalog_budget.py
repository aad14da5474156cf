"""The catalog that a set of skills makes, under each host's limit."""

from dataclasses import dataclass

from skills_app.domain.budget import HOSTS, Entry, HostBudget, budget_of
from skills_app.domain.skill_filter import SkillFilter
from skills_app.domain.tokens import TokenCounter
from skills_app.models import Skill
from skills_app.queries.skills_for_list import skills_matching_filter

MOST_SKILLS = 5_000
# Entries of one host that a page shows: those that are cut first, then the longest.
MOST_SHOWN = 100


@dataclass(frozen=True, slots=True)
class CatalogBudget:
    """How many skills there are, and what each host makes of them; ``is_cut`` when there are more than are looked at."""

    num_skills: int
    hosts: tuple[HostBudget, ...]
    is_cut: bool


def catalog_budget(
    chosen: SkillFilter, *, keys: tuple[str, ...], context: int, count: TokenCounter
) -> CatalogBudget:
    """Return the catalog of the skills with these ``keys``, or of all that ``chosen`` lets through, by path."""
    skills = Skill.objects.filter(key__in=keys) if keys else skills_matching_filter(chosen)
    rows = list(skills.order_by("path").values_list("key", "name", "description")[: MOST_SKILLS + 1])
    entries = [Entry(*row) for row in rows[:MOST_SKILLS]]
    hosts = tuple(budget_of(entries, host, context=context, count=count) for host in HOSTS.values())
    return CatalogBudget(len(entries), hosts, len(rows) > MOST_SKILLS)
