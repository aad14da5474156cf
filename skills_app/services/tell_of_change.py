"""Tell people of a change of the taxonomy that reaches what they look after."""

from collections.abc import Iterable, Mapping

from django.contrib.auth.models import User
from django.utils import timezone

from skills_app.models import Notice, PlacementChange


def tell_of_change(
    *, change: PlacementChange, actor: User, verb: str, people: Iterable[Mapping[str, str]]
) -> int:
    """Give each of ``people`` but the actor a notice, in the caller's transaction; return how many.

    ``people`` are as ``change_impact.told_of`` names them, each with the reasons for which they are told; one person gets
    one notice. What they had not seen yet of the same change-set is over.
    """
    reasons: dict[str, list[str]] = {}
    for one in people:
        reasons.setdefault(one["name"], []).append(_reason(one))
    return _tell(change, actor, verb, {name: _text(each) for name, each in reasons.items()})


def tell_of_drop(*, change: PlacementChange, actor: User, reason: str) -> None:
    """Tell the author of a proposal that somebody else declined it, and those who had consented that it is gone."""
    is_declined = change.author_id != actor.pk
    roles = {consent["by"]: "You had consented to it." for consent in change.consents}
    if is_declined:
        roles[change.author_name] = "You had proposed it."
    why = f" Why: {reason}" if reason else ""
    texts = {name: f"{role}{why}" for name, role in roles.items()}
    _tell(change, actor, "declined" if is_declined else "withdrew", texts)


def note_seen(*, change: PlacementChange, person: User) -> None:
    """Write down that somebody looked at a change-set: what they were told of it is over."""
    Notice.objects.filter(change=change, person=person, seen_at=None).update(seen_at=timezone.now())


def _tell(change: PlacementChange, actor: User, verb: str, texts: Mapping[str, str]) -> int:
    """Give the people by these names but the actor a notice with their text; what they had not seen of it is over."""
    names, now = texts.keys() - {actor.get_username()}, timezone.now()
    Notice.objects.filter(change=change, seen_at=None).update(seen_at=now)
    title = _title(change, actor, verb)
    made = [
        Notice(person=person, change=change, title=title, text=texts[person.username], made_at=now)
        for person in User.objects.filter(username__in=names, is_active=True).order_by("pk")
    ]
    Notice.objects.bulk_create(made)
    return len(made)


def _title(change: PlacementChange, actor: User, verb: str) -> str:
    what = f"“{change.title}”" if change.title else "a change of the taxonomy"
    return f"{actor.get_username()} {verb} {what}"[:200]


def _reason(one: Mapping[str, str]) -> str:
    if one["role"] == "author":
        return "your proposal"
    if one["role"] == "reviewer":
        return f"your review of {one['branch']}"
    return f"{one['role']} of {one['branch'] or 'the library'}"


def _text(reasons: list[str]) -> str:
    more = f" and {len(reasons) - 3} more" if len(reasons) > 3 else ""
    return f"You are told because of: {', '.join(reasons[:3])}{more}."
