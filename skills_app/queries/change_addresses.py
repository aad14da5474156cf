"""Every address that a change-set changes, a page at a time."""

from collections.abc import Iterable

from django.core.paginator import Page, Paginator

from skills_app.domain.change_sets.effect import Effect, effect_from
from skills_app.domain.change_sets.merging import ARCHIVED, skills_merged
from skills_app.domain.change_sets.operations import operations_from
from skills_app.domain.change_sets.rows import Kind, Target
from skills_app.models import PlacementChange, Skill
from skills_app.queries.change_impact import told_addresses
from skills_app.queries.change_preview import Preview

PER_PAGE = 100
Pair = tuple[str, str]


def addresses_for_page(
    change: PlacementChange, preview: Preview | None, *, text: str = "", page: str | None = None
) -> Page[Pair]:
    """Return a page of the addresses before and after, categories first: those in which ``text`` occurs, or all.

    ``preview`` is that of an open change-set. Of one that was dropped no more is known than what was shown then. The
    effect of one that was applied is read only where the stored impact does not hold all; at most two queries.
    """
    if preview is not None:
        pairs: Iterable[Pair] = told_addresses(preview.rows.tree, preview.effect)
    else:
        pairs = _stored(change)
    wanted = text.casefold()
    found = [pair for pair in pairs if not wanted or any(wanted in one.casefold() for one in pair)]
    return Paginator(found, PER_PAGE).get_page(page)


def _stored(change: PlacementChange) -> list[Pair]:
    shown = [(before, after) for before, after in change.impact.get("addresses") or ()]
    number = sum(change.impact.get(name) or 0 for name in ("num_skills", "num_categories"))
    if number <= len(shown) or not change.effect:
        return shown
    effect = effect_from(change.effect)
    merged = _merged(change, effect)
    groups = {kind: [(t, pair) for t, pair in effect.addresses.items() if t.kind is kind] for kind in Kind}
    return [
        pair
        for kind in (Kind.CATEGORY, Kind.SKILL)
        for pair in sorted(
            (before, merged.get(target.key, after)) for target, (before, after) in groups[kind]
        )
    ]


def _merged(change: PlacementChange, effect: Effect) -> dict[str, str]:
    """Return by key, of each skill that another stands in for, which one that is, in words."""
    heirs = skills_merged(operations_from(change.operations))
    gone = {
        key: heirs[key] for key, (_, left) in effect.homes.items() if left.status == ARCHIVED and key in heirs
    }
    paths = dict(Skill.objects.filter(key__in=set(gone.values())).values_list("key", "path")) if gone else {}
    paths |= {t.key: after for t, (_, after) in effect.addresses.items() if t in _skills(gone.values())}
    return {key: f"merged into {paths.get(heir, heir)}" for key, heir in gone.items()}


def _skills(keys: Iterable[str]) -> set[Target]:
    return {Target(Kind.SKILL, key) for key in keys}
