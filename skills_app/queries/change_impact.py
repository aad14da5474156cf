"""What a change-set would mean beyond the tree: addresses, links, budgets, gates, reviews, and who is told."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence, Set
from typing import Any

from django.utils import timezone

from skills_app.domain.change_sets.effect import Effect, folds_of
from skills_app.domain.change_sets.rows import Kind, Target
from skills_app.domain.change_sets.tree import Tree
from skills_app.domain.enums import Role
from skills_app.domain.paths import lineage
from skills_app.models import Gate, RoleGrant, Waiver
from skills_app.queries.change_exports import MOST_SHOWN, exports_of
from skills_app.queries.change_links import links_of
from skills_app.queries.change_reviews import gates_around, reviews_of, stale_reviews_of

TABLES = ("aliases", "differences", "taken", "links", "budgets", "stale_reviews")
"""The lists of an impact that may be long: what it calls them."""


def impact_of(tree: Tree, effect: Effect) -> tuple[dict[str, Any], dict[str, list[Any]]]:
    """Return as JSON data what ``effect`` (already applied to ``tree``) means, and each of ``TABLES`` as a whole.

    In the impact lists hold at most ``MOST_SHOWN`` entries. Read before the change is written: what the database says is
    what was before.
    """
    skills = {t.key: pair for t, pair in effect.addresses.items() if t.kind is Kind.SKILL}
    categories = {t.key: pair for t, pair in effect.addresses.items() if t.kind is Kind.CATEGORY}
    taken = [
        {"path": path, "from": first_path(tree, old)}
        for path, (old, new) in effect.aliases.items()
        if old is not None and new != old and new not in effect.heirs.values() and _is_taken(tree, path, old)
    ]
    aliases = sorted((path, tree.paths.get(to, "")) for path, (_, to) in effect.aliases.items() if to)
    exports = exports_of(tree, effect)
    reviews = reviews_of(tree, effect)
    tables: dict[str, list[Any]] = {
        "aliases": [list(pair) for pair in aliases],
        "differences": differences_of_effect(effect, lambda target: first_path(tree, target)),
        "taken": taken,
        "links": list(links_of(tree, effect)),
        "budgets": exports.pop("budgets"),
        "stale_reviews": stale_reviews_of(tree, effect, reviews, today=timezone.localdate()),
    }
    impact = {
        **{name: rows[:MOST_SHOWN] for name, rows in tables.items()},
        "num_skills": len(skills),
        "num_categories": len(categories),
        "num_aliases": len(aliases),
        "addresses": _first(*_told(tree, effect)),
        "num_differences": len(tables["differences"]),
        "touched": sorted(key for key in effect.touched if key),
        "num_taken": len(taken),
        "num_retired": len(effect.retired),
        "num_links": len(tables["links"]),
        "num_budgets": len(tables["budgets"]),
        **exports,
        "gates": _gates(tree, skills),
        "ends": _ends(effect),
        "facets": sum(before.facets != after.facets for before, after in effect.homes.values()),
        "archived": sum(before.status != after.status for before, after in effect.homes.values()),
        "num_reviews": len(reviews),
        "num_stale": len(tables["stale_reviews"]),
        "told": told_of(tree, effect, reviews),
    }
    return impact, tables


def touched_paths(tree: Tree, effect: Effect) -> list[str]:
    """Return the paths, as they are before the change, of the categories that something leaves or enters."""
    return sorted({first_path(tree, Target(Kind.CATEGORY, key)) if key else "" for key in effect.touched})


def first_path(tree: Tree, target: Target) -> str:
    """Return the address that something had before the tree was changed."""
    return tree.first_paths.get(target) or tree.paths.get(target, "")


def told_of(
    tree: Tree, effect: Effect, reviews: Sequence[Mapping[str, Any]] | None = None
) -> list[dict[str, str]]:
    """Return who is told of ``effect``, as its impact names them: name, role and where (empty: the whole library).

    Those who curate or manage the branches that something leaves or enters, and those whose own branch moves, alone or
    along with one above it, ends, or gets another name; those of the whole library where nobody looks after one of the
    branches that something leaves or enters; and whoever is at work on one of ``reviews``, by default ``reviews_of``.
    """
    rows = RoleGrant.objects.filter(role__in=[Role.CURATOR, Role.MANAGER], user__is_active=True)
    in_order = rows.order_by("user__username", "role", "category__path")
    held = list(in_order.values_list("user__username", "role", "category__path"))
    concerned = _looked_after(tree, effect, {path for _, _, path in held if path})
    found = [
        {"name": name, "role": role, "branch": path or ""}
        for name, role, path in held
        if (path or "") in concerned
    ]
    known: set[str] = set()
    for one in reviews_of(tree, effect) if reviews is None else reviews:
        found += [
            {"name": n, "role": "reviewer", "branch": one["skill"]} for n in one["people"] if n not in known
        ]
        known.update(one["people"])
    return found


def looking_after(keys: Iterable[str]) -> list[dict[str, str]]:
    """Return who curates or manages the categories with these keys themselves, as ``told_of`` names people."""
    rows = RoleGrant.objects.filter(
        role__in=[Role.CURATOR, Role.MANAGER], user__is_active=True, category__key__in=list(keys)
    )
    named = rows.order_by("user__username", "role", "category__path")
    return [
        {"name": name, "role": role, "branch": path}
        for name, role, path in named.values_list("user__username", "role", "category__path")
    ]


def _looked_after(tree: Tree, effect: Effect, held: Set[str]) -> set[str]:
    """Return those of the branches ``held``, by path, whose people ``effect`` concerns; empty text is the whole library."""
    found = {path for target in _own_branches(effect) if (path := first_path(tree, target)) in held}
    for path in touched_paths(tree, effect):
        found |= held & set(lineage(path)) or {""}
    return found


def _own_branches(effect: Effect) -> set[Target]:
    """Return the categories that have another address or another title than before, or none."""
    moved = {target for target in effect.addresses if target.kind is Kind.CATEGORY}
    return moved | {Target(Kind.CATEGORY, key) for key in effect.places}


def _is_taken(tree: Tree, path: str, old: Target) -> bool:
    found = tree.resolve(path)
    return found is not None and found != old


def told_addresses(tree: Tree, effect: Effect) -> list[tuple[str, str]]:
    """Return every address that changes, before and after, those of categories first, each kind in order."""
    return [pair for group in _told(tree, effect) for pair in sorted(group)]


def _told(tree: Tree, effect: Effect) -> tuple[list[tuple[str, str]], list[tuple[str, str]]]:
    """Return the addresses of categories and skills; of a skill that another stands in for, which one that is."""
    into = {
        gone: f"merged into {tree.path(Kind.SKILL, heir)}" for gone, heir in folds_of(tree, effect).items()
    }
    every = effect.addresses.items()
    categories = [pair for target, pair in every if target.kind is Kind.CATEGORY]
    return categories, [(a, into.get(t.key, b)) for t, (a, b) in every if t.kind is Kind.SKILL]


def _first(*groups: list[tuple[str, str]]) -> list[list[str]]:
    found: list[list[str]] = []
    for group in groups:
        found += [list(pair) for pair in sorted(group)[: MOST_SHOWN // 2]]
    return found


def differences_of_effect(effect: Effect, path_of: Callable[[Target], str]) -> list[dict[str, str]]:
    """Return what changes beside addresses: titles, then states and facets, then old addresses that end, each in the order of paths.

    ``path_of`` says where something was before.
    """
    ended = [
        {"what": "old address", "path": path_of(target), "before": path, "after": ""}
        for path in effect.retired
        if (target := effect.aliases[path][0]) is not None
    ]
    titles = [
        {
            "what": "title",
            "path": path_of(Target(Kind.CATEGORY, key)),
            "before": was.title,
            "after": now.title,
        }
        for key, (was, now) in effect.places.items()
        if was is not None and now is not None and was.title != now.title
    ]
    others: list[dict[str, str]] = []
    for key, (before, after) in effect.homes.items():
        path = path_of(Target(Kind.SKILL, key))
        if before.status != after.status:
            others.append({"what": "status", "path": path, "before": before.status, "after": after.status})
        if before.facets != after.facets:
            had, has = (_facet_text(home.facets) for home in (before, after))
            others.append({"what": "facets", "path": path, "before": had, "after": has})
    return [one for group in (titles, others, ended) for one in sorted(group, key=lambda one: one["path"])]


def _facet_text(facets: Iterable[tuple[str, str]]) -> str:
    return ", ".join(f"{name}: {value}" for name, value in sorted(facets))


def _gates(tree: Tree, skills: dict[str, tuple[str, str]]) -> list[dict[str, Any]]:
    """Return how many skills come under another gate: from which, to which (empty: that of the library)."""
    before, after = gates_around(tree)
    if not before.gates:
        return []
    moves = Counter((before.gate_of(old), after.gate_of(new)) for old, new in skills.values())
    found = [(pair, number) for pair, number in sorted(moves.items()) if pair[0] != pair[1]]
    return [{"from": a, "to": b, "num_skills": number} for (a, b), number in found]


def _ends(effect: Effect) -> dict[str, int]:
    """Return how many gates, roles and waivers hang on the categories that end."""
    gone = [key for key, (_, after) in effect.places.items() if after is None]
    if not gone:
        return {"gates": 0, "roles": 0, "waivers": 0}
    return {
        "gates": Gate.objects.filter(category__key__in=gone).count(),
        "roles": RoleGrant.objects.filter(category__key__in=gone).count(),
        "waivers": Waiver.objects.filter(category__key__in=gone).count(),
    }
