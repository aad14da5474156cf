"""What others changed of what an open change-set touches, since its author last saw the tree."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from django.db.models import F, Q
from django.utils.formats import date_format
from django.utils.timezone import localtime

from skills_app.domain.change_sets.applying import named
from skills_app.domain.change_sets.rows import TOP, Kind, Target
from skills_app.domain.change_sets.states import ChangeStatus, audit_mark
from skills_app.domain.change_sets.tree import Tree
from skills_app.models import AuditEntry, PlacementChange, PlacementChangeTarget
from skills_app.queries.change_preview import Preview
from skills_app.queries.other_changes import PLACED

# What gives a skill another state, which an undo would have to take back, too.
_STATES = {
    "promoted_version": "Version published",
    "withdrew_skill": "Skill taken out of the library folder",
    "deprecated_skill": "Skill deprecated",
    "reactivated_skill": "Skill made active again",
}
MOST_NAMED = 5
MOST_IN_WORDS = 3
_CHUNK = 5_000


@dataclass(frozen=True, slots=True)
class Touched:
    """One thing that was changed meanwhile: its address before and after, or one address where that stayed."""

    before: str
    after: str = ""


@dataclass(frozen=True, slots=True)
class Meanwhile:
    """A change-set that was applied or undone meanwhile, or (without one) what somebody changed outside of change-sets."""

    who: str
    at: datetime
    things: tuple[Touched, ...]
    num_more: int = 0
    change: PlacementChange | None = None
    is_undone: bool = False

    @property
    def words(self) -> str:
        """Which, by whom and when, without the things."""
        if self.change is None:
            what = "A change outside of change-sets"
        else:
            what = f"{'The undoing of ' if self.is_undone else ''}“{self.change}”"
        return f"{what} by {self.who} ({date_format(localtime(self.at), 'j M Y H:i')})"


def looked_at(change: PlacementChange) -> datetime:
    """Return as of when the author of an open change-set knows the tree."""
    kept = change.impact.get("looked_at", "")
    return datetime.fromisoformat(kept) if kept else change.created_at


def changes_since(change: PlacementChange, preview: Preview) -> list[Meanwhile]:
    """Return what was changed since the author of ``change`` saw the tree and concerns what it touches, the oldest first.

    It touches what its steps name, what gets another row or address by them, what is in their way, and all above these.
    Two queries when nobody changed anything; else two for each 5,000 things that it touches, and one for each change-set.
    """
    since = looked_at(change)
    later = _later(change, since)
    outside = list(
        AuditEntry.objects.filter(at__gt=since, verb__in=PLACED)
        .order_by("at", "pk")
        .values_list("actor_name", "at", "target_key")
    )
    if not later and not outside:
        return []
    tree, keys = preview.rows.tree, _concern(preview)
    written = _written(later, keys)
    found = [
        _meanwhile(tree, one, sorted(mine))
        for one in later
        if (mine := written.get(one.pk, set()) | (set(one.shown_touched or ()) & keys))  # type: ignore[attr-defined]
    ]
    found += _outside(tree, ((who, at, key) for who, at, key in outside if key in keys))
    return sorted(found, key=lambda one: one.at)


def words_of(found: Iterable[Meanwhile]) -> str:
    """Return which changes came first, in a sentence; the latest few, and nothing where there are none."""
    every = list(found)
    if not every:
        return ""
    shown = [one.words for one in every[-MOST_IN_WORDS:]]
    more = len(every) - len(shown)
    return f"{', '.join(shown)}{f' and {more} more' if more else ''} came first."


def changed_outside(change: PlacementChange, targets: Iterable[Target]) -> str:
    """Say who last changed one of ``targets`` outside of change-sets since ``change`` was applied, what and when."""
    keys = {target.key for target in targets}
    words = PLACED | _STATES
    rows = AuditEntry.objects.filter(at__gt=change.applied_at, verb__in=words, target_key__in=keys)
    last = rows.order_by("at", "pk").last()
    if last is None:
        return "It was changed outside of change-sets."
    before, after = (one.get("path") or one.get("status", "") for one in (last.before, last.after))
    way = " → ".join(path for path in (before, after) if path)
    when = date_format(localtime(last.at), "j M Y H:i")
    who = last.actor_name or "an import or a scan"
    return f"It was changed outside of change-sets: {words[last.verb].lower()}{f' ({way})' if way else ''} by {who}, {when}."


def _later(change: PlacementChange, since: datetime) -> list[PlacementChange]:
    applied = Q(status=ChangeStatus.APPLIED, applied_at__gt=since)
    undone = Q(status=ChangeStatus.UNDONE, undone_at__gt=since, applied_at__lte=since)
    rows = PlacementChange.objects.filter(applied | undone).exclude(pk=change.pk)
    return list(
        rows.defer("effect", "impact", "kept", "tables")
        .annotate(shown_touched=F("impact__touched"))
        .order_by("pk")
    )


def _concern(preview: Preview) -> set[str]:
    tree, effect = preview.rows.tree, preview.effect
    waiting = [target for one in preview.operations for target in named(one)]
    waiting += [*effect.targets, *effect.addresses]
    for conflict in preview.conflicts:
        holder = tree.resolve(conflict.path) if conflict.path else None
        waiting += [target for target in (conflict.target, holder) if target]
    keys: set[str] = set()
    while waiting:
        target = waiting.pop()
        if target.key not in keys:
            keys.add(target.key)
            waiting += [Target(Kind.CATEGORY, above) for above in _above(tree, target) if above != TOP]
    return keys


def _above(tree: Tree, target: Target) -> Iterator[str]:
    """Yield the categories that hold something, before and after the change-set."""
    if target.kind is Kind.SKILL:
        homes = (tree.homes.get(target.key), tree.first_homes.get(target.key))
        yield from (home.category for home in homes if home is not None)
    else:
        places = (tree.places.get(target.key), tree.first_places.get(target.key))
        yield from (place.parent for place in places if place is not None)


def _written(later: list[PlacementChange], keys: set[str]) -> dict[int, set[str]]:
    found: dict[int, set[str]] = {}
    wanted = sorted(keys) if later else []
    for start in range(0, len(wanted), _CHUNK):
        rows = PlacementChangeTarget.objects.filter(change__in=later, key__in=wanted[start : start + _CHUNK])
        for pk, key in rows.order_by().values_list("change_id", "key"):
            found.setdefault(pk, set()).add(key)
    return found


def _meanwhile(tree: Tree, change: PlacementChange, keys: list[str]) -> Meanwhile:
    is_undone = change.status == ChangeStatus.UNDONE
    verb = "undid_change_of_place" if is_undone else "applied_change_of_place"
    rows = AuditEntry.objects.filter(
        target_kind__in=list(Kind), target_key__in=keys[:MOST_NAMED], verb=verb, reason=audit_mark(change.key)
    )
    told = {key: (before, after) for key, before, after in rows.values_list("target_key", "before", "after")}
    return Meanwhile(
        change.undone_by if is_undone else change.applied_by,
        (change.undone_at if is_undone else change.applied_at) or change.updated_at,
        tuple(_touched(tree, key, told) for key in keys[:MOST_NAMED]),
        max(len(keys) - MOST_NAMED, 0),
        change,
        is_undone,
    )


def _touched(
    tree: Tree, key: str, told: Mapping[str, tuple[Mapping[str, str], Mapping[str, str]]]
) -> Touched:
    if key in told:
        before, after = told[key]
        return Touched(before.get("path", "(new)"), after.get("path", "(ended)"))
    return Touched(_path(tree, key))


def _path(tree: Tree, key: str) -> str:
    """Return the address that something has, whatever the change-set at hand would do with it."""
    for kind in Kind:
        target = Target(kind, key)
        if path := tree.first_paths.get(target) or tree.paths.get(target):
            return path
    return key


def _outside(tree: Tree, rows: Iterable[tuple[str, datetime, str]]) -> Iterator[Meanwhile]:
    """Yield for each person what they changed outside of change-sets, dated by the last of it."""
    last: dict[str, datetime] = {}
    things: dict[str, dict[str, None]] = {}
    for who, at, key in rows:
        last[who] = at
        things.setdefault(who, {})[key] = None
    for who, keys in things.items():
        named_ones = tuple(Touched(_path(tree, key)) for key in [*keys][:MOST_NAMED])
        yield Meanwhile(who, last[who], named_ones, max(len(keys) - MOST_NAMED, 0))
