"""The facets beside the list of skills: every value with its exact count, and the address that chooses it."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, replace

from django.core.paginator import Page, Paginator
from django.db.models import Count, F

from skills_app.domain.paths import lineage
from skills_app.domain.skill_filter import BAND_LABELS, QualityBand, SkillFilter
from skills_app.models import Category, SkillFacet
from skills_app.queries.skills_for_list import NO_VALUE, skills_matching_filter

_TITLES = {
    "status": "Status",
    "type": "Type",
    "origin": "Made by",
    "report": "Report",
    "band": "Quality",
}
_COLUMNS = {
    "status": "status",
    "type": "skill_type",
    "origin": "current_version__origin",
    "report": "report_status",
    "band": "band",
}
_NO_LABELS = {"type": "no type", "origin": "no version", "report": "no report", "status": "no status"}
MAX_VALUES_SHOWN = 12
REST_PER_PAGE = 200


@dataclass(frozen=True, slots=True)
class FacetValue:
    """One value to choose: how many skills have it under all other choices, and the query that toggles it."""

    label: str
    value: str
    count: int
    is_chosen: bool
    query: str
    depth: int = 0


@dataclass(frozen=True, slots=True)
class FacetGroup:
    """One facet: the ``values`` that most skills have and those chosen, and a page of the ``rest``, None where there is none.

    ``is_paged`` says that this page was asked for.
    """

    key: str
    title: str
    values: tuple[FacetValue, ...]
    rest: Page[FacetValue] | None = None
    is_paged: bool = False

    @property
    def is_named(self) -> bool:
        """Say whether this is a facet that curators gave, not a column that every skill has."""
        return self.key.startswith("facet:")

    @property
    def is_chosen(self) -> bool:
        """Say whether a value of this group is chosen."""
        return any(value.is_chosen for value in self.values)


def facets_for_list(
    chosen: SkillFilter, *, rest_of: str = "", page: str | None = None
) -> tuple[FacetGroup, ...]:
    """Return the branch tree, the groups of one column each, and one group per facet name, with counts.

    The counts of a group ignore its own choices (they are joined by OR) and obey those of every other group. Of the group
    with the key ``rest_of`` that ``page`` of the rest is in it, of all others the first, with up to ``REST_PER_PAGE`` values.
    """
    groups = [_branches(chosen), *(_column_group(chosen, group) for group in _TITLES), *_named_facets(chosen)]
    return tuple(_turned(group, rest_of, page) for group in groups if group.values)


def _turned(group: FacetGroup, rest_of: str, page: str | None) -> FacetGroup:
    if group.rest is None or group.key != rest_of:
        return group
    return replace(group, rest=group.rest.paginator.get_page(page), is_paged=True)


def _column_group(chosen: SkillFilter, group: str) -> FacetGroup:
    column = _COLUMNS[group]
    skills = skills_matching_filter(chosen.without(group)).annotate(facet_value=F(column))
    rows = skills.order_by().values_list("facet_value").annotate(n=Count("pk"))
    counts: dict[str, int] = defaultdict(int)
    for value, number in rows:
        counts[value or NO_VALUE] += number
    labels = {band.value: label for band, label in BAND_LABELS.items()} if group == "band" else {}
    order = list(QualityBand) if group == "band" else sorted(counts, key=lambda v: (-counts[v], v))
    values = [
        FacetValue(
            label=labels.get(value)
            or (_NO_LABELS.get(group, "none") if value == NO_VALUE else value.replace("_", " ")),
            value=value,
            count=counts.get(value, 0),
            is_chosen=value in chosen.values(group),
            query=chosen.toggled(group, value).query(),
        )
        for value in dict.fromkeys([*map(str, order), *chosen.values(group)])
        if counts.get(value) or value in chosen.values(group)
    ]
    return _shortened(group, _TITLES[group], values)


def _named_facets(chosen: SkillFilter) -> list[FacetGroup]:
    """One group per facet name: names without a choice share one query, each chosen name has its own."""
    counts: dict[str, dict[str, int]] = defaultdict(dict)
    for name in (None, *chosen.facet_names()):
        skills = skills_matching_filter(chosen.without(f"facet:{name}") if name else chosen)
        held = SkillFacet.objects.all()
        if chosen.is_narrowed:
            held = held.filter(skill__in=skills.values("pk"))
        held = held.filter(name=name) if name else held.exclude(name__in=chosen.facet_names())
        for facet, value, number in held.order_by().values_list("name", "value").annotate(n=Count("skill")):
            counts[facet][value] = number
    for name, value in chosen.facets:
        counts[name].setdefault(value, 0)
    return [
        _shortened(
            f"facet:{name}", name, [_facet_value(chosen, name, v, n) for v, n in _by_count(counts[name])]
        )
        for name in sorted(counts)
    ]


def _by_count(counts: dict[str, int]) -> Iterable[tuple[str, int]]:
    return sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))


def _facet_value(chosen: SkillFilter, name: str, value: str, count: int) -> FacetValue:
    return FacetValue(
        label=value,
        value=f"{name}:{value}",
        count=count,
        is_chosen=(name, value) in chosen.facets,
        query=chosen.toggled("facet", f"{name}:{value}").query(),
    )


def _shortened(key: str, title: str, values: list[FacetValue]) -> FacetGroup:
    rest = [value for at, value in enumerate(values) if at >= MAX_VALUES_SHOWN and not value.is_chosen]
    shown = [value for at, value in enumerate(values) if at < MAX_VALUES_SHOWN or value.is_chosen]
    return FacetGroup(key, title, tuple(shown), Paginator(rest, REST_PER_PAGE).get_page(1) if rest else None)


def _branches(chosen: SkillFilter) -> FacetGroup:
    """Return the tree of branches: the roots, and below each chosen branch its children, with counts of all below."""
    rows = skills_matching_filter(chosen.without("branch")).order_by().values_list("category__path")
    counts: dict[str, int] = defaultdict(int)
    for path, number in rows.annotate(n=Count("pk")):
        for ancestor in lineage(path) if path else (NO_VALUE,):
            counts[ancestor] += number
    picked = chosen.values("branch")
    opened = {ancestor for path in picked for ancestor in lineage(path)}
    shown = sorted(
        (path for path in {*counts, *picked} - {NO_VALUE} if _is_shown(path, opened)),
        key=lambda path: path.split("/"),
    )
    titles = dict(Category.objects.filter(path__in=shown).values_list("path", "title"))
    values = [
        FacetValue(
            label=titles.get(path) or path.rpartition("/")[2],
            value=path,
            count=counts.get(path, 0),
            is_chosen=path in picked,
            query=_branch_query(chosen, path),
            depth=path.count("/"),
        )
        for path in shown
    ]
    if counts.get(NO_VALUE) or NO_VALUE in picked:
        query = chosen.toggled("branch", NO_VALUE).query()
        values.append(
            FacetValue("no place yet", NO_VALUE, counts.get(NO_VALUE, 0), NO_VALUE in picked, query)
        )
    return FacetGroup("branch", "Branch", tuple(values))


def _is_shown(path: str, opened: set[str]) -> bool:
    return "/" not in path or path in opened or path.rpartition("/")[0] in opened


def _branch_query(chosen: SkillFilter, path: str) -> str:
    """Going down replaces the branch above; choosing a chosen branch again goes one step up."""
    picked = chosen.values("branch")
    if path in picked:
        parent = path.rpartition("/")[0]
        rest = [p for p in picked if p != path]
        return chosen.only("branch", [*rest, parent] if parent and parent not in rest else rest).query()
    way = set(lineage(path))
    others = [p for p in picked if p not in way and not p.startswith(f"{path}/")]
    return chosen.only("branch", [*others, path]).query()
