"""The tree of places as a page shows it: a branch at a time, with what each branch holds and costs."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import TypeVar
from urllib.parse import urlencode

from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet, Window
from django.db.models.functions import RowNumber

from skills_app.domain.budget import USUAL_CONTEXT
from skills_app.domain.limits import CLAUDE_CONTEXT_SHARE
from skills_app.domain.paths import lineage
from skills_app.domain.skill_filter import SkillFilter
from skills_app.models import Category, PathAlias, RoleGrant, Skill
from skills_app.queries.branch_totals import Totals, counted_skills, totals_by_branch
from skills_app.queries.draft_marks import Arrival, DraftMarks
from skills_app.queries.drafted_tree import MADE

MOST_SKILLS = 200
MOST_UNPLACED = 50
MOST_FOUND = 50
# So many old addresses that a search found are named one by one in its queries.
MOST_LED = 200
MOST_OPEN = 60
# So many times an address may ask for more rows of one category; beyond, the tree adds them to what it shows.
MOST_MORE = 9
# Tokens that one host leaves for the lines of all skills together; a branch beyond it is never seen whole there.
CATALOG_TOKENS = int(USUAL_CONTEXT * CLAUDE_CONTEXT_SHARE)
_NOTHING = Totals()
T = TypeVar("T", Category, Skill)


@dataclass(frozen=True, slots=True)
class Rest:
    """The skills of a category (no key: those without a home) that are not shown, ``number`` in all.

    ``start`` is the position of the next of them, from 0, and ``size`` how many are shown at a time.
    """

    number: int
    start: int
    size: int
    key: str = ""
    path: str = ""

    @property
    def num_next(self) -> int:
        """How many come with the next look."""
        return min(self.size, self.number)

    @property
    def query(self) -> str:
        """The query of an address of the tree that shows the next of them, too."""
        at = [("at", self.path)] if self.path else []
        return urlencode([*at, *[("more", self.path)] * (self.start // self.size)])


@dataclass(frozen=True, slots=True)
class Node:
    """A row of the tree; ``nodes`` are those below it when it is open, ``mark`` says what a draft does with it.

    ``share`` is the number of its skills, as a share (0 to 1) of the largest category beside it. One that ``is_new`` is not
    there yet: the draft would add it, so it has no key; ``target`` is how a step of that draft names it, where one can. ``num_inside`` counts what the draft does with rows below it;
    A row that stands for others has a ``url`` at which all are. ``was`` is the old address by which it was found. ``owners`` curate it; where it has none of its own, they are those of the
    nearest branch above that has some, whose path is ``owners_from``.
    """

    kind: str
    key: str
    label: str
    path: str
    slug: str
    totals: Totals = _NOTHING
    share: float = 0.0
    status: str = ""
    quality: float | None = None
    can_open: bool = False
    is_open: bool = False
    owners: tuple[str, ...] = ()
    owners_from: str = ""
    mark: str = ""
    nodes: tuple["Node", ...] = ()
    rest: Rest | None = None
    is_new: bool = False
    num_inside: int = 0
    was: str = ""
    target: str = ""
    url: str = ""


@dataclass(frozen=True, slots=True)
class Look:
    """How the tree is looked at: the paths that are open, what a draft does, and what skills are counted.

    ``more`` says by path how many times more skills of a category are shown than at first (an empty path: of those without
    a home); those with a key in ``picked`` are shown wherever they stand.
    """

    open_paths: frozenset[str] = frozenset()
    marks: DraftMarks = field(default_factory=DraftMarks)
    chosen: SkillFilter = field(default_factory=SkillFilter)
    more: Mapping[str, int] = field(default_factory=dict)
    picked: frozenset[str] = frozenset()

    def num_shown(self, path: str, size: int) -> int:
        """Return how many skills of a category are shown, of which ``size`` are at first."""
        return size * (1 + min(self.more.get(path, 0), MOST_MORE))


@dataclass(frozen=True, slots=True)
class Found:
    """A page of what a search found: the rows, how many categories and skills there are in all, and which page of how many."""

    nodes: tuple[Node, ...]
    num_categories: int
    num_skills: int
    page: int
    num_pages: int


@dataclass(slots=True)
class _Level:
    look: Look
    totals: dict[str, Totals]
    owners: dict[str, tuple[str, ...]]
    children: dict[str, list[Category]] = field(default_factory=dict)
    skills: dict[str, list[Skill]] = field(default_factory=dict)


def opened(paths: Iterable[str]) -> frozenset[str]:
    """Return ``paths`` and all above them, at most ``MOST_OPEN`` paths."""
    every = {one for path in paths for one in lineage(path)}
    return frozenset(sorted(every, key=lambda path: (path.count("/"), path))[:MOST_OPEN])


def homes_of(keys: Iterable[str]) -> list[str]:
    """Return the paths of the categories in which the categories and skills with these keys lie."""
    wanted = list(keys)
    if not wanted:
        return []
    places = Category.objects.filter(key__in=wanted, parent__isnull=False).values_list(
        "parent__path", flat=True
    )
    homes = Skill.objects.filter(key__in=wanted, category__isnull=False).values_list(
        "category__path", flat=True
    )
    return [*places, *homes]


def tree_nodes(look: Look) -> tuple[Node, ...]:
    """Return the top of the tree with the branches that are open; five queries, however many those are."""
    level = _level(look, totals_by_branch(look.chosen))
    _load(level, Q(parent=None) | Q(parent__path__in=look.open_paths), Q(category__path__in=look.open_paths))
    return _nodes("", "", level)[0]


def branch_nodes(category: Category, look: Look) -> tuple[tuple[Node, ...], Rest | None]:
    """Return what lies directly in ``category``, categories first, and the skills that are not shown."""
    level = _level(look, totals_by_branch(look.chosen, branches=[category.path]))
    _load(level, Q(parent=category), Q(category=category))
    return _nodes(category.path, category.key, level)


def unplaced_nodes(look: Look) -> tuple[tuple[Node, ...], Rest | None]:
    """Return the skills without a home, at first ``MOST_UNPLACED``, and those that are not shown."""
    nodes, rest = more_nodes(None, look, 0, look.num_shown("", MOST_UNPLACED))
    if rest is None or not look.picked:
        return nodes, rest
    shown = {node.key for node in nodes}
    picked = list(_listed(look.chosen).filter(category=None, key__in=look.picked - shown).order_by("path"))
    rest = replace(rest, number=rest.number - len(picked)) if len(picked) < rest.number else None
    return (*nodes, *(_skill_node(skill, look.marks) for skill in picked)), rest


def more_nodes(
    category: Category | None, look: Look, start: int, number: int = 0
) -> tuple[tuple[Node, ...], Rest | None]:
    """Return skills directly in ``category`` (None: without a home) from the position ``start`` on, and those after them.

    Without a ``number`` there are as many as are shown at a time.
    """
    size = MOST_SKILLS if category else MOST_UNPLACED
    end = start + (number or size)
    rows = _listed(look.chosen).filter(category=category).order_by("path")
    nodes = tuple(_skill_node(skill, look.marks) for skill in rows[start:end])
    hidden = rows.count() - end if len(nodes) == end - start else 0
    key, path = (category.key, category.path) if category else ("", "")
    return nodes, Rest(hidden, end, size, key, path) if hidden > 0 else None


def found_nodes(text: str, look: Look, page: int = 1) -> Found:
    """Return a page of the categories and skills in whose path, title, name or old address ``text`` occurs.

    ``MOST_FOUND`` of each are on a page; what is picked in ``look`` and not among them stands first. Found by an old
    address alone, a row says which. What there is in all is counted only where one page does not hold it.
    """
    old = PathAlias.objects.filter(path__icontains=text).order_by()
    old_places, _ = led = _led_by(old)
    wanted = Q(path__icontains=text) | Q(title__icontains=text) | old_places
    totals = totals_by_branch(look.chosen) if look.chosen.is_narrowed else None
    if totals is not None:
        wanted &= Q(path__in=list(totals))
    named = found_by_name(text, old, led)
    homes = _listed(look.chosen)
    places, num_places = _part(_places(wanted), page)
    skills, num_skills = _part(homes.filter(named).order_by("path"), page)
    rest = look.picked - {one.key for one in places} - {one.key for one in skills}
    if rest:
        places = [*_places(Q(key__in=rest)), *places]
        skills = [*homes.filter(key__in=rest).order_by("path"), *skills]
    was = _old_addresses(old, text, places, skills)
    if totals is None:
        # What the rest of the tree holds is not shown, and counting it would take longer than the search.
        totals = totals_by_branch(look.chosen, branches=[one.path for one in places])
    level = _level(look, totals)
    nodes = (
        *(_category_node(one, level, shown_as=one.path, was=was.get(one.key, "")) for one in places),
        *(_skill_node(one, look.marks, shown_as=one.path, was=was.get(one.key, "")) for one in skills),
    )
    num_pages = max(-(-max(num_places, num_skills) // MOST_FOUND), 1)
    return Found(nodes, num_places, num_skills, page, num_pages)


def found_by_name(text: str, old: QuerySet[PathAlias], led: tuple[Q, Q] | None = None) -> Q:
    """Return the condition that a skill fulfils in whose path or name ``text`` occurs, or to which one of ``old`` leads.

    ``led`` are the conditions that ``old`` was read for already.
    """
    _, old_skills = led or _led_by(old)
    return Q(path__icontains=text) | Q(name__icontains=text) | old_skills


def _led_by(old: QuerySet[PathAlias]) -> tuple[Q, Q]:
    """Return the conditions that a category and a skill fulfil to which one of ``old`` leads.

    One query reads all of them where they are few, so that the table is gone through once; many are left to the database.
    """
    few = list(old.values_list("category", "skill")[: MOST_LED + 1])
    if len(few) > MOST_LED:
        return (
            Q(pk__in=old.filter(category__isnull=False).values("category")),
            Q(pk__in=old.filter(skill__isnull=False).values("skill")),
        )
    return (
        Q(pk__in={place for place, _ in few if place is not None}),
        Q(pk__in={skill for _, skill in few if skill is not None}),
    )


def _part(rows: QuerySet[T], page: int) -> tuple[list[T], int]:
    """Return the rows of a page, and how many rows there are in all."""
    start = (page - 1) * MOST_FOUND
    shown = list(rows[start : start + MOST_FOUND + 1])
    is_all = len(shown) <= MOST_FOUND and (shown or page == 1)
    return shown[:MOST_FOUND], start + len(shown) if is_all else rows.count()


def _old_addresses(
    old: QuerySet[PathAlias], text: str, places: Iterable[Category], skills: Iterable[Skill]
) -> dict[str, str]:
    """Return by key the first old address of each row that is not found by what it is called now."""
    sought = text.casefold()
    by_place = {one.pk: one.key for one in places if sought not in f"{one.path}\n{one.title}".casefold()}
    by_skill = {one.pk: one.key for one in skills if sought not in f"{one.path}\n{one.name}".casefold()}
    if not by_place and not by_skill:
        return {}
    rows = old.filter(Q(category__in=by_place) | Q(skill__in=by_skill)).order_by("-path")
    return {
        by_place[place] if skill is None else by_skill[skill]: path
        for path, place, skill in rows.values_list("path", "category_id", "skill_id")
    }


def _level(look: Look, totals: dict[str, Totals]) -> _Level:
    owners: dict[str, list[str]] = {}
    grants = RoleGrant.objects.filter(role="curator", category__isnull=False, user__is_active=True)
    for path, name in grants.order_by("user__username").values_list("category__path", "user__username"):
        owners.setdefault(path, []).append(name)
    return _Level(look, totals, {path: tuple(names) for path, names in owners.items()})


def _load(level: _Level, places: Q, homes: Q) -> None:
    """Read the categories and skills that are shown, those of all open branches at once."""
    for place in _places(places):
        level.children.setdefault(place.path.rpartition("/")[0], []).append(place)
    inside = F("category_id")
    rows = (
        _listed(level.look.chosen)
        .filter(homes)
        .annotate(
            position=Window(RowNumber(), partition_by=inside, order_by="path"),
            number=Window(Count("pk"), partition_by=inside),
        )
    )
    for skill in rows.filter(_is_shown(level.look)).select_related("category").order_by("path"):
        level.skills.setdefault(skill.category.path if skill.category else "", []).append(skill)


def _is_shown(look: Look) -> Q:
    shown = Q(position__lte=MOST_SKILLS)
    for path in look.more.keys() & look.open_paths:
        shown |= Q(category__path=path, position__lte=look.num_shown(path, MOST_SKILLS))
    return shown | Q(key__in=look.picked) if look.picked else shown


def _places(wanted: Q) -> QuerySet[Category]:
    below = Category.objects.filter(parent=OuterRef("pk"))
    inside = Skill.objects.filter(category=OuterRef("pk"))
    return Category.objects.filter(wanted).annotate(can_open=Exists(below) | Exists(inside))


def _listed(chosen: SkillFilter) -> QuerySet[Skill]:
    return counted_skills(chosen) if chosen.is_narrowed else Skill.objects.all()


def _nodes(parent: str, key: str, level: _Level) -> tuple[tuple[Node, ...], Rest | None]:
    children = level.children.get(parent, [])
    if level.look.chosen.is_narrowed:
        children = [child for child in children if child.path in level.totals]
    most = max((level.totals.get(child.path, _NOTHING).num_skills for child in children), default=0)
    places = tuple(_category_node(child, level, most=most) for child in children)
    skills = level.skills.get(parent, [])
    hidden = skills[0].number - len(skills) if skills else 0  # type: ignore[attr-defined]
    start = level.look.num_shown(parent, MOST_SKILLS)
    coming = level.look.marks.arrivals.get(key, ())
    return (
        *places,
        *(_new_node(one, level.look.marks) for one in coming),
        *(_skill_node(skill, level.look.marks) for skill in skills),
    ), Rest(hidden, start, MOST_SKILLS, key, parent) if hidden else None


def _new_node(one: Arrival, marks: DraftMarks) -> Node:
    """Return a row that the draft would add; what arrives in a category that it makes stands below it, opened."""
    below = tuple(_new_node(each, marks) for each in marks.arrivals.get(one.key, ()) if one.key)
    words = "; ".join(filter(None, (one.words, marks.words.get(one.key, "") if one.key else "")))
    target = f"{MADE}{one.key}" if one.key and marks.is_own else ""
    return Node(
        one.kind,
        one.key,
        one.label,
        one.path,
        "",
        mark=words,
        nodes=below,
        is_new=True,
        target=target,
        url=one.url,
    )


def _category_node(
    place: Category, level: _Level, *, most: int = 0, shown_as: str = "", was: str = ""
) -> Node:
    is_open = place.path in level.look.open_paths and not shown_as
    below, rest = _nodes(place.path, place.key, level) if is_open else ((), None)
    totals = level.totals.get(place.path, _NOTHING)
    owned = next((path for path in reversed(lineage(place.path)) if path in level.owners), "")
    return Node(
        "category",
        place.key,
        shown_as or place.title or place.slug,
        place.path,
        place.slug,
        totals=totals,
        share=totals.num_skills / most if most else 0.0,
        can_open=place.can_open or place.key in level.look.marks.arrivals,  # type: ignore[attr-defined]
        is_open=is_open,
        owners=level.owners.get(owned, ()),
        owners_from=owned if owned != place.path else "",
        mark=level.look.marks.words.get(place.key, ""),
        nodes=below,
        rest=rest,
        num_inside=level.look.marks.inside.get(place.path, 0),
        was=was,
    )


def _skill_node(skill: Skill, marks: DraftMarks, shown_as: str = "", was: str = "") -> Node:
    quality = skill.quality_score if skill.calibrated_score is None else skill.calibrated_score
    return Node(
        "skill",
        skill.key,
        shown_as or skill.name,
        skill.path,
        skill.slug,
        status=skill.status,
        quality=quality,
        mark=marks.words.get(skill.key, ""),
        was=was,
    )
