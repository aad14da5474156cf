"""The list of skills: one page of rows in the chosen order, with the exact total and the place of each skill in it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from django.db.models import Case, CharField, Exists, F, OuterRef, Q, QuerySet, Value, When
from django.db.models.functions import Coalesce

from skills_app.domain.search_words import search_terms
from skills_app.domain.skill_filter import BAND_FROM, QualityBand, SkillFilter, SkillSort
from skills_app.models import Skill, SkillFacet
from skills_app.queries.resolve_path import branch_paths
from skills_app.queries.text_search import SnippetPart, ranked_skill_ids, skills_with_text, snippets

PAGE_SIZE = 50
NO_VALUE = "none"

_COLUMNS = {
    "status": "status",
    "type": "skill_type",
    "origin": "current_version__origin",
    "report": "report_status",
}
_ORDERS: dict[SkillSort, tuple[Any, ...]] = {
    SkillSort.PATH: ("path",),
    SkillSort.NAME: ("name", "path"),
    SkillSort.NEWEST: (F("current_version__made_at").desc(nulls_last=True), "path"),
    SkillSort.QUALITY: (F("quality_score").desc(nulls_last=True), "path"),
    SkillSort.CALIBRATED: (F("calibrated_score").desc(nulls_last=True), "path"),
}


@dataclass(frozen=True, slots=True)
class SkillRow:
    """One line of the list: the skill, and the passage in which the search hit it."""

    skill: Skill
    snippet: tuple[SnippetPart, ...]


@dataclass(frozen=True, slots=True)
class SkillPage:
    """One page of the list. ``total`` is exact; ``filter`` is what was asked, with the page that really exists."""

    rows: tuple[SkillRow, ...]
    total: int
    filter: SkillFilter
    num_pages: int
    size: int = PAGE_SIZE

    @property
    def number(self) -> int:
        """The page's number, from 1."""
        return self.filter.page

    @property
    def first(self) -> int:
        """The position of the first row in the whole list, from 1; 0 when there is none."""
        return (self.number - 1) * self.size + 1 if self.total else 0

    @property
    def last(self) -> int:
        """The position of the last row."""
        return min(self.number * self.size, self.total)


@dataclass(frozen=True, slots=True)
class Neighbours:
    """Where a skill stands in the list that it was opened from."""

    position: int
    total: int
    previous: tuple[str, str] | None
    following: tuple[str, str] | None


def skills_matching_filter(chosen: SkillFilter) -> QuerySet[Skill]:
    """Return the skills that ``chosen`` lets through, without order: OR inside a group, AND across groups."""
    skills = with_band(Skill.objects.all())
    terms = search_terms(chosen.text)
    if chosen.text and not terms:
        return skills.none()
    skills = skills_with_text(skills, terms)
    for group, column in _COLUMNS.items():
        if values := chosen.values(group):
            skills = skills.filter(_one_of(column, values))
    if branches := chosen.values("branch"):
        skills = skills.filter(_in_branches(branches))
    if bands := chosen.values("band"):
        skills = skills.filter(Q(("band__in", bands)))
    for name in chosen.facet_names():
        words = [value for facet, value in chosen.facets if facet == name]
        held = SkillFacet.objects.filter(skill=OuterRef("pk"), name=name, value__in=words)
        skills = skills.filter(Exists(held))
    return skills


def skills_for_list(chosen: SkillFilter) -> SkillPage:
    """Return one page of the list with its exact total; a page beyond the end is the last one."""
    skills = skills_matching_filter(chosen)
    terms = search_terms(chosen.text)
    if chosen.sort is SkillSort.RELEVANCE and terms:
        ids = _by_rank(skills, chosen)
        total = len(ids)
        number, num_pages = _page_of(chosen.page, total)
        page_ids = ids[(number - 1) * PAGE_SIZE : number * PAGE_SIZE]
        found = _rows(Skill.objects.filter(pk__in=page_ids)).in_bulk(page_ids)
        on_page = [found[pk] for pk in page_ids if pk in found]
    else:
        total = skills.count()
        number, num_pages = _page_of(chosen.page, total)
        ordered = _rows(skills.order_by(*_order(chosen.sort)))
        on_page = list(ordered[(number - 1) * PAGE_SIZE : number * PAGE_SIZE])
    passages = snippets(terms, [skill.pk for skill in on_page])
    return SkillPage(
        rows=tuple(SkillRow(skill, passages.get(skill.pk, ())) for skill in on_page),
        total=total,
        filter=replace(chosen, page=number),
        num_pages=num_pages,
    )


def neighbours_in_list(chosen: SkillFilter, skill: Skill) -> Neighbours | None:
    """Return the skills before and after ``skill`` (key and name) in that list; ``None`` when it is not in it."""
    skills = skills_matching_filter(chosen)
    if chosen.sort is SkillSort.RELEVANCE and search_terms(chosen.text):
        ids = _by_rank(skills, chosen)
    else:
        ids = list(skills.order_by(*_order(chosen.sort)).values_list("pk", flat=True))
    try:
        at = ids.index(skill.pk)
    except ValueError:
        return None
    around = {at - 1: None, at + 1: None}
    wanted = [ids[index] for index in around if 0 <= index < len(ids)]
    named = {
        pk: (key, name)
        for pk, key, name in Skill.objects.filter(pk__in=wanted).values_list("pk", "key", "name")
    }
    before, after = (named.get(ids[i]) if 0 <= i < len(ids) else None for i in (at - 1, at + 1))
    return Neighbours(position=at + 1, total=len(ids), previous=before, following=after)


def with_band(skills: QuerySet[Skill]) -> QuerySet[Skill]:
    """Let a query use ``band``: the quality band of the calibrated score, or else of the quality score."""
    cases = [When(band_score__isnull=True, then=Value(QualityBand.NONE.value))]
    cases += [When(band_score__gte=least, then=Value(band.value)) for band, least in BAND_FROM.items()]
    return skills.alias(band_score=Coalesce("calibrated_score", "quality_score")).alias(
        band=Case(*cases, default=Value(QualityBand.POOR.value), output_field=CharField())
    )


def _rows(skills: QuerySet[Skill]) -> QuerySet[Skill]:
    return skills.select_related("current_version", "category").defer(
        "current_version__content", "current_version__metadata", "current_version__front_matter"
    )


def _order(sort: SkillSort) -> tuple[Any, ...]:
    return _ORDERS.get(sort, _ORDERS[SkillSort.PATH])


def _by_rank(skills: QuerySet[Skill], chosen: SkillFilter) -> list[int]:
    let_through = set(skills.values_list("pk", flat=True))
    return [pk for pk in ranked_skill_ids(search_terms(chosen.text)) if pk in let_through]


def _page_of(wanted: int, total: int) -> tuple[int, int]:
    num_pages = max(1, -(-total // PAGE_SIZE))
    return min(wanted, num_pages), num_pages


def _one_of(column: str, values: Sequence[str]) -> Q:
    condition = Q(**{f"{column}__in": [value for value in values if value != NO_VALUE]})
    if NO_VALUE in values:
        condition |= Q(**{column: ""}) | Q(**{f"{column}__isnull": True})
    return condition


def _in_branches(branches: Sequence[str]) -> Q:
    condition = Q(pk__in=[])
    if NO_VALUE in branches:
        condition |= Q(category=None)
    for path in branch_paths(path for path in branches if path != NO_VALUE):
        condition |= Q(category__path=path) | Q(category__path__startswith=f"{path}/")
    return condition
