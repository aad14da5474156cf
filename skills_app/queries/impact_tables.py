"""Every row of the tables of an impact, a page at a time."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.core.paginator import Page, Paginator

from skills_app.domain.change_sets.effect import Effect, effect_from
from skills_app.domain.change_sets.rows import Kind, Target
from skills_app.models import Category, PlacementChange, Skill
from skills_app.queries.change_exports import MOST_SHOWN
from skills_app.queries.change_impact import TABLES, differences_of_effect
from skills_app.queries.change_preview import Preview

PER_PAGE = 100
# Those that the effect of what was applied tells, so that they are not kept beside it.
_OF_EFFECT = ("aliases", "differences")
_NUMBERS = {"stale_reviews": "num_stale"}
_CHUNK = 5_000
_ASKED = ("address", "addresses", *TABLES)


@dataclass(frozen=True, slots=True)
class ImpactTable:
    """A page of one table of an impact: its name, how many rows there are in all, and the address of its pages up to the number.

    ``is_asked`` when the request names a page of it. Fewer rows have pages than there are where no more were kept.
    """

    name: str
    rows: Page[Any]
    number: int
    url: str
    is_asked: bool

    @property
    def num_lost(self) -> int:
        """How many rows were not kept."""
        return self.number - self.rows.paginator.count


def impact_tables(
    change: PlacementChange, preview: Preview | None, asked: Mapping[str, str]
) -> dict[str, ImpactTable]:
    """Return a page of each of ``TABLES``: that which ``asked`` has under its name, or the first.

    ``preview`` is that of an open change-set; of another the tables are those last shown, read from what was kept beside
    the impact or from the effect where the impact does not hold all. At most one query, and one for each 5,000 aliases.
    """
    whole = dict(preview.tables) if preview is not None else {}
    numbers = {name: change.impact.get(_NUMBERS.get(name, f"num_{name}")) or 0 for name in TABLES}
    stored = {name: change.impact.get(name) or [] for name in TABLES}
    cut = [name for name in TABLES if name not in whole and numbers[name] > len(stored[name])]
    if cut:
        whole |= {name: rows for name, rows in change.tables.items() if name in cut}
        whole |= _of_effect(change, [name for name in cut if name in _OF_EFFECT])
    found = {}
    for name in TABLES:
        rows = Paginator(whole.get(name, stored[name]), PER_PAGE).get_page(asked.get(name))
        found[name] = ImpactTable(name, rows, numbers[name], page_url(asked, name), name in asked)
    return found


def page_url(asked: Mapping[str, str], name: str) -> str:
    """Return the address of the pages of a table up to the number; what else of the tables was asked for stays."""
    kept = {one: asked[one] for one in _ASKED if one != name and asked.get(one, "").strip()}
    return f"?{urlencode(kept)}{'&' if kept else ''}{name}="


def long_tables(preview: Preview) -> tuple[dict[str, list[Any]], dict[str, str]]:
    """Return the tables to keep beside an impact that holds a part of them, and what tells in the impact that one changed."""
    tables = {
        name: rows
        for name, rows in preview.tables.items()
        if len(rows) > MOST_SHOWN and name not in _OF_EFFECT
    }
    if not tables:
        return {}, {}
    return tables, {"tables_digest": hashlib.sha256(json.dumps(tables).encode()).hexdigest()}


def _of_effect(change: PlacementChange, names: Iterable[str]) -> dict[str, list[Any]]:
    """Return tables as the effect of what was applied tells them; none where there is no effect."""
    wanted = set(names)
    if not wanted or not change.effect:
        return {}
    effect = effect_from(change.effect)
    found: dict[str, list[Any]] = {}
    if "aliases" in wanted:
        leading = {path: to for path, (_, to) in effect.aliases.items() if to}
        paths = _paths(effect, set(leading.values()), 1)
        found["aliases"] = sorted([path, paths.get(to, "")] for path, to in leading.items())
    if "differences" in wanted:
        targets = {Target(Kind.CATEGORY, key) for key in effect.places}
        targets |= {one for path in effect.retired if (one := effect.aliases[path][0]) is not None}
        paths = _paths(effect, targets | {Target(Kind.SKILL, key) for key in effect.homes}, 0)
        found["differences"] = differences_of_effect(effect, lambda target: paths.get(target, ""))
    return found


def _paths(effect: Effect, targets: set[Target], side: int) -> dict[Target, str]:
    """Return the address of each before (0) or after (1) the effect; of what kept it that which it has now."""
    found = {target: effect.addresses[target][side] for target in targets if target in effect.addresses}
    for kind, model in ((Kind.CATEGORY, Category), (Kind.SKILL, Skill)):
        keys = sorted(target.key for target in targets - found.keys() if target.kind is kind)
        for start in range(0, len(keys), _CHUNK):
            rows = model.objects.filter(key__in=keys[start : start + _CHUNK]).values_list("key", "path")
            found |= {Target(kind, key): path for key, path in rows}
    return found
