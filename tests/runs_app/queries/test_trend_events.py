"""What stands on the charts as an event of the taxonomy."""

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from runs_app.domain.trends.periods import Period
from runs_app.queries.trends import events_of
from skills_app.domain.change_sets.operations import Move
from skills_app.models import Category
from skills_app.services.apply_change import apply_change, undo_change
from skills_app.services.draft_change import draft_change, preview_change
from skills_app.services.make_skill import make_skill
from skills_app.services.place_skill import place_skill

pytestmark = pytest.mark.django_db


def told() -> list[tuple[str, str]]:
    today = timezone.localdate()
    found = events_of(Period.ending(today, 7))
    assert {event.day for event in found} <= {today}
    return [(event.label, event.url) for event in found if event.kind == "taxonomy"]


def test_a_set_of_changes_is_one_event_and_its_undoing_another() -> None:
    ben = User.objects.create_user("ben")
    for path in ("a/x", "a/y", "b/z"):
        make_skill(path=path)
    assert told() == []
    keys = {path: Category.objects.get(path=path).key for path in ("a", "b")}
    change = draft_change(operations=(Move(keys["b"], (keys["a"],)),), actor=ben)
    preview_change(change=change)
    assert told() == []

    apply_change(change=change, actor=ben, expected_digest=change.digest)
    assert told() == [("1 change of place", "/taxonomy/changes/")]

    undo_change(change=change, actor=ben)
    assert told() == [("2 changes of place", "/taxonomy/changes/")]


def test_a_skill_that_was_moved_alone_is_an_event_and_one_that_got_its_first_place_is_none() -> None:
    made, _ = make_skill(path="a/x")
    make_skill(path="b/z")

    place_skill(skill=made, path="b/x", actor_name="ben")

    assert [label for label, _ in told()] == ["1 change of place"]
