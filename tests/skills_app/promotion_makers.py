"""Make versions that are ready to be promoted, and promote them into a folder of the test."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from django.contrib.auth.models import User

from skills_app.domain.enums import Role, VersionOrigin
from skills_app.domain.records import FileRecord
from skills_app.domain.reviewing.verdicts import Decision
from skills_app.models import Promotion, Skill, SkillVersion
from skills_app.services.add_version import add_version
from skills_app.services.edit_gate import edit_gate
from skills_app.services.promote_version import promote_version
from tests.skills_app import review_makers as made
from tests.skills_app import skill_makers as make
from tests.skills_app.skill_makers import text_file

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
GUIDE = text_file("references/guide.md", "# Guide\n\nHow to go on.\n")
OPEN_GATE = {
    "name": "open",
    "title": "Open",
    "conditions": [{"key": "lines", "kind": "fact", "fact": "body_lines", "at_most": 300}],
}


def people() -> tuple[User, User]:
    """Make ben, who curates, and ada, who reviews; with a gate that every short document passes."""
    ben, ada = made.person("ben", Role.CURATOR), made.person("ada", Role.REVIEWER)
    edit_gate(data=OPEN_GATE, actor=ben, reason="for tests")
    return ben, ada


def ready(path: str = "python/async", body: str = "Some advice.", **fields: Any) -> SkillVersion:
    """Make a skill whose first version is approved."""
    status = fields.pop("status", "draft")
    skill = make.skill(path, body, files=fields.pop("files", (GUIDE,)), **fields)
    Skill.objects.filter(pk=skill.pk).update(status=status)
    return approved(version_of(skill))


def next_ready(skill: Skill, body: str, *, files: tuple[FileRecord, ...] = (GUIDE,)) -> SkillVersion:
    """Add a version with another body that is approved, too."""
    return approved(next_draft(skill, body, files=files))


def next_draft(skill: Skill, body: str, *, files: tuple[FileRecord, ...] = (GUIDE,)) -> SkillVersion:
    """Add a draft version with another body."""
    added = add_version(
        skill=skill,
        content=make.document(skill.slug, body),
        origin=VersionOrigin.EDIT,
        made_at=NOW,
        files=files,
        becomes_current=False,
    )
    return version_of(skill, added.version.number)


def version_of(skill: Skill, number: int = 1) -> SkillVersion:
    """Return a version as a view would load it."""
    rows = SkillVersion.objects.select_related("skill__category", "parent")
    return rows.get(skill=skill, number=number)


def approved(version: SkillVersion) -> SkillVersion:
    """Have ada approve the version."""
    ben, ada = User.objects.get(username="ben"), User.objects.get(username="ada")
    review = made.review(version, ben)
    made.send(review, ada, Decision.APPROVE)
    return version


def promote(version: SkillVersion, **fields: Any) -> Promotion:
    """Promote the version as ben."""
    actor = fields.pop("actor", None) or User.objects.get(username="ben")
    return promote_version(version=version, actor=actor, now=NOW, **fields)


def files_in(root: Path, path: str) -> dict[str, bytes]:
    """Return the files of one folder by their paths below it."""
    folder = root / path
    return {f.relative_to(folder).as_posix(): f.read_bytes() for f in folder.rglob("*") if f.is_file()}
