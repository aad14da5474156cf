"""Where the branches of a change-set are now, so that rights are asked of who looks after them today."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.db.models import Q

from skills_app.domain.change_sets.states import missing_branches
from skills_app.models import AuditEntry, Category, PlacementChange
from skills_app.queries.changes_for_list import last_paths
from skills_app.queries.resolve_path import category_at


@dataclass(frozen=True, slots=True, order=True)
class Branch:
    """A place that a change-set touches: its path now, and the key by which it was kept; both empty for the top.

    The key of a category that has ended goes with the path of the place that answers for it.
    """

    path: str
    key: str


def branches_of(changes: Sequence[PlacementChange]) -> dict[int, list[Branch]]:
    """Return the branches of each change-set by its primary key, in the order of their paths now.

    A category is known by its key, whatever its address was then. For one that has ended answers who took over its
    address, or else the nearest place above it. A change-set that kept no keys is read by the addresses that it names, as
    far as no other category ever had them. One query, and at most three for each address that has to be looked up.
    """
    keys = {key for change in changes for key in change.impact.get("touched") or ()}
    homes = dict(Category.objects.filter(key__in=keys).values_list("key", "path"))
    ended = keys - homes.keys()
    last = last_paths(ended) if ended else {}
    homes |= {key: _nearest(last.get(key, ""), key).path for key in sorted(ended)}
    return {change.pk: sorted(_branches(change, homes)) for change in changes}


def branches_missing(changes: Sequence[PlacementChange]) -> dict[int, list[Branch]]:
    """Return by primary key the branches for which nobody with rights there has consented yet.

    Queries as for ``branches_of``, and one more.
    """
    given = {change.pk: set(_consented(change)) for change in changes}
    keys = {key for each in given.values() for key in each}
    homes = {"": "", **dict(Category.objects.filter(key__in=keys - {""}).values_list("key", "path"))}
    found = {}
    for pk, branches in branches_of(changes).items():
        left = [branch for branch in branches if branch.key not in given[pk]]
        paths = missing_branches(
            [branch.path for branch in left], [homes[key] for key in given[pk] if key in homes]
        )
        found[pk] = [branch for branch in left if branch.path in paths]
    return found


def keys_at(change: PlacementChange, paths: Iterable[str]) -> list[str]:
    """Return the keys of those branches of ``change`` that are at one of ``paths`` now, sorted."""
    wanted = set(paths)
    return sorted({branch.key for branch in branches_of([change])[change.pk] if branch.path in wanted})


def _branches(change: PlacementChange, homes: dict[str, str]) -> set[Branch]:
    if "touched" not in change.impact:
        return {_nearest(path) for path in change.branches}
    found = {Branch(homes[key], key) for key in change.impact["touched"]}
    return found | {Branch("", "") for path in change.branches if not path}


def _consented(change: PlacementChange) -> Iterable[str]:
    """Yield the keys of the branches that have consent; an address of then only where it is certain whose it was."""
    for consent in change.consents:
        if "keys" in consent:
            yield from consent["keys"]
            continue
        for path in consent["branches"]:
            place = _place(path) if path else None
            if place is not None or not path:
                yield place.key if place else ""


def _nearest(path: str, key: str = "") -> Branch:
    """Return the place that answers for an address of then, or the nearest above it; the top when there is none."""
    while path:
        place = _place(path, key)
        if place is not None:
            return Branch(place.path, place.key)
        path, key = path.rpartition("/")[0], ""
    return Branch("", "")


def _place(path: str, key: str = "") -> Category | None:
    """Return where the one category leads that ever was at ``path`` (the one of ``key``); None if others were there."""
    rows = AuditEntry.objects.filter(Q(before__path=path) | Q(after__path=path), target_kind="category")
    holders = {*rows.values_list("target_key", flat=True)}
    holders |= {*Category.objects.filter(path=path).values_list("key", flat=True)}
    if len(holders | ({key} if key else set())) > 1:
        return None
    return Category.objects.filter(key__in=holders).first() or category_at(path)
