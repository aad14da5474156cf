"""Keep the number of runs of each combination of facets, so that totals and facet counts never count runs."""

from collections import Counter
from collections.abc import Collection, Sequence
from typing import Any

from django.db import connection, transaction
from django.db.models import Count, F, OuterRef, Subquery

from runs_app.models import Run, RunCount, Source
from runs_app.services.bulk_rows import update_rows
from runs_app.services.touch_days import touch_run_days

COMBINATION = (
    "source_id",
    "experiment_id",
    "lifecycle_stage",
    "is_top",
    "kind",
    "status",
    "phase",
    "model",
    "skill_name",
    "has_document",
    "has_problems",
)
_CHUNK = 1_000


@transaction.atomic
def recount_runs(*, run_pks: Collection[int]) -> None:
    """Move each of these runs to the count of the combination that it has now.

    A run remembers the row that it is counted in, so the old one is always known: the counts stay exact however the
    run was changed, as long as this is called in the same transaction. A row that falls to nought stays. The revision of
    their source grows, by which lists know that what they counted before may no longer hold.
    """
    ordered = sorted(run_pks)
    for start in range(0, len(ordered), _CHUNK):
        _recount(ordered[start : start + _CHUNK])
    touch_run_days(run_pks=run_pks)


@transaction.atomic
def forget_run_counts(*, run_pks: Collection[int]) -> None:
    """Take runs that are about to be deleted out of their counts."""
    rows = Run.objects.filter(pk__in=run_pks, counted_in__isnull=False).values_list("counted_in", flat=True)
    _apply(Counter({key: -num for key, num in Counter(rows).items() if key is not None}))
    _note_change(set(Run.objects.filter(pk__in=run_pks).values_list("source_id", flat=True)))


@transaction.atomic
def rebuild_run_counts(*, source: Source | None = None) -> int:
    """Count every run anew, of one source or of all; return the number of combinations. For repair and bulk loads."""
    runs = Run.objects.all() if source is None else Run.objects.filter(source=source)
    counts = RunCount.objects.all() if source is None else RunCount.objects.filter(source=source)
    counts.delete()
    groups = runs.order_by().values(*COMBINATION).annotate(num_runs=Count("pk"))
    RunCount.objects.bulk_create([RunCount(**group) for group in groups.iterator()], batch_size=500)
    same = RunCount.objects.filter(**{name: OuterRef(name) for name in COMBINATION})
    runs.update(counted_in=Subquery(same.values("pk")[:1]))
    touched = Source.objects.all() if source is None else Source.objects.filter(pk=source.pk)
    touched.update(revision=F("revision") + 1)
    return counts.all().count()


def _recount(run_pks: Sequence[int]) -> None:
    rows = _locked(run_pks)
    keys = _keys_of({tuple(row[2:]) for row in rows})
    moves: Counter[int] = Counter()
    moved: list[tuple[int, int]] = []
    for pk, old, *combination in rows:
        new = keys[tuple(combination)]
        if new == old:
            continue
        moves[new] += 1
        if old is not None:
            moves[old] -= 1
        moved.append((new, pk))
    _apply(moves)
    _note_change({row[2] for row in rows})
    update_rows(model=Run, columns=["counted_in"], rows=moved)


def _note_change(source_pks: set[int]) -> None:
    Source.objects.filter(pk__in=source_pks).update(revision=F("revision") + 1)


def _locked(run_pks: Sequence[int]) -> list[tuple[Any, ...]]:
    runs = Run.objects.filter(pk__in=run_pks).order_by("pk")
    if connection.features.has_select_for_update:
        runs = runs.select_for_update()
    return list(runs.values_list("pk", "counted_in", *COMBINATION))


def _keys_of(combinations: set[tuple[Any, ...]]) -> dict[tuple[Any, ...], int]:
    """Return the key of the count row of each combination, making those that are missing."""
    found = _existing(combinations)
    missing = combinations - found.keys()
    if missing:
        RunCount.objects.bulk_create(
            [RunCount(**dict(zip(COMBINATION, combination, strict=True))) for combination in sorted(missing)],
            ignore_conflicts=True,
        )
        found |= _existing(missing)
    return found


def _existing(combinations: set[tuple[Any, ...]]) -> dict[tuple[Any, ...], int]:
    if not combinations:
        return {}
    # All columns by equality or set, so that the rows read are about as many as the rows wanted.
    columns = list(zip(*combinations, strict=True))
    wanted = {f"{name}__in": set(values) for name, values in zip(COMBINATION, columns, strict=True)}
    rows = RunCount.objects.filter(**wanted).values_list("pk", *COMBINATION)
    return {tuple(row[1:]): row[0] for row in rows if tuple(row[1:]) in combinations}


def _apply(moves: Counter[int]) -> None:
    """Add to the counts in the order of their keys, so that two transactions never wait for each other in a ring."""
    table = connection.ops.quote_name(RunCount._meta.db_table)
    rows = [(delta, key) for key, delta in sorted(moves.items()) if delta]
    if rows:
        with connection.cursor() as cursor:
            cursor.executemany(f"UPDATE {table} SET num_runs = num_runs + %s WHERE id = %s", rows)  # noqa: S608
