"""What is wrong with a taxonomy as it stands: cycles, what leads nowhere, aliases that shadow, orphans, and names."""

import itertools
from collections import Counter, deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from skills_app.domain.change_sets.rows import TOP, Kind, Target
from skills_app.domain.change_sets.tree import Tree
from skills_app.domain.paths import (
    LONGEST_SEGMENT,
    NOT_CATEGORIES,
    clean_segment,
    is_path,
    name_of,
    set_aside,
)
from skills_app.domain.skill_names import skill_name_fault


class Fault(StrEnum):
    """A kind of fault."""

    CYCLE = "cycle"
    DANGLING = "dangling"
    SHADOW = "shadow"
    ORPHAN = "orphan"
    NAMING = "naming"


@dataclass(frozen=True, slots=True)
class TaxonomyFault:
    """One fault at ``path``, in a sentence that says what to do; ``is_error`` when an address or a load breaks by it."""

    fault: Fault
    path: str
    message: str
    is_error: bool
    key: str = ""


@dataclass(frozen=True, slots=True)
class Link:
    """A dependency between skills: keys, the path as written, and the kind; ``target`` is empty when it leads nowhere."""

    skill: str
    kind: str
    target_path: str
    target: str = ""


@dataclass(frozen=True, slots=True)
class TaxonomyFacts:
    """What is looked at: the tree, the links between skills, and the names that skills have."""

    tree: Tree
    links: Sequence[Link] = ()
    names: Mapping[str, str] = field(default_factory=dict)


def check_taxonomy(facts: TaxonomyFacts) -> tuple[TaxonomyFault, ...]:
    """Return every fault, errors first, then by kind and path. Time grows with the rows and the links."""
    tree = facts.tree
    found = [*_place_faults(tree), *_home_faults(facts), *_alias_faults(tree), *link_faults(facts)]
    return tuple(sorted(found, key=lambda one: (not one.is_error, one.fault, one.path, one.message)))


def link_faults(facts: TaxonomyFacts) -> Iterator[TaxonomyFault]:
    """Yield the links that lead nowhere or to what was archived, and cycles, each as the path that closes it.

    One of required skills is an error, one with a recommended skill on it a hint. Skills may name each other under "see also" as they like: that is no fault.
    """
    paths = {key: facts.tree.path(Kind.SKILL, key) for key in facts.tree.homes}
    for link in facts.links:
        if not link.target:
            here = paths.get(link.skill, "")
            text = f"{here} names '{link.target_path}' ({link.kind.replace('_', ' ')}), which is not in the library."
            is_error = link.kind == "required"
            yield TaxonomyFault(
                Fault.DANGLING, here, f"{text} Make it, or take it out.", is_error, link.skill
            )
    yield from _archived_needs(facts, paths)
    for chain in required_cycles(facts.links):
        way = " → ".join(paths.get(key, key) for key in chain)
        first = paths.get(chain[0], "")
        yield TaxonomyFault(Fault.CYCLE, first, f"These skills require each other: {way}.", True, chain[0])
    for chain in recommended_cycles(facts.links):
        way = " → ".join(paths.get(key, key) for key in chain)
        text = f"These skills require or recommend each other: {way}. Take a recommendation out if none of them is to come first."
        yield TaxonomyFault(Fault.CYCLE, paths.get(chain[0], ""), text, False, chain[0])


def _archived_needs(facts: TaxonomyFacts, paths: Mapping[str, str]) -> Iterator[TaxonomyFault]:
    """Yield the required skills that were archived or withdrawn; an error where the skill that requires them is active."""
    homes = facts.tree.homes
    for link in facts.links:
        here, there = homes.get(link.skill), homes.get(link.target)
        if link.kind != "required" or here is None or there is None:
            continue
        if there.status == "archived" != here.status:
            path = paths[link.skill]
            text = f"{path} requires {paths[link.target]}, which is archived or was withdrawn, so no agent finds it. Require another one, or publish it again."
            yield TaxonomyFault(Fault.DANGLING, path, text, here.status == "active", link.skill)


def required_cycles(links: Sequence[Link]) -> list[tuple[str, ...]]:
    """Return cycles of required links, each closed by its first key, which is its smallest; in order.

    Every skill of a knot is on one of them: for each that is on none yet, a shortest one through it. Linear in the links
    for each cycle, and there are at most as many as skills in knots.
    """
    below: dict[str, list[str]] = {}
    for link in links:
        if link.kind == "required" and link.target:
            below.setdefault(link.skill, []).append(link.target)
    found: dict[tuple[str, ...], None] = {}
    for knot in _knots(below):
        told: set[str] = set()
        inside = {key: sorted({one for one in below[key] if one in knot}) for key in knot}
        for key in sorted(knot):
            if key not in told:
                cycle = _shortest_cycle(inside, key)
                told.update(cycle)
                found[_turned(cycle)] = None
    return sorted(found)


def recommended_cycles(links: Sequence[Link]) -> list[tuple[str, ...]]:
    """Return cycles of required and recommended links that one of the latter closes, as ``required_cycles`` does.

    Every recommended link that lies on a cycle is on one of them. Linear in the links for each cycle.
    """
    below: dict[str, set[str]] = {}
    required, recommended = set[tuple[str, str]](), set[tuple[str, str]]()
    for link in links:
        if link.kind in ("required", "recommended") and link.target:
            below.setdefault(link.skill, set()).add(link.target)
            (required if link.kind == "required" else recommended).add((link.skill, link.target))
    found: dict[tuple[str, ...], None] = {}
    told: set[tuple[str, str]] = set()
    for knot in _knots({key: sorted(targets) for key, targets in below.items()}):
        inside = {key: sorted(below[key] & knot) for key in knot}
        for start in sorted(knot):
            for step in inside[start]:
                if (start, step) in recommended - required - told:
                    cycle = [start] if start == step else [start, *_shortest_way(inside, step, start)]
                    told.update(itertools.pairwise([*cycle, start]))
                    found[_turned(cycle)] = None
    return sorted(found)


def _knots(below: Mapping[str, Sequence[str]]) -> Iterator[set[str]]:
    """Yield the sets of skills that each require each other, directly or in turn, by Tarjan's walk without recursion."""
    number: dict[str, int] = {}
    lowest: dict[str, int] = {}
    trail: list[str] = []
    on_trail: set[str] = set()
    for start in sorted(below):
        waiting = [(start, iter(below[start]))] if start not in number else []
        while waiting:
            key, rest = waiting[-1]
            if key not in number:
                number[key] = lowest[key] = len(number)
                trail.append(key)
                on_trail.add(key)
            step = next(rest, None)
            if step is None:
                waiting.pop()
                if waiting:
                    above = waiting[-1][0]
                    lowest[above] = min(lowest[above], lowest[key])
                if lowest[key] == number[key]:
                    knot: set[str] = set()
                    while key not in knot:
                        knot.add(trail.pop())
                    on_trail -= knot
                    if len(knot) > 1 or key in below.get(key, ()):
                        yield knot
            elif step not in number:
                waiting.append((step, iter(below.get(step, ()))))
            elif step in on_trail:
                lowest[key] = min(lowest[key], number[step])


def _shortest_cycle(inside: Mapping[str, Sequence[str]], start: str) -> list[str]:
    """Return the keys of a shortest cycle through ``start``, which lies in a knot, from it on."""
    return _shortest_way(inside, start, start)


def _shortest_way(inside: Mapping[str, Sequence[str]], start: str, end: str) -> list[str]:
    """Return the keys of a shortest way from ``start`` to ``end``, both in one knot, without the latter."""
    came: dict[str, str] = {}
    waiting = deque([start])
    while waiting:
        key = waiting.popleft()
        for step in inside[key]:
            if step == end:
                way = [key]
                while way[-1] != start:
                    way.append(came[way[-1]])
                return way[::-1]
            if step not in came:
                came[step] = key
                waiting.append(step)
    raise ValueError(f"{start} and {end} are in no knot")


def _turned(keys: list[str]) -> tuple[str, ...]:
    at = keys.index(min(keys))
    turned = keys[at:] + keys[:at]
    return (*turned, turned[0])


def name_fault(slug: str, kind: Kind = Kind.SKILL) -> str:
    """Return what is wrong with the last segment of an address, with a better one; empty text when nothing is.

    That of a skill is its name to hosts, so it keeps to their rules, too; an underscore counts as a hyphen there.
    """
    if not slug:
        return "Give it a name."
    if len(slug) > LONGEST_SEGMENT:
        return f"'{slug[:40]}…' is longer than {LONGEST_SEGMENT} characters."
    better = clean_segment(slug)
    if better != slug:
        hint = f" Call it '{better}'." if better else ""
        return f"'{slug}' has other characters than a-z, 0-9, - and _, or a hyphen at an end.{hint}"
    return skill_name_fault(name_of(slug)) if kind is Kind.SKILL else ""


def _place_faults(tree: Tree) -> Iterator[TaxonomyFault]:
    for key, place in tree.places.items():
        path = tree.path(Kind.CATEGORY, key)
        if _is_in_cycle(tree, key):
            yield TaxonomyFault(Fault.CYCLE, path, f"The category {path} lies inside itself.", True, key)
            continue
        above = tree.paths.get(Target(Kind.CATEGORY, place.parent), "") if place.parent != TOP else ""
        should = f"{above}/{place.slug}" if above else place.slug
        if should != path:
            text = f"The category {path} should be at {should}, by what holds it. Rename it there and back."
            yield TaxonomyFault(Fault.DANGLING, path, text, True, key)
        if wrong := name_fault(place.slug, Kind.CATEGORY):
            yield TaxonomyFault(Fault.NAMING, path, wrong, True, key)
        elif path in NOT_CATEGORIES:
            text = f"{set_aside(path)} No scan of the folder finds what is in it."
            yield TaxonomyFault(Fault.NAMING, path, text, True, key)
        if not tree.below.get(key) and not tree.inside.get(key):
            yield TaxonomyFault(Fault.ORPHAN, path, f"The category {path} is empty.", False, key)


def _is_in_cycle(tree: Tree, key: str) -> bool:
    at, seen = tree.places[key].parent, {key}
    while at in tree.places and at not in seen:
        seen.add(at)
        at = tree.places[at].parent
    return at == key


def _home_faults(facts: TaxonomyFacts) -> Iterator[TaxonomyFault]:
    tree = facts.tree
    slugs = Counter(tree.homes[key].slug for key in tree.homes)
    for key, home in tree.homes.items():
        path = tree.path(Kind.SKILL, key)
        above = tree.paths.get(Target(Kind.CATEGORY, home.category), "")
        should = f"{above}/{home.slug}" if above else home.slug
        if should != path:
            text = f"The skill {path} should be at {should}, by its category. Move it there."
            yield TaxonomyFault(Fault.DANGLING, path, text, True, key)
        if home.category == TOP and home.status != "archived":
            text = f"The skill {path} has no home. Move it into a category."
            yield TaxonomyFault(Fault.ORPHAN, path, text, False, key)
        if not is_path(path):
            text = f"The skill {path} has an address that cannot be a path: {name_fault(home.slug) or 'it is too long or too deep.'}"
            yield TaxonomyFault(Fault.NAMING, path, text, True, key)
        elif home.status != "archived" and (wrong := name_fault(home.slug)):
            text = f"A host would refuse the name of the skill {path}: {wrong}"
            yield TaxonomyFault(Fault.NAMING, path, text, False, key)
        name = facts.names.get(key, "")
        if name and name != name_of(home.slug) and slugs[home.slug] == 1:
            text = (
                f"The skill {path} calls itself '{name}'; a host that wants the folder's name will refuse it."
            )
            yield TaxonomyFault(Fault.NAMING, path, text, False, key)


def _alias_faults(tree: Tree) -> Iterator[TaxonomyFault]:
    for path, target in tree.aliases.items():
        for kind in (Kind.SKILL, Kind.CATEGORY):
            holder = tree.holders[kind].get(path)
            if holder is not None:
                text = f"The alias {path} of {_named(tree, target)} is hidden by {_named(tree, Target(kind, holder))}."
                yield TaxonomyFault(Fault.SHADOW, path, f"{text} {_led(tree, target)}", True, target.key)
        known = tree.ids.get(path, set()) - {target.key}
        if known and target.kind is Kind.SKILL:
            other = _named(tree, Target(Kind.SKILL, min(known)))
            text = f"The alias {path} of {_named(tree, target)} is hidden by the id of {other}. {_led(tree, target)}"
            yield TaxonomyFault(Fault.SHADOW, path, text, True, target.key)


def _led(tree: Tree, target: Target) -> str:
    return f"The address leads there: point what was meant for the other to {tree.paths.get(target, target.key)}."


def _named(tree: Tree, target: Target) -> str:
    return f"the {target.kind.value} {tree.paths.get(target, target.key)}"
