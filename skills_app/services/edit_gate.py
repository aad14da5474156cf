"""Change what a gate asks for; every revision is kept."""

from collections.abc import Mapping
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction

from skills_app.domain.errors import GateDataError
from skills_app.domain.gates import gate_from_data
from skills_app.domain.storable import storable_text
from skills_app.models import Category, Gate, GateRevision
from skills_app.services.record_audit import record_audit


@transaction.atomic
def edit_gate(
    *,
    data: Mapping[str, Any],
    actor: User,
    reason: str,
    category: Category | None = None,
    expected_revision: int = 0,
) -> GateRevision:
    """Add a revision to the gate of the library, or of ``category``, and return it; the same conditions add none.

    ``expected_revision`` is the number that the person saw (0: none yet).

    Raises:
        GateDataError: the data is no gate, the reason is blank, the name belongs to another gate, or somebody else
            changed the gate meanwhile; each problem has its place.
    """
    gate = gate_from_data(data)
    if not reason.strip():
        raise GateDataError((("reason", "Say why the gate is changed; it is kept with the revision."),))
    row = Gate.objects.select_for_update().filter(category=category).first()
    other = Gate.objects.filter(name=gate.name).exclude(pk=row.pk if row else 0).first()
    if other is not None:
        raise GateDataError((("name", f"Another gate is called {gate.name}. Choose another name."),))
    last = row.revisions.first() if row else None
    number = last.number if last else 0
    if number != expected_revision:
        raise GateDataError(
            (("revision", f"Somebody made revision {number} meanwhile. Look at it, then save again."),)
        )
    if row is None:
        row = Gate.objects.create(name=gate.name, category=category)
    if last is not None and last.data == gate.as_data():
        return last
    if row.name != gate.name:
        row.name = gate.name
        row.save(update_fields=["name"])
    revision = GateRevision.objects.create(
        gate=row,
        number=number + 1,
        data=gate.as_data(),
        reason=storable_text(reason),
        author=actor,
        author_name=actor.get_username(),
    )
    record_audit(
        verb="edited_gate",
        target_kind="gate",
        target_key=gate.name,
        actor=actor,
        before=last.data if last else {},
        after=gate.as_data(),
        reason=reason,
    )
    return revision
