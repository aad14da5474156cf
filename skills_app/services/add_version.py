"""Add a state of a skill; the same content is the same version."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction

from skills_app.domain.digests import digest_of, version_digest
from skills_app.domain.documents import parse_document
from skills_app.domain.enums import VersionOrigin
from skills_app.domain.records import FileRecord
from skills_app.domain.storable import storable_json, storable_text
from skills_app.models import Skill, SkillFile, SkillVersion
from skills_app.services.index_skill_text import index_skill_text
from skills_app.services.record_audit import record_audit
from skills_app.services.refresh_skill import refresh_skill


@dataclass(frozen=True, slots=True)
class AddedVersion:
    """The version, and whether it was made now."""

    version: SkillVersion
    is_new: bool


@transaction.atomic
def add_version(
    *,
    skill: Skill,
    content: bytes | str,
    origin: VersionOrigin,
    made_at: datetime,
    files: Sequence[FileRecord] | None = None,
    content_kind: str = "markdown",
    metadata: Mapping[str, Any] | None = None,
    message: str = "",
    author: User | None = None,
    author_name: str = "",
    parent: SkillVersion | None = None,
    has_parent: bool = True,
    becomes_current: bool = True,
) -> AddedVersion:
    """Return the version of ``skill`` with this content, made as the next number when there is none.

    With ``files`` None only the document is known: any version with the same document is the same. Otherwise the same
    document and the same files are. The new version's parent is ``parent`` or else the one before it (none when ``has_parent`` is false),
    and it becomes the current one, unless it is a draft (``becomes_current`` false) or a run ended before the current version
    was made. Two writers at once get one version. What is restored is always a version of its own.
    """
    skill = Skill.objects.select_for_update().get(pk=skill.pk)
    content_digest = digest_of(content)
    digest = version_digest(content_digest, [(file.path, file.digest) for file in files or ()])
    same = {"content_digest": content_digest} if files is None else {"digest": digest}
    found = skill.versions.filter(**same).order_by("number").first()
    if found is not None and origin is not VersionOrigin.RESTORE:
        return AddedVersion(found, False)
    latest = skill.versions.order_by("-number").first()
    version = SkillVersion.objects.create(
        skill=skill,
        number=latest.number + 1 if latest else 1,
        digest=digest,
        content_digest=content_digest,
        content=_text(content),
        content_kind=content_kind,
        front_matter=_front_matter(content) if content_kind == "markdown" else {},
        metadata=storable_json(dict(metadata or {})),
        parent=(parent or latest) if has_parent else None,
        message=storable_text(message),
        origin=origin,
        author=author,
        author_name=storable_text(author_name, longest=150),
        made_at=made_at,
    )
    SkillFile.objects.bulk_create([_file_row(version, file) for file in files or ()], batch_size=50)
    current = skill.current_version
    is_newer = origin is not VersionOrigin.RUN or current is None or made_at >= current.made_at
    if current is None or (becomes_current and is_newer):
        skill.current_version = version
        skill.save(update_fields=["current_version", "updated_at"])
    refresh_skill(skill=skill)
    index_skill_text(skill_ids=[skill.pk])
    record_audit(
        verb="added_version",
        target_kind="skill",
        target_key=skill.key,
        actor=author,
        actor_name=author_name,
        after={"number": version.number, "digest": digest, "origin": origin.value},
        reason=message,
    )
    return AddedVersion(version, True)


def _text(content: bytes | str) -> str:
    text = content if isinstance(content, str) else content.decode("utf-8", "replace")
    return storable_text(text)


def _front_matter(content: bytes | str) -> dict[str, Any]:
    front_matter = parse_document(content).front_matter
    values: dict[str, Any] = storable_json(front_matter.values) if front_matter else {}
    return values


def _file_row(version: SkillVersion, file: FileRecord) -> SkillFile:
    text: str | None = None
    if file.data is not None and b"\x00" not in file.data:
        try:
            text = file.data.decode("utf-8")
        except UnicodeDecodeError:
            text = None
    return SkillFile(
        version=version,
        path=storable_text(file.path, longest=512),
        size_bytes=file.size_bytes,
        digest=file.digest,
        is_text=text is not None,
        is_executable=file.is_executable,
        text=text,
        data=file.data if text is None else None,
    )
