"""The page of the library folder, the scan, and the list that agents read."""

from pathlib import Path
from xml.etree import ElementTree

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from skills_app.domain.enums import Role
from skills_app.models import Skill, SkillVersion
from skills_app.services.place_skill import place_skill
from skills_app.services.retire_skill import deprecate_skill
from tests.skills_app import promotion_makers as made
from tests.skills_app import review_makers
from tests.skills_app import skill_makers as make
from tests.skills_app.views.test_publishing import signed_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def ben(db: None) -> Client:
    return signed_in(made.people()[0])


@pytest.fixture
def version(ben: Client, root: Path) -> SkillVersion:
    version = made.ready()
    made.promote(version)
    return version


def test_an_empty_library_says_what_to_do(ben: Client, root: Path) -> None:
    page = ben.get("/skills/library/").content.decode()

    assert "Nothing is published yet" in page
    assert str(root) in page


def test_each_folder_is_compared_with_what_was_published(
    version: SkillVersion, dan: Client, root: Path
) -> None:
    gone = made.ready("python/gone")
    made.promote(gone)
    changed = made.ready("python/changed")
    made.promote(changed)
    (root / "python/changed/SKILL.md").write_text("theirs\n")
    for file in sorted((root / "python/gone").rglob("*"), reverse=True):
        file.rmdir() if file.is_dir() else file.unlink()

    page = dan.get("/skills/library/").content.decode()

    rows = {row.partition('?tab=publishing">')[2].partition("<")[0]: row for row in page.split("<tr")[2:]}
    assert "As published" in rows["python/async"]
    assert "Changed on disk" in rows["python/changed"]
    assert "Gone from disk" in rows["python/gone"]
    assert "Take in what changed" not in page


def test_the_page_asks_as_many_questions_for_many_skills(version: SkillVersion, ben: Client) -> None:
    with CaptureQueriesContext(connection) as few:
        ben.get("/skills/library/")
    for number in range(5):
        made.promote(made.ready(f"python/more-{number}"))
    with CaptureQueriesContext(connection) as many:
        ben.get("/skills/library/")

    assert len(many) == len(few)


def test_taking_in_makes_a_draft_of_what_people_changed(
    version: SkillVersion, ben: Client, dan: Client, root: Path
) -> None:
    (root / "python/async/SKILL.md").write_text(version.content.replace("Some advice.", "Theirs."))

    assert dan.post("/skills/library/scan/").status_code == 403
    assert ben.get("/skills/library/scan/").status_code == 405
    page = ben.post("/skills/library/scan/", follow=True).content.decode()

    assert "1 skill was read: 0 new, 1 changed" in page
    assert "Changed: python/async." in page
    skill = Skill.objects.get()
    assert f"{skill.get_absolute_url()}?tab=versions" in page
    assert (skill.num_versions, skill.current_version.number) == (2, 1)


def test_who_curates_a_branch_takes_in_what_changed_in_that_branch_alone(
    version: SkillVersion, root: Path
) -> None:
    other = made.ready("web/forms")
    made.promote(other)
    for path in ("python/async", "web/forms"):
        file = root / path / "SKILL.md"
        file.write_text(file.read_text().replace("Some advice.", "Theirs."))
    for path in ("python/fresh", "web/fresh", "pythonic/fresh"):
        (root / path).mkdir(parents=True)
        (root / path / "SKILL.md").write_text(make.document("fresh"))
    moved = Skill.objects.get(path="web/forms")
    owen = signed_in(review_makers.person("owen", Role.CURATOR, branch="python"))

    assert "Take in what changed in python" in owen.get("/skills/library/").content.decode()
    page = owen.post("/skills/library/scan/", follow=True).content.decode()

    assert "2 skills were read: 1 new, 1 changed" in page
    assert set(Skill.objects.values_list("path", flat=True)) == {"python/async", "python/fresh", "web/forms"}
    assert (Skill.objects.get(path="python/async").num_versions, moved.versions.count()) == (2, 1)
    place_skill(skill=moved, path="web/other", actor_name="ben", reason="for tests")
    place_skill(skill=Skill.objects.get(path="python/fresh"), path="web/moved", actor_name="ben", reason="x")
    (root / "python/fresh/SKILL.md").write_text(make.document("fresh", "Changed."))
    owen.post("/skills/library/scan/")
    assert Skill.objects.get(path="web/moved").num_versions == 1


def test_a_folder_that_is_not_there_is_said(ben: Client, root: Path) -> None:
    page = ben.post("/skills/library/scan/", follow=True).content.decode()

    assert "cannot be read" in page


def test_agents_read_the_active_skills_of_a_branch_that_lie_there(
    version: SkillVersion, dan: Client, root: Path
) -> None:
    made.promote(made.ready("web/forms"))
    old = made.ready("python/old")
    made.promote(old)
    deprecate_skill(
        skill=Skill.objects.get(path="python/old"), actor=User.objects.get(username="ben"), reason="old"
    )
    make.skill("python/elsewhere")

    response = dan.get("/skills/available.xml?branch=python&root=/srv/skills")

    assert response["Content-Type"] == "application/xml; charset=utf-8"
    skills = [[part.text.strip() for part in skill] for skill in ElementTree.fromstring(response.content)]
    assert skills == [["async", "Use when in doubt.", "/srv/skills/python/async/SKILL.md"]]
    everything = ElementTree.fromstring(dan.get("/skills/available.xml").content)
    locations = [skill[2].text.strip() for skill in everything]
    assert locations == [str(root / "python/async/SKILL.md"), str(root / "web/forms/SKILL.md")]
    assert all(Path(location).is_file() for location in locations)


def test_what_was_published_is_listed_as_it_was_published(
    version: SkillVersion, dan: Client, root: Path
) -> None:
    Skill.objects.update(name="renamed", description="A draft says something else.")

    (skill,) = ElementTree.fromstring(dan.get("/skills/available.xml").content)

    assert [part.text.strip() for part in skill][:2] == ["async", "Use when in doubt."]


def test_an_unknown_branch_is_not_found(dan: Client, root: Path) -> None:
    response = dan.get("/skills/available.xml?branch=no/where")

    assert response.status_code == 404
    assert "There is no branch" in response.content.decode()
