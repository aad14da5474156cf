"""Promoting from a shell follows the same rules as the page, and its exit code says what came of it."""

from pathlib import Path

import pytest
from django.core.management import call_command

from skills_app.models import Promotion, SkillVersion
from skills_app.tasks import settle_promotions_task
from tests.skills_app import promotion_makers as made
from tests.skills_app import review_makers

pytestmark = pytest.mark.django_db


@pytest.fixture
def version(root: Path) -> SkillVersion:
    made.people()
    return made.ready()


def run(*arguments: str) -> int:
    with pytest.raises(SystemExit) as caught:
        call_command("publish", *arguments)
    return int(caught.value.code or 0)


def test_an_approved_version_is_published(
    version: SkillVersion, root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("python/async", "--user", "ben", "--as", "1.3.0", "--summary", "From CI.") == 0

    assert "Published python/async version 1 as 1.3.0." in capsys.readouterr().out
    assert Promotion.objects.get().summary == "From CI."
    assert (root / "python/async/SKILL.md").exists()


def test_a_dry_run_says_all_and_writes_nothing(
    version: SkillVersion, root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    draft = made.next_draft(version.skill, "Other.")

    assert run(version.skill.key, "--user", "ben", "--dry-run") == 0
    assert run("python/async", "--version-number", str(draft.number), "--user", "ben", "--dry-run") == 1

    said = capsys.readouterr().out
    assert "In the way (no review): Nobody asked for a review of this version." in said
    assert not root.exists()
    assert not Promotion.objects.exists()


def test_what_is_in_the_way_ends_with_one(
    version: SkillVersion, root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    made.next_draft(version.skill, "Other.")

    code = run("python/async", "--version-number", "2", "--user", "ben", "--override", "in a hurry")

    assert code == 1
    assert "Nobody asked for a review" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["no/where", "--user", "ben"], "No skill with a version"),
        (["python/async", "--user", "nobody"], "no active person"),
        (["python/async", "--user", "ada"], "may not promote it"),
        (["python/async", "--user", "ben", "--version-number", "9"], "has no version 9"),
        (["python/async", "--user", "ben", "--as", "soon"], "three numbers"),
    ],
)
def test_what_cannot_be_tried_ends_with_two(
    arguments: list[str], said: str, version: SkillVersion, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(*arguments) == 2
    assert said in capsys.readouterr().err
    assert not Promotion.objects.exists()


def test_a_manager_overrides_with_a_reason(version: SkillVersion) -> None:
    from skills_app.domain.enums import Role

    review_makers.person("carol", Role.MANAGER)
    made.next_draft(version.skill, "Other.")

    assert run("python/async", "--version-number", "2", "--user", "carol", "--override", "now") == 0
    assert Promotion.objects.get().reason == "now"


def test_the_list_for_agents_is_printed_or_written(
    version: SkillVersion, root: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    made.promote(version)

    call_command("available_skills", "--branch", "python", "--root", "/srv")
    call_command("available_skills", "--output", str(tmp_path / "skills.xml"))
    with pytest.raises(SystemExit):
        call_command("available_skills", "--branch", "no/where")

    assert "<location>\n/srv/python/async/SKILL.md\n</location>" in capsys.readouterr().out
    assert "<name>\nasync\n</name>" in (tmp_path / "skills.xml").read_text()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["library", "skills.xml"]


def test_the_worker_settles_and_survives_a_folder_that_refuses(version: SkillVersion, root: Path) -> None:
    Promotion.objects.create(
        skill=version.skill,
        version=version,
        semantic_version="1.0.0",
        path="python/async",
        folder_digest="f" * 64,
        promoted_by_name="ben",
        started_at=made.NOW,
    )
    root.write_text("a file where the folder should be")
    settle_promotions_task()
    assert Promotion.objects.get().state == "writing"

    root.unlink()
    settle_promotions_task()

    assert Promotion.objects.get().state == "failed"
