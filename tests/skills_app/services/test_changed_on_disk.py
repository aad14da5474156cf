"""A draft that a look at the library folder makes: what it came from, and what becomes of drafts under review meanwhile."""

from pathlib import Path

import pytest
from django.contrib.auth.models import User

from skills_app.domain.enums import VersionOrigin
from skills_app.domain.reviewing.stops import StopKind
from skills_app.models import Skill, SkillVersion
from skills_app.queries.review_standing import stops_of_version
from skills_app.services.scan_library import scan_library
from tests.skills_app import promotion_makers as made
from tests.skills_app import review_makers

pytestmark = pytest.mark.django_db
MAIN = "python/async/SKILL.md"


@pytest.fixture
def people() -> tuple[User, User]:
    return made.people()


@pytest.fixture
def published(people: tuple[User, User], root: Path) -> SkillVersion:
    version = made.ready()
    made.promote(version)
    return version


def changed(root: Path, old: str, new: str) -> SkillVersion:
    """Change words on disk, look at the folder, and return the newest version."""
    main = root / MAIN
    main.write_text(main.read_text().replace(old, new))
    assert scan_library().updated == ("python/async",)
    version = Skill.objects.get(path="python/async").versions.order_by("-number").first()
    assert version
    assert version.origin == VersionOrigin.LIBRARY
    return review_makers.version_of(version.pk)


def test_a_draft_from_disk_comes_from_what_was_published_and_leaves_a_review_alone(
    published: SkillVersion, people: tuple[User, User], root: Path
) -> None:
    ben, ada = people
    draft = made.next_draft(published.skill, "A draft that is under review.")
    review = review_makers.review(draft, ben, ada)

    found = changed(root, "Some advice.", "Some advice from disk.")
    other = review_makers.review(found, ben, ada)

    assert found.parent == published
    assert other != review
    review.refresh_from_db()
    assert review.version == draft
    assert published.skill.versions.count() == 3


def test_what_is_changed_on_disk_again_comes_from_what_was_found_there_before(
    published: SkillVersion, root: Path
) -> None:
    first = changed(root, "Some advice.", "Some advice from disk.")
    made.next_draft(published.skill, "A draft that was made meanwhile.")

    assert first.parent == published
    assert changed(root, "from disk", "from the disk").parent == first


def test_what_was_published_instead_of_what_was_found_is_what_the_next_comes_from(
    published: SkillVersion, people: tuple[User, User], root: Path
) -> None:
    ours = made.next_ready(published.skill, "Ours.")
    changed(root, "Some advice.", "Theirs.")
    (root / MAIN).write_text((root / MAIN).read_text().replace("Theirs.", "Some advice."))
    made.promote(ours)
    made.next_draft(published.skill, "A draft that was made meanwhile.")

    assert changed(root, "Ours.", "Ours from disk.").parent == ours


def test_a_skill_that_was_never_published_comes_from_what_was_found_last(root: Path) -> None:
    (root / MAIN).parent.mkdir(parents=True)
    (root / MAIN).write_text("---\nname: async\ndescription: Waits.\n---\n# Async\n\nFound.\n")
    scan_library()
    skill = Skill.objects.get(path="python/async")
    made.next_draft(skill, "A draft that was made meanwhile.")

    found = changed(root, "Found.", "Found again.")

    assert found.parent
    assert found.parent.number == 1


def test_what_was_brought_back_on_disk_is_what_the_next_comes_from(
    published: SkillVersion, root: Path
) -> None:
    first = changed(root, "Some advice.", "Some advice from disk.")
    changed(root, "from disk", "from elsewhere")
    main = root / MAIN
    main.write_text(main.read_text().replace("from elsewhere", "from disk"))
    assert scan_library().unchanged == ("python/async",)

    assert changed(root, "from disk", "from the disk").parent == first
    main.write_text(main.read_text().replace("Some advice from the disk.", "Some advice."))
    scan_library()
    assert changed(root, "Some advice.", "Some words.").parent == published


def test_a_draft_that_somebody_put_on_disk_is_what_the_next_comes_from(
    published: SkillVersion, root: Path
) -> None:
    draft = made.next_draft(published.skill, "A draft that is not published.")
    (root / MAIN).write_text(draft.content)
    scan_library()

    assert changed(root, "not published", "not published yet").parent == draft


def test_what_is_published_again_after_a_find_is_what_the_next_comes_from(
    published: SkillVersion, people: tuple[User, User], root: Path
) -> None:
    changed(root, "Some advice.", "Theirs.")
    (root / MAIN).write_text((root / MAIN).read_text().replace("Theirs.", "Some advice."))
    ours = made.next_ready(published.skill, "Ours.")
    made.promote(ours)

    assert Skill.objects.get(pk=published.skill_id).disk_version == ours
    assert changed(root, "Ours.", "Ours from disk.").parent == ours


def test_where_nothing_is_kept_yet_what_was_found_on_disk_last_is_what_the_next_comes_from(
    published: SkillVersion, root: Path
) -> None:
    first = changed(root, "Some advice.", "Some advice from disk.")
    Skill.objects.update(disk_version=None)

    assert changed(root, "from disk", "from the disk").parent == first


def test_a_block_on_a_draft_stops_not_what_was_found_on_disk_and_one_on_what_stood_there_does(
    published: SkillVersion, people: tuple[User, User], root: Path
) -> None:
    _, ada = people
    draft = made.next_draft(published.skill, "A draft that is under review.")
    for version, body in ((draft, "Not this one"), (published, "Name the version")):
        review = review_makers.review(version, ada, ada)
        review_makers.comment(review, ada, body, is_blocking=True)
        review_makers.send(review, ada)

    found = changed(root, "Some advice.", "Some advice from disk.")

    stops = stops_of_version(found, today=review_makers.TODAY)
    (told,) = [stop.sentence for stop in stops if stop.kind is StopKind.COMMENT]
    assert "Name the version" in told
