"""Tie children to parents, whichever came first, and roll a parent's status, cost and tokens up."""

from collections import defaultdict
from collections.abc import Collection, Iterable
from typing import Any

from runs_app.domain.enums import RunKind
from runs_app.domain.roll_up import RolledUp, roll_up
from runs_app.models import Run, Source
from runs_app.services.bulk_rows import update_rows
from runs_app.services.count_runs import recount_runs
from runs_app.services.touch_days import touch_run_days

_DEEPEST = 64


def link_runs(*, source: Source, run_pks: Collection[int]) -> None:
    """Set the parent of each of these runs, and make each of them the parent of children that came before it.

    A run whose chain of parents leads back to itself stays at the top, so that none is lost from sight.
    Call it in the transaction that wrote the runs; ``roll_up_runs`` and ``recount_runs`` come after it.
    """
    keys = set(run_pks)
    columns = ("pk", "run_id", "parent_run_id", "parent_id")
    own = list(Run.objects.filter(pk__in=keys).values_list(*columns))
    waiting = (
        list(
            Run.objects.filter(
                source=source, parent_run_id__in=[run_id for _, run_id, _, _ in own], parent__isnull=True
            )
            .exclude(pk__in=keys)
            .values_list(*columns)
        )
        if own
        else []
    )
    children = [row for row in (*own, *waiting) if row[2] or row[3]]
    parents = dict(
        Run.objects.filter(source=source, run_id__in={row[2] for row in children if row[2]}).values_list(
            "run_id", "pk"
        )
    )
    wanted = {pk: parents.get(parent_run_id) for pk, _, parent_run_id, _ in children}
    _break_rings(wanted)
    moved = [(wanted[pk], wanted[pk] is None, pk) for pk, _, _, old in children if wanted[pk] != old]
    update_rows(model=Run, columns=["parent_id", "is_top"], rows=moved)
    left = {old for pk, _, _, old in children if old is not None and wanted[pk] != old}
    if left:
        roll_up_runs(run_pks=left)
    linked = [pk for _, _, pk in moved if pk not in keys]
    if linked:
        roll_up_runs(run_pks=linked)
        recount_runs(run_pks=linked)


def roll_up_runs(*, run_pks: Collection[int]) -> None:
    """Compute status, cost, tokens and number of children of these runs and of every run above them."""
    level = set(run_pks)
    for _ in range(_DEEPEST):
        if not level:
            return
        level = _roll_up_level(level)


def _roll_up_level(keys: set[int]) -> set[int]:
    """Write one level; return the parents of its runs."""
    runs = list(
        Run.objects.filter(pk__in=keys).values_list(
            "pk",
            "parent_id",
            "kind",
            "status",
            "cost_usd",
            "total_tokens",
            "num_children",
            "rolled_status",
            "rolled_cost_usd",
            "rolled_tokens",
        )
    )
    children, phases = _children(keys)
    rows: list[tuple[Any, ...]] = []
    for pk, _, kind, status, cost, tokens, *old in runs:
        below = children.get(pk, [])
        total = roll_up(RolledUp(status=status, cost_usd=cost, tokens=tokens), below)
        new_kind = RunKind.GENERATION.value if kind == RunKind.OTHER and pk in phases else kind
        values = [len(below), total.status, total.cost_usd, total.tokens]
        if values != old or new_kind != kind:
            rows.append((*values, new_kind, pk))
    update_rows(
        model=Run,
        columns=["num_children", "rolled_status", "rolled_cost_usd", "rolled_tokens", "kind"],
        rows=rows,
    )
    touch_run_days(run_pks=[row[-1] for row in rows])
    changed_kind = [row[-1] for row in rows if row[-1] in phases]
    if changed_kind:
        recount_runs(run_pks=changed_kind)
    return {parent for _, parent, *_ in runs if parent is not None}


def _children(keys: Iterable[int]) -> tuple[dict[int, list[RolledUp]], set[int]]:
    """Return the rolled-up values of the children by parent, and the parents that have a phase below them."""
    children: dict[int, list[RolledUp]] = defaultdict(list)
    phases: set[int] = set()
    rows = Run.objects.filter(parent_id__in=set(keys), lifecycle_stage="active").values_list(
        "parent_id", "kind", "rolled_status", "rolled_cost_usd", "rolled_tokens"
    )
    for parent, kind, status, cost, tokens in rows:
        children[parent].append(RolledUp(status=status, cost_usd=cost, tokens=tokens))
        if kind == RunKind.PHASE:
            phases.add(parent)
    return children, phases


def _break_rings(wanted: dict[int, int | None]) -> None:
    """Take the parent away from runs of ``wanted`` (run → parent) that would become their own ancestor."""
    above: dict[int, int | None] = dict(wanted)
    level = {parent for parent in wanted.values() if parent is not None}
    for _ in range(_DEEPEST):
        unknown = level - above.keys()
        if not unknown:
            break
        rows = dict(Run.objects.filter(pk__in=unknown).values_list("pk", "parent_id"))
        above |= rows
        level = {parent for parent in rows.values() if parent is not None}
    for run in sorted(wanted):
        seen = {run}
        parent = wanted[run]
        while parent is not None:
            if parent in seen or len(seen) > _DEEPEST:
                wanted[run] = above[run] = None
                break
            seen.add(parent)
            parent = above.get(parent)
