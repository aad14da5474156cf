"""A one-file JSON skill as a SKILL.md: what the record says, in the form that agents load, and nothing that it does not say."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from skills_app.domain.errors import DocumentWriteError
from skills_app.domain.metadata import read_metadata
from skills_app.domain.paths import name_of, title_of
from skills_app.domain.records import SkillMetadata
from skills_app.domain.writing import FieldValue, write_document

# What the new document says in its own words.
_SAID = frozenset(
    {"skill_id", "name", "description", "version", "type", "weight", "load_priority", "capabilities"}
)


def document_of_json(text: str, *, slug: str) -> str:
    """Return the SKILL.md of a one-file JSON skill; ``slug`` is the last segment of its path.

    Name, description, version, type, weight and load priority become front matter, the capabilities a list, and every other
    field a row of a table. No instructions are made up: whoever makes it a skill has to write them.

    Raises:
        DocumentWriteError: it is no JSON object, or its name or description cannot be written; the message says which.
    """
    try:
        value = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise DocumentWriteError(f"This is no JSON that can be read: {error}.") from error
    if not isinstance(value, dict):
        raise DocumentWriteError("This JSON is not an object with the fields of a skill.")
    stated, complaints = read_metadata(value)
    if complaints:
        raise DocumentWriteError(" ".join(complaints))
    fields: dict[str, FieldValue] = {
        "name": name_of(slug),
        "description": " ".join(stated.description.split()),
        "metadata": _metadata(stated),
    }
    return write_document(fields, "\n".join(_body(stated, value, slug)))


def _metadata(stated: SkillMetadata) -> dict[str, str]:
    told = {
        "version": stated.version,
        "type": stated.skill_type,
        "weight": stated.weight,
        "load_priority": stated.load_priority,
    }
    return {key: word for key, word in told.items() if word}


def _body(stated: SkillMetadata, value: Mapping[str, Any], slug: str) -> Iterator[str]:
    yield f"# {title_of(slug)}"
    yield f"\n{stated.description.strip()}"
    if stated.capabilities:
        yield "\n## Capabilities\n"
        yield from (f"- {' '.join(one.split())}" for one in stated.capabilities)
    rest = {key: one for key, one in value.items() if key not in _SAID and one not in ("", [], {}, None)}
    if rest:
        yield "\n## Record\n\n| field | value |\n| --- | --- |"
        yield from (f"| {_cell(key)} | {_cell(one)} |" for key, one in rest.items())


def _cell(value: Any) -> str:
    """Return a value as one cell of a table."""
    words = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return " ".join(words.split()).replace("\\", "\\\\").replace("|", "\\|")
