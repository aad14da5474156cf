"""What each branch of the tree holds and costs, all below it counted in."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from django.db.models import Avg, Count, Exists, OuterRef, Q, QuerySet, Sum
from django.db.models.functions import Coalesce, Length

from skills_app.domain.enums import SkillStatus
from skills_app.domain.skill_filter import SkillFilter
from skills_app.models import Category, Review, Skill
from skills_app.queries.skills_for_list import skills_matching_filter

# Characters of English text in a token, about.
TOKEN_CHARACTERS = 4
_SCORE = Coalesce("calibrated_score", "quality_score")
# With more branches than these, or more at the top of the tree, counting the whole tree is as quick.
_MOST_BRANCHES, _MOST_TOPS = 100, 3


@dataclass(frozen=True, slots=True)
class Totals:
    """What a branch holds: skills, the catalog lines of the active ones in tokens (estimated), mean score or None, open reviews."""

    num_skills: int = 0
    num_tokens: int = 0
    quality: float | None = None
    num_reviews: int = 0


def counted_skills(chosen: SkillFilter) -> QuerySet[Skill]:
    """Return the skills that a branch counts under ``chosen``: archived ones only when the filter asks for a status."""
    rows = skills_matching_filter(chosen) if chosen.is_narrowed else Skill.objects.all()
    return rows if chosen.values("status") else rows.exclude(status="archived")


def totals_by_branch(
    chosen: SkillFilter | None = None, *, branches: Collection[str] | None = None
) -> dict[str, Totals]:
    """Return for each category at or below ``branches`` (paths) what it and all below it hold of the skills that ``chosen`` lets through.

    Without ``branches`` it is the whole tree; what stands in the result of other categories is of no use. Two queries, none for
    no branch. A category that holds none of those skills is not in it.
    """
    if branches is not None and not branches:
        return {}
    rows = counted_skills(chosen or SkillFilter()).filter(category__isnull=False)
    if branches is not None:
        rows = _within(rows, branches)
    grouped = rows.order_by().values_list("category__path").annotate(number=Count("pk"))
    grouped = grouped.annotate(
        characters=Sum(Length("name") + Length("description"), filter=Q(status=SkillStatus.ACTIVE)),
        quality=Avg(_SCORE),
        judged=Count(_SCORE),
    )
    sums: dict[str, list[float]] = {}
    for path, number, characters, quality, judged in grouped:
        _add(sums, path, (number, characters or 0, (quality or 0.0) * judged, judged, 0))
    counted = Q(skill__in=rows.values("pk"))
    if chosen is None or not chosen.is_narrowed:
        # Reviews are few: to look at the skill of each is quicker than to list all the skills first.
        counted = Q(Exists(rows.order_by().filter(pk=OuterRef("skill"))))
    live = Review.objects.live().filter(counted).order_by()
    for path, number in live.values_list("skill__category__path").annotate(n=Count("pk")):
        _add(sums, path, (0, 0, 0.0, 0, number))
    _add_to_those_above(sums)
    return {
        path: Totals(
            int(number), int(characters) // TOKEN_CHARACTERS, score / judged if judged else None, int(reviews)
        )
        for path, (number, characters, score, judged, reviews) in sums.items()
    }


def _within(rows: QuerySet[Skill], branches: Collection[str]) -> QuerySet[Skill]:
    """Return those of ``rows`` that lie in one of ``branches``: by their categories, which are far fewer than skills."""
    outermost: list[str] = []
    for path in sorted(set(branches), key=lambda path: path.split("/")):
        if not outermost or not path.startswith(f"{outermost[-1]}/"):
            outermost.append(path)
    if len(outermost) > _MOST_BRANCHES or sum("/" not in path for path in outermost) > _MOST_TOPS:
        return rows
    wanted = Q(path__in=outermost)
    for path in outermost:
        wanted |= Q(path__startswith=f"{path}/")
    return rows.filter(category__in=Category.objects.filter(wanted).order_by().values("pk"))


def _add(sums: dict[str, list[float]], path: str, values: Iterable[float]) -> None:
    """Add ``values`` to those of the category at ``path``."""
    known = sums.get(path)
    sums[path] = (
        list(values) if known is None else [one + more for one, more in zip(known, values, strict=True)]
    )


def _add_to_those_above(sums: dict[str, list[float]]) -> None:
    """Add what each category holds to the one above it, from the deepest up, so that each has all below it."""
    waiting: dict[int, list[str]] = {}
    for path in sums:
        waiting.setdefault(path.count("/"), []).append(path)
    for depth in range(max(waiting, default=0), 0, -1):
        for path in waiting.get(depth, ()):
            above = path.rpartition("/")[0]
            if above not in sums:
                waiting.setdefault(depth - 1, []).append(above)
            _add(sums, above, sums[path])
