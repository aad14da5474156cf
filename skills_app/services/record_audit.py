"""The one place that writes down who changed what."""

from collections.abc import Iterable, Mapping
from typing import Any

from django.contrib.auth.models import User
from django.utils import timezone

from skills_app.domain.storable import storable_json, storable_text
from skills_app.models import AuditEntry
from skills_app.services.insert_rows import insert_rows

SYSTEM = "system"
_COLUMNS = (
    "at",
    "actor_id",
    "actor_name",
    "verb",
    "target_kind",
    "target_key",
    "before",
    "after",
    "reason",
)


def record_audit(
    *,
    verb: str,
    target_kind: str,
    target_key: str,
    actor: User | None = None,
    actor_name: str = "",
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
    reason: str = "",
) -> AuditEntry:
    """Add one entry; call it inside the transaction of the change itself.

    ``verb`` is snake case in the past ("added_version"); ``before`` and ``after`` hold only what changed. Without an
    actor the entry names ``actor_name``, or the system.
    """
    return AuditEntry.objects.create(
        actor=actor,
        actor_name=storable_text(actor_name or (actor.get_username() if actor else SYSTEM), longest=150),
        verb=verb,
        target_kind=target_kind,
        target_key=storable_text(target_key, longest=512),
        before=storable_json(dict(before or {})),
        after=storable_json(dict(after or {})),
        reason=storable_text(reason),
    )


def record_audit_of_moves(
    *,
    moves: Iterable[tuple[str, str, Mapping[str, Any], Mapping[str, Any]]],
    verb: str,
    actor: User,
    reason: str = "",
) -> None:
    """Add an entry for each of many moves: kind and key of what moved, and what is told of it before and after.

    That is its ``path``, left out where it had or has none, and of a skill that another stands in for, ``merged_into``;
    of one that was given other facets where it is, its ``facets``, as ``set_facets`` writes them.
    """
    name, now = storable_text(actor.get_username(), longest=150), timezone.now()
    rows = (
        (
            now,
            actor.pk,
            name,
            verb,
            kind,
            key,
            before,
            after,
            reason,
        )
        for kind, key, before, after in moves
    )
    insert_rows(AuditEntry, _COLUMNS, rows)
