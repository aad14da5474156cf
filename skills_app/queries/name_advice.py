"""What speaks against a new name, while it is typed: the rule for names, and who has the address already."""

from collections.abc import Collection, Sequence

from skills_app.domain.change_sets.operations import MergeCategories
from skills_app.domain.change_sets.rows import Kind
from skills_app.domain.paths import parent_of, set_aside
from skills_app.domain.taxonomy_check import name_fault
from skills_app.models import Category
from skills_app.queries.resolve_path import resolve_path
from skills_app.queries.taxonomy_tree import homes_of


def name_advice(*, slug: str, target: str = "", keys: Sequence[str] = ()) -> str:
    """Return what speaks against the name ``slug`` for the selection with these keys, or nothing.

    A selection of one may be renamed, where it lies; what lies in one category may be split off, beside that category. When
    only one of the two is possible, both are told. The name of a skill keeps to the rules of hosts, too. Without a selection
    it is looked at in the category at the path ``target`` (``/``: at the top).
    """
    fault = name_fault(slug, Kind.CATEGORY if keys else Kind.SKILL)
    if fault or not keys:
        return fault or (_refusal(target.strip("/ "), slug) if target.strip() else "")
    homes = homes_of(keys)
    ways: dict[str, str] = {}
    if len(keys) == 1:
        is_place = Category.objects.filter(key__in=keys).exists()
        fault = name_fault(slug, Kind.CATEGORY if is_place else Kind.SKILL)
        ways["Rename"] = fault or _refusal(homes[0] if homes else "", slug, keys)
    if len(homes) == len(keys) and len(set(homes)) == 1:
        ways["Split off"] = _refusal(parent_of(homes[0]), slug)
    told = " ".join(f"{way}: {reason or 'it will do.'}" for way, reason in ways.items())
    return told if any(ways.values()) else ""


def choice_advice(*, merge: MergeCategories, skill: str, slug: str) -> str:
    """Return what speaks against the name ``slug`` for a skill (a key) where the merge would put it, or nothing."""
    fault = name_fault(slug)
    if fault:
        return fault
    paths = dict(Category.objects.filter(key__in=[*merge.sources, merge.into]).values_list("key", "path"))
    home = next(iter(homes_of([skill])), "")
    sources = [path for key, path in paths.items() if key in merge.sources]
    above = [path for path in sources if f"{home}/".startswith(f"{path}/")]
    if not above or merge.into not in paths:
        return ""
    return _refusal(paths[merge.into] + home.removeprefix(max(above, key=len)), slug, [skill])


def _refusal(above: str, slug: str, keys: Collection[str] = ()) -> str:
    path = f"{above}/{slug}".lstrip("/")
    if why := set_aside(path):
        return why
    found = resolve_path(path)
    holder = (found.skill or found.category) if found is not None else None
    if found is None or holder is None or holder.key in keys:
        return ""
    return f"{path} is taken: a {'skill' if found.skill else 'category'} answers there."
