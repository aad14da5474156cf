"""Apply operations to a tree, one after the other; what cannot be done is left out and said."""

from collections.abc import Iterator, Mapping, Sequence

from skills_app.domain.change_sets.conflicts import (
    Conflict,
    Reason,
    WayOut,
    conflict_of,
    label,
    retire_conflict,
    without,
)
from skills_app.domain.change_sets.merging import merged_categories, merged_skills
from skills_app.domain.change_sets.operations import (
    Act,
    MergeCategories,
    MergeSkills,
    Move,
    Operation,
    Part,
    Refacet,
    Rename,
    Retire,
    Split,
)
from skills_app.domain.change_sets.rewriting import Rewrite, rewrite
from skills_app.domain.change_sets.rows import TOP, Home, Kind, Place, Target
from skills_app.domain.change_sets.tree import Tree
from skills_app.domain.paths import LONGEST_SEGMENT, clean_segment, name_of
from skills_app.domain.skill_names import better_name, skill_name_fault


def apply_operations(tree: Tree, operations: Sequence[Operation]) -> list[Conflict]:
    """Apply ``operations`` to ``tree`` in order and return what stands in the way.

    An operation in conflict changes nothing; those after it are looked at all the same, so that all conflicts are told
    at once. Each operation is one rewrite, linear in what it moves.
    """
    conflicts: list[Conflict] = []
    for number, operation in enumerate(operations):
        found = list(_refusals(tree, number, operation))
        if not found:
            change = _rewrite_of(tree, operation)
            found = [conflict_of(tree, number, operation, problem) for problem in rewrite(tree, change)]
        conflicts += found
    return conflicts


def refusal_of(tree: Tree, operation: Operation, number: int = 0) -> Conflict | None:
    """Return the first reason for which an operation cannot even be tried, for a page to show a target as impossible."""
    return next(_refusals(tree, number, operation), None)


def _rewrite_of(tree: Tree, operation: Operation) -> Rewrite:
    if isinstance(operation, Move):
        return _moved(tree, operation)
    if isinstance(operation, Rename):
        return _renamed(tree, operation)
    if isinstance(operation, Split):
        return _split(tree, operation)
    if isinstance(operation, Refacet):
        return _refaceted(tree, operation)
    if isinstance(operation, Retire):
        tree.retired.update(dict.fromkeys(operation.paths))
        return Rewrite(aliases=dict.fromkeys(operation.paths))
    if isinstance(operation, MergeCategories):
        return merged_categories(tree, operation)
    return merged_skills(tree, operation)


def _moved(tree: Tree, operation: Move) -> Rewrite:
    renames = dict(operation.renames)
    chosen = set(operation.categories)
    places: dict[str, Place | None] = {}
    homes: dict[str, Home] = {}
    for key in operation.categories:
        old = tree.places[key]
        if not _inside_of(tree, old.parent, chosen):
            places[key] = old._replace(parent=operation.target, slug=renames.get(key, old.slug))
    for key in operation.skills:
        home = tree.homes[key]
        if not _inside_of(tree, home.category, chosen):
            homes[key] = home._replace(category=operation.target, slug=renames.get(key, home.slug))
    for key, slug in operation.renames:  # of what only comes along; what stays keeps its name
        if key in tree.places and key not in places:
            place = tree.places[key]
            if _inside_of(tree, place.parent, chosen):
                places[key] = place._replace(slug=slug)
        elif key in tree.homes and key not in homes:
            home = tree.homes[key]
            if _inside_of(tree, home.category, chosen):
                homes[key] = home._replace(slug=slug)
    return Rewrite(places, homes, takes=frozenset(operation.takes))


def _renamed(tree: Tree, operation: Rename) -> Rewrite:
    takes = frozenset(operation.takes)
    if operation.kind is Kind.SKILL:
        return Rewrite(
            homes={operation.key: tree.homes[operation.key]._replace(slug=operation.slug)}, takes=takes
        )
    old = tree.places[operation.key]
    title = old.title if operation.title is None else operation.title
    return Rewrite({operation.key: old._replace(slug=operation.slug, title=title)}, takes=takes)


def _split(tree: Tree, operation: Split) -> Rewrite:
    places: dict[str, Place | None] = {}
    homes: dict[str, Home] = {}
    for part in operation.parts:
        places[part.key] = Place(part.parent, part.slug, part.title)
        places.update({key: tree.places[key]._replace(parent=part.key) for key in part.categories})
        homes.update({key: tree.homes[key]._replace(category=part.key) for key in part.skills})
    for part in operation.parts:
        if heir := _heir_of(operation, part):
            tree.heirs[Target(Kind.CATEGORY, part.key)] = heir
    return Rewrite(places, homes, takes=frozenset(operation.takes))


def _heir_of(operation: Split, part: Part) -> Target | None:
    """Return what answers for a new category once it is undone: its source, or what was at the top and went into it first.

    One in which nothing lies leads to the category above it, and at the top to nothing.
    """
    if operation.source != TOP:
        return Target(Kind.CATEGORY, operation.source)
    made = {one.key: one for one in operation.parts}
    for one in operation.parts:
        if part.key in _lineage(made, one.key):
            if one.skills:
                return Target(Kind.SKILL, one.skills[0])
            if one.categories:
                return Target(Kind.CATEGORY, one.categories[0])
    above = made[_lineage(made, part.key)[-1]].parent
    return Target(Kind.CATEGORY, above) if above != TOP and above not in made else None


def _lineage(made: Mapping[str, Part], key: str) -> list[str]:
    """Return the key of a new category and of those new ones above it, the nearest first, each once."""
    found: dict[str, None] = {}
    while key in made and key not in found:
        found[key] = None
        key = made[key].parent
    return list(found)


def _refaceted(tree: Tree, operation: Refacet) -> Rewrite:
    add, remove = frozenset(operation.add), frozenset(operation.remove)
    homes = {key: tree.homes[key] for key in operation.skills}
    return Rewrite(
        homes={key: home._replace(facets=(home.facets - remove) | add) for key, home in homes.items()}
    )


def _inside_of(tree: Tree, key: str, chosen: set[str]) -> bool:
    while key != TOP:
        if key in chosen:
            return True
        key = tree.places[key].parent
    return False


def _refusals(tree: Tree, number: int, operation: Operation) -> Iterator[Conflict]:
    if isinstance(operation, Retire):
        yield from _retire_refusals(tree, number, operation)
        return
    gone = [target for target in named(operation) if not _exists(tree, target)]
    for target in gone:
        message = f"The {target.kind.value} {target.key} is not there any more."
        yield _conflict(number, Reason.GONE, message, target, operation)
    if gone:
        return
    for target, slug in _slugs(tree, operation):
        if not slug or clean_segment(slug) != slug or len(slug) > LONGEST_SEGMENT:
            message = f"'{slug}' cannot be a name: use lower-case letters, digits, - and _, at most {LONGEST_SEGMENT}."
            better = clean_segment(slug)
            yield _conflict(number, Reason.BAD_NAME, message, target, operation, better)
        elif target.kind is Kind.SKILL and (wrong := skill_name_fault(name_of(slug))):
            yield _conflict(number, Reason.BAD_NAME, wrong, target, operation, better_name(name_of(slug)))
    for target, into in _into_itself(tree, operation):
        message = f"{label(tree, target)} cannot go into {into}: that lies inside it."
        yield _conflict(number, Reason.INTO_ITSELF, message[0].upper() + message[1:], target, operation)
    if isinstance(operation, Split):
        yield from _split_refusals(tree, number, operation)
    if isinstance(operation, MergeCategories | MergeSkills):
        yield from _fold_refusals(tree, number, operation)


def _conflict(
    number: int, reason: Reason, message: str, target: Target, operation: Operation, slug: str = ""
) -> Conflict:
    left = without(operation, target)
    ways = [WayOut("Leave it out of this change" if left else "Leave this step out", left)]
    if slug and isinstance(operation, Rename):
        fixed = Rename(operation.kind, operation.key, slug, operation.title, operation.takes)
        ways.insert(0, WayOut(f"Call it '{slug}'", (fixed,)))
    return Conflict(number, reason, message, target, ways_out=tuple(ways))


def named(operation: Operation) -> Iterator[Target]:
    """Yield every category and skill that an operation names and that must exist; never the top."""
    categories: list[str] = []
    skills: list[str] = []
    if isinstance(operation, Move):
        categories, skills = [*operation.categories, operation.target], [*operation.skills]
    elif isinstance(operation, Rename):
        (skills if operation.kind is Kind.SKILL else categories).append(operation.key)
    elif isinstance(operation, MergeSkills):
        skills = [*operation.sources, operation.into]
    elif isinstance(operation, Refacet):
        skills = [*operation.skills]
    elif isinstance(operation, Retire):
        return
    elif isinstance(operation, MergeCategories):
        categories = [*operation.sources, operation.into]
        skills = [choice.skill for choice in operation.choices]
        skills += [choice.value for choice in operation.choices if choice.act is Act.FOLD]
        categories += [choice.value for choice in operation.choices if choice.act is Act.ELSEWHERE]
    else:
        made = {part.key for part in operation.parts}
        categories = [operation.source, *(p.parent for p in operation.parts if p.parent not in made)]
        categories += [key for part in operation.parts for key in part.categories]
        skills = [key for part in operation.parts for key in part.skills]
    yield from (Target(Kind.CATEGORY, key) for key in dict.fromkeys(categories) if key != TOP)
    yield from (Target(Kind.SKILL, key) for key in dict.fromkeys(skills))


def _exists(tree: Tree, target: Target) -> bool:
    return target.key in (tree.homes if target.kind is Kind.SKILL else tree.places)


def _slugs(tree: Tree, operation: Operation) -> Iterator[tuple[Target, str]]:
    if isinstance(operation, Rename):
        yield Target(operation.kind, operation.key), operation.slug
    elif isinstance(operation, Move):
        for key, slug in operation.renames:
            kind = Kind.SKILL if key in tree.homes else Kind.CATEGORY
            yield Target(kind, key), slug
    elif isinstance(operation, MergeCategories):
        chosen = (choice for choice in operation.choices if choice.act is Act.RENAME)
        yield from ((Target(Kind.SKILL, choice.skill), choice.value) for choice in chosen)
    elif isinstance(operation, Split):
        yield from ((Target(Kind.CATEGORY, part.key), part.slug) for part in operation.parts)


def _into_itself(tree: Tree, operation: Operation) -> Iterator[tuple[Target, str]]:
    if isinstance(operation, Move):
        pairs = [(key, operation.target) for key in operation.categories]
    elif isinstance(operation, MergeCategories):
        pairs = [(key, operation.into) for key in operation.sources]
    elif isinstance(operation, MergeSkills):
        for key in operation.sources:
            if key == operation.into:
                yield Target(Kind.SKILL, key), "itself"
        return
    else:
        return
    for key, into in pairs:
        if into != TOP and tree.is_within(into, key):
            yield Target(Kind.CATEGORY, key), tree.path(Kind.CATEGORY, into)


def _retire_refusals(tree: Tree, number: int, operation: Retire) -> Iterator[Conflict]:
    """What leads nowhere any more cannot end, nor what became an old address by an earlier step of the same change-set."""
    for path in operation.paths:
        if path not in tree.aliases or tree.first_aliases.get(path, tree.aliases[path]) is None:
            yield retire_conflict(
                number, operation, path, f"'{path}' is no old address from before this change."
            )


def _split_refusals(tree: Tree, number: int, operation: Split) -> Iterator[Conflict]:
    for part in operation.parts:
        target = Target(Kind.CATEGORY, part.key)
        if part.key in tree.places or not part.key:
            yield _conflict(
                number, Reason.KEY_TAKEN, "A new category needs a key of its own.", target, operation
            )
        yield from _strangers(tree, number, operation, part)


def _fold_refusals(tree: Tree, number: int, operation: MergeCategories | MergeSkills) -> Iterator[Conflict]:
    """A skill that is folded away cannot take others in, and what stays outside the sources has no choice."""
    if isinstance(operation, MergeSkills):
        folds = dict.fromkeys(operation.sources, operation.into)
    else:
        folds = {c.skill: c.value for c in operation.choices if c.act is Act.FOLD}
        for choice in operation.choices:
            home = tree.homes[choice.skill].category
            if not any(tree.is_within(home, source) for source in operation.sources):
                target = Target(Kind.SKILL, choice.skill)
                message = f"The {label(tree, target)} is in none of the categories that are merged."
                yield _conflict(number, Reason.NOT_INSIDE, message, target, operation)
    for key, into in folds.items():
        if into in folds and not isinstance(operation, MergeSkills):
            target = Target(Kind.SKILL, key)
            message = f"The {label(tree, target)} cannot lead to one that goes away in the same step."
            yield _conflict(number, Reason.BAD_CHOICE, message, target, operation)


def _strangers(tree: Tree, number: int, operation: Split, part: Part) -> Iterator[Conflict]:
    source = tree.path(Kind.CATEGORY, operation.source)
    for kind, keys in ((Kind.CATEGORY, part.categories), (Kind.SKILL, part.skills)):
        for key in keys:
            above = tree.places[key].parent if kind is Kind.CATEGORY else tree.homes[key].category
            if not tree.is_within(above, operation.source):
                target = Target(kind, key)
                message = f"The {label(tree, target)} is not in {source}, so it cannot be split off from it."
                yield _conflict(number, Reason.NOT_INSIDE, message, target, operation)
