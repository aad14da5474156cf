"""Old addresses that still answer: where each leads, and which links of skills are written with it."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.core.paginator import Page, Paginator
from django.db.models import Count, Exists, OuterRef, Q

from skills_app.domain.change_sets.conflicts import Conflict, Reason, retire_conflict
from skills_app.domain.change_sets.operations import Operation, Retire
from skills_app.models import Category, PathAlias, Skill, SkillDependency

PER_PAGE = 50
MOST_NAMED = 3
_CHUNK = 500


@dataclass(frozen=True, slots=True)
class OldAddress:
    """An address that leads to ``target`` since a moment; ``num_links`` links of skills are written with it."""

    path: str
    target: Skill | Category
    since: datetime
    num_links: int


def old_addresses_for_page(
    *, branch: str = "", text: str = "", only_unused: bool = False, page: str | None = None
) -> Page[OldAddress]:
    """Return a page of the old addresses, by address: of what lies at or below ``branch``, with ``text`` in them.

    Unused ones are those with which no link of a skill is written. Three queries.
    """
    rows = PathAlias.objects.select_related("skill", "category").order_by("path")
    if branch:
        inside = Q(skill__path__startswith=f"{branch}/") | Q(category__path__startswith=f"{branch}/")
        rows = rows.filter(inside | Q(category__path=branch))
    if text:
        rows = rows.filter(path__icontains=text)
    if only_unused:
        rows = rows.exclude(Exists(SkillDependency.objects.filter(target_path=OuterRef("path"))))
    shown: Page[PathAlias] = Paginator(rows, PER_PAGE).get_page(page)
    listed = list(shown.object_list)
    used = num_links_with(row.path for row in listed)
    found = [
        OldAddress(row.path, target, row.created_at, used.get(row.path, 0))
        for row in listed
        if (target := row.skill or row.category) is not None
    ]
    return Page(found, shown.number, shown.paginator)  # type: ignore[arg-type]


def num_links_with(paths: Iterable[str]) -> dict[str, int]:
    """Return how many links of skills are written with each address, those with none left out; a query for each 500."""
    wanted, found = sorted(set(paths)), dict[str, int]()
    for start in range(0, len(wanted), _CHUNK):
        rows = SkillDependency.objects.filter(target_path__in=wanted[start : start + _CHUNK]).order_by()
        found |= dict(rows.values_list("target_path").annotate(number=Count("pk")))
    return found


def use_conflicts(operations: Sequence[Operation]) -> Iterator[Conflict]:
    """Yield a conflict for each address that a step ends and with which links of skills are written; no query without one."""
    ending = [(number, one) for number, one in enumerate(operations) if isinstance(one, Retire)]
    used = num_links_with(path for _, one in ending for path in one.paths)
    for number, one in ending:
        for path in one.paths:
            if path in used:
                yield retire_conflict(number, one, path, _in_use(path), Reason.IN_USE)


def _in_use(path: str) -> str:
    rows = SkillDependency.objects.filter(target_path=path).order_by("skill__path").distinct()
    skills = list(rows.values_list("skill__path", flat=True)[: MOST_NAMED + 1])
    named = ", ".join(skills[:MOST_NAMED]) + (" and others" if len(skills) > MOST_NAMED else "")
    return f"The old address '{path}' is still in use: links of {named} are written with it. Write them anew, or let it answer."
