"""What a person typed about the taxonomy, as an operation."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import datetime

from django.http import QueryDict
from django.utils.dateparse import parse_datetime
from django.utils.timezone import is_aware

from skills_app.domain.change_sets.operations import (
    Act,
    Choice,
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
from skills_app.domain.change_sets.rows import TOP, Kind
from skills_app.domain.change_sets.tree import Tree
from skills_app.domain.enums import SkillStatus
from skills_app.domain.errors import ChangeDataError
from skills_app.domain.keys import new_key
from skills_app.domain.paths import clean_path, clean_segment, title_of
from skills_app.domain.skill_filter import GROUPS, SkillFilter, parse_skill_filter
from skills_app.domain.taxonomy_check import name_fault
from skills_app.queries.drafted_tree import DraftedTree
from skills_app.queries.found_skills import MOST_SELECTED, found_skills

TOP_WORD = "/"
NARROWING = (*GROUPS, "facet")


def read_operation(posted: QueryDict, done: Sequence[Operation] = ()) -> Operation:
    """Return the operation that a form of the tree asks for, as the step after those that are ``done`` in the same draft.

    ``do`` names it; ``category`` and ``skill`` are the selected keys; ``target`` is a path, ``/`` for the top, or ``new:`` and
    the key of a category that the draft makes. ``alias`` are old addresses that are to end. ``under`` says the same way where what is split off gets its new category.

    Raises:
        ChangeDataError: something is missing or unknown; the message says what to do.
    """
    kind = posted.get("do", "")
    if kind == "retire":
        return _retire(posted)
    if kind not in _READERS:
        raise ChangeDataError("Choose what to do with the selection.")
    categories, skills = _selected(posted)
    draft = DraftedTree(done)
    if done and (ended := draft.endings(categories, skills)):
        raise ChangeDataError(" ".join(ended))
    return _READERS[kind](posted, categories, skills, draft)


def read_tree_filter(asked: QueryDict) -> SkillFilter:
    """Return the filter in an address of the tree, whose own search is another one than that of the list of skills."""
    return parse_skill_filter({name: values for name, values in asked.lists() if name in NARROWING})


def with_every_found(posted: QueryDict) -> QueryDict:
    """Return a form of the tree in which, if its box ``every`` is ticked, all skills are selected that its look found.

    The box says how many these were, ``q`` and the groups of the filter how they were found.

    Raises:
        ChangeDataError: they are others by now, or more than one step may take; the message says what to do.
    """
    stated = posted.get("every", "")
    if not stated:
        return posted
    found = found_skills(posted.get("q", "").strip()[:200], read_tree_filter(posted))
    keys = list(found.values_list("key", flat=True)[: MOST_SELECTED + 1])
    if len(keys) > MOST_SELECTED:
        raise ChangeDataError(
            f"More than {MOST_SELECTED:,} skills are too many for one step. Narrow the search."
        )
    if str(len(keys)) != stated:
        raise ChangeDataError(
            f"{len(keys)} skills are found by now, not {stated[:8]}. Look at them, then select them again."
        )
    every = posted.copy()
    every.setlist("skill", list(dict.fromkeys([*posted.getlist("skill"), *keys])))
    del every["every"]
    return every


def read_moment(text: str) -> datetime | None:
    """Return the moment that a page sent back as it was given it (ISO 8601 with its zone), or None for anything else."""
    try:
        moment = parse_datetime(text)
    except ValueError:
        return None
    return moment if moment is not None and is_aware(moment) else None


def read_choice(posted: QueryDict, merge: Operation, done: Sequence[Operation] = ()) -> MergeCategories:
    """Return a merge of categories, the step after those that are ``done``, with what was chosen for one of its skills.

    ``choice_skill`` is a key, ``choice_act`` one of ``Act``, ``choice_value`` a new name or the path of a skill or category.

    Raises:
        ChangeDataError: something is missing or unknown; the message says what to do.
    """
    if not isinstance(merge, MergeCategories):
        raise ChangeDataError("Only a merge of categories has a choice for each skill.")
    skill, act = posted.get("choice_skill", ""), posted.get("choice_act", "")
    if act not in _CHOICES:
        raise ChangeDataError("Choose what happens to the skill.")
    value = _CHOICES[Act(act)](posted.get("choice_value", "").strip(), DraftedTree(done))
    others = tuple(one for one in merge.choices if one.skill != skill)
    chosen = () if act == Act.MOVE else (Choice(skill, Act(act), value),)
    return replace(merge, choices=(*others, *chosen))


def _selected(posted: QueryDict) -> tuple[tuple[str, ...], tuple[str, ...]]:
    categories = tuple(dict.fromkeys(posted.getlist("category")))
    skills = tuple(dict.fromkeys(posted.getlist("skill")))
    if not categories and not skills:
        raise ChangeDataError("Select something in the tree first.")
    return categories, skills


def _target(posted: QueryDict, draft: DraftedTree) -> str:
    return _place_key(posted.get("target", "").strip(), draft)


def _place_key(path: str, draft: DraftedTree) -> str:
    return TOP if path == TOP_WORD else _category_key(path, draft, may_be_top=True)


def _category_key(path: str, draft: DraftedTree, *, may_be_top: bool = False) -> str:
    found = draft.category(path)
    if found is None:
        hint = " Write / for the top." if may_be_top else ""
        raise ChangeDataError(f"There is no category '{path[:80]}'. Write the path of one.{hint}")
    if draft.operations and (ending := draft.ending_of(Kind.CATEGORY, found)):
        raise ChangeDataError(f"{path[:80]}: {ending}")
    return found


def _slug(posted: QueryDict, kind: Kind) -> str:
    return _checked_slug(posted.get("slug", "").strip(), kind)


def _checked_slug(slug: str, kind: Kind = Kind.SKILL) -> str:
    if not slug or clean_segment(slug) != slug:
        raise ChangeDataError(
            f"'{slug[:80]}' cannot be a name: use lower-case letters, digits, hyphens and underscores."
        )
    if fault := name_fault(slug, kind):
        raise ChangeDataError(fault)
    return slug


def _move(
    posted: QueryDict, categories: tuple[str, ...], skills: tuple[str, ...], draft: DraftedTree
) -> Operation:
    return Move(_target(posted, draft), categories, skills)


def _rename(
    posted: QueryDict, categories: tuple[str, ...], skills: tuple[str, ...], draft: DraftedTree
) -> Operation:
    if len(categories) + len(skills) != 1:
        raise ChangeDataError("Select one thing to rename.")
    if skills:
        return Rename(Kind.SKILL, skills[0], _slug(posted, Kind.SKILL))
    title: str | None = posted.get("title", "").strip()[:128] or None
    if posted.get("no_title"):
        if title is not None:
            raise ChangeDataError("Write a title, or choose that it has none; not both.")
        title = ""
    slug = posted.get("slug", "").strip()
    if not slug and title is not None and categories[0] in draft.tree.places:
        # Only the title is another one.
        return Rename(Kind.CATEGORY, categories[0], draft.tree.places[categories[0]].slug, title)
    return Rename(Kind.CATEGORY, categories[0], _slug(posted, Kind.CATEGORY), title)


def _merge(
    posted: QueryDict, categories: tuple[str, ...], skills: tuple[str, ...], draft: DraftedTree
) -> Operation:
    if categories and skills:
        raise ChangeDataError("Merge categories with a category, or skills with a skill; not both at once.")
    if categories:
        return MergeCategories(categories, _category_key(posted.get("target", "").strip(), draft))
    return MergeSkills(skills, _skill_key(posted.get("target", ""), draft))


def _skill_key(address: str, draft: DraftedTree) -> str:
    path = address.strip().strip("/")
    into = draft.skill(path)
    if into is None:
        raise ChangeDataError(f"There is no skill '{path[:80]}' to merge into. Write the path of one.")
    if draft.operations and (ending := draft.ending_of(Kind.SKILL, into)):
        raise ChangeDataError(f"{path[:80]}: {ending}")
    return into


def _split(
    posted: QueryDict, categories: tuple[str, ...], skills: tuple[str, ...], draft: DraftedTree
) -> Operation:
    homes, under = _homes(draft, categories, skills), posted.get("under", "").strip()
    if len(homes) != 1 and not under:
        raise ChangeDataError(
            "Select what lies directly in one category, or at the top, to split it off; or say under which category."
        )
    source = homes.pop() if len(homes) == 1 else TOP
    slug = _slug(posted, Kind.CATEGORY)
    title = posted.get("title", "").strip()[:128] or title_of(slug)
    beside = draft.tree.places[source].parent if source != TOP else TOP
    parent = _place_key(under, draft) if under else beside
    return Split(source, (Part(new_key(), parent, slug, title, categories, skills),))


def _make(
    posted: QueryDict, categories: tuple[str, ...], skills: tuple[str, ...], draft: DraftedTree
) -> Operation:
    """Return the step that moves the selection to ``target`` and makes each category on the way that is not there yet."""
    path = posted.get("target", "").strip().strip("/")
    if not path or clean_path(path) != path:
        raise ChangeDataError(f"'{path[:80]}' cannot be the path of a category.")
    above, missing = path, list[str]()
    while above and draft.category(above) is None:
        above, _, slug = above.rpartition("/")
        missing.insert(0, _checked_slug(slug, Kind.CATEGORY))
    parent = _category_key(above, draft) if above else TOP
    if not missing:
        return Move(parent, categories, skills)
    parts: list[Part] = []
    for slug in missing:
        parts.append(Part(new_key(), parent, slug, title_of(slug)))
        parent = parts[-1].key
    parts[-1] = replace(parts[-1], categories=categories, skills=skills)
    homes = _homes(draft, categories, skills)
    return Split(homes.pop() if len(homes) == 1 else TOP, tuple(parts))


def _homes(draft: DraftedTree, categories: tuple[str, ...], skills: tuple[str, ...]) -> set[str]:
    """Return the keys of the categories in which the selection lies; the top has an empty one."""
    places, homes = draft.tree.places, draft.tree.homes
    above = {places[key].parent for key in categories if key in places}
    return above | {homes[key].category for key in skills if key in homes}


def _retire(posted: QueryDict) -> Operation:
    paths = tuple(dict.fromkeys(path[:512] for path in posted.getlist("alias")))
    if not paths:
        raise ChangeDataError("Select the old addresses that are to end.")
    return Retire(paths)


def _refacet(
    posted: QueryDict, categories: tuple[str, ...], skills: tuple[str, ...], draft: DraftedTree
) -> Operation:
    skills = tuple(
        dict.fromkeys([*skills, *_skills_within(categories, draft.tree)] if categories else skills)
    )
    if not skills:
        raise ChangeDataError("Facets belong to skills, and there is none in what is selected.")
    add, remove = _pairs(posted.get("add", "")), _pairs(posted.get("remove", ""))
    if not add and not remove:
        raise ChangeDataError("Write facets as name: value, with a comma between two.")
    return Refacet(skills, add, remove)


def _skills_within(categories: Iterable[str], tree: Tree) -> list[str]:
    """Return the skills at or below the categories, by address, without archived ones, which a branch does not count either."""
    places = set(tree.branch(categories))
    found = [
        key
        for key, home in tree.homes.items()
        if home.category in places and home.status != SkillStatus.ARCHIVED
    ]
    return sorted(found, key=lambda key: tree.path(Kind.SKILL, key))


def _pairs(text: str) -> tuple[tuple[str, str], ...]:
    pairs = (part.partition(":") for part in text.split(",") if part.strip())
    found = tuple((name.strip()[:64], value.strip()[:256]) for name, _, value in pairs)
    if not all(name and value for name, value in found):
        raise ChangeDataError("Write facets as name: value, with a comma between two.")
    return found


_CHOICES: dict[str, Callable[[str, DraftedTree], str]] = {
    Act.MOVE: lambda _value, _draft: "",
    Act.RENAME: lambda slug, _draft: _checked_slug(slug),
    Act.FOLD: _skill_key,
    Act.ELSEWHERE: _category_key,
}
_READERS: dict[str, Callable[[QueryDict, tuple[str, ...], tuple[str, ...], DraftedTree], Operation]] = {
    "move": _move,
    "rename": _rename,
    "merge": _merge,
    "split": _split,
    "make": _make,
    "refacet": _refacet,
}
