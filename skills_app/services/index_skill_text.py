"""Keep what the search reads in step with the library."""

from collections.abc import Iterable

from django.db import connection
from django.db.models import Prefetch

from skills_app.domain.documents import parse_document
from skills_app.models import PathAlias, Skill, SkillAddresses, SkillFile, SkillText, SkillVersion

MAX_BODY_CHARS = 400_000
MAX_FILES_CHARS = 400_000
_BATCH = 200
_LARGE_BATCH = 5_000
_TABLE = SkillText._meta.db_table
_ADDRESSES, _ALIASES = SkillAddresses._meta.db_table, PathAlias._meta.db_table
_SKILLS = Skill._meta.db_table
_JOINED = {
    "sqlite": "char(10) || group_concat(alias.path, char(10))",
    "postgresql": "chr(10) || string_agg(alias.path, chr(10))",
}
_WRITE_ADDRESSES = (
    f"INSERT INTO {_ADDRESSES} (skill_id, text) SELECT skill.id, skill.path || coalesce((SELECT {{joined}} "  # noqa: S608
    f"FROM {_ALIASES} alias WHERE alias.skill_id = skill.id), '') FROM {_SKILLS} skill WHERE skill.id IN ({{marks}}) "
    f"ORDER BY skill.id ON CONFLICT (skill_id) DO UPDATE SET text = excluded.text WHERE {_ADDRESSES}.text <> excluded.text"
)
_UNSTORABLE = dict.fromkeys((0, 2, 3, 4, 5), " ") | dict.fromkeys(range(0xD800, 0xE000), "\ufffd")


def index_skill_text(*, skill_ids: Iterable[int] | None = None) -> int:
    """Write the searchable text of these skills (all when ``None``) from their current versions; return how many.

    Call it after a skill, its current version, files, facets or aliases changed. Repeating it changes nothing.
    """
    skills = Skill.objects.all() if skill_ids is None else Skill.objects.filter(pk__in=list(skill_ids))
    pages = skills.select_related("current_version").prefetch_related(
        "facets", Prefetch("current_version__files", SkillFile.objects.filter(is_text=True))
    )
    num_indexed = 0
    batch: list[SkillText] = []
    for skill in pages.order_by("pk").iterator(chunk_size=_BATCH):
        batch.append(_text_of(skill))
        if len(batch) == _BATCH:
            num_indexed += _save(batch)
            batch = []
    return num_indexed + _save(batch)


def index_skill_addresses(*, skill_ids: Iterable[int]) -> int:
    """Write what the search reads of path and aliases of these skills; return how many.

    Call it after many skills moved: no document is read again.
    """
    num_indexed, pks = (
        0,
        sorted(skill_ids),
    )  # SQLite's index writes itself out whenever a row comes before the last
    for start in range(0, len(pks), _LARGE_BATCH):
        chunk = pks[start : start + _LARGE_BATCH]
        marks = ", ".join(["%s"] * len(chunk))
        with connection.cursor() as cursor:
            cursor.execute(_WRITE_ADDRESSES.format(joined=_JOINED[connection.vendor], marks=marks), chunk)
        num_indexed += len(chunk)
    return num_indexed


def index_skill_keywords(*, skill_ids: Iterable[int]) -> int:
    """Write what the search reads of keywords, facets and ids of these skills, and read no document again.

    Return how many; skills that were never indexed are left out.
    """
    pks = sorted(skill_ids)
    for start in range(0, len(pks), _LARGE_BATCH):
        skills = Skill.objects.filter(pk__in=pks[start : start + _LARGE_BATCH])
        values = [(_keywords(skill), skill.pk) for skill in skills.order_by("pk").prefetch_related("facets")]
        with connection.cursor() as cursor:
            cursor.executemany(f'UPDATE "{_TABLE}" SET keywords = %s WHERE skill_id = %s', values)  # noqa: S608
    return len(pks)


def _save(batch: list[SkillText]) -> int:
    SkillText.objects.bulk_create(
        batch,
        update_conflicts=True,
        unique_fields=["skill"],
        update_fields=["name", "description", "keywords", "body", "files"],
    )
    return index_skill_addresses(skill_ids=[text.skill_id for text in batch])


def _text_of(skill: Skill) -> SkillText:
    version = skill.current_version
    files = [f"{file.path}\n{file.text or ''}" for file in version.files.all()] if version else []
    return SkillText(
        skill=skill,
        name=_clean(skill.name),
        description=_clean(skill.description),
        keywords=_keywords(skill),
        body=_clean(_body(version))[:MAX_BODY_CHARS] if version else "",
        files=_clean("\n".join(files))[:MAX_FILES_CHARS],
    )


def _keywords(skill: Skill) -> str:
    stated = [*skill.keywords, *skill.tags, *skill.capabilities]
    facets = [f"{facet.name} {facet.value}" for facet in skill.facets.all()]
    return _clean("\n".join(filter(None, [*map(str, stated), *facets, skill.external_id, skill.skill_type])))


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
