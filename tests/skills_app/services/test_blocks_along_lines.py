"""Which versions an open block stops: those that came from the one it is on, by any way, and no unrelated draft."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import User

from skills_app.domain.reviewing.stops import StopKind
from skills_app.domain.reviewing.verdicts import Decision
from skills_app.models import Comment, SkillVersion
from skills_app.queries.review_standing import stops_of_version
from skills_app.queries.version_line import line_of, text_line_of
from skills_app.services.edit_gate import edit_gate
from skills_app.services.open_review import move_review
from skills_app.services.restore_version import restore_version
from tests.skills_app import review_makers as made
from tests.skills_app.promotion_makers import OPEN_GATE
from tests.skills_app.review_makers import NOON, TODAY

pytestmark = pytest.mark.django_db
OTHER = "Everything is another thing."


@pytest.fixture
def version(olga: User) -> SkillVersion:
    """Version 2 of a skill, a draft; version 1 is the current one."""
    edit_gate(data=OPEN_GATE, actor=olga, reason="for tests")
    return made.draft(author=olga)


def first_of(version: SkillVersion) -> SkillVersion:
    assert version.parent
    return made.version_of(version.parent.pk)


def block(version: SkillVersion, ada: User) -> Comment:
    """Have Ada open a review of the version and block it."""
    review = made.review(version, ada, ada)
    row = made.comment(review, ada, "Name the version", is_blocking=True)
    made.send(review, ada, Decision.REQUEST_CHANGES, "unsafe")
    return row


def blocks_of(version: SkillVersion) -> list[int]:
    """Return the numbers of the comments that stop the version."""
    stops = stops_of_version(made.version_of(version.pk), today=TODAY)
    return [int(stop.about) for stop in stops if stop.kind is StopKind.COMMENT]


def restored(version: SkillVersion, olga: User) -> SkillVersion:
    """Restore a version, after a draft that says something else."""
    number = version.skill.versions.count()
    made.next_draft(first_of(made.version_of(version.pk)) if version.parent else version, f"{number}.", olga)
    again = restore_version(version=version, actor=olga, reason="again", now=NOON)
    return made.version_of(again.pk)


def test_two_drafts_of_one_version_stop_not_each_other_and_a_block_on_that_stops_both(
    version: SkillVersion, olga: User, ada: User
) -> None:
    aside = made.next_draft(first_of(version), OTHER, olga)
    on_one = block(version, ada)

    assert (blocks_of(version), blocks_of(aside)) == ([on_one.pk], [])
    on_both = block(first_of(version), ada)
    assert blocks_of(aside) == [on_both.pk]
    assert blocks_of(version) == [on_one.pk, on_both.pk]


def test_what_is_edited_from_a_blocked_version_is_stopped_and_what_it_came_from_is_not(
    version: SkillVersion, olga: User, ada: User
) -> None:
    row = block(version, ada)
    later = made.next_draft(made.next_draft(version, f"Words. {made.BODY}", olga), OTHER, olga)

    assert blocks_of(later) == [row.pk]
    assert blocks_of(first_of(version)) == []


def test_what_is_restored_is_stopped_by_what_it_repeats_and_not_by_the_newest_draft(
    version: SkillVersion, olga: User, ada: User
) -> None:
    row = block(version, ada)
    newest = made.next_draft(first_of(version), OTHER, olga)
    block(newest, ada)

    again = restore_version(version=version, actor=olga, reason="again", now=NOON)

    assert blocks_of(again) == [row.pk]


def test_a_block_on_what_was_restored_stops_the_same_text_whichever_version_says_it(
    version: SkillVersion, olga: User, ada: User
) -> None:
    copy = restored(version, olga)
    before = made.next_draft(first_of(version), OTHER, olga)
    row = block(copy, ada)

    for other in (version, restored(version, olga)):
        assert blocks_of(other) == [row.pk]
    assert blocks_of(before) == []
    (stop,) = [
        one
        for one in stops_of_version(made.version_of(version.pk), today=TODAY)
        if one.kind is StopKind.COMMENT
    ]
    assert f"on version {copy.number}, which says the same, in review" in stop.sentence


def test_an_edit_of_the_original_came_from_its_copies_of_then_and_not_from_later_ones(
    version: SkillVersion, olga: User, ada: User
) -> None:
    before = made.next_draft(version, "Written before it was restored.", olga)
    row = block(restored(version, olga), ada)
    after = made.next_draft(version, "Written after it was restored.", olga)

    assert blocks_of(before) == []
    assert blocks_of(after) == [row.pk]


def test_what_a_copy_of_the_original_replaced_stops_no_edit_of_the_original(
    version: SkillVersion, olga: User, ada: User
) -> None:
    first = first_of(version)
    newest = made.next_draft(version, OTHER, olga)
    newest.skill.current_version = newest
    newest.skill.save()
    copy = restore_version(version=first, actor=olga, reason="again", now=NOON)
    block(newest, ada)

    assert copy.parent == newest
    assert blocks_of(copy)
    assert blocks_of(made.next_draft(first, "From the first.", olga)) == []


def test_a_block_that_came_to_a_version_with_its_review_stops_what_was_made_of_that(
    version: SkillVersion, olga: User, ada: User
) -> None:
    aside = made.next_draft(first_of(version), OTHER, olga)
    later = made.next_draft(aside, f"{OTHER} And more.", olga)
    made.review(later, olga, ada)
    row = block(version, ada)
    move_review(review=row.review, version=aside, actor=olga, now=NOON + timedelta(hours=2), today=TODAY)

    assert blocks_of(aside) == blocks_of(later) == [row.pk]


def test_lines_are_told_the_nearest_first(version: SkillVersion, olga: User) -> None:
    copy = restored(version, olga)
    first, between = first_of(version), made.next_draft(copy, OTHER, olga)

    assert line_of(between) == [between.pk, copy.pk, version.pk, first.pk]
    assert line_of(version) == [version.pk, first.pk]
    assert text_line_of(between, ()) == [between.pk, copy.pk, version.pk, first.pk]
    assert text_line_of(between, [version.pk]) == [between.pk, copy.pk]
