"""Keep what hangs on a category before it ends, and bring it back."""

from collections.abc import Iterable, Sequence
from typing import Any

from django.contrib.auth.models import User
from django.core import serializers

from skills_app.models import Category, Gate, GateRevision, RoleGrant, SkillDependency, Waiver


def keep_ended_rows(*, category_pks: Iterable[int]) -> list[dict[str, Any]]:
    """Return these categories and their gates, roles and waivers as JSON data, in the order in which they come back."""
    pks = list(category_pks)
    gates = list(Gate.objects.filter(category__in=pks).order_by("pk"))
    rows: list[Any] = [
        *Category.objects.filter(pk__in=pks).order_by("path"),
        *gates,
        *GateRevision.objects.filter(gate__in=gates).order_by("pk"),
        *RoleGrant.objects.filter(category__in=pks).order_by("pk"),
        *Waiver.objects.filter(category__in=pks).order_by("pk"),
    ]
    return [] if not rows else serializers.serialize("python", rows)


def bring_back_categories(*, kept: Sequence[dict[str, Any]]) -> dict[str, int]:
    """Make the kept categories again, at an address of no meaning and without a parent; the writer gives them theirs.

    Return their primary keys by key.
    """
    made: dict[str, int] = {}
    for item in serializers.deserialize("python", [row for row in kept if _is_category(row)]):
        row = item.object
        row.path, row.parent_id = f"~{row.key}", None  # type: ignore[attr-defined]
        item.save()
        made[row.key] = row.pk  # type: ignore[attr-defined]
    return made


def bring_back_the_rest(*, kept: Sequence[dict[str, Any]]) -> None:
    """Make the gates, roles and waivers again; a role of a person who is gone stays gone, other people are left blank."""
    people = set(User.objects.values_list("pk", flat=True))
    for item in serializers.deserialize("python", [row for row in kept if not _is_category(row)]):
        row: Any = item.object
        if isinstance(row, RoleGrant) and row.user_id not in people:
            continue
        for name in ("owner_id", "author_id"):
            if getattr(row, name, None) not in people and hasattr(row, name):
                setattr(row, name, None)
        item.save()


def relink(*, links: dict[int, tuple[int, int]]) -> list[list[int]]:
    """Point dependencies by their key from one skill to another; return those that did, as (dependency, from, to)."""
    done = []
    for pk, (old, new) in links.items():
        rows = SkillDependency.objects.filter(pk=pk, target_id=old).exclude(skill_id=new)
        if rows.update(target_id=new):
            done.append([pk, old, new])
    return done


def _is_category(row: dict[str, Any]) -> bool:
    return row["model"] == "skills_app.category"
