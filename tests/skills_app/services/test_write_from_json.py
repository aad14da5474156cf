"""A one-file JSON skill becomes a draft with a SKILL.md, from its page."""

import json
from pathlib import Path

import pytest
from django.test import Client

from skills_app.domain.enums import Role
from skills_app.domain.errors import DocumentWriteError
from skills_app.domain.promotion import BlockerKind
from skills_app.models import Skill
from skills_app.queries.promotion_blockers import promotion_blockers
from skills_app.services.import_library import import_library
from skills_app.services.write_from_json import write_from_json
from tests.skills_app import review_makers as made
from tests.skills_app import skill_makers as make

pytestmark = pytest.mark.django_db
RECORD = json.dumps(
    {"skill_id": "_core/one", "version": "1.0.0", "description": "Reasons.", "capabilities": ["a"]}
)


@pytest.fixture
def skill() -> Skill:
    return make.skill("_core/one", content=RECORD, content_kind="json")


def test_the_draft_is_judged_and_may_go_through_review_and_promotion(skill: Skill) -> None:
    before = skill.current_version
    assert before is not None
    assert [one.kind for one in promotion_blockers(before, today=made.TODAY)] == [BlockerKind.ONE_FILE]

    added = write_from_json(version=before, actor=made.person("olga"), now=made.NOON)

    version = made.version_of(added.version.pk)
    assert (version.content_kind, version.parent_id, version.number) == ("markdown", before.pk, 2)
    assert version.validation_reports.exists()
    kinds = {one.kind for one in promotion_blockers(version, today=made.TODAY)}
    assert kinds <= {BlockerKind.REVIEW}
    skill.refresh_from_db()
    assert skill.current_version_id == before.pk


def test_it_is_written_once_and_only_of_json(skill: Skill) -> None:
    olga = made.person("olga")
    version = skill.current_version
    assert version is not None
    first = write_from_json(version=version, actor=olga, now=made.NOON)

    assert not write_from_json(version=version, actor=olga, now=made.NOON).is_new
    with pytest.raises(DocumentWriteError, match="has a SKILL.md already"):
        write_from_json(version=first.version, actor=olga, now=made.NOON)


@pytest.mark.parametrize(
    ("role", "status", "is_offered"), [(Role.CURATOR, 302, True), (Role.READER, 403, False)]
)
def test_the_page_offers_it_to_who_may_edit(
    client: Client, skill: Skill, role: Role, status: int, is_offered: bool
) -> None:
    client.force_login(made.person("olga", role))
    page = client.get(f"/skills/{skill.key}/").content.decode()

    assert "a record in one JSON file" in page
    assert ("Write a SKILL.md of it" in page) is is_offered
    assert client.post(f"/skills/{skill.key}/versions/1/write/").status_code == status
    assert skill.versions.count() == (2 if is_offered else 1)


def test_a_record_that_cannot_be_written_is_said_on_the_page(client: Client) -> None:
    skill = make.skill("_core/empty", content="{}", content_kind="json")
    client.force_login(made.person("olga", Role.CURATOR))

    page = client.post(f"/skills/{skill.key}/versions/1/write/", follow=True).content.decode()

    assert "No SKILL.md was written. The description must have 1 to 1024 characters." in page.replace(
        "1,024", "1024"
    )
    assert skill.versions.count() == 1


def test_a_file_beside_the_folder_written_from_it_is_a_problem_with_a_remedy(tmp_path: Path) -> None:
    (tmp_path / "_core" / "one").mkdir(parents=True)
    (tmp_path / "_core" / "one" / "SKILL.md").write_text(make.document("one"))
    (tmp_path / "_core" / "one.json").write_text(RECORD)

    result = import_library(root=tmp_path)

    assert result.created == ("_core/one",)
    assert [problem.message for problem in result.problems] == [
        "_core/one.json lies beside the folder of the same skill; the folder was read. Remove the file."
    ]
