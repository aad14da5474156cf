"""Change-sets as pages show them: the history, and the steps of one in words."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.core.paginator import Page, Paginator
from django.db.models import F, Q, QuerySet

from skills_app.domain.change_sets.merging import ARCHIVED
from skills_app.domain.change_sets.operations import (
    MergeCategories,
    MergeSkills,
    Move,
    Operation,
    Refacet,
    Rename,
    Retire,
    Split,
    operations_from,
)
from skills_app.domain.change_sets.rows import TOP
from skills_app.domain.change_sets.states import ChangeStatus
from skills_app.domain.paths import parent_of
from skills_app.models import AuditEntry, Category, PlacementChange, Skill
from skills_app.queries.draft_marks import paths_made
from skills_app.queries.resolve_path import branch_paths

PER_PAGE = 50
MOST_NAMED = 5
MOST_STEPS = 3
MOST_PEOPLE = 200
MOST_DIFFERENCES = 10
# What the list reads of an impact, which may be long.
_SHOWN = ("addresses", "num_skills", "num_categories", "differences", "num_differences")


@dataclass(frozen=True, slots=True)
class Step:
    """One operation in words: what it does, and the things it does it to (the first few, and how many more)."""

    text: str
    things: tuple[str, ...] = ()
    num_more: int = 0


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing before and after: an address (empty: new, or ended), or ``what`` else of the thing that was at ``path``."""

    before: str
    after: str
    what: str = ""
    path: str = ""

    @property
    def none_before(self) -> str:
        """What stands for an empty value before."""
        return "(none)" if self.what else "(new)"

    @property
    def none_after(self) -> str:
        """What stands for an empty value after."""
        return "(none)" if self.what else "(ends)"


@dataclass(frozen=True, slots=True)
class Ending:
    """Who undid or dropped a change-set, when, and why (empty where nobody said so)."""

    who: str
    at: datetime
    why: str
    is_undone: bool


@dataclass(frozen=True, slots=True)
class ChangeRow:
    """A change-set in the history: its first steps in words, its first differences of ``num_differences``, who beside its
    author consented, and how it ended where it was undone or dropped.
    """

    change: PlacementChange
    steps: tuple[Step, ...]
    differences: tuple[Difference, ...]
    num_differences: int
    consented: tuple[str, ...] = ()
    ending: Ending | None = None

    @property
    def num_more(self) -> int:
        """How many differences are left out."""
        return self.num_differences - len(self.differences)


def changes_for_list(*, branch: str = "", person: str = "", page: str | None = None) -> Page[Any]:
    """Return a page of the change-sets as ``ChangeRow``, newest first: all, or those of a person and of a branch.

    A person made, proposed, consented to, applied, undid or dropped them. A branch is meant by its address now or by an
    old one, and was touched whatever its address was then, also by what lies below or above it. Five queries, one for
    categories that have ended, and five for a branch.
    """
    rows = PlacementChange.objects.exclude(status="draft")
    if person:
        steps = AuditEntry.objects.filter(target_kind="placement_change", actor_name=person)
        theirs = Q(author_name=person) | Q(applied_by=person) | Q(undone_by=person)
        rows = rows.filter(theirs | Q(key__in=steps.values("target_key")))
    if branch:
        rows = rows.filter(pk__in=_touching(rows, branch))
    parts = {f"shown_{name}": F(f"impact__{name}") for name in _SHOWN}
    rows = rows.defer("effect", "kept", "impact", "tables").annotate(**parts).order_by("-updated_at", "-pk")
    shown: Page[Any] = Paginator(rows, PER_PAGE).get_page(page)
    changes = list(shown.object_list)
    endings = endings_of(changes)
    first = [operations_from(change.operations)[:MOST_STEPS] for change in changes]
    names = _names(operation for operations in first for operation in operations)
    shown.object_list = [
        ChangeRow(
            change,
            tuple(_step(one, names) for one in operations),
            *_differences(change),
            consented=tuple(dict.fromkeys(c["by"] for c in change.consents if c["by"] != change.author_name)),
            ending=endings.get(change.key),
        )
        for change, operations in zip(changes, first, strict=True)
    ]
    return shown


def people_of_changes() -> list[str]:
    """Return who made or applied change-sets that are in the history, by name; the first ``MOST_PEOPLE``. One query."""
    rows = PlacementChange.objects.exclude(status="draft").order_by()
    made, applied = rows.values_list("author_name"), rows.exclude(applied_by="").values_list("applied_by")
    return sorted(name for (name,) in made.union(applied))[:MOST_PEOPLE]


def endings_of(changes: Iterable[PlacementChange]) -> dict[str, Ending]:
    """Return how those of ``changes`` ended that were undone or dropped, by key. One query, none where none was."""
    ended = [one.key for one in changes if one.status in (ChangeStatus.UNDONE, ChangeStatus.DROPPED)]
    if not ended:
        return {}
    rows = AuditEntry.objects.filter(
        verb__in=["undid_change", "dropped_change"], target_kind="placement_change", target_key__in=ended
    )
    return {row.target_key: _ending(row) for row in rows.order_by("at", "pk")}


def _ending(row: AuditEntry) -> Ending:
    is_undone = row.verb == "undid_change"
    # What was dropped before reasons were asked for has that of the change-set itself.
    return Ending(
        row.actor_name, row.at, row.reason if is_undone or "status" in row.before else "", is_undone
    )


def differences_of(impact: Mapping[str, Any]) -> tuple[tuple[Difference, ...], int]:
    """Return the differences that an impact names, titles, states and facets last, and how many there are in all."""
    shown = [Difference(before, after) for before, after in impact.get("addresses") or ()]
    shown += [Difference(**one) for one in impact.get("differences") or ()]
    numbers = (impact.get(name) or 0 for name in ("num_skills", "num_categories", "num_differences"))
    return tuple(shown), sum(numbers)


def _differences(change: PlacementChange) -> tuple[tuple[Difference, ...], int]:
    shown, number = differences_of({name: getattr(change, f"shown_{name}") for name in _SHOWN})
    return shown[:MOST_DIFFERENCES], number


def _touching(rows: QuerySet[PlacementChange], branch: str) -> list[int]:
    """Return the keys of ``rows`` that touch a branch: by the addresses then, and by where those categories are now."""
    listed = list(rows.values_list("pk", "branches", "impact__touched"))
    wanted = {branch, *branch_paths([branch])}
    then = sorted({path for _, paths, _ in listed for path in paths})
    now = dict(zip(then, branch_paths(then), strict=True))
    touched = {key for _, _, keys in listed for key in keys or ()}
    homes = dict(Category.objects.filter(key__in=touched).values_list("key", "path"))
    return [
        pk
        for pk, paths, keys in listed
        if any(
            _is_related(path, one)
            for one in wanted
            for path in {
                *paths,
                *(now[path] for path in paths),
                *(homes[key] for key in keys or () if key in homes),
            }
        )
    ]


def _is_related(path: str, branch: str) -> bool:
    return path == branch or path.startswith(f"{branch}/") or branch.startswith(f"{path}/")


def steps_of(operations: Sequence[Operation]) -> list[Step]:
    """Return each operation in words; two queries for all of them, one for categories that have ended, one for archived skills."""
    names = _names(operations)
    return [_step(operation, names) for operation in operations]


def _step(operation: Operation, names: dict[str, str]) -> Step:
    def name(key: str) -> str:
        return names.get(key, key) if key else "the top"

    if isinstance(operation, Retire):
        paths, number = operation.paths[:MOST_NAMED], len(operation.paths)
        return Step(f"End {number} old address{'es' * (number != 1)}", paths, max(number - MOST_NAMED, 0))
    if isinstance(operation, Move):
        keys: tuple[str, ...] = (*operation.categories, *operation.skills)
        text = f"Move to {name(operation.target)}"
    elif isinstance(operation, Rename):
        title = operation.title
        words = "" if title is None else f", titled {title}" if title else ", without a title"
        keys, text = (operation.key,), f"Rename to {operation.slug}{words}"
    elif isinstance(operation, MergeCategories | MergeSkills):
        keys, text = operation.sources, f"Merge into {name(operation.into)}"
    elif isinstance(operation, Split):
        keys = tuple(key for part in operation.parts for key in (*part.categories, *part.skills))
        slugs = ", ".join(part.slug for part in operation.parts)
        text = f"Split {slugs} off from {name(operation.source)}{_under(operation, names)}"
        if operation.source == TOP:
            text = f"Make {', '.join(name(part.key) for part in operation.parts)}"
    else:
        keys, text = operation.skills, _facet_words(operation)
    shown = tuple(name(key) for key in keys[:MOST_NAMED])
    return Step(text, shown, max(len(keys) - MOST_NAMED, 0))


def _under(operation: Split, names: Mapping[str, str]) -> str:
    """Return where the new categories are, if that is not beside the one from which they are split off."""
    beside = parent_of(names.get(operation.source, ""))
    made = {part.key for part in operation.parts}
    above = {names.get(part.parent, "") for part in operation.parts if part.parent not in made}
    elsewhere = sorted(path or "the top" for path in above - {beside})
    return f", under {', '.join(elsewhere)}" if elsewhere else ""


def _facet_words(operation: Refacet) -> str:
    words = [f"add {name}: {value}" for name, value in operation.add]
    words += [f"remove {name}: {value}" for name, value in operation.remove]
    return f"Facets: {', '.join(words)}"


def _names(steps: Iterable[Operation]) -> dict[str, str]:
    operations = list(steps)
    categories: set[str] = set()
    skills: set[str] = set()
    for one in operations:
        if isinstance(one, Move):
            categories |= {one.target, *one.categories[:MOST_NAMED]}
            skills |= {*one.skills[:MOST_NAMED]}
        elif isinstance(one, Rename):
            categories.add(one.key)
            skills.add(one.key)
        elif isinstance(one, MergeCategories):
            categories |= {one.into, *one.sources}
        elif isinstance(one, MergeSkills):
            skills |= {one.into, *one.sources[:MOST_NAMED]}
        elif isinstance(one, Split):
            categories |= {one.source, *(part.parent for part in one.parts)}
            categories |= {key for part in one.parts for key in part.categories}
            skills |= {key for part in one.parts for key in part.skills[:MOST_NAMED]}
        elif isinstance(one, Refacet):
            skills |= {*one.skills[:MOST_NAMED]}
    rows = Skill.objects.filter(key__in=skills).values_list("key", "path", "status")
    names = {key: path for key, path, _ in rows}
    if archived := [key for key, _, status in rows if status == ARCHIVED]:
        names |= paths_before_merges(archived)
    names |= dict(Category.objects.filter(key__in=categories).values_list("key", "path"))
    ended = categories - names.keys() - {""}
    names |= last_paths(ended) if ended else {}
    return paths_made(operations, names) | names


def paths_before_merges(keys: Iterable[str]) -> dict[str, str]:
    """Return the paths that skills had before another stood in for them; those that none does, or long since, are left out."""
    rows = AuditEntry.objects.filter(
        target_kind="skill", target_key__in=list(keys), after__has_key="merged_into"
    )
    return {
        key: before["path"] for key, before in rows.order_by("at", "pk").values_list("target_key", "before")
    }


def last_paths(keys: Iterable[str]) -> dict[str, str]:
    """Return the paths that categories had which have ended."""
    rows = AuditEntry.objects.filter(
        target_kind="category", target_key__in=list(keys), before__has_key="path"
    )
    return {
        key: before["path"] for key, before in rows.order_by("at", "pk").values_list("target_key", "before")
    }
