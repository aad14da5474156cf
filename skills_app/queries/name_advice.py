"""What speaks against a new name, while it is typed: the rule for names, and who has the address then."""

from collections.abc import Collection, Iterable, Sequence

from skills_app.domain.change_sets.operations import MergeCategories
from skills_app.domain.change_sets.rows import TOP, Kind, Target
from skills_app.domain.paths import parent_of, set_aside
from skills_app.domain.taxonomy_check import name_fault
from skills_app.models import Category
from skills_app.queries.drafted_tree import DraftedTree
from skills_app.queries.resolve_path import resolve_path
from skills_app.queries.taxonomy_tree import homes_of


def name_advice(
    *,
    slug: str,
    target: str = "",
    under: str = "",
    keys: Sequence[str] = (),
    draft: DraftedTree | None = None,
) -> str:
    """Return what speaks against the name ``slug`` for the selection with these keys, or nothing.

    A selection of one may be renamed, where it lies; what lies in one category, or at the top, may be split off, beside that
    category or in the one at the path ``under`` (``/``: at the top). When only one of the two is possible, both are told. The name of a skill keeps to the rules of hosts, too. Without a selection
    it is looked at in the category at the path ``target`` (``/``: at the top). All is looked at as it will be after the
    steps of ``draft``.
    """
    draft = draft or DraftedTree()
    fault = name_fault(slug, Kind.CATEGORY if keys else Kind.SKILL)
    if fault or not keys:
        return fault or (_refusal(draft, _path_then(draft, target), slug) if target.strip() else "")
    homes = _homes(draft, keys)
    ways: dict[str, str] = {}
    if len(keys) == 1:
        is_place = (
            keys[0] in draft.tree.places
            if draft.operations
            else Category.objects.filter(key__in=keys).exists()
        )
        fault = name_fault(slug, Kind.CATEGORY if is_place else Kind.SKILL)
        ways["Rename"] = fault or _refusal(draft, homes[0] if homes else "", slug, keys)
    beside = parent_of(homes[0]) if homes else ""
    if under.strip() or not homes or (len(homes) == len(keys) and len(set(homes)) == 1):
        above = _path_then(draft, under) if under.strip() else beside
        ways["Split off"] = _refusal(draft, above, slug)
    told = " ".join(f"{way}: {reason or 'it will do.'}" for way, reason in ways.items())
    return told if any(ways.values()) else ""


def choice_advice(*, merge: MergeCategories, skill: str, slug: str, draft: DraftedTree | None = None) -> str:
    """Return what speaks against the name ``slug`` for a skill (a key) where the merge would put it, or nothing.

    It is looked at as it will be after the steps of ``draft``, those before the merge.
    """
    draft = draft or DraftedTree()
    fault = name_fault(slug)
    if fault:
        return fault
    paths = _paths(draft, [*merge.sources, merge.into])
    home = next(iter(_homes(draft, [skill])), "")
    sources = [path for key, path in paths.items() if key in merge.sources]
    above = [path for path in sources if f"{home}/".startswith(f"{path}/")]
    if not above or merge.into not in paths:
        return ""
    return _refusal(draft, paths[merge.into] + home.removeprefix(max(above, key=len)), slug, [skill])


def _refusal(draft: DraftedTree, above: str, slug: str, keys: Collection[str] = ()) -> str:
    path = f"{above}/{slug}".lstrip("/")
    if why := set_aside(path):
        return why
    holder = draft.tree.resolve(path) if draft.operations else _holder(path)
    if holder is None or holder.key in keys:
        return ""
    then = " after the steps of your draft" if draft.operations and _holder(path) != holder else ""
    return f"{path} is taken{then}: a {holder.kind.value} answers there."


def _holder(path: str) -> Target | None:
    found = resolve_path(path)
    if found is None:
        return None
    if found.skill is not None:
        return Target(Kind.SKILL, found.skill.key)
    return Target(Kind.CATEGORY, found.category.key) if found.category is not None else None


def _path_then(draft: DraftedTree, address: str) -> str:
    """Return the path that the category at an address will have; one that is none stays as it was typed."""
    path = address.strip("/ ")
    key = draft.category(path) if draft.operations and path else None
    return draft.tree.paths.get(Target(Kind.CATEGORY, key), path) if key else path


def _paths(draft: DraftedTree, categories: Iterable[str]) -> dict[str, str]:
    """Return the path of each category by its key; those that are not there are left out."""
    wanted = list(categories)
    if not draft.operations:
        return dict(Category.objects.filter(key__in=wanted).values_list("key", "path"))
    return {key: draft.tree.path(Kind.CATEGORY, key) for key in wanted if key in draft.tree.places}


def _homes(draft: DraftedTree, keys: Iterable[str]) -> list[str]:
    """Return the path of the category in which each of these lies; what lies at the top is left out."""
    if not draft.operations:
        return homes_of(keys)
    places, homes = draft.tree.places, draft.tree.homes
    above = [places[key].parent for key in keys if key in places]
    above += [homes[key].category for key in keys if key in homes]
    return [draft.tree.path(Kind.CATEGORY, key) for key in above if key != TOP]
