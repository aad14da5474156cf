"""What a list of skills shows, as an address says it: the same state goes in and out of a query string."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from urllib.parse import parse_qs, urlencode

MAX_QUERY_CHARS = 300
MAX_VALUES = 50


class SkillSort(StrEnum):
    """The orders of a list."""

    RELEVANCE = "relevance"
    PATH = "path"
    NAME = "name"
    NEWEST = "newest"
    QUALITY = "quality"
    CALIBRATED = "calibrated"


class QualityBand(StrEnum):
    """Where a skill's score stands against the thresholds minimum 0.6, target 0.8 and excellent 0.9."""

    EXCELLENT = "excellent"
    GOOD = "good"
    FAIR = "fair"
    POOR = "poor"
    NONE = "none"


BAND_FROM: dict[QualityBand, float] = {
    QualityBand.EXCELLENT: 0.9,
    QualityBand.GOOD: 0.8,
    QualityBand.FAIR: 0.6,
}
BAND_LABELS: dict[QualityBand, str] = {
    QualityBand.EXCELLENT: "Excellent, 0.9 and more",
    QualityBand.GOOD: "On target, 0.8 to 0.9",
    QualityBand.FAIR: "Acceptable, 0.6 to 0.8",
    QualityBand.POOR: "Below the minimum of 0.6",
    QualityBand.NONE: "Not assessed",
}
SORT_LABELS: dict[SkillSort, str] = {
    SkillSort.RELEVANCE: "Best match",
    SkillSort.PATH: "Path",
    SkillSort.NAME: "Name",
    SkillSort.NEWEST: "Newest",
    SkillSort.QUALITY: "Quality score",
    SkillSort.CALIBRATED: "Calibrated score",
}
# The groups of one column each, by the word that the address uses; ``facet`` holds ``name:value`` pairs.
GROUPS = ("branch", "status", "type", "origin", "report", "band")


@dataclass(frozen=True, slots=True)
class SkillFilter:
    """The chosen text, values by group, facets, order and page; ``problems`` says what of the address was not used."""

    text: str = ""
    chosen: tuple[tuple[str, tuple[str, ...]], ...] = ()
    facets: tuple[tuple[str, str], ...] = ()
    sort: SkillSort = SkillSort.PATH
    page: int = 1
    problems: tuple[str, ...] = ()

    def values(self, group: str) -> tuple[str, ...]:
        """Return the values chosen in ``group``."""
        return dict(self.chosen).get(group, ())

    @property
    def is_narrowed(self) -> bool:
        """Say whether anything but order and page was chosen."""
        return bool(self.text or self.chosen or self.facets)

    def facet_names(self) -> tuple[str, ...]:
        """Return the names of the chosen facets, each once, in order."""
        return tuple(dict.fromkeys(name for name, _ in self.facets))

    def without(self, group: str) -> "SkillFilter":
        """Return the filter without the choices of one group, or of one facet given as ``facet:name``."""
        kind, _, name = group.partition(":")
        if kind == "facet":
            return replace(self, facets=tuple(pair for pair in self.facets if pair[0] != name))
        return replace(self, chosen=tuple(pair for pair in self.chosen if pair[0] != group))

    def toggled(self, group: str, value: str) -> "SkillFilter":
        """Return the filter with ``value`` of ``group`` chosen or no longer chosen, back on the first page."""
        if group == "facet":
            name, _, word = value.partition(":")
            pair = (name, word)
            facets = (
                tuple(p for p in self.facets if p != pair) if pair in self.facets else (*self.facets, pair)
            )
            return replace(self, facets=facets, page=1)
        now = self.values(group)
        changed = tuple(v for v in now if v != value) if value in now else (*now, value)
        return self._with(group, changed)

    def only(self, group: str, values: Sequence[str]) -> "SkillFilter":
        """Return the filter with exactly these values in ``group``, back on the first page."""
        return self._with(group, tuple(values))

    def _with(self, group: str, values: tuple[str, ...]) -> "SkillFilter":
        chosen = dict(self.chosen) | {group: values}
        return replace(self, chosen=tuple((g, chosen[g]) for g in GROUPS if chosen.get(g)), page=1)

    def on_page(self, page: int) -> "SkillFilter":
        """Return the filter at another page."""
        return replace(self, page=page)

    def sorted_by(self, sort: SkillSort) -> "SkillFilter":
        """Return the filter in another order, back on the first page."""
        return replace(self, sort=sort, page=1)

    def query(self) -> str:
        """Return the query string that ``parse_skill_filter`` reads back as this filter; empty for the default."""
        pairs: list[tuple[str, str]] = [("q", self.text)] if self.text else []
        pairs += [(group, value) for group, values in self.chosen for value in values]
        pairs += [("facet", f"{name}:{value}") for name, value in self.facets]
        if self.sort is not _default_sort(self.text):
            pairs.append(("sort", self.sort.value))
        if self.page > 1:
            pairs.append(("page", str(self.page)))
        return urlencode(pairs)


def parse_skill_filter(parameters: Mapping[str, Sequence[str]]) -> SkillFilter:
    """Read the parameters of an address (each name with its values); what cannot be used is named in ``problems``."""
    problems: list[str] = []
    text = " ".join((parameters.get("q") or [""])[-1].replace("\x00", " ").split())
    if len(text) > MAX_QUERY_CHARS:
        text = text[:MAX_QUERY_CHARS]
        problems.append(f"The search was cut to its first {MAX_QUERY_CHARS} characters.")
    chosen = tuple(
        (group, values)
        for group in GROUPS
        if (values := _values(parameters.get(group) or [], group, problems))
    )
    facets: list[tuple[str, str]] = []
    for pair in _values(parameters.get("facet") or [], "facet", problems):
        name, colon, value = pair.partition(":")
        if name and colon and value:
            facets.append((name, value))
        else:
            problems.append(f"The facet '{pair}' is not written as name:value, so it was left out.")
    return SkillFilter(
        text=text,
        chosen=chosen,
        facets=tuple(facets),
        sort=_sort((parameters.get("sort") or [""])[-1], text, problems),
        page=_page((parameters.get("page") or ["1"])[-1], problems),
        problems=tuple(problems),
    )


def skill_filter_from_query(query: str) -> SkillFilter:
    """Read a filter from a query string, such as the one that a skill's page was opened with."""
    return parse_skill_filter(parse_qs(query[:4000], max_num_fields=200) if query.count("&") < 200 else {})


def quality_band(score: float | None) -> QualityBand:
    """Return the band of a score between 0 and 1."""
    if score is None:
        return QualityBand.NONE
    return next((band for band, least in BAND_FROM.items() if score >= least), QualityBand.POOR)


def _values(raw: Sequence[str], group: str, problems: list[str]) -> tuple[str, ...]:
    values = tuple(dict.fromkeys(v.replace("\x00", "")[:600] for v in raw if v.replace("\x00", "").strip()))
    if len(values) > MAX_VALUES:
        problems.append(f"Only the first {MAX_VALUES} values of '{group}' were used.")
    if group == "band" and (unknown := [v for v in values if v not in set(QualityBand)]):
        problems.append(f"The band '{unknown[0]}' is not known; use {', '.join(QualityBand)}.")
        values = tuple(v for v in values if v in set(QualityBand))
    return values[:MAX_VALUES]


def _default_sort(text: str) -> SkillSort:
    return SkillSort.RELEVANCE if text else SkillSort.PATH


def _sort(raw: str, text: str, problems: list[str]) -> SkillSort:
    if not raw:
        return _default_sort(text)
    try:
        sort = SkillSort(raw)
    except ValueError:
        problems.append(f"'{raw[:40]}' is not an order of this list; use one of {', '.join(SkillSort)}.")
        return _default_sort(text)
    return SkillSort.PATH if sort is SkillSort.RELEVANCE and not text else sort


def _page(raw: str, problems: list[str]) -> int:
    if raw.isascii() and raw.isdigit() and 0 < int(raw[:9]) < 10**8:
        return int(raw[:9])
    problems.append(f"'{raw[:40]}' is not a page number; the first page is shown.")
    return 1
