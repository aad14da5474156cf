"""The one place that writes down who changed what."""

from collections.abc import Mapping
from typing import Any

from django.contrib.auth.models import User

from skills_app.domain.storable import storable_json, storable_text
from skills_app.models import AuditEntry

SYSTEM = "system"


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
