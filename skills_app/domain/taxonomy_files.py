"""The whole taxonomy as the two files of a library, and what a stated ``taxonomy_meta.json`` says otherwise."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from skills_app.domain.index_writing import INDEX_VERSION
from skills_app.domain.paths import parent_of, title_of

META_VERSION = "1.0.0"
_UNKNOWN = "unknown"
_STATISTICS = {"by_type": "skill_type", "by_weight": "weight", "by_priority": "load_priority"}
_COUNTED = ("version", "schema_version", "last_updated", "total_skills", "generation_count", "statistics")
_MOST_NAMED = 20


@dataclass(frozen=True, slots=True)
class ListedSkill:
    """A skill as the files tell of it; empty text where it says nothing."""

    index_id: str
    path: str
    status: str
    skill_type: str = ""
    weight: str = ""
    load_priority: str = ""
    aliases: tuple[str, ...] = ()
    facets: tuple[tuple[str, str], ...] = ()
    was_generated: bool = False


@dataclass(frozen=True, slots=True)
class ListedCategory:
    """A category as the files tell of it; a title that only repeats the last segment of its path is not told."""

    path: str
    description: str = ""
    title: str = ""
    aliases: tuple[str, ...] = ()


def index_data(
    categories: Iterable[ListedCategory], skills: Iterable[ListedSkill], *, changed_at: str
) -> dict[str, Any]:
    """Return ``taxonomy_index.json`` as data: the tree of categories, the skills by id, and the aliases of categories.

    ``categories`` come parents first, as sorted paths do; ``changed_at`` is an ISO time. ``read_index`` reads it back.
    """
    tree: dict[str, Any] = {}
    aliases: dict[str, str] = {}
    for one in categories:
        level = tree
        *above, slug = one.path.split("/")
        for segment in above:
            level = level.setdefault(segment, {"description": "", "children": {}})["children"]
        node = level.setdefault(slug, {"description": "", "children": {}})
        node["description"] = one.description
        if title := told_title(one.title, slug):
            node["title"] = title
        aliases.update(dict.fromkeys(one.aliases, one.path))
    entries = {skill.index_id: _entry(skill) for skill in skills}
    data = {"version": INDEX_VERSION, "last_updated": changed_at, "taxonomy_tree": tree, "skills": entries}
    return {**data, "aliases": aliases} if aliases else data


def told_title(title: str, slug: str) -> str:
    """Return the title of a category as the files tell it: empty when it only repeats the last segment of its path."""
    return "" if title == title_of(slug) else title


def meta_data(skills: Iterable[ListedSkill], *, changed_at: str) -> dict[str, Any]:
    """Return ``taxonomy_meta.json`` as data: totals, and how many skills there are of each type, weight and priority."""
    every = list(skills)
    return {
        "version": META_VERSION,
        "schema_version": META_VERSION,
        "last_updated": changed_at,
        "total_skills": len(every),
        "generation_count": sum(skill.was_generated for skill in every),
        "statistics": {
            **{
                name: dict(Counter(getattr(skill, field) or _UNKNOWN for skill in every))
                for name, field in _STATISTICS.items()
            },
            "by_status": dict(Counter(skill.status for skill in every)),
        },
    }


def with_carried(
    counted: Mapping[str, Any], stated: Mapping[str, Any], addresses: Mapping[str, str]
) -> dict[str, Any]:
    """Return what is counted, with what a stated ``taxonomy_meta.json`` says beside it, such as ``usage_stats``.

    ``addresses`` are those of today by the addresses of its ``usage_stats``; one that means no skill stays as it is. Numbers of
    two that mean the same skill are added up.
    """
    carried = {name: value for name, value in stated.items() if name not in counted}
    usage = carried.get("usage_stats")
    if isinstance(usage, Mapping):
        carried["usage_stats"] = _led(usage, addresses)
    return {**counted, **carried}


def _led(usage: Mapping[str, Any], addresses: Mapping[str, str]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for old, numbers in usage.items():
        now = addresses.get(old, old)
        other = found.get(now)
        if other is None:
            found[now] = numbers
        elif isinstance(other, Mapping) and isinstance(numbers, Mapping):
            found[now] = {**other, **{name: _sum(other.get(name), one) for name, one in numbers.items()}}
        else:
            found[old] = numbers
    return found


def _sum(one: Any, other: Any) -> Any:
    both = (one, other)
    are_numbers = all(isinstance(each, int | float) and not isinstance(each, bool) for each in both)
    return one + other if are_numbers else other if one is None else one


def meta_differences(stated: Any, ours: Mapping[str, Any]) -> Iterator[str]:
    """Yield a sentence for each number of a stated ``taxonomy_meta.json`` that is another here, and one for what is not taken in.

    Never raises.
    """
    if not isinstance(stated, Mapping):
        yield "taxonomy_meta.json is not an object, so it was not compared."
        return
    if unread := [str(name)[:80] for name in stated if name not in _COUNTED]:
        more = f" and {len(unread) - _MOST_NAMED} more" if len(unread) > _MOST_NAMED else ""
        yield (
            f"Not taken in: {', '.join(unread[:_MOST_NAMED])}{more}. "
            "An export carries over what the file in the library folder says of it."
        )
    for name in ("total_skills", "generation_count"):
        if name in stated and stated[name] != ours[name]:
            yield f"{name} is stated as {str(stated[name])[:40]}; here it is {ours[name]}."
    statistics = stated.get("statistics")
    if not isinstance(statistics, Mapping):
        return
    for name in _STATISTICS:
        said, counted = statistics.get(name), ours["statistics"][name]
        if not isinstance(said, Mapping):
            continue
        for word in sorted({*map(str, said), *counted}):
            number = said.get(word, 0)
            if number != counted.get(word, 0):
                yield f"{name}: {word[:80]} is stated as {str(number)[:40]}; here it is {counted.get(word, 0)}."


def _entry(skill: ListedSkill) -> dict[str, Any]:
    facets: dict[str, list[str]] = {}
    for name, value in skill.facets:
        facets.setdefault(name, []).append(value)
    return {
        "canonical_path": skill.path,
        "taxonomy_location": parent_of(skill.path),
        "aliases": list(skill.aliases),
        "facets": {name: values[0] if len(values) == 1 else values for name, values in facets.items()},
        "status": skill.status,
    }
