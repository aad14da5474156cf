"""Keep what the search reads in step with the library."""

from collections.abc import Iterable

from django.db.models import Prefetch

from skills_app.domain.documents import parse_document
from skills_app.models import Skill, SkillFile, SkillText, SkillVersion

MAX_BODY_CHARS = 400_000
MAX_FILES_CHARS = 400_000
_BATCH = 200
_UNSTORABLE = dict.fromkeys((0, 2, 3, 4, 5), " ") | dict.fromkeys(range(0xD800, 0xE000), "\ufffd")


def index_skill_text(*, skill_ids: Iterable[int] | None = None) -> int:
    """Write the searchable text of these skills (all when ``None``) from their current versions; return how many.

    Call it after a skill, its current version, files, facets or aliases changed. Repeating it changes nothing.
    """
    skills = Skill.objects.all() if skill_ids is None else Skill.objects.filter(pk__in=list(skill_ids))
    pages = skills.select_related("current_version").prefetch_related(
        "facets", "aliases", Prefetch("current_version__files", SkillFile.objects.filter(is_text=True))
    )
    num_indexed = 0
    batch: list[SkillText] = []
    for skill in pages.order_by("pk").iterator(chunk_size=_BATCH):
        batch.append(_text_of(skill))
        if len(batch) == _BATCH:
            num_indexed += _save(batch)
            batch = []
    return num_indexed + _save(batch)


def _save(batch: list[SkillText]) -> int:
    SkillText.objects.bulk_create(
        batch,
        update_conflicts=True,
        unique_fields=["skill"],
        update_fields=["name", "description", "keywords", "body", "files"],
    )
    return len(batch)


def _text_of(skill: Skill) -> SkillText:
    version = skill.current_version
    words = [
        *map(str, (*skill.keywords, *skill.tags, *skill.capabilities)),
        *(f"{facet.name} {facet.value}" for facet in skill.facets.all()),
        skill.path,
        skill.external_id,
        *(alias.path for alias in skill.aliases.all()),
        skill.skill_type,
    ]
    files = [f"{file.path}\n{file.text or ''}" for file in version.files.all()] if version else []
    return SkillText(
        skill=skill,
        name=_clean(skill.name),
        description=_clean(skill.description),
        keywords=_clean("\n".join(filter(None, words))),
        body=_clean(_body(version))[:MAX_BODY_CHARS] if version else "",
        files=_clean("\n".join(files))[:MAX_FILES_CHARS],
    )


def _body(version: SkillVersion) -> str:
    """Return the text that a reader sees first, and the front matter after it, so that a passage shows the former."""
    if version.content_kind != "markdown":
        return version.content
    document = parse_document(version.content)
    front_matter = document.front_matter
    return f"{document.body}\n{front_matter.text if front_matter else ''}"


def _clean(text: str) -> str:
    """Drop what no index stores, and the characters that have a meaning in a snippet."""
    return text.translate(_UNSTORABLE)
