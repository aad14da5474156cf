"""What is published of a skill, and the files of a version as they would be published."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings

from skills_app.domain.diffing import FileState
from skills_app.domain.digests import digest_of
from skills_app.domain.enums import VersionOrigin
from skills_app.domain.findings import MAIN_FILE
from skills_app.domain.metadata import merge_front_matter, read_metadata
from skills_app.domain.published_files import PublishedFile
from skills_app.domain.records import SkillMetadata
from skills_app.domain.release_proposal import ReleaseProposal, ReleaseState, propose_release
from skills_app.models import Promotion, Skill, SkillVersion
from skills_app.queries.version_compare import file_states, states_of_both


@dataclass(frozen=True, slots=True)
class VersionFiles:
    """The files of a version with their bytes, and the paths of those whose bytes were not kept."""

    files: tuple[PublishedFile, ...]
    missing: tuple[str, ...]


def library_root() -> Path:
    """Return the folder that skills are published to."""
    return Path(settings.FLEET_LIBRARY_DIR)


def standing_promotion(skill: Skill) -> Promotion | None:
    """Return the promotion whose folder agents load, or None."""
    return skill.promotions.standing().select_related("version").first()


def version_on_disk(skill: Skill) -> SkillVersion | None:
    """Return the version that the library folder held when it was last looked at, as far as that is known.

    Of a skill whose folder was neither looked at nor written since this is kept, it is the published one, or what people made
    of it on disk since; when it is not published, the last that was found there, else the current one.
    """
    if skill.disk_version is not None:
        return skill.disk_version
    found_there = skill.versions.filter(origin=VersionOrigin.LIBRARY).order_by("-number")
    promotion = standing_promotion(skill)
    if promotion is None:
        return found_there.first() or skill.current_version
    at = promotion.version
    while (after := found_there.filter(parent=at).first()) is not None:
        at = after
    return at


def last_promotion(skill: Skill) -> Promotion | None:
    """Return the promotion that was published last, even when it was withdrawn since, or None."""
    return (
        skill.promotions.once_published().select_related("version").order_by("-published_at", "-pk").first()
    )


def stated_metadata(version: SkillVersion) -> SkillMetadata:
    """Return what a version says of itself, metadata and front matter together."""
    return merge_front_matter(read_metadata(version.metadata)[0], version.front_matter)


def files_of_version(version: SkillVersion) -> VersionFiles:
    """Return the document and the files of a version, each checked against the digest that it was stored with."""
    files, missing = [], []
    document = version.content.encode("utf-8", "replace")
    if digest_of(document) == version.content_digest:
        files.append(PublishedFile(MAIN_FILE, document))
    else:
        missing.append(MAIN_FILE)
    for row in version.files.all():
        data = bytes(row.data) if row.data is not None else None
        if data is None and row.text is not None:
            data = row.text.encode("utf-8", "replace")
        if data is None or digest_of(data) != row.digest:
            missing.append(row.path)
        else:
            files.append(PublishedFile(row.path, data, row.is_executable))
    return VersionFiles(tuple(files), tuple(missing))


def release_of_version(version: SkillVersion, last: Promotion | None) -> ReleaseProposal:
    """Return what to call a version, from its difference to the one that was published last."""
    if last is None:
        return propose_release(None, _release_state(version, file_states(version)))
    before, after = states_of_both(last.version, version)
    old = _release_state(last.version, before, last.semantic_version)
    return propose_release(old, _release_state(version, after))


def _release_state(version: SkillVersion, files: Iterable[FileState], published_as: str = "") -> ReleaseState:
    return ReleaseState(version.content, tuple(files), stated_metadata(version).version, published_as)
