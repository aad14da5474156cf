"""Say what a publication is to change in the library folder: folders, index entry and the words of the commit."""

from collections.abc import Sequence

from django.utils import timezone

from skills_app.adapters.published_library import FolderChange, Publication
from skills_app.domain.enums import SkillStatus
from skills_app.domain.index_writing import IndexChange, IndexEntry
from skills_app.domain.paths import is_path, lineage, parent_of
from skills_app.domain.published_files import PublishedFile, digest_of_files
from skills_app.models import Category, Promotion, Skill


def publication_of(
    *,
    promotion: Promotion,
    reference: str,
    files: tuple[PublishedFile, ...],
    place_digest: str,
    old_folders: Sequence[tuple[str, str]] = (),
) -> Publication:
    """Return what promoting changes: the new folder, those that the skill has left, and the index.

    ``place_digest`` is what was found in the new folder and may be replaced, ``old_folders`` are paths and what was found
    there; nothing else may go, but the very same files.
    """
    allowed = frozenset({place_digest, digest_of_files(files)})
    changes = [FolderChange(promotion.path, files, allowed)]
    changes += [FolderChange(path, None, frozenset({digest})) for path, digest in old_folders]
    verb = f"Publish {promotion.path} {promotion.semantic_version}"
    return Publication(
        reference,
        tuple(changes),
        index_change(promotion, SkillStatus.ACTIVE),
        commit_message(verb, promotion.summary, promotion.promoted_by_name),
    )


def index_change(
    promotion: Promotion, status: SkillStatus | None, *, replaced_by: Skill | None = None
) -> IndexChange:
    """Return the change of the index that shows a promotion under ``status``; None takes the entry out."""
    skill = promotion.skill
    index_id = promotion.index_id or skill.external_id or skill.key
    stamp = timezone.now().isoformat(timespec="seconds").replace("+00:00", "Z")
    if status is None:
        return IndexChange(index_id, None, (), stamp, promotion.path)
    facets: dict[str, tuple[str, ...]] = {}
    for name, value in skill.facets.order_by("name", "value").values_list("name", "value"):
        facets[name] = (*facets.get(name, ()), value)
    aliases = [path for path in skill.aliases.values_list("path", flat=True) if is_path(path)]
    entry = IndexEntry(
        path=promotion.path,
        status=status.value,
        version=promotion.semantic_version,
        digest=promotion.digest,
        aliases=tuple(aliases),
        facets=facets,
        replaced_by=replaced_by.external_id or replaced_by.path if replaced_by else "",
    )
    return IndexChange(index_id, entry.as_data(), _categories(promotion.path), stamp)


def commit_message(subject: str, body: str, person: str) -> str:
    """Return the words of a commit: a subject of one line, what changed, and who did it."""
    parts = [" ".join(subject.split())[:200], body.strip(), f"By: {' '.join(person.split())}"]
    return "\n\n".join(part for part in parts if part) + "\n"


def _categories(path: str) -> tuple[tuple[str, str], ...]:
    paths = lineage(parent_of(path))
    told = dict(Category.objects.filter(path__in=paths).values_list("path", "description"))
    return tuple((one, told.get(one, "")) for one in paths)
