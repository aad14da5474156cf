"""Skill metadata from whatever a file or a model gave."""

from collections.abc import Mapping
from typing import Any

from skills_app.domain.enums import DependencyKind
from skills_app.domain.records import DependencyRecord, SkillMetadata
from skills_app.domain.storable import storable_json, storable_text

_NEEDS = {
    "dependencies": DependencyKind.REQUIRED,
    "required": DependencyKind.REQUIRED,
    "recommended": DependencyKind.RECOMMENDED,
    "conflicts": DependencyKind.CONFLICT,
    "see_also": DependencyKind.SEE_ALSO,
}
_TARGET_KEYS = ("skill_id", "path", "id", "name")


def read_metadata(values: Mapping[str, Any]) -> tuple[SkillMetadata, tuple[str, ...]]:
    """Return the metadata that ``values`` hold, and a sentence for each field that is not of the expected kind.

    Such a field is left out of the metadata's own fields and kept in ``values``; nothing is raised.
    """
    complaints: list[str] = []

    def word(key: str) -> str:
        return _word(values, key, complaints)

    def texts(key: str) -> tuple[str, ...]:
        return _texts(values, key, complaints)

    dependencies: list[DependencyRecord] = []
    for key, kind in _NEEDS.items():
        for found in _dependencies(values, key, kind, complaints):
            if found not in dependencies:
                dependencies.append(found)
    metadata = SkillMetadata(
        skill_id=word("skill_id"),
        name=word("name"),
        description=word("description"),
        version=word("version"),
        skill_type=word("type"),
        weight=word("weight"),
        load_priority=word("load_priority"),
        category=word("category"),
        scope=word("scope"),
        taxonomy_path=word("taxonomy_path"),
        skill_style=word("skill_style"),
        capabilities=texts("capabilities"),
        keywords=texts("keywords"),
        tags=texts("tags"),
        dependencies=tuple(dependencies),
        values=storable_json(dict(values)),
    )
    return metadata, tuple(complaints)


def merge_front_matter(metadata: SkillMetadata | None, front_matter: Mapping[str, Any]) -> SkillMetadata:
    """Return what metadata and front matter say together: metadata first, front matter where it is silent.

    Name and description are those of the front matter, because hosts read them there.
    """
    nested = front_matter.get("metadata")
    own = {**(nested if isinstance(nested, dict) else {}), **front_matter}
    own.pop("metadata", None)
    stated = {
        key: value
        for key, value in (metadata.values if metadata else {}).items()
        if value not in ("", [], None)
    }
    merged = {**own, **stated}
    for key in ("name", "description"):
        if isinstance(own.get(key), str) and own[key].strip():
            merged[key] = own[key]
    return read_metadata(merged)[0]


def _word(values: Mapping[str, Any], key: str, complaints: list[str]) -> str:
    value = values.get(key)
    if value is None:
        return ""
    if isinstance(value, str):
        return storable_text(value.strip())
    if isinstance(value, int | float) and not isinstance(value, bool):
        return str(value)
    complaints.append(f"The field {key} is not text.")
    return ""


def _texts(values: Mapping[str, Any], key: str, complaints: list[str]) -> tuple[str, ...]:
    value = values.get(key)
    if value is None:
        return ()
    if isinstance(value, str):
        return tuple(part.strip() for part in storable_text(value).split(",") if part.strip())
    if not isinstance(value, list):
        complaints.append(f"The field {key} is not a list.")
        return ()
    texts = [_text_of(item) for item in value]
    if not all(texts):
        complaints.append(f"The list {key} holds an entry that is not text.")
    return tuple(storable_text(text) for text in texts if text)


def _text_of(item: Any) -> str:
    if isinstance(item, str):
        return item.strip()
    if isinstance(item, dict):
        return next((item[key].strip() for key in _TARGET_KEYS if isinstance(item.get(key), str)), "")
    return str(item) if isinstance(item, int | float) and not isinstance(item, bool) else ""


def _dependencies(
    values: Mapping[str, Any], key: str, kind: DependencyKind, complaints: list[str]
) -> list[DependencyRecord]:
    value = values.get(key)
    if key in {"required", "recommended", "conflicts"} and not isinstance(value, list):
        return []
    if isinstance(value, dict) and key == "dependencies":
        inner = {name: item for name, item in value.items() if name in _NEEDS and name != "dependencies"}
        return [found for name in inner for found in _dependencies(inner, name, _NEEDS[name], complaints)]
    if isinstance(value, list):
        found = [_dependency(item, kind) for item in value]
        if any(item is None for item in found):
            complaints.append(f"The list {key} holds an entry that names no skill.")
        return [item for item in found if item is not None]
    return [DependencyRecord(kind, path[:512]) for path in _texts(values, key, complaints)]


def _dependency(item: Any, kind: DependencyKind) -> DependencyRecord | None:
    target = storable_text(_text_of(item), longest=512)
    if not target:
        return None
    if not isinstance(item, dict):
        return DependencyRecord(kind, target)
    if kind is DependencyKind.REQUIRED and item.get("required") is False:
        kind = DependencyKind.RECOMMENDED
    reason = next((item[k] for k in ("justification", "reason") if isinstance(item.get(k), str)), "")
    return DependencyRecord(kind, target, storable_text(reason))
