"""The history beside change-sets: what imports, scans and people changed without one."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.core.paginator import Page, Paginator
from django.db.models import Q

from skills_app.domain.enums import Role
from skills_app.models import AuditEntry, Category, PathAlias, Skill
from skills_app.queries.resolve_path import branch_paths

PER_PAGE = 50
MOST_ADDRESSES = 50
MOST_LINKS = 10
# What gives something a place, an address or facets.
PLACED = {
    "placed_skill": "Skill placed",
    "made_category": "Category made",
    "added_alias": "Address added",
    "set_facets": "Facets set",
    "made_skill": "Skill made",
    "indexed_skill": "Skill read from an index",
}
_BESIDE = {"set_dependencies": "Links set", "described_category": "Category described"}
_BY_SKILL = ("set_facets", "indexed_skill", "set_dependencies")
# Whose before and after do not say of what they are.
_NAMED = (*_BY_SKILL, "added_alias")
_ROLES = {"invited_person": "Role given", "granted_role": "Role given", "revoked_role": "Role taken"}
_LOOKING_AFTER = [Role.CURATOR.value, Role.MANAGER.value]
Values = Mapping[str, Any]


def _addresses_of(branch: str) -> list[str]:
    """Return the addresses that a branch and the categories in it have or had, without those below another one.

    At most ``MOST_ADDRESSES``, its own first.
    """
    own = [*dict.fromkeys([branch, *branch_paths([branch])])]
    inside = Q(category__path=own[-1]) | Q(category__path__startswith=f"{own[-1]}/")
    old = PathAlias.objects.filter(inside).order_by("category__path", "path").values_list("path", flat=True)
    found: list[str] = []
    for path in (*own, *old):
        if len(found) < MOST_ADDRESSES and not any(f"{path}/".startswith(f"{one}/") for one in found):
            found.append(path)
    return found


@dataclass(frozen=True, slots=True)
class OtherChange:
    """What was changed outside of change-sets: when, by whom, what in words, before and after, and why.

    ``of`` is the path now of the skill whose facets, links or state were set, or of what got an address, or the person who got or lost a role.
    """

    at: datetime
    who: str
    what: str
    before: str
    after: str
    why: str
    of: str = ""


def other_changes_for_list(*, branch: str = "", person: str = "", page: str | None = None) -> Page[Any]:
    """Return a page of the changes that no change-set made, as ``OtherChange``, newest first; narrowed as the list is.

    They are those of an import or a scan, links between skills, and who came to look after a branch or ceased to. What
    touched an old address of a branch touched the branch; facets, links and states are those of the skills that live there,
    and a role is found by who gave it and by who has it. Three queries, one for the addresses of categories, and three more for a
    branch.
    """
    is_role = Q(before__role__in=_LOOKING_AFTER) | Q(after__role__in=_LOOKING_AFTER)
    rows = AuditEntry.objects.filter(Q(verb__in=[*PLACED, *_BESIDE]) | Q(is_role, verb__in=_ROLES))
    if person:
        rows = rows.filter(Q(actor_name=person) | Q(target_kind="person", target_key=person))
    if branch:
        found, inside = Q(), Q()
        for path in _addresses_of(branch):
            inside |= Q(path=path) | Q(path__startswith=f"{path}/")
            for place in ("before__path", "after__path", "after__alias", "before__branch", "after__branch"):
                found |= Q(**{place: path}) | Q(**{f"{place}__startswith": f"{path}/"})
        here = Skill.objects.filter(inside).values("key")
        rows = rows.filter(found | Q(verb__in=_BY_SKILL, target_key__in=here))
    shown: Page[Any] = Paginator(rows, PER_PAGE).get_page(page)
    entries = list(shown.object_list)
    keys = [entry.target_key for entry in entries if entry.verb in _NAMED]
    names = dict(Skill.objects.filter(key__in=keys).values_list("key", "path"))
    if any(entry.verb == "added_alias" and entry.target_key not in names for entry in entries):
        names |= dict(Category.objects.filter(key__in=keys).values_list("key", "path"))
    shown.object_list = [_other(entry, names) for entry in entries]
    return shown


def _other(entry: AuditEntry, names: Mapping[str, str]) -> OtherChange:
    what = {**PLACED, **_BESIDE, **_ROLES}[entry.verb]
    was, now = _BEFORE_AND_AFTER.get(entry.verb, _places)(entry.before, entry.after)
    of = names.get(entry.target_key, entry.target_key) if entry.verb in _NAMED else ""
    if entry.verb in _ROLES:
        of = entry.target_key
    elif entry.verb == "described_category":
        of = entry.after.get("path", "")
    return OtherChange(entry.at, entry.actor_name, what, was, now, entry.reason, of)


def _places(before: Values, after: Values) -> tuple[str, str]:
    return before.get("path", ""), after.get("path") or after.get("alias", "")


def _facets(before: Values, after: Values) -> tuple[str, str]:
    return _facets_text(before.get("facets", [])), _facets_text(after.get("facets", []))


def _links(before: Values, after: Values) -> tuple[str, str]:
    """Return the links that went and those that came; where only reasons are others, that is said."""
    had, has = ([tuple(pair) for pair in data.get("dependencies", [])] for data in (before, after))
    gone, new = [pair for pair in had if pair not in has], [pair for pair in has if pair not in had]
    return (_links_text(gone), _links_text(new)) if gone or new else ("(the same)", "(other reasons)")


def _links_text(links: Sequence[Sequence[str]]) -> str:
    shown = ", ".join(f"{kind.replace('_', ' ')}: {path}" for kind, path in links[:MOST_LINKS])
    more = f" and {len(links) - MOST_LINKS} more" if len(links) > MOST_LINKS else ""
    return f"{shown}{more}" or "(none)"


def _state(before: Values, after: Values) -> tuple[str, str]:
    """Return the status and the id before and after, as far as they differ."""
    names = {"status": "", "external_id": "id "}
    changed = [name for name in names if before.get(name) != after.get(name)]
    was, now = (
        ", ".join(f"{names[name]}{data.get(name)}" for name in changed if data.get(name))
        for data in (before, after)
    )
    return was or "(none)", now or "(none)"


def _description(before: Values, after: Values) -> tuple[str, str]:
    return before.get("description", "") or "(none)", after.get("description", "")


def _role(before: Values, after: Values) -> tuple[str, str]:
    was, now = (
        f"{data['role']} of {data.get('branch') or 'the library'}" if data.get("role") else "(none)"
        for data in (before, after)
    )
    return was, now


def _facets_text(facets: Iterable[Sequence[str]]) -> str:
    return ", ".join(f"{name}: {value}" for name, value in facets) or "(none)"


_BEFORE_AND_AFTER: dict[str, Callable[[Values, Values], tuple[str, str]]] = {
    "set_facets": _facets,
    "set_dependencies": _links,
    "indexed_skill": _state,
    "described_category": _description,
    **dict.fromkeys(_ROLES, _role),
}
