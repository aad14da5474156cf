"""Whose step brought a change-set where it stands, for whoever comes second."""

from django.utils.formats import date_format
from django.utils.timezone import localtime

from skills_app.domain.change_sets.states import ChangeStatus
from skills_app.models import PlacementChange
from skills_app.queries.changes_for_list import endings_of


def standing_words(change: PlacementChange, so: str) -> str:
    """Return who did what with ``change`` last, when, and that ``so`` a step cannot be taken, in a sentence.

    ``change`` is as it stands in the table. One query where it was undone or dropped, else none.
    """
    who, at, did = change.author_name, change.updated_at, "keeps this change-set as a draft"
    if change.status == ChangeStatus.PROPOSED:
        at, did = change.proposed_at or at, "proposed this change-set"
    elif change.status == ChangeStatus.APPLIED:
        who, at, did = change.applied_by, change.applied_at or at, "applied this change-set"
    elif change.status in (ChangeStatus.UNDONE, ChangeStatus.DROPPED):
        ending = endings_of([change]).get(change.key)
        who, at = (ending.who, ending.at) if ending else ("Somebody", at)
        is_undone = change.status == ChangeStatus.UNDONE
        did = f"{'undid' if is_undone else 'dropped'} this change-set"
    return f"{who or 'Somebody'} {did} ({date_format(localtime(at), 'j M Y H:i')}), so {so}."
