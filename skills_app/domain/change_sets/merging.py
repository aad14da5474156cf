"""What a merge writes: categories into a category with a choice for each skill, skills into a skill."""

from collections.abc import Sequence

from skills_app.domain.change_sets.operations import Act, Choice, MergeCategories, MergeSkills, Operation
from skills_app.domain.change_sets.rewriting import Rewrite
from skills_app.domain.change_sets.rows import Home, Kind, Place, Target
from skills_app.domain.change_sets.tree import Tree

ARCHIVED = "archived"
LONGEST_KEPT = 50


def merged_categories(tree: Tree, operation: MergeCategories) -> Rewrite:
    """Return the rewrite that ends the sources: their skills as chosen, their categories merged where slugs are equal."""
    choices = {choice.skill: choice for choice in operation.choices}
    places: dict[str, Place | None] = {}
    homes: dict[str, Home] = {}
    heirs: dict[Target, Target] = {}
    aliases: dict[str, Target | None] = {}
    waiting = [(source, operation.into) for source in operation.sources]
    while waiting:
        source, into = waiting.pop(0)
        if source in places:
            continue
        places[source] = None
        heirs[Target(Kind.CATEGORY, source)] = Target(Kind.CATEGORY, into)
        mine = {tree.places[key].slug: key for key in tree.below.get(into, ()) if key not in places}
        mine = {slug: key for slug, key in mine.items() if key not in operation.sources}
        mine |= {p.slug: key for key, p in places.items() if p is not None and p.parent == into}
        for child in sorted(tree.below.get(source, ())):
            same = mine.get(tree.places[child].slug)
            if same is not None and same != child and not tree.is_within(operation.into, child):
                waiting.append((child, same))
            elif child not in places and child not in operation.sources:
                places[child] = tree.places[child]._replace(parent=into)
                mine[tree.places[child].slug] = child
        for skill in sorted(tree.inside.get(source, ())):
            homes[skill] = _home_by(tree, choices.get(skill, Choice(skill)), into)
    for skill, choice in choices.items():
        if skill not in homes:  # it comes along in a category that moves as a whole
            homes[skill] = _home_by(tree, choice, tree.homes[skill].category)
        if choice.act is Act.FOLD:
            heirs[Target(Kind.SKILL, skill)] = Target(Kind.SKILL, choice.value)
            aliases |= _id_alias(tree, skill, choice.value)
    heirs = {gone: _last(heirs, heir) for gone, heir in heirs.items()}
    return Rewrite(places, homes, heirs, aliases, frozenset(operation.takes))


def merged_skills(tree: Tree, operation: MergeSkills) -> Rewrite:
    """Return the rewrite that archives the sources under another address, so that theirs lead to ``into``."""
    homes, aliases = {}, dict[str, Target | None]()
    heir = Target(Kind.SKILL, operation.into)
    for key in operation.sources:
        homes[key] = folded(key, tree.homes[key])
        aliases |= _id_alias(tree, key, operation.into)
    heirs = {Target(Kind.SKILL, key): heir for key in operation.sources}
    return Rewrite({}, homes, heirs, aliases, frozenset(operation.takes))


def skills_merged(operations: Sequence[Operation]) -> dict[str, str]:
    """Return which skill stands in for each one that ``operations`` merge, by keys; the last, where it was merged in turn."""
    into: dict[Target, Target] = {}
    for one in operations:
        if isinstance(one, MergeSkills):
            pairs = [(key, one.into) for key in one.sources]
        elif isinstance(one, MergeCategories):
            pairs = [(choice.skill, choice.value) for choice in one.choices if choice.act is Act.FOLD]
        else:
            continue
        into |= {Target(Kind.SKILL, gone): Target(Kind.SKILL, heir) for gone, heir in pairs}
    return {gone.key: _last(into, heir).key for gone, heir in into.items()}


def folded(key: str, home: Home) -> Home:
    """Return the home of a skill that another stands in for: archived, under a name that leaves its own free."""
    return home._replace(slug=f"{home.slug[:LONGEST_KEPT]}_{key}", status=ARCHIVED, external_id="")


def _home_by(tree: Tree, choice: Choice, into: str) -> Home:
    home = tree.homes[choice.skill]._replace(category=into)
    if choice.act is Act.RENAME:
        return home._replace(slug=choice.value)
    if choice.act is Act.ELSEWHERE:
        return home._replace(category=choice.value)
    return folded(choice.skill, home) if choice.act is Act.FOLD else home


def _id_alias(tree: Tree, skill: str, into: str) -> dict[str, Target | None]:
    external_id = tree.homes[skill].external_id
    is_its_own = bool(external_id) and tree.resolve(external_id) == Target(Kind.SKILL, skill)
    return {external_id: Target(Kind.SKILL, into)} if is_its_own else {}


def _last(heirs: dict[Target, Target], heir: Target) -> Target:
    seen = set[Target]()
    while heir in heirs and heir not in seen:
        seen.add(heir)
        heir = heirs[heir]
    return heir
