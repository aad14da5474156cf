"""What a person's draft would do with each row of the tree."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Q

from skills_app.domain.change_sets.operations import (
    Act,
    Choice,
    MergeCategories,
    MergeSkills,
    Move,
    Operation,
    Refacet,
    Rename,
    Split,
)
from skills_app.domain.change_sets.states import OPEN, ChangeStatus
from skills_app.domain.paths import lineage, parent_of
from skills_app.models import Category, PlacementChange, Skill

MOST_ARRIVALS = 20
MOST_OPEN = 20


@dataclass(frozen=True, slots=True)
class Arrival:
    """A row that a draft would add: a category or skill, its name there, and where it comes from.

    A category that the draft makes has its ``key`` already, and a ``path``: later steps of the draft may name it. What stands for the
    rows that are not drawn has a ``url`` at which all are.
    """

    kind: str
    label: str
    words: str
    key: str = ""
    path: str = ""
    url: str = ""


@dataclass(slots=True)
class DraftMarks:
    """What a draft would do: by key in words, and the rows that it would add below a category (empty key: at the top).

    ``inside`` counts by path the rows below a category that are marked or would be new there, however deep. When it
    ``is_own``, the next step joins it, so that what it makes can be a target. ``url`` is the page that says all.
    """

    words: dict[str, str] = field(default_factory=dict)
    arrivals: dict[str, tuple[Arrival, ...]] = field(default_factory=dict)
    inside: dict[str, int] = field(default_factory=dict)
    is_own: bool = False
    url: str = ""

    def say(self, key: str, words: str) -> None:
        """Mark a row; what other steps say of it stays."""
        known = self.words.get(key)
        self.words[key] = f"{known}; {words}" if known else words

    def add(self, parent: str, *coming: Arrival) -> None:
        """Add rows below ``parent``: the first ``MOST_ARRIVALS`` of them, and one that counts the others."""
        left_out = len(coming) - MOST_ARRIVALS
        rest = (Arrival("skill", f"{left_out} more", "arrive too", url=self.url),) if left_out > 0 else ()
        self.arrivals[parent] = (*self.arrivals.get(parent, ()), *coming[:MOST_ARRIVALS], *rest)


@dataclass(frozen=True, slots=True)
class _Row:
    kind: str
    key: str
    slug: str
    path: str


def open_draft(user: Any) -> PlacementChange | None:
    """Return the draft that a person works on, or None."""
    rows = PlacementChange.objects.filter(author=user, status="draft").defer("effect", "kept", "tables")
    return rows.order_by("-updated_at").first()


def drawn_change(user: Any, key: str) -> PlacementChange | None:
    """Return the open change-set with this key, whoever made it; else the draft that a person works on, or None."""
    rows = (
        PlacementChange.objects.filter(key=key, status__in=OPEN).defer("effect", "kept", "tables")
        if key
        else []
    )
    return next(iter(rows), None) or open_draft(user)


def other_open_changes(user: Any, but: PlacementChange | None) -> list[PlacementChange]:
    """Return a person's own drafts and everybody's proposals but one, the last changed first; at most ``MOST_OPEN``."""
    wanted = Q(author=user, status=ChangeStatus.DRAFT) | Q(status=ChangeStatus.PROPOSED)
    rows = PlacementChange.objects.filter(wanted).exclude(pk=but.pk if but else 0)
    return list(rows.defer("effect", "kept", "impact", "tables").order_by("-updated_at", "-pk")[:MOST_OPEN])


def marks_of(operations: Iterable[Operation], *, is_own: bool = False, url: str = "") -> DraftMarks:
    """Return what would become of the rows that operations name, and what would arrive below which; ``url`` is the page that says all.

    Four queries, and two more for each level on which categories merge.
    """
    steps = list(operations)
    wanted = {key for one in steps for key in _named(one)}
    paths = dict(Category.objects.filter(key__in=wanted).values_list("key", "path"))
    paths |= dict(Skill.objects.filter(key__in=wanted).values_list("key", "path"))
    paths |= paths_made(steps, paths)
    marks = DraftMarks(is_own=is_own, url=url)
    for one in steps:
        _mark(marks, one, paths)
    _count_inside(marks)
    return marks


def paths_made(operations: Iterable[Operation], paths: Mapping[str, str]) -> dict[str, str]:
    """Return the paths of the categories that splits make, by key; ``paths`` are those of the categories above them."""
    made: dict[str, str] = {}
    for part in (part for one in operations if isinstance(one, Split) for part in one.parts):
        above = made.get(part.parent) or paths.get(part.parent, "")
        made[part.key] = f"{above}/{part.slug}".lstrip("/")
    return made


def facet_words(operation: Refacet) -> str:
    """Return what becomes of the facets in words, such as "gets lang: go, loses lang: c"."""
    words = [f"gets {name}: {value}" for name, value in operation.add]
    words += [f"loses {name}: {value}" for name, value in operation.remove]
    return ", ".join(words)


def _count_inside(marks: DraftMarks) -> None:
    """Count what is marked below each category; new rows count where no mark of the category tells of them."""
    new = {key: len(rows) for key, rows in marks.arrivals.items() if key and key not in marks.words}
    wanted = [*marks.words, *new]
    places = dict(Category.objects.filter(key__in=wanted).values_list("key", "path"))
    homes = dict(Skill.objects.filter(key__in=wanted).values_list("key", "path"))
    inside = Counter[str]()
    for key, path in (places | homes).items():
        if key in new:
            inside[path] += new[key]
            number = new[key]
        else:
            number = 1
        for above in lineage(parent_of(path)):
            inside[above] += number
    marks.inside = dict(inside)


def _mark(marks: DraftMarks, one: Operation, paths: Mapping[str, str]) -> None:
    if isinstance(one, Move):
        _mark_move(marks, one, paths)
    elif isinstance(one, Rename):
        title = "" if one.title is None else f", titled {one.title}" if one.title else ", without a title"
        marks.say(one.key, f"becomes {one.slug}{title}")
    elif isinstance(one, MergeCategories):
        _mark_merge(marks, one, paths)
    elif isinstance(one, MergeSkills):
        for key in one.sources:
            _mark_fold(marks, key, one.into, paths)
    elif isinstance(one, Split):
        for part in one.parts:
            every = (*part.categories, *part.skills)
            for key in every:
                marks.say(key, f"splits off to {part.slug}")
            label = part.title or part.slug
            words = f"new, {len(every)} arriving"
            marks.add(part.parent, Arrival("category", label, words, part.key, paths[part.key]))
    elif isinstance(one, Refacet):
        for key in one.skills:
            marks.say(key, f"changed: {facet_words(one)}")


def _mark_move(marks: DraftMarks, one: Move, paths: Mapping[str, str]) -> None:
    every = (*one.categories, *one.skills)
    for key in every:
        marks.say(key, f"moves to {paths.get(one.target, 'the top')}")
    marks.say(one.target, f"{len(every)} arriving")
    slugs = dict(one.renames)
    coming = [
        Arrival(
            "category" if key in one.categories else "skill",
            slugs.get(key) or paths.get(key, key).rpartition("/")[2],
            f"arrives from {paths.get(key, key)}",
        )
        for key in every[:MOST_ARRIVALS]
    ]
    # Only those that are shown have their paths read; the others are counted.
    coming += [Arrival("skill", "", "")] * (len(every) - len(coming))
    marks.add(one.target, *coming)


def _mark_merge(marks: DraftMarks, one: MergeCategories, paths: Mapping[str, str]) -> None:
    """Mark what leaves the sources and what arrives where, as ``merging.merged_categories`` does it."""
    choices = {choice.skill: choice for choice in one.choices}
    known = dict(paths)
    pairs = [(source, one.into) for source in one.sources]
    done: set[str] = set()
    slugs: dict[str, dict[str, str]] = {}
    while pairs:
        keys = {key for pair in pairs for key in pair}
        below, inside = _below(keys), _inside([source for source, _ in pairs])
        known |= {row.key: row.path for rows in below.values() for row in rows}
        following: list[tuple[str, str]] = []
        coming: dict[str, list[Arrival]] = {}
        for source, into in pairs:
            if source in done:
                continue
            done.add(source)
            marks.say(source, f"merges into {known.get(into, into)} and ends")
            mine = {row.slug: row.key for row in below.get(into, ()) if row.key not in one.sources}
            there = slugs.setdefault(into, mine)
            for row in below.get(source, ()):
                same = there.get(row.slug)
                if row.key in one.sources:
                    continue
                if same is not None and same != row.key and not _is_within(one.into, row, known):
                    following.append((row.key, same))
                else:
                    there[row.slug] = row.key
                    marks.say(row.key, f"goes to {known.get(into, into)}")
                    coming.setdefault(into, []).append(_arrival(row))
            for row in inside.get(source, ()):
                choice = choices.pop(row.key, Choice(row.key))
                _mark_choice(marks, coming, choice, row, into, known)
            coming.setdefault(into, [])
        _add_all(marks, coming)
        pairs = following
    _mark_other_choices(marks, list(choices.values()), known)


def _mark_choice(
    marks: DraftMarks,
    coming: dict[str, list[Arrival]],
    choice: Choice,
    row: _Row,
    into: str,
    paths: Mapping[str, str],
) -> None:
    if choice.act is Act.FOLD:
        _mark_fold(marks, row.key, choice.value, paths)
        arrival = Arrival("skill", row.slug, f"arrives from {row.path}, archived under another name")
        coming.setdefault(into, []).append(arrival)
        return
    home = choice.value if choice.act is Act.ELSEWHERE else into
    renamed = choice.value if choice.act is Act.RENAME else ""
    as_ = f" as {renamed}" if renamed else ""
    marks.say(row.key, f"goes to {paths.get(home, home)}{as_}")
    coming.setdefault(home, []).append(_arrival(row, renamed))


def _mark_other_choices(marks: DraftMarks, choices: Sequence[Choice], paths: Mapping[str, str]) -> None:
    """Mark the skills that come along in a category that moves whole, and for which something was chosen."""
    coming: dict[str, list[Arrival]] = {}
    for choice in choices:
        path = paths.get(choice.skill, choice.skill)
        row = _Row("skill", choice.skill, path.rpartition("/")[2], path)
        if choice.act is Act.FOLD:
            _mark_fold(marks, row.key, choice.value, paths)
        elif choice.act is Act.RENAME:
            marks.say(row.key, f"becomes {choice.value}")
        elif choice.act is Act.ELSEWHERE:
            _mark_choice(marks, coming, choice, row, "", paths)
    _add_all(marks, coming)


def _mark_fold(marks: DraftMarks, key: str, into: str, paths: Mapping[str, str]) -> None:
    marks.say(key, f"merges into {paths.get(into, into)}, is archived")
    marks.say(into, f"is kept, takes in {paths.get(key, key)}")


def _add_all(marks: DraftMarks, coming: Mapping[str, Sequence[Arrival]]) -> None:
    for parent, arrivals in coming.items():
        marks.say(parent, f"is kept, {len(arrivals)} arriving")
        marks.add(parent, *sorted(arrivals, key=lambda one: (one.kind, one.label, one.words)))


def _arrival(row: _Row, renamed: str = "") -> Arrival:
    return Arrival(row.kind, renamed or row.slug, f"arrives from {row.path}")


def _is_within(key: str, above: _Row, paths: Mapping[str, str]) -> bool:
    return f"{paths.get(key, '')}/".startswith(f"{above.path}/")


def _below(keys: Iterable[str]) -> dict[str, list[_Row]]:
    """Return the categories directly below each of ``keys``, by path."""
    found: dict[str, list[_Row]] = {}
    rows = Category.objects.filter(parent__key__in=list(keys)).order_by("path")
    for parent, key, slug, path in rows.values_list("parent__key", "key", "slug", "path"):
        found.setdefault(parent, []).append(_Row("category", key, slug, path))
    return found


def _inside(keys: Iterable[str]) -> dict[str, list[_Row]]:
    """Return the skills that live in each of ``keys``, by path."""
    found: dict[str, list[_Row]] = {}
    rows = Skill.objects.filter(category__key__in=list(keys)).order_by("path")
    for home, key, slug, path in rows.values_list("category__key", "key", "slug", "path"):
        found.setdefault(home, []).append(_Row("skill", key, slug, path))
    return found


def _named(operation: Operation) -> tuple[str, ...]:
    """Return the keys of which the marks say the path."""
    if isinstance(operation, Move):
        return (operation.target, *(*operation.categories, *operation.skills)[:MOST_ARRIVALS])
    if isinstance(operation, MergeCategories):
        chosen = (key for choice in operation.choices for key in (choice.skill, choice.value))
        return (operation.into, *operation.sources, *chosen)
    if isinstance(operation, Split):
        return tuple(part.parent for part in operation.parts)
    return (operation.into, *operation.sources) if isinstance(operation, MergeSkills) else ()
