"""Try a change-set on the taxonomy as it stands now."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from skills_app.domain.change_sets.applying import apply_operations
from skills_app.domain.change_sets.conflicts import Conflict
from skills_app.domain.change_sets.effect import Effect, effect_of
from skills_app.domain.change_sets.operations import Operation, Refacet
from skills_app.domain.change_sets.rows import Target
from skills_app.models import PlacementChange, PlacementChangeTarget
from skills_app.queries.change_impact import impact_of, touched_paths
from skills_app.queries.change_links import circles_of
from skills_app.queries.old_addresses import use_conflicts
from skills_app.queries.one_files import stay_conflicts
from skills_app.queries.taxonomy_rows import TaxonomyRows, read_taxonomy


@dataclass(frozen=True, slots=True)
class Preview:
    """What operations would do now: what is in the way, the effect of the rest, and (when asked for) its impact.

    ``tables`` are those of the impact as a whole.
    A merge that would close a circle of required skills is in the way and in the effect.
    """

    operations: tuple[Operation, ...]
    rows: TaxonomyRows
    conflicts: tuple[Conflict, ...]
    effect: Effect
    digest: str
    branches: tuple[str, ...]
    impact: dict[str, Any]
    tables: dict[str, list[Any]]


def preview_operations(operations: Sequence[Operation], *, with_impact: bool = True) -> Preview:
    """Return what ``operations`` would do to the taxonomy as it is now; nothing is written."""
    faceted = [key for one in operations if isinstance(one, Refacet) for key in one.skills]
    rows = read_taxonomy(faceted)
    conflicts = apply_operations(rows.tree, operations)
    effect = effect_of(rows.tree)
    conflicts += circles_of(rows, operations, effect)
    conflicts += stay_conflicts(rows.tree, operations, effect)
    conflicts += use_conflicts(operations)
    impact, tables = impact_of(rows.tree, effect) if with_impact else ({}, {})
    branches = tuple(touched_paths(rows.tree, effect))
    return Preview(tuple(operations), rows, tuple(conflicts), effect, effect.digest, branches, impact, tables)


def later_changes(change: PlacementChange, targets: Sequence[Target]) -> list[PlacementChange]:
    """Return the changes applied after ``change``, itself applied, that wrote one of ``targets`` and are not undone, oldest first."""
    keys = [target.key for target in targets]
    return list(
        PlacementChange.objects.filter(
            pk__in=PlacementChangeTarget.objects.filter(key__in=keys).values("change"),
            status="applied",
            applied_at__gt=change.applied_at,
        )
        .exclude(pk=change.pk)
        .order_by("applied_at")
        .defer("effect", "impact", "kept", "tables")
    )
