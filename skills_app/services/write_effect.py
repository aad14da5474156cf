"""Write what a change-set does into the tables, in as few statements as there are kinds of rows."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.db import connection
from django.db.models import F, Q, Value
from django.db.models.functions import Concat, Substr
from django.utils import timezone

from skills_app.domain.change_sets.effect import Effect
from skills_app.domain.change_sets.rows import Kind, Target
from skills_app.domain.change_sets.tree import Tree
from skills_app.models import Category, PathAlias, Skill, SkillFacet
from skills_app.queries.taxonomy_rows import TaxonomyRows
from skills_app.services.insert_rows import insert_rows

_CHUNK = 5_000
# Rows of one statement: each of up to seven values, and SQLite takes 32,766 in all.
_ROWS = 2_500
# SQLite has no type for times: they are text there.
_SQLITE_TYPES = {"timestamptz": "text"}
_MODELS: dict[Kind, Any] = {Kind.CATEGORY: Category, Kind.SKILL: Skill}


def write_effect(rows: TaxonomyRows, effect: Effect) -> None:
    """Write ``effect``, which ``rows.tree`` has taken in, inside the transaction of the caller.

    What only moved along with a branch is one statement a branch and table; single rows go some thousands a statement.
    Categories that came are made here; those that went are taken away at the end, when nothing is in them.
    """
    tree, pks = rows.tree, rows.category_pks
    new = [key for key, (before, _) in effect.places.items() if before is None and key not in pks]
    Category.objects.bulk_create([Category(key=key, slug="new", path=f"~{key}") for key in new])
    pks.update(Category.objects.filter(key__in=effect.places).values_list("key", "pk"))
    gone = [key for key, (_, after) in effect.places.items() if after is None]
    Category.objects.filter(key__in=gone).update(path=Concat(Value("~"), F("key")), parent=None)
    for kind in (Kind.CATEGORY, Kind.SKILL):
        write_moves(tree, effect, kind)
        write_own_rows(rows, effect, kind)
    _write_aliases(rows, effect.aliases)
    _write_facets(rows.skill_pks, effect)
    Category.objects.filter(key__in=gone).delete()


def write_moves(tree: Tree, effect: Effect, kind: Kind) -> None:
    """Write the addresses of what moved along with a category above it."""
    own: Mapping[str, Any] = effect.places if kind is Kind.CATEGORY else effect.homes
    changed = {t: pair for t, pair in effect.addresses.items() if t.kind is kind and pair[0] and pair[1]}
    groups: dict[str, list[Target]] = {}
    movers: dict[str, str] = {}
    for target in changed:
        if target.key not in own:
            above = tree.homes[target.key].category if kind is Kind.SKILL else tree.places[target.key].parent
            if above not in movers:
                movers[above] = _mover(tree, effect, above)
            groups.setdefault(movers[above], []).append(target)
    single: dict[str, str] = {}
    for mover, members in groups.items():
        old, new = effect.addresses[Target(Kind.CATEGORY, mover)]
        # Only when all that lies there goes, and nothing that still stays lies where it goes, one statement will do.
        under = sum(before.startswith(f"{old}/") for before, _ in changed.values())
        ahead = any(before.startswith(f"{new}/") for before, _ in changed.values())
        if under == len(members) and not ahead:
            moved = Concat(Value(new), Substr("path", len(old) + 1))
            _MODELS[kind].objects.filter(path__startswith=f"{old}/").update(path=moved)
        else:
            single.update({target.key: changed[target][1] for target in members})
    _write_single(kind, single, changed, own)


def _write_single(
    kind: Kind, paths: Mapping[str, str], changed: Mapping[Target, tuple[str, str]], own: Iterable[str]
) -> None:
    """Write single addresses, after all that leave one of them have left it: those in ``own`` are written later."""
    if not paths:
        return
    _make_room(kind, paths.values(), [*paths, *own], changed)
    _update_rows(kind, {"path": "text"}, [(key, path) for key, path in paths.items()])


def write_own_rows(rows: TaxonomyRows, effect: Effect, kind: Kind) -> None:
    """Write the rows of what has another parent, name, title or state, each with its address and all of these."""
    if kind is Kind.CATEGORY:
        places = {key: after for key, (_, after) in effect.places.items() if after is not None}
        _step_aside(kind, places)
        columns = {"path": "text", "slug": "text", "parent_id": "bigint", "title": "text"}
        values: list[tuple[Any, ...]] = [
            (
                key,
                rows.tree.paths[Target(kind, key)],
                place.slug,
                rows.category_pks.get(place.parent),
                place.title,
            )
            for key, place in places.items()
        ]
    else:
        homes = {key: after for key, (_, after) in effect.homes.items()}
        paths = {key: rows.tree.paths[Target(kind, key)] for key in homes}
        _make_room(kind, paths.values(), homes, effect.addresses)
        columns = {"path": "text", "slug": "text", "category_id": "bigint", "status": "text"}
        columns |= {"external_id": "text", "updated_at": "timestamptz"}
        now = connection.ops.adapt_datetimefield_value(timezone.now())
        values = [
            (
                key,
                paths[key],
                home.slug,
                rows.category_pks.get(home.category),
                home.status,
                home.external_id,
                now,
            )
            for key, home in homes.items()
        ]
    _update_rows(kind, columns, values)


def _update_rows(kind: Kind, columns: Mapping[str, str], rows: Sequence[tuple[Any, ...]]) -> None:
    """Write ``rows``, each a key and then the values of ``columns`` (named with their types), thousands a statement."""
    table = f'"{_MODELS[kind]._meta.db_table}"'
    if connection.vendor == "postgresql":
        _update_from_arrays(table, columns, rows)
        return
    types = [_SQLITE_TYPES.get(one, one) for one in columns.values()]
    written = ", ".join(
        f"{name} = CAST(given.column{at} AS {type_})"
        for at, (name, type_) in enumerate(zip(columns, types, strict=True), start=2)
    )
    marks = f"({', '.join(['%s'] * (len(columns) + 1))})"
    with connection.cursor() as cursor:
        for start in range(0, len(rows), _ROWS):
            chunk = rows[start : start + _ROWS]
            given = ", ".join([marks] * len(chunk))
            cursor.execute(
                f'UPDATE {table} SET {written} FROM (VALUES {given}) AS given WHERE {table}."key" = given.column1',  # noqa: S608
                [value for row in chunk for value in row],
            )


def _update_from_arrays(table: str, columns: Mapping[str, str], rows: Sequence[tuple[Any, ...]]) -> None:
    """Write ``rows`` in one statement, a value for each column: PostgreSQL takes long to read a value for each cell."""
    if not rows:
        return
    written = ", ".join(f"{name} = given.{name}" for name in columns)
    arrays = ", ".join(f"%s::{type_}[]" for type_ in ("text", *columns.values()))
    names = ", ".join(("key", *columns))
    with connection.cursor() as cursor:
        cursor.execute(
            f'UPDATE {table} SET {written} FROM UNNEST({arrays}) AS given({names}) WHERE {table}."key" = given.key',  # noqa: S608
            [list(column) for column in zip(*rows, strict=True)],
        )


def _make_room(
    kind: Kind, wanted: Iterable[str], keys: Iterable[str], changed: Mapping[Target, tuple[str, str]]
) -> None:
    """Let those of ``keys`` step aside that live, until they are written, where another is to live."""
    paths = set(wanted)
    unchanged = ("", "")
    _step_aside(kind, [key for key in keys if changed.get(Target(kind, key), unchanged)[0] in paths])


def _step_aside(kind: Kind, keys: Iterable[str]) -> None:
    """Give rows an address that no other has, so that in the next step each finds its own free."""
    for chunk in _chunks(keys):
        _MODELS[kind].objects.filter(key__in=chunk).update(path=Concat(Value("~"), F("key")))


def _write_aliases(rows: TaxonomyRows, aliases: Mapping[str, tuple[Target | None, Target | None]]) -> None:
    for chunk in _chunks(path for path, (before, _) in aliases.items() if before is not None):
        PathAlias.objects.filter(path__in=chunk).delete()
    now = timezone.now()
    made = (
        (path, rows.skill_pks[after.key], None, now)
        if after.kind is Kind.SKILL
        else (path, None, rows.category_pks[after.key], now)
        for path, (_, after) in aliases.items()
        if after is not None
    )
    insert_rows(PathAlias, ("path", "skill_id", "category_id", "created_at"), made)


def _write_facets(skill_pks: Mapping[str, int], effect: Effect) -> None:
    made, gone = [], Q(pk__in=[])
    for key, (before, after) in effect.homes.items():
        pk = skill_pks[key]
        made += [SkillFacet(skill_id=pk, name=n, value=v) for n, v in sorted(after.facets - before.facets)]
        for name, value in before.facets - after.facets:
            gone |= Q(skill_id=pk, name=name, value=value)
    if gone != Q(pk__in=[]):
        SkillFacet.objects.filter(gone).delete()
    SkillFacet.objects.bulk_create(made, ignore_conflicts=True)


def _mover(tree: Tree, effect: Effect, key: str) -> str:
    """Return the category ``key``, or the nearest above it, whose own row was changed so that its address is another."""
    while not (key in effect.places and Target(Kind.CATEGORY, key) in effect.addresses):
        key = tree.places[key].parent
    return key


def _chunks(keys: Iterable[str]) -> Iterable[list[str]]:
    every = list(keys)
    return (every[start : start + _CHUNK] for start in range(0, len(every), _CHUNK))
