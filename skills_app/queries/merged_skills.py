"""The skills of categories that are merged, and what was chosen for each."""

from dataclasses import dataclass

from skills_app.domain.change_sets.operations import Act, MergeCategories
from skills_app.domain.paths import lineage
from skills_app.models import Category, Skill

MOST_SHOWN = 200


@dataclass(frozen=True, slots=True)
class MergedSkills:
    """The skills of a merge to choose for: those with ``text`` in their path, and what was chosen in all.

    ``rows`` are keys and paths, ``num_more`` how many are not among them, ``chosen`` paths and choices in words; ``into`` is the
    path of the category that takes them in.
    """

    rows: list[tuple[str, str]]
    num_more: int
    chosen: list[tuple[str, str]]
    into: str = ""
    text: str = ""


def merged_skills(merge: MergeCategories, *, text: str = "") -> MergedSkills:
    """Return the skills in the sources of ``merge`` with ``text`` in their path, by path, at most ``MOST_SHOWN``.

    At most seven queries.
    """
    inside = Skill.objects.filter(category__in=_places(merge), path__icontains=text.strip()).order_by("path")
    rows = list(inside.values_list("key", "path")[:MOST_SHOWN])
    hidden = inside.count() - MOST_SHOWN if len(rows) == MOST_SHOWN else 0
    into = Category.objects.filter(key=merge.into).values_list("path", flat=True).first()
    return MergedSkills(rows, max(hidden, 0), _chosen(merge), into or "", text)


def _places(merge: MergeCategories) -> list[int]:
    places = Category.objects.order_by().values_list("pk", "key", "path")
    sources = {path for _, key, path in places if key in merge.sources}
    return [pk for pk, _, path in places if not sources.isdisjoint(lineage(path))]


def _chosen(merge: MergeCategories) -> list[tuple[str, str]]:
    if not merge.choices:
        return []
    named = [one.skill for one in merge.choices] + [one.value for one in merge.choices]
    names = dict(Skill.objects.filter(key__in=named).values_list("key", "path"))
    names |= dict(Category.objects.filter(key__in=named).values_list("key", "path"))
    told = [
        (names[one.skill], f"{_WORDS[one.act]} {names.get(one.value, one.value)}".strip())
        for one in merge.choices
        if one.skill in names
    ]
    return sorted(told)


_WORDS = {Act.MOVE: "", Act.RENAME: "is called", Act.FOLD: "merges into", Act.ELSEWHERE: "goes to"}
