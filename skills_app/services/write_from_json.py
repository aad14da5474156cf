"""Make a draft with a SKILL.md of a one-file JSON skill, so that it can be judged, reviewed and published like any other."""

from datetime import datetime

from django.contrib.auth.models import User

from skills_app.domain.enums import VersionOrigin
from skills_app.domain.errors import DocumentWriteError
from skills_app.domain.json_skills import document_of_json
from skills_app.models import SkillVersion
from skills_app.services.add_version import AddedVersion, add_version
from skills_app.services.apply_fixes import file_records
from skills_app.services.judge_version import judge_version


def write_from_json(*, version: SkillVersion, actor: User, now: datetime) -> AddedVersion:
    """Return the draft version whose SKILL.md says what the JSON of ``version`` says; the current version stays.

    Raises:
        DocumentWriteError: the version has a SKILL.md already, or its JSON cannot be written as one.
    """
    if version.content_kind != "json":
        raise DocumentWriteError(f"Version {version.number} has a SKILL.md already.")
    added = add_version(
        skill=version.skill,
        content=document_of_json(version.content, slug=version.skill.slug),
        origin=VersionOrigin.EDIT,
        made_at=now,
        files=file_records(version),
        metadata=version.metadata,
        message=f"SKILL.md from the JSON of version {version.number}",
        author=actor,
        author_name=actor.get_username(),
        parent=version,
        becomes_current=False,
    )
    judge_version(version=added.version)
    return added
