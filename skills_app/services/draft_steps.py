"""Take a step out of a draft, and put it back where it was."""

from collections.abc import Sequence
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction

from skills_app.domain.change_sets.operations import Operation, operations_data, operations_from
from skills_app.domain.errors import ChangeDataError
from skills_app.models import PlacementChange
from skills_app.services.draft_change import LEFT_OUT, draft_change

# So many steps are remembered that were taken out of one draft, the last ones.
MOST_LEFT_OUT = 20


@transaction.atomic
def leave_step_out(*, change: PlacementChange, actor: User, number: int) -> Operation:
    """Take the step at a position, from 0, out of an open change-set, which remembers it, and return the step.

    Raises:
        ChangeDataError: there is no such step.
        ChangeNotOpen, ChangeOvertaken: as ``draft_change`` does.
    """
    steps = list(operations_from(change.operations))
    if not 0 <= number < len(steps):
        raise ChangeDataError("The draft has no such step.")
    gone = steps.pop(number)
    left_out = [*change.impact.get(LEFT_OUT, ()), {"at": number, "step": operations_data([gone])[0]}]
    _keep(change, steps, left_out[-MOST_LEFT_OUT:], actor)
    return gone


@transaction.atomic
def put_step_back(*, change: PlacementChange, actor: User) -> Operation:
    """Put the step that was taken out last of an open change-set back to its place, and return it.

    Raises:
        ChangeDataError: none was taken out.
        ChangeNotOpen, ChangeOvertaken: as ``draft_change`` does.
    """
    left_out = list(change.impact.get(LEFT_OUT, ()))
    if not left_out:
        raise ChangeDataError("No step was taken out of the draft.")
    steps, last = list(operations_from(change.operations)), left_out.pop()
    back = operations_from([last["step"]])[0]
    steps.insert(last["at"], back)
    _keep(change, steps, left_out, actor)
    return back


def _keep(
    change: PlacementChange, steps: Sequence[Operation], left_out: list[dict[str, Any]], actor: User
) -> None:
    kept = draft_change(
        operations=steps, actor=actor, change=change, title=change.title, reason=change.reason
    )
    kept.impact = {**kept.impact, LEFT_OUT: left_out}
    kept.save(update_fields=["impact"])
