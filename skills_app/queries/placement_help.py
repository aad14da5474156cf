"""What a curator may want to move or merge: skills without a home, in the wrong one, or there twice."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from typing import Any

from django.core.paginator import Page, Paginator
from django.db.models import QuerySet

from skills_app.domain.enums import SkillStatus
from skills_app.domain.placement import HomeHint, Pair, Survey, survey_from_data
from skills_app.models import Category, PlacementSurvey, Skill
from skills_app.queries.placement_texts import library_state, library_survey, num_compared
from skills_app.queries.proposed_homes import ProposedHome, proposed_homes

# A library of so many skills is looked at when the page is asked for; a larger one by a worker, beforehand.
MOST_AT_ONCE = 500
PER_PAGE = 50


@dataclass(frozen=True, slots=True)
class HintRow:
    """A skill with a home that would fit; ``siblings`` are the skills there that are alike, with their likeness.

    ``proposal`` is what the model that generated it answered; ``stated`` is where the skill itself says it belongs.
    """

    skill: Skill
    home: Category | None = None
    confidence: float = 0.0
    siblings: tuple[tuple[Skill, float], ...] = ()
    proposal: ProposedHome | None = None
    stated: str = ""

    @property
    def is_agreed(self) -> bool:
        """Whether likeness and the model name the same home."""
        return self.home is not None and self.proposal is not None and self.proposal.home == self.home


@dataclass(frozen=True, slots=True)
class Twins:
    """Two skills that say nearly the same, in their descriptions or in their documents: the better one is to be kept.

    ``described`` and ``written`` say how alike these are, from 0 to 1; None where that is not known.
    """

    keep: Skill
    other: Skill
    described: float | None
    written: float | None


@dataclass(slots=True)
class PlacementHelp:
    """The tray, the candidates of a branch, and its near-duplicates, each with the page that is shown of it.

    ``computed_at`` says when a worker looked at the library, None when this was looked at just now; ``is_awaited`` says that
    no worker has looked yet, and ``is_outdated`` that the library has changed since one did.
    """

    tray: list[HintRow] = field(default_factory=list)
    misplaced: list[HintRow] = field(default_factory=list)
    twins: list[Twins] = field(default_factory=list)
    tray_page: Page[Any] = field(default_factory=lambda: _page((), None))
    misplaced_page: Page[Any] = field(default_factory=lambda: _page((), None))
    twins_page: Page[Any] = field(default_factory=lambda: _page((), None))
    computed_at: datetime | None = None
    is_awaited: bool = False
    is_outdated: bool = False


def placement_help(*, branch: str = "", pages: Mapping[str, str] | None = None) -> PlacementHelp:
    """Return what may be moved or merged: the tray of the whole library, and candidates at or below ``branch``.

    ``pages`` are the numbers of those that are shown of ``tray``, ``misplaced`` and ``twins``, the first by default.

    A library of more than ``MOST_AT_ONCE`` skills is not looked at here: what a worker found is shown, less what has been
    settled since. Archived skills are left out. At most ``PER_PAGE`` rows of each kind.
    """
    shown = pages or {}
    state = library_state()
    if num_compared() <= MOST_AT_ONCE:
        return _help(_looked_at(state), branch, PlacementHelp(), shown)
    row = PlacementSurvey.objects.filter(computed_at__isnull=False).first()
    if row is None:
        return _help(Survey({}, (), ()), branch, PlacementHelp(is_awaited=True), shown)
    told = PlacementHelp(computed_at=row.computed_at, is_outdated=row.state != state)
    return _help(survey_from_data(row.found), branch, told, shown)


def suggested_homes(skills: Iterable[str]) -> dict[str, float]:
    """Return the homes (keys) that the survey suggests for skills (keys) without one or in a doubtful one, with the best confidence."""
    wanted = set(skills)
    if not wanted:
        return {}
    if num_compared() <= MOST_AT_ONCE:
        found = _looked_at(library_state())
    else:
        row = PlacementSurvey.objects.filter(computed_at__isnull=False).first()
        found = survey_from_data(row.found) if row is not None else Survey({}, (), ())
    hints = [found.homeless[key] for key in wanted & found.homeless.keys()]
    hints += [hint for hint in found.misplaced if hint.skill in wanted]
    sure: dict[str, float] = {}
    for hint in hints:
        sure[hint.home] = max(hint.confidence, sure.get(hint.home, 0.0))
    return sure


@lru_cache(maxsize=1)
def _looked_at(_state: str) -> Survey:
    """Return the survey of a small library as it was at that state; another state is read anew."""
    found, _ = library_survey()
    return found


def _page(rows: Any, number: str | None) -> Page[Any]:
    return Paginator(rows, PER_PAGE).get_page(number)


def _help(found: Survey, branch: str, told: PlacementHelp, pages: Mapping[str, str]) -> PlacementHelp:
    homeless = Skill.objects.filter(category=None).exclude(status=SkillStatus.ARCHIVED).order_by("path")
    told.tray_page = _page(homeless.values_list("key", flat=True), pages.get("tray"))
    tray = list(told.tray_page.object_list)
    alive = Skill.objects.exclude(status=SkillStatus.ARCHIVED).order_by()
    homes = dict(alive.values_list("key", "category__key"))
    inside = homes.keys() if not branch else set(_in_branch(branch))
    wrong = [h for h in found.misplaced if h.skill in inside and homes[h.skill] not in (None, h.home)]
    pairs = [one for one in found.twins if {*one[:2]} <= homes.keys() and not inside.isdisjoint(one[:2])]
    told.misplaced_page, told.twins_page = (
        _page(wrong, pages.get("misplaced")),
        _page(pairs, pages.get("twins")),
    )
    wrong, pairs = list(told.misplaced_page.object_list), list(told.twins_page.object_list)
    rows = _rows([*tray, *(h.skill for h in wrong)], {**found.homeless, **{h.skill: h for h in wrong}})
    skills = _skills({key for pair in pairs for key in pair[:2]})
    told.tray = [rows[key] for key in tray if key in rows]
    told.misplaced = [rows[h.skill] for h in wrong if h.skill in rows and rows[h.skill].home]
    told.twins = [_twins(skills[pair.first], skills[pair.second], pair) for pair in pairs]
    return told


def _in_branch(branch: str) -> QuerySet[Skill, str]:
    return Skill.objects.filter(path__startswith=f"{branch}/").order_by().values_list("key", flat=True)


def _rows(keys: Iterable[str], hints: dict[str, HomeHint]) -> dict[str, HintRow]:
    shown = list(keys)
    wanted = [hints[key] for key in shown if key in hints]
    skills = _skills({*shown, *(near.key for hint in wanted for near in hint.siblings[:3])})
    places = Category.objects.in_bulk({hint.home for hint in wanted}, field_name="key")
    proposals = proposed_homes(skills[key] for key in shown if key in skills)
    rows = {}
    for key in skills.keys() & shown:
        hint = hints.get(key)
        near = hint.siblings[:3] if hint else ()
        rows[key] = HintRow(
            skills[key],
            places.get(hint.home) if hint else None,
            hint.confidence if hint else 0.0,
            tuple((skills[one.key], one.likeness) for one in near if one.key in skills),
            proposals.get(key),
            _stated(skills[key]),
        )
    return rows


def _stated(skill: Skill) -> str:
    version = skill.current_version
    metadata = version.metadata if version is not None and isinstance(version.metadata, dict) else {}
    said = metadata.get("taxonomy_path")
    return said[:200] if isinstance(said, str) and said != skill.path else ""


def _skills(keys: set[str]) -> dict[str, Skill]:
    rows = Skill.objects.filter(key__in=keys).exclude(status=SkillStatus.ARCHIVED)
    rows = rows.select_related("category", "current_version")
    return {row.key: row for row in rows.defer("current_version__content")}


def _twins(first: Skill, second: Skill, pair: Pair) -> Twins:
    def worth(skill: Skill) -> tuple[bool, float, int]:
        score = skill.quality_score if skill.calibrated_score is None else skill.calibrated_score
        return skill.status == SkillStatus.ACTIVE, score or 0.0, skill.num_versions

    keep, other = (first, second) if worth(first) >= worth(second) else (second, first)
    return Twins(keep, other, pair.described, pair.written)
