"""What a change-set means for what agents load: the catalog of each branch before and after, and the exports that change."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from django.db.models import Count, Model, Q, QuerySet, Sum
from django.db.models.functions import Length

from skills_app.domain.budget import HOSTS, USUAL_CONTEXT
from skills_app.domain.change_sets.effect import Effect
from skills_app.domain.change_sets.rows import TOP, Kind, Place, Target
from skills_app.domain.change_sets.tree import Tree
from skills_app.domain.enums import SkillStatus
from skills_app.models import Promotion, Skill
from skills_app.queries.branch_totals import TOKEN_CHARACTERS

MOST_SHOWN = 100
_CHUNK, _FEW = 5_000, 500
_TEXT = Length("name") + Length("description")
# A colon and a space stand between name and description where a host lists them.
_BETWEEN = 2
Pair = tuple[str, str]
M = TypeVar("M", bound=Model)


@dataclass(slots=True)
class _Catalog:
    """The catalog of one branch: its address before and after (empty: new, ended), and its skills and characters."""

    before: str
    after: str
    num_before: int = 0
    size_before: int = 0
    num_change: int = 0
    size_change: int = 0
    is_listed: bool = False

    def as_data(self) -> dict[str, Any]:
        """Return the row that the page of the change-set shows."""
        num_after, size_after = self.num_before + self.num_change, self.size_before + self.size_change
        was, will = self.size_before // TOKEN_CHARACTERS, size_after // TOKEN_CHARACTERS
        return {
            "branch": self.before or self.after,
            "becomes": self.after if self.before and self.after != self.before else "",
            "is_new": not self.before,
            "is_ended": not self.after,
            "num_skills": self.num_change,
            "num_tokens": will - was,
            "before": {"num_skills": self.num_before, "num_tokens": was},
            "after": {"num_skills": num_after, "num_tokens": will},
            "hosts": list(_hosts((self.num_before, self.size_before), (num_after, size_after))),
        }


@dataclass(slots=True)
class _Catalogs:
    by_before: dict[str, _Catalog] = field(default_factory=dict)
    by_after: dict[str, _Catalog] = field(default_factory=dict)

    @property
    def each(self) -> list[_Catalog]:
        """Every catalog once, by address."""
        found = {id(one): one for one in (*self.by_before.values(), *self.by_after.values())}
        return sorted(found.values(), key=lambda one: (one.before or one.after, one.after))


def exports_of(tree: Tree, effect: Effect) -> dict[str, Any]:
    """Return as JSON data the ``budgets`` of the branches that win or lose something, and what changes in ``exports``.

    Sizes are those of active skills, in tokens about, and for hosts in a usual context. Four queries, or one more for each
    branch that many skills leave. ``effect`` is in ``tree`` already and not in the tables yet.
    """
    moved = {t.key: pair for t, pair in effect.addresses.items() if t.kind is Kind.SKILL}
    ended = {key for key, (was, will) in effect.homes.items() if was.status != will.status == "archived"}
    paths = {key: tree.path(Kind.SKILL, key) for key in ended}
    skills = {key: (path, path) for key, path in paths.items()} | moved
    catalogs = _catalogs(tree, effect)
    num_active = _count_changes(catalogs, skills, ended)
    _count_before(catalogs)
    rows = [one for one in catalogs.each if one.num_change or (one.before != one.after and one.num_before)]
    named = [one.after or one.before for one in catalogs.each if one.is_listed]
    return {
        "budgets": [one.as_data() for one in rows],
        "exports": {
            "num_entries": len(moved.keys() | effect.homes.keys()),
            "num_published": _num_published(moved),
            "num_active": num_active,
            "branches": named[:MOST_SHOWN],
            "num_branches": len(named),
        },
    }


def rows_of(rows: QuerySet[M], way: str, skills: Mapping[str, Pair]) -> Iterator[QuerySet[M]]:
    """Yield querysets that hold all rows of ``skills``, and of a whole branch perhaps more; ``way`` leads to the skill.

    To name thousands of keys costs more than to read a branch: so single keys are named only where they are few.
    """
    roots = Counter(before.partition("/")[0] for before, _ in skills.values())
    large = {root for root, number in roots.items() if number > _FEW}
    for root in sorted(large):
        yield rows.filter(**{f"{way}path__startswith": f"{root}/"})
    few = sorted(key for key, (before, _) in skills.items() if before.partition("/")[0] not in large)
    for start in range(0, len(few), _CHUNK):
        yield rows.filter(**{f"{way}key__in": few[start : start + _CHUNK]})


def _catalogs(tree: Tree, effect: Effect) -> _Catalogs:
    """Return the branches that are moved, made or ended, and all above what something leaves or enters."""
    was = tree.places | {key: place for key, place in tree.first_places.items() if place is not None}
    keys = {*effect.touched, *effect.places}
    for places in (was, tree.places):
        keys.update(above for key in list(keys) for above in _above(places, key))
    found = _Catalogs()
    for key in keys - {TOP}:
        target = Target(Kind.CATEGORY, key)
        before, after = effect.addresses.get(target) or (tree.paths.get(target, ""),) * 2
        one = _Catalog(before, after)
        if before:
            found.by_before[before] = one
        if after:
            found.by_after[after] = one
    return found


def _above(places: Mapping[str, Place], key: str) -> Iterator[str]:
    """Yield the categories above a category, the nearest first, and then the top."""
    while key in places:
        key = places[key].parent
        yield key


def _count_changes(catalogs: _Catalogs, skills: Mapping[str, Pair], ended: Iterable[str]) -> int:
    """Add to each catalog what comes and take what goes; return how many active skills an agent finds elsewhere."""
    gone, number = set(ended), 0
    around: dict[tuple[str, str, bool], tuple[list[_Catalog], list[_Catalog]]] = {}
    for rows in rows_of(Skill.objects.filter(status=SkillStatus.ACTIVE), "", skills):
        for key, size in rows.order_by().annotate(size=_TEXT).values_list("key", "size"):
            if key not in skills:
                continue
            before, after = skills[key]
            number += 1
            way = (before.rpartition("/")[0], after.rpartition("/")[0], key in gone)
            if way not in around:
                around[way] = _crossed(catalogs, *way)
            for sign, group in zip((-1, 1), around[way], strict=True):
                for one in group:
                    one.num_change += sign
                    one.size_change += sign * size
    return number


def _crossed(
    catalogs: _Catalogs, before: str, after: str, is_gone: bool
) -> tuple[list[_Catalog], list[_Catalog]]:
    """Return the catalogs that what lies in the category ``before`` leaves, and those it enters, when it goes to ``after``."""
    was = [catalogs.by_before[path] for path in _prefixes(before) if path in catalogs.by_before]
    will = [catalogs.by_after[path] for path in _prefixes(after) if path in catalogs.by_after]
    for one in (*was, *will):
        one.is_listed = True
    left = [one for one in was if is_gone or all(one is not other for other in will)]
    come = [] if is_gone else [one for one in will if all(one is not other for other in was)]
    return left, come


def _count_before(catalogs: _Catalogs) -> None:
    """Add to each catalog what it holds now."""
    roots = {path.partition("/")[0] for path in catalogs.by_before}
    if not roots:
        return
    wanted = Q()
    for root in roots:
        wanted |= Q(path__startswith=f"{root}/")
    rows = Skill.objects.filter(wanted, status=SkillStatus.ACTIVE, category__isnull=False).order_by()
    grouped = rows.values_list("category__path").annotate(number=Count("pk"), size=Sum(_TEXT))
    for category, number, size in grouped:
        for path in _prefixes(category):
            if path in catalogs.by_before:
                catalogs.by_before[path].num_before += number
                catalogs.by_before[path].size_before += size


def _prefixes(path: str) -> Iterator[str]:
    while path:
        yield path
        path = path.rpartition("/")[0]


def _hosts(before: tuple[int, int], after: tuple[int, int]) -> Iterator[dict[str, Any]]:
    """Yield each host whose limit the catalog exceeds before or after: skills and characters of both are given."""
    for host in HOSTS.values():
        limit = host.limit(USUAL_CONTEXT)
        is_over = [_size(host.unit, *one) > limit for one in (before, after)]
        if limit and any(is_over):
            yield {
                "title": host.title,
                "limit": limit,
                "unit": host.unit,
                "was_over": is_over[0],
                "is_over": is_over[1],
            }


def _size(unit: str, num_skills: int, characters: int) -> int:
    if unit == "tokens":
        return characters // TOKEN_CHARACTERS
    return characters + _BETWEEN * num_skills


def _num_published(moved: Mapping[str, Pair]) -> int:
    keys: set[str] = set()
    for rows in rows_of(Promotion.objects.standing(), "skill__", moved):
        keys.update(rows.order_by().values_list("skill__key", flat=True))
    return len(keys & moved.keys())
