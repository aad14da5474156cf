"""Accept fixes that rules propose: they make one new version, which is judged at once."""

from collections.abc import Collection

from django.contrib.auth.models import User
from django.utils import timezone

from skills_app.domain.documents import parse_document
from skills_app.domain.enums import VersionOrigin
from skills_app.domain.errors import DocumentEditError
from skills_app.domain.findings import Edit
from skills_app.domain.records import FileRecord
from skills_app.models import Finding, SkillFile, SkillVersion
from skills_app.services.add_version import AddedVersion, add_version
from skills_app.services.judge_version import judge_version


def apply_fixes(*, version: SkillVersion, finding_ids: Collection[int], actor: User) -> AddedVersion:
    """Make the draft version in which the fixes of these findings are applied; its files are those of ``version``.

    Fixes that say the same twice, as several profiles do, are applied once. The current version stays what it is.

    Raises:
        DocumentEditError: none of the findings has a fix, two fixes overlap, or the text is no longer the one judged.
    """
    rows = list(
        Finding.objects.filter(pk__in=finding_ids, report__version=version, edit__isnull=False).order_by("pk")
    )
    if not rows:
        raise DocumentEditError("Choose at least one finding that has a fix for this version.")
    edits = list(dict.fromkeys(edit_of(row) for row in rows))
    unique = {(edit.start, edit.end, edit.replacement): edit for edit in edits}
    document = parse_document(version.content).with_edits(unique.values())
    rules = sorted({row.rule_id for row in rows})
    added = add_version(
        skill=version.skill,
        content=document.text,
        origin=VersionOrigin.FIX,
        made_at=timezone.now(),
        files=file_records(version),
        metadata=version.metadata,
        message=f"Fixes of version {version.number}: {', '.join(rules)}"[:2000],
        author=actor,
        author_name=actor.get_username(),
        parent=version,
        becomes_current=False,
    )
    judge_version(version=added.version)
    return added


def edit_of(finding: Finding) -> Edit:
    """Return the stored fix of a finding."""
    data = finding.edit or {}
    return Edit(str(data["title"]), int(data["start"]), int(data["end"]), str(data["replacement"]))


def file_records(version: SkillVersion) -> list[FileRecord]:
    """Return the files of a version as a new version takes them over."""
    return [_file_record(file) for file in version.files.all()]


def _file_record(file: SkillFile) -> FileRecord:
    data = bytes(file.data) if file.data is not None else None
    if data is None and file.text is not None:
        data = file.text.encode()
    return FileRecord(file.path, file.size_bytes, file.digest, data, file.is_executable)
